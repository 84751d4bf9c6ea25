package io.trapline.web.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.trapline.collector.InputStatus;
import io.trapline.forward.OutputBasics;
import io.trapline.forward.PushOutputSettings;
import io.trapline.journal.Journal.JournalStatus;
import io.trapline.model.Category;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Run;
import io.trapline.model.Tag;
import io.trapline.web.ConfigStatus;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What the overview says of itself in its first line, and below it.
class VerdictTest {
    @TempDir private Path directory;
    private PagesFixture at;

    @BeforeEach
    void start() throws Exception {
        at = new PagesFixture(directory);
    }

    @AfterEach
    void stop() throws Exception {
        at.close();
    }

    private String verdict() throws Exception {
        return at.page("/").select("h1").text();
    }

    private List<String> findings() throws Exception {
        return at.page("/").select(".ailments li").eachText();
    }

    private void runs(List<Run> runs) throws Exception {
        at.store("pythond/shop/Orders", List.copyOf(runs));
        at.inputs = at.shop(runs);
    }

    @Test
    void a_collector_that_fails_each_third_run_is_in_the_verdict_after_each_of_its_runs()
            throws Exception {
        List<Run> runs = new ArrayList<>();
        for (int i = 90; i > 0; i--) {
            runs.add(
                    at.run(
                            Duration.ofSeconds(i * 10L),
                            i % 3 == 0 ? Run.Outcome.ERROR : Run.Outcome.OK));
        }
        runs(runs);
        for (int left = 0; left < 6; left++) {
            at.inputs = at.shop(runs.subList(0, runs.size() - left));
            assertThat(verdict()).as("" + left).isEqualTo("! 1 thing needs you");
            assertThat(findings().getFirst())
                    .contains("shop/Orders failed 3 of its last 10 runs: KeyError: 'pears'");
        }
        assertThat(at.page("/ui/collector?input=shop&collector=Orders").select(".note.bad").text())
                .contains("failed 3 of its last 10 runs");
    }

    @Test
    void frames_that_the_journal_cannot_read_any_more_are_a_line() {
        Instant now = Instant.EPOCH;
        Verdict verdict =
                Verdict.of(
                        new Verdict.Facts(
                                List.of(),
                                new Verdict.Outputs(List.of(), Map.of(), ""),
                                List.of(),
                                new JournalStatus(9, 1, 10, 1000, 2, 0, List.of()),
                                new ConfigStatus(1, List.of(), 0, false, now),
                                List.of(),
                                Optional.empty(),
                                Map.of(),
                                List.of(),
                                "",
                                Optional.empty(),
                                now));
        assertThat(verdict.isBad()).isTrue();
        assertThat(verdict.findings())
                .singleElement()
                .satisfies(finding ->
                        assertThat(finding.text())
                                .startsWith("2 frames of the journal are damaged")
                                .contains("trapline verify"));
    }

    @Test
    void each_line_is_one_link_to_where_the_thing_is_shown() throws Exception {
        InputStatus shop =
                at.shop(List.of(at.run(Duration.ofSeconds(10), Run.Outcome.ERROR))).get(0);
        at.inputs =
                List.of(
                        new InputStatus(
                                "shop one",
                                "running",
                                "",
                                Optional.empty(),
                                OptionalLong.empty(),
                                0,
                                List.of("Broken in /x/b.py did not load: SyntaxError: no"),
                                "shop.log",
                                shop.collectors()));
        Document page = at.page("/");
        assertThat(page.select(".ailments li")).hasSize(2);
        for (Element line : page.select(".ailments li")) {
            assertThat(line.select("> a").text()).isEqualTo(line.text());
        }
        String link = page.select(".ailments a[href^=/#]").attr("href");
        assertThat(link).isEqualTo("/#input-shop%20one");
        assertThat(page.getElementById("input-shop one")).isNotNull();
    }

    @Test
    void a_refused_input_is_one_thing_and_called_refused() throws Exception {
        String why = "the input shop is not run: the agent is root and others can write /x";
        at.inputs =
                List.of(
                        new InputStatus(
                                "shop",
                                "refused",
                                why,
                                Optional.of(Instant.EPOCH),
                                OptionalLong.empty(),
                                0,
                                List.of(why, "dirs entry \"y\" does not exist"),
                                "shop.log",
                                List.of()));
        assertThat(at.page("/").select(".ailments li").eachText())
                .containsExactly(
                        "Input shop is refused: " + why,
                        "Input shop: dirs entry \"y\" does not exist");
    }

    @Test
    void the_verdict_is_there_for_programs_word_for_word() throws Exception {
        runs(List.of(at.run(Duration.ofSeconds(10), Run.Outcome.ERROR)));
        com.fasterxml.jackson.databind.JsonNode verdict =
                new com.fasterxml.jackson.databind.ObjectMapper()
                        .readTree(at.get("/api/verdict").body());
        assertThat(verdict.path("well").asBoolean()).isFalse();
        assertThat(verdict.path("findings").findValuesAsText("text"))
                .isEqualTo(findings())
                .containsExactly("Collector shop/Orders failed: KeyError: 'pears'");
        assertThat(verdict.at("/findings/0/severity").asText()).isEqualTo("bad");
        assertThat(verdict.at("/findings/0/link").asText()).startsWith("/ui/collector?");
    }

    @Test
    void a_failure_stays_to_be_looked_at_for_a_quarter_of_an_hour() throws Exception {
        List<Run> runs = new ArrayList<>();
        for (int i = 90; i > 0; i--) {
            runs.add(
                    at.run(
                            Duration.ofSeconds(i * 10L),
                            i == 60 ? Run.Outcome.TIMEOUT : Run.Outcome.OK));
        }
        runs(runs);
        assertThat(verdict()).isEqualTo("! 1 thing to look at");
        assertThat(findings())
                .singleElement()
                .asString()
                .contains("failed 1 of its last 89 runs, the last time 10 min ago: KeyError");

        at.now = PagesFixture.NOW.plusSeconds(400);
        runs(
                java.util.stream.Stream.iterate(39, i -> i > 0, i -> i - 1)
                        .map(i -> at.run(Duration.ofSeconds(i * 10L), Run.Outcome.OK))
                        .toList());
        assertThat(verdict()).isEqualTo("✓ All is well");
    }

    @Test
    void a_collector_that_never_succeeds_says_since_when_and_is_red_on_its_own_page()
            throws Exception {
        List<Run> runs = new ArrayList<>();
        runs.add(at.run(Duration.ofMinutes(5), Run.Outcome.OK));
        for (int i = 12; i > 0; i--) {
            runs.add(at.run(Duration.ofSeconds(i * 10L), Run.Outcome.ERROR));
        }
        runs(runs);
        assertThat(findings())
                .containsExactly(
                        "Collector shop/Orders failed each of its last 10 runs: KeyError: 'pears'"
                                + " for 5 min");
        Document page = at.page("/ui/collector?input=shop&collector=Orders");
        assertThat(page.select(".lead .pill.bad").text()).isEqualTo("last run: error");
        assertThat(page.select(".lead").text()).contains("every 10 s, next now");
    }

    @Test
    void a_slow_collector_is_judged_by_its_last_ten_runs_however_long_ago() throws Exception {
        at.inputs = at.shop(List.of());
        List<Run> runs = new ArrayList<>();
        for (int i = 10; i > 0; i--) {
            runs.add(
                    at.run(
                            Duration.ofMinutes(i * 30L),
                            i == 4 || i == 7 ? Run.Outcome.CRASHED : Run.Outcome.OK));
        }
        runs(runs);
        assertThat(findings().getFirst()).contains("failed 2 of its last 10 runs");
    }

    private static PushOutputSettings output(int port) {
        return new PushOutputSettings(
                new OutputBasics("bk"),
                URI.create("http://127.0.0.1:" + port + "/v2/push/"),
                1,
                "hidden-token",
                PushOutputSettings.Type.TIME_SERIES,
                0,
                500_000,
                "me");
    }

    @Test
    void an_output_that_cannot_deliver_is_named_with_its_reason_its_time_and_its_page()
            throws Exception {
        at.inputs = at.shop(List.of());
        assertThat(verdict()).isEqualTo("✓ All is well");
        int port;
        try (ServerSocket nobody = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = nobody.getLocalPort();
        }
        at.forward(output(port));
        await().atMost(Duration.ofSeconds(30))
                .until(() -> at.outputs.status().getFirst().state().equals("failing"));
        assertThat(at.page("/").select("h1").text())
                .as("it may be a blip")
                .isEqualTo("! 1 thing to look at");

        at.now = PagesFixture.NOW.plusSeconds(600);
        Element found = at.page("/").select(".ailments li").getFirst();
        assertThat(verdict()).isEqualTo("! 1 thing needs you");
        assertThat(found.text())
                .startsWith("Output bk cannot deliver: ")
                .contains("; 1 batch waits")
                .endsWith("for 10 min");
        assertThat(found.select("a").attr("href")).isEqualTo("/ui/outputs#output-bk");
        assertThat(at.page("/ui/outputs").select("#output-bk .note.bad").text())
                .matches(".*\\. It tries again .*\\. Nothing was delivered for 10 min\\.");
        assertThat(at.page("/ui/outputs").select("#output-bk dd").eachText())
                .anyMatch(text -> text.matches("nothing yet; \\d+ requests? failed and .*"));

        at.outputs.pause("bk");
        assertThat(verdict()).as("paused on purpose").isEqualTo("✓ All is well");
    }

    @Test
    void what_a_receiver_refused_waits_for_somebody() throws Exception {
        at.inputs = at.shop(List.of());
        HttpServer receiver =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext(
                "/",
                exchange -> {
                    exchange.getRequestBody().readAllBytes();
                    exchange.sendResponseHeaders(400, -1);
                    exchange.close();
                });
        receiver.start();
        try {
            at.forward(output(receiver.getAddress().getPort()));
            await().atMost(Duration.ofSeconds(30))
                    .until(() -> at.outputs.status().getFirst().aside() == 1);
            assertThat(findings())
                    .singleElement()
                    .asString()
                    .contains("Output bk set 1 item aside that its receiver refused");
        } finally {
            receiver.stop(0);
        }
    }

    private Point event(String name, Duration ago, List<Tag> tags, String... fields) {
        List<Field> all = new ArrayList<>();
        for (int i = 0; i < fields.length; i += 2) {
            all.add(new Field(fields[i], new FieldValue.Text(fields[i + 1])));
        }
        return new Point(Category.KEYEVENT, name, tags, all, PagesFixture.ns(at.now.minus(ago)));
    }

    private Point monitor(String id, String status, Duration ago) {
        return event(
                "measurement",
                ago,
                List.of(),
                "df_event_id",
                id,
                "df_status",
                status,
                "df_title",
                "Pool " + id);
    }

    @Test
    void an_event_counts_until_it_has_recovered() throws Exception {
        at.inputs = at.shop(List.of());
        at.store(
                "pythond/shop/Orders",
                List.of(
                        monitor("disk", "warning", Duration.ofMinutes(50)),
                        monitor("pool", "critical", Duration.ofHours(30)),
                        monitor("load", "error", Duration.ofMinutes(9)),
                        monitor("load", "ok", Duration.ofMinutes(8))));
        assertThat(verdict()).isEqualTo("! 2 things need you");
        Document page = at.page("/");
        assertThat(page.select(".ailments li.bad").text())
                .isEqualTo(
                        "Event \"Pool pool\" of pythond/shop/Orders has not recovered: critical"
                                + " 30 h ago");
        assertThat(page.select(".ailments li.busy").text()).contains("Pool disk", "warning");
        String link = page.select(".ailments li.bad a").attr("href");
        assertThat(at.page(link).select("#rows tr")).hasSize(1);
        assertThat(at.page(link).select("section.card").getFirst().text())
                .contains("Not recovered", "Pool pool");

        at.now = PagesFixture.NOW.plusSeconds(60);
        at.store(
                "pythond/shop/Orders",
                List.of(
                        monitor("disk", "ok", Duration.ZERO),
                        monitor("pool", "ok", Duration.ZERO)));
        assertThat(verdict()).isEqualTo("✓ All is well");
    }

    /// In the order in which the push door keeps them: dimensions as sent, `target`, and
    /// `event_type` last when it was derived.
    private Point pushed(String name, Duration ago, String given, String derived) {
        List<Tag> tags = new ArrayList<>(List.of(new Tag("module", "db")));
        if (!given.isEmpty()) {
            tags.add(new Tag("event_type", given));
        }
        tags.add(new Tag("target", "10.0.0.1"));
        if (!derived.isEmpty()) {
            tags.add(new Tag("event_type", derived));
        }
        return event(name, ago, tags, "content", "x");
    }

    @Test
    void a_deployment_is_no_alarm_and_what_says_that_it_is_abnormal_is_one() throws Exception {
        at.inputs = at.shop(List.of());
        at.store(
                "push/" + PagesFixture.EVENTS,
                List.of(pushed("deploy", Duration.ofMinutes(3), "", "abnormal")));
        assertThat(verdict()).isEqualTo("✓ All is well");
        String events = "/ui/records?category=keyevent";
        assertThat(at.page(events).select("#rows tr")).hasSize(1);
        assertThat(at.page(events).text()).doesNotContain("Not recovered");

        List<Entry> alarms =
                List.of(
                        pushed("backup_failed", Duration.ofMinutes(2), "abnormal", ""),
                        pushed("queue_full", Duration.ofMinutes(9), "", "abnormal"),
                        pushed("queue_full", Duration.ofMinutes(8), "recovery", ""),
                        pushed("queue_full", Duration.ofMinutes(1), "", "abnormal"));
        at.now = PagesFixture.NOW.plusSeconds(30);
        at.store("push/" + PagesFixture.EVENTS, alarms);
        assertThat(findings())
                .hasSize(2)
                .anyMatch(text -> text.contains("backup_failed"))
                .anyMatch(text -> text.contains("queue_full"));
        assertThat(at.page(events).select("section.card").getFirst().text())
                .contains("backup_failed", "queue_full")
                .doesNotContain("deploy");
    }

    @Test
    void a_silent_store_is_said_and_what_it_answered_before_stays_with_its_age() throws Exception {
        runs(
                List.of(
                        at.run(Duration.ofSeconds(20), Run.Outcome.OK),
                        at.run(Duration.ofSeconds(10), Run.Outcome.ERROR)));
        Document before = at.page("/");
        assertThat(before.select(".failures li").text()).contains("KeyError: 'pears'");

        at.store.close();
        at.now = PagesFixture.NOW.plusSeconds(40);
        Document page = at.page("/");
        assertThat(page.select(".note.bad").text())
                .isEqualTo(
                        "The store is not open (yet). What is shown here is what it answered 40 s"
                                + " ago.");
        assertThat(page.select(".failures li").text()).contains("KeyError: 'pears'");
        assertThat(page.text()).doesNotContain("No run failed");
        assertThat(page.select(".spark polyline").attr("points"))
                .isEqualTo(before.select(".spark polyline").attr("points"))
                .isNotEmpty();
        assertThat(findings()).singleElement().asString().contains("KeyError");

        at.now = PagesFixture.NOW.plusSeconds(240);
        assertThat(findings())
                .anyMatch(text ->
                        text.startsWith("The store does not answer") && text.endsWith("for 4 min"));
    }

    @Test
    void a_store_that_never_answered_is_no_all_clear() throws Exception {
        at.inputs = at.shop(List.of());
        at.store.close();
        Document page = at.page("/");
        assertThat(page.select("h1").text()).isEqualTo("! 1 thing to look at");
        assertThat(page.text())
                .contains("The store has not answered yet", "Not known: the store has not said.")
                .doesNotContain("No run failed", "All is well");
    }
}
