package io.trapline.threads;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Runs native calls that may wait (SQLite has its own lock, disk and busy loop) away from virtual
/// threads. Such a call holds the carrier under its virtual thread, there are as many carriers as
/// cores, and every request and timer of the agent needs one.
public final class PlatformThreads {
    private static final AtomicInteger NUMBER = new AtomicInteger();

    /// As many as there are calls at a time; each database lets one in at a time.
    private static final ExecutorService POOL =
            new ThreadPoolExecutor(
                    0,
                    Integer.MAX_VALUE,
                    10,
                    TimeUnit.SECONDS,
                    new SynchronousQueue<>(),
                    task ->
                            Thread.ofPlatform()
                                    .daemon()
                                    .name("native-" + NUMBER.incrementAndGet())
                                    .unstarted(task));

    private PlatformThreads() {}

    /// @param <E> what the work throws
    @FunctionalInterface
    public interface Work<T extends @Nullable Object, E extends Exception> {
        T run() throws E;
    }

    /// Returns when the work is done, through interrupts, since a half-done write is of no use to
    /// anybody. On a platform thread it is done right there. The work must not want a monitor that
    /// the caller holds.
    public static <T extends @Nullable Object, E extends Exception> T call(Work<T, E> work)
            throws E {
        if (!Thread.currentThread().isVirtual()) {
            return work.run();
        }
        Task<T, E> task = new Task<>(work);
        POOL.execute(task);
        return task.await();
    }

    private static final class Task<T extends @Nullable Object, E extends Exception>
            implements Runnable {
        private final Work<T, E> work;
        private boolean done;
        private @Nullable T result;
        private @Nullable Throwable failure;

        Task(Work<T, E> work) {
            this.work = work;
        }

        @Override
        public void run() {
            T its = null;
            Throwable thrown = null;
            try {
                its = work.run();
            } catch (Throwable e) {
                thrown = e;
            }
            synchronized (this) {
                result = its;
                failure = thrown;
                done = true;
                notifyAll();
            }
        }

        @SuppressWarnings({"unchecked", "NullAway"})
        synchronized T await() throws E {
            boolean interrupted = false;
            while (!done) {
                try {
                    wait();
                } catch (InterruptedException _) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            return switch (failure) {
                case null -> result;
                case RuntimeException e -> throw e;
                case Error e -> throw e;
                default -> throw (E) failure;
            };
        }
    }
}
