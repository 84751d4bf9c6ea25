package io.trapline.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.helidon.webserver.WebServer;
import io.trapline.collector.Commanded;
import io.trapline.collector.TryRun;
import io.trapline.forward.Outputs;
import io.trapline.model.Run;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import io.trapline.registry.Check;
import io.trapline.registry.Declared;
import io.trapline.registry.PushRegistration;
import io.trapline.registry.PushType;
import io.trapline.registry.Registry;
import io.trapline.store.MemoryJournal;
import io.trapline.web.AdminToken;
import io.trapline.web.AgentApi;
import io.trapline.web.CollectorCalls;
import io.trapline.web.CollectorsApi;
import io.trapline.web.ConfigStatus;
import io.trapline.web.Gate;
import io.trapline.web.Hosts;
import io.trapline.web.OutputsCalls;
import io.trapline.web.RegistryCalls;
import io.trapline.web.WebSettings;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.function.Predicate;
import org.jsoup.Jsoup;
import org.jsoup.nodes.Document;
import org.jsoup.nodes.Element;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The pages that change something, over HTTP, with names and texts that are hostile.
class ManagePagesTest {
    private static final Instant NOW = Instant.parse("2026-11-21T08:00:00Z");
    private static final String EVIL = "<script>alert('1')</script>\"><img src=x onerror=alert(1)>";
    private static final UUID DECLARED = UUID.fromString("a9856a6a-3b46-e18b-d890-acafaa955348");

    @TempDir Path data;
    private final HttpClient client = HttpClient.newHttpClient();
    private final List<String> told = new ArrayList<>();
    private volatile ConfigStatus config = new ConfigStatus(3, List.of(), 0, false, NOW);
    private Registry registry;
    private Outputs outputs;
    private WebServer server;
    private String secret;
    private String cookie;
    private String csrf;

    @BeforeEach
    void start() throws Exception {
        registry = Registry.open(data.resolve("trapline.db"), () -> NOW, Duration.ZERO);
        registry.declare(
                List.of(
                        new Declared<>(
                                new PushRegistration(42, "declared-token", PushType.EVENT),
                                "conf.d/trapline.conf",
                                7)),
                List.of(
                        new Declared<>(
                                new Check(DECLARED, "declared_secret", EVIL, EVIL),
                                "conf.d/trapline.conf",
                                9)));
        outputs =
                Outputs.open(
                        data,
                        new MemoryJournal(),
                        new Outputs.Surroundings(() -> NOW, System::nanoTime, new Random(1)));
        AdminToken token = AdminToken.loadOrCreate(data, () -> NOW);
        secret = AdminToken.read(data.resolve("admin.token"));
        Html html = new Html("0.0.0", token);
        RegistryCalls calls = new RegistryCalls(registry, () -> "http://127.0.0.1:10205");
        CollectorCalls collectors = new CollectorCalls(new Recorder());
        server =
                WebServer.builder()
                        .host("127.0.0.1")
                        .port(0)
                        .routing(routing ->
                                routing.addFilter(
                                                new Gate(
                                                        token,
                                                        new Hosts(List::of),
                                                        () -> WebSettings.DEFAULT))
                                        .register(
                                                new Login(html, System::nanoTime),
                                                new Pages(
                                                        html,
                                                        List::of,
                                                        List::of,
                                                        new MemoryJournal()::status,
                                                        () -> config,
                                                        List::of,
                                                        Optional.empty(),
                                                        new OutputsCalls(outputs),
                                                        () -> NOW),
                                                new CollectorForms(
                                                        html,
                                                        collectors,
                                                        () ->
                                                                new AgentApi.Reload.Refused(
                                                                        3, List.of("x"))),
                                                new CollectorsApi(collectors, token),
                                                new PushPages(
                                                        html, calls, Optional.empty(), () -> NOW),
                                                new TrapPages(html, calls, () -> NOW)))
                        .build()
                        .start();
        cookie =
                send("POST", "/login", "token=" + secret)
                        .headers()
                        .firstValue("set-cookie")
                        .orElseThrow()
                        .replaceFirst(";.*", "");
        csrf = page("/").select("[name=csrf]").attr("value");
    }

    @AfterEach
    void stop() throws Exception {
        server.stop();
        registry.close();
        outputs.close();
        client.close();
    }

    /// Notes what it is told.
    private final class Recorder implements CollectorCalls.Control {
        @Override
        public Commanded runNow(String input, String collector) {
            told.add("run " + input + " " + collector);
            return collector.equals("Busy")
                    ? new Commanded.Refused("Busy: the previous run has not ended")
                    : new Commanded.Done(List.of(collector));
        }

        @Override
        public Commanded pause(String input, String collector) {
            told.add("pause " + input + " " + collector);
            return new Commanded.Done(List.of(collector));
        }

        @Override
        public Commanded resume(String input, String collector) {
            return new Commanded.Unknown("there is no input " + input);
        }

        @Override
        public TryRun.Result tryOut(String input, Predicate<String> wanted) throws Exception {
            if (!wanted.test("A")) {
                throw new IllegalStateException("nothing to try");
            }
            return new TryRun.Result(
                    List.of(
                            new TryRun.Tried(
                                    "A",
                                    "m",
                                    "/m.py",
                                    1,
                                    Run.Outcome.ERROR,
                                    5,
                                    List.of(),
                                    List.of(),
                                    List.of(EVIL),
                                    List.of("400 x: " + EVIL),
                                    List.of(EVIL),
                                    EVIL)),
                    List.of(),
                    "");
        }
    }

    @Test
    void a_custom_metric_is_registered_described_given_a_new_token_and_removed() throws Exception {
        HttpResponse<String> added =
                form("/ui/push/new", "type", "time_series", "name", EVIL, "label", "shop.orders");
        assertThat(added.statusCode()).isEqualTo(303);
        String address = added.headers().firstValue("location").orElseThrow();
        Document page = page(address);
        assertThat(page.select(".said.good").text()).contains("once data is reported");
        assertThat(page.select("h1").text()).contains(EVIL);
        assertThat(page(address).select(".said")).as("said once").isEmpty();
        long id = registry.pushes().getLast().value().dataId();
        String token = registry.push(id).orElseThrow().accessToken();
        assertThat(page.html()).doesNotContain(token);

        Document samples = part("/ui/push/token", "id", id + "");
        assertThat(samples.select("#copy-token").text()).isEqualTo(token);
        var json = new ObjectMapper().readTree(samples.select("#copy-json").text());
        assertThat(json.get("data_id").asLong()).isEqualTo(id);
        assertThat(json.get("access_token").asText()).isEqualTo(token);
        assertThat(json.get("data").get(0).get("timestamp").asLong()).isEqualTo(NOW.toEpochMilli());

        registry.seen(
                "push/" + id,
                List.of(new Sample(EVIL, List.of(new Tag("t", "a")), new SampleValue.Real(4.5), 0)),
                true);
        form(
                "/ui/push/metric",
                "id",
                id + "",
                "metric",
                EVIL,
                "alias",
                "load",
                "unit",
                "%",
                "hidden",
                "on");
        String row = page(address).select("#indicators tbody tr").text();
        assertThat(row).contains(EVIL, "load", "%", "hidden", "4.5");
        assertThat(page(address + "&q=hidden").select("#indicators tbody tr")).hasSize(1);
        assertThat(page(address + "&q=nothing").select("#indicators tbody tr")).isEmpty();

        form("/ui/push/do", "id", id + "", "command", "rotate-token");
        assertThat(registry.push(id).orElseThrow().accessToken()).isNotEqualTo(token);
        form("/ui/push/do", "id", id + "", "command", "disable");
        assertThat(registry.push(id).orElseThrow().enabled()).isFalse();
        form("/ui/push/save", "id", id + "", "name", "n2", "rate", "7");
        assertThat(registry.push(id).orElseThrow().rate()).isEqualTo(7);
        HttpResponse<String> removed = form("/ui/push/do", "id", id + "", "command", "remove");
        assertThat(removed.headers().firstValue("location")).contains("/ui/push");
        assertThat(registry.push(id)).isEmpty();
        assertThat(send("GET", address, "").statusCode()).isEqualTo(404);
    }

    @Test
    void what_is_wrong_stands_at_its_field_and_the_rest_stays_typed() throws Exception {
        HttpResponse<String> refused =
                form("/ui/push/new", "type", "event", "name", "", "label", "a.b", "rate", "many");
        assertThat(refused.statusCode()).isEqualTo(422);
        Document page = Jsoup.parse(refused.body());
        assertThat(page.select("#w-name").text()).startsWith("missing");
        assertThat(page.select("#w-label").text()).contains("no dots");
        assertThat(page.select("#w-rate").text()).contains("whole number");
        assertThat(page.select("#f-label").attr("value")).isEqualTo("a.b");
        assertThat(page.select("#f-label").attr("aria-invalid")).isEqualTo("true");
        assertThat(registry.pushes()).hasSize(1);

        form("/ui/push/new", "type", "event", "name", "taken");
        Document left = part("/ui/push/new/check?field=name", "type", "event", "name", "taken");
        assertThat(left.text()).contains("is taken");
        assertThat(part("/ui/push/new/check?field=name", "type", "event", "name", "x").text())
                .isEmpty();
        assertThat(part("/ui/trap/new/check?field=period", "period", "9h").text())
                .contains("from 1s to 300s");
    }

    @Test
    void a_check_is_created_tested_and_its_metrics_chosen() throws Exception {
        HttpResponse<String> added =
                form("/ui/trap/new", "name", EVIL, "target", "10.0.0.1", "period", "30s");
        String address = added.headers().firstValue("location").orElseThrow();
        Check check =
                registry.checks().stream()
                        .map(held -> held.value())
                        .filter(each -> !each.id().equals(DECLARED))
                        .findFirst()
                        .orElseThrow();
        assertThat(check.period()).isEqualTo(Duration.ofSeconds(30));
        assertThat(check.asyncMetrics()).isFalse();
        assertThat(page(address).html()).doesNotContain(check.secret());
        assertThat(part("/ui/trap/url", "id", check.id() + "").select("#copy-url").text())
                .isEqualTo(
                        "http://127.0.0.1:10205/module/httptrap/"
                                + check.id()
                                + "/"
                                + check.secret());

        for (String name : List.of("cpu", "cpu|ST[a:b]", "tmp")) {
            int at = name.indexOf('|');
            registry.seen(
                    check.source(),
                    List.of(
                            new Sample(
                                    at < 0 ? name : name.substring(0, at),
                                    at < 0 ? List.of() : List.of(new Tag("a", "b")),
                                    new SampleValue.Real(1),
                                    0)),
                    true);
        }
        Document page = page(address);
        assertThat(page.select("#selection [name^=n.]").eachAttr("value"))
                .containsExactly("cpu|ST[]", "cpu|ST[a:b]", "tmp");
        form(
                "/ui/trap/select",
                "id",
                check.id() + "",
                "n.0",
                "cpu|ST[]",
                "was.0",
                "on",
                "on.0",
                "on",
                "n.1",
                "cpu|ST[a:b]",
                "was.1",
                "on",
                "n.2",
                "tmp",
                "was.2",
                "on");
        assertThat(page(address).select("[name^=on.]").eachAttr("checked"))
                .as("cpu is still stored, the others are not")
                .hasSize(1);

        HttpResponse<String> unreadable =
                form(
                        "/ui/trap/save",
                        "id",
                        check.id() + "",
                        "filters",
                        "[{\"type\": \"allow\", \"stream_tags\": \"env:prod\"},"
                                + " {\"type\": \"deny\", \"metric\": \"(\"}]");
        assertThat(unreadable.statusCode()).isEqualTo(422);
        assertThat(Jsoup.parse(unreadable.body()).text())
                .contains("filters[0].stream_tags: no tag query")
                .contains("filters[1].metric: not a regular expression");

        Document trial =
                part(
                        "/ui/trap/test",
                        "id",
                        check.id() + "",
                        "body",
                        "{\"cpu\": 0.5, \"cpu|ST[a:b]\": 1, \"tmp\": {\"_type\": \"L\", \"_value\":"
                                + " 18446744073709551615}, \"late\": {\"_type\": \"n\", \"_value\": 1,"
                                + " \"_ts\": 1700000000123}, \"on\": true, \"x\": \"<b>\", \"h\":"
                                + " {\"_type\": \"h\", \"_value\": [1, 2, 2]}}");
        assertThat(trial.select("tbody th").eachText())
                .containsExactly("cpu", "cpu|ST[a:b]", "tmp", "late", "on", "x", "h");
        assertThat(trial.select("tbody td[data-label=Type]").eachText())
                .extracting(type -> type.substring(0, 1))
                .containsExactly("n", "L", "L", "n", "i", "s", "h");
        assertThat(trial.select("tbody .pill").eachText())
                .containsExactly(
                        "stored", "filtered", "filtered", "stored", "stored", "stored", "stored");
        assertThat(trial.text())
                .contains("18446744073709551615", "2023-11-14T22:13:20.123Z", "of a histogram")
                .contains("\"type\":\"deny\"");
        assertThat(trial.select("tbody b")).isEmpty();
        assertThat(
                        part("/ui/trap/test", "id", check.id() + "", "body", "{\"a\": 1,, }")
                                .select(".note.bad"))
                .isNotEmpty();
        form("/ui/trap/do", "id", check.id() + "", "command", "disable");
        assertThat(registry.check(check.id()).orElseThrow().enabled()).isFalse();
    }

    @Test
    void the_next_submission_is_waited_for_and_shown() throws Exception {
        String at = "/ui/trap/wait?id=" + DECLARED;
        Document waiting = Jsoup.parse(send("GET", at, "", "HX-Request", "true").body());
        String again = waiting.select("[hx-get]").attr("hx-get");
        assertThat(again).contains("after=");
        assertThat(send("GET", again, "", "HX-Request", "true").body()).contains("hx-get");
        byte[] body = "{\"cpu\": 0.5}".getBytes(StandardCharsets.UTF_8);
        registry.preview("trap/" + DECLARED, 200, body, body.length, List.of());
        Document shown = Jsoup.parse(send("GET", again, "", "HX-Request", "true").body());
        assertThat(shown.select("tbody th").text()).isEqualTo("cpu");
        assertThat(shown.select("[hx-get]")).isEmpty();
    }

    @Test
    void what_the_configuration_declares_is_shown_with_its_place_and_not_changed()
            throws Exception {
        for (String path : List.of("/ui/push/show?id=42", "/ui/trap/show?id=" + DECLARED)) {
            Document page = page(path);
            assertThat(page.text()).as(path).contains("conf.d/trapline.conf line");
            assertThat(page.select("form[action$=/save], form[action$=/do]")).as(path).isEmpty();
        }
        HttpResponse<String> answer = form("/ui/push/do", "id", "42", "command", "disable");
        assertThat(
                        page(answer.headers().firstValue("location").orElseThrow())
                                .select(".said.bad")
                                .text())
                .contains("edit conf.d/trapline.conf line 7");
        assertThat(registry.push(42).orElseThrow().enabled()).isTrue();
        assertThat(form("/ui/trap/save", "id", DECLARED + "", "name", "x").statusCode())
                .isEqualTo(422);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/ui/push/new",
                "/ui/push/save",
                "/ui/push/token",
                "/ui/push/do",
                "/ui/push/metric",
                "/ui/trap/new",
                "/ui/trap/save",
                "/ui/trap/url",
                "/ui/trap/do",
                "/ui/trap/metric",
                "/ui/trap/select",
                "/ui/collector",
                "/ui/collector/try",
                "/ui/reload",
            })
    void no_form_works_without_a_session_its_csrf_token_and_our_own_page(String path)
            throws Exception {
        String fields = "id=42&input=in&collector=A&command=run&name=n&type=event";
        String with = fields + "&csrf=" + URLEncoder.encode(csrf, StandardCharsets.UTF_8);
        assertThat(send("POST", path, fields).statusCode()).isEqualTo(303);
        assertThat(send("POST", path, fields).headers().firstValue("location").orElseThrow())
                .startsWith("/login");
        assertThat(send("POST", path, with).headers().firstValue("location").orElseThrow())
                .startsWith("/login");
        assertThat(send("POST", path, fields, "Cookie", cookie).statusCode()).isEqualTo(403);
        assertThat(
                        send("POST", path, with, "Cookie", cookie, "Origin", "http://evil.example")
                                .statusCode())
                .isEqualTo(403);
        assertThat(
                        send("POST", path, with, "Cookie", cookie, "Sec-Fetch-Site", "cross-site")
                                .statusCode())
                .isEqualTo(403);
        assertThat(told).isEmpty();
        assertThat(registry.pushes()).hasSize(1);
        assertThat(registry.checks()).hasSize(1);
    }

    @Test
    void collectors_are_told_by_page_and_by_api() throws Exception {
        HttpResponse<String> ran =
                form("/ui/collector", "input", "in", "collector", "A", "command", "run");
        assertThat(ran.headers().firstValue("location"))
                .contains("/ui/collector?input=in&collector=A");
        HttpResponse<String> busy =
                form(
                        "/ui/collector",
                        "input",
                        "in",
                        "collector",
                        "Busy",
                        "command",
                        "run",
                        "from",
                        "overview");
        assertThat(
                        page(busy.headers().firstValue("location").orElseThrow())
                                .select(".said.bad")
                                .text())
                .contains("has not ended");
        assertThat(api("in/A/pause").statusCode()).isEqualTo(200);
        assertThat(api("a%2Fb/A/run").statusCode()).isEqualTo(200);
        assertThat(api("in/Busy/run").statusCode()).isEqualTo(409);
        assertThat(api("in/resume").statusCode()).isEqualTo(404);
        assertThat(api("in/A/dance").statusCode()).isEqualTo(404);
        assertThat(api("in").statusCode()).isEqualTo(404);
        assertThat(api("in/B/try").statusCode()).isEqualTo(422);
        assertThat(api("in/A/try").body()).contains("\"outcome\":\"error\"");
        assertThat(told)
                .containsExactly(
                        "run in A", "run in Busy", "pause in A", "run a/b A", "run in Busy");
        Document trial = part("/ui/collector/try", "input", "in", "collector", "A");
        assertThat(trial.select("img, script")).isEmpty();
        assertThat(trial.select(".trace").text()).isEqualTo(EVIL);
    }

    @Test
    void the_overview_says_what_became_of_the_configuration() throws Exception {
        assertThat(page("/").select("#configuration")).isEmpty();
        config = new ConfigStatus(3, List.of("conf.d/a.conf:1: " + EVIL), 1, true, NOW);
        Document page = page("/");
        assertThat(page.select("#configuration").text())
                .contains("the last reload was refused", EVIL, "Configuration 3");
        assertThat(page.select(".ailments").text()).contains("configuration 3 stays in force");
        HttpResponse<String> answer = form("/ui/reload");
        assertThat(
                        page(answer.headers().firstValue("location").orElseThrow())
                                .select(".said.bad")
                                .text())
                .contains("configuration 3 stays in force");
    }

    @Test
    void nothing_that_was_named_becomes_markup_and_every_field_has_a_label() throws Exception {
        form("/ui/push/new", "type", "time_series", "name", EVIL, "description", EVIL);
        for (String path :
                List.of(
                        "/ui/push",
                        "/ui/push?q=script",
                        "/ui/push/new?type=event",
                        "/ui/push/show?id=42",
                        "/ui/push/show?id=1500000",
                        "/ui/push/view?id=42",
                        "/ui/push/view?id=1500000&tag=x&by=y",
                        "/ui/trap/new",
                        "/ui/trap/show?id=" + DECLARED)) {
            Document page = page(path);
            assertThat(page.select("img, [onerror], [style], style, iframe, base"))
                    .as(path)
                    .isEmpty();
            assertThat(page.select("h1")).as(path).hasSize(1);
            assertThat(page.title()).as(path).endsWith("· Trapline");
            for (Element script : page.select("script")) {
                assertThat(script.attr("src")).as(path).startsWith("/ui/assets/");
            }
            for (Element field : page.select("input:not([type=hidden]), select, textarea")) {
                assertThat(
                                field.closest("label") != null
                                        || field.hasAttr("aria-label")
                                        || !page.select("label[for=" + field.id() + "]").isEmpty())
                        .as(path + " " + field)
                        .isTrue();
            }
            for (Element form : page.select("form[method=post]")) {
                assertThat(
                                !form.select("[name=csrf]").isEmpty()
                                        || form.attr("action").equals("/ui/trap/test"))
                        .as(path + " " + form.attr("action"))
                        .isTrue();
            }
        }
    }

    private HttpResponse<String> api(String path) throws Exception {
        return send("POST", "/api/collectors/" + path, "", "Authorization", "Bearer " + secret);
    }

    private Document page(String path) throws Exception {
        return Jsoup.parse(
                cookie == null
                        ? send("GET", path, "").body()
                        : send("GET", path, "", "Cookie", cookie).body());
    }

    private HttpResponse<String> form(String path, String... fields) throws Exception {
        return send("POST", path, encoded(fields), "Cookie", cookie);
    }

    private Document part(String path, String... fields) throws Exception {
        return Jsoup.parse(
                send("POST", path, encoded(fields), "Cookie", cookie, "HX-Request", "true").body());
    }

    private String encoded(String... fields) {
        StringBuilder all = new StringBuilder("csrf=").append(csrf);
        for (int i = 0; i < fields.length; i += 2) {
            all.append('&')
                    .append(URLEncoder.encode(fields[i], StandardCharsets.UTF_8))
                    .append('=')
                    .append(URLEncoder.encode(fields[i + 1], StandardCharsets.UTF_8));
        }
        return all.toString();
    }

    private HttpResponse<String> send(String method, String path, String body, String... headers)
            throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
                        .method(method, HttpRequest.BodyPublishers.ofString(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
