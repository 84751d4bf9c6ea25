package io.trapline.collector;

import java.time.Duration;

/// Waiting times after failures in a row: 1 s, doubling, at most 5 minutes. Not thread-safe.
final class Backoff {
    private static final long FIRST = Duration.ofSeconds(1).toNanos();
    private static final long LONGEST = Duration.ofMinutes(5).toNanos();

    private int failures;

    /// Counts one more failure and tells how long to wait after it, in nanoseconds.
    long next() {
        int doublings = Math.min(failures, 20);
        failures++;
        return Math.min(LONGEST, FIRST << doublings);
    }

    void reset() {
        failures = 0;
    }

    int failures() {
        return failures;
    }
}
