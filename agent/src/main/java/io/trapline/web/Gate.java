package io.trapline.web;

import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.trapline.ingest.Peer;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.function.Supplier;

/// Decides who may look at pages and at `/api`; what may be changed is for [Privilege] to decide.
///
/// - A `Host` that may be somebody else's name is refused, unless the admin token comes along.
/// - A page of another site may not use `/api`.
/// - From this host reading is open, unless `[web] open_reading = false`; from elsewhere it always
///   takes the admin token or a session. Without one, a browser is sent to `/login`.
///
/// Add it before the filters that let requests through.
public final class Gate implements Filter {
    private static final HeaderName NO_SNIFF = HeaderNames.create("X-Content-Type-Options");
    private static final HeaderName FROM_HTMX = HeaderNames.create("HX-Request");
    private static final HeaderName HTMX_URL = HeaderNames.create("HX-Current-URL");
    private static final HeaderName HTMX_GO = HeaderNames.create("HX-Redirect");

    private final AdminToken token;
    private final Hosts hosts;
    private final Supplier<WebSettings> settings;

    public Gate(AdminToken token, Hosts hosts, Supplier<WebSettings> settings) {
        this.token = token;
        this.hosts = hosts;
        this.settings = settings;
    }

    /// Whether this class decides about a path.
    public static boolean guards(String path) {
        return path.equals("/")
                || path.startsWith("/ui/")
                || path.startsWith("/api/")
                || path.equals("/dashboard")
                || path.equals("/login")
                || path.equals("/logout");
    }

    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        String path = request.path().path();
        if (!guards(path)) {
            chain.proceed();
            return;
        }
        boolean proven = token.admits(request.headers().first(HeaderNames.AUTHORIZATION));
        boolean api = path.startsWith("/api/");
        if (api) {
            response.header(HeaderNames.CACHE_CONTROL, "no-store").header(NO_SNIFF, "nosniff");
        }
        if (!proven && !hosts.admits(request.headers().first(HeaderNames.HOST))) {
            refuse(
                    response,
                    api,
                    403,
                    "This address is not for the name in the Host header; use http://127.0.0.1 and"
                            + " the port, this host's own name, or one that [web] hosts in"
                            + " conf.d/trapline.conf lists.");
        } else if (api && Privilege.isForeign(request)) {
            refuse(response, true, 403, "the page that sent this is not this agent's own");
        } else if (proven || isOpen(path) || mayRead(request)) {
            chain.proceed();
        } else if (api) {
            response.header(HeaderNames.WWW_AUTHENTICATE, "Bearer");
            refuse(
                    response,
                    true,
                    401,
                    AdminToken.refusal(request.headers().first(HeaderNames.AUTHORIZATION))
                            + (request.headers().contains(HeaderNames.AUTHORIZATION)
                                    ? ""
                                    : Peer.forwarded(request)));
        } else {
            toLogin(request, response);
        }
    }

    private static boolean isOpen(String path) {
        return path.equals("/login") || path.startsWith("/ui/assets/");
    }

    private boolean mayRead(RoutingRequest request) {
        return (settings.get().openReading() && Peer.isLocal(request))
                || token.sessions().of(request).isPresent();
    }

    private static void toLogin(RoutingRequest request, RoutingResponse response) {
        boolean part = request.headers().contains(FROM_HTMX);
        String back =
                part
                        ? localPart(request.headers().first(HTMX_URL).orElse("/"))
                        : request.prologue().method().text().equals("GET")
                                ? request.prologue().uriPath().rawPath()
                                        + (request.prologue().query().isEmpty()
                                                ? ""
                                                : "?" + request.prologue().query().rawValue())
                                : "/";
        String login = "/login?next=" + URLEncoder.encode(back, StandardCharsets.UTF_8);
        if (part) {
            response.status(401).header(HTMX_GO, login).send();
        } else {
            response.status(303).header(HeaderNames.LOCATION, login).send();
        }
    }

    private static String localPart(String url) {
        try {
            URI uri = URI.create(url);
            String query = uri.getRawQuery();
            return uri.getRawPath() + (query == null ? "" : "?" + query);
        } catch (IllegalArgumentException _) {
            return "/";
        }
    }

    private static void refuse(RoutingResponse response, boolean api, int status, String message) {
        response.status(status);
        if (api) {
            response.header(HeaderNames.CONTENT_TYPE, "application/json")
                    .send("{\"error\":\"" + message + "\"}");
        } else {
            response.header(HeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")
                    .send(message + "\n");
        }
    }
}
