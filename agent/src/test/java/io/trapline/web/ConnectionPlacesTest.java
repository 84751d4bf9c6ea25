package io.trapline.web;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.net.ConnectionLimits;
import io.trapline.net.ListenSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Places and time limits of connections, on a real listener. A sender that would be left waiting
/// makes the test's time run out.
@Timeout(value = 60, unit = SECONDS)
class ConnectionPlacesTest {
    private static final Duration LONG = Duration.ofMinutes(10);

    private final List<Socket> open = new ArrayList<>();
    private final CountDownLatch released = new CountDownLatch(1);

    @SuppressWarnings("NullAway.Init") // each test listens
    private Listener listener;

    private volatile CountDownLatch entered = new CountDownLatch(0);

    @AfterEach
    void close() throws IOException {
        released.countDown();
        for (Socket socket : open) {
            socket.close();
        }
        listener.close();
    }

    private void listen(int most, int ofOne, int reserve, Duration head, Duration silence)
            throws IOException {
        listen(
                new ConnectionLimits(
                        most,
                        ofOne,
                        reserve,
                        (path, token) -> path.equals("/ping") || token.isPresent(),
                        head,
                        silence,
                        LONG));
    }

    private void listen(ConnectionLimits limits) throws IOException {
        listener =
                Listener.open(
                        ListenSettings.plain("127.0.0.1", 0),
                        Optional.empty(),
                        _ -> {},
                        limits,
                        routing ->
                                routing.get("/ping", (_, response) -> response.send("pong"))
                                        .get("/other", (_, response) -> response.send("other"))
                                        .get(
                                                "/slow",
                                                (_, response) -> {
                                                    entered.countDown();
                                                    released.await();
                                                    response.send("slow");
                                                })
                                        .post(
                                                "/body",
                                                (request, response) ->
                                                        response.send(
                                                                request.content()
                                                                        .as(String.class))));
    }

    private Socket connect() throws IOException {
        Socket socket =
                new Socket(
                        InetAddress.getLoopbackAddress(), URI.create(listener.address()).getPort());
        open.add(socket);
        return socket;
    }

    private Socket send(String text) throws IOException {
        Socket socket = connect();
        socket.getOutputStream().write(text.replace("|", "\r\n").getBytes(ISO_8859_1));
        return socket;
    }

    private static String rest(Socket socket) throws IOException {
        return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
    }

    private String ask(String path) throws IOException {
        return rest(send("GET " + path + " HTTP/1.1|Host: a|Connection: close||"));
    }

    @Test
    void half_open_requests_of_one_client_keep_nobody_out() throws IOException {
        listen(ConnectionLimits.of(1024, ConnectionLimits.Urgent.NOTHING));

        for (int i = 0; i < 1100; i++) {
            send("GET /ping HTTP/1.1|Host:");
        }

        assertThat(ask("/ping")).startsWith("HTTP/1.1 200 ").endsWith("pong");
        assertThat(ask("/other")).startsWith("HTTP/1.1 200 ").endsWith("other");
    }

    @Test
    void who_has_waited_longest_makes_room_for_the_next_of_its_source() throws IOException {
        listen(8, 2, 0, LONG, LONG);
        Socket oldest = send("GET /ping HTT");
        Socket second = send("GET /ping HTTP/1.1|Host: a|Connection: close|");

        assertThat(ask("/ping")).endsWith("pong");

        assertThat(readToEnd(oldest)).isEmpty();
        second.getOutputStream().write("\r\n".getBytes(ISO_8859_1));
        assertThat(rest(second)).endsWith("pong");
    }

    @Test
    void requests_in_work_are_never_closed_and_the_reserve_answers_what_is_urgent()
            throws Exception {
        listen(2, 2, 1, LONG, LONG);
        entered = new CountDownLatch(2);
        Socket first = send("GET /slow HTTP/1.1|Host: a|Connection: close||");
        Socket second = send("GET /slow HTTP/1.1|Host: a|Connection: close||");
        entered.await();

        assertThat(ask("/other"))
                .startsWith("HTTP/1.1 503 ")
                .contains("\r\nRetry-After: 1\r\n")
                .contains("\"error_code\":\"datakit.busy\"");
        assertThat(rest(send("POST /body HTTP/1.1|Host: a|Content-Length: 5||hello")))
                .as("one that also has a body, and would keep its connection")
                .startsWith("HTTP/1.1 503 ");
        assertThat(ask("/ping")).startsWith("HTTP/1.1 200 ").endsWith("pong");
        assertThat(rest(send("GET /other HTTP/1.1|Host: a|Authorization: Bearer x||")))
                .startsWith("HTTP/1.1 200 ")
                .endsWith("other");

        released.countDown();
        assertThat(rest(first)).endsWith("slow");
        assertThat(rest(second)).endsWith("slow");
    }

    @Test
    void bodies_that_never_come_keep_nothing_urgent_out() throws Exception {
        listen(ConnectionLimits.of(128, (path, _) -> path.equals("/ping")));

        for (int i = 0; i < 400; i++) {
            send("POST /body HTTP/1.1|Host: a|Content-Length: 9||half");
        }

        for (int i = 0; i < 3; i++) {
            assertThat(ask("/ping")).startsWith("HTTP/1.1 200 ").endsWith("pong");
        }
    }

    @Test
    void when_the_reserve_is_taken_too_the_answer_is_503_without_a_request() throws Exception {
        listen(1, 1, 1, LONG, LONG);
        entered = new CountDownLatch(1);
        send("GET /slow HTTP/1.1|Host: a|Connection: close||");
        entered.await();
        entered = new CountDownLatch(1);
        send("GET /slow HTTP/1.1|Host: a|Authorization: Bearer x||");
        entered.await();

        assertThat(rest(connect())).startsWith("HTTP/1.1 503 ").contains("\r\nRetry-After: 1\r\n");
    }

    @Test
    void a_head_has_its_time_however_steadily_its_bytes_come() throws Exception {
        listen(8, 8, 0, Duration.ofMillis(300), LONG);
        Socket dripping = send("GET /ping HTTP/1.1|");
        Thread drips =
                Thread.ofVirtual()
                        .start(() -> {
                            try {
                                while (!Thread.interrupted()) {
                                    dripping.getOutputStream()
                                            .write("a: b\r\n".getBytes(ISO_8859_1));
                                    Thread.sleep(10);
                                }
                            } catch (IOException | InterruptedException _) {
                                // It was cut off, which the reader below sees.
                            }
                        });

        assertThat(readToEnd(dripping)).isEmpty();

        drips.interrupt();
        drips.join();
    }

    @Test
    void the_head_of_a_later_request_has_its_time_as_well() throws IOException {
        listen(8, 8, 0, Duration.ofMillis(300), LONG);

        Socket kept = send("GET /ping HTTP/1.1|Host: a||GET /ping HT");

        assertThat(readToEnd(kept)).startsWith("HTTP/1.1 200 ").endsWith("pong");
    }

    @Test
    void who_says_nothing_or_stops_within_a_body_is_cut_off() throws IOException {
        listen(8, 8, 0, LONG, Duration.ofMillis(300));

        assertThat(readToEnd(connect())).isEmpty();
        assertThat(
                        readToEnd(
                                send(
                                        "POST /body HTTP/1.1|Host: a|Connection: close|Content-Length: 9||half")))
                .doesNotContain("half");
    }

    /// A connection that is cut off may end with a reset.
    private static String readToEnd(Socket socket) {
        StringBuilder text = new StringBuilder();
        try {
            for (int c = socket.getInputStream().read();
                    c >= 0;
                    c = socket.getInputStream().read()) {
                text.append((char) c);
            }
        } catch (IOException _) {
            text.append("");
        }
        return text.toString();
    }
}
