package io.trapline.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trapline.Home;
import io.trapline.model.PlainNumber;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "outputs",
        description = {
            "What is forwarded: lag, errors, what was set aside; of the running agent.",
            "Without a COMMAND it lists all outputs."
        },
        synopsisSubcommandLabel = "[COMMAND]",
        subcommands = {
            OutputsCommand.ListAll.class,
            OutputsCommand.Show.class,
            OutputsCommand.Aside.class,
            OutputsCommand.Resend.class,
            OutputsCommand.Drop.class,
            OutputsCommand.Pause.class,
            OutputsCommand.Resume.class,
            CommandLine.HelpCommand.class
        })
final class OutputsCommand implements Callable<Integer> {
    private static final String PATH = "/api/outputs";

    @Spec private CommandSpec spec;
    @Mixin private HomeOption home;
    @Mixin private JsonOption json;

    @Override
    public Integer call() throws CommandFailure, IOException {
        return list(home, json, spec);
    }

    private static int list(HomeOption home, JsonOption json, CommandSpec spec)
            throws CommandFailure, IOException {
        JsonNode answer = agent(home.home()).get(PATH).json();
        PrintWriter out = spec.commandLine().getOut();
        if (json.isWanted()) {
            JsonOption.print(answer, out);
            return Cli.OK;
        }
        TextTable table =
                new TextTable("NAME", "KIND", "STATE", "LAG", "SENT", "PER S", "ASIDE", "ERROR");
        for (JsonNode one : answer.path("outputs")) {
            table.row(
                    one.path("name").asText(),
                    one.path("kind").asText(),
                    new TextTable.Shaded(one.path("state").asText(), one.path("state").asText()),
                    one.path("lag").asLong(),
                    one.path("items").asLong(),
                    PlainNumber.rounded(one.path("items_per_second").asDouble(), 3),
                    one.path("aside").asLong(),
                    one.path("error").asText());
        }
        table.print(out, Cli.terminal(spec));
        answer.path("outputs").forEach(one -> OutputNotes.print(one, out));
        out.flush();
        return Cli.OK;
    }

    private static AgentClient agent(Home root) throws CommandFailure, IOException {
        return AgentClient.running(root, "start one with trapline run");
    }

    @Command(
            name = "list",
            description = {
                "Lists all outputs.",
                "LAG counts batches of the journal that it has not sent yet, SENT what receivers"
                        + " took since the agent started, ASIDE what they refused."
            })
    static final class ListAll implements Callable<Integer> {
        @Spec private CommandSpec spec;
        @Mixin private HomeOption home;
        @Mixin private JsonOption json;

        @Override
        public Integer call() throws CommandFailure, IOException {
            return list(home, json, spec);
        }
    }

    /// One verb, of one output.
    abstract static class Verb implements Callable<Integer> {
        @Spec CommandSpec spec;
        @Mixin private HomeOption home;
        @Mixin private JsonOption json;

        @Parameters(
                index = "0",
                paramLabel = "NAME",
                description = "The output's name, as `trapline outputs` lists it.")
        String name;

        @Override
        public final Integer call() throws CommandFailure, IOException {
            Home root = home.home();
            JsonNode answer = ask(agent(root), root);
            PrintWriter out = spec.commandLine().getOut();
            if (json.isWanted()) {
                JsonOption.print(answer, out);
            } else {
                show(answer, out);
                out.flush();
            }
            return Cli.OK;
        }

        abstract JsonNode ask(AgentClient agent, Home root) throws CommandFailure, IOException;

        void show(JsonNode answer, PrintWriter out) {
            for (Map.Entry<String, JsonNode> member : answer.properties()) {
                if (!OutputNotes.has(member.getKey())) {
                    out.println(member.getKey() + ": " + RegistryLeaf.text(member.getValue()));
                }
            }
            OutputNotes.print(answer, out);
        }

        final String path() {
            return PATH + "/" + AgentClient.segment(name);
        }

        final JsonNode post(AgentClient agent, Home root, String verb, List<Long> ids)
                throws CommandFailure, IOException {
            ObjectNode body = JsonNodeFactory.instance.objectNode();
            if (!ids.isEmpty()) {
                ArrayNode list = body.putArray("ids");
                ids.forEach(list::add);
            }
            return agent.send("POST", path() + "/" + verb, body.toString(), AgentClient.token(root))
                    .json();
        }
    }

    @Command(name = "show", description = "Shows one output, with the last error and its time.")
    static final class Show extends Verb {
        @Override
        JsonNode ask(AgentClient agent, Home root) throws CommandFailure, IOException {
            return agent.get(path()).json();
        }

        @Override
        void show(JsonNode answer, PrintWriter out) {
            ObjectNode shown = answer.deepCopy();
            long lag = answer.path("lag").asLong();
            shown.put("lag", lag + (lag == 1 ? " batch" : " batches"));
            for (Map.Entry<String, JsonNode> member : answer.properties()) {
                if (member.getKey().endsWith("_at") && member.getValue().isTextual()) {
                    shown.put(member.getKey(), Times.seconds(member.getValue().asText()));
                }
            }
            super.show(shown, out);
        }
    }

    @Command(
            name = "aside",
            description =
                    "Lists what the receiver refused, with the reason; at most 1000, the oldest first.")
    static final class Aside extends Verb {
        @Override
        JsonNode ask(AgentClient agent, Home root) throws CommandFailure, IOException {
            return agent.send("GET", path() + "/aside?limit=1000", null, AgentClient.token(root))
                    .json();
        }

        @Override
        void show(JsonNode answer, PrintWriter out) {
            TextTable table = new TextTable("ID", "AT", "BYTES", "AGAIN", "REASON");
            for (JsonNode one : answer.path("aside")) {
                table.row(
                        one.path("id").asLong(),
                        Times.seconds(one.path("at").asText()),
                        one.path("bytes").asLong(),
                        one.path("resend").asBoolean() ? "waits" : "",
                        one.path("reason").asText());
            }
            table.print(out, Cli.terminal(spec));
        }
    }

    @Command(name = "resend", description = "Sends again what was set aside.")
    static final class Resend extends Verb {
        @Parameters(
                index = "1..*",
                arity = "0..*",
                paramLabel = "ID",
                description = "What to send, as `aside` numbers it (default: everything).")
        private List<Long> ids = new ArrayList<>();

        @Override
        JsonNode ask(AgentClient agent, Home root) throws CommandFailure, IOException {
            return post(agent, root, "resend", ids);
        }
    }

    @Command(name = "drop", description = "Deletes what was set aside.")
    static final class Drop extends Verb {
        @Parameters(
                index = "1..*",
                arity = "1..*",
                paramLabel = "ID",
                description = "What to delete, as `aside` numbers it.")
        private List<Long> ids = new ArrayList<>();

        @Override
        JsonNode ask(AgentClient agent, Home root) throws CommandFailure, IOException {
            return post(agent, root, "drop", ids);
        }
    }

    @Command(name = "pause", description = "Sends nothing until resume, and keeps its place.")
    static final class Pause extends Verb {
        @Override
        JsonNode ask(AgentClient agent, Home root) throws CommandFailure, IOException {
            return post(agent, root, "pause", List.of());
        }
    }

    @Command(
            name = "resume",
            description = "Goes on; an output that waits for its next try tries at once.")
    static final class Resume extends Verb {
        @Override
        JsonNode ask(AgentClient agent, Home root) throws CommandFailure, IOException {
            return post(agent, root, "resume", List.of());
        }
    }
}
