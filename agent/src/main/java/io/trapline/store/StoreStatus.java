package io.trapline.store;

import java.time.Instant;
import java.util.Optional;

/// How the store is doing.
///
/// @param position of the newest journal frame that can be queried, 0 when there is none
/// @param lag frames of the journal that are not in the store yet
/// @param bytes of the database's files
/// @param badFrames frames that could not be read and were set aside, since the start
/// @param oldest the oldest time of any row
/// @param error what keeps the writer from going on, empty when nothing does
public record StoreStatus(
        State state,
        long position,
        long lag,
        long samples,
        long records,
        long runs,
        long streams,
        long bytes,
        long badFrames,
        Optional<Instant> oldest,
        String error) {

    /// The same figures in another state.
    public StoreStatus with(State newState, long newLag, String newError) {
        return new StoreStatus(
                newState, position, newLag, samples, records, runs, streams, bytes, badFrames,
                oldest, newError);
    }

    public enum State {
        /// The database is being opened; queries wait.
        OPENING,
        RUNNING,
        /// A write or the opening failed; it is tried again, nothing is lost.
        FAILING,
        CLOSED
    }
}
