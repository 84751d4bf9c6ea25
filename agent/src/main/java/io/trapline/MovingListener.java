package io.trapline;

import io.trapline.config.HostPort;
import io.trapline.health.PartStatus;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.function.Function;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A listener that moves to another address while it serves: the new address is open before the old
/// one closes, and what came in at the old one is answered.
///
/// The monitor guards moves and the end.
///
/// @param <S> settings that say where it listens
final class MovingListener<S> implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(MovingListener.class);

    /// What a port takes to be free after its listener stopped listening.
    private static final Duration RELEASE = Duration.ofSeconds(3);

    private static final long PAUSE_MS = 20;

    private final String name;
    private final Opener<S> opener;
    private final Function<S, HostPort> place;
    private S at;
    private volatile Bound bound;

    interface Opener<S> {
        /// @throws IOException when the address cannot be bound, saying why and what to do
        Bound open(S at) throws IOException;
    }

    /// @param address `http://host:port`, with the port that was really bound
    /// @param part how it is doing
    /// @param stop takes no new connection, and returns when all requests are answered
    record Bound(String address, Supplier<PartStatus> part, Runnable stop) {}

    /// @param name for messages
    /// @param place where settings say that it listens
    /// @throws IOException as [Opener#open]
    MovingListener(String name, S first, Function<S, HostPort> place, Opener<S> opener)
            throws IOException {
        this.name = name;
        this.opener = opener;
        this.place = place;
        at = first;
        bound = opener.open(first);
    }

    String address() {
        return bound.address;
    }

    PartStatus part() {
        return bound.part.get();
    }

    /// Nothing happens when it listens there already.
    ///
    /// @return whether it has moved
    /// @throws IOException when the new address cannot be bound; the old one stays open
    synchronized boolean move(S to) throws IOException {
        HostPort here = place.apply(at);
        HostPort there = place.apply(to);
        if (here.equals(there)) {
            return false;
        }
        Bound old = bound;
        if (here.port() == there.port() && here.port() != 0) {
            exchange(old, to);
        } else {
            bound = opener.open(to);
            drain(old);
        }
        LOG.info("{} moved from {} to {}", name, old.address, bound.address);
        at = to;
        return true;
    }

    /// The same port of another address of this host may not be bound beside the old one.
    private void exchange(Bound old, S to) throws IOException {
        drain(old);
        awaitFree(place.apply(to));
        try {
            bound = opener.open(to);
        } catch (IOException e) {
            bound = opener.open(at);
            throw e;
        }
    }

    private static void awaitFree(HostPort there) throws IOException {
        long end = System.nanoTime() + RELEASE.toNanos();
        while (!isFree(there) && System.nanoTime() - end < 0) {
            try {
                Thread.sleep(PAUSE_MS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted while it moved to another address", e);
            }
        }
    }

    private static boolean isFree(HostPort there) {
        try (ServerSocket probe = new ServerSocket()) {
            probe.bind(new InetSocketAddress(InetAddress.getByName(there.host()), there.port()));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private void drain(Bound old) {
        Thread.ofPlatform()
                .daemon()
                .name("drain-" + name)
                .start(() -> {
                    try {
                        old.stop.run();
                    } catch (RuntimeException e) {
                        LOG.warn("{}: closing {} failed", name, old.address, e);
                    }
                });
    }

    @Override
    public synchronized void close() {
        bound.stop.run();
    }
}
