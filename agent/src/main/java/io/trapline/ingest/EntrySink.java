package io.trapline.ingest;

import io.trapline.journal.JournalException;
import io.trapline.journal.JournalFullException;
import io.trapline.journal.Origin;
import io.trapline.model.Entry;
import java.util.List;

/// Where a handler puts what it decoded, before it answers.
@FunctionalInterface
public interface EntrySink {

    /// Makes the entries durable; returns when they are. Any thread may call it.
    ///
    /// @param source `push/<data_id>`, `trap/<uuid>` …
    /// @throws JournalFullException when there is no room; nothing was kept
    /// @throws JournalException when writing failed; nothing was kept
    void accept(String source, List<Entry> entries) throws JournalException;

    /// As above, but only once for an origin, so that another Trapline may send again what it got
    /// no answer for. A sink that cannot remember keeps it each time.
    default void acceptOnce(String source, List<Entry> entries, Origin origin)
            throws JournalException {
        accept(source, entries);
    }
}
