package io.trapline.collector;

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
    Timeline.@Nullable Timer deadline;
    boolean ended;

    /// Set by the schedule's thread, which also asks the worker to interrupt.
    volatile boolean timedOut;

    /// @param again whether it makes up for a run that was ended by another's fault
    /// @param plannedNs wall clock, as in the ledger
    /// @param startedNs likewise
    /// @param started monotonic
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
}
