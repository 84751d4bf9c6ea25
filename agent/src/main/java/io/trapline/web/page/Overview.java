package io.trapline.web.page;

import io.trapline.collector.CollectorStatus;
import io.trapline.collector.InputStatus;
import io.trapline.journal.Journal.JournalStatus;
import io.trapline.journal.Journal.ReaderStatus;
import io.trapline.model.Run;
import io.trapline.store.StoreStatus;
import io.trapline.web.ConfigStatus;
import io.trapline.web.page.Ask.Answer;
import io.trapline.web.page.Ask.Row;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// Is all well? What the first page shows at one moment.
///
/// @param ailments what needs somebody, each with where to look; empty = all is well
/// @param error why there are no figures from the store
record Overview(
        Instant now,
        Config config,
        List<Ailment> ailments,
        List<Input> inputs,
        Log log,
        Optional<Kept> kept,
        List<Failure> failures,
        List<Arrival> arrivals,
        String error) {
    private static final Duration SPARK = Duration.ofHours(6);
    private static final int SPARK_RUNS = 40;
    private static final Duration RECENT = Duration.ofMinutes(5);
    private static final Duration FAILURES = Duration.ofHours(24);
    private static final int MOST_FAILURES = 8;
    private static final long BEHIND = 1000;

    /// @param refused whether the last reading was refused
    record Config(long generation, List<String> problems, boolean refused, String read) {}

    /// @param link empty when the sentence says all there is
    record Ailment(String text, String link) {}

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
        return inputs.isEmpty() && arrivals.isEmpty();
    }

    boolean isWell() {
        return ailments.isEmpty();
    }

    int collectorCount() {
        return inputs.stream().mapToInt(input -> input.collectors().size()).sum();
    }

    static Overview of(
            List<InputStatus> inputs,
            JournalStatus journal,
            ConfigStatus config,
            Optional<StoreStatus> store,
            Ask ask,
            Instant now) {
        Answer runs = ask.rows(runsSql(now), Ask.IMPATIENCE);
        Map<List<String>, Row> figures = new HashMap<>();
        runs.rows().forEach(row -> figures.put(List.of(row.text(0), row.text(1)), row));
        // A store that does not answer is not asked twice more.
        boolean asked = runs.error().isEmpty();
        Answer failed = asked ? ask.rows(failuresSql(now), Ask.IMPATIENCE) : Answer.NONE;
        Answer came = asked ? ask.rows(arrivalsSql(now), Ask.IMPATIENCE) : Answer.NONE;
        return new Overview(
                now,
                new Config(
                        config.generation(),
                        config.problems(),
                        config.refused(),
                        Show.distance(config.readAt(), now)),
                ailments(inputs, journal, config, store),
                inputs.stream().map(input -> input(input, figures, now)).toList(),
                log(journal),
                store.map(status -> kept(status, now)),
                failures(failed.rows(), now),
                arrivals(came.rows(), now),
                runs.error());
    }

    private static String runsSql(Instant now) {
        return """
        SELECT input, collector, list(duration_ms ORDER BY planned),
            avg(points) FILTER (WHERE planned > %s)
        FROM (SELECT *, row_number() OVER (PARTITION BY input, collector ORDER BY planned DESC) AS n
            FROM runs WHERE planned > %s AND outcome <> 'skipped')
        WHERE n <= %d GROUP BY input, collector\
        """
                .formatted(Sql.time(now.minus(RECENT)), Sql.time(now.minus(SPARK)), SPARK_RUNS);
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

    private static List<Ailment> ailments(
            List<InputStatus> inputs,
            JournalStatus journal,
            ConfigStatus config,
            Optional<StoreStatus> store) {
        List<Ailment> found = new ArrayList<>();
        if (config.refused()) {
            found.add(
                    new Ailment(
                            "The last reload was refused; configuration "
                                    + config.generation()
                                    + " stays in force",
                            "/#configuration"));
        } else if (config.errors() > 0) {
            found.add(
                    new Ailment(
                            "The configuration has "
                                    + config.errors()
                                    + (config.errors() == 1 ? " error" : " errors")
                                    + "; what it is about does not run",
                            "/#configuration"));
        }
        for (InputStatus input : inputs) {
            if (input.state().equals("backing off")) {
                found.add(
                        new Ailment("Input " + input.name() + " backs off: " + input.reason(), ""));
            }
            for (String problem : input.problems()) {
                found.add(new Ailment("Input " + input.name() + ": " + told(problem), ""));
            }
            for (CollectorStatus collector : input.collectors()) {
                if (collector.state().equals("paused")) {
                    continue;
                }
                boolean failed =
                        collector
                                .last()
                                .filter(last -> !last.outcome().word().equals("ok"))
                                .isPresent();
                if (failed || collector.state().equals("backing off")) {
                    String why =
                            collector.reason().isEmpty()
                                    ? Run.summary(collector.lastError())
                                    : collector.reason();
                    found.add(
                            new Ailment(
                                    "Collector "
                                            + input.name()
                                            + "/"
                                            + collector.name()
                                            + (failed ? " failed: " : " backs off: ")
                                            + why,
                                    link(input.name(), collector.name())));
                }
            }
        }
        if (journal.bytes() > journal.maxBytes() * 0.8) {
            found.add(
                    new Ailment(
                            "The journal uses "
                                    + Show.bytes(journal.bytes())
                                    + " of its "
                                    + Show.bytes(journal.maxBytes())
                                    + "; what is not read in time will be refused",
                            ""));
        }
        for (ReaderStatus reader : journal.readers()) {
            if (reader.lag() > BEHIND) {
                found.add(
                        new Ailment(
                                "Reader "
                                        + reader.name()
                                        + " is "
                                        + reader.lag()
                                        + " batches behind the journal",
                                ""));
            }
        }
        store.filter(status -> !status.error().isEmpty())
                .ifPresent(status -> found.add(new Ailment("The store: " + status.error(), "")));
        return found;
    }

    /// In one line: what cannot be used, and why; of a text with a traceback its first line and the
    /// error.
    public static String told(String problem) {
        String first = problem.lines().findFirst().orElse("").strip();
        return first.endsWith(":") ? first + " " + Run.summary(problem) : Run.summary(problem);
    }

    private static Input input(InputStatus input, Map<List<String>, Row> figures, Instant now) {
        return new Input(
                input.name(),
                input.state(),
                input.reason(),
                input.logFile(),
                input.problems(),
                input.collectors().stream()
                        .map(collector ->
                                collector(
                                        input.name(),
                                        collector,
                                        Optional.ofNullable(
                                                figures.get(
                                                        List.of(input.name(), collector.name()))),
                                        now))
                        .toList());
    }

    private static Collector collector(
            String input, CollectorStatus collector, Optional<Row> figures, Instant now) {
        String outcome = collector.last().map(last -> last.outcome().word()).orElse("not yet");
        List<Double> durations = figures.map(row -> numbers(row.cell(2))).orElseGet(List::of);
        double rate =
                figures.map(row -> row.number(3) / Math.max(collector.interval(), 1e-3))
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
            case "backing off", "down", "held up" -> "bad";
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

    private static List<Double> numbers(@org.jspecify.annotations.Nullable Object cell) {
        return cell instanceof List<?> list
                ? list.stream()
                        .filter(Number.class::isInstance)
                        .map(n -> ((Number) n).doubleValue())
                        .toList()
                : List.of();
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
                journal.readers().stream().map(r -> new Reader(r.name(), r.lag())).toList());
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
