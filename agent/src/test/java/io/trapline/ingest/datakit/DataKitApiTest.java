package io.trapline.ingest.datakit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.ingest.HttpSettings;
import io.trapline.journal.JournalException;
import io.trapline.journal.JournalFullException;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Tag;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DataKitApiTest {
    private static final byte[] NOTHING = new byte[0];
    private static final byte[] LINE = "m f=1 7".getBytes(UTF_8);
    private static final String[] ELSEWHERE = {"X-Forwarded-For", "203.0.113.9"};

    private final ApiFixture fixture = new ApiFixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    private HttpResponse<String> get(String path, String... headers) throws Exception {
        return fixture.send("GET", path, NOTHING, headers);
    }

    private HttpResponse<String> post(String path, byte[] body, String... headers)
            throws Exception {
        return fixture.send("POST", path, body, headers);
    }

    private static void assertRefused(HttpResponse<String> response, int status, String code) {
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
        assertThat(response.body()).contains("\"error_code\":\"" + code + "\"");
    }

    private static byte[] names(String form, int count) {
        StringBuilder body = new StringBuilder("[{\"measurement\":\"m\",\"fields\":{\"f\":1");
        for (int i = 0; i < count; i++) {
            body.append(",\"").append(form.formatted(i)).append("\":1");
        }
        return body.append("}}]").toString().getBytes(UTF_8);
    }

    /// Words of equal `String.hashCode`.
    private static byte[] collidingNames(int bits) {
        StringBuilder body = new StringBuilder("[{\"measurement\":\"m\",\"fields\":{\"f\":1");
        for (int i = 0; i < 1 << bits; i++) {
            body.append(",\"");
            for (int bit = 0; bit < bits; bit++) {
                body.append((i >> bit & 1) == 0 ? "Aa" : "BB");
            }
            body.append("\":1");
        }
        return body.append("}}]").toString().getBytes(UTF_8);
    }

    @Test
    void a_body_may_have_any_number_of_names_and_harms_nobody_elses() throws Exception {
        String json = "Content-Type";
        for (byte[] hostile :
                List.of(names("k%032d", 100_000), collidingNames(14), names("k%x", 100_000))) {
            assertThat(post("/v1/write/metric", hostile, json, "application/json").statusCode())
                    .isEqualTo(200);
            for (int i = 0; i < 60; i++) {
                HttpResponse<String> other =
                        post(
                                "/v1/write/metric",
                                names("other-" + i + "-%d", 3),
                                json,
                                "application/json");
                assertThat(other.statusCode()).as(other.body()).isEqualTo(200);
            }
        }
    }

    @Test
    void requests_from_elsewhere_reach_the_public_paths_alone() throws Exception {
        assertThat(post("/v1/write/metric", LINE, ELSEWHERE).statusCode()).isEqualTo(200);
        assertThat(get("/v1/ntp", "X-Real-IP", "").statusCode()).isEqualTo(200);
        assertRefused(get("/page", ELSEWHERE), 403, "datakit.publicAccessDisabled");
        assertRefused(get("/nope", ELSEWHERE), 403, "datakit.publicAccessDisabled");
        assertRefused(
                post("/v1/lasterror", NOTHING, ELSEWHERE), 403, "datakit.publicAccessDisabled");
        assertRefused(
                post("/v1/global/host/tags?a=b", NOTHING, ELSEWHERE),
                403,
                "datakit.publicAccessDisabled");
        fixture.settings = ApiFixture.settings(0, 1, List.of("/page"), List.of(), false);
        assertThat(get("/page", ELSEWHERE).body()).isEqualTo("page");
        assertThat(get("/v1/ping", ELSEWHERE).statusCode()).isEqualTo(200);
        assertRefused(
                post("/v1/write/metric", LINE, ELSEWHERE), 403, "datakit.publicAccessDisabled");
    }

    @Test
    void half_a_pair_in_a_name_or_a_value_becomes_a_replacement_character() throws Exception {
        for (String form :
                List.of(
                        "[{'measurement':'m\\uD83D','tags':{'t\\udc00':'v\\ud800'},"
                                + "'fields':{'f\\ud83d':1,'ok':'\\ud83d\\ude00'},'time':7}]",
                        "[{'name':'m\\ud83d','fields':[{'key':'t\\udc00','s':'v\\ud800','is_tag':true},"
                                + "{'key':'f\\ud83d','f':1},{'key':'ok','s':'\\ud83d\\ude00'}],'time':'7'}]")) {
            fixture.journal.clear();
            HttpResponse<String> answer =
                    post(
                            "/v1/write/logging?precision=n",
                            form.replace('\'', '"').getBytes(UTF_8),
                            "Content-Type",
                            "application/json");
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            Point point = (Point) fixture.journal.entries().getFirst();
            assertThat(point.name()).isEqualTo("m\uFFFD");
            assertThat(point.tags()).contains(new Tag("t\uFFFD", "v\uFFFD"));
            assertThat(point.fields())
                    .contains(new Field("f\uFFFD", new FieldValue.Real(1)))
                    .contains(new Field("ok", new FieldValue.Text("\uD83D\uDE00")));
        }
        assertThat(
                        post(
                                        "/v1/lasterror",
                                        "{\"input\":\"i\",\"x\\ud800\":1,\"err_content\":\"e\\ud800\"}"
                                                .getBytes(UTF_8))
                                .statusCode())
                .isEqualTo(200);
        assertThat(fixture.api.lastErrors().all().toString()).contains("e\uFFFD");
    }

    @Test
    void what_is_no_json_is_told_in_the_senders_words() throws Exception {
        assertThat(notJson("[{'measurement':'m','fields':{'f':.75}}]"))
                .contains("no JSON at line 1, column ")
                .contains("a number begins with a digit");
        assertThat(notJson("[{'measurement':'m',\n'fields':{'f':1},}]"))
                .contains("no JSON at line 2, column ")
                .contains("there is a comma too many");
        assertThat(notJson("[{'fields':{'f':" + "[".repeat(200) + "]".repeat(200) + "}}]"))
                .contains("this JSON cannot be taken: it is nested deeper than 100 levels");
        assertThat(notJson("[{'fields':{'f':" + "9".repeat(1200) + "}}]"))
                .contains("this JSON cannot be taken: it has a number of more than 1000 digits");
        assertThat(post("/v1/lasterror", "{'a':1}".getBytes(UTF_8)).body())
                .contains("texts and names are written in double quotes");
    }

    private String notJson(String body) throws Exception {
        HttpResponse<String> answer =
                post(
                        "/v1/write/metric",
                        body.replace('\'', '"').getBytes(UTF_8),
                        "Content-Type",
                        "application/json");
        assertRefused(answer, 400, "datakit.invalidJsonPoint");
        return answer.body();
    }

    @Test
    void every_answer_of_the_api_has_cors_headers() throws Exception {
        HttpResponse<String> response =
                get(
                        "/v1/ping",
                        "Origin",
                        "http://a.example",
                        "Access-Control-Request-Headers",
                        "X-A");
        assertThat(response.headers().firstValue("Access-Control-Allow-Origin"))
                .hasValue("http://a.example");
        assertThat(response.headers().firstValue("Access-Control-Allow-Credentials"))
                .as("that is for origins that allowed_origins lists")
                .isEmpty();
        assertThat(response.headers().firstValue("Access-Control-Allow-Methods"))
                .hasValue("POST, OPTIONS, GET, PUT");
        assertThat(response.headers().firstValue("Access-Control-Max-Age")).hasValue("7200");
        assertThat(response.headers().firstValue("Access-Control-Allow-Headers"))
                .hasValueSatisfying(value -> assertThat(value).startsWith("X-A, ").endsWith(", *"));
        assertThat(get("/nope").headers().firstValue("Access-Control-Allow-Origin")).hasValue("*");
        assertThat(post("/v1/write/nope", LINE).headers().firstValue("Access-Control-Allow-Origin"))
                .hasValue("*");
        assertThat(get("/page").headers().firstValue("Access-Control-Allow-Origin")).isEmpty();
    }

    @Test
    void other_origins_than_the_allowed_ones_get_no_cors_headers_and_cannot_write()
            throws Exception {
        fixture.settings = ApiFixture.settings(0, 1, List.of(), List.of("http://a.example"), false);
        String[] other = {"Origin", "http://b.example"};
        HttpResponse<String> ping = get("/v1/ping", other);
        assertThat(ping.statusCode()).isEqualTo(200);
        assertThat(ping.headers().map().keySet())
                .noneMatch(name -> name.startsWith("access-control"));
        assertRefused(post("/v1/write/metric", LINE, other), 403, "datakit.originNotAllowed");
        assertThat(fixture.journal.frames()).isEmpty();
        assertThat(post("/v1/write/metric", LINE, "Origin", "http://a.example").statusCode())
                .isEqualTo(200);
    }

    @Test
    void pages_of_other_sites_do_not_change_global_tags() throws Exception {
        assertRefused(
                post("/v1/global/host/tags?a=b", NOTHING, "Origin", "http://b.example"),
                403,
                "datakit.originNotAllowed");
        assertThat(fixture.tags.host()).isEqualTo(Map.of("host", "my-host"));
    }

    @Test
    void options_is_answered_with_204_on_any_path() throws Exception {
        assertThat(fixture.send("OPTIONS", "/v1/write/metric", NOTHING).statusCode())
                .isEqualTo(204);
        assertThat(fixture.send("OPTIONS", "/whatever", NOTHING).statusCode()).isEqualTo(204);
    }

    @Test
    void unknown_paths_and_wrong_methods_are_404_pages() throws Exception {
        for (String path : List.of("/nope", "/v1/nope", "/v1/write/metric")) {
            HttpResponse<String> response = get(path);
            assertThat(response.statusCode()).isEqualTo(404);
            assertThat(response.body()).contains("<h1>");
            assertThat(response.headers().firstValue("X-Datakit")).hasValue("1.2.3/my-host");
        }
        assertThat(fixture.send("PUT", "/v1/ping", NOTHING).statusCode()).isEqualTo(404);
        fixture.settings = ApiFixture.settings(0, 1, List.of(), List.of(), true);
        assertThat(get("/nope").body()).isEmpty();
        assertThat(get("/v1/nope").body()).isEmpty();
    }

    @Test
    void a_trailing_slash_is_redirected_to_the_path_without_it() throws Exception {
        HttpResponse<String> response = post("/v1/write/metric/?precision=s&a=%20", LINE);
        assertThat(response.statusCode()).isEqualTo(307);
        assertThat(response.headers().firstValue("Location"))
                .hasValue("/v1/write/metric?precision=s&a=%20");
        assertThat(get("/v1/ping/").statusCode()).isEqualTo(301);
        assertThat(get("/v1/nope/").statusCode()).isEqualTo(404);
    }

    @Test
    void the_rate_limit_is_per_path_and_tells_when_to_come_again() throws Exception {
        fixture.settings = ApiFixture.settings(0.5, 2, List.of(), List.of(), false);
        assertThat(get("/v1/ping").statusCode()).isEqualTo(200);
        assertThat(get("/v1/ping").statusCode()).isEqualTo(200);
        HttpResponse<String> limited = get("/v1/ping");
        assertRefused(limited, 429, "datakit.reachMaxAPILimit");
        assertThat(limited.headers().firstValue("Retry-After")).hasValue("2");
        assertThat(limited.headers().firstValue("X-Rate-Limit-Limit")).hasValue("0.50");
        assertThat(limited.headers().firstValue("X-Rate-Limit-Duration")).hasValue("1");
        assertThat(get("/v1/ntp").statusCode()).isEqualTo(200);
        fixture.nanos.addAndGet(Duration.ofSeconds(2).toNanos());
        assertThat(get("/v1/ping").statusCode()).isEqualTo(200);
        assertThat(get("/v1/ping").statusCode()).isEqualTo(429);
    }

    @Test
    void a_body_over_the_limit_is_refused_by_its_length_and_while_it_is_read() throws Exception {
        byte[] large = new byte[100 << 20];
        assertRefused(post("/v1/write/metric", large), 413, "datakit.bodyTooLarge");
        fixture.settings = ApiFixture.limits(Duration.ofSeconds(30), 1000, 1000);
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), fixture.port())) {
            OutputStream out = socket.getOutputStream();
            out.write(head("Transfer-Encoding: chunked"));
            out.write(("7d0\r\n" + "x".repeat(2000) + "\r\n").getBytes(UTF_8));
            out.flush();
            assertThat(answer(socket)).startsWith("HTTP/1.1 413").contains("datakit.bodyTooLarge");
        }
        assertThat(fixture.journal.frames()).isEmpty();
    }

    @Test
    void a_client_that_sends_everything_before_it_listens_hears_why_it_was_refused()
            throws Exception {
        fixture.settings = ApiFixture.limits(Duration.ofSeconds(30), 1000, 1000);
        byte[] large = new byte[20 << 20];
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), fixture.port())) {
            OutputStream out = socket.getOutputStream();
            out.write(head("Content-Length: " + large.length));
            out.write(large);
            out.flush();
            assertThat(answer(socket)).startsWith("HTTP/1.1 413").contains("datakit.bodyTooLarge");
        }
    }

    @Test
    void a_body_takes_no_memory_for_what_it_only_announces() throws Exception {
        List<Socket> held = new ArrayList<>();
        try {
            long before = usedMemory();
            for (int i = 0; i < 200; i++) {
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), fixture.port());
                held.add(socket);
                socket.getOutputStream()
                        .write(head("Content-Length: 1000000\r\nExpect: 100-continue"));
                // It is sent when the body is waited for.
                byte[] goOn = socket.getInputStream().readNBytes("HTTP/1.1 100".length());
                assertThat(new String(goOn, UTF_8)).isEqualTo("HTTP/1.1 100");
            }
            assertThat(usedMemory() - before).isLessThan(100L << 20);
        } finally {
            for (Socket socket : held) {
                socket.close();
            }
        }
    }

    private static long usedMemory() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    @Test
    void a_gzip_bomb_is_refused() throws Exception {
        fixture.settings = ApiFixture.limits(Duration.ofSeconds(30), 1 << 20, 10 << 20);
        ByteArrayOutputStream bomb = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bomb)) {
            for (int i = 0; i < 30; i++) {
                gzip.write(new byte[1 << 20]);
            }
        }
        assertRefused(
                post("/v1/write/metric", bomb.toByteArray(), "Content-Encoding", "gzip"),
                413,
                "datakit.bodyTooLarge");
    }

    @Test
    void of_a_body_that_is_cut_off_nothing_is_stored() throws Exception {
        for (String length : List.of("Content-Length: 100", "Transfer-Encoding: chunked")) {
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), fixture.port())) {
                OutputStream out = socket.getOutputStream();
                out.write(head(length));
                String body = "m f=1 7\nm f=2 8\n";
                out.write(
                        (length.startsWith("T") ? "10\r\n" + body + "\r\n" : body).getBytes(UTF_8));
                out.flush();
                socket.shutdownOutput();
                assertThat(answer(socket)).doesNotContain(" 200 ");
            }
        }
        assertThat(fixture.journal.frames()).isEmpty();
    }

    @Test
    void a_sender_that_stalls_is_cut_off() throws Exception {
        HttpSettings hasty = ApiFixture.limits(Duration.ofMillis(200), 1000, 1000);
        try (ApiFixture impatient = new ApiFixture(true, hasty);
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), impatient.port())) {
            socket.getOutputStream().write(head("Content-Length: 100"));
            socket.getOutputStream().write(LINE);
            socket.getOutputStream().flush();
            assertThat(answer(socket)).doesNotContain(" 200 ");
            assertThat(impatient.journal.frames()).isEmpty();
        }
    }

    private static byte[] head(String length) {
        return ("POST /v1/write/metric HTTP/1.1\r\nHost: localhost\r\n" + length + "\r\n\r\n")
                .getBytes(UTF_8);
    }

    /// What comes until the server closes or has nothing more to say.
    private static String answer(Socket socket) throws IOException {
        socket.setSoTimeout(10_000);
        StringBuilder text = new StringBuilder();
        byte[] chunk = new byte[4096];
        try {
            for (int read = socket.getInputStream().read(chunk);
                    read >= 0;
                    read = socket.getInputStream().read(chunk)) {
                text.append(new String(chunk, 0, read, UTF_8));
                if (text.indexOf("\r\n\r\n{") > 0) {
                    break;
                }
            }
        } catch (SocketException _) {
            // A reset is an end as well.
        }
        return text.toString();
    }

    @Test
    void a_full_journal_and_a_broken_one_are_503() throws Exception {
        fixture.journal.fail(new JournalFullException("quota of 1 byte is used up"));
        HttpResponse<String> full = post("/v1/write/metric", LINE);
        assertRefused(full, 503, "datakit.journalFull");
        assertThat(full.headers().firstValue("Retry-After")).isPresent();
        fixture.journal.fail(new JournalException("disk error"));
        assertRefused(post("/v1/write/metric", LINE), 503, "datakit.journalFailed");
        fixture.journal.fail(null);
        assertThat(post("/v1/write/metric", LINE).statusCode()).isEqualTo(200);
        assertThat(fixture.journal.batches().getFirst().source()).isEqualTo("http/metric");
    }

    @Test
    void a_request_that_is_named_is_kept_once_however_often_it_is_sent() throws Exception {
        for (int i = 0; i < 3; i++) {
            assertThat(post("/v1/write/metric", LINE, "X-Request-Id", "r1").statusCode())
                    .isEqualTo(200);
        }
        assertThat(fixture.journal.frames()).hasSize(1);
        post("/v1/write/metric", LINE, "X-Request-Id", "r2");
        post("/v1/write/metric?precision=s", LINE, "X-Request-Id", "r1");
        post("/v1/write/metric", "m f=2 7".getBytes(UTF_8), "X-Request-Id", "r1");
        post("/v1/write/metric", LINE);
        post("/v1/write/metric", LINE);
        assertThat(fixture.journal.frames()).hasSize(6);
    }

    @Test
    void a_request_that_was_refused_is_kept_when_it_comes_again() throws Exception {
        fixture.journal.fail(new JournalException("disk error"));
        assertThat(post("/v1/write/metric", LINE, "X-Request-Id", "r1").statusCode())
                .isEqualTo(503);
        fixture.journal.fail(null);
        assertThat(post("/v1/write/metric", LINE, "X-Request-Id", "r1").statusCode())
                .isEqualTo(200);
        assertThat(fixture.journal.frames()).hasSize(1);
    }

    @Test
    void global_tags_are_set_and_removed_over_http() throws Exception {
        HttpResponse<String> response = post("/v1/global/host/tags?a=b&c=d&host=x", NOTHING);
        assertThat(response.body())
                .isEqualTo(
                        "{\"host-tags\":{\"a\":\"b\",\"c\":\"d\",\"host\":\"my-host\"},"
                                + "\"election-tags\":{\"cluster\":\"c1\"},\"dataway-tags\":{}}");
        assertThat(fixture.saved.host().set()).isEqualTo(Map.of("a", "b", "c", "d"));
        fixture.send("DELETE", "/v1/global/host/tags?tags=a,host", NOTHING);
        assertThat(post("/v1/global/election/tags?zone=z", NOTHING).body())
                .contains("\"election-tags\":{\"cluster\":\"c1\",\"zone\":\"z\"}");
        assertThat(get("/v1/global/host/tags").body())
                .contains("\"host-tags\":{\"c\":\"d\",\"host\":\"my-host\"}");
        post("/v1/write/metric?precision=n", LINE);
        assertThat(Notation.of((Point) fixture.journal.entries().getFirst()))
                .isEqualTo("m,c=d,host=my-host f=1 @7");
        assertRefused(post("/v1/global/host/tags?a=b%0Ac", NOTHING), 400, "datakit.invalidData");
    }

    @Test
    void what_needs_the_cloud_side_is_501() throws Exception {
        assertRefused(post("/v1/object/labels", LINE), 501, "datakit.notImplemented");
        assertRefused(post("/v1/query/raw", LINE), 501, "datakit.notImplemented");
        assertRefused(get("/restart?token=x"), 403, "datakit.invalidToken");
    }

    @Test
    void requests_are_counted_under_upstreams_names() throws Exception {
        post("/v1/write/metric", LINE);
        get("/v1/../../x");
        String metrics = fixture.meters.scrape();
        assertThat(metrics)
                .containsPattern(
                        "datakit_http_api_total\\{api=\"/v1/write/:category\",method=\"POST\","
                                + "status=\"OK\"} 1.0")
                .contains("datakit_http_api_elapsed_seconds_count")
                .contains("datakit_http_api_req_size_bytes_count")
                .containsPattern("datakit_io_feed_point_sum\\{[^}]*} 1.0")
                .containsPattern("datakit_io_last_feed_timestamp_seconds\\{[^}]*} 1.795E9")
                .contains("datakit_uptime_seconds 184.5");
    }

    @Test
    void a_batch_with_one_empty_point_keeps_the_others_and_says_so() throws Exception {
        HttpResponse<String> response =
                post(
                        "/v1/write/metric?echo=pbjson",
                        "[{\"measurement\":\"a\"},{\"measurement\":\"b\",\"fields\":{\"f\":1},\"time\":1}]"
                                .getBytes(UTF_8),
                        "Content-Type",
                        "application/json");
        assertThat(response.headers().firstValue("X-Trapline-Dropped-Points")).hasValue("1");
        assertThat(response.body()).contains("\"name\":\"b\"").doesNotContain("\"name\":\"a\"");
        assertThat(fixture.journal.entries()).hasSize(1);
    }

    private List<String> stored() {
        return fixture.journal.entries().stream()
                .map(entry -> Notation.of((Point) entry).replace(",host=my-host", ""))
                .toList();
    }

    /// influxdb-python escapes `=` in every measurement.
    @Test
    void names_are_unescaped_as_clients_of_influxdb_escape_them() throws Exception {
        String lines = "E1\\=x v=1 7\nq\\\"m,t\\=k=a\\=b f\\\"k=2,g\\=h=3 7";
        assertThat(post("/v1/write/metric?precision=n", lines.getBytes(UTF_8)).statusCode())
                .isEqualTo(200);
        assertThat(stored()).containsExactly("E1=x v=1 @7", "q\"m,t=k=a=b f\"k=2,g=h=3 @7");
    }

    @Test
    void indented_lines_are_taken() throws Exception {
        String lines = "\tE4,t=2 v=2 7\n \tE5 v=3 7\n\0\t\n\t# note\n";
        assertThat(post("/v1/write/metric?precision=n", lines.getBytes(UTF_8)).statusCode())
                .isEqualTo(200);
        assertThat(stored()).containsExactly("E4,t=2 v=2 @7", "E5 v=3 @7");
    }

    @Test
    void an_escaped_line_break_in_a_tag_or_key_becomes_a_space() throws Exception {
        String lines = "m,t\\\nu=a\\\nb f\\\ng=1 7";
        assertThat(post("/v1/write/metric?precision=n", lines.getBytes(UTF_8)).statusCode())
                .isEqualTo(200);
        assertThat(stored()).containsExactly("m,t\\ u=a\\ b f\\ g=1 @7");
    }

    @Test
    void echoed_lines_have_their_keys_sorted_and_plain_numbers() throws Exception {
        String line =
                "m\\ n,b=2,a=1,Z=3 z=1e20,y=2i,x=0.00001,w=t,v=\"q\\\"\",f\\\"k=[1.5,2],é=1u 7";
        assertThat(post("/v1/write/network?echo=lp&precision=n", line.getBytes(UTF_8)).body())
                .isEqualTo(
                        "m\\ n,Z=3,a=1,b=2 f\\\"k=[1.5,2],v=\"q\\\"\",w=true,x=0.00001,y=2i,"
                                + "z=100000000000000000000,é=1u 7");
        assertThat(post("/v1/write/network?echo=json&precision=n", line.getBytes(UTF_8)).body())
                .isEqualTo(
                        "[{\"measurement\":\"m n\",\"tags\":{\"Z\":\"3\",\"a\":\"1\",\"b\":\"2\"},"
                                + "\"fields\":{\"f\\\"k\":[1.5,2],\"v\":\"q\\\"\",\"w\":true,"
                                + "\"x\":0.00001,\"y\":2,\"z\":100000000000000000000,\"é\":1},"
                                + "\"time\":7}]");
    }

    @Test
    void echoed_lines_leave_out_what_has_no_value() throws Exception {
        byte[] body =
                "[{\"measurement\":\"m\",\"tags\":{\"t\":null},\"fields\":{\"g\":null,\"f\":1e308},\"time\":7}]"
                        .getBytes(UTF_8);
        String[] json = {"Content-Type", "application/json"};
        assertThat(post("/v1/write/network?echo=lp&precision=n", body, json).body())
                .isEqualTo("m f=1e308 7");
        assertThat(post("/v1/write/network?echo=json&precision=n", body, json).body())
                .isEqualTo(
                        "[{\"measurement\":\"m\",\"tags\":{\"t\":\"\"},\"fields\":{\"f\":1e308},\"time\":7}]");
    }

    @Test
    void echo_wins_over_its_old_names() throws Exception {
        assertThat(post("/v1/write/metric?precision=n&echo=json&echo_line_proto=1", LINE).body())
                .startsWith("[{\"measurement\"");
        assertThat(post("/v1/write/metric?precision=n&echo=no&echo_json=1", LINE).body()).isEmpty();
        assertThat(post("/v1/write/metric?precision=n&echo_line_proto=1&echo_json=1", LINE).body())
                .isEqualTo("m f=1 7");
    }

    /// The example of upstream's documentation, there and back.
    @Test
    void an_array_in_typed_json_is_echoed_with_its_type_and_can_be_sent_again() throws Exception {
        String[] json = {"Content-Type", "application/json"};
        String body =
                post("/v1/write/network?precision=n&echo=pbjson", "m a=[1i,2i] 7".getBytes(UTF_8))
                        .body();
        assertThat(body)
                .contains(
                        "\"a\":{\"@type\":\"type.googleapis.com/point.Array\","
                                + "\"arr\":[{\"i\":\"1\"},{\"i\":\"2\"}]}");
        assertThat(post("/v1/write/network?precision=n", body.getBytes(UTF_8), json).statusCode())
                .isEqualTo(200);
        assertThat(stored()).containsExactly("m a=[1i,2i] @7", "m a=[1i,2i] @7");
    }
}
