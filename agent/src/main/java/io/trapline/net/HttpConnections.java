package io.trapline.net;

import io.helidon.common.buffers.BufferData;
import io.helidon.common.buffers.DataReader;
import io.helidon.common.buffers.DataWriter;
import io.helidon.common.socket.HelidonSocket;
import io.helidon.common.socket.PeerInfo;
import io.helidon.http.HeaderValues;
import io.helidon.http.Headers;
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
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import org.jspecify.annotations.Nullable;

/// Helidon's HTTP/1.1 with two gaps closed:
///
/// - A connection ends after an answer with `Connection: close`, which a client may wait for.
///   Helidon 4.5.0 waits for another request (its issue 12324; newer releases do not).
/// - HTTP/1.0 is taken: proxies speak it to the server behind them unless told otherwise. There is
///   one request a connection ([OldHttp]).
public final class HttpConnections implements ServerConnectionSelector {
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
            }
        }
    }

    private static final class Answers implements Http1ConnectionListener {
        @Override
        public void headers(ConnectionContext context, Headers headers) {
            if (context instanceof Connection connection) {
                connection.lastAnswer =
                        connection.lastRequest
                                || headers.containsToken(HeaderValues.CONNECTION_CLOSE);
            }
        }
    }

    /// A connection as it is, but for what is read from it. Owned by the connection's thread.
    private final class Connection implements ConnectionContext {
        private final ConnectionContext connection;
        private final DataReader reader = DataReader.create(this::read);
        private boolean begun;
        private boolean lastRequest;

        /// The answer to the last request has been begun; whoever reads on wants another request,
        /// or the rest of a body that nobody needs.
        private boolean lastAnswer;

        Connection(ConnectionContext connection) {
            this.connection = connection;
        }

        private byte @Nullable [] read() {
            if (lastAnswer) {
                throw new CloseConnectionException("Connection: close");
            }
            if (begun) {
                return received();
            }
            begun = true;
            return OldHttp.asPresent(this::received, maxRequestLine, maxHead);
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
