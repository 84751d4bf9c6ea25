package io.trapline;

import io.trapline.collector.Sink;
import io.trapline.journal.JournalException;
import io.trapline.model.Entry;
import io.trapline.model.Point;
import io.trapline.model.Run;
import io.trapline.pipeline.Decoded.TagChoice;
import io.trapline.pipeline.GlobalTags;
import io.trapline.pipeline.Pipeline;
import java.util.List;

/// Where the collectors of this agent report to.
record CollectorSink(Pipeline pipeline, GlobalTags globalTags, InForce inForce) implements Sink {
    @Override
    public List<Entry> finish(List<Point> points, TagChoice tags) {
        return pipeline.finish(points, tags);
    }

    @Override
    public void accept(String source, List<Entry> entries) throws JournalException {
        pipeline.accept(source, entries.stream().map(this::onThisHost).toList());
    }

    /// A core has the runs of many agents: they say whose they are, as their points do.
    private Entry onThisHost(Entry entry) {
        return entry instanceof Run run
                ? run.on(globalTags.host().getOrDefault("host", inForce.settings().hostName()))
                : entry;
    }
}
