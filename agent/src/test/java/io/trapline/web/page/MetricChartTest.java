package io.trapline.web.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.trapline.model.Batch;
import io.trapline.model.Entry;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import io.trapline.store.MemoryJournal;
import io.trapline.store.LocalStore;
import io.trapline.store.Store;
import io.trapline.store.StoreSettings;
import io.trapline.web.page.MetricChart.LineOf;
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

    private static double mean(LineOf line) {
        return line.points().stream().mapToDouble(point -> point[1]).average().orElseThrow();
    }

    @Test
    void rates_of_streams_are_added_up_and_a_counter_may_start_again() {
        List<LineOf> each = draw("name", "served", "agg", "rate", "by", "zone").lines();
        assertThat(each).extracting(LineOf::name).containsExactly("a", "b");
        assertThat(each.get(0).points()).allSatisfy(p -> assertThat(p[1]).isEqualTo(2));
        assertThat(mean(each.get(1))).isCloseTo(3, within(0.1));
        List<LineOf> all = draw("name", "served", "agg", "rate", "by", "all").lines();
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
        assertThat(chart.lines())
                .extracting(LineOf::name)
                .containsExactly("a", "a, an hour before");
        assertThat(chart.lines()).extracting(LineOf::earlier).containsExactly(false, true);
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
        List<LineOf> lines =
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
                .hasSize(chart.lines().getFirst().count());
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
