package io.trapline.collector;

import io.trapline.journal.JournalException;
import io.trapline.model.Entry;
import io.trapline.model.Point;
import io.trapline.pipeline.Decoded;
import java.util.List;

/// Where the points and runs of collectors go: the two steps of the pipeline that are needed here.
public interface Sink {

    /// The entries to store for checked points, with global tags.
    List<Entry> finish(List<Point> points, Decoded.TagChoice tags);

    /// Makes entries durable together; returns when they are fsynced.
    void accept(String source, List<Entry> entries) throws JournalException;
}
