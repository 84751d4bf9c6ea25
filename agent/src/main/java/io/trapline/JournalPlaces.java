package io.trapline;

import io.trapline.journal.Journal;
import io.trapline.journal.JournalException;
import io.trapline.period.Periods;
import io.trapline.store.Store;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The places in the journal of parts that the configuration has switched off: they would keep it
/// from being trimmed until it is full. The outputs see to theirs.
final class JournalPlaces {
    private static final Logger LOG = LoggerFactory.getLogger(JournalPlaces.class);

    private JournalPlaces() {}

    /// @param store whether there is a store
    /// @param periods whether there are periods of checks, which is to say a core
    static void giveUp(Journal journal, boolean store, boolean periods) throws JournalException {
        for (Journal.ReaderStatus reader : journal.status().readers()) {
            if (reader.name().equals(Store.READER) && !store) {
                giveUp(journal, reader, "[store] enabled is false: the store");
            }
            if (reader.name().equals(Periods.READER) && !periods) {
                giveUp(journal, reader, "role is agent: the period engine");
            }
        }
    }

    private static void giveUp(Journal journal, Journal.ReaderStatus reader, String whose)
            throws JournalException {
        LOG.warn(
                "{} gives up its place in the journal, {} frames behind the newest; switched on"
                        + " again it goes on with what the journal holds then",
                whose,
                reader.lag());
        journal.removeReader(reader.name());
    }
}
