package io.trapline.forward;

import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// How long to wait after failures in a row: about 1, 2, 4 … seconds and at most 5 minutes, spread
/// by chance, so that many senders do not come back together. One thread at a time.
final class Backoff {
    private static final long FIRST_MS = 1_000;
    private static final long LAST_MS = 200_000;
    private static final Duration SLOW = Duration.ofMinutes(1);
    private static final Duration MAX_ASKED = Duration.ofHours(1);

    private final RandomGenerator random;
    private int failures;

    Backoff(RandomGenerator random) {
        this.random = random;
    }

    void reset() {
        failures = 0;
    }

    int failures() {
        return failures;
    }

    /// @param asked what the receiver asked for: never less than that, but at most an hour
    /// @param slow not before a minute
    Duration next(Optional<Duration> asked, boolean slow) {
        long step = Math.min(LAST_MS, FIRST_MS << Math.min(failures, 20));
        failures++;
        double spread = 1 + random.nextDouble() / 2;
        if (asked.isPresent()) {
            Duration wanted = asked.get().compareTo(MAX_ASKED) > 0 ? MAX_ASKED : asked.get();
            // Whoever asks for nothing still does not get a storm.
            return longer(wanted, Duration.ofMillis(FIRST_MS))
                    .plusMillis((long) (FIRST_MS * (spread - 1)));
        }
        Duration own = Duration.ofMillis((long) (step * spread));
        return slow ? longer(own, SLOW) : own;
    }

    private static Duration longer(Duration a, Duration b) {
        return a.compareTo(b) > 0 ? a : b;
    }
}
