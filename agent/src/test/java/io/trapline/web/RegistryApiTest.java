package io.trapline.web;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import io.trapline.net.ListenSettings;
import io.trapline.registry.Check;
import io.trapline.registry.Declared;
import io.trapline.registry.PushRegistration;
import io.trapline.registry.PushType;
import io.trapline.registry.Registry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RegistryApiTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String ID = "a9856a6a-3b46-e18b-d890-acafaa955348";

    @TempDir Path data;
    private Registry registry;
    private Listener listener;
    private String token;
    private final HttpClient client = HttpClient.newHttpClient();

    @BeforeEach
    void start() throws Exception {
        registry =
                Registry.open(
                        data.resolve("trapline.db"),
                        InstantSource.fixed(Instant.parse("2026-01-02T03:04:05Z")),
                        Duration.ZERO);
        AdminToken admin = AdminToken.loadOrCreate(data);
        token = AdminToken.read(data.resolve("admin.token"));
        RegistryApi api =
                new RegistryApi(new RegistryCalls(registry, () -> "http://core:10205"), admin);
        listener =
                Listener.open(
                        ListenSettings.plain("127.0.0.1", 0),
                        Optional.empty(),
                        _ -> {},
                        routing -> routing.register(api));
    }

    @AfterEach
    void stop() throws Exception {
        client.close();
        listener.close();
        registry.close();
    }

    private record Answer(int status, JsonNode json) {}

    private Answer send(String method, String path, String body, String... headers)
            throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(listener.address() + path))
                        .method(
                                method,
                                body.isEmpty()
                                        ? HttpRequest.BodyPublishers.noBody()
                                        : HttpRequest.BodyPublishers.ofString(body));
        for (int i = 0; i < headers.length; i += 2) {
            request.header(headers[i], headers[i + 1]);
        }
        HttpResponse<String> response =
                client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        return new Answer(response.statusCode(), JSON.readTree(response.body()));
    }

    private Answer admin(String method, String path, String body) throws Exception {
        return send(method, path, body, "Authorization", "Bearer " + token);
    }

    private Answer get(String path) throws Exception {
        return send("GET", path, "");
    }

    @Test
    void a_push_registration_lives_from_its_creation_to_its_removal() throws Exception {
        Answer made = admin("POST", "/api/push", "{\"type\":\"time_series\",\"name\":\"mail\"}");
        assertThat(made.status()).isEqualTo(201);
        assertThat(made.json().path("data_id").asLong()).isEqualTo(1_500_000);
        String first = made.json().path("access_token").asText();
        assertThat(first).matches("[0-9a-f]{32}");
        assertThat(registry.push(1_500_000).orElseThrow().accessToken()).isEqualTo(first);

        assertThat(
                        admin("POST", "/api/push/1500000/disable", "")
                                .json()
                                .path("enabled")
                                .asBoolean())
                .isFalse();
        assertThat(registry.push(1_500_000).orElseThrow().enabled()).isFalse();
        assertThat(admin("POST", "/api/push/1500000/enable", "").status()).isEqualTo(200);
        assertThat(registry.push(1_500_000).orElseThrow().enabled()).isTrue();

        Answer rotated = admin("POST", "/api/push/1500000/rotate-token", "");
        assertThat(rotated.json().path("access_token").asText()).isNotEqualTo(first);
        assertThat(registry.push(1_500_000).orElseThrow().accessToken())
                .isEqualTo(rotated.json().path("access_token").asText());

        Answer changed = admin("PUT", "/api/push/1500000", "{\"rate\":5,\"label\":\"mail.q\"}");
        assertThat(changed.json().path("rate").asInt()).isEqualTo(5);
        assertThat(registry.push(1_500_000).orElseThrow().name()).isEqualTo("mail");

        assertThat(admin("DELETE", "/api/push/1500000", "").json().path("removed").asBoolean())
                .isTrue();
        assertThat(registry.push(1_500_000)).isEmpty();
        assertThat(get("/api/push/1500000").status()).isEqualTo(404);
    }

    @Test
    void a_check_lives_from_its_submission_url_to_its_removal() throws Exception {
        Answer made =
                admin(
                        "POST",
                        "/api/traps",
                        "{\"id\":\""
                                + ID.toUpperCase(java.util.Locale.ROOT)
                                + "\",\"secret\":\"mys3cr3t\",\"name\":\"web01 app\",\"period\":\"30s\","
                                + "\"asynch_metrics\":false,\"filters\":[{\"type\":\"deny\","
                                + "\"metric\":\"^tmp\"},{\"type\":\"allow\"}]}");
        assertThat(made.status()).isEqualTo(201);
        assertThat(made.json().path("submission_url").asText())
                .isEqualTo("http://core:10205/module/httptrap/" + ID + "/mys3cr3t");
        Check check = registry.check(UUID.fromString(ID)).orElseThrow();
        assertThat(check.period()).isEqualTo(Duration.ofSeconds(30));
        assertThat(check.asyncMetrics()).isFalse();
        assertThat(check.filters().orElseThrow()).hasSize(2);
        assertThat(admin("PUT", "/api/traps/" + ID, "{\"filters\":null}").status()).isEqualTo(200);
        assertThat(registry.check(UUID.fromString(ID)).orElseThrow().filters()).isEmpty();
        assertThat(admin("DELETE", "/api/traps/" + ID, "").status()).isEqualTo(200);
        assertThat(registry.check(UUID.fromString(ID))).isEmpty();
    }

    @Test
    void metrics_are_listed_described_and_chosen() throws Exception {
        registry.addCheck(new Check(UUID.fromString(ID), "s", "", ""));
        registry.seen(
                "trap/" + ID,
                List.of(
                        new Sample(
                                "a/b", List.of(new Tag("x", "y")), new SampleValue.Real(2.5), 0)),
                true);
        String metrics = "/api/traps/" + ID + "/metrics";
        assertThat(get(metrics).json().at("/metrics/0/name").asText()).isEqualTo("a/b|ST[x:y]");
        assertThat(get(metrics).json().at("/metrics/0/latest").asText()).isEqualTo("2.5");

        String one = metrics + "/a%2Fb%7CST%5Bx:y%5D";
        assertThat(admin("PUT", one, "{\"alias\":\"load\",\"unit\":\"s\"}").status())
                .isEqualTo(200);
        assertThat(admin("PUT", one, "{\"hidden\":true}").status()).isEqualTo(200);
        assertThat(get(one).json().path("alias").asText()).isEqualTo("load");
        assertThat(get(one).json().path("hidden").asBoolean()).isTrue();

        Answer off = admin("PUT", metrics, "{\"deselect\":[\"a/b\"]}");
        assertThat(off.json().at("/filters/0/type").asText()).isEqualTo("deny");
        assertThat(off.json().at("/filters/0/metric_list/0").asText()).isEqualTo("a/b");
        assertThat(admin("PUT", metrics, "{\"only\":[\"c\"]}").json().path("filters")).hasSize(1);
        assertThat(admin("PUT", metrics, "{\"all\":true}").json().path("filters").isNull())
                .isTrue();
        assertThat(admin("DELETE", one, "").status()).isEqualTo(200);
        assertThat(get(one).status()).isEqualTo(404);
    }

    @Test
    void reading_shows_no_secret_unless_it_is_asked_for_with_the_token() throws Exception {
        registry.addCheck(new Check(UUID.fromString(ID), "trap_s3cr3t", "", ""));
        registry.declare(
                List.of(
                        new Declared<>(
                                new PushRegistration(7, "push_s3cr3t", PushType.EVENT), "f", 1)),
                List.of());
        registry.preview(
                "push/7",
                400,
                "{\"access_token\":\"push_s3cr3t\"}".getBytes(StandardCharsets.UTF_8),
                30,
                List.of("near push_s3cr3t"));
        for (String path :
                List.of(
                        "/api/push",
                        "/api/push/7",
                        "/api/push/7/requests",
                        "/api/push/7/metrics",
                        "/api/traps",
                        "/api/traps/" + ID,
                        "/api/push?secrets=false")) {
            Answer answer = get(path);
            assertThat(answer.status()).as(path).isEqualTo(200);
            assertThat(answer.json().toString()).as(path).doesNotContain("s3cr3t");
            assertThat(answer.json().toString()).as(path).doesNotContain("submission_url");
        }
        for (String path : List.of("/api/push", "/api/push/7", "/api/traps", "/api/traps/" + ID)) {
            assertThat(get(path + "?secrets=true").status()).as(path).isEqualTo(401);
            assertThat(admin("GET", path + "?secrets=true", "").json().toString())
                    .as(path)
                    .contains("_s3cr3t");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "POST,   /api/push",
        "PUT,    /api/push/7",
        "DELETE, /api/push/7",
        "POST,   /api/push/7/enable",
        "POST,   /api/push/7/rotate-token",
        "PUT,    /api/push/7/metrics/cpu",
        "POST,   /api/traps",
        "PUT,    /api/traps/x/metrics",
        "DELETE, /api/traps/x",
    })
    void what_changes_something_needs_the_token_whether_it_is_there_or_not(
            String method, String path) throws Exception {
        assertThat(send(method, path, "").status()).isEqualTo(401);
        assertThat(send(method, path, "", "Authorization", "Bearer wrong").status()).isEqualTo(401);
        assertThat(registry.pushes()).isEmpty();
    }

    @Test
    void a_page_of_another_site_is_refused_even_with_the_token() throws Exception {
        String bearer = "Bearer " + token;
        String body = "{\"type\":\"event\"}";
        assertThat(
                        send(
                                        "POST",
                                        "/api/push",
                                        body,
                                        "Authorization",
                                        bearer,
                                        "Origin",
                                        "http://evil.example")
                                .status())
                .isEqualTo(403);
        assertThat(
                        send(
                                        "POST",
                                        "/api/push",
                                        body,
                                        "Authorization",
                                        bearer,
                                        "Origin",
                                        listener.address())
                                .status())
                .isEqualTo(201);
    }

    @Test
    void all_problems_of_a_body_are_told_at_once_without_the_secret() throws Exception {
        Answer push =
                admin(
                        "POST",
                        "/api/push",
                        "{\"data_id\":0,\"type\":\"log\",\"rate\":\"x\",\"label\":\"1a\","
                                + "\"acess_token\":\"hunter2\",\"version\":\"v1\"}");
        assertThat(push.status()).isEqualTo(400);
        assertThat(push.json().path("problems")).hasSize(6);
        assertThat(push.json().toString())
                .contains("data_id: ", "type: ", "rate: ", "label: ", "version: ")
                .contains("acess_token: unknown key")
                .doesNotContain("hunter2");
        Answer trap =
                admin(
                        "POST",
                        "/api/traps",
                        "{\"id\":\"1-2-3-4-5\",\"secret\":\"hunter 2\",\"period\":\"10m\","
                                + "\"cors_origin\":\"(\",\"tagset\":\"dc:1\",\"filters\":["
                                + "{\"type\":\"maybe\"},{\"type\":\"deny\",\"metric\":\"(\"},"
                                + "{\"type\":\"deny\",\"nmae\":\"x\"},"
                                + "{\"type\":\"allow\",\"stream_tags\":\"env:prod\"},"
                                + "{\"type\":\"allow\",\"measurement_tags\":\"and(a:/(/)\"}]}");
        assertThat(trap.json().path("problems")).hasSize(10);
        assertThat(trap.json().toString())
                .contains("filters[3].stream_tags: no tag query, at character 1")
                .contains("filters[4].measurement_tags: no tag query, at character 7");
        assertThat(trap.json().toString()).doesNotContain("hunter 2");
        assertThat(admin("POST", "/api/traps", "{\"filters\":[{\"type\":\"skipto:x\"}]}").status())
                .isEqualTo(400);
        assertThat(admin("POST", "/api/push", "[1]").status()).isEqualTo(400);
        assertThat(admin("POST", "/api/push", "{\"type\":").status()).isEqualTo(400);
        assertThat(admin("POST", "/api/push", "{\"type\":\"event\"} {}").status()).isEqualTo(400);
        assertThat(registry.pushes()).isEmpty();
        assertThat(registry.checks()).isEmpty();
    }

    @Test
    void what_the_configuration_declares_is_shown_and_its_place_is_told_on_a_change()
            throws Exception {
        registry.declare(
                List.of(
                        new Declared<>(
                                new PushRegistration(7, "t", PushType.EVENT),
                                "conf.d/trapline.conf",
                                12)),
                List.of(
                        new Declared<>(
                                new Check(UUID.fromString(ID), "s", "", ""),
                                "conf.d/trapline.conf",
                                20)));
        assertThat(get("/api/push/7").json().path("origin").asText()).isEqualTo("configuration");
        assertThat(get("/api/push/7").json().path("line").asInt()).isEqualTo(12);
        for (String change : List.of("DELETE /api/push/7", "POST /api/push/7/disable")) {
            Answer answer = admin(change.split(" ")[0], change.split(" ")[1], "");
            assertThat(answer.status()).isEqualTo(409);
            assertThat(answer.json().path("error").asText())
                    .contains("conf.d/trapline.conf line 12");
        }
        Answer metrics = admin("PUT", "/api/traps/" + ID + "/metrics", "{\"select\":[\"a\"]}");
        assertThat(metrics.status()).isEqualTo(409);
        assertThat(metrics.json().path("line").asInt()).isEqualTo(20);
        assertThat(admin("POST", "/api/push", "{\"type\":\"event\",\"data_id\":7}").status())
                .isEqualTo(409);
    }

    @ParameterizedTest
    @CsvSource({
        "GET,    /api/push/8",
        "GET,    /api/push/abc",
        "GET,    /api/push/99999999999999999999",
        "DELETE, /api/push/8",
        "POST,   /api/push/8/enable",
        "GET,    /api/traps/a9856a6a-3b46-e18b-d890-acafaa955348",
        "GET,    /api/traps/x",
        "PUT,    /api/traps/x/metrics",
        "GET,    /api/push/8/metrics",
    })
    void an_unknown_id_is_not_found(String method, String path) throws Exception {
        Answer answer = admin(method, path, "");
        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.json().path("error").asText()).isNotEmpty();
    }

    @Test
    void a_body_that_is_too_long_is_refused() throws Exception {
        String body = "{\"type\":\"event\",\"description\":\"" + "x".repeat(1 << 20) + "\"}";
        assertThat(admin("POST", "/api/push", body).status()).isEqualTo(413);
    }

    @Test
    void other_methods_are_named_as_such() throws Exception {
        assertThat(admin("PATCH", "/api/push", "").status()).isEqualTo(405);
    }
}
