package io.trapline.web.page;

import io.trapline.collector.CollectorStatus;
import io.trapline.collector.InputStatus;
import io.trapline.forward.ForwardException;
import io.trapline.forward.OutputStatus;
import io.trapline.gitsync.RepositoryStatus;
import io.trapline.health.PartStatus;
import io.trapline.journal.Journal.JournalStatus;
import io.trapline.journal.Journal.ReaderStatus;
import io.trapline.model.Run;
import io.trapline.store.StoreStatus;
import io.trapline.web.ConfigStatus;
import io.trapline.web.OutputsCalls;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Predicate;

/// Is all well? A list of checks, each of which looks at what is known and says what it found. All
/// is well when none of them found anything.
///
/// @param findings the bad ones first
record Verdict(List<Finding> findings) {
    private static final Duration BLIP = Duration.ofMinutes(1);
    private static final Duration SILENCE = Duration.ofMinutes(1);
    private static final double NEARLY_FULL = 0.8;
    private static final long BEHIND = 1000;
    private static final int MOST_EVENTS = 5;
    private static final String JOURNAL = "/#journal";

    Verdict {
        findings = findings.stream().sorted(Comparator.comparing(Finding::severity)).toList();
    }

    enum Severity {
        /// Something does not work, or somebody said so.
        BAD,
        /// To be looked at.
        WARNING
    }

    /// @param link where to look, empty when the sentence says all there is
    /// @param since when it began, if that is known
    record Finding(Severity severity, String text, String link, Optional<Instant> since) {
        /// `for 3 min`, empty when it is not known since when.
        String time(Instant now) {
            return since.map(at ->
                            "for "
                                    + Show.coarse(
                                            Math.max(0, Duration.between(at, now).toSeconds())))
                    .orElse("");
        }

        boolean isBad() {
            return severity == Severity.BAD;
        }
    }

    /// What the checks look at.
    ///
    /// @param store empty when it is switched off
    /// @param runs what is known of the ledger, by input and collector
    /// @param silent what keeps the store from answering, empty when it answers
    /// @param asOf when it answered last, if it is silent
    record Facts(
            List<InputStatus> inputs,
            Outputs outputs,
            List<PartStatus> parts,
            JournalStatus journal,
            ConfigStatus config,
            List<RepositoryStatus> repositories,
            Optional<StoreStatus> store,
            Map<String, RunFigures> runs,
            List<OpenEvents.Open> events,
            String silent,
            Optional<Instant> asOf,
            Instant now) {}

    /// @param failing since when outputs cannot deliver, by name
    /// @param error why nothing is known of them, empty if nothing
    record Outputs(List<OutputStatus> all, Map<String, Instant> failing, String error) {
        static Outputs of(OutputsCalls calls) {
            try {
                return new Outputs(calls.all(), calls.failingSince(), "");
            } catch (ForwardException e) {
                return new Outputs(List.of(), Map.of(), String.valueOf(e.getMessage()));
            }
        }
    }

    private static final List<BiConsumer<Facts, Consumer<Finding>>> CHECKS =
            List.of(
                    Verdict::configuration,
                    Verdict::repositories,
                    Verdict::inputs,
                    Verdict::collectors,
                    Verdict::outputs,
                    Verdict::events,
                    Verdict::parts,
                    Verdict::journal,
                    Verdict::damagedFrames,
                    Verdict::readers,
                    Verdict::store);

    static Verdict of(Facts facts) {
        List<Finding> found = new ArrayList<>();
        CHECKS.forEach(check -> check.accept(facts, found::add));
        return new Verdict(found);
    }

    boolean isWell() {
        return findings.isEmpty();
    }

    /// Whether something does not work.
    boolean isBad() {
        return findings.stream().anyMatch(Finding::isBad);
    }

    int size() {
        return findings.size();
    }

    private static void configuration(Facts facts, Consumer<Finding> found) {
        ConfigStatus config = facts.config();
        if (config.refused()) {
            found.accept(
                    bad(
                            "The last reload was refused; configuration "
                                    + config.generation()
                                    + " stays in force",
                            "/#configuration"));
        }
        for (String line : config.problems()) {
            // Warnings and remarks stand there too; what they are about is in force.
            if (!line.contains(": warning: ") && !line.contains(": info: ")) {
                found.accept(bad("Configuration: " + line, "/#configuration"));
            }
        }
    }

    private static void repositories(Facts facts, Consumer<Finding> found) {
        for (RepositoryStatus repository : facts.repositories()) {
            if (repository.state() == RepositoryStatus.State.FAILING
                    || repository.state() == RepositoryStatus.State.REFUSED) {
                String why =
                        repository.error().isEmpty()
                                ? repository.reasons().stream().findFirst().orElse("")
                                : repository.error();
                found.accept(
                        bad(
                                "Repository "
                                        + repository.name()
                                        + " is "
                                        + repository.state().name().toLowerCase(Locale.ROOT)
                                        + (why.isEmpty() ? "" : ": " + Run.summary(why)),
                                ""));
            }
        }
    }

    private static void inputs(Facts facts, Consumer<Finding> found) {
        for (InputStatus input : facts.inputs()) {
            if (input.isHeld()) {
                boolean refused = input.state().equals("refused");
                found.accept(
                        bad(
                                "Input "
                                        + input.name()
                                        + (refused ? " is refused: " : " backs off: ")
                                        + input.reason(),
                                inputLink(input.name())));
            }
            for (String problem : input.otherProblems()) {
                found.accept(
                        bad(
                                "Input " + input.name() + ": " + Overview.told(problem),
                                inputLink(input.name())));
            }
        }
    }

    /// Where the first page shows the input, its problems and their tracebacks.
    private static String inputLink(String input) {
        return "/#input-" + URLEncoder.encode(input, StandardCharsets.UTF_8).replace("+", "%20");
    }

    private static void collectors(Facts facts, Consumer<Finding> found) {
        for (InputStatus input : facts.inputs()) {
            for (CollectorStatus collector : input.collectors()) {
                Optional<RunFigures> figures =
                        Optional.ofNullable(
                                facts.runs().get(RunFigures.key(input.name(), collector.name())));
                collector(input.name(), collector, figures, facts.now()).ifPresent(found);
            }
        }
    }

    /// What is wrong with a collector; one that somebody paused is left alone.
    ///
    /// @param figures empty when the ledger is not known
    static Optional<Finding> collector(
            String input, CollectorStatus collector, Optional<RunFigures> figures, Instant now) {
        if (collector.state().equals("paused")) {
            return Optional.empty();
        }
        String who = "Collector " + input + "/" + collector.name();
        String link = Overview.link(input, collector.name());
        if (collector.state().equals("backing off")) {
            return Optional.of(bad(who + " backs off: " + collector.reason(), link));
        }
        boolean failedLast =
                collector.last().filter(last -> !last.outcome().word().equals("ok")).isPresent();
        boolean failedLately = collector.lastErrorAt().filter(lately(collector, now)).isPresent();
        String why =
                collector.lastError().isEmpty() ? "" : ": " + Run.summary(collector.lastError());
        if (figures.isEmpty()) {
            return failedLast
                    ? Optional.of(bad(who + " failed" + why, link))
                    : failedLately
                            ? Optional.of(
                                    warning(
                                            who
                                                    + " failed "
                                                    + collector
                                                            .lastErrorAt()
                                                            .map(at -> Show.distance(at, now))
                                                            .orElse("")
                                                    + why,
                                            link))
                            : Optional.empty();
        }
        RunFigures runs = figures.get();
        if (failedLast || runs.lastFailed() > 1) {
            boolean all = runs.lastFailed() >= runs.lastRuns();
            String how =
                    all && runs.lastRuns() <= 1
                            ? " failed"
                            : " failed "
                                    + (all ? "each" : Math.max(1, runs.lastFailed()))
                                    + " of its last "
                                    + runs.lastRuns()
                                    + " runs";
            return Optional.of(
                    new Finding(
                            Severity.BAD,
                            who + how + why,
                            link,
                            all ? runs.lastGood() : Optional.empty()));
        }
        if (runs.failed() > 0) {
            return Optional.of(
                    warning(
                            who
                                    + " failed "
                                    + runs.failed()
                                    + " of its last "
                                    + runs.runs()
                                    + " runs, the last time "
                                    + runs.lastBad()
                                            .map(at -> Show.distance(at, now))
                                            .orElse("lately")
                                    + why,
                            link));
        }
        return Optional.empty();
    }

    private static Predicate<Instant> lately(CollectorStatus collector, Instant now) {
        double seconds =
                Math.max(
                        (double) RunFigures.LATELY.toSeconds(),
                        collector.interval() * RunFigures.LAST);
        return at -> at.isAfter(now.minusMillis((long) (seconds * 1000)));
    }

    private static void outputs(Facts facts, Consumer<Finding> found) {
        if (!facts.outputs().error().isEmpty()) {
            found.accept(
                    bad(
                            "The state of the outputs cannot be read: " + facts.outputs().error(),
                            "/ui/outputs"));
        }
        for (OutputStatus output : facts.outputs().all()) {
            String who = "Output " + output.name();
            String link = "/ui/outputs#output-" + output.name();
            if (output.state().equals("failing")) {
                Optional<Instant> since =
                        Optional.ofNullable(facts.outputs().failing().get(output.name()));
                boolean blip = since.filter(facts.now().minus(BLIP)::isBefore).isPresent();
                found.accept(
                        new Finding(
                                blip ? Severity.WARNING : Severity.BAD,
                                who
                                        + " cannot deliver: "
                                        + output.error()
                                        + (output.lag() == 0 ? "" : "; " + waiting(output.lag())),
                                link,
                                since));
            } else if (output.state().equals("running") && output.lag() > BEHIND) {
                found.accept(
                        warning(
                                who
                                        + " delivers more slowly than data comes: "
                                        + waiting(output.lag()),
                                link));
            }
            if (output.aside() > 0 && !output.state().equals("gone")) {
                found.accept(
                        warning(
                                who
                                        + " set "
                                        + output.aside()
                                        + (output.aside() == 1 ? " item" : " items")
                                        + " aside that its receiver refused; send again or delete",
                                link));
            }
        }
    }

    private static void events(Facts facts, Consumer<Finding> found) {
        List<OpenEvents.Open> worst =
                facts.events().stream()
                        .sorted(Comparator.comparing(event -> !event.isBad()))
                        .toList();
        for (OpenEvents.Open event : worst.stream().limit(MOST_EVENTS).toList()) {
            found.accept(
                    new Finding(
                            event.isBad() ? Severity.BAD : Severity.WARNING,
                            "Event \""
                                    + event.what()
                                    + "\" of "
                                    + event.source()
                                    + " has not recovered: "
                                    + event.status()
                                    + " "
                                    + event.last(),
                            event.link(),
                            Optional.empty()));
        }
        if (worst.size() > MOST_EVENTS) {
            int more = worst.size() - MOST_EVENTS;
            found.accept(
                    warning(
                            more
                                    + (more == 1 ? " more event has" : " more events have")
                                    + " not recovered",
                            Overview.EVENTS));
        }
    }

    /// What `/healthz` names as well; the store has a check of its own.
    private static void parts(Facts facts, Consumer<Finding> found) {
        for (PartStatus part : facts.parts()) {
            if (!part.isRunning() && !part.name().equals("store")) {
                String line = part.line();
                found.accept(
                        new Finding(
                                Severity.BAD,
                                Character.toUpperCase(line.charAt(0)) + line.substring(1),
                                part.name().equals("journal") ? JOURNAL : "",
                                Optional.of(part.since())));
            }
        }
    }

    private static void journal(Facts facts, Consumer<Finding> found) {
        JournalStatus journal = facts.journal();
        if (journal.bytes() > journal.maxBytes() * NEARLY_FULL) {
            found.accept(
                    bad(
                            "The journal uses "
                                    + Show.bytes(journal.bytes())
                                    + " of its "
                                    + Show.bytes(journal.maxBytes())
                                    + "; what is not read in time will be refused",
                            JOURNAL));
        }
    }

    /// Acknowledged, and not to be read any more.
    private static void damagedFrames(Facts facts, Consumer<Finding> found) {
        long damaged = facts.journal().damaged();
        if (damaged > 0) {
            found.accept(
                    bad(
                            damaged
                                    + (damaged == 1
                                            ? " frame of the journal is damaged and was"
                                            : " frames of the journal are damaged and were")
                                    + " skipped; the log has the positions, and trapline verify"
                                    + " says what is missing",
                            JOURNAL));
        }
    }

    /// The outputs have a check of their own.
    private static void readers(Facts facts, Consumer<Finding> found) {
        for (ReaderStatus reader : facts.journal().readers()) {
            if (reader.lag() > BEHIND && !reader.name().startsWith("output/")) {
                found.accept(
                        bad(
                                Overview.readerWords(reader.name())
                                        + " is "
                                        + Show.batches(reader.lag())
                                        + " behind what came in",
                                JOURNAL));
            }
        }
    }

    private static void store(Facts facts, Consumer<Finding> found) {
        if (facts.store().isEmpty()) {
            return;
        }
        String error = facts.store().get().error();
        if (!error.isEmpty()) {
            found.accept(bad("The store: " + error, JOURNAL));
        } else if (!facts.silent().isEmpty() && facts.asOf().isEmpty()) {
            found.accept(
                    warning(
                            "The store has not answered yet, so nothing is known of events, and"
                                    + " of runs only the last",
                            JOURNAL));
        } else if (!facts.silent().isEmpty()
                && facts.asOf().get().isBefore(facts.now().minus(SILENCE))) {
            found.accept(
                    new Finding(
                            Severity.WARNING,
                            "The store does not answer, so newer events and failed runs are not"
                                    + " among these",
                            JOURNAL,
                            facts.asOf()));
        }
    }

    private static String waiting(long lag) {
        return Show.batches(lag) + (lag == 1 ? " waits" : " wait");
    }

    private static Finding bad(String text, String link) {
        return new Finding(Severity.BAD, text, link, Optional.empty());
    }

    private static Finding warning(String text, String link) {
        return new Finding(Severity.WARNING, text, link, Optional.empty());
    }
}
