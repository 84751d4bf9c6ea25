package io.trapline.journal;

import java.time.Duration;
import java.time.InstantSource;
import java.util.function.LongSupplier;

/// What a user never sets: sizes that were measured, and the edges of the machine that tests bend.
///
/// @param groupBytes frames of one commit, so that no caller waits long for its neighbours
/// @param groupFrames likewise, for small frames
/// @param queueBytes frames that may wait for the writer; callers block beyond that
/// @param patience how long a caller blocks for a place in the queue
/// @param cursorDelay how long a reader's commit may stay in memory alone
/// @param maxPages limit of the database in pages, 0 for none: a small disk, as SQLite sees one
/// @param clock names damaged files that were moved aside
/// @param ticker monotonic nanoseconds
/// @param step hears how far a salvage has come; a test ends the process there
record Tuning(
        long groupBytes,
        int groupFrames,
        long queueBytes,
        Duration patience,
        Duration cursorDelay,
        LongSupplier maxPages,
        InstantSource clock,
        LongSupplier ticker,
        StepHook step) {
    /// Hears of steps between which the machine may stop.
    @FunctionalInterface
    interface StepHook {
        void reached(String step);
    }

    static final Tuning DEFAULT =
            new Tuning(
                    4 << 20,
                    4096,
                    32 << 20,
                    Duration.ofSeconds(10),
                    Duration.ofMillis(100),
                    () -> 0,
                    InstantSource.system(),
                    System::nanoTime,
                    _ -> {});

    Tuning withQueue(long bytes, Duration newPatience) {
        return new Tuning(
                groupBytes,
                groupFrames,
                bytes,
                newPatience,
                cursorDelay,
                maxPages,
                clock,
                ticker,
                step);
    }

    Tuning withMaxPages(LongSupplier pages) {
        return new Tuning(
                groupBytes,
                groupFrames,
                queueBytes,
                patience,
                cursorDelay,
                pages,
                clock,
                ticker,
                step);
    }

    Tuning withStep(StepHook hook) {
        return new Tuning(
                groupBytes,
                groupFrames,
                queueBytes,
                patience,
                cursorDelay,
                maxPages,
                clock,
                ticker,
                hook);
    }
}
