package io.trapline.registry;

import io.trapline.model.Category;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.PlainNumber;
import io.trapline.model.Point;
import io.trapline.model.Sample;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import io.trapline.model.StreamName;
import io.trapline.model.Tag;
import io.trapline.registry.SeenMetric.Kind;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The names that came in, by source: in memory, and now and then in the database. Derived data: a
/// kill loses the last seconds.
///
/// Names beyond the limits are counted and not kept. A source's names are read from the database
/// when it is first asked about.
final class MetricsLog {
    /// @param names of one source
    /// @param bytes of memory for all sources, estimated
    record Limits(int names, long bytes) {
        static final Limits DEFAULT = new Limits(100_000, 64L << 20);
    }

    private static final Logger LOG = LoggerFactory.getLogger(MetricsLog.class);
    private static final int MAX_NAME = 4096;
    private static final int MAX_LATEST = 200;
    private static final int BYTES_PER_NAME = 250;

    /// Rows of one transaction: the journal waits for the same lock.
    private static final int CHUNK = 500;

    private final RegistryDatabase database;
    private final InstantSource clock;
    private final Limits limits;
    private final ConcurrentHashMap<String, Source> sources = new ConcurrentHashMap<>();
    private final AtomicLong bytes = new AtomicLong();

    /// Keeps a source from being forgotten while its rows are written.
    private final Object writing = new Object();

    MetricsLog(RegistryDatabase database, InstantSource clock, Limits limits) {
        this.database = database;
        this.clock = clock;
        this.limits = limits;
    }

    /// @param stored false when filters refused the entries
    void seen(String sourceName, List<Entry> entries, boolean stored) {
        Source source = source(sourceName);
        boolean streams = sourceName.startsWith("trap/");
        long now = clock.millis();
        List<Tag> dimensions = List.of();
        for (Entry entry : entries) {
            switch (entry) {
                case Sample sample when streams ->
                        source.saw(
                                Kind.METRIC,
                                StreamName.canonical(sample.name(), sample.tags()),
                                sample.value(),
                                stored,
                                now);
                case Sample sample -> {
                    source.saw(Kind.METRIC, sample.name(), sample.value(), stored, now);
                    // The metrics of one item have the same dimensions.
                    if (!sample.tags().equals(dimensions)) {
                        dimensions = sample.tags();
                        source.sawDimensions(dimensions, stored, now);
                    }
                }
                case Point point -> {
                    source.saw(
                            point.category() == Category.KEYEVENT ? Kind.EVENT : Kind.METRIC,
                            point.name(),
                            content(point),
                            stored,
                            now);
                    source.sawDimensions(point.tags(), stored, now);
                }
                case io.trapline.model.Run _,
                        io.trapline.model.CheckState _,
                        io.trapline.model.HeldValue _,
                        io.trapline.model.PeriodEnd _ -> {}
            }
        }
    }

    SeenMetrics of(String sourceName) {
        Source source = source(sourceName);
        List<SeenMetric> found = new ArrayList<>(source.metrics.size());
        source.metrics.forEach((key, metric) -> found.add(metric.shown(key)));
        found.sort(Comparator.comparing(SeenMetric::kind).thenComparing(SeenMetric::name));
        return new SeenMetrics(found, source.beyond.sum());
    }

    boolean isSeen(String source, Kind kind, String name) {
        return source(source).metrics.containsKey(new Key(kind, name));
    }

    int names(String source, Kind kind) {
        int count = 0;
        for (Key key : source(source).metrics.keySet()) {
            count += key.kind() == kind ? 1 : 0;
        }
        return count;
    }

    void settings(String source, Kind kind, String name, MetricSettings settings)
            throws RegistryException {
        Source found = source(source);
        database.putSettings(source, kind, name, settings);
        Metric metric =
                found.metrics.computeIfAbsent(
                        new Key(kind, name),
                        _ -> {
                            bytes.addAndGet(cost(name));
                            return new Metric();
                        });
        metric.set(settings);
    }

    void forget(String source, Kind kind, String name) throws RegistryException {
        Source found = source(source);
        if (found.metrics.remove(new Key(kind, name)) != null) {
            bytes.addAndGet(-cost(name));
        }
        database.removeMetric(source, kind, name);
    }

    /// The database's rows of the source are gone already.
    void forget(String source) {
        synchronized (writing) {
            Source found = sources.remove(source);
            if (found != null) {
                found.metrics.keySet().forEach(key -> bytes.addAndGet(-cost(key.name())));
            }
        }
    }

    /// Writes what changed since the last time.
    ///
    /// @param known sources that are still registered; the others are forgotten
    void flush(Set<String> known) {
        for (Map.Entry<String, Source> entry : sources.entrySet()) {
            if (known.contains(entry.getKey())) {
                write(entry.getKey(), entry.getValue());
            } else {
                // A request that was under way while its registration was removed.
                forget(entry.getKey());
            }
        }
    }

    private void write(String name, Source source) {
        List<Key> keys = new ArrayList<>();
        List<SeenMetric> rows = new ArrayList<>();
        source.metrics.forEach((key, metric) ->
                metric.changed(key)
                        .ifPresent(row -> {
                            keys.add(key);
                            rows.add(row);
                        }));
        for (int from = 0; from < rows.size(); from += CHUNK) {
            try {
                synchronized (writing) {
                    // A registration that was removed meanwhile leaves no rows.
                    if (sources.get(name) == source) {
                        database.putSeen(
                                name, rows.subList(from, Math.min(from + CHUNK, rows.size())));
                    }
                }
            } catch (RegistryException e) {
                keys.subList(from, keys.size()).forEach(source::again);
                LOG.warn(
                        "metrics seen from {} are not written, tried again later: {}",
                        name,
                        e.getMessage());
                return;
            }
        }
    }

    private Source source(String name) {
        Source found = sources.get(name);
        return found != null ? found : sources.computeIfAbsent(name, this::load);
    }

    private Source load(String name) {
        Source source = new Source();
        try {
            for (SeenMetric row : database.metrics(name)) {
                source.metrics.put(new Key(row.kind(), row.name()), new Metric(row));
                bytes.addAndGet(cost(row.name()));
            }
        } catch (RegistryException e) {
            LOG.warn("metrics seen from {} before now are not known: {}", name, e.getMessage());
        }
        return source;
    }

    private static long cost(String name) {
        return BYTES_PER_NAME + 2L * name.length();
    }

    private static SampleValue content(Point point) {
        for (Field field : point.fields()) {
            if (field.key().equals("content")) {
                if (field.value() instanceof FieldValue.Text(String text)) {
                    return new SampleValue.Text(text);
                }
                if (field.value() instanceof FieldValue.Json(String text)) {
                    return new SampleValue.Text(text);
                }
            }
        }
        return new SampleValue.Absent(SampleType.TEXT);
    }

    private record Key(Kind kind, String name) implements Comparable<Key> {
        @Override
        public int compareTo(Key other) {
            int order = name.compareTo(other.name);
            return order == 0 ? kind.compareTo(other.kind) : order;
        }
    }

    private final class Source {
        final ConcurrentHashMap<Key, Metric> metrics = new ConcurrentHashMap<>();
        final LongAdder beyond = new LongAdder();

        void sawDimensions(List<Tag> tags, boolean stored, long now) {
            for (Tag tag : tags) {
                saw(Kind.DIMENSION, tag.key(), new SampleValue.Text(tag.value()), stored, now);
            }
        }

        void saw(Kind kind, String name, SampleValue value, boolean stored, long now) {
            Key key = new Key(kind, name);
            Metric metric = metrics.get(key);
            if (metric == null) {
                metric = admit(key);
                if (metric == null) {
                    beyond.increment();
                    return;
                }
            }
            metric.saw(value, stored, now);
        }

        /// Null when there is no room. Threads that come at the same time may go over the limit by
        /// their number.
        private @Nullable Metric admit(Key key) {
            if (key.name().length() > MAX_NAME
                    || metrics.size() >= limits.names()
                    || bytes.get() + cost(key.name()) > limits.bytes()) {
                return null;
            }
            return metrics.computeIfAbsent(
                    key,
                    _ -> {
                        bytes.addAndGet(cost(key.name()));
                        return new Metric();
                    });
        }

        void again(Key key) {
            Metric metric = metrics.get(key);
            if (metric != null) {
                metric.again();
            }
        }
    }

    /// All fields belong to the metric's own lock.
    private static final class Metric {
        private SampleValue latest = new SampleValue.Text("");
        private String type = "";
        private long firstMs;
        private long lastMs;
        private long count;
        private boolean stored = true;
        private MetricSettings settings = MetricSettings.NONE;
        private boolean changed;

        Metric() {}

        Metric(SeenMetric row) {
            latest = new SampleValue.Text(row.latest());
            type = row.type();
            firstMs = row.firstSeen().map(Instant::toEpochMilli).orElse(0L);
            lastMs = row.lastSeen().map(Instant::toEpochMilli).orElse(0L);
            count = row.count();
            stored = row.stored();
            settings = row.settings();
        }

        synchronized void saw(SampleValue value, boolean kept, long now) {
            // A long text or a histogram must not stay in memory because it was the latest.
            latest =
                    switch (value) {
                        case SampleValue.Text text ->
                                new SampleValue.Text(RecentRequests.cut(text.value(), MAX_LATEST));
                        case SampleValue.Histogram histogram ->
                                new SampleValue.Text(
                                        "histogram of " + histogram.circllhist().size() + " bytes");
                        case SampleValue.Real _, SampleValue.Whole _, SampleValue.Absent _ -> value;
                    };
            if (type.isEmpty() || type.charAt(0) != value.type().letter()) {
                type = String.valueOf(value.type().letter());
            }
            if (firstMs == 0) {
                firstMs = now;
            }
            lastMs = Math.max(lastMs, now);
            count++;
            stored = kept;
            changed = true;
        }

        synchronized void set(MetricSettings fresh) {
            settings = fresh;
        }

        synchronized void again() {
            changed = true;
        }

        synchronized Optional<SeenMetric> changed(Key key) {
            if (!changed) {
                return Optional.empty();
            }
            changed = false;
            return Optional.of(shown(key));
        }

        synchronized SeenMetric shown(Key key) {
            return new SeenMetric(
                    key.kind(),
                    key.name(),
                    key.kind() == Kind.METRIC ? type : "",
                    time(firstMs),
                    time(lastMs),
                    count,
                    text(latest),
                    stored,
                    settings);
        }

        private static Optional<Instant> time(long ms) {
            return ms == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(ms));
        }

        private static String text(SampleValue value) {
            return switch (value) {
                case SampleValue.Real(double number, String digits) ->
                        digits != null ? digits : PlainNumber.of(number);
                case SampleValue.Whole(SampleType type, long bits) ->
                        type == SampleType.UINT64
                                ? Long.toUnsignedString(bits)
                                : Long.toString(bits);
                case SampleValue.Text(String text) -> text;
                case SampleValue.Histogram _, SampleValue.Absent _ -> "";
            };
        }
    }
}
