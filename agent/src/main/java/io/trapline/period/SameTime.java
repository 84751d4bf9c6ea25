package io.trapline.period;

import io.trapline.model.Blob;
import io.trapline.model.Sample;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import io.trapline.model.StreamName;
import io.trapline.model.circllhist.Circllhist;
import io.trapline.model.circllhist.MalformedRecordException;
import java.math.BigDecimal;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What stays of several values of one stream at one millisecond: the largest by absolute value.
///
/// Of equal ones, of texts, and of a text and a number the later one stays; no value loses against
/// any; histograms are merged, of cumulative ones the later stays. A stream's plain values and its
/// histograms do not meet.
public final class SameTime {
    private SameTime() {}

    /// One sample for each stream and time, in order of first appearance.
    public static List<Sample> reduce(List<Sample> samples) {
        Map<Key, Sample> kept = LinkedHashMap.newLinkedHashMap(samples.size());
        for (Sample sample : samples) {
            kept.merge(
                    Key.of(sample),
                    sample,
                    (earlier, later) ->
                            new Sample(
                                    later.name(),
                                    later.tags(),
                                    winner(earlier.value(), later.value()),
                                    later.timeNs()));
        }
        return List.copyOf(kept.values());
    }

    public static SampleValue winner(SampleValue earlier, SampleValue later) {
        if (earlier instanceof SampleValue.Histogram a
                && later instanceof SampleValue.Histogram b) {
            return histogram(a, b);
        }
        if (later instanceof SampleValue.Absent) {
            return earlier;
        }
        BigDecimal a = magnitude(earlier);
        BigDecimal b = magnitude(later);
        return a != null && b != null && a.compareTo(b) > 0 ? earlier : later;
    }

    private static SampleValue histogram(
            SampleValue.Histogram earlier, SampleValue.Histogram later) {
        if (later.type() == SampleType.CUMULATIVE_HISTOGRAM || earlier.type() != later.type()) {
            return later;
        }
        try {
            Circllhist sum = Circllhist.ofRecord(earlier.circllhist().toBytes());
            sum.merge(Circllhist.ofRecord(later.circllhist().toBytes()));
            return new SampleValue.Histogram(later.type(), Blob.of(sum.toRecord()));
        } catch (MalformedRecordException e) {
            throw new IllegalStateException("a stored histogram cannot be read", e);
        }
    }

    private static @Nullable BigDecimal magnitude(SampleValue value) {
        return switch (value) {
            case SampleValue.Real(double number, String digits) -> {
                if (digits != null) {
                    yield new BigDecimal(digits).abs();
                }
                if (Double.isInfinite(number)) {
                    yield BigDecimal.valueOf(1, -400);
                }
                yield Double.isNaN(number) ? BigDecimal.ONE.negate() : new BigDecimal(number).abs();
            }
            case SampleValue.Whole(SampleType type, long bits) ->
                    type == SampleType.UINT64
                            ? new BigDecimal(Long.toUnsignedString(bits))
                            : BigDecimal.valueOf(bits).abs();
            case SampleValue.Text _, SampleValue.Histogram _, SampleValue.Absent _ -> null;
        };
    }

    private record Key(String stream, long timeNs, boolean histogram) implements Comparable<Key> {
        private static final Comparator<Key> ORDER =
                Comparator.comparing(Key::stream)
                        .thenComparingLong(Key::timeNs)
                        .thenComparing(Key::histogram);

        @Override
        public int compareTo(Key other) {
            return ORDER.compare(this, other);
        }

        static Key of(Sample sample) {
            return new Key(
                    StreamName.canonical(sample.name(), sample.tags()),
                    sample.timeNs(),
                    sample.value() instanceof SampleValue.Histogram);
        }
    }
}
