package io.trapline.forward;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// What an output has done since it was started, for people. `this` guards all of it.
final class Tally {
    private static final int WINDOW_S = 60;
    private static final long NS_PER_S = 1_000_000_000L;

    private final LongSupplier nanoTicker;
    private final long startedNs;
    private final long[] itemsInSecond = new long[WINDOW_S];
    private long second;
    private long items;
    private long requests;
    private long bytes;
    private long retries;
    private long refused;
    private final Map<String, Long> skipped = new TreeMap<>();
    private final Map<String, Long> changed = new TreeMap<>();
    private String notice = "";
    private String error = "";
    private @Nullable Instant errorAt;
    private @Nullable Instant failingSince;
    private @Nullable Instant sentAt;
    private @Nullable Instant nextTry;

    Tally(LongSupplier nanoTicker) {
        this.nanoTicker = nanoTicker;
        startedNs = nanoTicker.getAsLong();
    }

    synchronized void sent(long moreItems, long moreBytes, String remark, Instant at) {
        items += moreItems;
        bytes += moreBytes;
        requests++;
        roll();
        itemsInSecond[(int) (second % WINDOW_S)] += moreItems;
        sentAt = at;
        nextTry = null;
        error = "";
        errorAt = null;
        failingSince = null;
        if (!remark.isEmpty()) {
            notice = remark;
        }
    }

    synchronized void noticed(String remark) {
        notice = remark;
    }

    synchronized void failed(String reason, Instant at, Instant next) {
        retries++;
        error = reason;
        errorAt = at;
        failingSince = failingSince == null ? at : failingSince;
        nextTry = next;
    }

    /// The first failure since the last success.
    synchronized Optional<Instant> failingSince() {
        return Optional.ofNullable(failingSince);
    }

    synchronized void refused() {
        refused++;
    }

    synchronized void tryNow() {
        nextTry = null;
    }

    synchronized void encoded(Map<String, Long> moreSkipped, Map<String, Long> moreChanged) {
        moreSkipped.forEach((reason, count) -> skipped.merge(reason, count, Long::sum));
        moreChanged.forEach((reason, count) -> changed.merge(reason, count, Long::sum));
    }

    private void roll() {
        long now = (nanoTicker.getAsLong() - startedNs) / NS_PER_S;
        for (long s = Math.max(second + 1, now - WINDOW_S + 1); s <= now; s++) {
            itemsInSecond[(int) (s % WINDOW_S)] = 0;
        }
        second = Math.max(second, now);
    }

    /// @param itemsPerSecond over the last minute
    record Counts(
            long items,
            long requests,
            long bytes,
            double itemsPerSecond,
            long retries,
            long refused,
            Map<String, Long> skipped,
            Map<String, Long> changed,
            String notice,
            String error,
            Optional<Instant> errorAt,
            Optional<Instant> sentAt,
            Optional<Instant> nextTry) {}

    synchronized Counts counts() {
        roll();
        long recent = 0;
        for (long count : itemsInSecond) {
            recent += count;
        }
        return new Counts(
                items,
                requests,
                bytes,
                (double) recent / Math.clamp(second + 1, 1, WINDOW_S),
                retries,
                refused,
                Map.copyOf(skipped),
                Map.copyOf(changed),
                notice,
                error,
                Optional.ofNullable(errorAt),
                Optional.ofNullable(sentAt),
                Optional.ofNullable(nextTry));
    }
}
