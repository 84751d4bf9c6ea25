package io.trapline.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Category;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Run;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The same values on each page that shows them.
class NumbersOnPagesTest {
    private static final String COLLECTOR = "/ui/collector?input=shop&collector=Orders";
    private static final double BIG = 2.527602688E10;

    @TempDir static Path directory;
    private static PagesFixture at;

    @BeforeAll
    static void start() throws Exception {
        at = new PagesFixture(directory);
        long time = PagesFixture.ns(at.now.minusSeconds(5));
        List<Entry> entries = new ArrayList<>();
        entries.add(new Sample("whole", List.of(), new SampleValue.Real(64037), time));
        entries.add(new Sample("big", List.of(), new SampleValue.Real(8.95131648E9), time));
        entries.add(new Sample("exact", List.of(), new SampleValue.Real(1.1081058803174246), time));
        entries.add(
                new Point(
                        Category.OBJECT,
                        "HOST",
                        List.of(new Tag("name", "web01")),
                        List.of(
                                new Field("mem_total", new FieldValue.Real(BIG, null)),
                                new Field("cpus", new FieldValue.Real(2, null))),
                        time));
        Run run = at.run(Duration.ofSeconds(5), Run.Outcome.OK);
        entries.add(run);
        at.store("pythond/shop/Orders", entries);
        at.inputs = at.shop(List.of(run));
        at.store(
                "push/" + PagesFixture.METRICS,
                List.of(
                        new Sample(
                                "load",
                                List.of(new Tag("target", "t")),
                                new SampleValue.Real(43680.0),
                                time)));
    }

    @AfterAll
    static void stop() throws Exception {
        at.close();
    }

    @ParameterizedTest
    @CsvSource({
        COLLECTOR + ", 64037",
        COLLECTOR + ", 8951316480",
        COLLECTOR + ", 1.1081058803174246",
        COLLECTOR + ", 25276026880",
        "/ui/metrics, 8951316480",
        "/ui/metrics, 1.1081058803174246",
        "/ui/metrics?name=big, 8951316480",
        "/ui/metrics?name=exact, 1.10811",
        "/ui/records?category=object, 25276026880",
        "/ui/objects, mem_total=25276026880",
        "/ui/objects, cpus=2",
        "/ui/object?category=object&class=HOST&name=web01, 25276026880",
        "/ui/push/view?id=8, 43680",
    })
    void a_value_is_written_in_plain_digits(String path, String text) throws Exception {
        String page = at.page(path).text();
        assertThat(page).containsPattern("(?<![\\d.])" + Pattern.quote(text) + "(?![\\d.]\\d)");
        assertThat(page)
                .doesNotContain(
                        "64037.0", "43680.0", "8.95131648", "2.527602688", "cpus=2.0", "\u202F");
    }

    @Test
    void so_are_the_cells_of_the_console_and_what_is_nested_in_them() throws Exception {
        String body =
                at.post(
                                "/ui/sql",
                                "sql=SELECT+8.95131648E9::DOUBLE+AS+a,+{'b':64037.0::DOUBLE,+'c':[1.5]}+AS+d,"
                                        + "+12.50::DECIMAL(9,2)+AS+e,+5::HUGEINT+AS+f")
                        .body();
        assertThat(org.jsoup.Jsoup.parse(body).select("#answer td").eachText())
                .containsExactly("8951316480", "{\"b\":64037,\"c\":[1.5]}", "12.5", "5");
    }
}
