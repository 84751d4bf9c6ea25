package io.trapline.collector;

import java.time.Duration;
import java.util.OptionalLong;

/// How long a run may go on. All times are nanoseconds since `run()` was called.
///
/// By default a run is not ended for being slow: a `run()` that serves for ever is a good one as
/// long as it reports. Who hangs reports nothing, and who holds its interpreter so that others of
/// the input cannot start is ended as soon as it counts as slow. A `timeout` that is set is kept to
/// exactly, and then nothing else counts. Source: the ruling on `timeout` in the design.
///
/// @param slowAfter the larger of interval and 10 s: from then on a run counts as slow
/// @param silence it is ended when it has reported nothing for so long; without a `timeout`
/// @param timeout as set
record Patience(long slowAfter, long silence, OptionalLong timeout) {
    private static final long SLOW = Duration.ofSeconds(10).toNanos();
    private static final long SILENT = Duration.ofMinutes(5).toNanos();
    private static final long INTERVALS = 10;

    /// Longer than any agent runs.
    private static final long LONGEST = Duration.ofDays(36_500).toNanos();

    static Patience of(long interval, OptionalLong timeout) {
        long many = interval > LONGEST / INTERVALS ? LONGEST : interval * INTERVALS;
        return new Patience(Math.max(SLOW, interval), Math.max(SILENT, many), timeout);
    }

    /// @param sinceReport nanoseconds since its last report, since its start if there was none
    boolean isOver(long lasted, long sinceReport) {
        return timeout.isPresent() ? lasted >= timeout.getAsLong() : sinceReport >= silence;
    }

    /// How long from now until something may be new about it.
    long untilNews(long lasted, long sinceReport) {
        long end = timeout.isPresent() ? timeout.getAsLong() - lasted : silence - sinceReport;
        return lasted < slowAfter ? Math.min(end, slowAfter - lasted) : end;
    }

    /// What ends a run that goes on, for people.
    String whatEndsIt() {
        return timeout.isPresent()
                ? "it is ended when it has run for "
                        + seconds(timeout.getAsLong())
                        + ", its timeout"
                : "it is ended when it has reported nothing for " + seconds(silence);
    }

    static String seconds(long nanos) {
        double seconds = nanos / 1e9;
        return (seconds == Math.rint(seconds) ? String.valueOf((long) seconds) : "" + seconds)
                + " s";
    }
}
