package io.trapline.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "push",
        description = {
            "Push registrations: who may send metrics and events to /v2/push/.",
            "They work on the running agent, or when there is none on its home."
        },
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            PushCommand.Add.class,
            PushCommand.ListAll.class,
            PushCommand.Show.class,
            PushCommand.Remove.class,
            PushCommand.Enable.class,
            PushCommand.Disable.class,
            PushCommand.RotateToken.class,
            PushCommand.Metrics.class,
            PushSendCommand.class,
            CommandLine.HelpCommand.class
        })
final class PushCommand {
    /// What a negative offset stands for.
    private static final long DEFAULT_AHEAD_S = 3600;

    private static final String PUSH = "push";

    @Mixin
    @SuppressWarnings("UnusedVariable") // HomeOption finds it by its name
    private HomeOption home;

    @Mixin
    @SuppressWarnings("UnusedVariable") // likewise
    private JsonOption json;

    private PushCommand() {}

    @Command(
            name = "add",
            description = "Adds a registration; prints its data_id and its access token.")
    static final class Add extends RegistryLeaf {
        @Option(
                names = "--data-id",
                paramLabel = "N",
                description = "Number that senders name (default: the next free one).")
        private @Nullable Long dataId;

        @Option(
                names = "--type",
                paramLabel = "TYPE",
                defaultValue = "time_series",
                description = "What may be sent: time_series (metrics, the default) or event.")
        private String type;

        @Option(
                names = "--name",
                paramLabel = "TEXT",
                description = "What people call it; no two have the same.")
        private @Nullable String name;

        @Option(
                names = "--label",
                paramLabel = "WORD",
                description = "One word for what the data is about; for people.")
        private @Nullable String label;

        @Option(
                names = "--description",
                paramLabel = "TEXT",
                description = "What the data is for; for people.")
        private @Nullable String description;

        @Option(
                names = "--access-token-file",
                paramLabel = "FILE",
                description =
                        "File with the access token that senders have to give (- = standard input;"
                                + " default: one is made).")
        private @Nullable String tokenFile;

        @Option(
                names = "--rate",
                paramLabel = "N",
                description =
                        "Most requests that are taken in a minute: -1 (default) = 1000, 0 = no"
                                + " limit.")
        private @Nullable Long rate;

        @Option(
                names = "--max-future-time-offset",
                paramLabel = "SECONDS",
                description =
                        "How many seconds ahead of now a timestamp may be; -1 (default) = 3600.")
        private @Nullable Long offset;

        @Option(
                names = "--disabled",
                description = "Adds it so that everything is refused until it is enabled.")
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

    @Command(name = "list", description = "Lists registrations.")
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
                        rate(push.path("rate").asLong()),
                        push.path("metrics").asLong(),
                        seen(push.path("last_seen")),
                        origin(push));
            }
            table.print(out, terminal());
        }
    }

    @Command(name = "show", description = "Shows a registration.")
    static final class Show extends RegistryLeaf {
        @Parameters(
                paramLabel = "DATA_ID",
                description = "The registration's number, as `trapline push list` shows it.")
        private String dataId;

        @Option(names = "--secrets", description = "Shows the access token as well.")
        private boolean secrets;

        @Override
        JsonNode ask(RegistryLink link) throws CommandFailure, IOException {
            return link.call("GET", List.of(PUSH, dataId), secrets, null);
        }

        @Override
        void show(JsonNode push, PrintWriter out) {
            ObjectNode shown = push.deepCopy();
            shown.put("rate", rate(push.path("rate").asLong()));
            long ahead = push.path("max_future_time_offset").asLong();
            shown.put("max_future_time_offset", (ahead < 0 ? DEFAULT_AHEAD_S : ahead) + " s");
            showMembers(shown, out);
        }
    }

    @Command(name = "remove", description = "Removes a registration; what it sent is kept.")
    static final class Remove extends RegistryLeaf {
        @Parameters(
                paramLabel = "DATA_ID",
                description = "The registration's number, as `trapline push list` shows it.")
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

        @Parameters(
                paramLabel = "DATA_ID",
                description = "The registration's number, as `trapline push list` shows it.")
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

    @Command(name = "enable", description = "Takes the registration's data again.")
    static final class Enable extends Switch {
        Enable() {
            super("enable");
        }
    }

    @Command(
            name = "disable",
            description = "Refuses the registration's data, as if it were unknown.")
    static final class Disable extends Switch {
        Disable() {
            super("disable");
        }
    }

    @Command(
            name = "rotate-token",
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

    @Command(
            name = "metrics",
            description = {
                "Lists the metrics, events and dimensions that a registration has sent.",
                "Alias, unit and visibility of each are set on the page."
            })
    static final class Metrics extends RegistryLeaf {
        @Parameters(
                paramLabel = "DATA_ID",
                description = "The registration's number, as `trapline push list` shows it.")
        private String dataId;

        @Override
        JsonNode ask(RegistryLink link) throws CommandFailure, IOException {
            return link.call("GET", List.of(PUSH, dataId, "metrics"), false, null);
        }

        @Override
        void show(JsonNode answer, PrintWriter out) {
            TextTable table =
                    new TextTable("NAME", "KIND", "TYPE", "UNIT", "COUNT", "LATEST", "LAST SEEN");
            for (JsonNode metric : answer.path("metrics")) {
                table.row(
                        text(metric.path("name")),
                        text(metric.path("kind")),
                        text(metric.path("type")),
                        text(metric.path("unit")),
                        metric.path("count").asLong(),
                        text(metric.path("latest")),
                        seen(metric.path("last_seen")));
            }
            table.print(out, terminal());
            showBeyond(answer, out);
        }
    }

    /// Requests that are taken in a minute.
    private static String rate(long rate) {
        return rate == 0 ? "no limit" : (rate < 0 ? 1000 : rate) + "/min";
    }

    private static void showWithToken(JsonNode push, PrintWriter out) {
        out.println("data_id: " + RegistryLeaf.text(push.path("data_id")));
        out.println("access_token: " + RegistryLeaf.text(push.path("access_token")));
        out.println();
        // The body comes over standard input: what stands on a command line, all users can see.
        out.println("curl -X POST " + push.path("push_url").asText() + " -d @- <<'END'");
        out.println(example(push));
        out.println("END");
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
