package io.trapline.collector;

import io.trapline.bridge.Worker.LoadedCollector;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// One collector of an input, over all of its interpreters. Owned by the input's thread, except for
/// what is final or volatile.
final class CollectorSlot {
    final LoadedCollector loaded;
    private final String name;
    final Schedule schedule;
    final CollectorStats stats;
    final ReportBuffer outside;
    final Patience patience;
    final Backoff backoff = new Backoff();
    long nextTick;
    Timeline.@Nullable Timer timer;
    volatile @Nullable ActiveRun active;
    boolean runAgain;

    /// Its last run was slow and that was told.
    boolean slowTold;

    /// Monotonic: its last report, of a run, of a thread or process of its own, or from outside.
    volatile OptionalLong reported = OptionalLong.empty();

    /// Gone from its input, or replaced.
    boolean dropped;

    /// The version before the last change still runs this collector.
    boolean held;

    volatile long nextTickShown;
    volatile Optional<Pause> pause = Optional.empty();

    /// A collector that took its interpreter down waits until `until` (monotonic nanoseconds).
    record Pause(long until, String reason) {}

    /// @param name what people call it, unique in its input: [CollectorNames]
    /// @param outside takes reports from outside any run
    CollectorSlot(
            LoadedCollector loaded,
            String name,
            Schedule schedule,
            CollectorStats stats,
            ReportBuffer outside,
            Patience patience) {
        this.loaded = loaded;
        this.name = name;
        this.schedule = schedule;
        this.stats = stats;
        this.outside = outside;
        this.patience = patience;
        this.nextTick = schedule.first();
        this.nextTickShown = nextTick;
    }

    String name() {
        return name;
    }
}
