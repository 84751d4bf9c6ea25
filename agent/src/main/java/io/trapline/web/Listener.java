package io.trapline.web;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.helidon.http.HeaderNames;
import io.helidon.http.Status;
import io.helidon.http.encoding.ContentEncodingContext;
import io.helidon.webserver.ListenerConfig;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.health.PartStatus;
import io.trapline.net.BoundServer;
import io.trapline.net.BrokenBodyException;
import io.trapline.net.ConnectionLimits;
import io.trapline.net.HttpConnections;
import io.trapline.net.ListenSettings;
import io.trapline.net.ServerTls;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/// A listening port with its routes. Request bodies arrive as sent: whoever reads one decodes and
/// limits it.
///
/// A sender that stays silent in the middle of a request, or a connection without requests, is cut
/// off; so is a request line or header block that is too long.
public final class Listener implements AutoCloseable {
    private static final int MAX_CONNECTIONS = 2048;
    private static final int MAX_HEADER_BYTES = 32 << 10;
    private static final int MAX_REQUEST_LINE_BYTES = 8 << 10;

    /// What a stop waits for requests that are being answered: a listener that moves cuts none off.
    /// A process that ends does not wait as long.
    private static final Duration STOP_GRACE = Duration.ofMinutes(5);

    private final BoundServer server;

    private Listener(BoundServer server) {
        this.server = server;
    }

    /// How many connections one takes at a time, as far as the machine lets it.
    public static int mostConnections() {
        return ConnectionLimits.of(MAX_CONNECTIONS, ConnectionLimits.Urgent.NOTHING).most();
    }

    /// As the other, when nothing is urgent.
    public static Listener open(
            ListenSettings at,
            Optional<ServerTls> tls,
            Consumer<ListenerConfig.BuilderBase<?, ?>> limits,
            Consumer<HttpRouting.Builder> routes)
            throws IOException {
        return open(at, tls, limits, ConnectionLimits.Urgent.NOTHING, routes);
    }

    /// @param tls present when `at` has TLS
    /// @param limits changes what this class sets for every listener
    /// @param urgent what is answered when all places for connections are taken
    /// @throws IOException when the address cannot be bound, saying why and what to do
    public static Listener open(
            ListenSettings at,
            Optional<ServerTls> tls,
            Consumer<ListenerConfig.BuilderBase<?, ?>> limits,
            ConnectionLimits.Urgent urgent,
            Consumer<HttpRouting.Builder> routes)
            throws IOException {
        return open(at, tls, limits, ConnectionLimits.of(MAX_CONNECTIONS, urgent), routes);
    }

    /// With other limits for connections.
    static Listener open(
            ListenSettings at,
            Optional<ServerTls> tls,
            Consumer<ListenerConfig.BuilderBase<?, ?>> limits,
            ConnectionLimits connections,
            Consumer<HttpRouting.Builder> routes)
            throws IOException {
        return new Listener(
                BoundServer.start(config(limits, routes), http(connections), at, tls, "http"));
    }

    private static HttpConnections http(ConnectionLimits connections) {
        return new HttpConnections(MAX_REQUEST_LINE_BYTES, MAX_HEADER_BYTES, connections);
    }

    /// The same on a Unix socket.
    ///
    /// @throws IOException when it cannot be made, saying why and what to do
    public static Listener open(
            Path socket,
            Consumer<ListenerConfig.BuilderBase<?, ?>> limits,
            ConnectionLimits.Urgent urgent,
            Consumer<HttpRouting.Builder> routes)
            throws IOException {
        return new Listener(
                BoundServer.onSocket(
                        config(limits, routes),
                        http(ConnectionLimits.of(MAX_CONNECTIONS, urgent)),
                        socket));
    }

    private static WebServerConfig.Builder config(
            Consumer<ListenerConfig.BuilderBase<?, ?>> limits,
            Consumer<HttpRouting.Builder> routes) {
        HttpRouting.Builder routing = HttpRouting.builder();
        routes.accept(routing);
        routing.error(BrokenBodyException.class, Listener::brokenBody);
        WebServerConfig.Builder config =
                WebServer.builder()
                        .shutdownGracePeriod(STOP_GRACE)
                        .featuresDiscoverServices(false)
                        .contentEncoding(
                                ContentEncodingContext.builder()
                                        .contentEncodingsDiscoverServices(false)
                                        .build())
                        .addRouting(routing);
        limits.accept(config);
        return config;
    }

    private static void brokenBody(
            ServerRequest request, ServerResponse response, BrokenBodyException e) {
        response.status(Status.BAD_REQUEST_400)
                .header(HeaderNames.CONTENT_TYPE, "application/json")
                .send(
                        JsonNodeFactory.instance
                                .objectNode()
                                .put("error", e.getMessage())
                                .toString()
                                .getBytes(StandardCharsets.UTF_8));
    }

    /// `http://host:port` or `https://host:port`, with the port that was really bound.
    public String address() {
        return server.address();
    }

    /// As [BoundServer#askItself].
    public void askItself() {
        server.askItself();
    }

    /// How it is doing.
    public PartStatus part() {
        return server.part();
    }

    @Override
    public void close() {
        server.close();
    }
}
