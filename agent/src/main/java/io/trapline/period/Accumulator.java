package io.trapline.period;

import io.trapline.model.Blob;
import io.trapline.model.Sample;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import io.trapline.model.circllhist.Bin;
import io.trapline.model.circllhist.Circllhist;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// One check's running period: takes measurements, gives the samples to store.
///
/// It has no clock: the caller says when something arrived and when a period or window is over.
/// Asynch mode gives a sample as soon as it arrives; synch mode keeps the last value, sum or mean
/// of each stream until the period ends. Samples with a time of their own leave at once in both.
/// Histograms are collected in windows, as long as the period but at most 60 s, aligned to the
/// epoch. Several values of a stream in one millisecond are all given; see [SameTime].
///
/// Not thread-safe.
public final class Accumulator {
    private static final long MAX_WINDOW_MS = 60_000;
    private static final long NS_PER_MS = 1_000_000;

    private final boolean async;
    private final long windowMs;
    private final Map<String, State> states = new HashMap<>();
    private final Map<WindowKey, Window> windows = new HashMap<>();

    public Accumulator(boolean async, long periodMs) {
        if (periodMs <= 0) {
            throw new IllegalArgumentException("periodMs must be positive, is " + periodMs);
        }
        this.async = async;
        this.windowMs = Math.min(periodMs, MAX_WINDOW_MS);
    }

    /// @param arrivalMs when the submission arrived, milliseconds since 1970-01-01T00:00Z
    /// @param out gets what is to be stored now
    public void feed(long arrivalMs, Measurement measurement, Consumer<Sample> out) {
        State state = state(measurement.stream());
        switch (measurement) {
            case Measurement.Plain plain -> {
                Contents contents = state.contents(plain.accepted(), async);
                contents.replace(plain.value());
                emitNow(state, plain.accepted(), plain.value(), arrivalMs, out);
            }
            case Measurement.Flagged flagged -> {
                Contents contents = state.contents(flagged.accepted(), async);
                if (flagged.flag() == Measurement.Flag.SUM) {
                    contents.addToSum(flagged.numbers());
                    emitNow(state, flagged.accepted(), contents.value(), arrivalMs, out);
                } else if (async) {
                    contents.replace(flagged.value());
                    emitNow(state, flagged.accepted(), flagged.value(), arrivalMs, out);
                } else {
                    contents.addToMean(flagged.numbers());
                }
            }
            // It has no part in what the period stores of the stream, and so takes nothing from it.
            case Measurement.Timed timed -> {
                if (timed.accepted()) {
                    out.accept(sample(timed.stream(), timed.value(), timed.timeMs()));
                }
            }
            case Measurement.Distribution distribution -> {
                if (distribution.accepted()) {
                    long start = arrivalMs - Math.floorMod(arrivalMs, windowMs);
                    windows.computeIfAbsent(
                                    new WindowKey(distribution.stream().canonical(), start),
                                    _ -> new Window(distribution.stream()))
                            .take(distribution);
                }
            }
        }
    }

    /// A value that was accepted and not stored yet, read back from the journal: the end of the
    /// period stores it in both modes. In asynch mode it is from before the check's mode changed.
    void feedOwed(Measurement measurement) {
        Contents contents = state(measurement.stream()).contents(true, false);
        switch (measurement) {
            case Measurement.Plain plain -> contents.replace(plain.value());
            case Measurement.Flagged flagged -> {
                if (flagged.flag() == Measurement.Flag.SUM) {
                    contents.addToSum(flagged.numbers());
                } else {
                    contents.addToMean(flagged.numbers());
                }
            }
            case Measurement.Timed _, Measurement.Distribution _ ->
                    throw new IllegalArgumentException("nothing for the end of a period");
        }
    }

    private State state(StreamId stream) {
        return states.computeIfAbsent(stream.canonical(), _ -> new State(stream));
    }

    /// Ends the period; sums and means of the next one start from nothing.
    ///
    /// @param endMs its end, the time of the samples that synch mode gives
    public Ended endPeriod(long endMs) {
        List<Sample> samples = new ArrayList<>();
        for (State state : states.values()) {
            SampleValue value = state.owed == null ? null : state.owed.value();
            if (value != null) {
                samples.add(sample(state.stream, value, endMs));
            }
        }
        long metrics = states.size();
        states.clear();
        return new Ended(samples, metrics > 0, metrics);
    }

    /// The histograms of all windows that are over at `nowMs`, with their windows' start as time.
    public List<Sample> endWindows(long nowMs) {
        List<Sample> samples = new ArrayList<>();
        Iterator<Map.Entry<WindowKey, Window>> each = windows.entrySet().iterator();
        while (each.hasNext()) {
            Map.Entry<WindowKey, Window> entry = each.next();
            if (entry.getKey().startMs() + windowMs <= nowMs) {
                Window window = entry.getValue();
                if (!window.histogram.isEmpty()) {
                    samples.add(sample(window.stream, window.value(), entry.getKey().startMs()));
                }
                each.remove();
            }
        }
        return samples;
    }

    /// Canonical name → present value, of every metric of the running period, those that the filter
    /// set rejects included; histograms are not listed.
    public SortedMap<String, SampleValue> running() {
        SortedMap<String, SampleValue> values = new TreeMap<>();
        states.forEach((name, state) -> {
            SampleValue value = state.latest == null ? null : state.latest.value();
            if (value != null) {
                values.put(name, value);
            }
        });
        return values;
    }

    /// How many streams there are in the running period.
    int size() {
        return states.size();
    }

    boolean has(StreamId stream) {
        return states.containsKey(stream.canonical());
    }

    /// What asynch mode has stored of the stream in the running period; null when there is nothing.
    @Nullable SampleValue stored(StreamId stream) {
        State state = states.get(stream.canonical());
        return state == null || state.stored == null ? null : state.stored.value();
    }

    private void emitNow(
            State state,
            boolean accepted,
            @Nullable SampleValue value,
            long arrivalMs,
            Consumer<Sample> out) {
        if (async && accepted && value != null) {
            out.accept(sample(state.stream, value, arrivalMs));
        }
    }

    static Sample sample(StreamId stream, SampleValue value, long timeMs) {
        return new Sample(stream.name(), stream.tags(), value, timeMs * NS_PER_MS);
    }

    /// An ended period.
    ///
    /// @param samples what synch mode stores
    /// @param available whether any metric arrived
    /// @param metrics how many streams were seen
    public record Ended(List<Sample> samples, boolean available, long metrics) {
        public Ended {
            samples = List.copyOf(samples);
        }
    }

    /// Comparable, so that streams whose names have equal hashes cost what others cost.
    private record WindowKey(String stream, long startMs) implements Comparable<WindowKey> {
        @Override
        public int compareTo(WindowKey other) {
            int order = stream.compareTo(other.stream);
            return order == 0 ? Long.compare(startMs, other.startMs) : order;
        }
    }

    /// A stream in the running period; without contents when it only had timed values or
    /// histograms. What was accepted and what the filter set refused are kept apart, because the
    /// filter set may change within a period, and a value that was refused replaces none.
    private static final class State {
        private final StreamId stream;
        private @Nullable Contents owed;
        private @Nullable Contents stored;
        private @Nullable Contents refused;
        private @Nullable Contents latest;

        State(StreamId stream) {
            this.stream = stream;
        }

        /// @param atOnce whether accepted values are stored as they come
        Contents contents(boolean accepted, boolean atOnce) {
            Contents now;
            if (!accepted) {
                now = refused == null ? new Contents() : refused;
                refused = now;
            } else if (atOnce) {
                now = stored == null ? new Contents() : stored;
                stored = now;
            } else {
                now = owed == null ? new Contents() : owed;
                owed = now;
            }
            latest = now;
            return now;
        }
    }

    /// One value, sum or mean.
    private static final class Contents {
        private @Nullable SampleValue plain;
        private @Nullable Sum sum;
        private @Nullable Sum mean;

        void replace(SampleValue value) {
            plain = value;
            sum = null;
            mean = null;
        }

        /// A sum also takes up the plain value or the mean that was there.
        void addToSum(Sum numbers) {
            Sum total = sum;
            if (total == null) {
                total = new Sum();
                SampleValue before = value();
                if (before != null) {
                    total.add(before);
                }
            }
            total.add(numbers);
            plain = null;
            mean = null;
            sum = total;
        }

        /// A mean starts anew after anything else.
        void addToMean(Sum numbers) {
            Sum total = mean;
            if (total == null) {
                total = new Sum();
            }
            total.add(numbers);
            plain = null;
            sum = null;
            mean = total;
        }

        @Nullable SampleValue value() {
            if (sum != null) {
                return sum.total();
            }
            return mean != null ? mean.mean() : plain;
        }
    }

    private static final class Window {
        private final StreamId stream;
        private Circllhist histogram = new Circllhist();
        private boolean cumulative;

        Window(StreamId stream) {
            this.stream = stream;
        }

        void take(Measurement.Distribution distribution) {
            cumulative |= distribution.cumulative();
            if (distribution.replacesAll()) {
                histogram = new Circllhist();
            }
            for (Bin bin : distribution.bins()) {
                if (distribution.cumulative()) {
                    histogram.replace(bin);
                } else {
                    histogram.insert(bin);
                }
            }
        }

        SampleValue value() {
            return new SampleValue.Histogram(
                    cumulative ? SampleType.CUMULATIVE_HISTOGRAM : SampleType.HISTOGRAM,
                    Blob.of(histogram.toRecord()));
        }
    }
}
