package io.trapline.net;

import io.helidon.common.tls.Tls;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.trapline.config.HostPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;

/// A server that listens: the one place where listeners are bound, with or without TLS, and where
/// it is said why one could not be.
public final class BoundServer implements AutoCloseable {
    private final WebServer server;
    private final ListenSettings at;
    private final HttpConnections http;

    private BoundServer(WebServer server, ListenSettings at, HttpConnections http) {
        this.server = server;
        this.at = at;
        this.http = http;
    }

    /// @param config everything but address, protocol and TLS
    /// @param http what it speaks
    /// @param tls present when `at` has TLS
    /// @param section of `trapline.conf` that says where it listens, for messages
    /// @throws IOException when the address cannot be bound, saying why and what to do
    public static BoundServer start(
            WebServerConfig.Builder config,
            HttpConnections http,
            ListenSettings at,
            Optional<ServerTls> tls,
            String section)
            throws IOException {
        InetAddress address = resolve(at);
        config.address(address).port(at.port()).shutdownHook(false);
        tls.ifPresent(its -> config.tls(Tls.builder().sslContext(its.context()).build()));
        // Asked before the server is, which logs a page of its own and tells nobody.
        Optional<String> taken = refusal(address, at, section);
        if (taken.isPresent()) {
            throw failure(at, taken.get());
        }
        http.serve(config);
        WebServer server = config.build();
        server.start();
        if (!server.isRunning()) {
            http.close();
            throw failure(
                    at,
                    refusal(address, at, section)
                            .orElse(
                                    "the server did not start, the log says why; start it again, or "
                                            + advice(section)));
        }
        return new BoundServer(server, at, http);
    }

    private static IOException failure(ListenSettings at, String reason) {
        return new IOException(
                "cannot listen on %s: %s".formatted(new HostPort(at.host(), at.port()), reason));
    }

    /// @param config everything but address and protocol
    /// @param http what it speaks
    /// @param socket the path of a Unix socket; one that nobody listens on any more is replaced
    /// @throws IOException when it cannot be bound, saying why and what to do
    public static AutoCloseable onSocket(
            WebServerConfig.Builder config, HttpConnections http, Path socket) throws IOException {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(socket);
        String found = inTheWay(socket, address);
        if (!found.isEmpty()) {
            throw new IOException("cannot listen on " + socket + ": " + found);
        }
        Files.deleteIfExists(socket);
        http.serve(config);
        WebServer server = config.bindAddress(address).shutdownHook(false).build();
        server.start();
        if (!server.isRunning()) {
            http.close();
            throw new IOException(
                    "cannot listen on "
                            + socket
                            + ": the socket could not be made; check that its folder is there and"
                            + " that the agent's user may write to it, and that the path is shorter"
                            + " than 108 bytes");
        }
        return () -> {
            server.stop();
            http.close();
            Files.deleteIfExists(socket);
        };
    }

    private static String inTheWay(Path socket, UnixDomainSocketAddress address)
            throws IOException {
        if (!Files.exists(socket, LinkOption.NOFOLLOW_LINKS)) {
            return "";
        }
        if (!Files.readAttributes(socket, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .isOther()) {
            return "there is a file or folder of that name, which is no socket; move it away or"
                    + " name another path in listen_socket";
        }
        try (SocketChannel other = SocketChannel.open(StandardProtocolFamily.UNIX)) {
            other.connect(address);
            return "another program listens on it; stop that, or name another path in"
                    + " listen_socket";
        } catch (IOException _) {
            return ""; // what a process that was killed has left behind
        }
    }

    public int port() {
        return server.port();
    }

    /// `http://host:port` or `https://host:port`, with the port that was really bound.
    public String address() {
        return at.address(server.port());
    }

    @Override
    public void close() {
        server.stop();
        http.close();
    }

    private static InetAddress resolve(ListenSettings at) throws IOException {
        try {
            return InetAddress.getByName(at.host());
        } catch (UnknownHostException e) {
            throw new IOException(
                    "cannot listen on " + at.host() + ": this is no address of this host", e);
        }
    }

    /// What the kernel has against the address.
    private static Optional<String> refusal(
            InetAddress address, ListenSettings at, String section) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.bind(new InetSocketAddress(address, at.port()));
            return Optional.empty();
        } catch (IOException e) {
            String said = String.valueOf(e.getMessage());
            return Optional.of(
                    said.contains("in use")
                            ? "%s; another program holds the port (ss -ltnp 'sport = :%d' names it):"
                                            .formatted(said, at.port())
                                    + " stop it, or "
                                    + advice(section)
                            : said + "; " + advice(section));
        }
    }

    private static String advice(String section) {
        return "set another address with listen = \"127.0.0.1:<port>\" below ["
                + section
                + "] in conf.d/trapline.conf";
    }
}
