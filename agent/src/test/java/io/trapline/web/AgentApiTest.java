package io.trapline.web;

import static org.assertj.core.api.Assertions.assertThat;

import io.helidon.webserver.WebServer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AgentApiTest {
    @TempDir Path data;
    private final AtomicInteger reloads = new AtomicInteger();
    private final HttpClient client = HttpClient.newHttpClient();
    private WebServer server;
    private String secret;

    @BeforeEach
    void start() throws Exception {
        AdminToken token = AdminToken.loadOrCreate(data);
        secret = AdminToken.read(data.resolve("admin.token"));
        AgentApi api =
                new AgentApi(
                        Map::of,
                        () -> new AgentApi.Reload.InForce(reloads.incrementAndGet(), List.of()),
                        List::of,
                        token);
        server =
                WebServer.builder()
                        .host("127.0.0.1")
                        .port(0)
                        .routing(routing -> routing.register(api))
                        .build()
                        .start();
    }

    @AfterEach
    void stop() {
        server.stop();
        client.close();
    }

    @Test
    void the_token_reloads_from_a_program_and_from_the_agents_own_pages() throws Exception {
        assertThat(reload("Authorization", "Bearer " + secret)).isEqualTo(200);
        assertThat(
                        reload(
                                "Authorization",
                                "Bearer " + secret,
                                "Origin",
                                "http://127.0.0.1:" + server.port()))
                .isEqualTo(200);
        assertThat(reloads).hasValue(2);
    }

    @Test
    void nobody_else_reloads() throws Exception {
        assertThat(reload()).isEqualTo(401);
        assertThat(reload("Authorization", "Bearer wrong")).isEqualTo(401);
        assertThat(reload("Authorization", "Bearer " + secret, "Origin", "http://evil.example"))
                .isEqualTo(403);
        assertThat(reload("Authorization", "Bearer " + secret, "Sec-Fetch-Site", "cross-site"))
                .isEqualTo(403);
        assertThat(reloads).hasValue(0);
    }

    private int reload(String... headers) throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + server.port() + "/api/reload"))
                        .POST(HttpRequest.BodyPublishers.noBody());
        if (headers.length > 0) {
            request.headers(headers);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.discarding()).statusCode();
    }
}
