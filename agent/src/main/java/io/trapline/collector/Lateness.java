package io.trapline.collector;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;

/// How late runs started: a histogram over microseconds with 16 steps for each power of two, so a
/// quantile is at most 1/16 above the true value. Any thread may call any method.
public final class Lateness {
    private static final int STEPS = 16;
    private static final int STEP_BITS = 4;

    private final AtomicLongArray counts = new AtomicLongArray((64 - STEP_BITS) * STEPS);
    private final AtomicLong max = new AtomicLong();

    void record(long nanos) {
        long value = Math.max(0, nanos);
        counts.incrementAndGet(bucket(value / 1000));
        max.accumulateAndGet(value, Math::max);
    }

    /// Milliseconds; all zero as long as nothing ran.
    public Summary summary() {
        long[] copy = new long[counts.length()];
        long total = 0;
        for (int i = 0; i < copy.length; i++) {
            copy[i] = counts.get(i);
            total += copy[i];
        }
        double most = max.get() / 1e6;
        return new Summary(
                total,
                Math.min(most, quantile(copy, total, 0.5)),
                Math.min(most, quantile(copy, total, 0.99)),
                most);
    }

    private static double quantile(long[] counts, long total, double q) {
        long rank = (long) Math.ceil(total * q);
        long seen = 0;
        for (int i = 0; i < counts.length; i++) {
            seen += counts[i];
            if (seen >= rank && seen > 0) {
                return upper(i) / 1000.0;
            }
        }
        return 0;
    }

    private static int bucket(long micros) {
        if (micros < STEPS) {
            return (int) micros;
        }
        int shift = 63 - Long.numberOfLeadingZeros(micros) - STEP_BITS;
        return (shift + 1) * STEPS + (int) (micros >>> shift) - STEPS;
    }

    private static long upper(int bucket) {
        if (bucket < STEPS) {
            return bucket + 1L;
        }
        int shift = bucket / STEPS - 1;
        return (bucket % STEPS + STEPS + 1L) << shift;
    }

    /// @param count how many runs
    /// @param p50Ms half of the runs started at most this late
    /// @param p99Ms ninety-nine of a hundred runs
    /// @param maxMs the latest of all
    public record Summary(long count, double p50Ms, double p99Ms, double maxMs) {}
}
