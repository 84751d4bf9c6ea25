package io.trapline.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "trap",
        description = {
            "HTTPTrap checks: who may send JSON to /module/httptrap/.",
            "They work on the running agent, or when there is none on its home."
        },
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {
            TrapCommand.Add.class,
            TrapCommand.ListAll.class,
            TrapCommand.Show.class,
            TrapCommand.Remove.class,
            TrapCommand.Enable.class,
            TrapCommand.Disable.class,
            TrapCommand.RotateSecret.class,
            TrapCommand.Metrics.class,
            TrapSendCommand.class,
            CommandLine.HelpCommand.class
        })
final class TrapCommand {
    private static final String TRAPS = "traps";

    @Mixin
    @SuppressWarnings("UnusedVariable") // HomeOption finds it by its name
    private HomeOption home;

    @Mixin
    @SuppressWarnings("UnusedVariable") // likewise
    private JsonOption json;

    private TrapCommand() {}

    @Command(name = "add", description = "Adds a check; prints its Data Submission URL.")
    static final class Add extends RegistryLeaf {
        @Option(
                names = "--id",
                paramLabel = "UUID",
                description = "The check's id, a part of its URL (default: one is made).")
        private @Nullable String id;

        @Option(
                names = "--secret-file",
                paramLabel = "FILE",
                description =
                        "File with the secret, the last part of the check's URL (- = standard"
                                + " input; default: one is made).")
        private @Nullable String secretFile;

        @Option(names = "--name", paramLabel = "TEXT", description = "What people call it.")
        private @Nullable String name;

        @Option(
                names = "--target",
                paramLabel = "HOST",
                description = "The host that the data is about.")
        private @Nullable String target;

        @Option(
                names = "--period",
                paramLabel = "TIME",
                description =
                        "How long values are held and summed up with --sync, from 1s to 300s"
                                + " (default: 60s).")
        private @Nullable String period;

        @Option(
                names = "--sync",
                description = "Stores one value a period, instead of every value at once.")
        private boolean sync;

        @Option(
                names = "--delimiter",
                paramLabel = "SIGN",
                description = "Joins the levels of a name in nested JSON (default: the backtick).")
        private @Nullable String delimiter;

        @Option(
                names = "--cors-origin",
                paramLabel = "REGEX",
                description =
                        "Web pages whose origin it matches may send from a browser (default: all).")
        private @Nullable String corsOrigin;

        @Option(
                names = "--tagset",
                paramLabel = "TAGS",
                description = "Tags for every stream, such as |ST[dc:1].")
        private @Nullable String tagset;

        @Option(
                names = "--histogram-metric",
                paramLabel = "NAME",
                description = "A metric whose numbers become histograms; repeatable.")
        private @Nullable List<String> histograms;

        @Option(
                names = "--guess-types",
                description = "Stores texts that look like numbers as numbers.")
        private boolean guessTypes;

        @Option(
                names = "--rate",
                paramLabel = "N",
                description = "Most requests that are taken in a minute (default: no limit).")
        private @Nullable Long rate;

        @Option(
                names = "--filter",
                paramLabel = "RULE",
                description =
                        "deny:^tmp, allow, allow:stream_tags=and(env:prod), allow:metric_list=a,b;"
                                + " repeatable, the first that matches decides, none = denied.")
        private @Nullable List<String> filters;

        @Option(
                names = "--filters",
                paramLabel = "FILE",
                description = "Rules from a JSON list or from a TOML file with filters = [...].")
        private @Nullable Path filterFile;

        @Override
        JsonNode ask(RegistryLink link) throws CommandFailure, IOException {
            ObjectNode body = object();
            put(body, "id", id);
            putSecret(body, "secret", secretFile);
            put(body, "name", name);
            put(body, "target", target);
            put(body, "period", period);
            body.put("async_metrics", !sync);
            put(body, "delimiter", delimiter);
            put(body, "cors_origin", corsOrigin);
            put(body, "tagset", tagset);
            put(body, "histogram_metrics", histograms);
            body.put("guess_types", guessTypes);
            put(body, "rate", rate);
            if (filterFile != null && filters != null) {
                throw new CommandFailure(
                        Cli.USAGE, "--filter and --filters: not together; give one of them");
            }
            if (filterFile != null) {
                body.set("filters", FilterOption.file(filterFile));
            } else if (filters != null) {
                ArrayNode rules = body.putArray("filters");
                for (String rule : filters) {
                    rules.add(FilterOption.rule(rule));
                }
            }
            return link.call("POST", List.of(TRAPS), false, body);
        }

        @Override
        void show(JsonNode check, PrintWriter out) {
            showWithUrl(check, out);
        }
    }

    @Command(name = "list", description = "Lists checks.")
    static final class ListAll extends RegistryLeaf {
        @Override
        JsonNode ask(RegistryLink link) throws CommandFailure, IOException {
            return link.call("GET", List.of(TRAPS), false, null);
        }

        @Override
        void show(JsonNode answer, PrintWriter out) {
            TextTable table =
                    new TextTable(
                            "ID",
                            "NAME",
                            "TARGET",
                            "PERIOD",
                            "MODE",
                            "ENABLED",
                            "FILTERED",
                            "METRICS",
                            "LAST SEEN",
                            "FROM");
            for (JsonNode check : answer.path(TRAPS)) {
                table.row(
                        text(check.path("id")),
                        text(check.path("name")),
                        text(check.path("target")),
                        text(check.path("period")),
                        check.path("async_metrics").asBoolean() ? "async" : "sync",
                        check.path("enabled").asBoolean() ? "yes" : "no",
                        check.path("filters").isNull() ? "no" : "yes",
                        check.path("metrics").asLong(),
                        seen(check.path("last_seen")),
                        origin(check));
            }
            table.print(out, terminal());
        }
    }

    @Command(name = "show", description = "Shows a check.")
    static final class Show extends RegistryLeaf {
        @Parameters(
                paramLabel = "UUID",
                description = "The check's id, as `trapline trap list` shows it.")
        private String id;

        @Option(
                names = "--secrets",
                description = "Shows the secret and the Data Submission URL as well.")
        private boolean secrets;

        @Override
        JsonNode ask(RegistryLink link) throws CommandFailure, IOException {
            return link.call("GET", List.of(TRAPS, id), secrets, null);
        }

        @Override
        void show(JsonNode check, PrintWriter out) {
            showMembers(check, out);
            if (check.has("submission_url")) {
                out.println("Data Submission URL: " + check.path("submission_url").asText());
            }
        }
    }

    @Command(name = "remove", description = "Removes a check; what it sent is kept.")
    static final class Remove extends RegistryLeaf {
        @Parameters(
                paramLabel = "UUID",
                description = "The check's id, as `trapline trap list` shows it.")
        private String id;

        @Override
        JsonNode ask(RegistryLink link) throws CommandFailure, IOException {
            return link.call("DELETE", List.of(TRAPS, id), false, null);
        }

        @Override
        void show(JsonNode answer, PrintWriter out) {
            out.println("removed " + text(answer.path("id")));
        }
    }

    /// A change that takes no more than a UUID.
    abstract static class Switch extends RegistryLeaf {
        private final String action;

        @Parameters(
                paramLabel = "UUID",
                description = "The check's id, as `trapline trap list` shows it.")
        private String id;

        Switch(String action) {
            this.action = action;
        }

        @Override
        JsonNode ask(RegistryLink link) throws CommandFailure, IOException {
            return link.call("POST", List.of(TRAPS, id, action), false, null);
        }

        @Override
        void show(JsonNode check, PrintWriter out) {
            out.println(action + "d " + text(check.path("id")));
        }
    }

    @Command(name = "enable", description = "Takes the check's data again.")
    static final class Enable extends Switch {
        Enable() {
            super("enable");
        }
    }

    @Command(
            name = "disable",
            description = "Refuses the check's data, as if there were no such check.")
    static final class Disable extends Switch {
        Disable() {
            super("disable");
        }
    }

    @Command(
            name = "rotate-secret",
            description =
                    "Makes a new secret and prints the new Data Submission URL; the old one is refused"
                            + " at once.")
    static final class RotateSecret extends Switch {
        RotateSecret() {
            super("rotate-secret");
        }

        @Override
        void show(JsonNode check, PrintWriter out) {
            showWithUrl(check, out);
        }
    }

    private static void showWithUrl(JsonNode check, PrintWriter out) {
        String url = check.path("submission_url").asText();
        out.println("id: " + RegistryLeaf.text(check.path("id")));
        out.println("Data Submission URL: " + url);
        out.println();
        // The URL holds the secret: it comes over standard input, since all users can see what
        // stands on a command line.
        out.println("curl -X PUT -d '{\"temperature\":21.5}' -K - <<'END'");
        out.println("url = \"" + url + "\"");
        out.println("END");
    }

    @Command(
            name = "metrics",
            description = {
                "Lists the metrics that a check has sent, stored or not, or chooses which are"
                        + " stored from now on.",
                "A name without tags means every tag set of it, name|ST[a:b] that stream."
            })
    static final class Metrics extends RegistryLeaf {
        @Parameters(
                paramLabel = "UUID",
                description = "The check's id, as `trapline trap list` shows it.")
        private String id;

        @Option(
                names = "--select",
                paramLabel = "NAME",
                description = "Stores this metric from now on; repeatable.")
        private @Nullable List<String> on;

        @Option(
                names = "--deselect",
                paramLabel = "NAME",
                description = "No longer stores this metric; repeatable.")
        private @Nullable List<String> off;

        @Option(
                names = "--only",
                paramLabel = "NAME",
                description = "Stores this metric and no other; repeatable, each --only adds one.")
        private @Nullable List<String> only;

        @Option(names = "--all", description = "Stores everything: removes all filters.")
        private boolean all;

        @Override
        JsonNode ask(RegistryLink link) throws CommandFailure, IOException {
            if (on != null || off != null || only != null || all) {
                ObjectNode body = object();
                put(body, "select", on);
                put(body, "deselect", off);
                put(body, "only", only);
                if (all) {
                    body.put("all", true);
                }
                link.call("PUT", List.of(TRAPS, id, "metrics"), false, body);
            }
            ObjectNode answer = object();
            answer.set(
                    "filters", link.call("GET", List.of(TRAPS, id), false, null).path("filters"));
            answer.setAll(
                    (ObjectNode) link.call("GET", List.of(TRAPS, id, "metrics"), false, null));
            unknown(answer);
            return answer;
        }

        /// Names that were chosen and of which nothing has come: mistyped, most likely.
        private void unknown(ObjectNode answer) {
            java.util.Set<String> came =
                    new java.util.LinkedHashSet<>(answer.path("metrics").findValuesAsText("name"));
            List<String> chosen = new java.util.ArrayList<>();
            for (@Nullable List<String> names : java.util.Arrays.asList(on, off, only)) {
                if (names != null) {
                    names.stream().filter(name -> !came.contains(name)).forEach(chosen::add);
                }
            }
            chosen.forEach(answer.withArray("unknown")::add);
        }

        @Override
        void show(JsonNode answer, PrintWriter out) {
            JsonNode filters = answer.path("filters");
            if (filters.isNull()) {
                out.println("filters: none, everything is stored");
            } else {
                out.println("filters: the first that matches decides, none = not stored");
                filters.forEach(rule -> out.println("  " + text(rule)));
            }
            TextTable table =
                    new TextTable("NAME", "TYPE", "STORED", "COUNT", "LATEST", "LAST SEEN");
            for (JsonNode metric : answer.path("metrics")) {
                table.row(
                        text(metric.path("name")),
                        text(metric.path("type")),
                        metric.path("stored").asBoolean() ? "yes" : "no",
                        metric.path("count").asLong(),
                        text(metric.path("latest")),
                        seen(metric.path("last_seen")));
            }
            table.print(out, terminal());
            showBeyond(answer, out);
            for (JsonNode name : answer.path("unknown")) {
                out.println(
                        "note: no metric named \"%s\" has arrived at this check; %s"
                                .formatted(
                                        TextTable.plain(name.asText()),
                                        filters.isNull()
                                                ? "nothing changed, everything is stored"
                                                : "what was chosen holds from its first value on"));
            }
        }
    }
}
