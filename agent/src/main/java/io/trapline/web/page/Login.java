package io.trapline.web.page;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.ingest.Peer;
import io.trapline.ingest.SlidingRateLimiter;
import io.trapline.web.Privilege;
import java.io.IOException;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `/login` and `/logout`. Wrong tokens are counted by address; past the limit they are answered
/// with 429. The right one is always let in, so that nobody can lock the operator out: what keeps
/// guessers away is the token's 256 bits, and the limit keeps the log readable.
public final class Login implements HttpService {
    private static final Logger LOG = LoggerFactory.getLogger(Login.class);
    private static final int MOST_WRONG = 10;

    private final Html html;
    private final SlidingRateLimiter wrong;

    /// @param nanoTicker a clock that never jumps
    public Login(Html html, LongSupplier nanoTicker) {
        this.html = html;
        this.wrong = new SlidingRateLimiter(nanoTicker);
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get("/login", this::ask);
        rules.post("/login", this::login);
        rules.post("/logout", this::logout);
    }

    private void ask(ServerRequest request, ServerResponse response) {
        String next = Html.local(Html.params(request).get("next"));
        if (html.session(request).isPresent()) {
            response.status(303).header(HeaderNames.LOCATION, next).send();
        } else {
            page(request, response, next, "");
        }
    }

    private void login(ServerRequest request, ServerResponse response) throws IOException {
        if (Privilege.isForeign(request)) {
            Html.text(response, 403, "This form is not for pages of another site.");
            return;
        }
        Optional<Params> fields = Html.fields(request, response);
        if (fields.isEmpty()) {
            return;
        }
        String next = Html.local(fields.get().get("next"));
        if (html.token().is(fields.get().get("token"))) {
            var _ = html.token().sessions().begin(request, response);
            response.status(303).header(HeaderNames.LOCATION, next).send();
            return;
        }
        int wait = wrong.tryAcquire(Peer.address(request), MOST_WRONG);
        if (wait > 0) {
            response.status(429).header(HeaderNames.RETRY_AFTER, Integer.toString(wait));
            page(
                    request,
                    response,
                    next,
                    "More than "
                            + MOST_WRONG
                            + " wrong tokens in a minute. Copy the content of the file as it is.");
            return;
        }
        LOG.warn("a login from {} failed: wrong token", Peer.address(request));
        response.status(403);
        page(
                request,
                response,
                next,
                "That is not the token. Copy the one line of the file, without the line's end.");
    }

    private void logout(ServerRequest request, ServerResponse response) throws IOException {
        Optional<Params> fields = html.form(request, response);
        if (fields.isEmpty()) {
            return;
        }
        html.session(request)
                .ifPresent(session -> html.token().sessions().end(session, request, response));
        response.status(303).header(HeaderNames.LOCATION, "/").send();
    }

    private void page(ServerRequest request, ServerResponse response, String next, String error) {
        String file =
                Peer.isLocal(request)
                        ? html.token().file().toString()
                        : "data/admin.token in the agent's home folder";
        html.page(
                request,
                response,
                "login",
                "Log in",
                "",
                false,
                "page",
                new LoginPage(next, file, error));
    }
}
