package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.config.HostPort;
import io.trapline.net.ListenSettings;
import io.trapline.web.Listener;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// With real sockets: what happens to requests while a listener moves.
@Timeout(60)
class MovingListenerTest {
    private final HttpClient client = HttpClient.newHttpClient();
    private final CountDownLatch begun = new CountDownLatch(1);
    private final CountDownLatch goOn = new CountDownLatch(1);
    private MovingListener<Place> listener;

    record Place(String host, int port) {}

    @BeforeEach
    void open() throws IOException {
        listener =
                new MovingListener<>(
                        "[test] listen",
                        new Place("127.0.0.1", free()),
                        at -> new HostPort(at.host, at.port),
                        this::listen);
    }

    @AfterEach
    void close() {
        goOn.countDown();
        listener.close();
        client.close();
    }

    private static int free() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private MovingListener.Bound listen(Place at) throws IOException {
        Listener opened =
                Listener.open(
                        ListenSettings.plain(at.host, at.port),
                        Optional.empty(),
                        _ -> {},
                        routing ->
                                routing.get("/quick", (_, response) -> response.send("quick"))
                                        .get(
                                                "/slow",
                                                (_, response) -> {
                                                    begun.countDown();
                                                    goOn.await();
                                                    response.send("slow");
                                                }));
        return new MovingListener.Bound(opened.address(), opened::part, opened::close);
    }

    private CompletableFuture<HttpResponse<String>> ask(String address, String path) {
        return client.sendAsync(
                HttpRequest.newBuilder(URI.create(address + path)).build(),
                HttpResponse.BodyHandlers.ofString());
    }

    private static int port(String address) {
        return URI.create(address).getPort();
    }

    @Test
    void a_request_that_is_being_answered_is_answered_and_new_ones_go_to_the_new_address()
            throws Exception {
        String old = listener.address();
        var slow = ask(old, "/slow");
        assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();

        assertThat(listener.move(new Place("127.0.0.1", free()))).isTrue();

        assertThat(listener.address()).isNotEqualTo(old);
        assertThat(ask(listener.address(), "/quick").get(30, TimeUnit.SECONDS).body())
                .isEqualTo("quick");
        assertThat(slow.isDone()).isFalse();
        goOn.countDown();
        assertThat(slow.get(30, TimeUnit.SECONDS).body()).isEqualTo("slow");
    }

    @Test
    void an_address_that_is_taken_is_said_and_the_old_one_stays() throws Exception {
        String old = listener.address();
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            Place there = new Place("127.0.0.1", taken.getLocalPort());

            assertThatThrownBy(() -> listener.move(there)).hasMessageContaining("holds the port");
        }
        assertThat(listener.address()).isEqualTo(old);
        assertThat(ask(old, "/quick").get(30, TimeUnit.SECONDS).body()).isEqualTo("quick");
    }

    @Test
    void the_same_port_of_every_address_takes_over_and_cuts_nothing_off() throws Exception {
        int port = port(listener.address());
        var slow = ask(listener.address(), "/slow");
        assertThat(begun.await(30, TimeUnit.SECONDS)).isTrue();

        assertThat(listener.move(new Place("0.0.0.0", port))).isTrue();

        assertThat(ask("http://127.0.0.1:" + port, "/quick").get(30, TimeUnit.SECONDS).body())
                .isEqualTo("quick");
        goOn.countDown();
        assertThat(slow.get(30, TimeUnit.SECONDS).body()).isEqualTo("slow");
    }

    @Test
    void where_it_is_already_nothing_happens() throws Exception {
        String address = listener.address();

        assertThat(listener.move(new Place("127.0.0.1", port(address)))).isFalse();

        assertThat(listener.address()).isEqualTo(address);
    }
}
