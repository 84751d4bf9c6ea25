package io.trapline.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.webserver.WebServer;
import io.trapline.forward.Outputs;
import io.trapline.store.MemoryJournal;
import io.trapline.web.AdminToken;
import io.trapline.web.AgentApi;
import io.trapline.web.ConfigStatus;
import io.trapline.web.Gate;
import io.trapline.web.Hosts;
import io.trapline.web.OutputsCalls;
import io.trapline.web.WebSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jsoup.Jsoup;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Who may look and who may change, over HTTP.
class AccessTest {
    private static final String ELSEWHERE = "X-Forwarded-For";

    @TempDir Path data;
    private final HttpClient client = HttpClient.newHttpClient();
    private final AtomicInteger reloads = new AtomicInteger();
    private final AtomicLong nanos = new AtomicLong();
    private Instant now = Instant.parse("2026-11-21T08:00:00Z");
    private WebSettings settings = WebSettings.DEFAULT;
    private Outputs outputs;
    private WebServer server;
    private String secret;

    @BeforeEach
    void start() throws Exception {
        outputs =
                Outputs.open(
                        data,
                        new MemoryJournal(),
                        new Outputs.Surroundings(() -> now, System::nanoTime, new Random(1)));
        AdminToken token = AdminToken.loadOrCreate(data, () -> now);
        secret = AdminToken.read(data.resolve("admin.token"));
        Html html = new Html("0.0.0", token);
        server =
                WebServer.builder()
                        .host("127.0.0.1")
                        .port(0)
                        .routing(routing ->
                                routing.addFilter(
                                                new Gate(
                                                        token,
                                                        new Hosts(() -> settings.hosts(), "web01"),
                                                        () -> settings))
                                        .register(new Login(html, nanos::get))
                                        .register(
                                                new Pages(
                                                        html,
                                                        List::of,
                                                        List::of,
                                                        new MemoryJournal()::status,
                                                        () ->
                                                                new ConfigStatus(
                                                                        1, List.of(), 0, false,
                                                                        now),
                                                        List::of,
                                                        Optional.empty(),
                                                        new OutputsCalls(outputs),
                                                        () -> now))
                                        .register(
                                                new AgentApi(
                                                        Map::of,
                                                        () ->
                                                                new AgentApi.Reload.InForce(
                                                                        reloads.incrementAndGet(),
                                                                        List.of()),
                                                        List::of,
                                                        token))
                                        .get("/v1/anything", (_, response) -> response.send("ok")))
                        .build()
                        .start();
    }

    @AfterEach
    void stop() {
        server.stop();
        client.close();
        outputs.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/api/status",
                "/api/reload",
                "/api/nosuch",
                "/api/status?refused=foreign",
            })
    void no_answer_of_the_api_is_kept_or_taken_for_another_type(String path) throws Exception {
        HttpResponse<String> answer =
                path.endsWith("foreign") ? get(path, "Origin", "http://evil.example") : get(path);
        assertThat(answer.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
        assertThat(answer.headers().firstValue("Cache-Control")).contains("no-store");
    }

    @Test
    void the_token_opens_a_session_whose_cookie_no_script_and_no_other_site_can_use()
            throws Exception {
        HttpResponse<String> answer = login(secret, "/ui/sql?sql=1");
        assertThat(answer.statusCode()).isEqualTo(303);
        assertThat(answer.headers().firstValue("location")).contains("/ui/sql?sql=1");
        String cookie = answer.headers().firstValue("set-cookie").orElseThrow();
        assertThat(cookie)
                .contains("HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200")
                .doesNotContain("Secure")
                .doesNotContain(secret);
        assertThat(
                        post("/login", "token=" + secret, "X-Forwarded-Proto", "https")
                                .headers()
                                .firstValue("set-cookie")
                                .orElseThrow())
                .contains("Secure");
    }

    @Test
    void a_session_changes_things_with_its_csrf_token_and_from_our_own_pages_alone()
            throws Exception {
        String cookie = session();
        String csrf = csrf(cookie);
        assertThat(reload("Cookie", cookie)).isEqualTo(403);
        assertThat(reload("Cookie", cookie, "X-CSRF-Token", "wrong")).isEqualTo(403);
        assertThat(reload("Cookie", cookie, "X-CSRF-Token", csrf, "Origin", "http://evil.example"))
                .isEqualTo(403);
        assertThat(reload("Cookie", cookie, "X-CSRF-Token", csrf, "Sec-Fetch-Site", "same-site"))
                .isEqualTo(403);
        assertThat(reload("X-CSRF-Token", csrf)).isEqualTo(401);
        String other = session();
        assertThat(reload("Cookie", other, "X-CSRF-Token", csrf)).isEqualTo(403);
        assertThat(reloads).hasValue(0);
        assertThat(reload("Cookie", cookie, "X-CSRF-Token", csrf)).isEqualTo(200);
        assertThat(reloads).hasValue(1);
    }

    @Test
    void a_session_ends_by_itself_by_logout_and_with_its_token() throws Exception {
        String first = session();
        String second = session();
        HttpResponse<String> out = post("/logout", "csrf=" + csrf(first), "Cookie", first);
        assertThat(out.headers().firstValue("set-cookie").orElseThrow())
                .contains("Expires=", "1970");
        assertThat(csrf(first)).isEmpty();
        assertThat(csrf(second)).isNotEmpty();

        server.stop();
        start();
        assertThat(csrf(second)).as("after a restart").isNotEmpty();
        now = now.plus(Duration.ofHours(12));
        assertThat(csrf(second)).as("twelve hours later").isEmpty();

        String third = session();
        server.stop();
        Files.delete(data.resolve("admin.token"));
        start();
        assertThat(csrf(third)).as("with another token").isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "x",
                "a.b.c",
                "a.99999999999.c",
                "..",
                "aaaaaaaaaaaaaaaaaaaaaa.1790000000.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            })
    void a_made_up_cookie_is_no_session(String value) throws Exception {
        assertThat(csrf("trapline_session=" + value)).isEmpty();
        String real = session();
        assertThat(csrf(real.replaceFirst("\\.[0-9]+\\.", ".99999999999."))).isEmpty();
    }

    @Test
    void wrong_tokens_are_refused_and_counted_and_the_right_one_is_always_let_in()
            throws Exception {
        for (int i = 0; i < 10; i++) {
            assertThat(login("wrong" + i, "/").statusCode()).isEqualTo(403);
        }
        HttpResponse<String> limited = login("wrong", "/");
        assertThat(limited.statusCode()).isEqualTo(429);
        assertThat(limited.headers().firstValue("retry-after")).isPresent();
        assertThat(Jsoup.parse(limited.body()).select("[role=alert]").text())
                .contains("wrong tokens");
        assertThat(login(secret, "/").statusCode()).isEqualTo(303);
        nanos.addAndGet(Duration.ofSeconds(61).toNanos());
        assertThat(login("wrong", "/").statusCode()).isEqualTo(403);
    }

    @Test
    void another_sites_form_neither_logs_in_nor_counts_as_a_try() throws Exception {
        for (int i = 0; i < 20; i++) {
            assertThat(post("/login", "token=x", "Origin", "http://evil.example").statusCode())
                    .isEqualTo(403);
        }
        assertThat(login("wrong", "/").statusCode()).isEqualTo(403);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "//evil.example/",
                "https://evil.example/",
                "/\\evil.example",
                "javascript:alert(1)",
                "/a\r\nSet-Cookie: a=b",
                "",
            })
    void a_login_leads_nowhere_else(String next) throws Exception {
        assertThat(login(secret, next).headers().firstValue("location")).contains("/");
    }

    @ParameterizedTest
    @CsvSource({
        "/,             evil.example:9529, 403",
        "/ui/live,      evil.example,      403",
        "/login,        evil.example,      403",
        "/api/status,   evil.example,      403",
        "/api/status,   localhost:9529,    200",
        "/api/status,   web01:9529,        200",
        "/api/status,   trapline.example,  200",
        "/,             192.0.2.7:9529,    200",
        "/v1/anything,  evil.example,      200",
    })
    void pages_and_their_api_answer_to_names_that_are_ours_alone(
            String path, String host, int status) throws Exception {
        settings = new WebSettings(true, List.of("trapline.example"));
        assertThat(raw(path, host, "")).isEqualTo(status);
        assertThat(raw(path, host, "Authorization: Bearer " + secret + "\r\n")).isEqualTo(200);
    }

    @Test
    void reading_is_open_on_this_host() throws Exception {
        assertThat(get("/").statusCode()).isEqualTo(200);
        assertThat(get("/api/status").statusCode()).isEqualTo(200);
        assertThat(get("/api/status", "Origin", "http://evil.example").statusCode()).isEqualTo(403);
    }

    @Test
    void from_elsewhere_it_takes_the_token() throws Exception {
        asks(ELSEWHERE, "192.0.2.7");
    }

    @Test
    void and_on_this_host_too_when_the_settings_say_so() throws Exception {
        settings = new WebSettings(false, List.of());
        asks("X-Nothing", "special");
    }

    private void asks(String... from) throws Exception {
        HttpResponse<String> page = get("/ui/metrics?name=a%26b", from);
        assertThat(page.statusCode()).isEqualTo(303);
        assertThat(page.headers().firstValue("location"))
                .contains("/login?next=%2Fui%2Fmetrics%3Fname%3Da%2526b");
        assertThat(get("/api/status", from).statusCode()).isEqualTo(401);
        HttpResponse<String> part = get("/ui/live", and(from, "HX-Request", "true"));
        assertThat(part.statusCode()).isEqualTo(401);
        assertThat(part.headers().firstValue("hx-redirect")).isPresent();
        assertThat(get("/login", from).statusCode()).isEqualTo(200);
        assertThat(get("/v1/anything", from).statusCode()).isEqualTo(200);
        String asset =
                Jsoup.parse(get("/login", from).body()).select("link[rel=stylesheet]").attr("href");
        assertThat(get(asset, from).statusCode()).isEqualTo(200);

        String cookie = session();
        assertThat(get("/", and(from, "Cookie", cookie)).statusCode()).isEqualTo(200);
        assertThat(get("/api/status", and(from, "Cookie", cookie)).statusCode()).isEqualTo(200);
        assertThat(get("/api/status", and(from, "Authorization", "Bearer " + secret)).statusCode())
                .isEqualTo(200);
    }

    @Test
    void the_login_tells_where_the_token_is_and_strangers_less() throws Exception {
        assertThat(Jsoup.parse(get("/login").body()).select("#where").text())
                .contains(data.resolve("admin.token").toString());
        assertThat(Jsoup.parse(get("/login", ELSEWHERE, "192.0.2.7").body()).text())
                .contains("data/admin.token")
                .doesNotContain(data.toString());
    }

    private static String[] and(String[] headers, String... more) {
        String[] all = java.util.Arrays.copyOf(headers, headers.length + more.length);
        System.arraycopy(more, 0, all, headers.length, more.length);
        return all;
    }

    private HttpResponse<String> login(String token, String next) throws Exception {
        return post(
                "/login",
                "token=" + token + "&next=" + URLEncoder.encode(next, StandardCharsets.UTF_8));
    }

    private String session() throws Exception {
        return login(secret, "/")
                .headers()
                .firstValue("set-cookie")
                .orElseThrow()
                .replaceFirst(";.*", "");
    }

    /// What the page's forms hold; empty when the cookie is no session.
    private String csrf(String cookie) throws Exception {
        return Jsoup.parse(get("/", "Cookie", cookie).body()).select("[name=csrf]").attr("value");
    }

    private int reload(String... headers) throws Exception {
        return post("/api/reload", "", headers).statusCode();
    }

    private HttpResponse<String> get(String path, String... headers) throws Exception {
        return send(HttpRequest.newBuilder(uri(path)), headers);
    }

    private HttpResponse<String> post(String path, String body, String... headers)
            throws Exception {
        return send(
                HttpRequest.newBuilder(uri(path)).POST(HttpRequest.BodyPublishers.ofString(body)),
                headers);
    }

    private URI uri(String path) {
        return URI.create("http://127.0.0.1:" + server.port() + path);
    }

    private HttpResponse<String> send(HttpRequest.Builder request, String... headers)
            throws Exception {
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /// The JDK's client does not let a `Host` be chosen.
    private int raw(String path, String host, String headers) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.getOutputStream()
                    .write(
                            ("GET "
                                            + path
                                            + " HTTP/1.1\r\nHost: "
                                            + host
                                            + "\r\nConnection: close\r\n"
                                            + headers
                                            + "\r\n")
                                    .getBytes(StandardCharsets.US_ASCII));
            String line =
                    new String(socket.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
            return Integer.parseInt(line.substring(9));
        }
    }
}
