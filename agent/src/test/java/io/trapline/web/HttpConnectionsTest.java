package io.trapline.web;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.net.ListenSettings;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Each answer is read until the server closes: where it does not, the test's time runs out.
@Timeout(value = 20, unit = SECONDS)
class HttpConnectionsTest {
    private static Listener listener;
    private static int port;

    @BeforeAll
    static void listen() throws IOException {
        listener =
                Listener.open(
                        ListenSettings.plain("127.0.0.1", 0),
                        Optional.empty(),
                        _ -> {},
                        routing ->
                                routing.post(
                                                "/echo",
                                                (request, response) ->
                                                        response.send(
                                                                request.content().as(String.class)))
                                        .post(
                                                "/deaf",
                                                (_, response) -> response.status(403).send("no"))
                                        .get(
                                                "/host",
                                                (request, response) ->
                                                        response.send(request.authority())));
        port = URI.create(listener.address()).getPort();
    }

    @AfterAll
    static void close() {
        listener.close();
    }

    private static String answer(String... parts) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setTcpNoDelay(true);
            OutputStream out = socket.getOutputStream();
            for (String part : parts) {
                out.write(part.getBytes(ISO_8859_1));
                out.flush();
            }
            InputStream in = socket.getInputStream();
            return new String(in.readAllBytes(), ISO_8859_1);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "POST /echo HTTP/1.1|Host: a|Connection: close|Content-Length: 5||hello",
                "POST /echo HTTP/1.1|Host: a|Connection: Keep-Alive, Close|Content-Length: 5||hello",
                "POST /echo HTTP/1.1|Host: a|Connection: close|Transfer-Encoding: chunked||5|hello|0||",
                "POST /echo HTTP/1.0|Content-Length: 5||hello",
                "POST /echo HTTP/1.0|Connection: keep-alive|Content-Length: 5||hello",
                "POST /echo HTTP/1.0|Host: a|Content-Length: 5||hello",
            })
    void a_connection_ends_after_its_last_answer(String request) throws IOException {
        String text = request.replace("|", "\r\n");
        assertThat(answer(text)).startsWith("HTTP/1.1 200 ").endsWith("\r\n\r\nhello");
        for (int cut : List.of(1, 15, 21, 30, text.length() - 3)) {
            assertThat(answer(text.substring(0, cut), text.substring(cut)))
                    .as("cut at %d", cut)
                    .endsWith("\r\n\r\nhello");
        }
    }

    @Test
    void an_answer_of_the_router_ends_the_connection_too() throws IOException {
        assertThat(answer("GET /nosuch HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"))
                .startsWith("HTTP/1.1 404 ");
        assertThat(answer("GET /nosuch HTTP/1.0\r\n\r\n")).startsWith("HTTP/1.1 404 ");
    }

    @Test
    void a_body_that_nobody_read_is_not_waited_for() throws IOException {
        String head = " HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\n";
        assertThat(answer("POST /deaf" + head)).startsWith("HTTP/1.1 403 ").endsWith("no");
    }

    @Test
    void other_connections_take_one_request_after_the_other() throws IOException {
        String request = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n";
        String last = request.replace("Host", "Connection: close\r\nHost");
        assertThat(answer(request + "on", request + "tw" + last + "th"))
                .containsSubsequence("\r\n\r\non", "\r\n\r\ntw", "\r\n\r\nth");
    }

    @Test
    void a_request_without_a_host_has_one_that_is_no_ones() throws IOException {
        assertThat(answer("GET /host HTTP/1.0\r\n\r\n")).endsWith("\r\n\r\nlocalhost");
        assertThat(answer("GET /host HTTP/1.0\r\nhost: b:1\r\n\r\n")).endsWith("\r\n\r\nb:1");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"garbage\r\n\r\n", "GET /host HTTP/0.9\r\n\r\n", "GET /host HTTP/1.0\n\n"})
    void what_is_no_http_is_refused(String request) throws IOException {
        assertThat(answer(request)).startsWith("HTTP/1.1 400 ");
    }

    @Test
    void a_head_that_is_too_long_is_refused() throws IOException {
        assertThat(answer("GET /" + "x".repeat(9000) + " HTTP/1.0\r\n\r\n"))
                .startsWith("HTTP/1.1 414 ");
        assertThat(answer("GET /host HTTP/1.0\r\nX: " + "x".repeat(42_000)))
                .startsWith("HTTP/1.1 505 ");
    }
}
