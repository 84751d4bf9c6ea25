package io.trapline.journal;

import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// What a caller waits for: one frame to be on disk or, without a frame, all cursors.
///
/// Made and awaited by the caller, completed by the writer, exactly once.
final class Request {
    private static final byte[] NO_FRAME = new byte[0];

    private final Thread caller = Thread.currentThread();
    private final byte[] frame;
    private final boolean append;
    private long position;
    private @Nullable Failure failure;
    private volatile boolean done;

    /// Why nothing was kept; the caller makes the exception, so that its stack trace is the
    /// caller's.
    record Failure(boolean full, String message, @Nullable Throwable cause) {}

    private Request(byte[] frame, boolean append) {
        this.frame = frame;
        this.append = append;
    }

    static Request append(byte[] frame) {
        return new Request(frame, true);
    }

    static Request flushCursors() {
        return new Request(NO_FRAME, false);
    }

    boolean isAppend() {
        return append;
    }

    byte[] frame() {
        return frame;
    }

    long bytes() {
        return frame.length;
    }

    /// Where the frame will be if the transaction succeeds.
    void place(long newPosition) {
        position = newPosition;
    }

    void refuse(Failure reason) {
        failure = reason;
    }

    boolean isRefused() {
        return failure != null;
    }

    void complete() {
        done = true;
        LockSupport.unpark(caller);
    }

    /// The position of the frame. Waits through interrupts: the frame is on its way to the disk and
    /// its fate must be known.
    long await() throws JournalException {
        boolean interrupted = false;
        while (!done) {
            LockSupport.park(this);
            interrupted |= Thread.interrupted();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        Failure reason = failure;
        if (reason == null) {
            return position;
        }
        throw reason.full()
                ? new JournalFullException(reason.message(), reason.cause())
                : new JournalException(reason.message(), reason.cause());
    }
}
