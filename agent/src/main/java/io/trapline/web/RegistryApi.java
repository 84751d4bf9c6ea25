package io.trapline.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// `/api/push` and `/api/traps`: [RegistryCalls] over HTTP. Reading is open and shows no secrets;
/// whatever changes something, or shows secrets, needs the admin token and, from a browser, the
/// same origin.
public final class RegistryApi implements HttpService {
    private static final int MAX_BODY_BYTES = 1 << 20;

    private final RegistryCalls calls;
    private final AdminToken token;

    public RegistryApi(RegistryCalls calls, AdminToken token) {
        this.calls = calls;
        this.token = token;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.any("/api/push", this::handle)
                .any("/api/push/*", this::handle)
                .any("/api/traps", this::handle)
                .any("/api/traps/*", this::handle);
    }

    private void handle(ServerRequest request, ServerResponse response) throws IOException {
        byte[] body = new byte[0];
        if (request.content().hasEntity()) {
            try (InputStream in = request.content().inputStream()) {
                body = in.readNBytes(MAX_BODY_BYTES + 1);
            }
        }
        RegistryCalls.Call call =
                new RegistryCalls.Call(
                        request.prologue().method().text(),
                        segments(request.prologue().uriPath().rawPath()),
                        request.query().first("secrets").map("true"::equals).orElse(false),
                        request.query().first("kind").orElse(""),
                        body);
        Optional<Privilege.Refusal> refusal =
                call.isPrivileged()
                        ? Privilege.refusal(request, response, token)
                        : Optional.empty();
        if (refusal.isPresent()) {
            send(response, refusal.get().status(), error(refusal.get().message()));
        } else if (body.length > MAX_BODY_BYTES) {
            send(response, 413, error("the body is longer than " + MAX_BODY_BYTES + " bytes"));
        } else {
            RegistryCalls.Reply reply = calls.answer(call);
            // Answers may hold secrets and change at any time.
            response.header(HeaderNames.CACHE_CONTROL, "no-store");
            send(response, reply.status(), reply.body());
        }
    }

    /// The segments after `/api/`, each decoded by itself: a metric's name may hold a slash.
    private static List<String> segments(String rawPath) {
        List<String> segments = new ArrayList<>();
        for (String raw : rawPath.substring("/api/".length()).split("/", -1)) {
            segments.add(
                    java.net.URLDecoder.decode(raw.replace("+", "%2B"), StandardCharsets.UTF_8));
        }
        if (segments.getLast().isEmpty()) {
            segments.removeLast();
        }
        return segments;
    }

    private static JsonNode error(String message) {
        return JsonNodeFactory.instance.objectNode().put("error", message);
    }

    private static void send(ServerResponse response, int status, JsonNode body) {
        response.status(status)
                .header(HeaderNames.CONTENT_TYPE, "application/json")
                .send(body.toString().getBytes(StandardCharsets.UTF_8));
    }
}
