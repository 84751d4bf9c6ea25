package io.trapline.bridge;

import java.util.List;
import java.util.OptionalLong;

/// One input's interpreter with its loaded collectors. Any thread may call any method.
public interface Worker extends AutoCloseable {

    /// The collectors that were constructed, in a stable order.
    List<LoadedCollector> collectors();

    /// What did not load: one entry a module or class, with its traceback.
    List<LoadProblem> problems();

    /// The process id that runs the input's code (the host's for an embedded input).
    OptionalLong processId();

    /// Begins one run of a collector; [WorkerListener#finished] or [WorkerListener#died] follows,
    /// exactly one of them, after [WorkerListener#started]. Several collectors run at the same
    /// time; one collector never twice.
    ///
    /// @param collectorId [LoadedCollector#id]
    /// @param runId chosen by the caller, unique in this worker
    void start(String collectorId, long runId) throws WorkerException;

    /// Ends a run that takes too long: asks the interpreter to raise in it first, and when that
    /// does not end it within a grace period kills the process (group). In the first case
    /// [WorkerListener#finished] follows, in the second [WorkerListener#died] for every worker that
    /// lived in that process. Returns at once.
    void interrupt(long runId);

    /// Asks the interpreter to end (exit handlers run), and kills its process group after a grace
    /// period of a few seconds. Afterwards the listener hears nothing more.
    @Override
    void close();

    /// @param id stable over reloads as long as module and class keep their names
    /// @param className the Python class's name, for people: the collector's name
    /// @param interval seconds as the class says, after upstream's reading (falsy, missing or
    ///   invalid = 10)
    /// @param warning what was odd about it (an invalid interval, say), empty if nothing
    record LoadedCollector(
            String id,
            String className,
            String module,
            String file,
            double interval,
            String warning) {}

    /// @param className empty when the whole module did not load
    record LoadProblem(String module, String file, String className, String error) {}
}
