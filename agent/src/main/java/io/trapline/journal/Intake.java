package io.trapline.journal;

import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// The queue before the writer, bounded in bytes.
///
/// `lock` guards every field. Any thread may [#offer] and [#nudge]; the writer alone takes.
final class Intake {
    enum Answer {
        TAKEN,
        BUSY,
        CLOSED
    }

    private final long maxBytes;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition work = lock.newCondition();
    private final Condition room = lock.newCondition();
    private final ArrayDeque<Request> queue = new ArrayDeque<>();
    private long bytes;
    private boolean nudged;
    private boolean closed;

    Intake(long maxBytes) {
        this.maxBytes = maxBytes;
    }

    /// Queues the request, waiting for room up to `patienceNanos`. One that is larger than the
    /// whole queue is taken when it has the queue to itself.
    Answer offer(Request request, long patienceNanos) {
        boolean interrupted = false;
        lock.lock();
        try {
            long left = patienceNanos;
            while (!closed && bytes > 0 && bytes + request.bytes() > maxBytes) {
                if (left <= 0) {
                    return Answer.BUSY;
                }
                try {
                    left = room.awaitNanos(left);
                } catch (InterruptedException _) {
                    interrupted = true;
                }
            }
            if (closed) {
                return Answer.CLOSED;
            }
            queue.add(request);
            bytes += request.bytes();
            if (queue.size() == 1) {
                work.signal();
            }
            return Answer.TAKEN;
        } finally {
            lock.unlock();
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /// Makes a waiting writer look for other work.
    void nudge() {
        lock.lock();
        try {
            nudged = true;
            work.signal();
        } finally {
            lock.unlock();
        }
    }

    /// Moves what may be written together into `group`, at least one request when there is one.
    /// Waits up to `waitNanos` for it, less after a nudge. False when the queue is closed and
    /// empty.
    boolean take(List<Request> group, long groupBytes, int groupFrames, long waitNanos) {
        lock.lock();
        try {
            long left = waitNanos;
            while (queue.isEmpty() && !nudged && !closed && left > 0) {
                try {
                    left = work.awaitNanos(left);
                } catch (InterruptedException _) {
                    // Nobody may interrupt the writer: it ends when the queue is closed.
                }
            }
            nudged = false;
            long taken = 0;
            Request next = queue.peek();
            while (next != null
                    && group.size() < groupFrames
                    && (group.isEmpty() || taken + next.bytes() <= groupBytes)) {
                group.add(queue.remove());
                taken += next.bytes();
                next = queue.peek();
            }
            bytes -= taken;
            if (taken > 0) {
                room.signalAll();
            }
            return !closed || !group.isEmpty();
        } finally {
            lock.unlock();
        }
    }

    long waitingBytes() {
        lock.lock();
        try {
            return bytes;
        } finally {
            lock.unlock();
        }
    }

    /// No further requests; those in the queue are still handed out.
    void close() {
        lock.lock();
        try {
            closed = true;
            work.signalAll();
            room.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
