package io.trapline.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "push",
        description = "Push registrations: who may send to /v2/push/.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        subcommands = {
            PushCommand.Add.class,
            PushCommand.ListAll.class,
            PushCommand.Show.class,
            PushCommand.Remove.class,
            PushCommand.Enable.class,
            PushCommand.Disable.class,
            PushCommand.RotateToken.class,
            PushSendCommand.class,
            CommandLine.HelpCommand.class
        })
final class PushCommand {
    private static final String PUSH = "push";

    private PushCommand() {}

    @Command(
            name = "add",
            mixinStandardHelpOptions = true,
            description = "Adds a registration; prints its data_id and its access token.")
    static final class Add extends RegistryLeaf {
        @Option(names = "--data-id", paramLabel = "N", description = "Default: the next free one.")
        private @Nullable Long dataId;

        @Option(
                names = "--type",
                paramLabel = "TYPE",
                defaultValue = "time_series",
                description = "time_series (default) or event.")
        private String type;

        @Option(names = "--name", paramLabel = "TEXT", description = "For people; unique.")
        private @Nullable String name;

        @Option(names = "--label", paramLabel = "WORD", description = "English word for the data.")
        private @Nullable String label;

        @Option(names = "--description", paramLabel = "TEXT")
        private @Nullable String description;

        @Option(
                names = "--access-token-file",
                paramLabel = "FILE",
                description = "Holds the token (- = standard input). Default: one is made.")
        private @Nullable String tokenFile;

        @Option(
                names = "--rate",
                paramLabel = "N",
                description = "Requests a minute: -1 (default) = 1000, 0 = no limit.")
        private @Nullable Long rate;

        @Option(
                names = "--max-future-time-offset",
                paramLabel = "SECONDS",
                description = "How far ahead a timestamp may be; -1 (default) = 3600.")
        private @Nullable Long offset;

        @Option(names = "--disabled", description = "Refuses everything until it is enabled.")
        private boolean disabled;

        @Override
        JsonNode ask(RegistryLink link) throws CommandFailure, IOException {
            ObjectNode body = object().put("type", type);
            put(body, "data_id", dataId);
            put(body, "name", name);
            put(body, "label", label);
            put(body, "description", description);
            putSecret(body, "access_token", tokenFile);
            put(body, "rate", rate);
            put(body, "max_future_time_offset", offset);
            if (disabled) {
                body.put("enabled", false);
            }
            return link.call("POST", List.of(PUSH), false, body);
        }

        @Override
        void show(JsonNode push, PrintWriter out) {
            showWithToken(push, out);
        }
    }

    @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists registrations.")
    static final class ListAll extends RegistryLeaf {
        @Override
        JsonNode ask(RegistryLink link) throws CommandFailure, IOException {
            return link.call("GET", List.of(PUSH), false, null);
        }

        @Override
        void show(JsonNode answer, PrintWriter out) {
            TextTable table =
                    new TextTable(
                            "DATA_ID",
                            "TYPE",
                            "NAME",
                            "ENABLED",
                            "RATE",
                            "METRICS",
                            "LAST SEEN",
                            "FROM");
            for (JsonNode push : answer.path(PUSH)) {
                table.row(
                        text(push.path("data_id")),
                        text(push.path("type")),
                        text(push.path("name")),
                        push.path("enabled").asBoolean() ? "yes" : "no",
                        text(push.path("rate")),
                        text(push.path("metrics")),
                        text(push.path("last_seen")),
                        origin(push));
            }
            table.print(out);
        }
    }

    @Command(name = "show", mixinStandardHelpOptions = true, description = "Shows a registration.")
    static final class Show extends RegistryLeaf {
        @Parameters(paramLabel = "DATA_ID")
        private String dataId;

        @Option(names = "--secrets", description = "Shows the access token as well.")
        private boolean secrets;

        @Override
        JsonNode ask(RegistryLink link) throws CommandFailure, IOException {
            return link.call("GET", List.of(PUSH, dataId), secrets, null);
        }

        @Override
        void show(JsonNode push, PrintWriter out) {
            showMembers(push, out);
        }
    }

    @Command(
            name = "remove",
            mixinStandardHelpOptions = true,
            description = "Removes a registration; what it sent is kept.")
    static final class Remove extends RegistryLeaf {
        @Parameters(paramLabel = "DATA_ID")
        private String dataId;

        @Override
        JsonNode ask(RegistryLink link) throws CommandFailure, IOException {
            return link.call("DELETE", List.of(PUSH, dataId), false, null);
        }

        @Override
        void show(JsonNode answer, PrintWriter out) {
            out.println("removed " + text(answer.path("data_id")));
        }
    }

    /// A change that takes no more than a data_id.
    abstract static class Switch extends RegistryLeaf {
        private final String action;

        @Parameters(paramLabel = "DATA_ID")
        private String dataId;

        Switch(String action) {
            this.action = action;
        }

        @Override
        JsonNode ask(RegistryLink link) throws CommandFailure, IOException {
            return link.call("POST", List.of(PUSH, dataId, action), false, null);
        }

        @Override
        void show(JsonNode push, PrintWriter out) {
            out.println(action + "d " + text(push.path("data_id")));
        }
    }

    @Command(
            name = "enable",
            mixinStandardHelpOptions = true,
            description = "Takes the registration's data again.")
    static final class Enable extends Switch {
        Enable() {
            super("enable");
        }
    }

    @Command(
            name = "disable",
            mixinStandardHelpOptions = true,
            description = "Refuses the registration's data, as if it were unknown.")
    static final class Disable extends Switch {
        Disable() {
            super("disable");
        }
    }

    @Command(
            name = "rotate-token",
            mixinStandardHelpOptions = true,
            description = "Makes and prints a new access token; the old one is refused at once.")
    static final class RotateToken extends Switch {
        RotateToken() {
            super("rotate-token");
        }

        @Override
        void show(JsonNode push, PrintWriter out) {
            showWithToken(push, out);
        }
    }

    private static void showWithToken(JsonNode push, PrintWriter out) {
        out.println("data_id: " + RegistryLeaf.text(push.path("data_id")));
        out.println("access_token: " + RegistryLeaf.text(push.path("access_token")));
        out.println();
        out.println(
                "curl -X POST "
                        + push.path("push_url").asText()
                        + " -d "
                        + RegistryLeaf.quoted(example(push).toString()));
    }

    private static ObjectNode example(JsonNode push) {
        ObjectNode body = RegistryLeaf.object();
        body.set("data_id", push.path("data_id"));
        body.set("access_token", push.path("access_token"));
        ObjectNode item = body.putArray("data").addObject();
        if (push.path("type").asText().equals("event")) {
            item.put("event_name", "backup_failed");
            item.putObject("event").put("content", "volume 3 is read only");
        } else {
            item.putObject("metrics").put("queue_len", 17);
        }
        item.put("target", "127.0.0.1");
        item.putObject("dimension").put("module", "db");
        return body;
    }
}
