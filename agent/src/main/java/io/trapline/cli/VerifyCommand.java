package io.trapline.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.Home;
import io.trapline.HomeLock;
import io.trapline.OfflineVerification;
import io.trapline.cli.TextTable.Shaded;
import io.trapline.forward.ForwardException;
import io.trapline.journal.JournalException;
import io.trapline.store.QueryException;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

@Command(
        name = "verify",
        description = {
            "Checks that what was acknowledged is where it should be: in the journal, the store, and with",
            "the outputs. By the running agent or, when there is none, directly."
        },
        footer = {
            "",
            "ACCEPTED counts entries (points, samples, runs and the like) since the home was begun, IN JOURNAL",
            "those that some reader still needs, STORED those that the store has taken.",
            "What a store or an output has before it still is told, and is no error.",
            "",
            "Exit codes: 0 all sums agree, 1 some do not, each with a line that names it, or the check could",
            "not be made, 2 usage."
        })
final class VerifyCommand implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Pattern AGO = Pattern.compile("([0-9]{1,6})(m|h|d)");

    @Mixin private HomeOption home;
    @Mixin private JsonOption json;
    @Spec private CommandSpec spec;

    @Option(
            names = "--since",
            paramLabel = "TIME",
            description =
                    "Counts only what arrived since then, from the full hour on: 2026-11-28T10:00:00Z,"
                            + " or 90m, 24h, 7d ago. Rows of the store carry no time of arrival: they"
                            + " are always checked as a whole.")
    private @Nullable String since;

    @Override
    public Integer call() throws Exception {
        Optional<Instant> from = since();
        if (from.isPresent() && from.get().isAfter(Instant.now())) {
            throw new CommandFailure(
                    Cli.USAGE,
                    "--since "
                            + since
                            + " is in the future by this host's clock ("
                            + Instant.now().truncatedTo(ChronoUnit.SECONDS)
                            + "): nothing can have arrived since then");
        }
        Home folder = home.home();
        Optional<AgentClient> agent = AgentClient.of(folder);
        JsonNode report =
                agent.isPresent()
                        ? agent.get().get(path(from)).json()
                        : JSON.valueToTree(offline(folder, from));
        PrintWriter out = spec.commandLine().getOut();
        if (json.isWanted()) {
            JsonOption.print(report, out);
        } else {
            show(report, out);
        }
        return report.path("agrees").asBoolean() ? Cli.OK : Cli.FAILED;
    }

    private Optional<Instant> since() throws CommandFailure {
        if (since == null) {
            return Optional.empty();
        }
        Matcher ago = AGO.matcher(since);
        if (ago.matches()) {
            long many = Long.parseLong(ago.group(1));
            Duration back =
                    switch (ago.group(2)) {
                        case "m" -> Duration.ofMinutes(many);
                        case "h" -> Duration.ofHours(many);
                        default -> Duration.ofDays(many);
                    };
            return Optional.of(Instant.now().minus(back));
        }
        try {
            return Optional.of(Instant.parse(since));
        } catch (DateTimeParseException _) {
            throw new CommandFailure(
                    Cli.USAGE,
                    "--since "
                            + since
                            + " is no time; write 2026-11-28T10:00:00Z, or how long ago: 90m, 24h, 7d");
        }
    }

    private static String path(Optional<Instant> since) {
        return "/api/verify"
                + since.map(at ->
                                "?since="
                                        + URLEncoder.encode(at.toString(), StandardCharsets.UTF_8))
                        .orElse("");
    }

    private static Object offline(Home folder, Optional<Instant> since)
            throws CommandFailure, IOException, InterruptedException {
        try {
            return OfflineVerification.of(folder, HomeOption.program(), since);
        } catch (QueryException | JournalException | ForwardException | HomeLock.HeldException e) {
            throw new CommandFailure(Cli.FAILED, e.getMessage());
        }
    }

    private void show(JsonNode report, PrintWriter out) {
        Terminal terminal = Cli.terminal(spec);
        TextTable doors =
                new TextTable("DOOR", "FRAMES", "ACCEPTED", "IN JOURNAL", "STORED", "BAD FRAMES");
        for (JsonNode door : report.path("doors")) {
            doors.row(
                    door.path("door").asText(),
                    door.path("frames").asLong(),
                    door.path("accepted").asLong(),
                    door.path("in_journal").asLong(),
                    door.path("stored").asLong(),
                    door.path("bad_frames").asLong());
        }
        doors.print(out, terminal);
        out.println();
        TextTable sums = new TextTable("SUM", "OF", "SHOULD BE", "IS", "");
        for (JsonNode sum : report.path("sums")) {
            boolean same = sum.path("expected").asLong() == sum.path("found").asLong();
            sums.row(
                    sum.path("sum").asText(),
                    sum.path("of").asText(),
                    sum.path("expected").asLong(),
                    sum.path("found").asLong(),
                    same ? new Shaded("ok", "running") : new Shaded("differs", "failing"));
        }
        sums.print(out, terminal);
        out.println();
        report.path("notes")
                .forEach(note -> out.println("note: " + TextTable.plain(note.asText())));
        report.path("findings")
                .forEach(
                        one -> out.println("wrong: " + TextTable.plain(one.path("text").asText())));
        out.println(
                report.path("agrees").asBoolean()
                        ? "All sums agree."
                        : report.path("findings").size() + " sums do not agree.");
        out.flush();
    }
}
