package io.trapline.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trapline.cli.AgentClient.Answer;
import io.trapline.cli.TextTable.Shaded;
import io.trapline.config.ProblemReport;
import io.trapline.model.PlainDuration;
import io.trapline.model.PlainNumber;
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
        description =
                "Shows the running agent's inputs, collectors, last outcomes, outputs and lag.",
        footer = {
            "",
            "Exit codes: 0 the agent answered, 1 no agent runs or it did not answer, 2 usage.",
            "With --check: 0 where the first page says that all is well, and 1 with a line for each thing",
            "that it names, after \"wrong:\", or \"to look at:\" where the page is amber. What is paused by",
            "hand is not wrong."
        })
final class StatusCommand implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Mixin private HomeOption home;
    @Mixin private JsonOption json;
    @Spec private CommandSpec spec;

    @Option(
            names = "--check",
            description =
                    "For monitoring: nothing but one line for each thing that is wrong, and exit code"
                            + " 1 if there is one.")
    private boolean check;

    @Override
    public Integer call() throws Exception {
        AgentClient agent =
                AgentClient.running(
                        home.home(),
                        "start one with `trapline run`, or name another folder with --home");
        JsonNode verdict = check ? verdict(agent) : JSON.createObjectNode();
        boolean wrong = !verdict.path("findings").isEmpty();
        PrintWriter out = spec.commandLine().getOut();
        if (check && !json.isWanted()) {
            findings(verdict, out);
            return wrong ? Cli.FAILED : Cli.OK;
        }
        Answer answer = agent.get("/api/status");
        if (answer.status() != 200) {
            throw new CommandFailure(
                    Cli.FAILED, "the agent answered " + answer.status() + ": " + answer.body());
        }
        ObjectNode status = (ObjectNode) JSON.readTree(answer.body());
        status.set("outputs", outputs(agent));
        if (check) {
            status.set("findings", verdict.path("findings"));
        }
        if (json.isWanted()) {
            JsonOption.print(status, out);
        } else {
            show(agent, status, out);
        }
        return wrong ? Cli.FAILED : Cli.OK;
    }

    /// What the first page says in its first lines: one verdict for people and for monitoring.
    private static JsonNode verdict(AgentClient agent) throws CommandFailure, IOException {
        return agent.get("/api/verdict").json();
    }

    private static void findings(JsonNode verdict, PrintWriter out) {
        for (JsonNode finding : verdict.path("findings")) {
            boolean bad = finding.path("severity").asText().equals("bad");
            String since =
                    finding.path("since").isTextual()
                            ? ", since " + finding.path("since").asText()
                            : "";
            out.println(
                    (bad ? "wrong: " : "to look at: ")
                            + TextTable.plain(finding.path("text").asText())
                            + since);
        }
        if (verdict.path("findings").isEmpty()) {
            out.println("nothing is wrong");
        }
        out.flush();
    }

    /// A list; empty when there are none.
    private static JsonNode outputs(AgentClient agent) throws IOException {
        Answer answer = agent.get("/api/outputs");
        @Nullable JsonNode outputs =
                answer.status() == 200 ? JSON.readTree(answer.body()).path("outputs") : null;
        return outputs != null && outputs.isArray() ? outputs : JSON.createArrayNode();
    }

    private void show(AgentClient agent, JsonNode status, PrintWriter out) {
        out.println(
                "trapline %s, process %d, role %s, up %s, %s"
                        .formatted(
                                status.path("version").asText(),
                                agent.pid(),
                                status.path("role").asText(),
                                Times.rounded(Duration.ofSeconds(status.path("uptime_s").asLong())),
                                configuration(status.path("config_generation").asLong())));
        out.println("page: " + agent.address() + "/");
        if (status.path("core").isTextual()) {
            out.println("push and trap: " + status.path("core").asText());
        }
        journal(status.path("journal"), out);
        store(status.path("store"), out);
        for (JsonNode output : status.path("outputs")) {
            out.println(output(output));
        }
        for (JsonNode repository : status.path("git")) {
            out.println(GitCommand.line(repository));
        }
        for (JsonNode problem : status.path("config_problems")) {
            String line = problem.asText();
            out.println(
                    (ProblemReport.isRemark(line) ? "to know: " : "configuration: ")
                            + TextTable.plain(line));
        }
        out.println();
        table(status.path("inputs"), out);
        problems(status.path("inputs"), out);
    }

    private static String configuration(long generation) {
        return generation <= 1
                ? "configuration as at the start"
                : "configuration reloaded "
                        + (generation == 2 ? "once" : generation - 1 + " times");
    }

    private static void journal(JsonNode journal, PrintWriter out) {
        out.println(
                "journal: %s of %s MiB used"
                        .formatted(
                                mebibytes(journal.path("bytes")),
                                mebibytes(journal.path("max_bytes"))));
        for (JsonNode reader : journal.path("readers")) {
            long lag = reader.path("lag").asLong();
            // Outputs have lines of their own.
            if (lag > 0 && !reader.path("name").asText().startsWith("output/")) {
                out.println(
                        "  %s: %d %s behind"
                                .formatted(
                                        reader(reader.path("name").asText()),
                                        lag,
                                        lag == 1 ? "batch" : "batches"));
            }
        }
    }

    /// What a cursor in the journal belongs to, in plain words.
    private static String reader(String name) {
        return switch (name) {
            case "store" -> "the store";
            case "period" -> "the periods of checks";
            default -> name;
        };
    }

    private void store(JsonNode store, PrintWriter out) {
        if (store.isObject()) {
            String state = store.path("state").asText();
            out.println(
                    "store: %s, %d samples, %d records, %s MiB%s"
                            .formatted(
                                    terminal().state(state, state),
                                    store.path("samples").asLong(),
                                    store.path("records").asLong(),
                                    mebibytes(store.path("bytes")),
                                    prefixed(": ", TextTable.plain(store.path("error").asText()))));
        }
    }

    private String output(JsonNode output) {
        String state = output.path("state").asText();
        long lag = output.path("lag").asLong();
        StringBuilder line = new StringBuilder("output ");
        line.append(TextTable.plain(output.path("name").asText()))
                .append(" to ")
                .append(TextTable.plain(output.path("address").asText()))
                .append(": ")
                .append(terminal().state(state, state));
        if (lag > 0) {
            line.append(", ").append(lag).append(lag == 1 ? " batch behind" : " batches behind");
        }
        if (output.path("aside").asLong() > 0) {
            line.append(", ")
                    .append(output.path("aside").asLong())
                    .append(" refused and set aside");
        }
        if (!output.path("error").asText().isEmpty()) {
            line.append(": ").append(TextTable.plain(output.path("error").asText()));
        }
        return line.toString();
    }

    private void table(JsonNode inputs, PrintWriter out) {
        TextTable table =
                TextTable.ruled(
                        List.of(
                                "input",
                                "collector",
                                "state",
                                "last",
                                "ended",
                                "took",
                                "points",
                                "next",
                                "late"));
        boolean any = false;
        for (JsonNode input : inputs) {
            JsonNode collectors = input.path("collectors");
            if (collectors.isEmpty()) {
                String state = input.path("state").asText();
                table.row(
                        input.path("name").asText(),
                        "",
                        new Shaded(state, state),
                        null,
                        null,
                        null,
                        null,
                        null,
                        null);
            }
            for (JsonNode collector : collectors) {
                table.row(row(input, collector));
                any = true;
            }
        }
        table.print(out, terminal());
        if (any) {
            out.println("late: 99 of 100 runs start at most so long after their planned time");
        }
    }

    private static List<@Nullable Object> row(JsonNode input, JsonNode collector) {
        JsonNode last = collector.path("last");
        String state = collector.path("shown").asText();
        List<@Nullable Object> row = new ArrayList<>();
        row.add(input.path("name").asText());
        row.add(collector.path("name").asText());
        row.add(new Shaded(state, state.equals("running") ? "" : state));
        if (last.isObject()) {
            String outcome = last.path("outcome").asText();
            row.add(new Shaded(outcome, outcome));
            row.add(
                    Times.ago(
                            Instant.parse(last.path("started").asText())
                                    .plusMillis(last.path("duration_ms").asLong())));
            row.add(milliseconds(last.path("duration_ms")));
            row.add(last.path("points").asLong());
        } else {
            row.add("none yet");
            row.add(null);
            row.add(null);
            row.add(null);
        }
        row.add(
                collector.path("next").isTextual()
                        ? Times.in(Instant.parse(collector.path("next").asText()))
                        : null);
        row.add(milliseconds(collector.path("lateness").path("p99_ms")));
        return row;
    }

    private static String milliseconds(JsonNode number) {
        return PlainDuration.millis(number.asDouble());
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
                if (!input.path("reason").asText().endsWith(problem.asText())) {
                    out.println("\n" + name + ": " + problem.asText().strip());
                }
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

    private Terminal terminal() {
        return Cli.terminal(spec);
    }

    private static String mebibytes(JsonNode bytes) {
        return PlainNumber.rounded(Math.round(bytes.asLong() / 104857.6) / 10.0, 3);
    }

    private static String prefixed(String prefix, String text) {
        return text.isEmpty() ? "" : prefix + text;
    }
}
