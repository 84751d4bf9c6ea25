package io.trapline.web.page;

import io.trapline.collector.CollectorStatus;
import io.trapline.collector.InputStatus;
import io.trapline.web.page.Ask.Answer;
import io.trapline.web.page.Ask.Row;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What the ledger says of a collector's runs of late; skipped ones do not count.
///
/// "Of late" is the last 15 minutes or the last ten runs, whichever is longer: so one good run
/// between two bad ones does not make a collector well.
///
/// @param durations of at most 40 runs of the last hours, in milliseconds, the oldest first
/// @param points mean of a run in the last five minutes, NaN when there was none
/// @param runs of late, and how many of them failed
/// @param lastRuns of the last ten that there are, and how many of them failed
/// @param lastGood when the last run that did not fail was planned
record RunFigures(
        List<Double> durations,
        double points,
        long runs,
        long failed,
        long lastRuns,
        long lastFailed,
        Optional<Instant> lastBad,
        Optional<Instant> lastGood) {
    static final Duration LATELY = Duration.ofMinutes(15);
    static final int LAST = 10;
    private static final Duration SPARK = Duration.ofHours(6);
    private static final Duration LONGEST = Duration.ofDays(7);
    private static final Duration RECENT = Duration.ofMinutes(5);
    private static final int SPARK_RUNS = 40;

    RunFigures {
        durations = List.copyOf(durations);
    }

    /// Of the collectors that fit `where`; read the answer with [#of].
    ///
    /// @param longestInterval of them, in seconds: so far back are ten runs to be found
    static String sql(String where, double longestInterval, Instant now) {
        Duration back =
                Duration.ofMillis(
                        (long)
                                Math.min(
                                        longestInterval * 1000 * (LAST + 1),
                                        (double) LONGEST.toMillis()));
        return """
        SELECT input, collector,
            list(duration_ms ORDER BY planned) FILTER (WHERE n <= %1$d AND planned > %2$s),
            avg(points) FILTER (WHERE planned > %3$s),
            count(*) FILTER (WHERE n <= %4$d OR planned > %5$s),
            count(*) FILTER (WHERE failed AND (n <= %4$d OR planned > %5$s)),
            count(*) FILTER (WHERE n <= %4$d), count(*) FILTER (WHERE failed AND n <= %4$d),
            max(planned) FILTER (WHERE failed), max(planned) FILTER (WHERE NOT failed)
        FROM (SELECT *, outcome IN ('error', 'timeout', 'crashed') AS failed,
                row_number() OVER (PARTITION BY input, collector ORDER BY planned DESC) AS n
            FROM runs WHERE planned > %6$s AND outcome <> 'skipped' AND %7$s)
        GROUP BY input, collector\
        """
                .formatted(
                        SPARK_RUNS,
                        Sql.time(now.minus(SPARK)),
                        Sql.time(now.minus(RECENT)),
                        LAST,
                        Sql.time(now.minus(LATELY)),
                        Sql.time(now.minus(back.compareTo(SPARK) > 0 ? back : SPARK)),
                        where);
    }

    static double longestInterval(List<InputStatus> inputs) {
        return inputs.stream()
                .flatMap(input -> input.collectors().stream())
                .mapToDouble(CollectorStatus::interval)
                .max()
                .orElse(0);
    }

    /// A text, for a map finds texts fast whoever chose them; names have no line feed.
    static String key(String input, String collector) {
        return input + "\n" + collector;
    }

    /// By [#key].
    static Map<String, RunFigures> of(Answer answer) {
        Map<String, RunFigures> all = new HashMap<>();
        for (Row row : answer.rows()) {
            all.put(
                    key(row.text(0), row.text(1)),
                    new RunFigures(
                            numbers(row.cell(2)),
                            row.number(3),
                            row.whole(4),
                            row.whole(5),
                            row.whole(6),
                            row.whole(7),
                            time(row.text(8)),
                            time(row.text(9))));
        }
        return all;
    }

    private static Optional<Instant> time(String text) {
        try {
            return text.isEmpty() ? Optional.empty() : Optional.of(Instant.parse(text));
        } catch (DateTimeParseException _) {
            return Optional.empty();
        }
    }

    private static List<Double> numbers(@Nullable Object cell) {
        return cell instanceof List<?> list
                ? list.stream()
                        .filter(Number.class::isInstance)
                        .map(n -> ((Number) n).doubleValue())
                        .toList()
                : List.of();
    }
}
