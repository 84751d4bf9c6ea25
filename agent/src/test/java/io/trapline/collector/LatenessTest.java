package io.trapline.collector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class LatenessTest {
    @Test
    void quantiles_are_at_most_a_sixteenth_too_high() {
        Lateness lateness = new Lateness();
        for (long micros = 1; micros <= 100_000; micros++) {
            lateness.record(micros * 1000);
        }
        Lateness.Summary summary = lateness.summary();
        assertThat(summary.count()).isEqualTo(100_000);
        assertThat(summary.p50Ms()).isBetween(50.0, 50 * 17 / 16.0);
        assertThat(summary.p99Ms()).isBetween(99.0, 99 * 17 / 16.0);
        assertThat(summary.maxMs()).isCloseTo(100, within(1e-9));
    }

    @Test
    void nothing_yet_is_zero_and_extremes_fit() {
        Lateness lateness = new Lateness();
        assertThat(lateness.summary()).isEqualTo(new Lateness.Summary(0, 0, 0, 0));
        lateness.record(-5);
        lateness.record(Long.MAX_VALUE);
        assertThat(lateness.summary().maxMs()).isGreaterThan(9e12);
    }
}
