package io.trapline.collector;

import io.trapline.bridge.Worker.LoadedCollector;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// One collector of an input, over all of its interpreters. Owned by the input's thread, except for
/// what is final or volatile.
final class CollectorSlot {
    final LoadedCollector loaded;
    final Schedule schedule;
    final CollectorStats stats;
    final ReportBuffer outside;
    final long timeout;
    final Backoff backoff = new Backoff();
    long nextTick;
    Timeline.@Nullable Timer timer;
    @Nullable ActiveRun active;
    boolean runAgain;

    /// Gone from its input, or replaced.
    boolean dropped;

    /// The version before the last change still runs this collector.
    boolean held;

    volatile long nextTickShown;
    volatile Optional<Pause> pause = Optional.empty();

    /// A collector that took its interpreter down waits until `until` (monotonic nanoseconds).
    record Pause(long until, String reason) {}

    /// @param outside takes reports from outside any run
    /// @param timeout nanoseconds that a run may take
    CollectorSlot(
            LoadedCollector loaded,
            Schedule schedule,
            CollectorStats stats,
            ReportBuffer outside,
            long timeout) {
        this.loaded = loaded;
        this.schedule = schedule;
        this.stats = stats;
        this.outside = outside;
        this.timeout = timeout;
        this.nextTick = schedule.first();
        this.nextTickShown = nextTick;
    }

    String name() {
        return loaded.className();
    }
}
