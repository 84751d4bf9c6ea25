package io.trapline.collector;

import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The thread of one input, on which everything about the input happens, one step after the other.
///
/// So an input that waits, for its interpreter to start say, keeps nobody else waiting, and what
/// its parts own needs no lock. Other threads only hand steps over; any thread may.
final class OwnThread {
    private static final Logger LOG = LoggerFactory.getLogger(InputRunner.class);

    private final String input;
    private final Executor executor;

    /// @param executor runs steps one after the other
    OwnThread(String input, Executor executor) {
        this.input = input;
        this.executor = executor;
    }

    void step(Runnable step) {
        try {
            executor.execute(() -> {
                try {
                    step.run();
                } catch (Throwable e) { // the thread goes on with the next step
                    LOG.error("input {}: an unexpected failure", input, e);
                }
            });
        } catch (RejectedExecutionException e) {
            LOG.debug("input {}: a step after its end", input, e);
        }
    }

    /// After the input's end alone.
    void end() {
        if (executor instanceof ExecutorService service) {
            service.shutdown();
        }
    }
}
