package io.trapline.ingest;

import java.util.concurrent.atomic.AtomicLong;

/// What requests hold in memory together, in bytes: each alone is within the limits of its door,
/// many at a time would still fill the heap. Who gets none answers 503 and keeps nothing. A request
/// that is the only one to hold any always gets it, as long as it stays below three quarters of the
/// heap. Any thread may call any method.
public final class RequestMemory {
    /// Shared by the doors that have none of their own.
    public static final RequestMemory SHARED =
            new RequestMemory(Runtime.getRuntime().maxMemory() / 4);

    private final long limit;
    private final AtomicLong held = new AtomicLong();

    /// @param limit of all requests together
    public RequestMemory(long limit) {
        this.limit = limit;
    }

    public Hold open() {
        return new Hold();
    }

    /// What one request holds; for its thread alone.
    public final class Hold implements AutoCloseable {
        private long mine;

        private Hold() {}

        /// @throws ExhaustedException other requests hold too much; nothing was added
        public void add(long bytes) {
            long all = held.addAndGet(bytes);
            if (all > limit && (all > mine + bytes || mine + bytes > 3 * limit)) {
                held.addAndGet(-bytes);
                throw new ExhaustedException(all - bytes, limit);
            }
            mine += bytes;
        }

        /// Gives back all that was added so far.
        public void release() {
            held.addAndGet(-mine);
            mine = 0;
        }

        /// Of what was added, this is held no longer.
        public void release(long bytes) {
            held.addAndGet(-bytes);
            mine -= bytes;
        }

        @Override
        public void close() {
            release();
        }
    }

    /// There is no memory for the request at this moment.
    public static final class ExhaustedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        ExhaustedException(long held, long limit) {
            super(
                    "requests hold "
                            + held
                            + " of "
                            + limit
                            + " bytes of memory at this moment, try again",
                    null,
                    false,
                    false);
        }
    }
}
