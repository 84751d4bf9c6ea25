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
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
        name = "trap",
        description = "HTTPTrap checks: who may send to /module/httptrap/.",
        synopsisSubcommandLabel = "COMMAND",
        mixinStandardHelpOptions = true,
        subcommands = {
            TrapCommand.Add.class,
            TrapCommand.ListAll.class,
            TrapCommand.Show.class,
            TrapCommand.Remove.class,
            TrapCommand.Metrics.class,
            TrapSendCommand.class,
            CommandLine.HelpCommand.class
        })
final class TrapCommand {
    private static final String TRAPS = "traps";

    private TrapCommand() {}

    @Command(
            name = "add",
            mixinStandardHelpOptions = true,
            description = "Adds a check; prints its Data Submission URL.")
    static final class Add extends RegistryLeaf {
        @Option(names = "--id", paramLabel = "UUID", description = "Default: one is made.")
        private @Nullable String id;

        @Option(
                names = "--secret-file",
                paramLabel = "FILE",
                description = "Holds the secret (- = standard input). Default: one is made.")
        private @Nullable String secretFile;

        @Option(names = "--name", paramLabel = "TEXT", description = "For people.")
        private @Nullable String name;

        @Option(names = "--target", paramLabel = "HOST", description = "Where the data is from.")
        private @Nullable String target;

        @Option(names = "--period", paramLabel = "TIME", description = "1s to 300s; default: 60s.")
        private @Nullable String period;

        @Option(
                names = "--sync",
                description = "Stores one value a period, instead of every value at once.")
        private boolean sync;

        @Option(
                names = "--delimiter",
                paramLabel = "SIGN",
                description = "Joins the levels of a name; default: the backtick.")
        private @Nullable String delimiter;

        @Option(
                names = "--cors-origin",
                paramLabel = "REGEX",
                description = "Which pages may send; default: every one.")
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

        @Option(names = "--guess-types", description = "Texts that look like numbers become some.")
        private boolean guessTypes;

        @Option(
                names = "--rate",
                paramLabel = "N",
                description = "Requests a minute; default: no limit.")
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
            String url = check.path("submission_url").asText();
            out.println("id: " + text(check.path("id")));
            out.println("Data Submission URL: " + url);
            out.println();
            out.println("curl -X PUT " + url + " -d '{\"temperature\":21.5}'");
        }
    }

    @Command(name = "list", mixinStandardHelpOptions = true, description = "Lists checks.")
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
                        check.path("filters").isNull() ? "no" : "yes",
                        text(check.path("metrics")),
                        text(check.path("last_seen")),
                        origin(check));
            }
            table.print(out);
        }
    }

    @Command(name = "show", mixinStandardHelpOptions = true, description = "Shows a check.")
    static final class Show extends RegistryLeaf {
        @Parameters(paramLabel = "UUID")
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

    @Command(
            name = "remove",
            mixinStandardHelpOptions = true,
            description = "Removes a check; what it sent is kept.")
    static final class Remove extends RegistryLeaf {
        @Parameters(paramLabel = "UUID")
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

    @Command(
            name = "metrics",
            mixinStandardHelpOptions = true,
            description = {
                "Lists the metrics that a check has sent, stored or not, or chooses which are"
                        + " stored from now on.",
                "A name without tags means every tag set of it, name|ST[a:b] that stream."
            })
    static final class Metrics extends RegistryLeaf {
        @Parameters(paramLabel = "UUID")
        private String id;

        @Option(names = "--select", paramLabel = "NAME", description = "Stores it; repeatable.")
        private @Nullable List<String> on;

        @Option(
                names = "--deselect",
                paramLabel = "NAME",
                description = "Does not store it; repeatable.")
        private @Nullable List<String> off;

        @Option(
                names = "--only",
                paramLabel = "NAME",
                description = "Stores it and nothing else that is not named too; repeatable.")
        private @Nullable List<String> only;

        @Option(names = "--all", description = "Stores everything.")
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
            return answer;
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
                        text(metric.path("count")),
                        text(metric.path("latest")),
                        text(metric.path("last_seen")));
            }
            table.print(out);
            if (answer.path("beyond").asLong() > 0) {
                out.println(
                        "and more names than are kept: "
                                + answer.path("beyond").asLong()
                                + " values had one of those");
            }
        }
    }
}
