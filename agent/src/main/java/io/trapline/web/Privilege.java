package io.trapline.web;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.util.Optional;

/// Who may do what on the agent's listener, in one place for all of its handlers.
final class Privilege {
    private static final HeaderName FETCH_SITE = HeaderNames.create("Sec-Fetch-Site");

    private Privilege() {}

    /// Why a request is not carried out.
    record Refusal(int status, String message) {}

    /// What keeps a request from changing something: it needs the admin token, and if a browser
    /// sent it, a page of this agent's own must have.
    static Optional<Refusal> refusal(
            ServerRequest request, ServerResponse response, AdminToken token) {
        if (!token.admits(request.headers().first(HeaderNames.AUTHORIZATION))) {
            response.header(HeaderNames.WWW_AUTHENTICATE, "Bearer");
            return Optional.of(
                    new Refusal(
                            401,
                            "this needs `Authorization: Bearer <token>` with the content of"
                                    + " data/admin.token"));
        }
        return isForeign(request)
                ? Optional.of(new Refusal(403, "the page that sent this is not this agent's own"))
                : Optional.empty();
    }

    /// Whether a browser sent it for a page of another site. Programs send neither header.
    static boolean isForeign(ServerRequest request) {
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
