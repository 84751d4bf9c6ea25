package io.trapline.ingest.datakit;

import io.trapline.pipeline.Decoded.Warning;

/// The unit of the times of one report, and the time it was received.
///
/// Source: `contracts/datakit.md` section 3.8 and its query parameter `precision`. A time that has
/// no nanoseconds since 1970 in 64 bits is [#OUT_OF_RANGE]: the point then gets the receive
/// time, and a warning.
final class Timestamps {
    static final long OUT_OF_RANGE = Long.MIN_VALUE;

    private static final long GUESS = 0;
    private static final long SECOND = 1_000_000_000L;

    private final long receivedNs;
    private final long unit;

    private Timestamps(long receivedNs, long unit) {
        this.receivedNs = receivedNs;
        this.unit = unit;
    }

    /// @param precision as sent; empty = guess by magnitude, unknown = nanoseconds
    static Timestamps of(String precision, long receivedNs) {
        long unit =
                switch (precision) {
                    case "" -> GUESS;
                    case "u" -> 1_000;
                    case "ms" -> 1_000_000;
                    case "s" -> SECOND;
                    case "m" -> 60 * SECOND;
                    case "h" -> 3600 * SECOND;
                    default -> 1;
                };
        return new Timestamps(receivedNs, unit);
    }

    long receivedNs() {
        return receivedNs;
    }

    /// Nanoseconds since 1970; the receive time for zero and negative times.
    long toNs(long time) {
        if (time <= 0) {
            return receivedNs;
        }
        long factor = unit == GUESS ? guess(time) : unit;
        return time > Long.MAX_VALUE / factor ? OUT_OF_RANGE : time * factor;
    }

    static Warning warning(int point) {
        return new Warning(
                point,
                "invalid_time",
                "time has no nanoseconds since 1970 in 64 bits, took the receive time");
    }

    private static long guess(long time) {
        if (time < 10_000_000_000L) {
            return SECOND;
        }
        if (time < 10_000_000_000_000L) {
            return 1_000_000;
        }
        return time < 10_000_000_000_000_000L ? 1_000 : 1;
    }
}
