package io.trapline.pipeline;

import io.trapline.journal.Journal;
import io.trapline.journal.JournalException;
import io.trapline.journal.Origin;
import io.trapline.model.Entry;
import io.trapline.model.Point;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// One batch on its way into the journal: points are finished and encoded as they come, so that a
/// parser can hand them over one by one, and nothing of them is kept before [#commit]. Not
/// thread-safe.
public final class Intake implements Consumer<Point> {
    private final Journal journal;
    private final Finisher finisher;
    private final String source;
    private final long acceptedNs;
    private final List<byte[]> frames = new ArrayList<>(1);
    private FrameWriter frame;
    private long inFrames;

    /// @param capacity bytes that the batch is likely to take
    Intake(Journal journal, Finisher finisher, String source, long acceptedNs, int capacity) {
        this.journal = journal;
        this.finisher = finisher;
        this.source = source;
        this.acceptedNs = acceptedNs;
        this.frame = new FrameWriter(source, acceptedNs, capacity);
    }

    /// Takes a point that passed [PointChecks].
    @Override
    public void accept(Point point) {
        add(finisher.finish(point));
    }

    /// Bytes that it takes so far.
    public long size() {
        return inFrames + frame.size();
    }

    /// Takes an entry that is finished.
    void add(Entry entry) {
        if (frame.count() == Pipeline.MAX_ENTRIES || frame.size() >= Pipeline.MAX_FRAME_BYTES) {
            inFrames += frame.size();
            frames.add(frame.toBytes());
            frame = new FrameWriter(source, acceptedNs, Pipeline.MAX_FRAME_BYTES / 8);
        }
        frame.add(entry);
    }

    /// Makes all of it durable, or nothing of it; returns when it is fsynced. Once only.
    public void commit() throws JournalException {
        frames.add(frame.toBytes());
        journal.appendAll(frames);
    }

    /// As [#commit], unless that was done for this request before.
    ///
    /// @param request part 0 of it
    public void commitOnce(Origin request) throws JournalException {
        frames.add(frame.toBytes());
        List<Journal.Arrival> arrivals = new ArrayList<>(frames.size());
        for (int i = 0; i < frames.size(); i++) {
            Origin part = new Origin(request.sender(), request.position(), request.part() + i);
            arrivals.add(new Journal.Arrival(part, frames.get(i)));
        }
        journal.appendOnce(arrivals);
    }
}
