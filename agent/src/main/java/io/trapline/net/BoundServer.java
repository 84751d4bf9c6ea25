package io.trapline.net;

import io.helidon.common.tls.Tls;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.trapline.config.HostPort;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.Optional;

/// A server that listens: the one place where listeners are bound, with or without TLS, and where
/// it is said why one could not be.
public final class BoundServer implements AutoCloseable {
    private final WebServer server;
    private final ListenSettings at;

    private BoundServer(WebServer server, ListenSettings at) {
        this.server = server;
        this.at = at;
    }

    /// @param config everything but address and TLS
    /// @param tls present when `at` has TLS
    /// @param section of `trapline.conf` that says where it listens, for messages
    /// @throws IOException when the address cannot be bound, saying why and what to do
    public static BoundServer start(
            WebServerConfig.Builder config,
            ListenSettings at,
            Optional<ServerTls> tls,
            String section)
            throws IOException {
        InetAddress address = resolve(at);
        config.address(address).port(at.port()).shutdownHook(false);
        tls.ifPresent(its -> config.tls(Tls.builder().sslContext(its.context()).build()));
        WebServer server = config.build();
        server.start();
        if (!server.isRunning()) {
            // The server logs why, and tells nobody.
            throw new IOException(
                    "cannot listen on %s: %s"
                            .formatted(
                                    new HostPort(at.host(), at.port()),
                                    reason(address, at, section)));
        }
        return new BoundServer(server, at);
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
    }

    private static InetAddress resolve(ListenSettings at) throws IOException {
        try {
            return InetAddress.getByName(at.host());
        } catch (UnknownHostException e) {
            throw new IOException(
                    "cannot listen on " + at.host() + ": this is no address of this host", e);
        }
    }

    /// What the kernel says to another try.
    private static String reason(InetAddress address, ListenSettings at, String section) {
        String advice =
                "set another address with listen = \"127.0.0.1:<port>\" below ["
                        + section
                        + "] in conf.d/trapline.conf";
        try (ServerSocket probe = new ServerSocket()) {
            probe.bind(new InetSocketAddress(address, at.port()));
            return "the server did not start, the log says why; start it again, or " + advice;
        } catch (IOException e) {
            String said = String.valueOf(e.getMessage());
            return said.contains("in use")
                    ? "%s; another program holds the port (ss -ltnp 'sport = :%d' names it): stop it,"
                                    .formatted(said, at.port())
                            + " or "
                            + advice
                    : said + "; " + advice;
        }
    }
}
