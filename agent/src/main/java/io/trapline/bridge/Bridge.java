package io.trapline.bridge;

/// Opens workers: one interpreter for one input, always in another process than the agent's.
///
/// Any thread may call any method.
public interface Bridge extends AutoCloseable {

    /// Starts the interpreter of one input and loads its modules; waits until it is loaded.
    ///
    /// `listener` hears everything that happens until the worker is closed or has died.
    ///
    /// @throws WorkerException when the interpreter could not be started or died while loading; the
    ///   message says what was tried and what to do
    Worker open(WorkerSpec spec, WorkerListener listener)
            throws WorkerException, InterruptedException;

    /// Ends every worker that is still open, within seconds.
    @Override
    void close();
}
