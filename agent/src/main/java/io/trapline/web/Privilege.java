package io.trapline.web;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.web.Sessions.Session;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Optional;

/// Who may do what on the agent's listener, in one place for all of its handlers. [Gate] decides
/// who may look at all.
public final class Privilege {
    static final HeaderName CSRF = HeaderNames.create("X-CSRF-Token");
    private static final HeaderName FETCH_SITE = HeaderNames.create("Sec-Fetch-Site");

    private Privilege() {}

    /// Why a request is not carried out.
    public record Refusal(int status, String message) {}

    /// What keeps a request from changing something: it needs the admin token, as `Authorization`
    /// or from a browser that has shown it before, with that session's `X-CSRF-Token`; and if a
    /// browser sent it, a page of this agent's own must have.
    static Optional<Refusal> refusal(
            ServerRequest request, ServerResponse response, AdminToken token) {
        if (token.admits(request.headers().first(HeaderNames.AUTHORIZATION))) {
            return foreign(request);
        }
        Optional<Session> session = token.sessions().of(request);
        if (session.isPresent()) {
            return refusal(request, session.get(), request.headers().first(CSRF).orElse(""));
        }
        response.header(HeaderNames.WWW_AUTHENTICATE, "Bearer");
        return Optional.of(
                new Refusal(
                        401,
                        AdminToken.refusal(request.headers().first(HeaderNames.AUTHORIZATION))));
    }

    /// The same for a form of a page.
    ///
    /// @param csrf what the form brought
    public static Optional<Refusal> refusal(ServerRequest request, Session session, String csrf) {
        boolean same =
                MessageDigest.isEqual(
                        session.csrf().getBytes(StandardCharsets.UTF_8),
                        csrf.getBytes(StandardCharsets.UTF_8));
        return same
                ? foreign(request)
                : Optional.of(
                        new Refusal(
                                403,
                                "the session's CSRF token is missing or wrong; open the page again"
                                        + " and repeat"));
    }

    private static Optional<Refusal> foreign(ServerRequest request) {
        return isForeign(request)
                ? Optional.of(new Refusal(403, "the page that sent this is not this agent's own"))
                : Optional.empty();
    }

    /// Whether a browser sent it for a page of another site. Programs send neither header.
    public static boolean isForeign(ServerRequest request) {
        String site = request.headers().first(FETCH_SITE).orElse("none");
        if (!site.equals("none") && !site.equals("same-origin")) {
            return true;
        }
        String origin = request.headers().first(HeaderNames.ORIGIN).orElse("");
        if (origin.isEmpty()) {
            return false;
        }
        String host = request.authority();
        return !origin.equalsIgnoreCase("http://" + host)
                && !origin.equalsIgnoreCase("https://" + host);
    }
}
