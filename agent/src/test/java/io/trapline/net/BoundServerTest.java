package io.trapline.net;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.HttpRouting;
import io.trapline.health.PartStatus;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BoundServerTest {
    private static final String REQUEST =
            "GET /%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    private static final Duration LONG = Duration.ofSeconds(30);

    private final CountDownLatch arrived = new CountDownLatch(1);
    private final CountDownLatch answer = new CountDownLatch(1);

    private WebServerConfig.Builder server() {
        return WebServer.builder()
                .shutdownGracePeriod(LONG)
                .addRouting(
                        HttpRouting.builder()
                                .get("/quick", (_, response) -> response.send("quick"))
                                .get(
                                        "/slow",
                                        (_, response) -> {
                                            arrived.countDown();
                                            answer.await();
                                            response.send("slow");
                                        }));
    }

    private static HttpConnections http() {
        return new HttpConnections(
                8 << 10, 16 << 10, ConnectionLimits.of(64, ConnectionLimits.Urgent.NOTHING));
    }

    private BoundServer start() throws IOException {
        return BoundServer.start(
                server(), http(), ListenSettings.plain("127.0.0.1", 0), Optional.empty(), "http");
    }

    private static Socket ask(int port, String what) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.getOutputStream().write(REQUEST.formatted(what).getBytes(UTF_8));
        return socket;
    }

    private static String answer(Socket socket) throws IOException {
        try (socket;
                InputStream in = socket.getInputStream()) {
            return new String(in.readAllBytes(), UTF_8);
        }
    }

    @Test
    void a_listener_that_stopped_listening_opens_again_at_the_same_port() throws Exception {
        try (BoundServer server = start()) {
            int port = server.port();
            assertThat(server.part().isRunning()).isTrue();
            server.breakIt();
            await().atMost(LONG)
                    .until(() -> server.part().restarts() == 1 && server.part().isRunning());
            assertThat(server.port()).isEqualTo(port);
            assertThat(answer(ask(port, "quick"))).endsWith("quick");
            assertThat(server.part().name()).isEqualTo("listener [http] http://127.0.0.1:" + port);
        }
    }

    @Test
    void it_opens_again_as_often_as_it_must_and_stays_closed_once_it_was_closed() throws Exception {
        BoundServer server = start();
        int port = server.port();
        try (server) {
            for (int times = 1; times <= 3; times++) {
                int now = times;
                server.breakIt();
                await().atMost(LONG)
                        .until(() -> server.part().restarts() == now && server.part().isRunning());
            }
            assertThat(answer(ask(port, "quick"))).endsWith("quick");
        }
        assertThat(server.part().state()).isEqualTo(PartStatus.State.RUNNING);
        assertThat(isOpen(port)).isFalse();
    }

    private static boolean isOpen(int port) {
        try (Socket _ = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return true;
        } catch (IOException _) {
            return false;
        }
    }

    @Test
    void what_it_was_answering_is_answered() throws Exception {
        try (BoundServer server = start()) {
            Socket slow = ask(server.port(), "slow");
            arrived.await();
            server.breakIt();
            await().atMost(LONG)
                    .until(() -> server.part().restarts() == 1 && server.part().isRunning());
            assertThat(answer(ask(server.port(), "quick"))).endsWith("quick");
            answer.countDown();
            assertThat(answer(slow)).endsWith("slow");
        }
    }

    @Test
    void so_does_one_on_a_unix_socket(@TempDir Path folder) throws Exception {
        Path socket = folder.resolve("s");
        try (BoundServer server = BoundServer.onSocket(server(), http(), socket)) {
            server.breakIt();
            await().atMost(LONG)
                    .until(() -> server.part().restarts() == 1 && server.part().isRunning());
            try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
                channel.connect(UnixDomainSocketAddress.of(socket));
                channel.write(ByteBuffer.wrap(REQUEST.formatted("quick").getBytes(UTF_8)));
                ByteBuffer answer = ByteBuffer.allocate(4096);
                while (channel.read(answer) >= 0) {
                    assertThat(answer.hasRemaining()).isTrue();
                }
                assertThat(new String(answer.array(), 0, answer.position(), UTF_8))
                        .endsWith("quick");
            }
            assertThat(server.part().name()).isEqualTo("listener " + socket);
        }
    }
}
