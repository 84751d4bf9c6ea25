package io.trapline.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
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
import org.jsoup.nodes.Document;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Pages whose store has stopped answering: what it said before stays, and where it has said
/// nothing, no page says that there is nothing.
class SilentStoreTest {
    private static final String COLLECTOR = "/ui/collector?input=shop&collector=Orders";

    /// What pages say when the store has answered that it has none.
    private static final Pattern NONE =
            Pattern.compile(
                    "(?i)No metric fits|No numbers|No record fits|No object fits|No run failed"
                            + "|No such run|Nothing has reported|Nothing is in the store"
                            + "|has no report|None in the last|There is no such collector"
                            + "|All is well|Nothing runs here yet");

    @TempDir static Path directory;
    private static PagesFixture at;

    @BeforeAll
    static void start() throws Exception {
        at = new PagesFixture(directory);
        List<Entry> entries = new ArrayList<>();
        for (int i = 1; i < 20; i++) {
            long time = PagesFixture.ns(at.now.minusSeconds(i * 10L));
            entries.add(new Sample("queue", List.of(), new SampleValue.Real(i), time));
            entries.add(
                    new Point(
                            Category.LOGGING,
                            "orders",
                            List.of(),
                            List.of(new Field("message", new FieldValue.Text("paid " + i))),
                            time));
            entries.add(
                    new Point(
                            Category.OBJECT,
                            "HOST",
                            List.of(new Tag("name", "web01")),
                            List.of(new Field("cpus", new FieldValue.Real(2, null))),
                            time));
        }
        Run failed = at.run(Duration.ofSeconds(10), Run.Outcome.ERROR);
        entries.add(failed);
        at.store("pythond/shop/Orders", entries);
        at.store(
                "push/" + PagesFixture.METRICS,
                List.of(
                        new Sample(
                                "load",
                                List.of(new Tag("target", "t")),
                                new SampleValue.Real(3),
                                PagesFixture.ns(at.now.minusSeconds(5)))));
        at.inputs = at.shop(List.of(failed));
        for (String page : seen()) {
            assertThat(at.page(page).select(".note.bad").eachText())
                    .as(page)
                    .allMatch(text -> text.contains("shop/Orders"));
        }
        at.store.close();
        at.now = PagesFixture.NOW.plusSeconds(30);
    }

    @AfterAll
    static void stop() throws Exception {
        at.close();
    }

    private static List<String> seen() {
        return List.of(
                "/",
                COLLECTOR,
                "/ui/metrics",
                "/ui/metrics?name=queue",
                "/ui/records",
                "/ui/objects",
                "/ui/object?category=object&class=HOST&name=web01",
                "/ui/push/view?id=" + PagesFixture.METRICS);
    }

    @Test
    void every_page_keeps_what_it_was_answered_and_says_how_old_it_is() throws Exception {
        for (String path : seen()) {
            Document page = at.page(path);
            assertThat(page.select("p.note.bad[role=status]").text())
                    .as(path)
                    .isEqualTo(
                            "The store is not open (yet). What is shown here is what it answered"
                                    + " 30 s ago.");
            assertThat(NONE.matcher(page.text()).find()).as(path + "\n" + page.text()).isFalse();
        }
        assertThat(at.page("/").select(".failures li").text()).contains("KeyError");
        Document collector = at.page(COLLECTOR);
        assertThat(collector.select("#ledger tbody tr")).hasSize(1);
        assertThat(collector.select(".trace").text()).contains("KeyError");
        assertThat(collector.select("tbody code").eachText()).contains("{\"cpus\":2}");
        assertThat(at.page("/ui/metrics").select("tbody th").eachText())
                .containsExactly("load", "queue");
        assertThat(at.page("/ui/metrics?name=queue").select("#figures tbody tr")).hasSize(1);
        assertThat(at.page("/ui/records").select("#rows tr")).hasSize(38);
        assertThat(at.page("/ui/objects").select("tbody th").eachText()).containsExactly("web01");
        assertThat(at.page("/ui/push/view?id=" + PagesFixture.METRICS).select("tbody th"))
                .hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                COLLECTOR + "&outcome=ok",
                "/ui/collector?input=shop&collector=Other",
                "/ui/metrics?name=other",
                "/ui/metrics?name=other&find=names",
                "/ui/records?q=other",
                "/ui/records?category=keyevent",
                "/ui/objects?q=other",
                "/ui/object?category=object&class=HOST&name=other",
                "/ui/push/view?id=7",
                "/ui/push/view?id=8&range=6h",
            })
    void what_was_never_answered_is_not_said_to_be_nothing(String path) throws Exception {
        Document page = at.page(path);
        assertThat(page.select("p.note.bad[role=status]").text())
                .isEqualTo("The store is not open (yet).");
        assertThat(NONE.matcher(page.text()).find()).as(page.text()).isFalse();
        assertThat(at.get(path).statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/ui/data/series?name=queue",
                "/ui/data/records",
                "/ui/data/runs?input=shop&collector=Orders",
                "/ui/push/events?id=7",
            })
    void a_charts_data_says_why_it_is_not_there(String path) throws Exception {
        assertThat(new ObjectMapper().readTree(at.get(path).body()).get("error").asText())
                .isEqualTo("The store is not open (yet).");
    }

    @Test
    void the_console_says_it_in_its_own_words_and_for_the_views_too() throws Exception {
        assertThat(at.post("/ui/sql", "sql=SELECT+1").body()).contains("the store is closed");
        assertThat(at.page("/ui/sql").text()).contains("They could not be listed.");
    }
}
