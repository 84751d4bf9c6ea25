package io.trapline.ingest;

import io.trapline.journal.JournalException;
import io.trapline.journal.JournalFullException;
import java.util.function.LongSupplier;
import org.slf4j.Logger;

/// Says that requests were not kept: a line a minute, not one a request, which would fill the disk
/// that is full already. Any thread may call it.
public final class RefusalLog {
    private final Logger log;
    private final OnceAMinute told;

    /// @param nanoTicker a clock that never jumps
    public RefusalLog(Logger log, LongSupplier nanoTicker) {
        this.log = log;
        told = new OnceAMinute(nanoTicker);
    }

    /// A request was not kept.
    ///
    /// @param what which one
    public void notKept(String what, Exception why) {
        long count = told.one();
        if (count == 0) {
            return;
        }
        String more =
                count == 1
                        ? " (said once a minute)"
                        : " (said once a minute; "
                                + (count - 1)
                                + " more requests since the last time)";
        if (why instanceof JournalFullException || !(why instanceof JournalException)) {
            log.warn("{} was not kept: {}{}", what, why.getMessage(), more);
        } else {
            log.error("{} was not kept: {}{}", what, why.getMessage(), more);
        }
    }
}
