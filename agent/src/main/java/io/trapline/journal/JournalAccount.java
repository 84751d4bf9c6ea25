package io.trapline.journal;

import java.util.Map;

/// What a journal's file says of itself at one moment.
///
/// @param head position of the newest frame, 0 when there never was one
/// @param tail position of the oldest frame that is kept, `head + 1` when none is
/// @param cursors of every reader, its committed position
/// @param sums by owner: empty for the journal's own, else a reader's name
public record JournalAccount(
        long head, long tail, Map<String, Long> cursors, Map<String, Map<Sum, Sum.Amount>> sums) {
    public JournalAccount {
        cursors = Map.copyOf(cursors);
        sums = Map.copyOf(sums);
    }

    /// Hears of the frames that are kept, in order.
    public interface Visitor {
        /// Called first, once what is read cannot change any more.
        ///
        /// @param cursors of every reader, its committed position
        void begin(Map<String, Long> cursors);

        void frame(long position, Weigher.Weight weight);

        /// @param last inclusive; not every position of the range need have had a frame
        void damaged(long first, long last, String what);
    }
}
