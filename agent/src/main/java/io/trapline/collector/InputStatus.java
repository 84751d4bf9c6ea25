package io.trapline.collector;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// One input as the status page shows it.
///
/// @param state `starting`, `running`, `backing off`, `refused` (others can change what it would
///   run), `stopping`, `stopped`
/// @param reason why it backs off or is refused, empty otherwise
/// @param retryAt when it is tried again, if it backs off or is refused
/// @param processId the process that runs its code, if one does
/// @param restarts how often its interpreter ended unasked since the input was started
/// @param problems what of its files or classes cannot be used, with tracebacks
public record InputStatus(
        String name,
        String state,
        String reason,
        Optional<Instant> retryAt,
        OptionalLong processId,
        long restarts,
        List<String> problems,
        String logFile,
        List<CollectorStatus> collectors) {
    /// Whether it does not run and is tried again.
    public boolean isHeld() {
        return state.equals("backing off") || state.equals("refused");
    }

    /// What [#reason] does not say already.
    public List<String> otherProblems() {
        return problems.stream().filter(problem -> !reason.endsWith(problem)).toList();
    }

    public InputStatus {
        problems = List.copyOf(problems);
        collectors = List.copyOf(collectors);
    }
}
