package io.trapline.journal;

import java.util.List;
import java.util.Optional;

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

    /// As [#append], for frames that belong together: all of them become durable, or none does.
    ///
    /// @return the position of the last one
    default long appendAll(List<byte[]> frames) throws JournalException {
        long last = 0;
        for (byte[] frame : frames) {
            last = append(frame);
        }
        return last;
    }

    /// As [#append], for a frame that lets others be trimmed once it is there: it may go beyond the
    /// quota, into a reserve, so that a journal that is full can free itself. Disk that is not
    /// there helps it no more than others.
    ///
    /// @throws JournalFullException when the reserve is used up as well
    default long appendReserved(byte[] frame) throws JournalException {
        return append(frame);
    }

    /// Appends frames in their order, each once: one that is not after the last that was kept of
    /// its sender is left out. They become durable together, with what is remembered of the
    /// senders, or none of it does.
    ///
    /// What is remembered of the sender that was silent longest is given up beyond 10 000 of them.
    ///
    /// @return how many were kept
    /// @throws JournalFullException as above
    int appendOnce(List<Arrival> arrivals) throws JournalException;

    /// What is remembered of a sender of [#appendOnce].
    default Memory memory(String sender) {
        return new Memory(Optional.empty(), Optional.empty(), false);
    }

    /// The reader of that name. A new name starts at the oldest frame that is still kept; a known
    /// one goes on after its last commit. One thread at a time may use the answer.
    JournalReader reader(String name) throws JournalException;

    /// Forgets a reader, so that its cursor no longer keeps frames from being trimmed.
    void removeReader(String name) throws JournalException;

    JournalStatus status();

    /// Which journal this is: random, made with it, kept for as long as its positions mean the same
    /// frames. A position that was remembered elsewhere counts only together with it. Empty for one
    /// that nobody keeps, as in a trial.
    default String identity() {
        return "";
    }

    /// As [#identity], with what else a remembered position needs to be understood.
    default Lineage lineage() {
        return new Lineage(identity(), List.of());
    }

    /// What was found missing or could not be saved when it was opened: sentences for the operator,
    /// with positions. Empty when everything acknowledged is there.
    default List<String> notices() {
        return List.of();
    }

    /// Why appends fail at the moment or, when they do not, what needs somebody's hand; a line for
    /// the operator. It goes when a write has succeeded, whether somebody appends or not.
    default Optional<String> trouble() {
        return Optional.empty();
    }

    /// Ends the writer after everything accepted is on disk.
    @Override
    void close();

    /// @param last the last of the sender's frames that was kept, empty when nothing is remembered
    /// @param sum CRC32C of that frame's bytes, where it was written down
    /// @param complete that no sender had to be given up: one of whom nothing is remembered has kept
    ///   nothing here
    record Memory(Optional<Origin> last, Optional<Long> sum, boolean complete) {}

    /// A frame from another journal, not copied: nobody writes to `frame`.
    @SuppressWarnings("ArrayRecordComponent")
    record Arrival(Origin origin, byte[] frame) {}

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

        /// Whether there is no room for a usual frame: 64 KiB, or of a small journal a sixteenth.
        public boolean isFull() {
            return maxBytes - bytes < Math.min(64 << 10, maxBytes / 16);
        }
    }

    /// @param committed the last committed position
    /// @param lag frames after it
    record ReaderStatus(String name, long committed, long lag) {}
}
