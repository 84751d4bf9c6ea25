package io.trapline.net;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Cuts off senders that stall inside a body. The server's own read timeout does not reach there:
/// it reads its channels without one.
///
/// A sender has the timeout, and a second more for each 64 KiB that arrived. When that is over, the
/// reading thread is interrupted, which closes the connection under it.
public final class SlowSenders {
    private static final long SLOWEST_BYTES_A_SECOND = 64 << 10;

    /// One daemon thread for all bodies; its tasks only look at a clock.
    private static final ScheduledThreadPoolExecutor TIMER = timer();

    private SlowSenders() {}

    private static ScheduledThreadPoolExecutor timer() {
        ScheduledThreadPoolExecutor timer =
                new ScheduledThreadPoolExecutor(
                        1, Thread.ofPlatform().daemon().name("slow-senders").factory());
        timer.setRemoveOnCancelPolicy(true);
        return timer;
    }

    /// Has its thread started, while one can be.
    static void prepare() {
        int _ = TIMER.prestartAllCoreThreads();
    }

    /// Watches the current thread until the answer is closed, by that same thread.
    public static Watch watch(Duration timeout) {
        Watch watch = new Watch(timeout.toNanos());
        watch.check();
        return watch;
    }

    /// The reading of one body.
    public static final class Watch implements AutoCloseable {
        private final Thread reader = Thread.currentThread();
        private final long startedNanos = System.nanoTime();
        private final long timeoutNanos;
        private long bytes;
        private boolean expired;
        private boolean closed;
        private @Nullable Future<?> next;

        private Watch(long timeoutNanos) {
            this.timeoutNanos = timeoutNanos;
        }

        /// So many bytes more arrived.
        public synchronized void received(int more) {
            bytes += more;
        }

        /// Whether the sender was cut off; reading has failed then, or will.
        public synchronized boolean expired() {
            return expired;
        }

        private synchronized void check() {
            if (closed) {
                return;
            }
            long allowed = timeoutNanos + bytes / SLOWEST_BYTES_A_SECOND * 1_000_000_000L;
            long left = startedNanos + allowed - System.nanoTime();
            if (left > 0) {
                next = TIMER.schedule(this::check, left, TimeUnit.NANOSECONDS);
            } else {
                expired = true;
                reader.interrupt();
            }
        }

        @Override
        public synchronized void close() {
            closed = true;
            if (next != null) {
                next.cancel(false);
            }
            if (expired) {
                Thread.interrupted();
            }
        }
    }
}
