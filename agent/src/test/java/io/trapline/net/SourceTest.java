package io.trapline.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Who a real connection is found to be of.
class SourceTest {
    private static int me() throws IOException {
        return (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "127.0.0.77", "::1"})
    void a_local_connection_is_its_users_from_whatever_address(String from) throws IOException {
        String to = from.contains(":") ? "::1" : "127.0.0.1";
        try (ServerSocketChannel server =
                        ServerSocketChannel.open()
                                .bind(new InetSocketAddress(InetAddress.ofLiteral(to), 0));
                Socket _ =
                        new Socket(
                                InetAddress.ofLiteral(to),
                                server.socket().getLocalPort(),
                                InetAddress.ofLiteral(from),
                                0);
                SocketChannel accepted = server.accept()) {
            assertThat(Source.of(accepted)).isEqualTo(new Source("user " + me()));
        }
    }

    @Test
    void a_connection_that_its_user_has_closed_is_nobodys_and_not_roots() throws IOException {
        try (ServerSocketChannel server =
                ServerSocketChannel.open()
                        .bind(new InetSocketAddress(InetAddress.ofLiteral("127.0.0.1"), 0))) {
            new Socket(InetAddress.ofLiteral("127.0.0.1"), server.socket().getLocalPort()).close();
            try (SocketChannel accepted = server.accept()) {
                assertThat(Source.of(accepted)).isEqualTo(new Source("this host"));
            }
        }
    }

    @Test
    void a_connection_over_a_socket_file_is_its_users(@TempDir Path folder) throws IOException {
        UnixDomainSocketAddress at = UnixDomainSocketAddress.of(folder.resolve("s"));
        try (ServerSocketChannel server =
                        ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(at);
                SocketChannel _ = SocketChannel.open(at);
                SocketChannel accepted = server.accept()) {
            assertThat(Source.of(accepted))
                    .isEqualTo(new Source("socket user " + System.getProperty("user.name")));
        }
    }

    @Test
    void an_ipv6_network_is_one_sender() {
        assertThat(Source.prefix(InetAddress.ofLiteral("2001:db8:1:2:3:4:5:6")))
                .isEqualTo(Source.prefix(InetAddress.ofLiteral("2001:db8:1:2::7")))
                .isNotEqualTo(Source.prefix(InetAddress.ofLiteral("2001:db8:1:3::7")));
    }
}
