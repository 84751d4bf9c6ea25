package io.trapline.net;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.concurrency.limits.Limit;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.socket.PeerInfo;
import io.helidon.common.socket.SocketOptions;
import io.helidon.common.task.InterruptableTask;
import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Headers;
import io.helidon.http.HttpPrologue;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.http.WritableHeaders;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ListenerConfig;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.ProxyProtocolData;
import io.helidon.webserver.Router;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionListener;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import io.trapline.health.Supervised;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Helidon's HTTP/1.1 with these gaps closed:
///
/// - A connection ends after an answer with `Connection: close`, which a client may wait for.
///   Helidon 4.5.0 waits for another request (its issue 12324; newer releases do not).
/// - HTTP/1.0 is taken: proxies speak it to the server behind them unless told otherwise. There is
///   one request a connection ([OldHttp]).
/// - Chunk extensions and trailers are read and dropped ([ChunkedBody]); Helidon 4.5.0 refuses
///   them, does not look at what ends a chunk, and holds a chunk in memory until all of it is
///   there.
/// - What is left of a body that was not read to its end is never taken for another request, and
///   never waited for without an end: when there is much of it, or it cannot be told where it ends,
///   the answer says `Connection: close`, and the connection ends when the client has had the time
///   to read that.
/// - Connections have places, and time limits that hold ([Connections]).
public final class HttpConnections implements ServerConnectionSelector {
    private static final Logger LOG = LoggerFactory.getLogger(HttpConnections.class);
    private static final long LOG_EVERY_NS = TimeUnit.MINUTES.toNanos(1);
    private static final Duration LINGER = Duration.ofSeconds(3);
    private static final long LINGER_BYTES = 1L << 30;

    private final ServerConnectionSelector http;
    private final AtomicLong failedNs = new AtomicLong(System.nanoTime() - 2 * LOG_EVERY_NS);
    private final int maxRequestLine;
    private final int maxHead;
    private final ConnectionLimits limits;
    private @Nullable Connections connections;
    private volatile Consumer<String> failures = _ -> {};

    /// The only protocol of a listener, in place of those that the library finds.
    ///
    /// @param maxRequestLine in bytes
    /// @param maxHeaders in bytes
    public HttpConnections(int maxRequestLine, int maxHeaders, ConnectionLimits limits) {
        this.limits = limits;
        http =
                Http1ConnectionSelector.builder()
                        .config(
                                Http1Config.builder()
                                        .maxPrologueLength(maxRequestLine)
                                        .maxHeadersSize(maxHeaders)
                                        .addReceiveListener(new Requests())
                                        .addSendListener(new Answers())
                                        .build())
                        .build();
        this.maxRequestLine = maxRequestLine;
        this.maxHead = maxRequestLine + maxHeaders;
    }

    /// Becomes the listener's protocol, and has it show each connection that it accepts, in place
    /// of its own limits. To be called last, once, before the server is built.
    void serve(ListenerConfig.BuilderBase<?, ?> listener) {
        Connections its = new Connections(limits, listener.tls().isPresent());
        connections = its;
        // With its channels, TLS would look the peer's name up in DNS, on a carrier thread.
        listener.useNio(listener.tls().isEmpty())
                .addConnectionSelector(this)
                .protocolsDiscoverServices(false)
                .maxTcpConnections(-1)
                .connectionOptions(
                        new Connections.Options(
                                listener.connectionOptions().orElseGet(SocketOptions::create),
                                its::accept));
    }

    /// @param told when no connection can be served any more, why
    void toldOfFailures(Consumer<String> told) {
        failures = told;
    }

    /// The library tells nobody of what it throws here, and each connection ends without an answer.
    private void failed(Error e) {
        long now = System.nanoTime();
        if (now - failedNs.getAndSet(now) > LOG_EVERY_NS) {
            LOG.error("a connection could not be served (said once a minute)", e);
        }
        if (e instanceof LinkageError) {
            failures.accept("connections cannot be served: " + Supervised.reason(e));
        }
    }

    /// To be called after the server has stopped.
    void close() {
        Connections its = connections;
        if (its != null) {
            its.close();
        }
    }

    @Override
    public int bytesToIdentifyConnection() {
        return 0; // there is no other protocol to tell it from
    }

    @Override
    public Support supports(BufferData begin) {
        return Support.SUPPORTED;
    }

    @Override
    public Set<String> supportedApplicationProtocols() {
        return Set.of("http/1.1");
    }

    @Override
    public ServerConnection connection(ConnectionContext context) {
        Connections watched = Objects.requireNonNull(connections, "watch() comes first");
        Connections.One one = watched.served(context.childSocketId());
        try {
            return new Ending(http.connection(new Connection(context, one)), one, this::failed);
        } catch (Error e) {
            one.ended();
            failed(e);
            throw e;
        }
    }

    /// Tells of a connection's end.
    private record Ending(ServerConnection connection, Connections.One one, Consumer<Error> failed)
            implements ServerConnection, InterruptableTask<Void> {
        @Override
        public void handle(Limit limit) throws InterruptedException {
            try {
                connection.handle(limit);
            } catch (Error e) {
                failed.accept(e);
                throw e;
            } finally {
                one.ended();
            }
        }

        @Override
        public Duration idleTime() {
            return connection.idleTime();
        }

        @Override
        public void close(boolean interrupt) {
            connection.close(interrupt);
        }

        @Override
        public boolean canInterrupt() {
            return connection instanceof InterruptableTask<?> task && task.canInterrupt();
        }

        @Override
        public void run() {
            throw new IllegalStateException("a connection is handled, not run");
        }
    }

    private static final class Requests implements Http1ConnectionListener {
        @Override
        public void prologue(ConnectionContext context, HttpPrologue prologue) {
            if (context instanceof Connection connection) {
                connection.path = prologue.uriPath().rawPath();
            }
        }

        @Override
        public void headers(ConnectionContext context, Headers headers) {
            if (context instanceof Connection connection) {
                connection.lastRequest = headers.containsToken(HeaderValues.CONNECTION_CLOSE);
                connection.requireFraming(headers);
                connection.bytes.begin(headers);
                connection.admit(headers);
            }
        }
    }

    private static final class Answers implements Http1ConnectionListener {
        @Override
        public void headers(ConnectionContext context, Headers headers) {
            if (context instanceof Connection connection) {
                if ((connection.bytes.isSpoiled() || connection.one.isOfReserve())
                        && headers instanceof WritableHeaders<?> answer) {
                    answer.set(HeaderValues.CONNECTION_CLOSE);
                }
                connection.answered = true;
                connection.lastAnswer =
                        connection.lastRequest
                                || headers.containsToken(HeaderValues.CONNECTION_CLOSE);
            }
        }
    }

    /// A connection as it is, but for what is read from it. Owned by the connection's thread.
    private final class Connection implements ConnectionContext {
        private final ConnectionContext connection;
        private final RequestBytes bytes = new RequestBytes(this::firstOrMore);
        private final DataReader reader = DataReader.create(this::read);
        private final Connections.One one;
        private final DataWriter writer;
        private String path = "";
        private boolean begun;
        private boolean old;
        private boolean headBegun;
        private boolean answered;
        private boolean lastRequest;

        /// The answer to the last request has been begun; whoever reads on wants another request,
        /// or the rest of a body that nobody needs.
        private boolean lastAnswer;

        private boolean lingered;

        Connection(ConnectionContext connection, Connections.One one) {
            this.connection = connection;
            this.one = one;
            writer = new Writes(connection.dataWriter(), one);
        }

        /// The head has been read; the request is answered, or told that there is no place.
        private void admit(Headers head) {
            headBegun = false;
            requireOpen(one.headEnded());
            if (!one.mayPass(path, head.first(HeaderNames.AUTHORIZATION))) {
                lastAnswer = true;
                writer.writeNow(
                        BufferData.create(Connections.busy("all places for requests are taken")));
                linger();
                throw new CloseConnectionException("no place for a request");
            }
            lastRequest |= one.isOfReserve();
        }

        private static void requireOpen(boolean open) {
            if (!open) {
                throw new CloseConnectionException("closed: it took too long, or its place");
            }
        }

        private byte[] read() {
            if (lastAnswer) {
                linger();
                throw new CloseConnectionException("Connection: close");
            }
            boolean head = !bytes.isInside();
            byte[] next = bytes.read();
            if (head && next != null) {
                beginHead();
            }
            if (next == null) {
                // Told to the server, this would be an internal error when it is inside a head.
                throw new CloseConnectionException("the client sends no more");
            }
            return next;
        }

        /// Reads on, for a while, what was refused with an answer: many clients look for the answer
        /// only when they have sent everything, and a connection that ends with bytes unread takes
        /// it from them.
        private void linger() {
            if (lingered || !bytes.isInside()) {
                return;
            }
            lingered = true;
            requireOpen(one.leaves());
            try (SlowSenders.Watch _ = SlowSenders.watch(LINGER)) {
                long left = drain(LINGER_BYTES);
                byte[] more = left > 0 && bytes.isInside() ? received() : null;
                while (more != null && left > 0) {
                    left -= more.length;
                    more = received();
                }
            } catch (CloseConnectionException _) {
                // It is to end anyway.
            }
        }

        /// Reads a body on to its end, where that can be told: nothing follows then.
        ///
        /// @return what is left of `most` when it cannot be told
        private long drain(long most) {
            long left = most;
            try {
                while (left > 0 && bytes.isInside()) {
                    byte[] piece = bytes.read();
                    left -= piece == null ? left : piece.length;
                }
            } catch (BrokenBodyException _) {
                return left;
            }
            return left;
        }

        /// What the server below takes and should not.
        private void requireFraming(Headers head) {
            if (!head.contains(HeaderNames.TRANSFER_ENCODING)) {
                return;
            }
            // Of a list, the server takes the last one and refuses the rest.
            String coding = head.get(HeaderNames.TRANSFER_ENCODING).get();
            if (old || coding.chars().anyMatch(c -> c < ' ' && c != '\t')) {
                throw RequestException.builder()
                        .type(DirectHandler.EventType.BAD_REQUEST)
                        .status(Status.BAD_REQUEST_400)
                        .setKeepAlive(false)
                        .safeMessage(true)
                        .message(
                                old
                                        ? "HTTP/1.0 has no Transfer-Encoding, send HTTP/1.1"
                                        : "Transfer-Encoding has a control character")
                        .build();
            }
        }

        private byte @Nullable [] firstOrMore() {
            if (begun) {
                return received();
            }
            begun = true;
            byte[] begin = OldHttp.begin(this::received, maxRequestLine, maxHead);
            old = begin != null && OldHttp.isWholeHead(begin);
            return begin != null && old ? OldHttp.present(begin) : begin;
        }

        private void beginHead() {
            if (!headBegun) {
                headBegun = true;
                requireOpen(one.headBegun());
            }
        }

        private byte @Nullable [] received() {
            int waiting = connection.dataReader().available();
            if (waiting > 0) {
                return connection.dataReader().readBuffer(waiting).readBytes();
            }
            boolean body = bytes.isInside() && !lastAnswer;
            if (body) {
                requireOpen(one.waitsForBody());
            } else if (answered && !headBegun && !lastAnswer) {
                requireOpen(one.idles());
            }
            byte[] more;
            try {
                more = connection.serverSocket().get();
            } catch (UncheckedIOException e) {
                throw new CloseConnectionException("nothing can be read from the connection", e);
            }
            if (body) {
                requireOpen(one.bodyArrived(more == null ? 0 : more.length));
            } else if (more != null && !lastAnswer) {
                beginHead();
            }
            return more;
        }

        @Override
        public DataReader dataReader() {
            return reader;
        }

        @Override
        public ListenerContext listenerContext() {
            return connection.listenerContext();
        }

        @Override
        public ExecutorService executor() {
            return connection.executor();
        }

        @Override
        public DataWriter dataWriter() {
            return writer;
        }

        @Override
        public Router router() {
            return connection.router();
        }

        @Override
        public Optional<ProxyProtocolData> proxyProtocolData() {
            return connection.proxyProtocolData();
        }

        @Override
        public HelidonSocket serverSocket() {
            return connection.serverSocket();
        }

        @Override
        public PeerInfo remotePeer() {
            return new Source.Identified(connection.remotePeer(), one.source());
        }

        @Override
        public PeerInfo localPeer() {
            return connection.localPeer();
        }

        @Override
        public boolean isSecure() {
            return connection.isSecure();
        }

        @Override
        public String socketId() {
            return connection.socketId();
        }

        @Override
        public String childSocketId() {
            return connection.childSocketId();
        }
    }

    /// Tells how long the client takes to read what is written.
    private record Writes(DataWriter out, Connections.One one) implements DataWriter {
        @Override
        public void write(BufferData... buffers) {
            long bytes = 0;
            for (BufferData buffer : buffers) {
                bytes += buffer.available();
            }
            begin(bytes);
            out.write(buffers);
            end();
        }

        @Override
        public void write(BufferData buffer) {
            begin(buffer.available());
            out.write(buffer);
            end();
        }

        @Override
        public void writeNow(BufferData... buffers) {
            long bytes = 0;
            for (BufferData buffer : buffers) {
                bytes += buffer.available();
            }
            begin(bytes);
            out.writeNow(buffers);
            end();
        }

        @Override
        public void writeNow(BufferData buffer) {
            begin(buffer.available());
            out.writeNow(buffer);
            end();
        }

        @Override
        public void flush() {
            out.flush();
        }

        @Override
        public void close() {
            out.close();
        }

        private void begin(long bytes) {
            Connection.requireOpen(one.writes(bytes));
        }

        private void end() {
            boolean _ = one.works();
        }
    }
}
