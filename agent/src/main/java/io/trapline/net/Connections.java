package io.trapline.net;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.helidon.common.socket.SocketOptions;
import io.helidon.webserver.CloseConnectionException;
import java.io.IOException;
import java.net.SocketOption;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The open connections of one listener: who holds how many, how long each has kept us waiting, and
/// which one has to go.
///
/// - A connection that is accepted beyond its source's share, or beyond all places, takes the place
///   of the one that has waited longest without having sent a whole head: of its own source in the
///   first case, of the source with the most in the second. Half-open and idle connections keep
///   nobody out.
/// - When there is none, all being in the middle of a request, it gets a place of the reserve,
///   where only what is urgent is answered, and all else is 503. Who waits there makes room as
///   well.
/// - When the reserve is taken as well, the answer is 503 without a request having been read.
/// - A connection ends when its head, its body or the reading of its answer takes too long.
///
/// The library's own means do none of this: its limit leaves connections waiting in the kernel's
/// backlog, its timeouts do not reach the channels that it reads.
///
/// `lock` guards the places. A connection's own state belongs to its monitor; the lock may be held
/// when that is taken, never the other way round.
final class Connections implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Connections.class);
    private static final long LOOK_MS = 500;
    private static final long LOG_EVERY_NS = TimeUnit.MINUTES.toNanos(1);

    /// Connections that were refused wait so long for their client to read that.
    private static final long FAREWELL_NS = TimeUnit.SECONDS.toNanos(1);

    private static final int MOST_FAREWELLS = 256;

    /// Of an answer, for one piece of it: this, and what its length needs at 64 KiB a second.
    private static final long WRITE_NS = TimeUnit.SECONDS.toNanos(60);

    private static final long WRITTEN_BYTES_A_SECOND = 64 << 10;

    /// One daemon thread for all listeners; it only looks at clocks and closes sockets.
    private static final ScheduledThreadPoolExecutor TIMER = timer();

    private static final byte[] BUSY = busy("all places for connections are taken");
    private static final byte[] NO_DESCRIPTOR = busy("the agent has no file descriptor left");

    private final ConnectionLimits limits;
    private final boolean tls;
    private final ReentrantLock lock = new ReentrantLock();

    /// In the order of their coming.
    private final LinkedHashSet<One> all = new LinkedHashSet<>();

    /// Those that the server has not begun to serve, by [#name].
    private final Map<String, One> opening = new HashMap<>();

    private final Map<Source, Integer> held = new HashMap<>();
    private final ArrayDeque<Farewell> farewells = new ArrayDeque<>();
    private int reserved;
    private long loggedNs = System.nanoTime() - LOG_EVERY_NS;
    private final ScheduledFuture<?> looks;

    private record Farewell(SocketChannel channel, long atNs) {}

    /// @param tls whether what comes first is a handshake
    Connections(ConnectionLimits limits, boolean tls) {
        this.limits = limits;
        this.tls = tls;
        looks = every(this::look, LOOK_MS);
    }

    private static ScheduledThreadPoolExecutor timer() {
        ScheduledThreadPoolExecutor timer =
                new ScheduledThreadPoolExecutor(
                        1, Thread.ofPlatform().daemon().name("connections").factory());
        timer.setRemoveOnCancelPolicy(true);
        return timer;
    }

    /// Has something looked at on the thread of all listeners: it must not wait.
    static ScheduledFuture<?> every(Runnable look, long millis) {
        return TIMER.scheduleWithFixedDelay(
                () -> {
                    try {
                        look.run();
                    } catch (Throwable e) { // else there would be no further look
                        LOG.error("looking at a listener failed, the next look tries again", e);
                    }
                },
                millis,
                millis,
                TimeUnit.MILLISECONDS);
    }

    /// An answer to whoever sends what: DataKit's clients, the push and trap clients and the pages'
    /// scripts each look at other members.
    static byte[] busy(String reason) {
        String message = reason + "; nothing was kept, try again in a second";
        String body =
                "{\"error\":\"%s\",\"error_code\":\"datakit.busy\",\"message\":\"%s\",\"code\":\"503\",\"result\":\"false\"}"
                        .formatted(message, message);
        return ("HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
                        + "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
                        + "Retry-After: 1\r\nConnection: close\r\nContent-Length: "
                        + body.length()
                        + "\r\n\r\n"
                        + body)
                .getBytes(US_ASCII);
    }

    /// What one connection does.
    enum Doing {
        /// A TLS handshake.
        OPENING,
        /// Nothing yet.
        NEW,
        /// A request line or header block has begun.
        HEAD,
        /// A body is waited for.
        BODY,
        /// A handler works.
        BUSY,
        /// The client is to read what is written.
        WRITING,
        /// Between two requests.
        IDLE,
        /// It has its last answer, and the time to read it.
        LEAVING,
        /// Closed.
        GONE
    }

    /// One connection. Its thread says what it does; anybody may close it.
    final class One {
        private final SocketChannel channel;
        private final String name;
        private final Source source;
        private final boolean ofReserve;
        private Doing doing;
        private long sinceNs = System.nanoTime();
        private long allowedNs;

        /// Until its first request: since it was accepted, whatever it has sent by then.
        private long waitingSinceNs = sinceNs;

        /// All waiting for the present body.
        private long waitedNs;

        private long bodyBytes;

        private One(SocketChannel channel, Source source, boolean ofReserve) {
            this.channel = channel;
            name = name(channel);
            this.source = source;
            this.ofReserve = ofReserve;
            doing = tls ? Doing.OPENING : Doing.NEW;
            allowedNs = (tls ? limits.head() : limits.silence()).toNanos();
        }

        Source source() {
            return source;
        }

        /// Only urgent requests are to be answered.
        boolean isOfReserve() {
            return ofReserve;
        }

        boolean mayPass(String path, Optional<String> authorization) {
            return !ofReserve || limits.urgent().test(path, authorization);
        }

        /// @return false when the connection was closed meanwhile, and what was read is void
        private synchronized boolean turn(Doing next, long allowed) {
            if (doing == Doing.GONE) {
                return false;
            }
            sinceNs = System.nanoTime();
            if (doing != Doing.OPENING && doing != Doing.NEW) {
                waitingSinceNs = sinceNs;
            }
            doing = next;
            allowedNs = allowed;
            return true;
        }

        /// The handshake is over.
        boolean opened() {
            return turn(Doing.NEW, limits.silence().toNanos());
        }

        /// The first byte of a head.
        boolean headBegun() {
            return turn(Doing.HEAD, limits.head().toNanos());
        }

        boolean headEnded() {
            synchronized (this) {
                waitedNs = 0;
                bodyBytes = 0;
            }
            return turn(Doing.BUSY, Long.MAX_VALUE);
        }

        boolean idles() {
            return turn(Doing.IDLE, limits.idle().toNanos());
        }

        /// More of a body is waited for.
        boolean waitsForBody() {
            long silence = limits.silence().toNanos();
            long earned =
                    silence + bodyBytes / ConnectionLimits.SLOWEST_BYTES_A_SECOND * 1_000_000_000L;
            return turn(Doing.BODY, Math.min(silence, Math.max(0, earned - waitedNs)));
        }

        boolean bodyArrived(int bytes) {
            synchronized (this) {
                waitedNs += System.nanoTime() - sinceNs;
                bodyBytes += bytes;
            }
            return turn(Doing.BUSY, Long.MAX_VALUE);
        }

        boolean writes(long bytes) {
            return turn(Doing.WRITING, WRITE_NS + bytes * 1_000_000_000L / WRITTEN_BYTES_A_SECOND);
        }

        boolean leaves() {
            return turn(Doing.LEAVING, limits.silence().toNanos());
        }

        boolean works() {
            return turn(Doing.BUSY, Long.MAX_VALUE);
        }

        /// Whether it may be closed for another one.
        private synchronized boolean isWaiting() {
            return doing == Doing.OPENING
                    || doing == Doing.NEW
                    || doing == Doing.HEAD
                    || doing == Doing.IDLE
                    || doing == Doing.LEAVING;
        }

        private synchronized long waitingSinceNs() {
            return waitingSinceNs;
        }

        private synchronized boolean isLate(long nowNs) {
            return doing != Doing.GONE && nowNs - sinceNs > allowedNs;
        }

        private synchronized boolean closeIfWaiting() {
            if (!isWaiting()) {
                return false;
            }
            doing = Doing.GONE;
            close(channel);
            return true;
        }

        private synchronized void closeIfLate(long nowNs) {
            if (isLate(nowNs)) {
                doing = Doing.GONE;
                close(channel);
            }
        }

        private boolean isClosed() {
            return !channel.isOpen();
        }

        /// Its thread reads and writes no more, and closes it.
        void ended() {
            synchronized (this) {
                doing = Doing.GONE;
            }
            lock.lock();
            try {
                leave(this);
                if (tls) {
                    // The library closes what it has put around the channel, not the channel.
                    farewells.add(new Farewell(channel, System.nanoTime()));
                }
            } finally {
                lock.unlock();
            }
        }
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException _) {
            // It is of no use either way.
        }
    }

    /// On the thread that accepts: finds a place for a connection, or ends it with 503.
    ///
    /// @throws RefusedException when there is none
    One accept(SocketChannel channel) {
        Source source = Source.of(channel);
        boolean spare = Descriptors.areSpare(1);
        lock.lock();
        try {
            if (!spare) {
                // The next accept needs a descriptor, or it fails: this connection gives its own.
                sayNoDescriptor(source);
                refuseAtOnce(channel);
                throw new RefusedException();
            }
            if (!isRoomFor(source)) {
                sweep();
            }
            boolean room = isRoomFor(source) || (makeRoom(source) && isRoomFor(source));
            if (!room && reserved >= limits.reserve() && !closeLongestWaiting(true, null)) {
                say(source, "refused with 503");
                refuse(channel);
                throw new RefusedException();
            }
            if (!room) {
                say(source, "in the reserve, where only what is urgent is answered");
            }
            One one = new One(channel, source, !room);
            all.add(one);
            opening.put(one.name, one);
            if (room) {
                held.merge(source, 1, Integer::sum);
            } else {
                reserved++;
            }
            return one;
        } finally {
            lock.unlock();
        }
    }

    /// The connection that the server begins to serve.
    ///
    /// @param id that the server has given its channel
    One served(String id) {
        lock.lock();
        try {
            One one = opening.remove(id);
            if (one == null || !one.opened()) {
                throw new CloseConnectionException("closed for another connection");
            }
            return one;
        } finally {
            lock.unlock();
        }
    }

    /// As the server names channels.
    private static String name(SocketChannel channel) {
        return "0x" + HexFormat.of().toHexDigits(System.identityHashCode(channel));
    }

    private boolean isRoomFor(Source source) {
        return all.size() - reserved < limits.most()
                && held.getOrDefault(source, 0) < limits.ofOneSource();
    }

    private boolean makeRoom(Source source) {
        if (held.getOrDefault(source, 0) >= limits.ofOneSource()) {
            return closeLongestWaiting(false, source);
        }
        return held.entrySet().stream()
                        .max(Map.Entry.comparingByValue())
                        .map(Map.Entry::getKey)
                        .filter(most -> closeLongestWaiting(false, most))
                        .isPresent()
                || closeLongestWaiting(false, null);
    }

    /// @param ofReserve whether it is to be one of the reserve, or none of it
    /// @param of null = of anybody
    private boolean closeLongestWaiting(boolean ofReserve, @Nullable Source of) {
        One longest = null;
        for (One one : all) {
            if (one.ofReserve == ofReserve
                    && (of == null || one.source.equals(of))
                    && one.isWaiting()
                    && (longest == null || one.waitingSinceNs() - longest.waitingSinceNs() < 0)) {
                longest = one;
            }
        }
        if (longest == null || !longest.closeIfWaiting()) {
            return false;
        }
        leave(longest);
        return true;
    }

    private void leave(One one) {
        if (!all.remove(one)) {
            return;
        }
        opening.remove(one.name, one);
        if (one.ofReserve) {
            reserved--;
        } else {
            held.computeIfPresent(one.source, (_, count) -> count == 1 ? null : count - 1);
        }
    }

    /// Those whose handshake failed have no thread that says so.
    private void sweep() {
        for (One one : all.toArray(One[]::new)) {
            if (one.isClosed()) {
                leave(one);
            }
        }
    }

    private void refuseAtOnce(SocketChannel channel) {
        if (!tls) {
            try {
                channel.write(ByteBuffer.wrap(NO_DESCRIPTOR));
            } catch (IOException _) {
                // It is closed either way.
            }
        }
        close(channel);
    }

    private void sayNoDescriptor(Source source) {
        long now = System.nanoTime();
        if (now - loggedNs >= LOG_EVERY_NS) {
            loggedNs = now;
            LOG.warn(
                    "{}: a connection of {} was refused with 503 (said once a minute)",
                    Descriptors.usedUp(),
                    source);
        }
    }

    private void refuse(SocketChannel channel) {
        if (tls) {
            close(channel);
            return;
        }
        if (farewells.size() >= Math.min(MOST_FAREWELLS, limits.most())) {
            close(farewells.remove().channel);
        }
        try {
            // Nothing was written to it before, so that this does not wait.
            channel.write(ByteBuffer.wrap(BUSY));
            channel.shutdownOutput();
            farewells.add(new Farewell(channel, System.nanoTime()));
        } catch (IOException _) {
            close(channel);
        }
    }

    private void say(Source source, String what) {
        long now = System.nanoTime();
        if (now - loggedNs < LOG_EVERY_NS) {
            return;
        }
        loggedNs = now;
        LOG.warn(
                "{} connections are open, {} of them of {}, and none waits for a request: a further"
                        + " one is {} (said once a minute)",
                all.size(),
                held.getOrDefault(source, 0),
                source,
                what);
    }

    private void look() {
        long now = System.nanoTime();
        One[] copy;
        lock.lock();
        try {
            sweep();
            for (Iterator<Farewell> each = farewells.iterator(); each.hasNext(); ) {
                Farewell farewell = each.next();
                if (now - farewell.atNs > FAREWELL_NS) {
                    close(farewell.channel);
                    each.remove();
                }
            }
            copy = all.toArray(One[]::new);
        } finally {
            lock.unlock();
        }
        for (One one : copy) {
            one.closeIfLate(now);
        }
    }

    /// How many are open, those of the reserve too.
    int open() {
        lock.lock();
        try {
            return all.size();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        looks.cancel(false);
        lock.lock();
        try {
            farewells.forEach(each -> close(each.channel));
            farewells.clear();
        } finally {
            lock.unlock();
        }
    }

    /// There is no place for a connection; it has been told.
    private static final class RefusedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        RefusedException() {
            super("no place for a connection", null, false, false);
        }
    }

    /// The server's options for sockets, where it shows each connection that it has accepted before
    /// anything else happens to it.
    ///
    /// @param accepted takes what came of it; an exception ends the connection
    record Options(SocketOptions options, Consumer<SocketChannel> accepted)
            implements SocketOptions {
        @Override
        public void configureSocket(SocketChannel socket) {
            try {
                options.configureSocket(socket);
                accepted.accept(socket);
            } catch (RefusedException e) {
                throw e;
            } catch (RuntimeException | Error e) {
                // An error would end the listening, not this connection alone; the library closes
                // the connection and says nothing of it.
                LOG.error("a connection could not be taken and is closed", e);
                throw new IllegalStateException("a connection could not be taken", e);
            }
        }

        @Override
        public Map<SocketOption<?>, Object> socketOptions() {
            return options.socketOptions();
        }

        @Override
        public Duration connectTimeout() {
            return options.connectTimeout();
        }

        @Override
        public Duration readTimeout() {
            return options.readTimeout();
        }

        @Override
        public Optional<Integer> socketReceiveBufferSize() {
            return options.socketReceiveBufferSize();
        }

        @Override
        public Optional<Integer> socketSendBufferSize() {
            return options.socketSendBufferSize();
        }

        @Override
        public boolean socketReuseAddress() {
            return options.socketReuseAddress();
        }

        @Override
        public boolean socketKeepAlive() {
            return options.socketKeepAlive();
        }

        @Override
        public boolean tcpNoDelay() {
            return options.tcpNoDelay();
        }
    }
}
