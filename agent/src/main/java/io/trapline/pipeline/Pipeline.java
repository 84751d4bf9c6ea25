package io.trapline.pipeline;

import io.trapline.journal.Journal;
import io.trapline.journal.JournalException;
import io.trapline.journal.Origin;
import io.trapline.model.Batch;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Tag;
import io.trapline.pipeline.Decoded.TagChoice;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;

/// The one way into the journal. Any thread may call any method.
///
/// A batch becomes one journal frame as long as it has at most [#MAX_ENTRIES] entries and at most
/// [#MAX_FRAME_BYTES] encoded bytes, and is then there whole or not at all after any crash. A
/// larger batch becomes several frames in the order of its entries, each whole; when an append in
/// the middle fails the earlier frames stay, the sender is told of the failure, and sending again
/// stores those entries twice.
public final class Pipeline {
    static final int MAX_ENTRIES = 10_000;
    static final int MAX_FRAME_BYTES = 4 << 20;

    private static final long CORRECTED_BEYOND_NS = 2L * 60 * 60 * 1_000_000_000;
    private static final String ORIGINAL_TIME = "__orig_time";

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
    @SuppressWarnings("ReferenceEquality")
    public List<Entry> finish(List<Point> points, TagChoice choice) {
        List<Tag> tags = globalTags.of(choice);
        boolean correct = correctTime.getAsBoolean();
        if (tags.isEmpty() && !correct) {
            return List.copyOf(points);
        }
        long now = now();
        List<Tag> lastTags = List.of();
        List<Tag> lastMerged = List.of();
        List<Entry> entries = new ArrayList<>(points.size());
        for (Point point : points) {
            List<Tag> merged;
            // Points of one series share their tag list, and then also the result.
            if (point.tags() == lastTags && !lastMerged.isEmpty() && !hasField(point, tags)) {
                merged = lastMerged;
            } else {
                merged = merge(point, tags);
                boolean shared = !hasField(point, tags);
                lastTags = shared ? point.tags() : List.of();
                lastMerged = shared ? merged : List.of();
            }
            entries.add(timed(point, merged, correct, now));
        }
        return entries;
    }

    /// Makes entries of one source durable; returns when all of them are fsynced.
    public void accept(String source, List<? extends Entry> entries) throws JournalException {
        accept(new Batch(source, now(), List.copyOf(entries)));
    }

    /// Makes a batch durable; returns when it is fsynced.
    public void accept(Batch batch) throws JournalException {
        // All frames are encoded before the first is appended: a defect then stores nothing.
        List<byte[]> frames = new ArrayList<>(1);
        encode(batch, frames);
        for (byte[] frame : frames) {
            journal.append(frame);
        }
    }

    /// Makes entries durable unless that was done for this origin before. They become one frame,
    /// whatever their number, because a part of them could not be remembered.
    public void acceptOnce(String source, List<? extends Entry> entries, Origin origin)
            throws JournalException {
        Batch batch = new Batch(source, now(), List.copyOf(entries));
        journal.appendOnce(List.of(new Journal.Arrival(origin, BatchCodec.encode(batch))));
    }

    private static void encode(Batch batch, List<byte[]> frames) {
        int count = batch.entries().size();
        if (count <= MAX_ENTRIES) {
            byte[] frame = BatchCodec.encode(batch);
            if (frame.length <= MAX_FRAME_BYTES || count <= 1) {
                frames.add(frame);
                return;
            }
        }
        int half = count > MAX_ENTRIES ? MAX_ENTRIES : count / 2;
        encode(part(batch, 0, half), frames);
        encode(part(batch, half, count), frames);
    }

    private static Batch part(Batch batch, int from, int to) {
        return new Batch(batch.source(), batch.acceptedNs(), batch.entries().subList(from, to));
    }

    @SuppressWarnings("ReferenceEquality")
    private static Point timed(Point point, List<Tag> tags, boolean correct, long now) {
        long time = point.timeNs();
        if (correct && far(time, now)) {
            List<Field> fields = new ArrayList<>(point.fields());
            fields.removeIf(field -> field.key().equals(ORIGINAL_TIME));
            fields.add(new Field(ORIGINAL_TIME, new FieldValue.Int(time)));
            return new Point(point.category(), point.name(), tags, fields, now);
        }
        return tags == point.tags()
                ? point
                : new Point(point.category(), point.name(), tags, point.fields(), time);
    }

    private static boolean far(long time, long now) {
        // Both are after 1970 in practice, but a point may carry any time: compare without
        // overflow.
        return time > now + CORRECTED_BEYOND_NS || time < now - CORRECTED_BEYOND_NS;
    }

    private static List<Tag> merge(Point point, List<Tag> globals) {
        List<Tag> merged = null;
        for (Tag global : globals) {
            if (!hasTag(point, global.key()) && !hasField(point, global.key())) {
                if (merged == null) {
                    merged = new ArrayList<>(point.tags().size() + globals.size());
                    merged.addAll(point.tags());
                }
                merged.add(global);
            }
        }
        return merged == null ? point.tags() : List.copyOf(merged);
    }

    private static boolean hasTag(Point point, String key) {
        List<Tag> tags = point.tags();
        for (int i = 0; i < tags.size(); i++) {
            if (tags.get(i).key().equals(key)) {
                return true;
            }
        }
        return false;
    }

    private static boolean hasField(Point point, String key) {
        List<Field> fields = point.fields();
        for (int i = 0; i < fields.size(); i++) {
            if (fields.get(i).key().equals(key)) {
                return true;
            }
        }
        return false;
    }

    private static boolean hasField(Point point, List<Tag> globals) {
        for (int i = 0; i < globals.size(); i++) {
            if (hasField(point, globals.get(i).key())) {
                return true;
            }
        }
        return false;
    }

    private long now() {
        Instant now = clock.instant();
        return Math.addExact(
                Math.multiplyExact(now.getEpochSecond(), 1_000_000_000L), now.getNano());
    }
}
