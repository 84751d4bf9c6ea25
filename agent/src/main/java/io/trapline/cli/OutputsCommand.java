package io.trapline.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trapline.Home;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
        name = "outputs",
        mixinStandardHelpOptions = true,
        description = "What is forwarded: lag, errors, what was set aside; of the running agent.",
        footer = {
            "",
            "  trapline outputs                   all outputs",
            "  trapline outputs show NAME         one of them",
            "  trapline outputs aside NAME        what receivers refused, with the reason",
            "  trapline outputs resend NAME [ID…] sends that again (no ID: all)",
            "  trapline outputs drop NAME ID…     deletes it",
            "  trapline outputs pause NAME        sends nothing until resume, keeps its place",
            "  trapline outputs resume NAME       goes on; a waiting one tries at once"
        })
final class OutputsCommand implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();

    /// What may be asked.
    enum Action {
        list,
        show,
        aside,
        resend,
        drop,
        pause,
        resume
    }

    @Spec private CommandSpec spec;
    @Mixin private HomeOption home;

    @Option(names = "--json", description = "Prints JSON.")
    private boolean json;

    @Parameters(index = "0", arity = "0..1", paramLabel = "ACTION", defaultValue = "list")
    private Action action;

    @Parameters(index = "1", arity = "0..1", paramLabel = "NAME")
    private @Nullable String name;

    @Parameters(index = "2..*", paramLabel = "ID")
    private @Nullable List<Long> ids;

    @Override
    public Integer call() throws CommandFailure, IOException {
        if (action != Action.list && name == null) {
            throw new CommandFailure(Cli.USAGE, "outputs " + action + " needs an output's NAME");
        }
        if (action == Action.drop && ids == null) {
            throw new CommandFailure(
                    Cli.USAGE, "outputs drop needs the IDs of what to delete; aside shows them");
        }
        Home root = home.home();
        AgentClient agent = AgentClient.running(root, "start one with trapline run");
        JsonNode answer = ask(root, agent);
        PrintWriter out = spec.commandLine().getOut();
        if (json) {
            out.println(JSON.writerWithDefaultPrettyPrinter().writeValueAsString(answer));
        } else {
            show(answer, out);
        }
        out.flush();
        return Cli.OK;
    }

    private JsonNode ask(Home root, AgentClient agent) throws CommandFailure, IOException {
        String path = "/api/outputs";
        if (name != null) {
            path += "/" + AgentClient.segment(name);
        }
        AgentClient.Answer answer =
                switch (action) {
                    case list -> agent.get("/api/outputs");
                    case show -> agent.get(path);
                    case aside ->
                            agent.send(
                                    "GET",
                                    path + "/aside?limit=1000",
                                    null,
                                    AgentClient.token(root));
                    case resend, drop, pause, resume ->
                            agent.send(
                                    "POST", path + "/" + action, body(), AgentClient.token(root));
                };
        return answer.json();
    }

    private String body() {
        ObjectNode body = JsonNodeFactory.instance.objectNode();
        if (ids != null) {
            ArrayNode list = body.putArray("ids");
            ids.forEach(list::add);
        }
        return body.toString();
    }

    private void show(JsonNode answer, PrintWriter out) {
        switch (action) {
            case list -> {
                TextTable table =
                        new TextTable(
                                "NAME", "KIND", "STATE", "LAG", "SENT", "PER S", "ASIDE", "ERROR");
                for (JsonNode one : answer.path("outputs")) {
                    table.row(
                            one.path("name").asText(),
                            one.path("kind").asText(),
                            one.path("state").asText(),
                            one.path("lag").asText(),
                            one.path("items").asText(),
                            "%.1f".formatted(one.path("items_per_second").asDouble()),
                            one.path("aside").asText(),
                            one.path("error").asText());
                }
                table.print(out);
                answer.path("outputs").forEach(one -> OutputNotes.print(one, out));
            }
            case aside -> {
                TextTable table = new TextTable("ID", "AT", "BYTES", "AGAIN", "REASON");
                for (JsonNode one : answer.path("aside")) {
                    table.row(
                            one.path("id").asText(),
                            one.path("at").asText(),
                            one.path("bytes").asText(),
                            one.path("resend").asBoolean() ? "waits" : "",
                            one.path("reason").asText());
                }
                table.print(out);
            }
            case show, resend, drop, pause, resume -> {
                for (Map.Entry<String, JsonNode> member : answer.properties()) {
                    JsonNode value = member.getValue();
                    if (OutputNotes.has(member.getKey())) {
                        continue;
                    }
                    out.println(
                            member.getKey()
                                    + ": "
                                    + TextTable.plain(
                                            value.isValueNode()
                                                    ? value.asText()
                                                    : value.toString()));
                }
                OutputNotes.print(answer, out);
            }
        }
    }
}
