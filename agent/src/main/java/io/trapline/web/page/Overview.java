package io.trapline.web.page;

import io.trapline.collector.CollectorStatus;
import io.trapline.collector.InputStatus;
import io.trapline.gitsync.RepositoryStatus;
import io.trapline.journal.Journal.JournalStatus;
import io.trapline.model.Run;
import io.trapline.store.StoreStatus;
import io.trapline.web.ConfigStatus;
import io.trapline.web.page.Ask.Answer;
import io.trapline.web.page.Ask.Row;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Is all well? What the first page shows at one moment.
///
/// @param failures empty when the store has not said yet; so with `arrivals`
/// @param error why the figures from the store are not those of now, or not there; empty if nothing
record Overview(
        Instant now,
        Config config,
        Verdict verdict,
        List<Input> inputs,
        Log log,
        Optional<Kept> kept,
        Optional<List<Failure>> failures,
        Optional<List<Arrival>> arrivals,
        String error) {
    private static final Duration RECENT = Duration.ofMinutes(5);
    private static final Duration FAILURES = Duration.ofHours(24);
    private static final int MOST_FAILURES = 8;

    /// Events change slowly, and a page that looks every two seconds need not look for them.
    private static final Duration EVENTS_EVERY = Duration.ofSeconds(10);

    private static final Params EVENT_PARAMS = Params.of("category", "keyevent", "range", "7d");
    private static final RecordsPage.Rows EVENT_LINKS =
            new RecordsPage.Rows(EVENT_PARAMS, List.of());
    static final String EVENTS = EVENT_PARAMS.at(RecordsPage.PATH);

    /// @param refused whether the last reading was refused
    record Config(long generation, List<String> problems, boolean refused, String read) {}

    record Input(
            String name,
            String state,
            String reason,
            String log,
            List<String> problems,
            List<Collector> collectors) {}

    /// @param tone `good`, `bad`, `busy` or `idle`, for the colour beside the word
    record Collector(
            String id,
            String name,
            String link,
            String state,
            String tone,
            String outcome,
            String outcomeTone,
            String last,
            String next,
            String duration,
            String spark,
            String rate,
            String every) {
        boolean isPaused() {
            return state.equals("paused");
        }
    }

    record Log(long head, String bytes, String most, int percent, List<Reader> readers) {}

    record Reader(String name, long lag) {}

    record Kept(
            String state, String bytes, long samples, long records, long streams, String oldest) {}

    /// @param times how often in the last day
    record Failure(
            String who, String link, String outcome, String error, String when, long times) {}

    /// What came in over HTTP lately.
    record Arrival(String source, String link, String rate, String last) {}

    boolean isEmpty() {
        return inputs.isEmpty() && arrivals.map(List::isEmpty).orElse(kept.isEmpty());
    }

    int collectorCount() {
        return inputs.stream().mapToInt(input -> input.collectors().size()).sum();
    }

    static Overview of(
            List<InputStatus> inputs,
            JournalStatus journal,
            ConfigStatus config,
            List<RepositoryStatus> repositories,
            Optional<StoreStatus> store,
            Verdict.Outputs outputs,
            Ask ask,
            Instant now) {
        Answer runs =
                ask.rows(
                        RunFigures.sql("true", RunFigures.longestInterval(inputs), now),
                        Ask.IMPATIENCE);
        Answer open =
                ask.rows(
                        OpenEvents.sql("time > " + Sql.time(now.minus(OpenEvents.BACK)), "", now),
                        Ask.IMPATIENCE,
                        EVENTS_EVERY);
        Answer failed = ask.rows(failuresSql(now), Ask.IMPATIENCE);
        Answer came = ask.rows(arrivalsSql(now), Ask.IMPATIENCE);
        Map<String, RunFigures> figures = RunFigures.of(runs);
        return new Overview(
                now,
                new Config(
                        config.generation(),
                        config.problems(),
                        config.refused(),
                        Show.distance(config.readAt(), now)),
                Verdict.of(
                        new Verdict.Facts(
                                inputs,
                                outputs,
                                journal,
                                config,
                                repositories,
                                store,
                                figures,
                                OpenEvents.of(open, EVENT_LINKS, now),
                                silent(runs, open),
                                oldest(runs, open),
                                now)),
                inputs.stream().map(input -> input(input, figures, now)).toList(),
                log(journal),
                store.map(status -> kept(status, now)),
                failed.isKnown() ? Optional.of(failures(failed.rows(), now)) : Optional.empty(),
                came.isKnown() ? Optional.of(arrivals(came.rows(), now)) : Optional.empty(),
                ask.note(runs, open, failed, came));
    }

    private static String silent(Answer... answers) {
        return Arrays.stream(answers)
                .map(Answer::error)
                .filter(error -> !error.isEmpty())
                .findFirst()
                .orElse("");
    }

    /// Empty when all are of now, or when one has never come.
    private static Optional<Instant> oldest(Answer... answers) {
        return Arrays.stream(answers).allMatch(Answer::isKnown)
                ? Arrays.stream(answers)
                        .flatMap(answer -> answer.asOf().stream())
                        .min(Comparator.naturalOrder())
                : Optional.empty();
    }

    private static String failuresSql(Instant now) {
        return """
        SELECT input, collector, outcome, regexp_extract(rtrim(error, E' \\n\\r'), '[^\\n]*$') AS why,
            max(planned) AS latest, count(*)
        FROM runs WHERE planned > %s AND outcome IN ('error', 'timeout', 'crashed')
        GROUP BY input, collector, outcome, why ORDER BY latest DESC LIMIT %d\
        """
                .formatted(Sql.time(now.minus(FAILURES)), MOST_FAILURES);
    }

    private static String arrivalsSql(Instant now) {
        String since = Sql.time(now.minus(RECENT));
        return """
        SELECT source, sum(n), max(latest) FROM (
            SELECT source, count(*) AS n, max(time) AS latest FROM metrics
            WHERE time > %s AND NOT starts_with(source, 'pythond/') GROUP BY source
            UNION ALL
            SELECT source, count(*), max(time) FROM records
            WHERE time > %s AND NOT starts_with(source, 'pythond/') GROUP BY source)
        GROUP BY source ORDER BY source LIMIT 50\
        """
                .formatted(since, since);
    }

    /// In one line: what cannot be used, and why; of a text with a traceback its first line and the
    /// error.
    public static String told(String problem) {
        String first = problem.lines().findFirst().orElse("").strip();
        return first.endsWith(":") ? first + " " + Run.summary(problem) : Run.summary(problem);
    }

    private static Input input(InputStatus input, Map<String, RunFigures> figures, Instant now) {
        return new Input(
                input.name(),
                input.state(),
                input.reason(),
                input.logFile(),
                input.otherProblems(),
                input.collectors().stream()
                        .map(collector ->
                                collector(
                                        input.name(),
                                        collector,
                                        Optional.ofNullable(
                                                figures.get(
                                                        RunFigures.key(
                                                                input.name(), collector.name()))),
                                        now))
                        .toList());
    }

    private static Collector collector(
            String input, CollectorStatus collector, Optional<RunFigures> figures, Instant now) {
        String outcome = collector.last().map(last -> last.outcome().word()).orElse("not yet");
        List<Double> durations = figures.map(RunFigures::durations).orElseGet(List::of);
        double rate =
                figures.map(of -> of.points() / Math.max(collector.interval(), 1e-3))
                        .orElse(Double.NaN);
        return new Collector(
                collector.id(),
                collector.name(),
                link(input, collector.name()),
                collector.word(),
                tone(collector.word()),
                outcome,
                outcomeTone(outcome),
                collector.last().map(last -> Show.distance(last.started(), now)).orElse("–"),
                collector.next().map(next -> Show.distance(next, now)).orElse("–"),
                Show.millis(collector.last().map(last -> last.durationMs()).orElse(Double.NaN)),
                Show.spark(durations),
                Show.rate(rate),
                Show.interval(collector.interval()));
    }

    static String tone(String state) {
        return switch (state) {
            case "running", "slow", "paused" -> "busy";
            case "backing off", "refused", "down", "held up" -> "bad";
            default -> "idle";
        };
    }

    static String outcomeTone(String outcome) {
        return switch (outcome) {
            case "ok" -> "good";
            case "error", "timeout", "crashed" -> "bad";
            default -> "idle";
        };
    }

    static String link(String input, String collector) {
        return Params.of("input", input, "collector", collector).at("/ui/collector");
    }

    private static Log log(JournalStatus journal) {
        return new Log(
                journal.head(),
                Show.bytes(journal.bytes()),
                Show.bytes(journal.maxBytes()),
                (int) Math.min(100, 100 * journal.bytes() / Math.max(1, journal.maxBytes())),
                journal.readers().stream()
                        .map(r -> new Reader(readerWords(r.name()), r.lag()))
                        .toList());
    }

    /// A reader of the journal as people know it.
    static String readerWords(String name) {
        return switch (name) {
            case "store" -> "The store";
            case "period" -> "The period engine of the checks";
            default ->
                    name.startsWith("output/")
                            ? "Output " + name.substring("output/".length())
                            : "Reader " + name + " of the journal";
        };
    }

    private static Kept kept(StoreStatus status, Instant now) {
        return new Kept(
                status.error().isEmpty()
                        ? status.state().name().toLowerCase(java.util.Locale.ROOT)
                        : status.error(),
                Show.bytes(status.bytes()),
                status.samples(),
                status.records(),
                status.streams(),
                status.oldest().map(oldest -> Show.distance(oldest, now)).orElse("–"));
    }

    private static List<Failure> failures(List<Row> rows, Instant now) {
        return rows.stream()
                .map(row ->
                        new Failure(
                                row.text(0) + "/" + row.text(1),
                                Params.of(
                                                        "input", row.text(0),
                                                        "collector", row.text(1),
                                                        "run", row.text(4))
                                                .at("/ui/collector")
                                        + "#run",
                                row.text(2),
                                row.text(3),
                                Show.distance(Instant.parse(row.text(4)), now),
                                row.whole(5)))
                .toList();
    }

    private static List<Arrival> arrivals(List<Row> rows, Instant now) {
        return rows.stream()
                .map(row ->
                        new Arrival(
                                row.text(0),
                                Params.of("source", row.text(0)).at("/ui/metrics"),
                                Show.rate(row.number(1) / RECENT.toSeconds()),
                                Show.distance(Instant.parse(row.text(2)), now)))
                .toList();
    }
}
