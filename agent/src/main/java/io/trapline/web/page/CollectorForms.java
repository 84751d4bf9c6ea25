package io.trapline.web.page;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.collector.Commanded;
import io.trapline.collector.TryRun;
import io.trapline.model.Entry;
import io.trapline.model.Point;
import io.trapline.web.AgentApi.Reload;
import io.trapline.web.CollectorCalls;
import io.trapline.web.TryJson;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// What the collector's page and the overview let people do: run now, try, pause, resume, reload.
public final class CollectorForms implements HttpService {
    private final Html html;
    private final CollectorCalls calls;
    private final Supplier<Reload> reload;

    public CollectorForms(Html html, CollectorCalls calls, Supplier<Reload> reload) {
        this.html = html;
        this.calls = calls;
        this.reload = reload;
    }

    /// What a try would have stored.
    ///
    /// @param failure why there is nothing, empty otherwise
    record Trial(List<Tried> collectors, List<String> problems, String failure) {}

    record Tried(
            String name,
            String outcome,
            String tone,
            String took,
            List<String> points,
            List<String> warnings,
            List<String> refused,
            String lines,
            String error) {}

    @Override
    public void routing(HttpRules rules) {
        rules.post("/ui/collector", this::command);
        rules.post("/ui/collector/try", this::tryOut);
        rules.post("/ui/reload", this::reload);
    }

    private void command(ServerRequest request, ServerResponse response)
            throws IOException, InterruptedException {
        Optional<Params> form = html.form(request, response);
        if (form.isEmpty()) {
            return;
        }
        String input = form.get().get("input");
        String collector = form.get().get("collector");
        String command = form.get().get("command");
        Said said =
                switch (calls.command(command, input, collector)) {
                    case Commanded.Done(List<String> names) ->
                            Said.good(
                                    String.join(", ", names)
                                            + switch (command) {
                                                case "run" ->
                                                        ": a run has started; its row is in the"
                                                                + " ledger when it has ended.";
                                                case "pause" -> ": paused, also after a restart.";
                                                default -> ": goes on with the next tick.";
                                            });
                    case Commanded.Unknown(String message) -> Said.bad(message);
                    case Commanded.Refused(String message) -> Said.bad(message);
                };
        html.seeOther(
                request,
                response,
                form.get().get("from").equals("overview")
                        ? "/"
                        : Params.of("input", input, "collector", collector).at("/ui/collector"),
                said);
    }

    private void tryOut(ServerRequest request, ServerResponse response)
            throws IOException, InterruptedException {
        Optional<Params> form = html.form(request, response);
        if (form.isEmpty()) {
            return;
        }
        Trial trial =
                switch (calls.tryOut(form.get().get("input"), form.get().get("collector"))) {
                    case CollectorCalls.Tried.Ran(TryRun.Result result) ->
                            new Trial(
                                    result.collectors().stream()
                                            .map(CollectorForms::tried)
                                            .toList(),
                                    result.problems(),
                                    result.failure());
                    case CollectorCalls.Tried.Not(_, String message) ->
                            new Trial(List.of(), List.of(), message);
                };
        html.page(
                request,
                response,
                Html.isPart(request) ? "trial" : "trialpage",
                "Try",
                "",
                false,
                "page",
                trial);
    }

    private static Tried tried(TryRun.Tried tried) {
        List<String> points = new ArrayList<>();
        for (Entry entry : tried.entries()) {
            if (entry instanceof Point point) {
                points.add(TryJson.line(point));
            }
        }
        String outcome = tried.outcome().word();
        return new Tried(
                tried.name(),
                outcome,
                Overview.outcomeTone(outcome),
                Show.millis(tried.durationMs()),
                points,
                tried.warnings(),
                tried.refused(),
                String.join("\n", tried.lines()),
                tried.error().strip());
    }

    private void reload(ServerRequest request, ServerResponse response) throws IOException {
        if (html.form(request, response).isEmpty()) {
            return;
        }
        Said said =
                switch (reload.get()) {
                    case Reload.InForce(long generation, List<String> warnings) ->
                            Said.good(
                                    "Configuration "
                                            + generation
                                            + " is in force"
                                            + (warnings.isEmpty()
                                                    ? "."
                                                    : ", with remarks; see below."));
                    case Reload.Refused(long generation, _) ->
                            Said.bad(
                                    "The files have problems, named below; configuration "
                                            + generation
                                            + " stays in force.");
                };
        html.seeOther(request, response, "/", said);
    }
}
