package io.trapline.net;

import io.helidon.common.tls.Tls;
import io.helidon.webserver.WebServer;
import io.helidon.webserver.WebServerConfig;
import io.trapline.config.HostPort;
import io.trapline.health.PartState;
import io.trapline.health.PartStatus;
import io.trapline.health.Supervised;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import javax.net.SocketFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A server that listens: the one place where listeners are bound, with or without TLS, and where
/// it is said why one could not be.
///
/// The library gives a listening socket up for good when the kernel refuses it a connection once
/// (no descriptor, no memory), or no thread can be started for one. This looks, twice a second,
/// whether the socket still listens, and opens another at the same place when it does not. What the
/// old one was answering goes on meanwhile.
public final class BoundServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(BoundServer.class);
    private static final long LOOK_MS = 500;
    private static final byte[] FIRST_REQUEST =
            "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
                    .getBytes(StandardCharsets.US_ASCII);

    private static final int FIRST_ANSWER_MS = 10_000;

    /// Between two attempts to open again.
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);

    /// What has to be free before a listener opens again, so that it does not fail at once: the
    /// library keeps a thread for each time.
    private static final int SPARE_FILES = 8;

    /// Where it listens, and what is to be said of it.
    private record Place(String shown, Optional<Path> socket) {}

    private final WebServerConfig config;
    private final HttpConnections http;
    private final Place place;
    private final Function<Integer, String> address;
    private final PartState state;
    private final ScheduledFuture<?> looks;
    private final AtomicBoolean opening = new AtomicBoolean();
    private volatile Opened opened;
    private volatile boolean closed;
    private int failures; // of the thread that opens
    private volatile long notBeforeNs = System.nanoTime();

    private record Opened(WebServer server, ServerSocketChannel channel, int port) {}

    private BoundServer(
            WebServerConfig config,
            HttpConnections http,
            Place place,
            Function<Integer, String> address,
            Opened opened) {
        this.config = config;
        this.http = http;
        this.place = place;
        this.address = address;
        this.opened = opened;
        state = new PartState("listener " + place.shown());
        looks = Connections.every(this::look, LOOK_MS);
        SlowSenders.prepare();
        PeerUser.prepare();
        http.toldOfFailures(why -> {
            state.dead(why);
            state.begun(); // it is well again when that does not repeat itself
        });
    }

    /// Asks for `/healthz`, on a thread of its own, which has the library load what its first
    /// request makes it load before descriptors or threads may be scarce: a class of which the
    /// initialization fails then stays broken, and so does each connection.
    public void askItself() {
        Thread.ofPlatform().daemon().name("listener-first").start(this::askOnce);
    }

    private void askOnce() {
        try {
            if (place.socket().isPresent()) {
                askOnce(place.socket().get());
            } else {
                InetAddress at = config.address();
                askOnce(at.isAnyLocalAddress() ? InetAddress.getLoopbackAddress() : at);
            }
        } catch (IOException | RuntimeException e) {
            LOG.debug("{} was not asked", place.shown(), e);
        }
    }

    private static void askOnce(Path socket) throws IOException {
        try (SocketChannel channel = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
            channel.write(ByteBuffer.wrap(FIRST_REQUEST));
            ByteBuffer answer = ByteBuffer.allocate(1024);
            while (channel.read(answer.clear()) >= 0) {
                // Whatever it says.
            }
        }
    }

    private void askOnce(InetAddress at) throws IOException {
        SocketFactory sockets =
                config.tls().isPresent()
                        ? Trust.everybody().getSocketFactory()
                        : SocketFactory.getDefault();
        try (Socket socket = sockets.createSocket(at, opened.port())) {
            socket.setSoTimeout(FIRST_ANSWER_MS);
            socket.getOutputStream().write(FIRST_REQUEST);
            byte[] _ = socket.getInputStream().readAllBytes();
        }
    }

    /// @param port in place of the one configured, 0 = that one
    /// @return empty when it did not start; the log says why
    private static Optional<Opened> open(WebServerConfig config, int port) {
        AtomicReference<ServerSocketChannel> channel = new AtomicReference<>();
        WebServer server = WebServer.create(seen(config, channel, port));
        server.start();
        ServerSocketChannel listening = channel.get();
        return server.isRunning() && listening != null
                ? Optional.of(new Opened(server, listening, server.port()))
                : Optional.empty();
    }

    /// The same configuration, which shows the socket that the library opens with it: nothing else
    /// tells whether that still listens.
    private static WebServerConfig seen(
            WebServerConfig config, AtomicReference<ServerSocketChannel> channel, int port) {
        return (WebServerConfig)
                Proxy.newProxyInstance(
                        BoundServer.class.getClassLoader(),
                        new Class<?>[] {WebServerConfig.class},
                        (_, method, given) -> {
                            if (method.getName().equals("configureSocket")
                                    && given[0] instanceof ServerSocketChannel opened) {
                                channel.set(opened);
                            }
                            if (method.getName().equals("port") && port != 0) {
                                return port;
                            }
                            try {
                                return method.invoke(config, given);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
    }

    /// How it is doing; any thread may ask.
    public PartStatus part() {
        return state.status();
    }

    private void look() {
        if (closed
                || opened.channel().isOpen()
                || System.nanoTime() - notBeforeNs < 0
                || !opening.compareAndSet(false, true)) {
            return;
        }
        boolean started = false;
        try {
            // Closing takes the library up to the grace period, and opening is no work for a timer.
            Thread.ofPlatform().daemon().name("listener-again").start(this::openAgain);
            started = true;
        } catch (OutOfMemoryError e) { // no thread: later
            state.retrying("it does not listen: " + Supervised.reason(e));
            notBeforeNs = System.nanoTime() + LONGEST_PAUSE.toNanos();
        } finally {
            if (!started) {
                opening.set(false);
            }
        }
    }

    private void openAgain() {
        try {
            if (failures == 0) {
                LOG.error(
                        "{} stopped listening: the system refused it a connection or a thread (the"
                                + " lines before say why); it is opened again",
                        place.shown());
                state.retrying("it stopped listening and is opened again");
            }
            if (!Descriptors.areSpare(SPARE_FILES)) {
                throw new IOException(Descriptors.usedUp());
            }
            if (place.socket().isPresent()) {
                Files.deleteIfExists(place.socket().get());
            }
            Opened next =
                    open(config, opened.port())
                            .orElseThrow(() -> new IOException("it could not be opened again"));
            opened = next;
            if (closed) {
                next.server().stop();
            }
            failures = 0;
            state.running();
            LOG.info("{} listens again", place.shown());
        } catch (Throwable e) {
            failures++;
            state.retrying("it does not listen: " + Supervised.reason(e));
            if (Integer.bitCount(failures) == 1) {
                LOG.error(
                        "{} could not be opened again and is tried on: {}",
                        place.shown(),
                        Supervised.reason(e));
            }
            notBeforeNs =
                    System.nanoTime()
                            + Math.min(
                                    Supervised.pause(failures).toNanos(), LONGEST_PAUSE.toNanos());
        } finally {
            opening.set(false);
        }
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
        WebServerConfig whole = config.buildPrototype();
        Optional<Opened> opened = open(whole, 0);
        if (opened.isEmpty()) {
            http.close();
            throw failure(
                    at,
                    refusal(address, at, section)
                            .orElse(
                                    "the server did not start, the log says why; start it again, or"
                                            + " "
                                            + advice(section)));
        }
        return new BoundServer(
                whole,
                http,
                new Place("[" + section + "] " + at.address(opened.get().port()), Optional.empty()),
                at::address,
                opened.get());
    }

    private static IOException failure(ListenSettings at, String reason) {
        return new IOException(
                "cannot listen on %s: %s".formatted(new HostPort(at.host(), at.port()), reason));
    }

    /// @param config everything but address and protocol
    /// @param http what it speaks
    /// @param socket the path of a Unix socket; one that nobody listens on any more is replaced
    /// @throws IOException when it cannot be bound, saying why and what to do
    public static BoundServer onSocket(
            WebServerConfig.Builder config, HttpConnections http, Path socket) throws IOException {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(socket);
        String found = inTheWay(socket, address);
        if (!found.isEmpty()) {
            throw new IOException("cannot listen on " + socket + ": " + found);
        }
        Files.deleteIfExists(socket);
        http.serve(config);
        WebServerConfig whole = config.bindAddress(address).shutdownHook(false).buildPrototype();
        Optional<Opened> opened = open(whole, 0);
        if (opened.isEmpty()) {
            http.close();
            throw new IOException(
                    "cannot listen on "
                            + socket
                            + ": the socket could not be made; check that its folder is there and"
                            + " that the agent's user may write to it, and that the path is shorter"
                            + " than 108 bytes");
        }
        return new BoundServer(
                whole,
                http,
                new Place(socket.toString(), Optional.of(socket)),
                _ -> socket.toString(),
                opened.get());
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
        return opened.port();
    }

    /// `http://host:port` or `https://host:port`, with the port that was really bound; of a Unix
    /// socket its path.
    public String address() {
        return address.apply(opened.port());
    }

    /// For tests: as when the kernel refused a connection.
    void breakIt() throws IOException {
        opened.channel().close();
    }

    @Override
    public void close() {
        closed = true;
        looks.cancel(false);
        opened.server().stop();
        http.close();
        if (place.socket().isPresent()) {
            try {
                Files.deleteIfExists(place.socket().get());
            } catch (IOException e) {
                LOG.warn("{} was left behind: {}", place.socket().get(), e.toString());
            }
        }
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
