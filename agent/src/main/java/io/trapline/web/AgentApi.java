package io.trapline.web;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.config.OutsideJson;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// `GET /api/status`, `POST /api/reload`, `GET /healthz`: what the agent says of itself.
public final class AgentApi implements HttpService {
    private static final ObjectMapper JSON = OutsideJson.mapper();

    private final Supplier<Map<String, Object>> status;
    private final Supplier<Reload> reload;
    private final Supplier<List<String>> ailments;
    private final AdminToken token;

    /// @param status the answer's members, of maps, lists, texts, numbers and booleans
    /// @param reload re-reads the configuration
    /// @param ailments what keeps the agent from doing its work, one line each; empty = healthy
    public AgentApi(
            Supplier<Map<String, Object>> status,
            Supplier<Reload> reload,
            Supplier<List<String>> ailments,
            AdminToken token) {
        this.status = status;
        this.reload = reload;
        this.ailments = ailments;
        this.token = token;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get("/api/status", (_, response) -> json(response, 200, status.get()));
        rules.post("/api/reload", this::reload);
        rules.get("/healthz", this::health);
    }

    private void reload(ServerRequest request, ServerResponse response)
            throws JsonProcessingException {
        Optional<Privilege.Refusal> refusal = Privilege.refusal(request, response, token);
        if (refusal.isPresent()) {
            json(response, refusal.get().status(), Map.of("error", refusal.get().message()));
            return;
        }
        switch (reload.get()) {
            case Reload.InForce(long generation, List<String> warnings) ->
                    json(
                            response,
                            200,
                            Map.of("config_generation", generation, "warnings", warnings));
            case Reload.Refused(long generation, List<String> problems) ->
                    json(
                            response,
                            422,
                            Map.of(
                                    "error",
                                    "the configuration has problems; the old one is still in"
                                            + " force",
                                    "config_generation",
                                    generation,
                                    "problems",
                                    problems));
        }
    }

    private void health(ServerRequest request, ServerResponse response)
            throws JsonProcessingException {
        health(response, ailments.get());
    }

    /// The answer of `/healthz`, on both listeners.
    ///
    /// @param found what keeps the agent from doing its work
    public static void health(ServerResponse response, List<String> found)
            throws JsonProcessingException {
        json(
                response,
                found.isEmpty() ? 200 : 503,
                Map.of("status", found.isEmpty() ? "ok" : "ailing", "problems", found));
    }

    private static void json(ServerResponse response, int status, Map<String, Object> body)
            throws JsonProcessingException {
        response.status(status)
                .header(HeaderNames.CONTENT_TYPE, "application/json")
                .send(JSON.writeValueAsBytes(body));
    }

    /// How a reload ended.
    public sealed interface Reload {
        record InForce(long generation, List<String> warnings) implements Reload {
            public InForce {
                warnings = List.copyOf(warnings);
            }
        }

        /// The old configuration, of `generation`, goes on.
        record Refused(long generation, List<String> problems) implements Reload {
            public Refused {
                problems = List.copyOf(problems);
            }
        }
    }
}
