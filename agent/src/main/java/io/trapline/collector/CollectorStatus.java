package io.trapline.collector;

import io.trapline.model.Run;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/// One collector as the status page shows it.
///
/// @param name the Python class's name
/// @param interval seconds
/// @param state `waiting`, `running`, `paused` (by hand), `backing off`, `down` (its input has no
///   interpreter)
/// @param reason why it backs off, or since when it is paused; empty otherwise
/// @param last the last run that ended; a skipped one does not count
/// @param lastError the last traceback or reason, empty when there was none
/// @param lastErrorAt when that run was planned
/// @param running when the present run began
/// @param next when the next run is planned
/// @param skippedInARow ticks skipped since the last start
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
        long points,
        long refusedReports,
        long refusedPoints,
        Lateness.Summary lateness,
        String warning,
        List<String> lines) {
    public CollectorStatus {
        lines = List.copyOf(lines);
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
