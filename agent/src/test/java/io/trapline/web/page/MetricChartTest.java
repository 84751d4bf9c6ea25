package io.trapline.web.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.trapline.model.Batch;
import io.trapline.model.Entry;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import io.trapline.store.LocalStore;
import io.trapline.store.MemoryJournal;
import io.trapline.store.Store;
import io.trapline.store.StoreSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What a chart draws of metrics in a real store: two streams of a counter, one growing by 2 a
/// second, one by 3 and starting again once; a gauge that was 10 an hour earlier and is 1 to 100.
class MetricChartTest {
    private static final Instant NOW = Instant.parse("2026-11-21T04:40:00Z");
    private static final long NOW_S = NOW.getEpochSecond();

    @TempDir static Path directory;
    private static Store store;

    @BeforeAll
    static void start() throws Exception {
        MemoryJournal journal = new MemoryJournal();
        store = LocalStore.open(directory, () -> StoreSettings.DEFAULT, journal, () -> NOW);
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            long second = NOW_S - 1000 + i * 10L;
            entries.add(sample("served", "a", i * 20.0, second));
            entries.add(sample("served", "b", (i < 50 ? 7000.0 : 0.0) + i % 50 * 30.0, second));
            entries.add(sample("gauge", "a", i + 1.0, second));
            entries.add(sample("gauge", "a", 10, second - 3600));
            entries.add(
                    new Sample(
                            "version",
                            List.of(),
                            new SampleValue.Text("2.4." + i / 50),
                            second * 1_000_000_000L));
        }
        for (int i = 0; i < 60; i++) {
            // Every 10 s for 10 minutes, some milliseconds late, with a hole of 75 s; a peak of 58.
            if (i < 20 || i > 27) {
                entries.add(
                        new Sample(
                                "holed",
                                List.of(),
                                new SampleValue.Real(i == 31 ? 58 : 40 + i % 2),
                                (NOW_S - 600 + i * 10L) * 1_000_000_000L + i % 3 * 2_000_000L));
            }
            entries.add(sample("whole", "a", i, NOW_S - 600 + i * 10L));
        }
        journal.append(new Batch("pythond/x/Y", 0, entries));
        assertThat(store.catchUp(Duration.ofSeconds(30))).isTrue();
    }

    private static Sample sample(String name, String zone, double value, long second) {
        return new Sample(
                name,
                List.of(new Tag("zone", zone)),
                new SampleValue.Real(value),
                second * 1_000_000_000L);
    }

    @AfterAll
    static void stop() {
        store.close();
    }

    private static MetricChart draw(String... params) {
        MetricChart chart =
                MetricChart.draw(
                        MetricForm.of(Params.of(params), NOW), new Ask(Optional.of(store)));
        assertThat(chart.error()).isEmpty();
        return chart;
    }

    private static double mean(Line line) {
        return line.points().stream().mapToDouble(point -> point[1]).average().orElseThrow();
    }

    @Test
    void rates_of_streams_are_added_up_and_a_counter_may_start_again() {
        List<Line> each = draw("name", "served", "agg", "rate", "by", "zone").lines();
        assertThat(each).extracting(Line::name).containsExactly("a", "b");
        assertThat(each.get(0).points()).allSatisfy(p -> assertThat(p[1]).isEqualTo(2));
        assertThat(mean(each.get(1))).isCloseTo(3, within(0.1));
        List<Line> all = draw("name", "served", "agg", "rate", "by", "all").lines();
        assertThat(all).hasSize(1);
        assertThat(mean(all.getFirst())).isCloseTo(5, within(0.1));
    }

    @Test
    void a_step_holds_at_least_one_sample() {
        assertThat(draw("name", "gauge", "range", "5m").stepMs()).isEqualTo(10_000);
        assertThat(draw("name", "gauge", "range", "24h").stepMs()).isEqualTo(600_000);
    }

    @Test
    void an_earlier_time_is_drawn_beside_at_the_same_place() {
        MetricChart chart = draw("name", "gauge", "range", "15m", "compare", "hour", "by", "zone");
        assertThat(chart.lines()).extracting(Line::name).containsExactly("a", "a, an hour before");
        assertThat(chart.lines()).extracting(Line::earlier).containsExactly(false, true);
        assertThat(chart.lines().get(1).points())
                .isNotEmpty()
                .allSatisfy(point -> {
                    assertThat(point[1]).isEqualTo(10);
                    assertThat(point[0]).isBetween((NOW_S - 910) * 1000.0, NOW_S * 1000.0);
                });
    }

    /// All of them lie in one step: 1 to 100, and a hundred times 10.
    @ParameterizedTest
    @CsvSource({
        "min, 1",
        "max, 100",
        "count, 200",
        "sum, 6050",
        "last, 100",
        "p50, 10",
        "p99, 98.01",
        "avg, 30.25"
    })
    void values_of_a_step_are_put_together(String aggregate, double value) {
        List<Line> lines =
                draw(
                                "name",
                                "gauge",
                                "agg",
                                aggregate,
                                "from",
                                "2026-11-01T00:00:00",
                                "to",
                                "2026-12-30T00:00:00")
                        .lines();
        assertThat(lines).hasSize(1);
        assertThat(lines.getFirst().points()).hasSize(1);
        assertThat(lines.getFirst().points().getFirst()[1]).isCloseTo(value, within(1e-6));
    }

    @Test
    void a_hole_neither_changes_the_step_nor_is_drawn_over() {
        MetricChart chart = draw("name", "holed", "range", "15m");
        assertThat(chart.stepMs()).isEqualTo(draw("name", "whole", "range", "15m").stepMs());
        Line line = chart.lines().getFirst();
        assertThat(line.gapMs()).isBetween(30_000.0, 40_000.0);
        List<Double> distances = new ArrayList<>();
        for (int i = 1; i < line.points().size(); i++) {
            distances.add(line.points().get(i)[0] - line.points().get(i - 1)[0]);
        }
        assertThat(distances).filteredOn(distance -> distance > line.gapMs()).hasSize(1);
        assertThat(draw("name", "whole", "range", "15m").lines().getFirst().gapMs())
                .isBetween(30_000.0, 40_000.0);
    }

    /// A step of 30 s and a sample each 10 s: a step without any is a hole already.
    @Test
    void a_step_without_a_sample_is_a_hole_where_steps_hold_many() {
        MetricChart chart = draw("name", "holed", "range", "6h");
        assertThat(chart.stepMs()).isEqualTo(120_000);
        assertThat(chart.lines().getFirst().gapMs()).isEqualTo(180_000);
    }

    @ParameterizedTest
    @CsvSource({"5m, 58", "15m, 58", "6h, 58", "24h, 58", "7d, 58"})
    void the_figures_are_of_the_samples_however_long_the_steps(String range, double most) {
        Line line = draw("name", "holed", "range", range).lines().getFirst();
        assertThat(line.figures().most()).isEqualTo(most);
        assertThat(line.figures().least()).isEqualTo(40);
        assertThat(line.figures().last()).as("the last sample").isEqualTo(41);
        if (!range.equals("5m")) {
            assertThat(line.figures().values()).isEqualTo(52);
            assertThat(line.figures().mean()).isCloseTo(40.5 + 17 / 52.0, within(1e-9));
        }
    }

    @Test
    void the_band_behind_a_mean_has_the_least_and_the_most_of_each_step() {
        Line line = draw("name", "holed", "range", "6h").lines().getFirst();
        assertThat(line.band()).hasSameSizeAs(line.points());
        assertThat(line.band()).anySatisfy(pair -> assertThat(pair).containsExactly(40, 58));
        assertThat(draw("name", "whole", "range", "15m").lines().getFirst().band())
                .as("a sample a step")
                .isEmpty();
    }

    @Test
    void a_rate_has_the_figures_of_its_steps() {
        MetricChart chart = draw("name", "served", "agg", "rate", "tag", "zone=a");
        assertThat(chart.isOfSamples()).isFalse();
        assertThat(chart.lines().getFirst().most()).isEqualTo("2");
        assertThat(draw("name", "served", "tag", "zone=a").isOfSamples()).isTrue();
    }

    @Test
    void the_last_hour_of_a_metric_that_is_minutes_old_begins_with_it() {
        MetricChart chart = draw("name", "whole");
        assertThat(chart.begin()).isEqualTo(NOW.minusSeconds(600));
        assertThat(chart.since()).isEqualTo(", data since 2026-11-21 04:30:00 UTC");
        assertThat(draw("name", "gauge").begin())
                .as("there before, so the emptiness is a hole")
                .isEqualTo(NOW.minusSeconds(3600));
        assertThat(
                        draw(
                                        "name",
                                        "whole",
                                        "from",
                                        "2026-11-21T04:00:00",
                                        "to",
                                        "2026-11-21T04:40:00")
                                .begin())
                .as("a time that somebody chose")
                .isEqualTo(NOW.minusSeconds(2400));
        assertThat(draw("name", "whole", "compare", "hour").begin())
                .isEqualTo(NOW.minusSeconds(3600));
    }

    @Test
    void a_metric_of_texts_shows_them() {
        MetricChart chart = draw("name", "version");
        assertThat(chart.isEmpty()).isTrue();
        assertThat(chart.texts()).hasSize(50);
        assertThat(chart.texts().getFirst().text()).isEqualTo("2.4.1");
    }

    @Test
    void the_statement_below_the_chart_gives_its_figures() throws Exception {
        MetricChart chart = draw("name", "gauge", "by", "all", "agg", "p90");
        assertThat(store.query(chart.sql(), Duration.ofSeconds(30)).rows())
                .hasSize(chart.lines().getFirst().points().size());
    }

    @Test
    void tags_narrow_the_lines_and_their_suggestions() {
        assertThat(draw("name", "served", "tag", "zone=a").lines()).hasSize(1);
        assertThat(draw("name", "served", "tag", "zone=a, zone=b").lines()).isEmpty();
        Ask ask = new Ask(Optional.of(store));
        assertThat(
                        MetricNames.suggest(
                                "tag", MetricForm.of(Params.of("tag", "zone=a, ZO"), NOW), ask))
                .containsExactly("zone=a, zone=a");
        assertThat(MetricNames.suggest("name", MetricForm.of(Params.of("name", "ERV"), NOW), ask))
                .containsExactly("served");
    }
}
