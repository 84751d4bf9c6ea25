package io.trapline.collector;

import io.trapline.model.Run;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// One collector as the status page shows it.
///
/// @param name the Python class's name, with its module where several have that: [CollectorNames]
/// @param interval seconds
/// @param state `waiting`, `running`, `paused` (by hand), `backing off`, `down` (its input has no
///   interpreter)
/// @param reason why it backs off, since when it is paused, that its run is slow or cannot start;
///   empty otherwise
/// @param last the last run that ended; a skipped one does not count
/// @param lastError the last traceback or reason, empty when there was none
/// @param lastErrorAt when that run was planned
/// @param running when the present run began
/// @param next when the next run is planned
/// @param skippedInARow ticks skipped since the last start
/// @param slow the present run has lasted longer than the interval and 10 s, and goes on
/// @param slowRuns runs that were or are slow, since the start
/// @param heldUpBy the collector that holds the interpreter that the present run waits for, or
///   empty
/// @param points reported since the start; those of the present run included
/// @param refusedReports reports that were answered with an error since the start
/// @param refusedPoints points that were promised or offered and could not be kept, since the start
/// @param warning what was odd about the class, an invalid interval say; empty if nothing
/// @param lines the last lines it printed or logged, oldest first
public record CollectorStatus(
        String id,
        String name,
        String module,
        String file,
        double interval,
        String state,
        String reason,
        Optional<LastRun> last,
        String lastError,
        Optional<Instant> lastErrorAt,
        Optional<Instant> running,
        Optional<Instant> next,
        Counts counts,
        long skippedInARow,
        boolean slow,
        long slowRuns,
        String heldUpBy,
        long points,
        long refusedReports,
        long refusedPoints,
        Lateness.Summary lateness,
        String warning,
        List<String> lines) {
    public CollectorStatus {
        lines = List.copyOf(lines);
    }

    /// [#state] for people: a run that is slow or cannot start is told apart from one that runs.
    public String word() {
        return !heldUpBy.isEmpty() ? "held up" : slow ? "slow" : state;
    }

    public record LastRun(
            Run.Outcome outcome,
            Instant planned,
            Instant started,
            double durationMs,
            long points,
            String error) {}

    /// Ended runs since the start, by outcome.
    public record Counts(long ok, long error, long timeout, long skipped, long crashed) {}
}
