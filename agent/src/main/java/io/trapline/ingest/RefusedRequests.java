package io.trapline.ingest;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Says in the log that requests are refused for their rate: the first at once, then once a minute
/// how many it were. Any thread may call it.
public final class RefusedRequests {
    private static final Logger LOG = LoggerFactory.getLogger(RefusedRequests.class);
    private static final long MINUTE = 60_000_000_000L;

    private final String limit;
    private final LongSupplier nanoTicker;
    private final AtomicLong since = new AtomicLong();
    private long told;
    private boolean began;

    /// @param limit the setting that refuses: `[http] request_rate`
    public RefusedRequests(String limit, LongSupplier nanoTicker) {
        this.limit = limit;
        this.nanoTicker = nanoTicker;
    }

    /// @param what was asked for, and by whom
    public void one(String what) {
        since.incrementAndGet();
        long count;
        synchronized (this) {
            long now = nanoTicker.getAsLong();
            if (began && now - told < MINUTE) {
                return;
            }
            began = true;
            told = now;
            count = since.getAndSet(0);
        }
        LOG.warn(
                "{} {} refused with 429 for {}, the last one was {} (said once a minute)",
                count,
                count == 1 ? "request was" : "requests were",
                limit,
                what);
    }
}
