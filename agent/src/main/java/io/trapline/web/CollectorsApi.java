package io.trapline.web;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.collector.Commanded;
import io.trapline.config.OutsideJson;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What people tell collectors; all of it needs the admin token.
///
/// | | |
/// | --- | --- |
/// | `POST /api/collectors/INPUT/COLLECTOR/run` | starts a run now, beside the schedule |
/// | `…/pause`, `…/resume` | no more runs on schedule until resumed, also after a restart |
/// | `…/try` | runs aside, stores nothing; answers what `trapline try --json` prints |
/// | `POST /api/collectors/INPUT/run`, `…/pause`, `…/resume`, `…/try` | all of the input |
///
/// 200 with `{"input": …, "collectors": […]}`, 404 when there is no such one, 409 when it cannot be
/// done now.
public final class CollectorsApi implements HttpService {
    private static final String PREFIX = "/api/collectors/";
    private static final ObjectMapper JSON = OutsideJson.mapper();

    private final CollectorCalls calls;
    private final AdminToken token;

    public CollectorsApi(CollectorCalls calls, AdminToken token) {
        this.calls = calls;
        this.token = token;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.post(PREFIX + "*", this::command);
    }

    private void command(ServerRequest request, ServerResponse response)
            throws JsonProcessingException, InterruptedException {
        Optional<Privilege.Refusal> refusal = Privilege.refusal(request, response, token);
        if (refusal.isPresent()) {
            error(response, refusal.get().status(), refusal.get().message());
            return;
        }
        // Each segment is decoded by itself: a name may hold a slash.
        List<String> segments =
                Arrays.stream(
                                request.prologue()
                                        .uriPath()
                                        .rawPath()
                                        .substring(PREFIX.length())
                                        .split("/"))
                        .map(raw ->
                                URLDecoder.decode(raw.replace("+", "%2B"), StandardCharsets.UTF_8))
                        .toList();
        if (segments.size() < 2 || segments.size() > 3) {
            error(response, 404, "there is nothing at this address");
            return;
        }
        String input = segments.getFirst();
        String collector = segments.size() == 3 ? segments.get(1) : "";
        if (segments.getLast().equals("try")) {
            switch (calls.tryOut(input, collector)) {
                case CollectorCalls.Tried.Ran(var result) ->
                        json(response, 200, TryJson.of(result));
                case CollectorCalls.Tried.Not(int status, String message) ->
                        error(response, status, message);
            }
            return;
        }
        switch (calls.command(segments.getLast(), input, collector)) {
            case Commanded.Done(List<String> collectors) ->
                    json(response, 200, Map.of("input", input, "collectors", collectors));
            case Commanded.Unknown(String message) -> error(response, 404, message);
            case Commanded.Refused(String message) -> error(response, 409, message);
        }
    }

    private static void error(ServerResponse response, int status, String message)
            throws JsonProcessingException {
        json(response, status, Map.of("error", message));
    }

    private static void json(ServerResponse response, int status, Map<String, Object> body)
            throws JsonProcessingException {
        response.status(status)
                .header(HeaderNames.CONTENT_TYPE, "application/json")
                .header(HeaderNames.CACHE_CONTROL, "no-store")
                .send(JSON.writeValueAsBytes(body));
    }
}
