package io.trapline.period;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// The open periods of a check, or its open histogram windows, on a grid of whole lengths since the
/// epoch.
///
/// What arrives for one that is closed goes to the first that is not. Not thread-safe.
final class Slots {
    private final long lengthMs;
    private final boolean async;
    private final Marks.Mark usedUp;
    private final TreeMap<Long, Slot> open = new TreeMap<>();
    private long closedMs;
    private long markedAt = Long.MAX_VALUE;

    /// @param endMs exclusive
    /// @param firstPosition of the first frame that is needed to make it again
    record Slot(long endMs, long firstPosition, Accumulator values) {}

    Slots(long lengthMs, boolean async, Marks.Mark usedUp) {
        this.lengthMs = lengthMs;
        this.async = async;
        this.usedUp = usedUp;
        closedMs = usedUp.endMs();
        markedAt = usedUp.endMs() == Long.MIN_VALUE ? Long.MAX_VALUE : usedUp.position();
    }

    /// Everything up to there has ended in a former life, whether anything was in it or not.
    void endedBefore(long endMs) {
        closedMs = Math.max(closedMs, endMs);
    }

    /// The clock was put back: what had ended by the former time has not ended yet, or what arrives
    /// would wait until the former time comes again.
    void putBack(long nowMs) {
        if (closedMs > endOf(nowMs) + lengthMs) {
            closedMs = endOf(nowMs) - lengthMs;
        }
    }

    /// The end of one that the clock was put back before, [Long#MAX_VALUE] when there is none.
    long stranded(long nowMs) {
        return !open.isEmpty() && open.lastKey() > endOf(nowMs) + lengthMs
                ? open.lastKey()
                : Long.MAX_VALUE;
    }

    long endOf(long timeMs) {
        return timeMs - Math.floorMod(timeMs, lengthMs) + lengthMs;
    }

    long lengthMs() {
        return lengthMs;
    }

    /// Whether a former life of the engine has made use of a frame.
    boolean isUsedUp(long position, long arrivalMs) {
        return usedUp.covers(position, arrivalMs);
    }

    Slot at(long arrivalMs, long position) {
        // Only the mark of the last end says that something is late.
        long needed = endOf(arrivalMs) <= closedMs ? Math.min(position, markedAt) : position;
        Slot slot =
                open.computeIfAbsent(
                        key(arrivalMs),
                        end -> new Slot(end, needed, new Accumulator(async, lengthMs)));
        if (needed < slot.firstPosition()) {
            slot = new Slot(slot.endMs(), needed, slot.values());
            open.put(slot.endMs(), slot);
        }
        return slot;
    }

    /// The last end is in the journal, there.
    void markedAt(long position) {
        markedAt = position;
    }

    /// The one that [#at] would give, when there is something in it.
    @Nullable Slot find(long arrivalMs) {
        return open.get(key(arrivalMs));
    }

    private long key(long arrivalMs) {
        long end = endOf(arrivalMs);
        return closedMs == Long.MIN_VALUE ? end : Math.max(end, endOf(closedMs));
    }

    /// The earliest end of one with something in it, [Long#MAX_VALUE] when there is none.
    long firstEnd() {
        return open.isEmpty() ? Long.MAX_VALUE : open.firstKey();
    }

    /// Takes out the one that ends then; null when nothing came for it.
    @Nullable Slot close(long endMs) {
        closedMs = Math.max(closedMs, endMs);
        return open.remove(endMs);
    }

    /// Takes out the one that ends then, whatever comes before it.
    @Nullable Slot take(long endMs) {
        return open.remove(endMs);
    }

    List<Slot> closeAll() {
        List<Slot> all = new ArrayList<>(open.values());
        open.clear();
        return all;
    }

    boolean isEmpty() {
        return open.isEmpty();
    }

    /// Of any frame that is needed again after a crash; [Long#MAX_VALUE] when there is none.
    long firstPosition() {
        long first = Long.MAX_VALUE;
        for (Map.Entry<Long, Slot> each : open.entrySet()) {
            first = Math.min(first, each.getValue().firstPosition());
        }
        return first;
    }
}
