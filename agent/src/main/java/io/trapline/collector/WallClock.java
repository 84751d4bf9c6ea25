package io.trapline.collector;

import java.time.Instant;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/// What the wall clock shows at a monotonic time, as it goes now, in nanoseconds since 1970.
///
/// The distance between both clocks is kept until they differ by more than a millisecond: so ticks
/// that are one interval apart are shown exactly so, and a step of the wall clock shows in the next
/// tick. Any thread may call any method.
final class WallClock {
    private static final long STEP = 1_000_000L;
    private static final long UNDISTURBED = 100_000L;

    private final LongSupplier nanos;
    private final InstantSource wall;
    private volatile long distance;

    WallClock(LongSupplier nanos, InstantSource wall) {
        this.nanos = nanos;
        this.wall = wall;
        this.distance = wallNs() - nanos.getAsLong();
    }

    long at(long monotonic) {
        long before = nanos.getAsLong();
        long measured = wallNs() - before;
        // A pause between the two readings looks like a step.
        boolean undisturbed = nanos.getAsLong() - before < UNDISTURBED;
        if (undisturbed && Math.abs(measured - distance) > STEP) {
            distance = measured;
        }
        return monotonic + distance;
    }

    private long wallNs() {
        Instant now = wall.instant();
        return now.getEpochSecond() * 1_000_000_000L + now.getNano();
    }
}
