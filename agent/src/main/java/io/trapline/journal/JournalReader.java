package io.trapline.journal;

import java.time.Duration;
import java.util.List;
import java.util.Map;

/// A reader's place in the journal. Not thread-safe: one owner at a time.
public interface JournalReader {

    /// The next frames in order: at least one when there is one, more until `maxBytes` is reached.
    /// Waits up to `wait` for the first; empty when none came. Frames that fail their checksum are
    /// skipped, counted and logged.
    List<Frame> read(long maxBytes, Duration wait) throws JournalException, InterruptedException;

    /// Everything up to and including `position` was dealt with and may be trimmed.
    void commit(long position) throws JournalException;

    /// As [#commit], with what became of the frames from the last committed position up to this
    /// one: the journal adds it to this reader's sums in the transaction that moves the cursor, so
    /// that a crash sets back both or neither. Nothing is added when the cursor is there already.
    default void commit(long position, Map<Sum, Sum.Amount> counted) throws JournalException {
        commit(position);
    }

    /// The next [#read] begins after `position`: for a reader that keeps its own cursor, such as
    /// the store, and knows better than the journal what it has.
    void seek(long position);

    /// The last committed position, 0 when there is none.
    long committed();

    /// One appended frame, not copied: readers do not write to `bytes`.
    @SuppressWarnings("ArrayRecordComponent")
    record Frame(long position, byte[] bytes) {}
}
