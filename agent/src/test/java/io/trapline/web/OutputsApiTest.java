package io.trapline.web;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import io.trapline.forward.ForwardSettings;
import io.trapline.forward.OutputBasics;
import io.trapline.forward.Outputs;
import io.trapline.forward.PushOutputSettings;
import io.trapline.journal.JournalSettings;
import io.trapline.journal.SqliteJournal;
import io.trapline.model.Batch;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import io.trapline.net.ListenSettings;
import io.trapline.pipeline.BatchCodec;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputsApiTest {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir Path data;
    private volatile int status = 400;

    private record Answer(int status, JsonNode json) {}

    @Test
    void outputs_are_shown_to_all_and_steered_with_the_token() throws Exception {
        HttpServer receiver =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext(
                "/",
                exchange -> {
                    exchange.getRequestBody().readAllBytes();
                    byte[] body =
                            "{\"message\":\"no such\",\"result\":\"true\"}"
                                    .getBytes(StandardCharsets.UTF_8);
                    exchange.sendResponseHeaders(status, body.length);
                    exchange.getResponseBody().write(body);
                    exchange.close();
                });
        receiver.start();
        AdminToken token = AdminToken.loadOrCreate(data);
        String secret = AdminToken.read(data.resolve("admin.token"));
        try (SqliteJournal journal =
                        SqliteJournal.open(
                                data.resolve("trapline.db"), () -> JournalSettings.DEFAULT);
                Outputs outputs =
                        Outputs.open(
                                data,
                                journal,
                                new Outputs.Surroundings(
                                        InstantSource.system(), System::nanoTime, new Random(1)));
                Listener listener =
                        Listener.open(
                                ListenSettings.plain("127.0.0.1", 0),
                                Optional.empty(),
                                _ -> {},
                                routing ->
                                        routing.register(
                                                new OutputsApi(new OutputsCalls(outputs), token)));
                HttpClient client = HttpClient.newHttpClient()) {
            journal.append(
                    BatchCodec.encode(
                            new Batch(
                                    "push/1",
                                    1,
                                    List.of(
                                            new Sample(
                                                    "a",
                                                    List.of(new Tag("target", "t")),
                                                    new SampleValue.Real(1),
                                                    1)))));
            outputs.apply(
                    new ForwardSettings(
                            List.of(
                                    new PushOutputSettings(
                                            new OutputBasics("bk"),
                                            URI.create(
                                                    "http://127.0.0.1:"
                                                            + receiver.getAddress().getPort()
                                                            + "/v2/push/"),
                                            1,
                                            "hidden-token",
                                            PushOutputSettings.Type.TIME_SERIES,
                                            0,
                                            500_000,
                                            "me")),
                            1 << 20));
            String base = listener.address() + "/api/outputs";
            await().atMost(Duration.ofSeconds(20))
                    .until(() ->
                            call(client, "GET", base + "/bk", "", "").json().path("aside").asInt()
                                    == 1);

            JsonNode all = call(client, "GET", base, "", "").json();
            assertThat(all.toString()).doesNotContain("hidden-token");
            assertThat(all.at("/outputs/0/state").asText()).isEqualTo("running");
            assertThat(call(client, "GET", base + "/none", "", "").status()).isEqualTo(404);
            for (String command : List.of("pause", "resume", "resend", "drop")) {
                assertThat(call(client, "POST", base + "/bk/" + command, "", "").status())
                        .isEqualTo(401);
            }
            assertThat(call(client, "GET", base + "/bk/aside", "", "").status()).isEqualTo(401);

            JsonNode aside = call(client, "GET", base + "/bk/aside", "", secret).json();
            assertThat(aside.at("/aside/0/reason").asText()).isEqualTo("status 400: no such");
            assertThat(aside.at("/aside/0/payload").asText())
                    .startsWith("{\"metrics\":{\"a\":1.0}");
            assertThat(
                            call(client, "POST", base + "/bk/pause", "", secret)
                                    .json()
                                    .path("state")
                                    .asText())
                    .isEqualTo("paused");
            assertThat(
                            call(client, "POST", base + "/bk/resume", "", secret)
                                    .json()
                                    .path("state")
                                    .asText())
                    .isEqualTo("running");
            assertThat(call(client, "POST", base + "/bk/resend", "{\"ids\":[]}", secret).status())
                    .isEqualTo(400);
            assertThat(call(client, "POST", base + "/bk/resend", "{\"id\":[1]}", secret).status())
                    .isEqualTo(400);
            assertThat(call(client, "POST", base + "/bk/nonsense", "", secret).status())
                    .isEqualTo(404);

            status = 200;
            long id = aside.at("/aside/0/id").asLong();
            assertThat(
                            call(
                                            client,
                                            "POST",
                                            base + "/bk/resend",
                                            "{\"ids\":[" + id + "]}",
                                            secret)
                                    .json()
                                    .path("items")
                                    .asInt())
                    .isEqualTo(1);
            await().atMost(Duration.ofSeconds(20))
                    .until(() ->
                            call(client, "GET", base + "/bk", "", "").json().path("aside").asInt()
                                    == 0);
            assertThat(
                            call(client, "POST", base + "/bk/drop", "", secret)
                                    .json()
                                    .path("items")
                                    .asInt())
                    .isZero();
        } finally {
            receiver.stop(0);
        }
    }

    private static Answer call(
            HttpClient client, String method, String url, String body, String token)
            throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create(url))
                        .method(method, HttpRequest.BodyPublishers.ofString(body));
        if (!token.isEmpty()) {
            request.header("Authorization", "Bearer " + token);
        }
        HttpResponse<String> answer =
                client.send(request.build(), HttpResponse.BodyHandlers.ofString());
        return new Answer(answer.statusCode(), JSON.readTree(answer.body()));
    }
}
