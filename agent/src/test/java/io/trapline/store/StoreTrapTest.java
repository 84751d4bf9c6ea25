package io.trapline.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.trapline.model.Blob;
import io.trapline.model.Sample;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import io.trapline.model.circllhist.Circllhist;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What is special about the samples of checks: one row a stream and millisecond, and histograms
/// that SQL can reckon with.
class StoreTrapTest {
    private static final String CHECK = "trap/a9856a6a-3b46-e18b-d890-acafaa955348";
    private static final long NOW = StoreFixture.NOW_NS;

    @TempDir private Path folder;

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void the_largest_by_absolute_value_of_a_millisecond_stays_in_one_batch_and_across(
            boolean across) throws Exception {
        try (StoreFixture store = new StoreFixture(folder)) {
            List<SampleValue> values =
                    List.of(
                            new SampleValue.Real(3),
                            new SampleValue.Real(-7),
                            new SampleValue.Absent(SampleType.DOUBLE),
                            new SampleValue.Real(5));
            if (across) {
                for (SampleValue value : values) {
                    store.accept(CHECK, sample("a", value, NOW));
                    store.rows("SELECT 1");
                }
            } else {
                store.accept(
                        CHECK,
                        values.stream()
                                .map(value -> sample("a", value, NOW))
                                .toArray(Sample[]::new));
            }
            store.accept(CHECK, sample("a", new SampleValue.Real(1), NOW + 1_000_000));
            store.accept(CHECK, sample("b", new SampleValue.Real(2), NOW));
            assertThat(store.rows("SELECT name, value FROM metrics ORDER BY name, time"))
                    .containsExactly(List.of("a", -7.0), List.of("a", 1.0), List.of("b", 2.0));
            assertThat(store.store().status().samples()).isEqualTo(3);
        }
    }

    @Test
    void older_rows_are_found_again_after_a_restart_and_other_sources_keep_every_sample()
            throws Exception {
        try (StoreFixture store = new StoreFixture(folder)) {
            SampleValue large = new SampleValue.Whole(SampleType.UINT64, -1);
            store.accept(CHECK, sample("big", large, NOW), sample("t", text("x"), NOW));
            store.accept(CHECK, sample("big", new SampleValue.Real(0), NOW + 5_000_000));
            store.accept("push/1500101", sample("p", new SampleValue.Real(2), NOW));
            store.rows("SELECT 1");
            store.stop();
            store.accept(CHECK, sample("big", new SampleValue.Real(12), NOW));
            store.accept(CHECK, sample("t", text("y"), NOW));
            store.accept("push/1500101", sample("p", new SampleValue.Real(2), NOW));
            assertThat(
                            store.rows(
                                    "SELECT name, type, text FROM metrics WHERE name <> 'p'"
                                            + " AND time_ns = "
                                            + NOW
                                            + " ORDER BY name"))
                    .containsExactly(
                            List.of("big", "L", "18446744073709551615"), List.of("t", "s", "y"));
            assertThat(store.rows("SELECT count(*) FROM metrics WHERE name = 'p'"))
                    .containsExactly(List.of(2L));
        }
    }

    @Test
    void a_frame_that_is_read_again_changes_nothing() throws Exception {
        try (StoreFixture store = new StoreFixture(folder)) {
            store.journal.keepAll();
            store.journal.loseCommits(true);
            store.accept(CHECK, sample("h", histogram(1, 2, 3), NOW));
            store.accept(CHECK, sample("h", histogram(3), NOW));
            store.rows("SELECT 1");
            store.stop();
            assertThat(store.rows("SELECT count, bin FROM histogram_bins ORDER BY bin"))
                    .containsExactly(List.of(1.0, 1.0), List.of(1.0, 2.0), List.of(2.0, 3.0));
        }
    }

    @ParameterizedTest
    @CsvSource({"0", "0.01", "0.25", "0.5", "0.9", "0.99", "1"})
    void quantiles_in_sql_are_those_of_the_histogram(double q) throws Exception {
        Random random = new Random(4711);
        Circllhist first = new Circllhist();
        Circllhist second = new Circllhist();
        second.insert(Double.NaN);
        for (int i = 0; i < 500; i++) {
            first.insert(random.nextGaussian() * 1000);
            second.insert(i % 50 == 0 ? 0 : Math.exp(random.nextGaussian() * 3));
        }
        try (StoreFixture store = new StoreFixture(folder)) {
            store.accept(
                    CHECK,
                    sample("lat", histogram(first), NOW),
                    sample("lat", histogram(second), NOW + 60_000_000_000L));
            List<List<Object>> rows =
                    store
                            .rows(
                                    "SELECT histogram_quantile(bins, "
                                            + q
                                            + ") FROM histograms WHERE name = 'lat' ORDER BY time")
                            .stream()
                            .map(row -> List.<Object>copyOf(row))
                            .toList();
            assertThat((double) rows.get(0).get(0))
                    .isCloseTo(first.quantile(q), within(1e-9 * Math.abs(first.quantile(q))));
            assertThat((double) rows.get(1).get(0))
                    .isCloseTo(second.quantile(q), within(1e-9 * Math.abs(second.quantile(q))));
            first.merge(second);
            Object merged =
                    store.rows(
                                    "SELECT histogram_quantile(flatten(list(bins)), "
                                            + q
                                            + ") FROM histograms WHERE name = 'lat'")
                            .get(0)
                            .get(0);
            assertThat((Double) merged)
                    .isCloseTo(first.quantile(q), within(1e-9 * Math.abs(first.quantile(q))));
        }
    }

    private static Sample sample(String name, SampleValue value, long timeNs) {
        return new Sample(name, List.of(new Tag("k", "v")), value, timeNs);
    }

    private static SampleValue text(String text) {
        return new SampleValue.Text(text);
    }

    private static SampleValue histogram(double... samples) {
        Circllhist histogram = new Circllhist();
        for (double sample : samples) {
            histogram.insert(sample);
        }
        return histogram(histogram);
    }

    private static SampleValue histogram(Circllhist histogram) {
        return new SampleValue.Histogram(SampleType.HISTOGRAM, Blob.of(histogram.toRecord()));
    }
}
