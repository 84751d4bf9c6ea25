package io.trapline.store;

import java.time.Duration;
import java.time.Instant;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The time by which the store forgets. What is deleted is gone, so a clock that is suddenly far
/// ahead is not followed: not further than a day beyond what was known before and the time that has
/// passed since, until it has stayed there for a day. A clock that goes back is followed: it
/// deletes less.
///
/// One thread at a time uses it.
final class BelievedTime {
    private static final Logger LOG = LoggerFactory.getLogger(BelievedTime.class);
    private static final Duration AHEAD = Duration.ofDays(1);
    private static final Duration SETTLED = Duration.ofDays(1);

    private final LongSupplier nanos;
    private Instant known;
    private long knownAt;
    private boolean doubts;
    private long doubtsSince;

    /// @param nanos a clock that never jumps
    /// @param known the newest time that was believed before
    BelievedTime(LongSupplier nanos, Instant known) {
        this.nanos = nanos;
        this.known = known;
        knownAt = nanos.getAsLong();
    }

    /// @param clock what the wall clock shows
    Instant at(Instant clock) {
        long now = nanos.getAsLong();
        Instant expected = known.plusNanos(now - knownAt);
        Instant latest = expected.plus(AHEAD);
        if (clock.isAfter(latest)) {
            if (!doubts) {
                doubts = true;
                doubtsSince = now;
                LOG.warn(
                        "the clock shows {}, and {} was the time when the store last looked: that is"
                                + " not believed yet. Nothing is deleted for its age beyond what"
                                + " {} allows; if the clock is right, it is followed when it has"
                                + " shown that for {} hours",
                        clock,
                        expected,
                        latest,
                        SETTLED.toHours());
            }
            if (now - doubtsSince < SETTLED.toNanos()) {
                return latest;
            }
            LOG.warn("the clock has stayed at what it shows, {}: it is followed now", clock);
        }
        doubts = false;
        if (clock.isAfter(expected)) {
            known = clock;
            knownAt = now;
        }
        return clock;
    }

    /// To be kept for the next start.
    Instant known() {
        return known.plusNanos(nanos.getAsLong() - knownAt);
    }
}
