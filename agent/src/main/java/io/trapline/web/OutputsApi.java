package io.trapline.web;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.forward.AsideItem;
import io.trapline.forward.ForwardException;
import io.trapline.forward.OutputStatus;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What the outputs do, and what people may tell them:
///
/// | | |
/// | --- | --- |
/// | `GET /api/outputs` | `{"outputs": […]}`, as [OutputStatus] has it |
/// | `GET /api/outputs/NAME` | one of them |
/// | `GET /api/outputs/NAME/aside` | `{"aside": […]}`, the oldest first, `?limit=` of 100 |
/// | `POST /api/outputs/NAME/pause`, `…/resume` | `{"state": …}` |
/// | `POST /api/outputs/NAME/resend`, `…/drop` | body `{"ids": [1, 2]}`, none = all; `{"items": N}` |
///
/// What was set aside and all changes need the admin token; changes from a browser also the same
/// origin.
public final class OutputsApi implements HttpService {
    private static final String PREFIX = "/api/outputs";
    private static final int MAX_BODY_BYTES = 1 << 20;
    private static final int DEFAULT_LIMIT = 100;
    private static final int MAX_LIMIT = 1000;
    private static final int SHOWN_PAYLOAD = 64 << 10;

    private final OutputsCalls calls;
    private final AdminToken token;

    public OutputsApi(OutputsCalls calls, AdminToken token) {
        this.calls = calls;
        this.token = token;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get(PREFIX, this::list);
        rules.get(PREFIX + "/{name}", this::show);
        rules.get(PREFIX + "/{name}/aside", this::aside);
        rules.post(PREFIX + "/{name}/{command}", this::command);
    }

    private void list(ServerRequest request, ServerResponse response) throws ForwardException {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ArrayNode list = json.putArray("outputs");
        calls.all().forEach(status -> list.add(json(status)));
        send(response, 200, json);
    }

    private void show(ServerRequest request, ServerResponse response) throws ForwardException {
        String name = name(request);
        Optional<OutputStatus> found = calls.find(name);
        if (found.isPresent()) {
            send(response, 200, json(found.get()));
        } else {
            unknown(response, name);
        }
    }

    private void aside(ServerRequest request, ServerResponse response) throws ForwardException {
        String name = name(request);
        if (isRefused(request, response)) {
            return;
        }
        if (calls.find(name).isEmpty()) {
            unknown(response, name);
            return;
        }
        int limit =
                request.query()
                        .first("limit")
                        .filter(text -> text.matches("[0-9]{1,6}"))
                        .map(text -> Math.clamp(Integer.parseInt(text), 1, MAX_LIMIT))
                        .orElse(DEFAULT_LIMIT);
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ArrayNode list = json.putArray("aside");
        calls.aside(name, limit).forEach(item -> list.add(json(item)));
        send(response, 200, json);
    }

    private void command(ServerRequest request, ServerResponse response)
            throws ForwardException, IOException {
        if (isRefused(request, response)) {
            return;
        }
        String name = name(request);
        String command = request.path().pathParameters().get("command");
        Optional<List<Long>> ids =
                command.equals("resend") || command.equals("drop")
                        ? ids(request, response)
                        : Optional.of(List.of());
        if (ids.isEmpty()) {
            return;
        }
        switch (calls.command(name, command, ids.get())) {
            case OutputsCalls.Outcome.State(String state) ->
                    send(response, 200, JsonNodeFactory.instance.objectNode().put("state", state));
            case OutputsCalls.Outcome.Items(int items) ->
                    send(response, 200, JsonNodeFactory.instance.objectNode().put("items", items));
            case OutputsCalls.Outcome.Refused(int status, String message) ->
                    error(response, status, message);
        }
    }

    private static String name(ServerRequest request) {
        return request.path().pathParameters().get("name");
    }

    /// Empty when the body is wrong, which is answered.
    private static Optional<List<Long>> ids(ServerRequest request, ServerResponse response)
            throws IOException {
        byte[] bytes = new byte[0];
        if (request.content().hasEntity()) {
            try (InputStream in = request.content().inputStream()) {
                bytes = in.readNBytes(MAX_BODY_BYTES + 1);
            }
        }
        try {
            JsonBody body = JsonBody.parse(bytes);
            Optional<JsonNode> list = body.value("ids");
            List<Long> ids = new ArrayList<>();
            if (list.isPresent()) {
                for (JsonNode id : list.get()) {
                    if (!id.isIntegralNumber()) {
                        throw new IllegalArgumentException("ids: expected a list of integers");
                    }
                    ids.add(id.longValue());
                }
                if (!list.get().isArray() || ids.isEmpty()) {
                    throw new IllegalArgumentException(
                            "ids: expected a list of integers; leave it out for all");
                }
            }
            List<String> problems = body.done();
            if (!problems.isEmpty()) {
                throw new IllegalArgumentException(String.join("; ", problems));
            }
            return Optional.of(ids);
        } catch (IllegalArgumentException e) {
            error(response, 400, String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    private boolean isRefused(ServerRequest request, ServerResponse response) {
        Optional<Privilege.Refusal> refusal = Privilege.refusal(request, response, token);
        refusal.ifPresent(why -> error(response, why.status(), why.message()));
        return refusal.isPresent();
    }

    private static ObjectNode json(OutputStatus status) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("name", status.name())
                .put("kind", status.kind())
                .put("address", status.address())
                .put("state", status.state())
                .put("lag", status.lag())
                .put("items", status.items())
                .put("requests", status.requests())
                .put("bytes", status.bytes())
                .put("items_per_second", status.itemsPerSecond())
                .put("retries", status.retries())
                .put("refused", status.refused())
                .put("notice", status.notice())
                .put("error", status.error());
        status.errorAt().ifPresent(at -> json.put("error_at", at.toString()));
        status.sentAt().ifPresent(at -> json.put("sent_at", at.toString()));
        status.nextTry().ifPresent(at -> json.put("next_try", at.toString()));
        json.put("aside", status.aside())
                .put("aside_bytes", status.asideBytes())
                .put("aside_lost", status.asideLost());
        ObjectNode skipped = json.putObject("skipped");
        status.skipped().forEach(skipped::put);
        ObjectNode changed = json.putObject("changed");
        status.changed().forEach(changed::put);
        ArrayNode dropped = json.putArray("dropped");
        for (OutputStatus.Dropped one : status.dropped()) {
            dropped.addObject()
                    .put("reason", one.reason())
                    .put("values", one.values())
                    .put("said", one.said())
                    .put("at", one.at().toString());
        }
        return json;
    }

    /// The payload as text; a core's frames are binary and shown as their size alone.
    private static ObjectNode json(AsideItem item) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("id", item.id())
                .put("position", item.position())
                .put("status", item.status())
                .put("reason", item.reason())
                .put("at", item.at().toString())
                .put("bytes", item.payload().length)
                .put("resend", item.resend());
        if (item.payload().length > 0 && (item.payload()[0] == '{' || item.payload()[0] == '"')) {
            int shown = Math.min(item.payload().length, SHOWN_PAYLOAD);
            json.put("payload", new String(item.payload(), 0, shown, StandardCharsets.UTF_8));
        }
        return json;
    }

    private static void unknown(ServerResponse response, String name) {
        error(response, 404, "there is no output " + name);
    }

    private static void error(ServerResponse response, int status, String message) {
        send(response, status, JsonNodeFactory.instance.objectNode().put("error", message));
    }

    private static void send(ServerResponse response, int status, JsonNode body) {
        response.status(status)
                .header(HeaderNames.CONTENT_TYPE, "application/json")
                .header(HeaderNames.CACHE_CONTROL, "no-store")
                .send(body.toString().getBytes(StandardCharsets.UTF_8));
    }
}
