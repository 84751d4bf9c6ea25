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
                                        .post(
                                                "/first",
                                                (request, response) ->
                                                        response.send(
                                                                request.content()
                                                                        .inputStream()
                                                                        .readNBytes(5)))
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
        return answer(false, parts);
    }

    /// @param ends whether the client sends no more then, so that the server need not give it time
    private static String answer(boolean ends, String... parts) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setTcpNoDelay(true);
            OutputStream out = socket.getOutputStream();
            for (String part : parts) {
                out.write(part.getBytes(ISO_8859_1));
                out.flush();
            }
            if (ends) {
                socket.shutdownOutput();
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

    private static final String NEXT = "GET /host HTTP/1.1\r\nHost: next\r\n\r\n";
    private static final String LAST =
            "GET /host HTTP/1.1\r\nHost: last\r\nConnection: close\r\n\r\n";

    private static String post(String path, String framing, String body) {
        return ("POST " + path + " HTTP/1.1|Host: a|" + framing + "||").replace("|", "\r\n")
                + body.replace("|", "\r\n");
    }

    private static int answers(String all) {
        return all.split("HTTP/1\\.1 [0-9]{3} ", -1).length - 1;
    }

    @Test
    void what_follows_a_chunked_body_with_trailers_is_the_next_request() throws IOException {
        String first =
                post("/echo", "Transfer-Encoding: chunked", "2;a=b|he|3 |llo|0;c|X: y|Z: z||");
        String all = first + first + LAST;
        for (int cut = 1; cut < all.length(); cut += 7) {
            String answer = answer(all.substring(0, cut), all.substring(cut));
            assertThat(answers(answer)).as("cut at %d: %s", cut, answer).isEqualTo(3);
            assertThat(answer)
                    .containsSubsequence("\r\n\r\nhello", "\r\n\r\nhello", "\r\n\r\nlast");
        }
    }

    @Test
    void a_body_that_is_not_chunked_as_it_should_be_has_one_answer_and_no_next_request()
            throws IOException {
        for (String body :
                List.of("+5|hello|0||", "5|helloX0||", "5\nhello\n0\n\n", "5|hello|0|X||")) {
            String answer = answer(true, post("/echo", "Transfer-Encoding: chunked", body) + LAST);
            assertThat(answers(answer)).as(answer).isEqualTo(1);
            assertThat(answer)
                    .startsWith("HTTP/1.1 400 ")
                    .contains("Connection: close")
                    .contains("{\"error\":\"the body is not chunked as HTTP/1.1 demands");
        }
    }

    @Test
    void a_chunk_is_read_while_it_arrives_however_long_it_is_announced() throws IOException {
        String answer =
                answer(
                        true,
                        post("/first", "Transfer-Encoding: chunked", "7fffffffffffffff|hello"));
        assertThat(answer).startsWith("HTTP/1.1 200 ").endsWith("\r\n\r\nhello");
    }

    @Test
    void a_client_that_asks_first_is_told_to_go_on_or_not() throws IOException {
        String asks = "Expect: 100-continue|Transfer-Encoding: chunked";
        assertThat(answer(post("/echo", asks, "5|hello|0|X: y||") + LAST))
                .startsWith("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 ")
                .endsWith("\r\n\r\nlast");
        // What comes all the same is a body, or whatever the client took its answer for.
        for (String framing : List.of(asks, "Expect: 100-continue|Content-Length: 70")) {
            String answer = answer(true, post("/deaf", framing, "") + NEXT + NEXT + LAST);
            assertThat(answers(answer)).as(answer).isEqualTo(1);
            assertThat(answer).startsWith("HTTP/1.1 403 ").contains("Connection: close");
        }
    }

    @Test
    void a_connection_goes_on_after_a_short_body_that_nobody_read() throws IOException {
        String unread = post("/deaf", "Content-Length: " + NEXT.length(), "") + NEXT;
        String answer = answer(unread + LAST);
        assertThat(answers(answer)).as(answer).isEqualTo(2);
        assertThat(answer).startsWith("HTTP/1.1 403 ").endsWith("\r\n\r\nlast");
    }

    @Test
    void a_connection_ends_after_a_body_that_nobody_read_and_that_is_long_or_of_no_known_length()
            throws IOException {
        for (String request :
                List.of(
                        post("/deaf", "Content-Length: 1000000", NEXT),
                        post("/deaf", "Transfer-Encoding: chunked", "5|hello|0||" + NEXT))) {
            String answer = answer(true, request);
            assertThat(answers(answer)).as(answer).isEqualTo(1);
            assertThat(answer).startsWith("HTTP/1.1 403 ").contains("Connection: close");
        }
    }

    /// More than fits into the buffers between them: whoever writes all of it first would lose the
    /// answer if the connection were cut.
    @Test
    void a_client_that_sends_a_long_body_before_it_reads_gets_the_answer() throws IOException {
        String body = "x".repeat(20 << 20);
        assertThat(answer(true, post("/deaf", "Content-Length: " + body.length(), ""), body))
                .startsWith("HTTP/1.1 403 ")
                .endsWith("no");
    }

    @Test
    void http_1_0_has_no_chunks() throws IOException {
        String request =
                post("/echo", "Transfer-Encoding: chunked", "5|hello|0||").replace("1.1", "1.0");
        assertThat(answer(true, request)).startsWith("HTTP/1.1 400 ").doesNotContain("hello");
        assertThat(answers(answer(true, request))).isEqualTo(1);
    }
}
