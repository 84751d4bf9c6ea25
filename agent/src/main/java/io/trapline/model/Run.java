package io.trapline.model;

import java.util.List;
import java.util.Objects;

/// One call of a collector's `run()`: a row of the run ledger.
///
/// @param plannedNs the tick of the collector's grid, wall clock, nanoseconds since 1970
/// @param startedNs when it really began; equal to `plannedNs` for a skipped run
/// @param durationNs how long it took, by the monotonic clock
/// @param points how many points it reported that were accepted
/// @param error the traceback or the reason, empty for an `OK` run
/// @param host whose collector it was; empty = not known
public record Run(
        String input,
        String collector,
        long plannedNs,
        long startedNs,
        long durationNs,
        Outcome outcome,
        long points,
        String error,
        String host)
        implements Entry {
    public Run {
        Objects.requireNonNull(input, "input");
        Objects.requireNonNull(collector, "collector");
        Objects.requireNonNull(outcome, "outcome");
        Objects.requireNonNull(error, "error");
        Objects.requireNonNull(host, "host");
    }

    /// On a host that is not known yet.
    public Run(
            String input,
            String collector,
            long plannedNs,
            long startedNs,
            long durationNs,
            Outcome outcome,
            long points,
            String error) {
        this(input, collector, plannedNs, startedNs, durationNs, outcome, points, error, "");
    }

    /// The same on that host.
    public Run on(String itsHost) {
        return new Run(
                input,
                collector,
                plannedNs,
                startedNs,
                durationNs,
                outcome,
                points,
                error,
                itsHost);
    }

    /// How a run ended; `word` is what the store's `outcome` column shows.
    public enum Outcome {
        OK("ok"),
        ERROR("error"),
        TIMEOUT("timeout"),
        SKIPPED("skipped"),
        CRASHED("crashed");

        private final String word;

        Outcome(String word) {
            this.word = word;
        }

        public String word() {
            return word;
        }
    }

    /// What went wrong: of a traceback, the line after its last frame, where the error's message
    /// begins; of another text its last line.
    public static String summary(String error) {
        List<String> lines = error.lines().filter(l -> !l.isBlank()).toList();
        int frame = lines.lastIndexOf("Traceback (most recent call last):");
        if (frame >= 0) {
            for (String line : lines.subList(frame + 1, lines.size())) {
                if (!line.startsWith(" ")) {
                    return line.strip();
                }
            }
        }
        return lines.isEmpty() ? "" : lines.getLast().strip();
    }
}
