package io.trapline.ingest;

import io.trapline.journal.JournalException;
import io.trapline.journal.Origin;
import io.trapline.model.Entry;
import io.trapline.pipeline.Pipeline;
import java.util.List;

/// Into the journal, over the pipeline; remembers origins.
public record PipelineSink(Pipeline pipeline) implements EntrySink {
    @Override
    public void accept(String source, List<Entry> entries) throws JournalException {
        pipeline.accept(source, entries);
    }

    @Override
    public void acceptOnce(String source, List<Entry> entries, Origin origin)
            throws JournalException {
        pipeline.acceptOnce(source, entries, origin);
    }
}
