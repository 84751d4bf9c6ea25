package io.trapline.period;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Blob;
import io.trapline.model.Sample;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import io.trapline.model.circllhist.Bin;
import io.trapline.model.circllhist.Circllhist;
import io.trapline.period.Measurement.Flag;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AccumulatorTest {
    private static final StreamId M = StreamId.of("m", List.of());
    private static final long END = 1_700_000_100_000L;

    private final List<Sample> out = new ArrayList<>();

    @Test
    void integers_are_summed_exactly_beyond_what_a_double_holds() {
        Accumulator sync = new Accumulator(false, 60_000);
        feed(sync, flagged(Flag.SUM, Long.MAX_VALUE));
        feed(sync, flagged(Flag.SUM, Long.MAX_VALUE));
        feed(sync, flagged(Flag.SUM, 1));
        assertThat(sync.endPeriod(END).samples())
                .containsExactly(sample(new SampleValue.Real(0x1p64, "18446744073709551615"), END));
    }

    @Test
    void a_sum_after_a_mean_goes_on_from_it_and_a_mean_after_a_sum_starts_anew() {
        Accumulator sync = new Accumulator(false, 60_000);
        feed(sync, flagged(Flag.AVERAGE, 10));
        feed(sync, flagged(Flag.AVERAGE, 20));
        feed(sync, flagged(Flag.SUM, 1));
        assertThat(sync.running()).isEqualTo(Map.of("m", new SampleValue.Real(16)));
        feed(sync, flagged(Flag.AVERAGE, 4));
        assertThat(sync.running()).isEqualTo(Map.of("m", new SampleValue.Real(4)));
    }

    @Test
    void a_rejected_metric_is_alive_and_listed_but_not_stored() {
        for (boolean async : new boolean[] {true, false}) {
            Accumulator accumulator = new Accumulator(async, 60_000);
            feed(accumulator, new Measurement.Plain(M, false, whole(5)));
            assertThat(accumulator.running()).containsOnlyKeys("m");
            Accumulator.Ended ended = accumulator.endPeriod(END);
            assertThat(ended).isEqualTo(new Accumulator.Ended(List.of(), true, 1));
        }
        assertThat(out).isEmpty();
    }

    @Test
    void a_period_without_metrics_is_unavailable_and_the_next_one_is_empty() {
        Accumulator sync = new Accumulator(false, 60_000);
        assertThat(sync.endPeriod(END)).isEqualTo(new Accumulator.Ended(List.of(), false, 0));
        feed(sync, new Measurement.Plain(M, true, whole(5)));
        assertThat(sync.endPeriod(END).samples()).hasSize(1);
        assertThat(sync.endPeriod(END).samples()).isEmpty();
    }

    @Test
    void windows_are_a_minute_at_most_aligned_and_given_once_when_they_are_over() {
        Accumulator accumulator = new Accumulator(true, 300_000);
        long start = END / 60_000 * 60_000;
        accumulator.feed(start + 5, bins(false, new Bin(10, 0, 1)), out::add);
        accumulator.feed(start + 59_999, bins(false, new Bin(10, 0, 2)), out::add);
        accumulator.feed(start + 60_000, bins(false, new Bin(20, 0, 7)), out::add);
        assertThat(out).isEmpty();
        assertThat(accumulator.endWindows(start + 59_999)).isEmpty();
        assertThat(accumulator.endWindows(start + 60_000))
                .containsExactly(sample(histogram(SampleType.HISTOGRAM, new Bin(10, 0, 3)), start));
        assertThat(accumulator.endWindows(start + 120_000))
                .containsExactly(
                        sample(histogram(SampleType.HISTOGRAM, new Bin(20, 0, 7)), start + 60_000));
        assertThat(accumulator.endWindows(start + 999_999)).isEmpty();
    }

    @Test
    void a_window_with_cumulative_samples_is_cumulative_and_its_latest_state_wins() {
        Accumulator accumulator = new Accumulator(true, 60_000);
        feed(accumulator, bins(false, new Bin(30, 0, 5)));
        feed(accumulator, bins(true, new Bin(10, 0, 3), new Bin(20, 0, 4)));
        feed(accumulator, bins(true, new Bin(20, 0, 9)));
        assertThat(accumulator.endWindows(Long.MAX_VALUE - 1).getFirst().value())
                .isEqualTo(
                        histogram(
                                SampleType.CUMULATIVE_HISTOGRAM,
                                new Bin(10, 0, 3),
                                new Bin(20, 0, 9),
                                new Bin(30, 0, 5)));
    }

    @Test
    void of_one_millisecond_the_largest_stays_and_the_later_of_equals() {
        assertThat(SameTime.winner(whole(-5), whole(3))).isEqualTo(whole(-5));
        assertThat(SameTime.winner(whole(5), whole(-5))).isEqualTo(whole(-5));
        assertThat(SameTime.winner(whole(5), new SampleValue.Real(5.5)))
                .isEqualTo(new SampleValue.Real(5.5));
        assertThat(SameTime.winner(new SampleValue.Whole(SampleType.UINT64, -1), whole(7)))
                .isEqualTo(new SampleValue.Whole(SampleType.UINT64, -1));
        assertThat(SameTime.winner(whole(5), new SampleValue.Absent(SampleType.INT64)))
                .isEqualTo(whole(5));
        assertThat(SameTime.winner(new SampleValue.Absent(SampleType.INT64), whole(0)))
                .isEqualTo(whole(0));
        assertThat(SameTime.winner(new SampleValue.Text("a"), whole(0))).isEqualTo(whole(0));
        assertThat(SameTime.winner(new SampleValue.Real(Double.NaN), whole(0))).isEqualTo(whole(0));
        assertThat(SameTime.winner(new SampleValue.Real(Double.NEGATIVE_INFINITY), whole(9)))
                .isEqualTo(new SampleValue.Real(Double.NEGATIVE_INFINITY));
    }

    @Test
    void histograms_of_one_millisecond_are_merged_and_do_not_meet_plain_values() {
        SampleValue one = histogram(SampleType.HISTOGRAM, new Bin(10, 0, 1));
        SampleValue two = histogram(SampleType.HISTOGRAM, new Bin(10, 0, 2));
        SampleValue last = histogram(SampleType.CUMULATIVE_HISTOGRAM, new Bin(10, 0, 1));
        assertThat(SameTime.winner(one, two))
                .isEqualTo(histogram(SampleType.HISTOGRAM, new Bin(10, 0, 3)));
        assertThat(SameTime.winner(two, last)).isEqualTo(last);
        assertThat(
                        SameTime.reduce(
                                List.of(
                                        sample(one, 1),
                                        sample(whole(9), 1),
                                        sample(two, 1),
                                        sample(whole(3), 2))))
                .containsExactly(
                        sample(histogram(SampleType.HISTOGRAM, new Bin(10, 0, 3)), 1),
                        sample(whole(9), 1),
                        sample(whole(3), 2));
    }

    private void feed(Accumulator accumulator, Measurement measurement) {
        accumulator.feed(END - 1000, measurement, out::add);
    }

    private static Measurement flagged(Flag flag, long value) {
        Sum sum = new Sum();
        sum.addSigned(value);
        return new Measurement.Flagged(M, true, flag, whole(value), sum);
    }

    private static Measurement bins(boolean cumulative, Bin... bins) {
        return new Measurement.Distribution(M, true, cumulative, false, List.of(bins));
    }

    private static SampleValue whole(long value) {
        return new SampleValue.Whole(SampleType.INT64, value);
    }

    private static SampleValue histogram(SampleType type, Bin... bins) {
        return new SampleValue.Histogram(
                type, Blob.of(Circllhist.ofBins(List.of(bins)).toRecord()));
    }

    private static Sample sample(SampleValue value, long ms) {
        return new Sample("m", List.of(), value, ms * 1_000_000);
    }
}
