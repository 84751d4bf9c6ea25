package io.trapline.ingest.datakit;

import java.util.concurrent.atomic.AtomicLong;

/// How many bytes of bodies are held at once, by all requests together: each alone is within its
/// limits, many at a time would still fill the memory. A request that is alone is never refused.
final class InFlight {
    private final AtomicLong held = new AtomicLong();
    private final long limit;

    InFlight(long limit) {
        this.limit = limit;
    }

    Reservation open() {
        return new Reservation();
    }

    /// What one request holds, as sent and decoded. Used by its thread alone.
    final class Reservation implements AutoCloseable {
        private long mine;

        private Reservation() {}

        /// @throws RefusedException 503 `datakit.busy` when all together hold too much
        void add(long bytes) throws RefusedException {
            long all = held.addAndGet(bytes);
            mine += bytes;
            if (all > limit && all > mine) {
                throw new RefusedException(
                        503,
                        "datakit.busy",
                        "other requests hold "
                                + (all - mine)
                                + " of "
                                + limit
                                + " bytes for bodies at this moment; nothing was stored, try again");
            }
        }

        @Override
        public void close() {
            held.addAndGet(-mine);
            mine = 0;
        }
    }
}
