package io.trapline.pipeline;

import io.trapline.journal.Journal;
import io.trapline.journal.JournalException;
import io.trapline.model.Batch;

/// The one way into the journal.
public final class Pipeline {
    private final Journal journal;

    public Pipeline(Journal journal) {
        this.journal = journal;
    }

    /// Makes a batch durable; returns when it is fsynced.
    public void accept(Batch batch) throws JournalException {
        journal.append(BatchCodec.encode(batch));
    }
}
