package io.trapline.forward;

import java.time.Duration;
import java.time.Instant;
import java.util.Random;

/// Time that only a test moves; both clocks go together.
final class ManualTime {
    static final Instant START = Instant.parse("2026-11-21T06:00:00Z");
    private Duration passed = Duration.ZERO;

    synchronized void pass(Duration more) {
        passed = passed.plus(more);
    }

    synchronized Duration passed() {
        return passed;
    }

    Outputs.Surroundings surroundings(long seed) {
        return new Outputs.Surroundings(
                () -> START.plus(passed()), () -> passed().toNanos(), new Random(seed));
    }
}
