package io.trapline.bridge;

import java.util.Optional;

/// Hears what an input's worker says. Called on the worker's own reader thread, one call at a time:
/// an implementation must not block for long, since the collector's `feed_*` waits for [#report].
public interface WorkerListener {

    /// A collector reported: `request` is a JSON object
    /// `{"category":"metric","input":…,"precision":…,"ignore_global_tags":…,"version":…,"points":[…]}`
    /// whose `points` are DataKit's simple JSON form (upstream's body of `/v1/write/<category>`).
    ///
    /// `runId` is 0 for a report from outside any run (a constructor, a thread of the script's
    /// own).
    Reply report(String collectorId, long runId, byte[] request);

    /// Does what [#report] does if that takes no waiting, for the journal say. Empty: nothing was
    /// done, and [#report] is called on a thread that may wait. An embedded input's report is tried
    /// this way on the thread that reads for all inputs of the process, which saves waking another.
    default Optional<Reply> reportAtOnce(String collectorId, long runId, byte[] request) {
        return Optional.empty();
    }

    /// A line that the collector printed or logged; `collectorId` is empty when it is not known.
    void output(String collectorId, Stream stream, String line);

    /// What the opening waits for just now, for people; on the thread that opens.
    default void waits(String what) {}

    /// The interpreter has come to a run: `run()` is called next. Until then it waits for an
    /// interpreter that something else holds.
    default void started(long runId) {}

    /// `run()` returned or raised.
    void finished(long runId, RunEnd end);

    /// The interpreter is gone; all its runs with it. The worker is closed already.
    ///
    /// @param culprit id of the collector that is known to have caused it (`os._exit`, a run that
    ///   could not be interrupted), or empty
    void died(String reason, String culprit);

    enum Stream {
        STDOUT,
        STDERR,
        LOG
    }

    /// What a `report` gets back: upstream's status and body (empty for 200).
    record Reply(int status, String body) {
        public static final Reply OK = new Reply(200, "");
    }

    /// How `run()` ended.
    sealed interface RunEnd {
        record Returned() implements RunEnd {}

        /// `traceback` is the full text; `exit` tells `SystemExit` apart.
        record Raised(String traceback, boolean exit) implements RunEnd {}

        /// The run ended because of [Worker#interrupt].
        record Interrupted(String traceback) implements RunEnd {}

        /// The run was ended although nobody asked: another run's interrupt reached it too. It may
        /// be run again at once.
        record Disturbed(String reason) implements RunEnd {}
    }
}
