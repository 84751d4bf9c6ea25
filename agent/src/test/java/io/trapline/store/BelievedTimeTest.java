package io.trapline.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class BelievedTimeTest {
    private static final Instant START = Instant.parse("2026-11-29T12:00:00Z");
    private static final Duration DAY = Duration.ofDays(1);
    private static final Duration YEARS = Duration.ofDays(3650);

    private Duration passed = Duration.ZERO;
    private final BelievedTime time = new BelievedTime(() -> passed.toNanos(), START);

    private Instant truth() {
        return START.plus(passed);
    }

    @Test
    void a_clock_that_goes_on_is_followed_and_so_is_one_that_goes_back() {
        for (int day = 0; day < 100; day++) {
            assertThat(time.at(truth())).isEqualTo(truth());
            passed = passed.plus(DAY);
        }
        assertThat(time.at(START.minus(YEARS))).isEqualTo(START.minus(YEARS));
        assertThat(time.at(truth())).isEqualTo(truth());
    }

    @Test
    void a_clock_that_is_far_ahead_is_followed_by_a_day_until_it_has_stayed_there_for_one() {
        passed = Duration.ofHours(1);
        assertThat(time.at(truth().plus(YEARS))).isEqualTo(truth().plus(DAY));
        passed = Duration.ofHours(24);
        assertThat(time.at(truth().plus(YEARS))).isEqualTo(truth().plus(DAY));
        passed = Duration.ofHours(25);
        assertThat(time.at(truth().plus(YEARS))).isEqualTo(truth().plus(YEARS));
    }

    @Test
    void a_clock_that_comes_back_in_time_was_never_believed() {
        assertThat(time.at(START.plus(YEARS))).isEqualTo(START.plus(DAY));
        passed = Duration.ofHours(20);
        assertThat(time.at(truth())).isEqualTo(truth());
        passed = Duration.ofHours(30);
        assertThat(time.at(truth().plus(YEARS))).isEqualTo(truth().plus(DAY));
        assertThat(time.known()).isEqualTo(truth());
    }
}
