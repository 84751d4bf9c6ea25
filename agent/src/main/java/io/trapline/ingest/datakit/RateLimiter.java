package io.trapline.ingest.datakit;

import java.time.Duration;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/// Token buckets by sender and path. Any thread may call it.
///
/// Buckets that were idle for [#IDLE] are forgotten when there are many; an idle bucket is a full
/// one by then, so that forgetting it changes nothing.
final class RateLimiter {
    static final int MAX_BUCKETS = 10_000;
    static final Duration IDLE = Duration.ofSeconds(60);

    private final ConcurrentHashMap<String, Bucket> buckets = new ConcurrentHashMap<>();
    private final LongSupplier nanoTicker;

    RateLimiter(LongSupplier nanoTicker) {
        this.nanoTicker = nanoTicker;
    }

    private record Bucket(double tokens, long atNs, boolean granted) {}

    /// Takes one request from the bucket of `key`.
    ///
    /// @param rate tokens a second; 0 = no limit
    /// @return seconds to wait before the next try, 0 when the request may go on
    long take(String key, double rate, int burst) {
        if (rate <= 0) {
            return 0;
        }
        long now = nanoTicker.getAsLong();
        if (buckets.size() > MAX_BUCKETS) {
            buckets.values().removeIf(bucket -> now - bucket.atNs() > IDLE.toNanos());
            if (buckets.size() > MAX_BUCKETS) {
                buckets.clear();
            }
        }
        double size = Math.max(1, burst);
        Bucket after =
                buckets.compute(
                        key,
                        (_, before) -> {
                            double tokens =
                                    before == null
                                            ? size
                                            : Math.min(
                                                    size,
                                                    before.tokens()
                                                            + (now - before.atNs()) * rate / 1e9);
                            boolean granted = tokens >= 1;
                            return new Bucket(granted ? tokens - 1 : tokens, now, granted);
                        });
        return after.granted() ? 0 : Math.max(1, (long) Math.ceil((1 - after.tokens()) / rate));
    }
}
