package io.trapline.ingest.datakit;

import java.util.concurrent.atomic.AtomicLong;

/// How many bytes of bodies are held at once, by all requests together: each alone is within its
/// limits, many at a time would still fill the memory. A request that is alone is never refused.
final class InFlight {
    private final AtomicLong held = new AtomicLong();
    private final long limit;
    private final long alone;

    /// @param limit of all requests together, beyond which only one may go
    /// @param alone of that one
    InFlight(long limit, long alone) {
        this.limit = limit;
        this.alone = alone;
    }

    Reservation open() {
        return new Reservation();
    }

    /// What one request holds: as sent, decoded, and encoded for the journal. Used by its thread
    /// alone.
    final class Reservation implements AutoCloseable {
        private long mine;

        private Reservation() {}

        /// @throws RefusedException 413 when this request holds too much, 503 `datakit.busy` when
        ///   all together do
        void add(long bytes) throws RefusedException {
            long all = held.addAndGet(bytes);
            mine += bytes;
            if (mine > alone) {
                throw ContentDecoding.tooLarge("what this request takes in memory", alone);
            }
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

        /// Of what was added, this is held no longer.
        void release(long bytes) {
            held.addAndGet(-bytes);
            mine -= bytes;
        }

        @Override
        public void close() {
            held.addAndGet(-mine);
            mine = 0;
        }
    }
}
