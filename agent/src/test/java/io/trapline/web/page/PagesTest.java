package io.trapline.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.helidon.webserver.WebServer;
import io.trapline.collector.InputStatus;
import io.trapline.forward.Outputs;
import io.trapline.model.Batch;
import io.trapline.model.Category;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Run;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import io.trapline.registry.Pins;
import io.trapline.store.LocalStore;
import io.trapline.store.MemoryJournal;
import io.trapline.store.Store;
import io.trapline.store.StoreSettings;
import io.trapline.web.AdminToken;
import io.trapline.web.ConfigStatus;
import io.trapline.web.Gate;
import io.trapline.web.Hosts;
import io.trapline.web.OutputsCalls;
import io.trapline.web.QueryApi;
import io.trapline.web.WebSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The pages on a real listener, over a store whose names and texts are hostile.
class PagesTest {
    private static final Instant NOW = Instant.parse("2026-11-21T04:40:00Z");
    private static final long NOW_NS = NOW.getEpochSecond() * 1_000_000_000L;
    private static final String EVIL = "<script>alert('1')</script>\"><img src=x onerror=alert(1)>";
    private static final String EVIL_ARGUMENT =
            java.net.URLEncoder.encode(EVIL, StandardCharsets.UTF_8);
    private static final String TRACEBACK =
            "Traceback (most recent call last):\n  File \"/x/"
                    + EVIL
                    + "\", line 3\nValueError: "
                    + EVIL;

    @TempDir static Path directory;
    private static final MemoryJournal JOURNAL = new MemoryJournal();
    private static volatile List<InputStatus> inputs = List.of();
    private static Store store;
    private static Pins pins;
    private static Outputs outputs;
    private static WebServer server;
    private static HttpClient client;

    @BeforeAll
    static void start() throws Exception {
        client = HttpClient.newHttpClient();
        store = LocalStore.open(directory, () -> StoreSettings.DEFAULT, JOURNAL, () -> NOW);
        List<Entry> entries = new ArrayList<>();
        for (int i = 0; i < 60; i++) {
            long time = NOW_NS - i * 10_000_000_000L;
            entries.add(
                    new Sample(
                            EVIL, List.of(new Tag("host", EVIL)), new SampleValue.Real(i), time));
            entries.add(
                    new Point(
                            Category.LOGGING,
                            EVIL,
                            List.of(new Tag("host", EVIL)),
                            List.of(
                                    new Field("message", new FieldValue.Text(EVIL + " no " + i)),
                                    new Field("status", new FieldValue.Text("error"))),
                            time));
            boolean failed = i % 2 == 0;
            entries.add(
                    new Run(
                            EVIL,
                            EVIL,
                            time,
                            time + 1_000_000,
                            5_000_000,
                            failed ? Run.Outcome.ERROR : Run.Outcome.OK,
                            2,
                            failed ? TRACEBACK : ""));
        }
        JOURNAL.append(new Batch("pythond/" + EVIL + "/" + EVIL, NOW_NS, entries));
        assertThat(store.catchUp(Duration.ofSeconds(30))).isTrue();
        inputs =
                List.of(
                        new InputStatus(
                                EVIL,
                                "backing off",
                                EVIL,
                                Optional.empty(),
                                OptionalLong.empty(),
                                1,
                                List.of(TRACEBACK),
                                "x.log",
                                List.of()));
        AdminToken token = AdminToken.loadOrCreate(directory);
        Gate gate = new Gate(token, new Hosts(List::of, "127.0.0.1"), () -> WebSettings.DEFAULT);
        Html html = new Html("0.0.0", token);
        pins = Pins.open(directory.resolve("trapline.db"));
        outputs =
                Outputs.open(
                        directory,
                        JOURNAL,
                        new Outputs.Surroundings(() -> NOW, System::nanoTime, new Random(1)));
        pins.add(EVIL, Params.of("name", EVIL).at("").substring(1));
        Pages pages =
                new Pages(
                        html,
                        () -> inputs,
                        List::of,
                        JOURNAL::status,
                        () -> new ConfigStatus(1, List.of(), 0, false, NOW),
                        List::of,
                        Optional.of(store),
                        new OutputsCalls(outputs),
                        () -> NOW);
        server =
                WebServer.builder()
                        .host("127.0.0.1")
                        .port(0)
                        .routing(routing ->
                                routing.addFilter(gate)
                                        .register(pages)
                                        .register(
                                                new ExplorePages(
                                                        html, Optional.of(store), pins, () -> NOW))
                                        .register(new QueryApi(Optional.of(store))))
                        .build()
                        .start();
    }

    @AfterAll
    static void stop() throws Exception {
        server.stop();
        store.close();
        pins.close();
        outputs.close();
        client.close();
    }

    private static List<String> pages() {
        return List.of(
                "/",
                "/ui/live",
                "/ui/collector?input=" + EVIL_ARGUMENT + "&collector=" + EVIL_ARGUMENT,
                "/ui/collector?input=nobody&collector=nothing",
                "/ui/metrics",
                "/ui/metrics?name=" + EVIL_ARGUMENT,
                "/ui/metrics?name="
                        + EVIL_ARGUMENT
                        + "&agg=rate&by=host&tag=host%3D"
                        + EVIL_ARGUMENT,
                "/ui/suggest/name?name=alert",
                "/ui/suggest/tag?tag=host",
                "/ui/records",
                "/ui/records?q=" + EVIL_ARGUMENT + "&category=" + EVIL_ARGUMENT,
                "/ui/metrics?compare=hour&agg=p99&name=" + EVIL_ARGUMENT,
                "/ui/records?category=keyevent&status=" + EVIL_ARGUMENT,
                "/ui/objects?q=" + EVIL_ARGUMENT,
                "/ui/object?class=" + EVIL_ARGUMENT + "&name=" + EVIL_ARGUMENT,
                "/dashboard",
                "/dashboard?range=1h",
                "/ui/sql?sql=" + EVIL_ARGUMENT);
    }

    @Test
    void nothing_that_was_reported_becomes_markup() throws Exception {
        for (String path : pages()) {
            Document page = page(path);
            assertThat(page.select("img, [onerror], [style], style, iframe, base"))
                    .as(path)
                    .isEmpty();
            for (Element script : page.select("script")) {
                assertThat(script.attr("src")).as(path).startsWith("/ui/assets/");
                assertThat(script.data()).as(path).isEmpty();
            }
            for (Element link : page.select("[href], [src], [action]")) {
                for (String key : List.of("href", "src", "action")) {
                    assertThat(link.attr(key)).as(path).matches("|/?#.*|/|/[a-z].*");
                }
            }
            assertThat(page.select(".note.bad").eachText())
                    .as(path)
                    .allMatch(text -> text.startsWith("<script>"));
        }
        assertThat(page("/").text()).contains("backs off: " + EVIL);
        assertThat(page("/ui/suggest/tag?tag=host").select("option").eachAttr("value"))
                .containsExactly("host=" + EVIL);
        assertThat(page("/ui/records").text()).contains(EVIL + " no 0");
    }

    @Test
    void each_page_has_a_title_and_one_heading() throws Exception {
        for (String path : pages()) {
            if (!path.startsWith("/ui/live") && !path.startsWith("/ui/suggest")) {
                Document page = page(path);
                assertThat(page.title()).as(path).endsWith("· Trapline");
                assertThat(page.select("h1")).as(path).hasSize(1);
                assertThat(page.select("input:not([type=hidden]), select, textarea"))
                        .as(path)
                        .allMatch(field -> field.closest("label") != null);
            }
        }
    }

    @Test
    void pages_forbid_what_they_do_not_need() throws Exception {
        HttpResponse<String> response = get("/");
        assertThat(response.headers().firstValue("content-security-policy").orElse(""))
                .contains("default-src 'none'", "script-src 'self';", "style-src 'self';")
                .doesNotContain("unsafe", "http:", "https:", "*");
        assertThat(response.headers().firstValue("x-content-type-options")).contains("nosniff");
    }

    @Test
    void scripts_and_styles_are_kept_by_the_browser() throws Exception {
        for (Element asset : page("/ui/metrics").select("script, link")) {
            String path = asset.hasAttr("src") ? asset.attr("src") : asset.attr("href");
            HttpResponse<String> response = get(path);
            assertThat(response.statusCode()).as(path).isEqualTo(200);
            assertThat(response.headers().firstValue("cache-control").orElse(""))
                    .contains("immutable");
            assertThat(response.body()).isNotEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/ui/assets/0000000000000000/page.css",
                "/ui/assets/x/Pages.class",
                "/ui/assets/x/..%2fPages.class",
                "/ui/nothing",
                "/nothing",
            })
    void what_is_not_ours_is_left_to_others(String path) throws Exception {
        assertThat(get(path).statusCode()).isEqualTo(404);
    }

    @Test
    void the_ledger_is_paged_and_filtered() throws Exception {
        String path = "/ui/collector?input=" + EVIL_ARGUMENT + "&collector=" + EVIL_ARGUMENT;
        Document first = page(path);
        assertThat(first.select("#ledger tbody tr")).hasSize(30);
        Document second = page(first.select("#ledger .pager a").attr("href"));
        assertThat(second.select("#ledger tbody tr")).hasSize(30);
        assertThat(second.select("#ledger .pager a").eachText()).containsExactly("Newest");
        List<String> times = new ArrayList<>(first.select("#ledger tbody th").eachText());
        times.addAll(second.select("#ledger tbody th").eachText());
        assertThat(times).doesNotHaveDuplicates().hasSize(60);
        assertThat(page(path + "&outcome=error").select("#ledger tbody .pill").eachText())
                .hasSize(30)
                .containsOnly("error");
        assertThat(first.select(".trace").text()).contains("ValueError: " + EVIL);
    }

    @Test
    void records_are_paged_newest_first_and_searched() throws Exception {
        Document first = page("/ui/records");
        assertThat(first.select("tbody tr")).hasSize(50);
        assertThat(first.select("tbody summary").eachText().getFirst()).isEqualTo(EVIL + " no 0");
        assertThat(page(first.select(".pager a").attr("href")).select("tbody tr")).hasSize(10);
        assertThat(page("/ui/records?q=%22no+59%22").select("tbody tr")).hasSize(1);
        assertThat(page("/ui/records?q=%2259+no%22").select("tbody tr")).isEmpty();
        assertThat(page("/ui/records?q=no+59").select("tbody tr")).hasSize(1);
        assertThat(page("/ui/records?q=status%3Derror").select("tbody tr")).hasSize(50);
        assertThat(page("/ui/records?q=status%3Dok").select("tbody tr")).isEmpty();
        assertThat(page("/ui/records?q=host%3Dx").select("tbody tr")).isEmpty();
    }

    @Test
    void a_chart_has_its_figures_and_the_statement_that_gives_them() throws Exception {
        JsonNode chart =
                new ObjectMapper()
                        .readTree(get("/ui/data/series?by=all&name=" + EVIL_ARGUMENT).body());
        assertThat(chart.get("error").asText()).isEmpty();
        assertThat(chart.get("lines")).hasSize(1);
        double sum = 0;
        for (JsonNode point : chart.get("lines").get(0).get("points")) {
            sum += point.get(1).asDouble();
        }
        assertThat(chart.get("lines").get(0).get("points").size()).isGreaterThan(35);
        assertThat(sum / chart.get("lines").get(0).get("points").size()).isBetween(25.0, 35.0);
        assertThat(store.query(chart.get("sql").asText(), Duration.ofSeconds(30)).rows())
                .hasSize(chart.get("lines").get(0).get("points").size());
    }

    @Test
    void the_console_answers_and_says_what_is_wrong() throws Exception {
        assertThat(
                        Jsoup.parse(post("/ui/sql", "sql=SELECT+41%2B1+AS+answer").body())
                                .select("td")
                                .text())
                .isEqualTo("42");
        assertThat(
                        Jsoup.parse(post("/ui/sql", "sql=DROP+VIEW+metrics").body())
                                .select(".note.bad")
                                .text())
                .startsWith("only a reading statement");
        assertThat(post("/ui/sql.csv", "sql=SELECT+'%3D1'+AS+a").body()).isEqualTo("a\r\n'=1\r\n");
        HttpResponse<String> csv = post("/ui/sql.csv", "sql=SELECT+1+AS+a");
        assertThat(csv.body().strip().lines()).containsExactly("a", "1");
        assertThat(post("/ui/sql", "sql=SELECT+1", "Sec-Fetch-Site", "cross-site").statusCode())
                .isEqualTo(403);
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET /", "GET /ui/metrics", "GET /ui/data/runs", "POST /api/query"})
    void a_name_that_was_rebound_to_this_host_reads_nothing(String request) throws Exception {
        assertThat(raw(request, "evil.example:9529")).startsWith("HTTP/1.1 403");
        assertThat(raw(request, "127.0.0.1:" + server.port())).doesNotStartWith("HTTP/1.1 403");
    }

    @Test
    void nobody_changes_the_dashboard_without_a_session() throws Exception {
        for (String form :
                List.of("do=pin&title=x&query=name%3Dx", "do=unpin&id=1", "do=up&id=1&csrf=")) {
            HttpResponse<String> answer = post("/dashboard", form);
            assertThat(answer.statusCode()).isEqualTo(303);
            assertThat(answer.headers().firstValue("location").orElse("")).startsWith("/login");
        }
        assertThat(pins.all()).hasSize(1);
    }

    @Test
    void an_empty_installation_says_what_to_do(@TempDir Path empty) {
        MemoryJournal journal = new MemoryJournal();
        try (Store nothing =
                LocalStore.open(empty, () -> StoreSettings.DEFAULT, journal, () -> NOW)) {
            Overview overview =
                    Overview.of(
                            List.of(),
                            List.of(),
                            journal.status(),
                            new ConfigStatus(1, List.of(), 0, false, NOW),
                            List.of(),
                            Optional.of(nothing.status()),
                            new Verdict.Outputs(List.of(), Map.of(), ""),
                            new Ask(Optional.of(nothing)),
                            NOW);
            assertThat(overview.isEmpty()).isTrue();
            assertThat(overview.verdict().isWell()).isTrue();
        }
    }

    private static Document page(String path) throws Exception {
        return Jsoup.parse(get(path).body());
    }

    private static HttpResponse<String> get(String path) throws Exception {
        return client.send(
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                        .build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static HttpResponse<String> post(String path, String form, String... headers)
            throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                        .POST(HttpRequest.BodyPublishers.ofString(form));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /// The JDK's client does not let a `Host` be chosen.
    private static String raw(String request, String host) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.getOutputStream()
                    .write(
                            (request
                                            + " HTTP/1.1\r\nHost: "
                                            + host
                                            + "\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
        }
    }
}
