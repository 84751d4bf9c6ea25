package io.trapline.collector;

import io.trapline.collector.CollectorStatus.Counts;
import io.trapline.collector.CollectorStatus.LastRun;
import io.trapline.model.Run;
import java.time.Instant;
import java.util.EnumMap;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/// What happened to one collector so far. The monitor guards everything: its input's own thread
/// writes, anyone reads.
final class CollectorStats {
    final Lateness lateness = new Lateness();
    private final EnumMap<Run.Outcome, Long> outcomes = new EnumMap<>(Run.Outcome.class);
    private Optional<LastRun> last = Optional.empty();
    private String lastError = "";
    private Optional<Instant> lastErrorAt = Optional.empty();
    private Optional<Instant> running = Optional.empty();
    private long skippedInARow;
    private long points;
    private long refusedReports;
    private long refusedPoints;
    private long slowRuns;
    private String sameError = "";
    private long sameErrors;

    synchronized void started(long startedNs, long lateNanos) {
        running = Optional.of(instant(startedNs));
        skippedInARow = 0;
        lateness.record(lateNanos);
    }

    synchronized long skipped() {
        outcomes.merge(Run.Outcome.SKIPPED, 1L, Long::sum);
        return ++skippedInARow;
    }

    synchronized void becameSlow() {
        slowRuns++;
    }

    /// How often this error has come in a row now, 0 for a run without one.
    synchronized long ended(Run row) {
        outcomes.merge(row.outcome(), 1L, Long::sum);
        running = Optional.empty();
        points += row.points();
        last =
                Optional.of(
                        new LastRun(
                                row.outcome(),
                                instant(row.plannedNs()),
                                instant(row.startedNs()),
                                row.durationNs() / 1e6,
                                row.points(),
                                row.error()));
        if (row.error().isEmpty()) {
            sameErrors = 0;
            sameError = "";
            return 0;
        }
        lastError = row.error();
        lastErrorAt = Optional.of(instant(row.plannedNs()));
        String summary = Run.summary(row.error());
        sameErrors = summary.equals(sameError) ? sameErrors + 1 : 1;
        sameError = summary;
        return sameErrors;
    }

    synchronized void refused(long reports, long ofPoints) {
        refusedReports += reports;
        refusedPoints += ofPoints;
    }

    static Instant instant(long ns) {
        return Instant.ofEpochSecond(
                Math.floorDiv(ns, TimeUnit.SECONDS.toNanos(1)),
                Math.floorMod(ns, TimeUnit.SECONDS.toNanos(1)));
    }

    synchronized CollectorStatus status(CollectorSlot slot, Shown shown, OutputLog log) {
        return new CollectorStatus(
                slot.loaded.id(),
                slot.name(),
                slot.loaded.module(),
                slot.loaded.file(),
                slot.loaded.interval(),
                running.isPresent() ? "running" : shown.state(),
                shown.reason(),
                last,
                lastError,
                lastErrorAt,
                running,
                shown.next(),
                new Counts(
                        count(Run.Outcome.OK),
                        count(Run.Outcome.ERROR),
                        count(Run.Outcome.TIMEOUT),
                        count(Run.Outcome.SKIPPED),
                        count(Run.Outcome.CRASHED)),
                skippedInARow,
                shown.slow(),
                slowRuns,
                shown.heldUpBy(),
                points + shown.underWay(),
                refusedReports,
                refusedPoints,
                lateness.summary(),
                slot.loaded.warning(),
                log.lastLines(slot.name()));
    }

    private long count(Run.Outcome outcome) {
        return outcomes.getOrDefault(outcome, 0L);
    }

    /// What only the schedule knows.
    ///
    /// @param underWay points of the present run, and those from outside of any
    record Shown(
            String state,
            String reason,
            Optional<Instant> next,
            boolean slow,
            String heldUpBy,
            long underWay) {}

    synchronized long skippedNow() {
        return skippedInARow;
    }
}
