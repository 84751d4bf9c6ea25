package io.trapline.store;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Who may use the database right now: queries come in while it is open, and the writer waits for
/// them to leave before it closes it. `lock` guards every field.
final class DatabaseGate {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private @Nullable Database database;
    private int users;

    /// Waits until the database is open; null when it did not open in time. [#leave] must follow.
    @Nullable Database enter(Duration wait) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = wait.toNanos();
            while (database == null) {
                if (left <= 0) {
                    return null;
                }
                left = changed.awaitNanos(left);
            }
            users++;
            return database;
        } finally {
            lock.unlock();
        }
    }

    void leave() {
        lock.lock();
        try {
            users--;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    void open(Database opened) {
        lock.lock();
        try {
            database = opened;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// Lets nobody in any more; [#awaitEmpty] says when the last one left.
    void shut() {
        lock.lock();
        try {
            database = null;
        } finally {
            lock.unlock();
        }
    }

    boolean awaitEmpty(Duration wait) {
        long left = wait.toNanos();
        lock.lock();
        try {
            while (users > 0 && left > 0) {
                left = changed.awaitNanos(left);
            }
            return users == 0;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
            return users == 0;
        } finally {
            lock.unlock();
        }
    }

    static Duration left(long deadlineNanos) {
        return Duration.of(deadlineNanos - System.nanoTime(), TimeUnit.NANOSECONDS.toChronoUnit());
    }
}
