package io.trapline.ingest;

import java.util.function.LongSupplier;

/// Of many events of one kind, lets the first be told at once and then one a minute, with how many
/// there were: a line for each would fill the log when something is wrong. Any thread may call it.
final class OnceAMinute {
    private static final long MINUTE_NS = 60_000_000_000L;

    private final LongSupplier nanoTicker;
    private boolean began;
    private long told;
    private long count;

    /// @param nanoTicker a clock that never jumps
    OnceAMinute(LongSupplier nanoTicker) {
        this.nanoTicker = nanoTicker;
    }

    /// One more.
    ///
    /// @return how many there were since the last time that was told, with this one; 0 when it is
    ///   not to be told
    synchronized long one() {
        count++;
        long now = nanoTicker.getAsLong();
        if (began && now - told < MINUTE_NS) {
            return 0;
        }
        began = true;
        told = now;
        long since = count;
        count = 0;
        return since;
    }
}
