package io.trapline.web.page;

import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.output.Utf8ByteOutput;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.web.AdminToken;
import io.trapline.web.Privilege;
import io.trapline.web.Sessions.Session;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/// Sends pages and takes forms, for all of them in the same way.
public final class Html {
    static final HeaderName NO_SNIFF = HeaderNames.create("X-Content-Type-Options");
    private static final HeaderName POLICY = HeaderNames.create("Content-Security-Policy");
    private static final HeaderName REFERRER = HeaderNames.create("Referrer-Policy");
    private static final HeaderName FROM_HTMX = HeaderNames.create("HX-Request");
    private static final HeaderName HTMX_GO = HeaderNames.create("HX-Redirect");
    private static final String STRICT =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
                    + " connect-src 'self'; form-action 'self'; base-uri 'none';"
                    + " frame-ancestors 'none'";
    private static final int MAX_FORM = 1 << 20;
    private static final int MOST_SAID = 1000;

    /// Made when the first page is asked for, not when the agent starts.
    private static final class Templates {
        static final TemplateEngine ENGINE =
                TemplateEngine.createPrecompiled(
                        null, ContentType.Html, null, "io.trapline.web.page");

        static {
            ENGINE.setTrimControlStructures(true);
        }
    }

    private final String version;
    private final AdminToken token;

    /// By session: what its next page is to say.
    private final ConcurrentHashMap<String, Said> said = new ConcurrentHashMap<>();

    public Html(String version, AdminToken token) {
        this.version = version;
        this.token = token;
    }

    AdminToken token() {
        return token;
    }

    Optional<Session> session(ServerRequest request) {
        return token.sessions().of(request);
    }

    /// @param at the entry of the navigation
    /// @param name of the template's parameter
    void page(
            ServerRequest request,
            ServerResponse response,
            String template,
            String title,
            String at,
            boolean charts,
            String name,
            Object page) {
        Optional<Session> session = session(request);
        Optional<Said> message =
                isPart(request)
                        ? Optional.empty()
                        : session.flatMap(its -> Optional.ofNullable(said.remove(its.id())));
        Frame frame =
                new Frame(
                        title,
                        at,
                        version,
                        charts,
                        session.map(Session::csrf).orElse(""),
                        here(request),
                        message);
        send(response, template, Map.of("frame", frame, name, page));
    }

    /// A part of a page, to be sent otherwise.
    byte[] part(ServerRequest request, String template, String name, Object page) {
        String csrf = session(request).map(Session::csrf).orElse("");
        Frame frame = new Frame("", "", version, false, csrf, "/", Optional.empty());
        return render(template, Map.of("frame", frame, name, page));
    }

    private static void send(ServerResponse response, String template, Map<String, Object> model) {
        response.header(HeaderNames.CONTENT_TYPE, "text/html; charset=utf-8")
                .header(HeaderNames.CACHE_CONTROL, "no-store")
                .header(POLICY, STRICT)
                .header(NO_SNIFF, "nosniff")
                .header(REFERRER, "same-origin")
                .send(render(template, model));
    }

    static byte[] render(String template, Map<String, Object> model) {
        Utf8ByteOutput out = new Utf8ByteOutput();
        Templates.ENGINE.render(template + ".jte", new HashMap<>(model), out);
        return out.toByteArray();
    }

    /// Whether a script asks for a part of a page.
    static boolean isPart(ServerRequest request) {
        return request.headers().contains(FROM_HTMX);
    }

    static Params params(ServerRequest request) {
        return Params.parse(request.prologue().query().rawValue());
    }

    /// The fields of a form that wants to change something. Empty when whoever sent it may not,
    /// which is answered: without a session with the way to the login.
    Optional<Params> form(ServerRequest request, ServerResponse response) throws IOException {
        Optional<Session> session = session(request);
        if (session.isEmpty()) {
            String login = Params.of("next", cameFrom(request)).at("/login");
            if (isPart(request)) {
                response.status(401).header(HTMX_GO, login).send();
            } else {
                response.status(303).header(HeaderNames.LOCATION, login).send();
            }
            return Optional.empty();
        }
        Optional<Params> fields = fields(request, response);
        if (fields.isEmpty()) {
            return fields;
        }
        Optional<Privilege.Refusal> refusal =
                Privilege.refusal(request, session.get(), fields.get().get("csrf"));
        refusal.ifPresent(why -> text(response, why.status(), why.message()));
        return refusal.isPresent() ? Optional.empty() : fields;
    }

    /// A body of form fields, whoever sent it. Empty when it is too long, which is answered.
    static Optional<Params> fields(ServerRequest request, ServerResponse response)
            throws IOException {
        byte[] body = new byte[0];
        if (request.content().hasEntity()) {
            try (InputStream in = request.content().inputStream()) {
                body = in.readNBytes(MAX_FORM + 1);
            }
        }
        if (body.length > MAX_FORM) {
            text(response, 413, "This form is longer than " + MAX_FORM + " bytes.");
            return Optional.empty();
        }
        return Optional.of(Params.parse(new String(body, StandardCharsets.UTF_8)));
    }

    /// On to another page, which says what became of the form.
    void seeOther(ServerRequest request, ServerResponse response, String to, Said message) {
        session(request)
                .ifPresent(its -> {
                    if (said.size() >= MOST_SAID) {
                        said.clear();
                    }
                    said.put(its.id(), message);
                });
        if (isPart(request)) {
            response.header(HTMX_GO, to).send();
        } else {
            response.status(303).header(HeaderNames.LOCATION, to).send();
        }
    }

    static void text(ServerResponse response, int status, String message) {
        response.status(status)
                .header(HeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")
                .header(HeaderNames.CACHE_CONTROL, "no-store")
                .header(NO_SNIFF, "nosniff")
                .send(message + "\n");
    }

    /// An address on this host, or the overview: what comes with a request may name any.
    static String local(String address) {
        return address.matches("/([^/\\\\].*)?") && address.chars().allMatch(c -> c > ' ')
                ? address
                : "/";
    }

    /// The address that was asked for, with everything that was chosen.
    static String here(ServerRequest request) {
        String query = request.prologue().query().rawValue();
        return local(request.prologue().uriPath().rawPath() + (query.isEmpty() ? "" : "?" + query));
    }

    private static String cameFrom(ServerRequest request) {
        try {
            URI uri = URI.create(request.headers().first(HeaderNames.REFERER).orElse("/"));
            String query = uri.getRawQuery();
            String path = uri.getRawPath();
            return local((path == null ? "/" : path) + (query == null ? "" : "?" + query));
        } catch (IllegalArgumentException _) {
            return "/";
        }
    }
}
