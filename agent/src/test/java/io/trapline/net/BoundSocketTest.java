package io.trapline.net;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.HttpRouting;
import io.trapline.ingest.Peer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BoundSocketTest {
    @TempDir Path folder;

    private static WebServerConfig.Builder server() {
        return WebServer.builder()
                .addRouting(
                        HttpRouting.builder()
                                .get(
                                        "/local",
                                        (request, response) ->
                                                response.send("local " + Peer.isLocal(request))));
    }

    private static String ask(Path socket) throws IOException {
        try (SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            channel.connect(UnixDomainSocketAddress.of(socket));
            channel.write(
                    ByteBuffer.wrap("GET /local HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(UTF_8)));
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            ByteBuffer piece = ByteBuffer.allocate(1024);
            while (!answer.toString(UTF_8).contains("local ") && channel.read(piece) >= 0) {
                answer.write(piece.array(), 0, piece.position());
                piece.clear();
            }
            return answer.toString(UTF_8);
        }
    }

    private static HttpConnections http() {
        return new HttpConnections(
                8 << 10, 16 << 10, ConnectionLimits.of(64, ConnectionLimits.Urgent.NOTHING));
    }

    @Test
    void requests_over_a_socket_are_from_this_host() throws Exception {
        Path socket = folder.resolve("s");
        try (AutoCloseable _ = BoundServer.onSocket(server(), http(), socket)) {
            assertThat(ask(socket)).startsWith("HTTP/1.1 200 ").endsWith("local true");
        }
        assertThat(socket).doesNotExist();
    }

    @Test
    void what_a_killed_process_left_behind_is_replaced() throws Exception {
        Path socket = folder.resolve("s");
        ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(socket))
                .close();
        assertThat(socket).exists();
        try (AutoCloseable _ = BoundServer.onSocket(server(), http(), socket)) {
            assertThat(ask(socket)).endsWith("local true");
        }
    }

    @Test
    void what_is_in_the_way_is_left_alone_and_named() throws Exception {
        Path socket = folder.resolve("s");
        try (AutoCloseable _ = BoundServer.onSocket(server(), http(), socket)) {
            assertThatThrownBy(() -> BoundServer.onSocket(server(), http(), socket))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("another program listens on it");
            assertThat(ask(socket)).endsWith("local true");
        }
        Path file = Files.writeString(folder.resolve("file"), "mine");
        assertThatThrownBy(() -> BoundServer.onSocket(server(), http(), file))
                .hasMessageContaining("which is no socket");
        assertThat(file).hasContent("mine");
        assertThatThrownBy(
                        () -> BoundServer.onSocket(server(), http(), folder.resolve("no/such/s")))
                .hasMessageContaining("check that its folder is there");
    }
}
