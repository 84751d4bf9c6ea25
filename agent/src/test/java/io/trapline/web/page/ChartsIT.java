package io.trapline.web.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import io.trapline.model.Entry;
import io.trapline.model.PlainNumber;
import io.trapline.model.Run;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.web.Browser;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What a browser really draws and writes: where the pages' JavaScript has the last word.
class ChartsIT {
    private static final Duration SOON = Duration.ofMinutes(3);

    /// The points of a series of the page's first chart, as drawn.
    private static final String SERIES =
            "const series = echarts.getInstanceByDom(document.querySelector('[data-chart]'))"
                    + ".getOption().series.find(one => one.name === arguments[0]);"
                    + "const points = series.data.map(point => point.value ?? point);";

    @TempDir private static Path folder;
    private static PagesFixture at;
    private static Browser browser;

    @BeforeAll
    static void start() throws Exception {
        at = new PagesFixture(folder.resolve("home"));
        browser = Browser.open(folder.resolve("browser"));
        List<Entry> entries = new ArrayList<>();
        List<Run> runs = new ArrayList<>();
        for (int i = 0; i < 90; i++) {
            // Every 10 s for a quarter of an hour, with a pause of 75 s, and a lonely one after it.
            if (i < 30 || i == 38 || i > 42) {
                long time = PagesFixture.ns(at.now.minusSeconds(900 - i * 10L));
                entries.add(new Sample("queue", List.of(), new SampleValue.Real(40 + i % 5), time));
                runs.add(at.run(Duration.ofSeconds(900 - i * 10L), Run.Outcome.OK));
            }
            for (int n = 0; n < 10; n++) {
                entries.add(
                        new Sample(
                                "fast",
                                List.of(),
                                new SampleValue.Real(n == 5 ? 98.4801 : 11.5 + n),
                                PagesFixture.ns(at.now.minusSeconds(900 - i * 10L - n))));
            }
        }
        entries.addAll(runs);
        at.store("pythond/shop/Orders", entries);
        at.inputs = at.shop(runs);
    }

    @AfterAll
    static void stop() throws Exception {
        if (browser != null) {
            browser.close();
        }
        at.close();
    }

    @BeforeEach
    void begin() {
        browser.look(Browser.Theme.LIGHT, 1280, 900);
    }

    private static Object js(String script, Object... arguments) {
        return Objects.requireNonNull(browser.driver().executeScript(script, arguments));
    }

    private static void open(String path) {
        browser.go(at.address() + path);
        browser.see("[data-chart][data-drawn]:not([data-drawn='0']) canvas");
    }

    @Test
    void a_pause_is_a_hole_in_the_line_and_a_lonely_value_is_seen() throws Exception {
        open("/ui/metrics?name=queue&range=15m&agg=max");
        assertThat(js(SERIES + "return points.filter(point => point[1] === null).length;", "queue"))
                .isEqualTo(2L);
        assertThat(
                        js(
                                SERIES
                                        + "const from = points.findIndex(point => point[1] === null);"
                                        + "return points[from + 1][0] - points[from - 1][0];",
                                "queue"))
                .isEqualTo(90_000L);
        assertThat(
                        js(
                                SERIES
                                        + "return series.data.filter(point => point.symbol === 'circle').length;",
                                "queue"))
                .as("a point with a hole on either side has a symbol")
                .isEqualTo(1L);
        browser.picture("chart-holes");
    }

    @Test
    void the_line_of_a_traceback_is_seen_without_scrolling() throws Exception {
        Path file = folder.resolve("broken.py");
        java.nio.file.Files.writeString(file, "pass  # a line\n".repeat(19) + "1 / 0  # here\n");
        List<io.trapline.collector.InputStatus> before = at.inputs;
        io.trapline.collector.CollectorStatus orders =
                at.shop(List.of()).getFirst().collectors().getFirst();
        long planned = PagesFixture.ns(at.now.minusSeconds(3));
        at.store(
                "pythond/shop/Broken",
                List.of(
                        new Run(
                                "shop",
                                "Broken",
                                planned,
                                planned,
                                5,
                                Run.Outcome.ERROR,
                                0,
                                "Traceback (most recent call last):\n  File \""
                                        + file
                                        + "\", line 16, in run\nZeroDivisionError: no")));
        at.inputs = at.withCollector(orders, "Broken", file.toString());
        try {
            browser.go(at.address() + "/ui/collector?input=shop&collector=Broken");
            browser.see(".source .culprit");
            assertThat(
                            js(
                                    "const box = document.querySelector('.source').getBoundingClientRect();"
                                            + "const line = document.querySelector('.source .culprit').getBoundingClientRect();"
                                            + "return line.left >= box.left - 1 && line.right <= box.right + 1"
                                            + " && line.top >= box.top && line.bottom <= box.bottom;"))
                    .isEqualTo(true);
            assertThat(
                            js(
                                    "const tops = [...document.querySelectorAll('.source > span')]"
                                            + ".map(one => one.getBoundingClientRect().top);"
                                            + "return new Set(tops).size;"))
                    .as("one below the other")
                    .isEqualTo(9L);
        } finally {
            at.inputs = before;
        }
    }

    @Test
    void durations_of_a_paused_collector_have_the_same_hole() throws Exception {
        open("/ui/collector?input=shop&collector=Orders");
        assertThat(
                        js(
                                SERIES + "return points.filter(point => point[1] === null).length;",
                                "duration"))
                .isEqualTo(2L);
        browser.picture("collector-holes");
    }

    @Test
    void the_band_goes_from_the_least_to_the_most_and_is_in_neither_legend_nor_tooltip()
            throws Exception {
        open("/ui/metrics?name=fast&range=15m");
        assertThat(js(SERIES + "return Math.min(...points.map(p => p[1]));", "least of fast"))
                .isEqualTo(11.5);
        assertThat(
                        ((Number)
                                        js(
                                                "const all = echarts.getInstanceByDom(document.querySelector('[data-chart]')).getOption().series;"
                                                        + "const of = name => all.find(one => one.name === name).data;"
                                                        + "return Math.max(...of('least of fast').map((p, i) => p[1] + of('most of fast')[i][1]));"))
                                .doubleValue())
                .isCloseTo(98.4801, within(1e-9));
        assertThat(js(SERIES + "return series.tooltip.show;", "most of fast")).isEqualTo(false);
        assertThat(
                        js(
                                "return echarts.getInstanceByDom(document.querySelector('[data-chart]')).getOption().legend[0].data;"))
                .isEqualTo(List.of("fast"));
        assertThat(browser.text("#figures tbody td:nth-of-type(4)")).isEqualTo("98.4801");
        browser.picture("chart-band");
    }

    @Test
    void a_young_metric_is_drawn_from_its_beginning() {
        open("/ui/metrics?name=fast&range=1h");
        assertThat(
                        js(
                                "return echarts.getInstanceByDom(document.querySelector('[data-chart]')).getOption().xAxis[0].min;"))
                .isEqualTo(PagesFixture.NOW.minusSeconds(900).toEpochMilli());
        assertThat(browser.text(".moves")).contains("data since 2026-11-21 04:25:00 UTC");
    }

    @Test
    void tooltip_table_and_axis_have_one_format() {
        open("/ui/metrics?name=fast&range=15m");
        String format =
                "const option = echarts.getInstanceByDom(document.querySelector('[data-chart]')).getOption();";
        assertThat(js(format + "return option.tooltip[0].valueFormatter(57997);"))
                .isEqualTo("57997");
        assertThat(js(format + "return option.tooltip[0].valueFormatter(43680.7261);"))
                .isEqualTo("43680.7")
                .isEqualTo(Show.number(43680.7261));
        assertThat(js(format + "return option.tooltip[0].valueFormatter(null);")).isEqualTo("–");
        assertThat(js(format + "return option.yAxis[0].axisLabel.formatter(60000);"))
                .isEqualTo("60 k");
        assertThat(js(format + "return option.yAxis[0].axisLabel.formatter(0.005);"))
                .isEqualTo("0.005");
    }

    @Test
    void what_was_drawn_stays_with_its_age_when_the_store_falls_silent() throws Exception {
        try (PagesFixture mute = new PagesFixture(folder.resolve("mute"))) {
            mute.store(
                    "pythond/x/Y",
                    List.of(
                            new Sample(
                                    "a",
                                    List.of(),
                                    new SampleValue.Real(1),
                                    PagesFixture.ns(PagesFixture.NOW.minusSeconds(9)))));
            browser.go(mute.address() + "/ui/metrics?name=a&range=15m");
            browser.see("[data-chart][data-drawn]:not([data-drawn='0']) canvas");
            mute.store.close();
            browser.see(".card .note.bad", "What is drawn is of");
            assertThat(browser.text(".card .note.bad"))
                    .startsWith("The store is not open (yet). What is drawn is of ");
            assertThat(js(SERIES + "return points.length;", "a")).isEqualTo(1L);
            await().atMost(SOON)
                    .until(() -> browser.text("#figures tbody tr").startsWith("a 1 1 1 1 1"));
        }
    }

    @Test
    void the_pages_write_numbers_as_the_program_does_digit_for_digit() {
        List<Double> values = new ArrayList<>(List.of(0.0, -0.0, 1e15, 999999999999999.0, 1e-6));
        values.addAll(List.of(1e-7, 4.9e-324, Double.MAX_VALUE, 0.1, -2.5, 9.99999999, 0.5));
        values.addAll(List.of(2.527602688E10, 43680.7261, 4368072.61, 99999.95, 1e21, 123456.5));
        Random random = new Random(7);
        for (int i = 0; i < 5000; i++) {
            double any = Double.longBitsToDouble(random.nextLong());
            values.add(Double.isFinite(any) ? any : 1.5);
            values.add(random.nextGaussian() * Math.pow(10, random.nextInt(-9, 18)));
            values.add(random.nextInt(-100_000, 100_000) / 100.0);
        }
        browser.go(at.address() + "/ui/sql");
        List<String> texts = values.stream().map(Object::toString).toList();
        assertThat(js("return arguments[0].map(text => PlainNumber.of(Number(text)));", texts))
                .isEqualTo(values.stream().map(PlainNumber::of).toList());
        assertThat(
                        js(
                                "return arguments[0].map(text => PlainNumber.rounded(Number(text), 6));",
                                texts))
                .isEqualTo(values.stream().map(value -> PlainNumber.rounded(value, 6)).toList());
        assertThat(js("return [NaN, Infinity, -Infinity].map(PlainNumber.of);"))
                .isEqualTo(List.of("NaN", "Infinity", "-Infinity"));
    }

    @Test
    void an_address_that_nobody_knows_leads_back() {
        browser.go(at.address() + "/nothing/here");
        assertThat(browser.text("main")).contains("Not found", "There is no page /nothing/here");
        browser.click("main a", "Back to the overview");
        browser.see("#live h1");
    }
}
