package io.trapline.store.host;

import java.time.Duration;
import java.util.Optional;

/// Which frame of the journal store hosts die of, if any, so that one frame cannot stop the store
/// for good, and no innocent one is set aside because processes are killed for other reasons.
///
/// - A host that dies with several frames in hand says of none of them that it was the one: until
///   all of them are stored they are handed out one at a time.
/// - An end counts against a frame only when it was alone in hand, and no statement was running.
/// - An end that the process came to by itself (out of memory, a crash, beyond its limit of memory)
///   counts at once. One by a signal from outside (the kernel's, a person's) counts only when the
///   host had been well without the frame before, for [#rest] that grows; a host that is killed
///   while it rests shows that it is not the frame.
/// - Four ends of the first kind on the same frame condemn it, or eight of the second.
///
/// Any thread may call any method.
final class CrashAttribution {
    private static final int PATIENCE = 8;
    private static final int ITSELF_COUNTS = 2;
    private static final Duration REST = Duration.ofMillis(500);

    /// How a host ended.
    enum End {
        /// By what it did.
        ITSELF,
        /// By a signal that processes are not sent for what they do themselves.
        SIGNAL,
        /// By what people asked, or because the agent wanted it.
        OTHER
    }

    /// @param position the frame's
    /// @param reason for people
    record Condemned(long position, String reason) {}

    private long firstInHand;
    private long lastInHand;
    private int framesInHand;

    /// Frames up to here are handed out one at a time.
    private long aloneUpTo;

    private long suspect;
    private int byItself;
    private int bySignal;
    private boolean rested;
    private String lastEnd = "";

    /// Frames went to the host.
    synchronized void handed(long first, long last, int count) {
        if (framesInHand == 0) {
            firstInHand = first;
        }
        lastInHand = last;
        framesInHand += count;
    }

    synchronized void committed(long position) {
        framesInHand = 0;
        if (position >= suspect) {
            suspect = 0;
            byItself = 0;
            bySignal = 0;
        }
    }

    /// What was in hand is given back: the host asks for it again.
    synchronized void released() {
        framesInHand = 0;
    }

    /// The host ended; what it had in hand is read again by the next one.
    synchronized void ended(End end, String how) {
        int had = framesInHand;
        framesInHand = 0;
        if (end == End.OTHER) {
            return;
        }
        if (had == 0) {
            if (end == End.SIGNAL) {
                bySignal = 0; // they are killed without the frame as well
            }
            return;
        }
        aloneUpTo = Math.max(aloneUpTo, lastInHand);
        if (had > 1) {
            return;
        }
        if (suspect != firstInHand) {
            suspect = firstInHand;
            byItself = 0;
            bySignal = 0;
            rested = false;
        }
        lastEnd = how;
        if (end == End.ITSELF) {
            byItself++;
        } else if (rested) {
            bySignal++;
        }
        rested = false;
    }

    /// Whether the frame after `position` has to be alone in hand, or the one that is in hand.
    synchronized boolean isAlone(long position) {
        return position < aloneUpTo || (framesInHand > 0 && firstInHand <= aloneUpTo);
    }

    synchronized boolean isInHand() {
        return framesInHand > 0;
    }

    /// How long a host must have been well before it is given the frame that the last ones were
    /// killed with; zero when they were not killed.
    synchronized Duration rest() {
        return suspect == 0 || lastEnd.isEmpty() || byItself > 0
                ? Duration.ZERO
                : REST.multipliedBy(1L + bySignal);
    }

    /// The host was well for [#rest].
    synchronized void rested() {
        rested = true;
    }

    /// The frame that is to be set aside instead of stored.
    synchronized Optional<Condemned> condemned() {
        if (suspect == 0 || ITSELF_COUNTS * byItself + bySignal < PATIENCE) {
            return Optional.empty();
        }
        return Optional.of(
                new Condemned(
                        suspect,
                        (byItself + bySignal)
                                + " processes that tried to store it, and nothing else, died; the"
                                + " last one: "
                                + lastEnd));
    }
}
