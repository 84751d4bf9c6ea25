package io.trapline.ingest;

import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Says in the log that requests are refused for their rate: the first at once, then once a minute
/// how many it were. Any thread may call it.
public final class RefusedRequests {
    private static final Logger LOG = LoggerFactory.getLogger(RefusedRequests.class);

    private final String limit;
    private final OnceAMinute told;

    /// @param limit the setting that refuses: `[http] request_rate`
    public RefusedRequests(String limit, LongSupplier nanoTicker) {
        this.limit = limit;
        told = new OnceAMinute(nanoTicker);
    }

    /// @param what was asked for, and by whom
    public void one(String what) {
        long count = told.one();
        if (count > 0) {
            LOG.warn(
                    "{} {} refused with 429 for {}, the last one was {} (said once a minute)",
                    count,
                    count == 1 ? "request was" : "requests were",
                    limit,
                    what);
        }
    }
}
