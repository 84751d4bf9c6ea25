package io.trapline.ingest;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.net.BoundServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CoreListenerTest {
    private static final int EACH = 200;

    /// What a connection has sent when it falls silent: nothing, a part of the request line, of the
    /// headers, of the body.
    private static final List<String> BEGINNINGS =
            List.of(
                    "",
                    "POST /ec",
                    "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Le",
                    "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf ");

    @Test
    void connections_that_fell_silent_keep_nobody_else_from_being_served() throws Exception {
        List<Socket> silent = new ArrayList<>();
        try (BoundServer server =
                        OnLoopback.open(rules ->
                                rules.post(
                                        "/echo",
                                        (request, response) ->
                                                response.send(
                                                        request.content().as(String.class))));
                HttpClient client = HttpClient.newHttpClient()) {
            for (int i = 0; i < EACH; i++) {
                for (String beginning : BEGINNINGS) {
                    silent.add(connect(server.port(), beginning));
                }
            }
            for (int i = 0; i < 100; i++) {
                HttpRequest request =
                        HttpRequest.newBuilder(URI.create(server.address() + "/echo"))
                                .POST(HttpRequest.BodyPublishers.ofString("hello " + i))
                                .build();
                assertThat(client.send(request, HttpResponse.BodyHandlers.ofString()).body())
                        .isEqualTo("hello " + i);
            }
            // A new connection too, and one of the silent ones when it speaks again.
            Socket late = silent.get(3);
            late.getOutputStream().write("there".getBytes(StandardCharsets.US_ASCII));
            late.setSoTimeout(20_000);
            String status =
                    new String(late.getInputStream().readNBytes(12), StandardCharsets.US_ASCII);
            assertThat(status).isEqualTo("HTTP/1.1 200");
            // Before the server, which waits at its end for connections that have begun a request.
            for (Socket socket : silent) {
                socket.close();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /nosuch HTTP/1.0\r\n\r\n",
                "GET /nosuch HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
            })
    @Timeout(value = 20, unit = SECONDS)
    void a_connection_ends_after_its_last_answer(String request) throws Exception {
        try (BoundServer server = OnLoopback.open(_ -> {});
                Socket socket = connect(server.port(), request)) {
            assertThat(new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                    .startsWith("HTTP/1.1 404 ")
                    .contains("no such path");
        }
    }

    private static Socket connect(int port, String beginning) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.getOutputStream().write(beginning.getBytes(StandardCharsets.US_ASCII));
        return socket;
    }
}
