package io.trapline.journal;

import java.util.List;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// What a caller waits for: a frame or several to be on disk or, without any, all cursors.
///
/// Made and awaited by the caller, completed by the writer, exactly once.
final class Request {
    private final Thread caller = Thread.currentThread();
    private final List<byte[]> frames;
    private final List<Origin> origins;
    private final long bytes;
    private final boolean reserved;
    private long result;
    private @Nullable Failure failure;
    private volatile boolean done;

    /// Why nothing was kept; the caller makes the exception, so that its stack trace is the
    /// caller's.
    record Failure(boolean full, boolean unknown, String message, @Nullable Throwable cause) {}

    private Request(List<byte[]> frames, List<Origin> origins, boolean reserved) {
        this.frames = List.copyOf(frames);
        this.origins = origins;
        this.reserved = reserved;
        long sum = 0;
        for (byte[] frame : frames) {
            sum += frame.length;
        }
        bytes = sum;
    }

    static Request append(byte[] frame) {
        return new Request(List.of(frame), List.of(), false);
    }

    /// Several that become durable together.
    static Request append(List<byte[]> frames) {
        return new Request(frames, List.of(), false);
    }

    /// One that may use the reserve.
    static Request appendReserved(byte[] frame) {
        return new Request(List.of(frame), List.of(), true);
    }

    static Request appendOnce(List<Journal.Arrival> arrivals) {
        return new Request(
                arrivals.stream().map(Journal.Arrival::frame).toList(),
                arrivals.stream().map(Journal.Arrival::origin).toList(),
                false);
    }

    static Request flushCursors() {
        return new Request(List.of(), List.of(), false);
    }

    boolean isAppend() {
        return !frames.isEmpty();
    }

    boolean isReserved() {
        return reserved;
    }

    /// Whether frames that came before are to be left out.
    boolean isOnce() {
        return !origins.isEmpty();
    }

    int frames() {
        return frames.size();
    }

    byte[] frame(int index) {
        return frames.get(index);
    }

    Origin origin(int index) {
        return origins.get(index);
    }

    long bytes() {
        return bytes;
    }

    /// What all frames take on disk.
    long cost() {
        return bytes + frames.size() * Extent.cost(0);
    }

    /// What the caller gets if the transaction succeeds: where the frame is, or how many were kept.
    void result(long newResult) {
        result = newResult;
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

    /// The result. Waits through interrupts: the frame is on its way to the disk and its fate must
    /// be known.
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
            return result;
        }
        throw reason.full()
                ? new JournalFullException(reason.message(), reason.cause(), reason.unknown())
                : new JournalException(reason.message(), reason.cause(), reason.unknown());
    }
}
