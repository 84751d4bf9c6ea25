package io.trapline.ingest;

import java.util.Arrays;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/// At most `limit` requests of a key (a data_id, a check) in any 60 s, exactly: a ring holds the
/// times of the last ones, 8 KB for 1000.
///
/// Counts belong to the key and outlive a change of its registration. Rings grow as they are used,
/// and one that has seen nothing for 60 s is dropped, so that memory follows the traffic that was
/// allowed. Any thread may ask.
public final class SlidingRateLimiter {
    private static final long WINDOW_NS = 60_000_000_000L;
    private static final int MAX_WAIT_S = 60;
    private static final int SWEEP_FROM = 64;

    private final LongSupplier nanoTicker;
    private final ConcurrentHashMap<Object, Ring> rings = new ConcurrentHashMap<>();

    /// @param nanoTicker a clock that never jumps
    public SlidingRateLimiter(LongSupplier nanoTicker) {
        this.nanoTicker = nanoTicker;
    }

    /// @param limit 0 = none, negative = refuse all
    /// @return 0 when the request may pass and is counted, else after how many seconds (1…60) it is
    ///   worth trying again
    public int tryAcquire(Object key, long limit) {
        if (limit == 0) {
            return 0;
        }
        if (limit < 0) {
            return MAX_WAIT_S;
        }
        long now = nanoTicker.getAsLong();
        int[] wait = new int[1];
        boolean[] isNew = new boolean[1];
        rings.compute(
                key,
                (_, known) -> {
                    Ring ring = known == null ? new Ring() : known;
                    isNew[0] = known == null;
                    wait[0] = ring.tryAcquire(now, limit);
                    return ring;
                });
        if (isNew[0] && rings.size() > SWEEP_FROM) {
            sweep(now);
        }
        return wait[0];
    }

    int tracked() {
        return rings.size();
    }

    private void sweep(long now) {
        for (Object key : rings.keySet()) {
            rings.computeIfPresent(key, (_, ring) -> ring.isIdle(now) ? null : ring);
        }
    }

    /// Times in order, oldest first; only touched under the map's lock for its key.
    private static final class Ring {
        private long[] times = new long[16];
        private int first;
        private int size;

        int tryAcquire(long now, long limit) {
            while (size > 0 && now - times[first] >= WINDOW_NS) {
                first = (first + 1) % times.length;
                size--;
            }
            if (size >= limit) {
                // With this one gone there is room, also when the limit was larger before.
                long leaver = times[(first + size - (int) limit) % times.length];
                long waitNs = WINDOW_NS - (now - leaver);
                return Math.clamp(Math.ceilDiv(waitNs, 1_000_000_000L), 1, MAX_WAIT_S);
            }
            if (size == times.length) {
                grow();
            }
            times[(first + size) % times.length] = now;
            size++;
            return 0;
        }

        boolean isIdle(long now) {
            return size == 0 || now - times[(first + size - 1) % times.length] >= WINDOW_NS;
        }

        private void grow() {
            long[] larger = Arrays.copyOf(times, times.length * 2);
            for (int i = 0; i < size; i++) {
                larger[i] = times[(first + i) % times.length];
            }
            times = larger;
            first = 0;
        }
    }
}
