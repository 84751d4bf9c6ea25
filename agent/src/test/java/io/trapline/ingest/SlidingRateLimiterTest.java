package io.trapline.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SlidingRateLimiterTest {
    private static final long S = 1_000_000_000L;

    private long now = -5 * S; // a nano ticker may be negative
    private final SlidingRateLimiter limiter = new SlidingRateLimiter(() -> now);

    @Test
    void no_window_of_60_s_ever_holds_more_than_the_limit() {
        Random random = new Random(3);
        Deque<Long> passed = new ArrayDeque<>();
        for (int i = 0; i < 50_000; i++) {
            now += random.nextLong(2 * S);
            passed.removeIf(time -> now - time >= 60 * S);
            boolean room = passed.size() < 20;
            int wait = limiter.tryAcquire(1, 20);
            assertThat(wait == 0).isEqualTo(room);
            if (room) {
                passed.add(now);
            } else {
                assertThat(wait).isEqualTo((int) Math.ceilDiv(passed.getFirst() + 60 * S - now, S));
            }
        }
    }

    @Test
    void counts_outlive_a_change_of_the_limit() {
        for (int i = 0; i < 5; i++) {
            assertThat(limiter.tryAcquire(1, 5)).isZero();
            now += S;
        }
        // Five have passed, at 0…4 s; with a limit of 2 there is room when the one of 3 s leaves.
        assertThat(limiter.tryAcquire(1, 2)).isEqualTo(58);
        assertThat(limiter.tryAcquire(1, 6)).isZero();
    }

    @Test
    void zero_is_no_limit_and_a_negative_one_lets_nothing_pass() {
        assertThat(limiter.tryAcquire(1, 0)).isZero();
        assertThat(limiter.tryAcquire(1, -2)).isEqualTo(60);
        assertThat(limiter.tracked()).isZero();
    }

    @Test
    void ids_that_fell_silent_are_forgotten() {
        for (int id = 0; id < 1000; id++) {
            assertThat(limiter.tryAcquire(id, 5)).isZero();
        }
        now += 60 * S;
        assertThat(limiter.tryAcquire(5000, 5)).isZero();
        assertThat(limiter.tracked()).isEqualTo(1);
    }
}
