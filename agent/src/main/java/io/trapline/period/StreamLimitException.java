package io.trapline.period;

import io.trapline.journal.JournalException;

/// A check has too many streams in its running period; nothing of this part was kept.
public final class StreamLimitException extends JournalException {
    private static final long serialVersionUID = 1L;

    StreamLimitException(PeriodCheck check, int limit) {
        super(
                "check "
                        + check.id()
                        + " has "
                        + limit
                        + " streams in this period, and takes no more new ones before the next");
    }
}
