package io.trapline.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.Home;
import io.trapline.cli.AgentClient.Answer;
import io.trapline.store.QueryResult;
import io.trapline.store.ResultFormat;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "status",
        description = "Shows the running agent's inputs, collectors, last outcomes and lag.")
final class StatusCommand implements Callable<Integer> {
    private static final List<String> COLUMNS =
            List.of(
                    "input",
                    "collector",
                    "state",
                    "last",
                    "ended",
                    "ms",
                    "points",
                    "next",
                    "late p99 ms");

    @Mixin private HomeOption home;
    @Spec private CommandSpec spec;

    @Option(names = "--json", description = "Print the agent's whole answer.")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        Home folder = home.home();
        AgentClient agent =
                AgentClient.running(
                        folder,
                        "start one with `trapline run`, or name another folder with --home");
        Answer answer = agent.get("/api/status");
        if (answer.status() != 200) {
            throw new CommandFailure(
                    Cli.FAILED, "the agent answered " + answer.status() + ": " + answer.body());
        }
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(answer.body());
            return Cli.OK;
        }
        JsonNode status = new ObjectMapper().readTree(answer.body());
        out.println(
                "trapline %s, process %d, role %s, up %s, configuration %d"
                        .formatted(
                                status.path("version").asText(),
                                agent.pid(),
                                status.path("role").asText(),
                                rounded(Duration.ofSeconds(status.path("uptime_s").asLong())),
                                status.path("config_generation").asLong()));
        JsonNode journal = status.path("journal");
        long oldest = journal.path("tail").asLong();
        long newest = journal.path("head").asLong();
        out.println(
                "journal: %s, %.1f of %.1f MiB"
                        .formatted(
                                oldest > newest
                                        ? "empty after frame " + newest
                                        : "frames " + oldest + " to " + newest,
                                mebibytes(journal.path("bytes")),
                                mebibytes(journal.path("max_bytes"))));
        for (JsonNode reader : journal.path("readers")) {
            out.println(
                    "  reader %s: %d frame(s) behind"
                            .formatted(reader.path("name").asText(), reader.path("lag").asLong()));
        }
        JsonNode store = status.path("store");
        if (store.isObject()) {
            out.println(
                    "store: %s, %d samples, %d records, %.1f MiB%s"
                            .formatted(
                                    store.path("state").asText(),
                                    store.path("samples").asLong(),
                                    store.path("records").asLong(),
                                    mebibytes(store.path("bytes")),
                                    prefixed(": ", store.path("error").asText())));
        }
        for (JsonNode repository : status.path("git")) {
            out.println(GitCommand.line(repository));
        }
        for (JsonNode problem : status.path("config_problems")) {
            out.println("configuration: " + problem.asText());
        }
        out.println();
        out.flush();
        table(status.path("inputs"));
        problems(status.path("inputs"), out);
        return Cli.OK;
    }

    private static void table(JsonNode inputs) throws IOException {
        List<List<@Nullable Object>> rows = new ArrayList<>();
        for (JsonNode input : inputs) {
            JsonNode collectors = input.path("collectors");
            if (collectors.isEmpty()) {
                List<@Nullable Object> row = new ArrayList<>();
                row.add(input.path("name").asText());
                row.add("");
                row.add(input.path("state").asText());
                while (row.size() < COLUMNS.size()) {
                    row.add(null);
                }
                rows.add(row);
            }
            for (JsonNode collector : collectors) {
                rows.add(row(input, collector));
            }
        }
        ResultFormat.TABLE.write(new QueryResult(COLUMNS, rows), System.out);
    }

    private static List<@Nullable Object> row(JsonNode input, JsonNode collector) {
        JsonNode last = collector.path("last");
        List<@Nullable Object> row = new ArrayList<>();
        row.add(input.path("name").asText());
        row.add(collector.path("name").asText());
        row.add(collector.path("shown").asText());
        if (last.isObject()) {
            row.add(last.path("outcome").asText());
            row.add(
                    ago(
                            Instant.parse(last.path("started").asText())
                                    .plusMillis(last.path("duration_ms").asLong())));
            row.add(Math.round(last.path("duration_ms").asDouble()));
            row.add(last.path("points").asLong());
        } else {
            row.add("none yet");
            row.add(null);
            row.add(null);
            row.add(null);
        }
        row.add(collector.path("next").isTextual() ? in(collector.path("next").asText()) : null);
        row.add(Math.round(collector.path("lateness").path("p99_ms").asDouble() * 10) / 10.0);
        return row;
    }

    private static void problems(JsonNode inputs, PrintWriter out) {
        for (JsonNode input : inputs) {
            String name = input.path("name").asText();
            if (!input.path("reason").asText().isEmpty()) {
                out.println(
                        "\n%s is %s: %s"
                                .formatted(
                                        name,
                                        input.path("state").asText(),
                                        input.path("reason").asText()));
            }
            for (JsonNode problem : input.path("problems")) {
                out.println("\n" + name + ": " + problem.asText().strip());
            }
            for (JsonNode collector : input.path("collectors")) {
                String id = name + "/" + collector.path("name").asText();
                if (!collector.path("reason").asText().isEmpty()) {
                    out.println(
                            "\n%s is %s: %s"
                                    .formatted(
                                            id,
                                            collector.path("shown").asText(),
                                            collector.path("reason").asText()));
                }
                String warning = collector.path("warning").asText();
                if (!warning.isEmpty()) {
                    out.println("\n%s, warning: %s".formatted(id, warning));
                }
                JsonNode last = collector.path("last");
                String error = last.path("error").asText().strip();
                if (!error.isEmpty()) {
                    out.println(
                            "\n%s, last run: %s\n%s"
                                    .formatted(id, last.path("outcome").asText(), error));
                }
            }
        }
        out.flush();
    }

    private static String ago(Instant then) {
        return rounded(Duration.between(then, Instant.now())) + " ago";
    }

    private static String in(String then) {
        Duration left = Duration.between(Instant.now(), Instant.parse(then));
        return left.isNegative() ? "now" : "in " + rounded(left);
    }

    /// The two largest units, as people say it.
    private static String rounded(Duration time) {
        if (time.toDays() > 0) {
            return time.toDays() + "d" + time.toHoursPart() + "h";
        }
        if (time.toHours() > 0) {
            return time.toHours() + "h" + time.toMinutesPart() + "m";
        }
        if (time.toMinutes() > 0) {
            return time.toMinutes() + "m" + time.toSecondsPart() + "s";
        }
        return time.toSeconds() + "s";
    }

    private static double mebibytes(JsonNode bytes) {
        return bytes.asLong() / 1048576.0;
    }

    private static String prefixed(String prefix, String text) {
        return text.isEmpty() ? "" : prefix + text;
    }
}
