package io.trapline.collector;

import io.trapline.model.Run;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// A run between its start and its row in the ledger. Owned by its input's thread, except for what
/// is final or volatile.
final class ActiveRun {
    final long id;
    final CollectorSlot slot;
    final ReportBuffer buffer;
    final boolean again;
    final long plannedNs;
    final long startedNs;
    final long started;
    Timeline.@Nullable Timer watch;
    volatile boolean ended;

    /// A tick that it kept from running has its row in the ledger.
    boolean skipTold;

    /// Set when its end has been asked for.
    @Nullable Ending ending;

    /// Monotonic: when the interpreter came to it; nothing before that.
    private volatile OptionalLong begun = OptionalLong.empty();

    /// It has lasted longer than its interval; see [Patience].
    volatile boolean slow;

    /// The collector that holds the interpreter that this run waits for; empty when none is known.
    volatile String heldUpBy = "";

    /// How a run is recorded that was asked to end.
    record Ending(Run.Outcome outcome, String why) {}

    /// @param again whether it makes up for a run that was ended by another's fault
    /// @param plannedNs wall clock, as in the ledger
    /// @param startedNs likewise
    /// @param started monotonic: when the interpreter was asked to run it
    ActiveRun(
            long id,
            CollectorSlot slot,
            ReportBuffer buffer,
            boolean again,
            long plannedNs,
            long startedNs,
            long started) {
        this.id = id;
        this.slot = slot;
        this.buffer = buffer;
        this.again = again;
        this.plannedNs = plannedNs;
        this.startedNs = startedNs;
        this.started = started;
    }

    /// The interpreter calls `run()` now.
    void begin(long now) {
        begun = OptionalLong.of(now);
    }

    boolean hasBegun() {
        return begun.isPresent();
    }

    /// Nanoseconds since the interpreter came to it; 0 before.
    long lasted(long now) {
        OptionalLong since = begun;
        return since.isPresent() ? now - since.getAsLong() : 0;
    }

    /// Nanoseconds since something was heard of it: its start, or a report of its collector.
    long silentFor(long now) {
        OptionalLong reported = slot.reported;
        long since = lasted(now);
        return reported.isPresent() ? Math.min(since, now - reported.getAsLong()) : since;
    }

    boolean isTimedOut() {
        Ending asked = ending;
        return asked != null && asked.outcome() == Run.Outcome.TIMEOUT;
    }
}
