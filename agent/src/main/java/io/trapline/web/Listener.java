package io.trapline.web;

import io.helidon.http.encoding.ContentEncodingContext;
import io.helidon.webserver.ListenerConfig;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http1.Http1Config;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.function.Consumer;

/// A listening port with its routes. Request bodies arrive as sent: whoever reads one decodes and
/// limits it.
///
/// A sender that stays silent in the middle of a request, or a connection without requests, is cut
/// off; so is a request line or header block that is too long.
public final class Listener implements AutoCloseable {
    private static final Duration SILENCE_LIMIT = Duration.ofSeconds(30);
    private static final Duration IDLE_LIMIT = Duration.ofMinutes(5);
    private static final int MAX_CONNECTIONS = 10_000;
    private static final int MAX_HEADER_BYTES = 32 << 10;
    private static final int MAX_REQUEST_LINE_BYTES = 8 << 10;

    /// What a stop waits for requests that are being answered.
    private static final Duration STOP_GRACE = Duration.ofSeconds(2);

    private final WebServer server;
    private final String host;

    private Listener(WebServer server, String host) {
        this.server = server;
        this.host = host;
    }

    /// @param port 0 = any free one
    /// @param limits changes what this class sets for every listener
    /// @throws IOException when the address cannot be bound, saying why and what to do
    public static Listener open(
            String host,
            int port,
            Consumer<ListenerConfig.BuilderBase<?, ?>> limits,
            Consumer<HttpRouting.Builder> routes)
            throws IOException {
        HttpRouting.Builder routing = HttpRouting.builder();
        routes.accept(routing);
        WebServerConfig.Builder config =
                WebServer.builder()
                        .address(resolve(host))
                        .port(port)
                        .shutdownHook(false)
                        .shutdownGracePeriod(STOP_GRACE)
                        .featuresDiscoverServices(false)
                        .contentEncoding(
                                ContentEncodingContext.builder()
                                        .contentEncodingsDiscoverServices(false)
                                        .build())
                        .maxTcpConnections(MAX_CONNECTIONS)
                        .idleConnectionTimeout(IDLE_LIMIT)
                        .connectionOptions(options -> options.readTimeout(SILENCE_LIMIT))
                        .addProtocol(
                                Http1Config.builder()
                                        .maxHeadersSize(MAX_HEADER_BYTES)
                                        .maxPrologueLength(MAX_REQUEST_LINE_BYTES)
                                        .build())
                        .addRouting(routing);
        limits.accept(config);
        WebServer server = config.build();
        try {
            server.start();
        } catch (RuntimeException e) {
            throw new IOException(
                    "cannot listen on " + host + ":" + port + ": " + reason(e, port), e);
        }
        return new Listener(server, host);
    }

    /// `http://host:port`, with the port that was really bound.
    public String address() {
        return "http://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + server.port();
    }

    @Override
    public void close() {
        server.stop();
    }

    private static InetAddress resolve(String host) throws IOException {
        try {
            return InetAddress.getByName(host);
        } catch (UnknownHostException e) {
            throw new IOException(
                    "cannot listen on " + host + ": this is no address of this host", e);
        }
    }

    private static String reason(Throwable failure, int port) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof BindException) {
                return cause.getMessage()
                        + "; another program holds the port (ss -ltnp 'sport = :"
                        + port
                        + "' names it): stop it, or set another address with listen ="
                        + " \"127.0.0.1:<port>\" in conf.d/trapline.conf";
            }
        }
        return failure.toString();
    }
}
