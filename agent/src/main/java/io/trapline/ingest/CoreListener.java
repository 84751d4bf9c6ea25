package io.trapline.ingest;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.ServerResponseHeaders;
import io.helidon.http.Status;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.helidon.webserver.http.DirectHandlers;
import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.helidon.webserver.http1.Http1Config;
import io.trapline.net.BoundServer;
import io.trapline.net.BrokenBodyException;
import io.trapline.net.ConnectionLimits;
import io.trapline.net.HttpConnections;
import io.trapline.net.ListenSettings;
import io.trapline.net.ServerTls;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The push and trap listener: the given services behind limits on headers, idle time and
/// connections, and JSON for everything that is none of theirs, because clients of this port parse
/// answers whatever their status.
///
/// Bodies have no limit here; each service has its own. Content codings are left to the services as
/// well, which limit what they inflate.
public final class CoreListener {
    private static final Logger LOG = LoggerFactory.getLogger(CoreListener.class);
    private static final int MAX_CONNECTIONS = 20_000;
    private static final int MAX_HEADER_BYTES = 16 * 1024;

    /// What a stop waits for requests that are being answered: a listener that moves cuts none off.
    /// A process that ends does not wait as long.
    private static final Duration STOP_GRACE = Duration.ofMinutes(5);

    private static final String JSON = "application/json; charset=utf-8";

    private CoreListener() {}

    /// @param tls present when `at` has TLS
    /// @throws IOException when the address cannot be bound, saying why and what to do
    public static BoundServer open(
            ListenSettings at,
            Optional<ServerTls> tls,
            AddressLimits limits,
            HttpService... services)
            throws IOException {
        return BoundServer.start(
                config(limits, services),
                new HttpConnections(
                        Http1Config.create().maxPrologueLength(),
                        MAX_HEADER_BYTES,
                        ConnectionLimits.of(MAX_CONNECTIONS, (path, _) -> path.equals("/healthz"))),
                at,
                tls,
                "core");
    }

    private static WebServerConfig.Builder config(AddressLimits limits, HttpService... services) {
        return WebServer.builder()
                .shutdownGracePeriod(STOP_GRACE)
                .contentEncoding(LeftToHandlers.INSTANCE)
                .directHandlers(protocolErrors())
                .routing(routing -> routes(routing, limits, services));
    }

    private static void routes(
            HttpRouting.Builder routing, AddressLimits limits, HttpService... services) {
        routing.addFilter(limits);
        routing.register(services);
        routing.any(CoreListener::unknownPath);
        routing.error(
                BrokenBodyException.class,
                (_, response, e) ->
                        send(response, Status.BAD_REQUEST_400, String.valueOf(e.getMessage())));
        routing.error(Exception.class, CoreListener::failed);
    }

    private static void unknownPath(ServerRequest request, ServerResponse response) {
        send(response, Status.NOT_FOUND_404, "no such path");
    }

    static void tooMany(ServerResponse response, int retryAfterS) {
        response.header(HeaderNames.RETRY_AFTER, Integer.toString(retryAfterS));
        send(
                response,
                Status.TOO_MANY_REQUESTS_429,
                "too many requests from this address ([core] request_rate), or more than "
                        + AddressLimits.MOST_FAILURES
                        + " in a minute that were refused; try again in "
                        + retryAfterS
                        + " s");
    }

    private static void failed(ServerRequest request, ServerResponse response, Exception e) {
        LOG.error("answering {} on the core listener failed", request.prologue().method(), e);
        send(response, Status.INTERNAL_SERVER_ERROR_500, "internal error");
    }

    private static void send(ServerResponse response, Status status, String message) {
        response.status(status).header(HeaderNames.CONTENT_TYPE, JSON);
        response.send(body(status, message));
    }

    /// Requests that fail before there is a path: bad headers, a bad request line.
    private static DirectHandlers protocolErrors() {
        DirectHandlers.Builder handlers = DirectHandlers.builder();
        for (DirectHandler.EventType type : DirectHandler.EventType.values()) {
            handlers.addHandler(type, CoreListener::protocolError);
        }
        return handlers.build();
    }

    private static DirectHandler.TransportResponse protocolError(
            DirectHandler.TransportRequest request,
            DirectHandler.EventType type,
            Status status,
            ServerResponseHeaders headers,
            String message) {
        headers.set(HeaderNames.CONTENT_TYPE, JSON);
        if (!type.keepAlive()) {
            headers.set(HeaderValues.CONNECTION_CLOSE);
        }
        // The library's text may repeat what was sent.
        return DirectHandler.TransportResponse.builder()
                .status(status)
                .headers(headers)
                .keepAlive(type.keepAlive())
                .entity(new String(body(status, status.reasonPhrase()), StandardCharsets.UTF_8))
                .build();
    }

    /// In the form of the push contract; a trap client looks at the status alone.
    private static byte[] body(Status status, String message) {
        String json =
                "{\"code\":\""
                        + status.code()
                        + "\",\"message\":\""
                        + new String(JsonStringEncoder.getInstance().quoteAsString(message))
                        + "\",\"request_id\":\""
                        + UUID.randomUUID()
                        + "\",\"result\":\"false\"}";
        return json.getBytes(StandardCharsets.UTF_8);
    }
}
