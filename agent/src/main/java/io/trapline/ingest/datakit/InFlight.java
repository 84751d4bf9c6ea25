package io.trapline.ingest.datakit;

import io.trapline.net.Source;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/// How many bytes of bodies are held at once, by all requests together: each alone is within its
/// limits, many at a time would still fill the memory. A request that is alone is never refused. A
/// sender has three quarters of it, so that slow bodies of one leave room for the others.
final class InFlight {
    private final AtomicLong held = new AtomicLong();

    /// Senders that hold something.
    private final ConcurrentHashMap<Source, Long> bySource = new ConcurrentHashMap<>();

    private final long limit;
    private final long alone;

    /// @param limit of all requests together, beyond which only one may go
    /// @param alone of that one
    InFlight(long limit, long alone) {
        this.limit = limit;
        this.alone = alone;
    }

    Reservation open(Source source) {
        return new Reservation(source);
    }

    /// What one request holds: as sent, decoded, and encoded for the journal. Used by its thread
    /// alone.
    final class Reservation implements AutoCloseable {
        private final Source source;
        private long mine;

        private Reservation(Source source) {
            this.source = source;
        }

        private long change(long bytes) {
            mine += bytes;
            Long all =
                    bySource.compute(
                            source,
                            (_, before) -> {
                                long after = (before == null ? 0 : before) + bytes;
                                return after == 0 ? null : after;
                            });
            return all == null ? 0 : all;
        }

        /// @throws RefusedException 413 when this request holds too much, 503 `datakit.busy` when
        ///   all together do
        void add(long bytes) throws RefusedException {
            long all = held.addAndGet(bytes);
            long ofSource = change(bytes);
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
            if (ofSource > limit / 4 * 3 && ofSource > mine) {
                throw new RefusedException(
                        503,
                        "datakit.busy",
                        "other requests of the same sender hold "
                                + (ofSource - mine)
                                + " of "
                                + limit / 4 * 3
                                + " bytes for bodies at this moment; nothing was stored, try again");
            }
        }

        /// Of what was added, this is held no longer.
        void release(long bytes) {
            held.addAndGet(-bytes);
            long _ = change(-bytes);
        }

        @Override
        public void close() {
            held.addAndGet(-mine);
            long _ = change(-mine);
        }
    }
}
