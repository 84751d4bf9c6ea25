package io.trapline.ingest.datakit;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.TimeGauge;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/// Who wrote over HTTP, as upstream's feed names (`v1-write.<input>`, `logstreaming.<source>`),
/// with upstream's meters.
///
/// Names come from clients: beyond a thousand, all further ones count as `other`.
public final class Feeds {
    private static final int MAX = 1000;

    private final ConcurrentHashMap<String, Entry> feeds = new ConcurrentHashMap<>();
    private final MeterRegistry meters;

    Feeds(MeterRegistry meters) {
        this.meters = meters;
    }

    /// @param name `v1-write.<input>`, else `v1-write.<category>`; of logging with an index that
    ///   follows: `v1-write.logging.idx`
    /// @param index `storage_index` of the last write, logging only
    /// @param version `version` of the last write
    /// @param points accepted so far
    /// @param lastNs time of the last write, nanoseconds since 1970
    public record Feed(
            String name, String category, String index, String version, long points, long lastNs) {}

    private static final class Entry {
        final Counter calls;
        final DistributionSummary sizes;
        volatile Feed feed;

        Entry(Feed feed, MeterRegistry meters) {
            this.feed = feed;
            calls =
                    Counter.builder("datakit_io_feed")
                            .tags("name", feed.name(), "category", feed.category())
                            .register(meters);
            sizes =
                    DistributionSummary.builder("datakit_io_feed_point")
                            .tags("name", feed.name(), "category", feed.category())
                            .register(meters);
            TimeGauge.builder(
                            "datakit_io_last_feed_timestamp",
                            this,
                            TimeUnit.NANOSECONDS,
                            entry -> (double) entry.feed.lastNs())
                    .tags("name", feed.name(), "category", feed.category())
                    .register(meters);
        }
    }

    /// @param base the feed's name without the index
    void count(String base, WriteRequest request, int points, long atNs) {
        boolean logging = request.category().equals("logging");
        String index = logging ? request.storageIndex() : "";
        String name = index.isEmpty() ? base : base + "." + index;
        String key = request.category() + '\0' + name;
        boolean known = feeds.containsKey(key) || feeds.size() < MAX;
        String counted = known ? name : "other";
        Feed fresh = new Feed(counted, request.category(), index, request.version(), 0, atNs);
        Entry entry =
                feeds.computeIfAbsent(
                        known ? key : request.category() + "\0other",
                        _ -> new Entry(fresh, meters));
        entry.calls.increment();
        entry.sizes.record(points);
        synchronized (entry) {
            Feed before = entry.feed;
            entry.feed =
                    new Feed(
                            before.name(),
                            before.category(),
                            index,
                            request.version(),
                            before.points() + points,
                            atNs);
        }
    }

    public List<Feed> all() {
        return feeds.values().stream().map(entry -> entry.feed).toList();
    }
}
