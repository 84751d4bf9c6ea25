package io.trapline.ingest;

import io.helidon.webserver.http.Filter;
import io.helidon.webserver.http.FilterChain;
import io.helidon.webserver.http.RoutingRequest;
import io.helidon.webserver.http.RoutingResponse;
import io.trapline.net.Source;
import java.net.InetSocketAddress;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BiConsumer;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;

/// What one sender ([Source]: an address, or a user of this host) may do on the push and trap
/// listener in a minute: so many requests, when that is configured, and so many that fail for a
/// wrong token, secret or path, so that nobody can try them all. The host itself may fail as often
/// as it likes.
///
/// Minutes are those of the ticker, the same for all, so that all counts go away together and
/// memory is bounded by the addresses of one minute. Beyond 100 000 of them all others count as
/// one.
public final class AddressLimits implements Filter {
    /// Nothing is limited.
    public static final AddressLimits NONE =
            new AddressLimits(() -> 0, Integer.MAX_VALUE, () -> 0, (_, _) -> {});

    public static final int MOST_FAILURES = 300;
    private static final long WINDOW_NS = 60_000_000_000L;
    private static final int MOST_ADDRESSES = 100_000;
    private static final Source ALL_OTHERS = new Source("all others");

    private final DoubleSupplier requestsASecond;
    private final int mostFailures;
    private final LongSupplier nanoTicker;
    private final BiConsumer<RoutingResponse, Integer> refusal;
    private final RefusedRequests refused;
    private volatile Window window;

    private static final class Counts {
        final AtomicInteger requests = new AtomicInteger();
        final AtomicInteger failures = new AtomicInteger();
    }

    private record Window(long startNs, ConcurrentHashMap<Source, Counts> counts) {}

    /// @param requestsASecond from one address, as an average of a minute; 0 = no limit
    /// @param nanoTicker a clock that never jumps
    /// @param refusal sends 429 with the seconds after which it is worth trying again
    AddressLimits(
            DoubleSupplier requestsASecond,
            int mostFailures,
            LongSupplier nanoTicker,
            BiConsumer<RoutingResponse, Integer> refusal) {
        this.requestsASecond = requestsASecond;
        this.mostFailures = mostFailures;
        this.nanoTicker = nanoTicker;
        this.refusal = refusal;
        window = new Window(nanoTicker.getAsLong(), new ConcurrentHashMap<>());
        refused =
                new RefusedRequests(
                        "[core] request_rate, or for failing too often in a minute", nanoTicker);
    }

    /// With the listener's own form of a refusal.
    public static AddressLimits of(DoubleSupplier requestsASecond, LongSupplier nanoTicker) {
        return new AddressLimits(requestsASecond, MOST_FAILURES, nanoTicker, CoreListener::tooMany);
    }

    @Override
    public void filter(FilterChain chain, RoutingRequest request, RoutingResponse response) {
        if (!(request.remotePeer().address() instanceof InetSocketAddress peer)
                || peer.getAddress() == null) {
            chain.proceed();
            return;
        }
        boolean here = peer.getAddress().isLoopbackAddress();
        Source source = Source.of(request.remotePeer());
        int wait = tryAcquire(source, here);
        if (wait > 0) {
            // Without the path: of a check it has the secret in it.
            refused.one("from " + peer.getAddress().getHostAddress());
            refusal.accept(response, wait);
            return;
        }
        chain.proceed();
        ended(source, response.status().code());
    }

    /// 0 when a request of that sender may pass, else after how many seconds one is worth trying.
    ///
    /// @param here of this host, which may fail as often as it likes
    int tryAcquire(Source source, boolean here) {
        Counts counts = counts(source);
        boolean mayFail = here || counts.failures.get() < mostFailures;
        return mayFail && admits(counts) ? 0 : secondsLeft();
    }

    void ended(Source source, int status) {
        if (status == 401 || status == 403 || status == 404) {
            counts(source).failures.incrementAndGet();
        }
    }

    private boolean admits(Counts counts) {
        double rate = requestsASecond.getAsDouble();
        return rate <= 0 || counts.requests.incrementAndGet() <= Math.max(1, rate * 60);
    }

    private Counts counts(Source source) {
        Window now = current();
        Counts known = now.counts.get(source);
        if (known != null) {
            return known;
        }
        Source bounded = now.counts.size() < MOST_ADDRESSES ? source : ALL_OTHERS;
        return now.counts.computeIfAbsent(bounded, _ -> new Counts());
    }

    private Window current() {
        if (isOver(window)) {
            synchronized (this) {
                if (isOver(window)) {
                    window = new Window(nanoTicker.getAsLong(), new ConcurrentHashMap<>());
                }
            }
        }
        return window;
    }

    private boolean isOver(Window its) {
        return nanoTicker.getAsLong() - its.startNs >= WINDOW_NS;
    }

    private int secondsLeft() {
        long left = window.startNs + WINDOW_NS - nanoTicker.getAsLong();
        return Math.clamp(Math.ceilDiv(left, 1_000_000_000L), 1, 60);
    }
}
