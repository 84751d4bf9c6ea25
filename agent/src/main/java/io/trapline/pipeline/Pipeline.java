package io.trapline.pipeline;

import io.trapline.journal.Journal;
import io.trapline.journal.JournalException;
import io.trapline.journal.Origin;
import io.trapline.model.Batch;
import io.trapline.model.Entry;
import io.trapline.model.Point;
import io.trapline.pipeline.Decoded.TagChoice;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/// The one way into the journal. Any thread may call any method.
///
/// A batch becomes one journal frame as long as it has at most [#MAX_ENTRIES] entries and its last
/// one begins within the first [#MAX_FRAME_BYTES] encoded bytes, and is then there whole or not at
/// all after any crash. A larger batch becomes several frames in the order of its entries, which
/// become durable together or not at all.
public final class Pipeline {
    static final int MAX_ENTRIES = 10_000;
    static final int MAX_FRAME_BYTES = 4 << 20;

    private final Journal journal;
    private final GlobalTags globalTags;
    private final BooleanSupplier correctTime;
    private final InstantSource clock;

    public Pipeline(
            Journal journal,
            GlobalTags globalTags,
            BooleanSupplier correctTime,
            InstantSource clock) {
        this.journal = journal;
        this.globalTags = globalTags;
        this.correctTime = correctTime;
        this.clock = clock;
    }

    /// What is to be stored of checked points: with the global tags that `choice` names, unless a
    /// point has a tag or a field of that key; then, if time correction is on, points further than
    /// two hours from now moved to now, with their own time in the integer field `__orig_time`.
    public List<Entry> finish(List<Point> points, TagChoice choice) {
        Finisher finisher = finisher(choice, now());
        List<Entry> entries = new ArrayList<>(points.size());
        for (Point point : points) {
            entries.add(finisher.finish(point));
        }
        return entries;
    }

    /// Opens a batch of points that are finished as [#finish] says.
    ///
    /// @param capacity bytes that the batch is likely to take
    public Intake intake(String source, TagChoice choice, int capacity) {
        long now = now();
        return new Intake(journal, finisher(choice, now), source, now, capacity);
    }

    private Finisher finisher(TagChoice choice, long now) {
        return new Finisher(globalTags.of(choice), correctTime.getAsBoolean(), now);
    }

    /// Makes entries of one source durable; returns when all of them are fsynced.
    public void accept(String source, List<? extends Entry> entries) throws JournalException {
        accept(new Batch(source, now(), List.copyOf(entries)));
    }

    /// Makes a batch durable; returns when it is fsynced.
    public void accept(Batch batch) throws JournalException {
        // All frames are encoded before the first is appended: a defect then stores nothing.
        Intake intake =
                new Intake(
                        journal,
                        new Finisher(List.of(), false, 0),
                        batch.source(),
                        batch.acceptedNs(),
                        64 + 48 * Math.min(batch.entries().size(), MAX_ENTRIES));
        batch.entries().forEach(intake::add);
        intake.commit();
    }

    /// Makes entries durable unless that was done for this origin before. They become one frame,
    /// whatever their number, because a part of them could not be remembered.
    public void acceptOnce(String source, List<? extends Entry> entries, Origin origin)
            throws JournalException {
        Batch batch = new Batch(source, now(), List.copyOf(entries));
        journal.appendOnce(List.of(new Journal.Arrival(origin, BatchCodec.encode(batch))));
    }

    private long now() {
        Instant now = clock.instant();
        return Math.addExact(
                Math.multiplyExact(now.getEpochSecond(), 1_000_000_000L), now.getNano());
    }
}
