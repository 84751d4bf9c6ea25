package io.trapline.web;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.config.OutsideJson;
import io.trapline.gitsync.GitSettings;
import io.trapline.gitsync.GitSync;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// `POST /api/git/sync`, with `?repo=<name>` for one repository: asks the servers now and answers
/// with what came of it, `{"done":true,"git":[…]}` as in `GET /api/status`. `done` is false when a
/// server needs longer than the configured timeout twice over.
public final class GitApi implements HttpService {
    private static final ObjectMapper JSON = OutsideJson.mapper();

    private final Supplier<Optional<GitSync>> git;
    private final Supplier<GitSettings> settings;
    private final AdminToken token;

    /// @param git empty while the agent starts
    public GitApi(
            Supplier<Optional<GitSync>> git, Supplier<GitSettings> settings, AdminToken token) {
        this.git = git;
        this.settings = settings;
        this.token = token;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.post("/api/git/sync", this::sync);
    }

    private void sync(ServerRequest request, ServerResponse response)
            throws JsonProcessingException, InterruptedException {
        Optional<Privilege.Refusal> refusal = Privilege.refusal(request, response, token);
        if (refusal.isPresent()) {
            answer(response, refusal.get().status(), Map.of("error", refusal.get().message()));
            return;
        }
        Optional<String> name = request.query().first("repo").asOptional();
        List<String> known =
                settings.get().enabled().stream().map(GitSettings.Repository::directory).toList();
        if (name.isPresent() && !known.contains(name.get())) {
            answer(
                    response,
                    404,
                    Map.of("error", "no such repository; enabled: " + String.join(", ", known)));
            return;
        }
        Optional<GitSync> running = git.get();
        Duration limit = settings.get().timeout().multipliedBy(2);
        boolean done = running.isPresent() && running.get().sync(name, limit);
        answer(
                response,
                200,
                Map.of(
                        "done",
                        done,
                        "git",
                        GitView.of(running.map(GitSync::status).orElse(List.of()))));
    }

    private static void answer(ServerResponse response, int status, Map<String, Object> body)
            throws JsonProcessingException {
        response.status(status)
                .header(HeaderNames.CONTENT_TYPE, "application/json")
                .send(JSON.writeValueAsBytes(body));
    }
}
