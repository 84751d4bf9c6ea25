package io.trapline.ingest;

import io.trapline.journal.JournalException;
import io.trapline.journal.JournalFullException;
import java.util.function.LongSupplier;
import org.slf4j.Logger;

/// Says that requests were not kept: a line a minute, not one a request, which would fill the disk
/// that is full already. Any thread may call it.
public final class RefusalLog {
    private static final long EVERY_NS = 60_000_000_000L;

    private final Logger log;
    private final LongSupplier nanoTicker;

    // Guarded by this.
    private boolean said;
    private long saidAt;
    private long since;

    /// @param nanoTicker a clock that never jumps
    public RefusalLog(Logger log, LongSupplier nanoTicker) {
        this.log = log;
        this.nanoTicker = nanoTicker;
    }

    /// A request was not kept.
    ///
    /// @param what which one
    public void notKept(String what, Exception why) {
        long before;
        synchronized (this) {
            long now = nanoTicker.getAsLong();
            if (said && now - saidAt < EVERY_NS) {
                since++;
                return;
            }
            before = since;
            said = true;
            saidAt = now;
            since = 0;
        }
        String more =
                before == 0
                        ? " (said once a minute)"
                        : " (said once a minute; " + before + " more requests since the last time)";
        if (why instanceof JournalFullException || !(why instanceof JournalException)) {
            log.warn("{} was not kept: {}{}", what, why.getMessage(), more);
        } else {
            log.error("{} was not kept: {}{}", what, why.getMessage(), more);
        }
    }
}
