package io.trapline.collector;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ScheduleTest {
    private static final long S = 1_000_000_000L;

    private static Schedule schedule(String id, double seconds, long now) {
        return schedule(id, 100, seconds, now);
    }

    private static Schedule schedule(String id, int together, double seconds, long now) {
        return Schedule.of(
                "in", id, together, seconds, Optional.empty(), now, 1_700_000_000L * S + now);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.001, 0.5, 1, 2, 7.3, 10, 60, 86_400})
    void ten_thousand_ticks_do_not_drift_by_a_nanosecond(double seconds) {
        Schedule schedule = schedule("a", seconds, -3 * S);
        long interval = Math.round(seconds * S);
        long tick = schedule.grid();
        for (int i = 0; i < 10_000; i++) {
            // A run that begins late and takes long does not move the next tick.
            long later = schedule.next(tick + interval / 3);
            assertThat(later - tick).isEqualTo(interval);
            assertThat(schedule.latest(tick + interval / 3)).isEqualTo(tick);
            tick = later;
        }
        assertThat(tick - schedule.grid()).isEqualTo(10_000 * interval);
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.5, 1, 2, 10, 60, 3600})
    void the_first_run_comes_within_two_seconds_and_the_second_is_not_on_its_heels(double seconds) {
        long interval = Math.round(seconds * S);
        for (int i = 0; i < 500; i++) {
            Schedule schedule = schedule("c" + i, seconds, 77);
            assertThat(schedule.first() - 77).isBetween(0L, 2 * S);
            if (interval <= 2 * S) {
                assertThat(schedule.grid()).isEqualTo(schedule.first());
            }
            assertThat(schedule.next(schedule.first()) - schedule.first())
                    .isBetween(interval / 2, interval * 3 / 2);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 20", "5, 100", "50, 1000", "100, 2000", "100000, 2000"})
    void the_fewer_start_together_the_sooner_they_do(int together, long withinMs) {
        long latest = 0;
        for (int i = 0; i < 500; i++) {
            Schedule schedule = schedule("c" + i, together, 10, 5);
            latest = Math.max(latest, schedule.first() - 5);
        }
        assertThat(latest).isBetween(withinMs * 900_000, withinMs * 1_000_000);
    }

    @Test
    void a_hundred_collectors_of_one_interval_start_all_over_it() {
        TreeSet<Long> phases = new TreeSet<>();
        for (int i = 0; i < 100; i++) {
            Schedule schedule = schedule("collector" + i, 60, 0);
            phases.add(Math.floorMod(schedule.grid(), 60 * S) / (6 * S));
        }
        assertThat(phases).as("tenths of the interval in use").hasSize(10);
    }

    @Test
    void the_phase_is_the_same_after_a_restart_at_another_time() {
        long wall = 1_700_000_000L * S;
        Schedule one = Schedule.of("in", "a", 100, 60, Optional.empty(), 5, wall);
        Schedule two = Schedule.of("in", "a", 100, 60, Optional.empty(), 900 * S, wall + 31 * S);
        assertThat(Math.floorMod(one.grid() - 5 + wall, 60 * S))
                .isEqualTo(Math.floorMod(two.grid() - 900 * S + wall + 31 * S, 60 * S));
    }

    @Test
    void a_splay_bounds_how_far_into_the_interval_the_grid_lies() {
        for (int i = 0; i < 200; i++) {
            Optional<Duration> splay = Optional.of(Duration.ofSeconds(3));
            Schedule schedule = Schedule.of("in", "c" + i, 100, 60, splay, 0, 0);
            assertThat(Math.floorMod(schedule.grid(), 60 * S)).isBetween(0L, 3 * S);
        }
        Schedule none = Schedule.of("in", "a", 100, 10, Optional.of(Duration.ZERO), 4, 10 * S + 4);
        assertThat(Math.floorMod(none.grid(), 10 * S)).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "0,        10000000000",
        "-1,       10000000000",
        "NaN,      10000000000",
        "Infinity, 10000000000",
        "0.5,        500000000",
        "2,         2000000000",
        "1e-9,         1000000",
        "1e300, 315360000000000000"
    })
    void what_is_no_interval_is_ten_seconds(double seconds, long nanos) {
        assertThat(Schedule.intervalNanos(seconds)).isEqualTo(nanos);
    }

    @Test
    void monotonic_time_may_wrap_around() {
        long now = Long.MAX_VALUE - S / 2;
        Schedule schedule = Schedule.of("in", "a", 100, 1, Optional.empty(), now, 0);
        long tick = schedule.first();
        for (int i = 0; i < 5; i++) {
            assertThat(schedule.next(tick) - tick).isEqualTo(S);
            tick = schedule.next(tick);
        }
        assertThat(tick).isNegative();
    }
}
