package io.trapline.web;

import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.webserver.WebServer;
import io.trapline.model.Batch;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import io.trapline.store.LocalStore;
import io.trapline.store.MemoryJournal;
import io.trapline.store.Store;
import io.trapline.store.StoreSettings;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QueryApiTest {
    private static final Instant NOW = Instant.parse("2026-11-21T04:40:00Z");

    @TempDir static Path directory;
    private static final MemoryJournal JOURNAL = new MemoryJournal();
    private static Store store;
    private static WebServer server;
    private static HttpClient client;

    @BeforeAll
    static void start() {
        client = HttpClient.newHttpClient();
        store = LocalStore.open(directory, () -> StoreSettings.DEFAULT, JOURNAL, () -> NOW);
        server =
                WebServer.builder()
                        .host("127.0.0.1")
                        .port(0)
                        .routing(routing -> routing.register(new QueryApi(Optional.of(store))))
                        .build()
                        .start();
    }

    @AfterAll
    static void stop() {
        server.stop();
        store.close();
        client.close();
    }

    @Test
    void what_was_acknowledged_is_in_the_answer() throws Exception {
        long time = NOW.getEpochSecond() * 1_000_000_000L + 123_456_000;
        SampleValue value = new SampleValue.Real(1.5);
        Sample sample = new Sample("a", List.of(new Tag("b", "c")), value, time);
        JOURNAL.append(new Batch("trap/x", time, List.of(sample)));

        HttpResponse<String> response =
                post(
                        "SELECT time, time_ns, tags, value, text FROM metrics"
                                .getBytes(StandardCharsets.UTF_8));
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.headers().firstValue("content-type")).contains("application/json");
        assertThat(response.body())
                .isEqualTo(
                        "{\"columns\":[\"time\",\"time_ns\",\"tags\",\"value\",\"text\"],"
                                + "\"rows\":[[\"2026-11-21T04:40:00.123456Z\",1795236000123456000,"
                                + "{\"b\":\"c\"},1.5,null]]}");
    }

    @Test
    void a_body_of_json_is_told_that_the_statement_itself_is_wanted() throws Exception {
        HttpResponse<String> response =
                post("{\"sql\": \"SELECT 1\"}".getBytes(StandardCharsets.UTF_8));
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("the SQL itself as plain text, not JSON");
        assertThat(post("SELEC 1".getBytes(StandardCharsets.UTF_8)).body()).doesNotContain("JSON");
    }

    @Test
    void a_store_that_is_not_open_is_for_later() throws Exception {
        Path elsewhere = Files.createDirectory(directory.resolve("closed"));
        Store closed =
                LocalStore.open(
                        elsewhere, () -> StoreSettings.DEFAULT, new MemoryJournal(), () -> NOW);
        closed.close();
        HttpResponse<String> response = askApart(new QueryApi(Optional.of(closed)));
        assertThat(response.statusCode()).as(response.body()).isEqualTo(503);
        assertThat(response.headers().firstValue("Retry-After")).contains("1");
    }

    @Test
    void an_agent_without_a_store_says_so() throws Exception {
        HttpResponse<String> response = askApart(new QueryApi(Optional.empty()));
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body())
                .isEqualTo("{\"error\":\"this agent keeps no store: [store] enabled = false\"}");
    }

    /// Of an endpoint with a server of its own.
    private HttpResponse<String> askApart(QueryApi api) throws Exception {
        WebServer apart =
                WebServer.builder()
                        .host("127.0.0.1")
                        .port(0)
                        .routing(routing -> routing.register(api))
                        .build()
                        .start();
        try {
            return client.send(
                    HttpRequest.newBuilder(
                                    URI.create("http://127.0.0.1:" + apart.port() + "/api/query"))
                            .POST(HttpRequest.BodyPublishers.ofString("select 1"))
                            .build(),
                    HttpResponse.BodyHandlers.ofString());
        } finally {
            apart.stop();
        }
    }

    @Test
    void a_refused_statement_is_400_with_the_reason() throws Exception {
        HttpResponse<String> response = post("DROP VIEW metrics".getBytes(StandardCharsets.UTF_8));
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).startsWith("{\"error\":\"only a reading statement");
    }

    @Test
    void a_small_statement_that_would_fell_the_database_is_400_with_the_reason() throws Exception {
        HttpResponse<String> response =
                post(("SELECT 1" + " IN (SELECT 1)".repeat(900)).getBytes(StandardCharsets.UTF_8));
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body())
                .startsWith("{\"error\":\"the statement is nested more than 150 levels deep");
        assertThat(post("SELECT repeat('x', '300000000')".getBytes(StandardCharsets.UTF_8)).body())
                .startsWith("{\"error\":\"repeat ");
        assertThat(post("SELECT TIME '24:00:00' AS t".getBytes(StandardCharsets.UTF_8)).body())
                .isEqualTo("{\"columns\":[\"t\"],\"rows\":[[\"24:00:00\"]]}");
    }

    @Test
    void a_body_that_is_no_text_is_400() throws Exception {
        assertThat(post(new byte[] {(byte) 0xFF}).statusCode()).isEqualTo(400);
    }

    @Test
    void a_body_over_the_limit_is_413() throws Exception {
        assertThat(post(new byte[QueryApi.MAX_BODY + 1]).statusCode()).isEqualTo(413);
    }

    @Test
    void a_page_of_another_origin_is_refused() throws Exception {
        String here = "http://127.0.0.1:" + server.port();
        assertThat(post("SELECT 1".getBytes(StandardCharsets.UTF_8), "Origin", here).statusCode())
                .isEqualTo(200);
        for (String[] header :
                List.of(
                        new String[] {"Origin", "http://evil.example"},
                        new String[] {"Origin", "http://127.0.0.1:1"},
                        new String[] {"Origin", "null"},
                        new String[] {"Sec-Fetch-Site", "cross-site"})) {
            assertThat(post("SELECT 1".getBytes(StandardCharsets.UTF_8), header).statusCode())
                    .as("%s: %s", header[0], header[1])
                    .isEqualTo(403);
        }
    }

    private static HttpResponse<String> post(byte[] body, String... headers) throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + server.port() + "/api/query"))
                        .POST(HttpRequest.BodyPublishers.ofByteArray(body));
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
