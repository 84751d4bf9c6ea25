package io.trapline.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trapline.Home;
import io.trapline.model.PlainDuration;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "collectors",
        description = "Tells the running agent's collectors what to do; status shows them.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            CollectorsCommand.RunNow.class,
            CollectorsCommand.Pause.class,
            CollectorsCommand.Resume.class,
            CommandLine.HelpCommand.class
        })
final class CollectorsCommand {
    @Mixin
    @SuppressWarnings("UnusedVariable") // HomeOption finds it by its name
    private HomeOption home;

    @Mixin
    @SuppressWarnings("UnusedVariable") // likewise
    private JsonOption json;

    private CollectorsCommand() {}

    /// One verb, for an input or some of its collectors.
    abstract static class Verb implements Callable<Integer> {
        private final String verb;
        private final String done;

        @Spec CommandSpec spec;
        @Mixin HomeOption home;
        @Mixin JsonOption json;

        @Parameters(
                index = "0",
                paramLabel = "INPUT",
                description = "The name of an [[inputs.pythond]] block, as status shows it.")
        String input;

        @Parameters(
                index = "1..*",
                arity = "0..*",
                paramLabel = "CLASS",
                description = "Collectors of that input by their class (default: all of them).")
        List<String> classes = new ArrayList<>();

        Verb(String verb, String done) {
            this.verb = verb;
            this.done = done;
        }

        @Override
        public Integer call() throws Exception {
            Home root = home.home();
            AgentClient agent = AgentClient.running(root, "start one with trapline run");
            String token = AgentClient.token(root);
            prepare(agent);
            ArrayNode names = JsonNodeFactory.instance.arrayNode();
            for (String one : classes.isEmpty() ? List.of("") : classes) {
                String path =
                        "/api/collectors/"
                                + AgentClient.segment(input)
                                + (one.isEmpty() ? "" : "/" + AgentClient.segment(one))
                                + "/"
                                + verb;
                agent.send("POST", path, "", token).json().path("collectors").forEach(names::add);
            }
            return told(agent, names);
        }

        /// Before anything is told.
        void prepare(AgentClient agent) throws CommandFailure, IOException {
            // Most verbs need to know nothing.
        }

        /// Shows what became of it; returns the exit code.
        int told(AgentClient agent, ArrayNode names) throws Exception {
            PrintWriter out = spec.commandLine().getOut();
            if (json.isWanted()) {
                JsonOption.print(answer(names), out);
            } else {
                out.println(done + " " + input + ": " + joined(names));
                out.flush();
            }
            return Cli.OK;
        }

        final ObjectNode answer(ArrayNode names) {
            ObjectNode answer = JsonNodeFactory.instance.objectNode().put("input", input);
            answer.set("collectors", names);
            return answer;
        }

        static String joined(ArrayNode names) {
            List<String> all = new ArrayList<>();
            names.forEach(name -> all.add(TextTable.plain(name.asText())));
            return String.join(", ", all);
        }
    }

    @Command(
            name = "run",
            description = {
                "Starts a run now, beside the schedule; what it reports is stored.",
                "With --wait, exit code 1 when a run did not end well."
            })
    static final class RunNow extends Verb {
        private static final long LOOK_EVERY_MS = 200;

        @Option(
                names = "--wait",
                description =
                        "Waits until the runs have ended, and shows the outcome, duration, points and"
                                + " error of each.")
        private boolean wait;

        /// When each collector's last run before this began.
        private final Map<String, String> before = new HashMap<>();

        RunNow() {
            super("run", "started");
        }

        @Override
        void prepare(AgentClient agent) throws CommandFailure, IOException {
            if (wait) {
                collectors(agent.get("/api/status").json())
                        .forEach(one -> before.put(one.path("name").asText(), started(one)));
            }
        }

        private static String started(JsonNode collector) {
            return collector.path("last").path("started").asText();
        }

        private List<JsonNode> collectors(JsonNode status) {
            List<JsonNode> all = new ArrayList<>();
            for (JsonNode one : status.path("inputs")) {
                if (one.path("name").asText().equals(input)) {
                    one.path("collectors").forEach(all::add);
                }
            }
            return all;
        }

        @Override
        int told(AgentClient agent, ArrayNode names) throws Exception {
            if (!wait) {
                return super.told(agent, names);
            }
            Map<String, JsonNode> ended = ended(agent, names);
            boolean good =
                    ended.values().stream()
                            .allMatch(run -> run.path("outcome").asText().equals("ok"));
            PrintWriter out = spec.commandLine().getOut();
            if (json.isWanted()) {
                ObjectNode answer = answer(names);
                ArrayNode runs = answer.putArray("runs");
                ended.forEach((name, run) ->
                        runs.addObject().put("collector", name).setAll((ObjectNode) run));
                JsonOption.print(answer, out);
            } else {
                ended.forEach((name, run) -> show(name, run, out));
                out.flush();
            }
            return good ? Cli.OK : Cli.FAILED;
        }

        /// The first run of each that ended after this command.
        private Map<String, JsonNode> ended(AgentClient agent, ArrayNode names)
                throws IOException, CommandFailure, InterruptedException {
            Map<String, JsonNode> ended = new LinkedHashMap<>();
            while (true) {
                JsonNode status = agent.get("/api/status").json();
                for (JsonNode name : names) {
                    String text = name.asText();
                    if (!ended.containsKey(text)) {
                        endedOne(status, text).ifPresent(run -> ended.put(text, run));
                    }
                }
                if (ended.size() == names.size()) {
                    return ended;
                }
                Thread.sleep(LOOK_EVERY_MS);
            }
        }

        private Optional<JsonNode> endedOne(JsonNode status, String name) throws CommandFailure {
            for (JsonNode collector : collectors(status)) {
                if (collector.path("name").asText().equals(name)) {
                    return started(collector).equals(before.getOrDefault(name, ""))
                            ? Optional.empty()
                            : Optional.of(collector.path("last"));
                }
            }
            for (JsonNode one : status.path("inputs")) {
                if (one.path("name").asText().equals(input)
                        && one.path("state").asText().equals("starting")) {
                    return Optional.empty(); // the run may have ended its worker, which comes again
                }
            }
            throw new CommandFailure(
                    Cli.FAILED,
                    "the run was started, but input "
                            + input
                            + " has no collector "
                            + name
                            + " any more; `trapline status` says why");
        }

        private void show(String name, JsonNode run, PrintWriter out) {
            out.println(
                    "%s/%s: %s in %s, %d %s"
                            .formatted(
                                    input,
                                    TextTable.plain(name),
                                    Cli.terminal(spec)
                                            .state(
                                                    run.path("outcome").asText(),
                                                    run.path("outcome").asText()),
                                    PlainDuration.millis(run.path("duration_ms").asDouble()),
                                    run.path("points").asLong(),
                                    run.path("points").asLong() == 1 ? "point" : "points"));
            run.path("error")
                    .asText()
                    .strip()
                    .lines()
                    .forEach(line -> out.println("  " + TextTable.plain(line)));
        }
    }

    @Command(
            name = "pause",
            description =
                    "No more runs on schedule until resume, also after a restart of the agent.")
    static final class Pause extends Verb {
        Pause() {
            super("pause", "paused");
        }
    }

    @Command(name = "resume", description = "Goes on with the next tick of the schedule.")
    static final class Resume extends Verb {
        Resume() {
            super("resume", "resumed");
        }
    }
}
