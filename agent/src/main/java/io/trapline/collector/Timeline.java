package io.trapline.collector;

import io.trapline.health.PartState;
import io.trapline.health.PartStatus;
import io.trapline.health.Supervised;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What is due when, in monotonic nanoseconds, and the one thread that begins it.
///
/// Tasks only hand over: they must not block. Any thread may call [#at]. The lock is this object's
/// monitor and guards `waiting` and `sequence`.
final class Timeline implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Timeline.class);
    private static final long IDLE = 60_000_000_000L;
    private static final long AGAIN = 1_000_000_000L;

    private final LongSupplier nanos;
    private final TreeSet<Timer> waiting = new TreeSet<>();
    private final PartState part = new PartState("collector schedule");
    private long sequence;
    private volatile @Nullable Thread thread;
    private volatile boolean closed;

    Timeline(LongSupplier nanos) {
        this.nanos = nanos;
    }

    /// Begins to run what is due; without it someone else calls [#runDue].
    void startThread() {
        Thread created =
                Thread.ofPlatform()
                        .name("collector-schedule")
                        .daemon()
                        .unstarted(new Supervised(part, () -> closed, this::loop));
        thread = created;
        created.start();
    }

    Timer at(long time, Runnable task) {
        Timer timer;
        boolean earliest;
        synchronized (this) {
            timer = new Timer(time, sequence++, task);
            waiting.add(timer);
            earliest = waiting.first() == timer;
        }
        if (earliest) {
            LockSupport.unpark(thread);
        }
        return timer;
    }

    private void retrying(Error e) {
        part.retrying(Supervised.reason(e));
        part.begun();
    }

    PartStatus part() {
        return part.status();
    }

    /// An executor that takes each task for certain: one for which no thread can be started is
    /// tried again each second.
    Executor sure(Executor executor) {
        return new Executor() {
            @Override
            public void execute(Runnable task) {
                try {
                    executor.execute(task);
                } catch (Error e) {
                    LOG.warn("a step cannot be begun and is tried again: {}", Supervised.reason(e));
                    retrying(e);
                    Timer _ = at(nanos.getAsLong() + AGAIN, () -> execute(task));
                }
            }
        };
    }

    static void cancel(@Nullable Timer timer) {
        if (timer != null) {
            timer.cancel();
        }
    }

    /// Runs everything that is due now, in order, and returns how long until the next, in
    /// nanoseconds.
    long runDue() {
        while (true) {
            Timer due;
            synchronized (this) {
                if (waiting.isEmpty()) {
                    return IDLE;
                }
                due = waiting.first();
                long wait = due.time - nanos.getAsLong();
                if (wait > 0) {
                    return wait;
                }
                waiting.remove(due);
            }
            try {
                due.task.run();
            } catch (RuntimeException e) {
                LOG.error("A scheduled step failed; the schedule goes on with the next one", e);
            } catch (Error e) {
                // No thread could be started, say. A step hands over as its last act: it can be
                // taken again.
                LOG.error("A scheduled step failed; it is tried again in a second", e);
                retrying(e);
                at(nanos.getAsLong() + AGAIN, due.task);
            }
        }
    }

    private void loop() {
        while (!closed) {
            long wait = runDue();
            LockSupport.parkNanos(this, Math.min(wait, IDLE));
        }
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
    }

    /// Something that will be begun at a time, once, unless it is cancelled before.
    final class Timer implements Comparable<Timer> {
        private final long time;
        private final long order;
        private final Runnable task;

        private Timer(long time, long order, Runnable task) {
            this.time = time;
            this.order = order;
            this.task = task;
        }

        void cancel() {
            synchronized (Timeline.this) {
                waiting.remove(this);
            }
        }

        @Override
        public int compareTo(Timer other) {
            // Monotonic time may wrap around; only differences mean something.
            int byTime = Long.signum(time - other.time);
            return byTime != 0 ? byTime : Long.compare(order, other.order);
        }
    }
}
