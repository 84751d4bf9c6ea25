package io.trapline.net;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.socket.PeerInfo;
import io.helidon.http.DirectHandler;
import io.helidon.http.HeaderNames;
import io.helidon.http.HeaderValues;
import io.helidon.http.Headers;
import io.helidon.http.RequestException;
import io.helidon.http.Status;
import io.helidon.http.WritableHeaders;
import io.helidon.webserver.CloseConnectionException;
import io.helidon.webserver.ConnectionContext;
import io.helidon.webserver.ListenerContext;
import io.helidon.webserver.ProxyProtocolData;
import io.helidon.webserver.Router;
import io.helidon.webserver.http1.Http1Config;
import io.helidon.webserver.http1.Http1ConnectionListener;
import io.helidon.webserver.http1.Http1ConnectionSelector;
import io.helidon.webserver.spi.ServerConnection;
import io.helidon.webserver.spi.ServerConnectionSelector;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

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
public final class HttpConnections implements ServerConnectionSelector {
    private static final Duration LINGER = Duration.ofSeconds(3);
    private static final long LINGER_BYTES = 1L << 30;

    private final ServerConnectionSelector http;
    private final int maxRequestLine;
    private final int maxHead;

    /// The only protocol of a listener, in place of those that the library finds.
    ///
    /// @param maxRequestLine in bytes
    /// @param maxHeaders in bytes
    public HttpConnections(int maxRequestLine, int maxHeaders) {
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
        return http.connection(new Connection(context));
    }

    private static final class Requests implements Http1ConnectionListener {
        @Override
        public void headers(ConnectionContext context, Headers headers) {
            if (context instanceof Connection connection) {
                connection.lastRequest = headers.containsToken(HeaderValues.CONNECTION_CLOSE);
                connection.requireFraming(headers);
                connection.bytes.begin(headers);
            }
        }
    }

    private static final class Answers implements Http1ConnectionListener {
        @Override
        public void headers(ConnectionContext context, Headers headers) {
            if (context instanceof Connection connection) {
                if (connection.bytes.isSpoiled() && headers instanceof WritableHeaders<?> answer) {
                    answer.set(HeaderValues.CONNECTION_CLOSE);
                }
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
        private boolean begun;
        private boolean old;
        private boolean lastRequest;

        /// The answer to the last request has been begun; whoever reads on wants another request,
        /// or the rest of a body that nobody needs.
        private boolean lastAnswer;

        private boolean lingered;

        Connection(ConnectionContext connection) {
            this.connection = connection;
        }

        private byte[] read() {
            if (lastAnswer) {
                linger();
                throw new CloseConnectionException("Connection: close");
            }
            byte[] next = bytes.read();
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
            try (SlowSenders.Watch _ = SlowSenders.watch(LINGER)) {
                long left = LINGER_BYTES;
                byte[] more = received();
                while (more != null && left > 0) {
                    left -= more.length;
                    more = received();
                }
            } catch (CloseConnectionException _) {
                // It is to end anyway.
            }
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

        private byte @Nullable [] received() {
            int waiting = connection.dataReader().available();
            if (waiting > 0) {
                return connection.dataReader().readBuffer(waiting).readBytes();
            }
            try {
                return connection.serverSocket().get();
            } catch (UncheckedIOException e) {
                throw new CloseConnectionException("nothing can be read from the connection", e);
            }
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
            return connection.dataWriter();
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
            return connection.remotePeer();
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
}
