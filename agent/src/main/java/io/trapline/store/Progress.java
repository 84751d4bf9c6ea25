package io.trapline.store;

import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// How far the store is, for those who wait for a position. `lock` guards every field.
final class Progress {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition advanced = lock.newCondition();
    private final Condition hurry = lock.newCondition();
    private long position;
    private int waiting;
    private boolean hurried;

    long position() {
        lock.lock();
        try {
            return position;
        } finally {
            lock.unlock();
        }
    }

    void reached(long newPosition) {
        lock.lock();
        try {
            position = newPosition;
            advanced.signalAll();
        } finally {
            lock.unlock();
        }
    }

    boolean await(long wanted, Duration wait) throws InterruptedException {
        long left = wait.toNanos();
        lock.lockInterruptibly();
        waiting++;
        hurry.signalAll();
        try {
            while (position < wanted) {
                if (left <= 0) {
                    return false;
                }
                left = advanced.awaitNanos(left);
            }
            return true;
        } finally {
            waiting--;
            lock.unlock();
        }
    }

    /// Gives a batch time to gather, unless somebody waits for it.
    void linger(Duration atMost) throws InterruptedException {
        long left = atMost.toNanos();
        lock.lockInterruptibly();
        try {
            while (waiting == 0 && !hurried && left > 0) {
                left = hurry.awaitNanos(left);
            }
            hurried = false;
        } finally {
            lock.unlock();
        }
    }

    /// Wakes who lingers, or is about to: the store is about to close, or was asked for something.
    void hurry() {
        lock.lock();
        try {
            hurried = true;
            hurry.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
