package io.trapline.journal;

import java.util.List;
import java.util.OptionalLong;

/// The durable, ordered log of accepted batches, as opaque bytes, with the cursors of its readers.
///
/// Appends are grouped: one fsync serves every caller that waits at that moment. A frame stays
/// until every registered reader has committed a position at or after it. Any thread may call any
/// method.
public interface Journal extends AutoCloseable {

    /// Appends one frame and returns its position when it is on disk (fsynced).
    ///
    /// Positions only grow; they start at 1.
    ///
    /// @throws JournalFullException when the quota (`max_bytes`) or the disk is full; nothing was
    ///   kept, and the same append works again when there is room
    /// @throws JournalException when the write failed for another reason; nothing was kept
    long append(byte[] frame) throws JournalException;

    /// As [#append(byte[])], once: keeps nothing and answers empty when the last frame that was
    /// kept for `origin.sender()` is at or after `origin`. What is remembered of the sender is
    /// written with the frame or not at all.
    OptionalLong append(byte[] frame, Origin origin) throws JournalException;

    /// The reader of that name. A new name starts at the oldest frame that is still kept; a known
    /// one goes on after its last commit. One thread at a time may use the answer.
    JournalReader reader(String name) throws JournalException;

    /// Forgets a reader, so that its cursor no longer keeps frames from being trimmed.
    void removeReader(String name) throws JournalException;

    JournalStatus status();

    /// Ends the writer after everything accepted is on disk.
    @Override
    void close();

    /// @param head position of the newest frame, 0 when there never was one
    /// @param tail position of the oldest frame that is kept, `head + 1` when none is
    /// @param bytes what the frames take, without free pages
    /// @param maxBytes the quota
    /// @param damaged frames whose checksum did not match, skipped since the start
    /// @param refused appends refused since the start because there was no room
    record JournalStatus(
            long head,
            long tail,
            long bytes,
            long maxBytes,
            long damaged,
            long refused,
            List<ReaderStatus> readers) {
        public JournalStatus {
            readers = List.copyOf(readers);
        }
    }

    /// @param committed the last committed position
    /// @param lag frames after it
    record ReaderStatus(String name, long committed, long lag) {}
}
