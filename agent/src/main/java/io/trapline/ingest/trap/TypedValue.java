package io.trapline.ingest.trap;

import io.trapline.model.Blob;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import io.trapline.model.circllhist.Bin;
import io.trapline.model.circllhist.BinText;
import io.trapline.model.circllhist.Circllhist;
import io.trapline.model.circllhist.MalformedRecordException;
import io.trapline.period.Measurement;
import io.trapline.period.StreamId;
import io.trapline.period.Sum;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/// What an object with `_type`, `_value`, `_ts` or `_fl` has said so far; its keys come in any
/// order, so that it is evaluated when it closes.
///
/// A long list is folded into sums or bins as it is read, once the type is known, so that memory
/// does not grow with it.
final class TypedValue {
    static final int MAX_TEXT_BYTES = 4095;
    private static final int BUFFERED = 4096;
    private static final int BUFFERED_CHARS = 1 << 20;
    private static final long MAX_MS = Long.MAX_VALUE / 1_000_000;

    private final List<Scalar> buffer = new ArrayList<>(1);
    private int bufferedChars;
    private long count;
    private @Nullable Scalar first;
    private @Nullable SampleType type;
    private @Nullable SampleType foldedAs;
    private Measurement.@Nullable Flag flag;
    private boolean hasTime;
    private long timeMs;
    private @Nullable String timeProblem;
    private @Nullable String timeNote;

    private final Sum sum = new Sum();
    private long numbers;
    private @Nullable SampleValue lastNumber;
    private long noNumber;
    private @Nullable String firstNoNumber;
    private long outOfRange;
    private @Nullable String firstOutOfRange;

    /// `H[x]=n` texts under a numeric type: a histogram if there is no number beside them.
    private @Nullable Circllhist binTexts;

    private long binTextCount;
    private @Nullable Circllhist bins;
    private boolean replacesAll;

    /// @return false when a longer list cannot be taken before its type is known
    boolean add(Scalar value, boolean histogramMetric, String name, Losses losses) {
        count++;
        if (first == null) {
            first = value;
        }
        buffer.add(value);
        bufferedChars += value.text().length();
        if (buffer.size() < BUFFERED && bufferedChars < BUFFERED_CHARS) {
            return true;
        }
        SampleType now = effectiveType(histogramMetric);
        if (now == null) {
            return false;
        }
        fold(now, name, losses);
        return true;
    }

    /// @return false when values were already read as another type
    boolean type(SampleType next) {
        type = next;
        return foldedAs == null || foldedAs == next;
    }

    void flag(Measurement.Flag next) {
        flag = next;
    }

    void time(Scalar value) {
        hasTime = true;
        timeProblem = null;
        timeNote = null;
        try {
            timeMs = Math.max(0, Numbers.leadingMillis(value.text()));
            if (timeMs > MAX_MS) {
                timeProblem = "its _ts is after the year 2262; the unit is milliseconds";
            } else if (timeMs > 0 && Numbers.hasExponent(value.text())) {
                timeNote =
                        "its _ts "
                                + Losses.clip(value.text())
                                + " counts as "
                                + timeMs
                                + " ms, because its digits alone are read; write them all";
            }
        } catch (Numbers.OutOfRangeException e) {
            timeProblem = e.reason();
        }
    }

    /// The time that `_ts` set so far, 0 when it set none.
    long timeMs() {
        return timeMs;
    }

    @Nullable String timeProblem() {
        return timeProblem;
    }

    /// What the sender will want to know of the time that was read; null when it is as sent.
    @Nullable String timeNote() {
        return timeNote;
    }

    /// How many values it counts as: none without a value, or with neither type nor time.
    long stats() {
        return type == null && !hasTime ? 0 : count;
    }

    /// Empty when nothing of it can be stored.
    ///
    /// @param guess whether a text without a type may be a number
    Optional<Measurement> measure(
            StreamId stream,
            boolean accepted,
            boolean histogramMetric,
            boolean guess,
            Losses losses) {
        if (timeProblem != null) {
            losses.add(stream.canonical(), timeProblem);
            return Optional.empty();
        }
        if (timeNote != null) {
            losses.add(stream.canonical(), timeNote);
        }
        SampleType now = effectiveType(histogramMetric && timeMs == 0);
        if (now == null) {
            now = guessed();
        }
        return switch (now) {
            case INT32, UINT32, INT64, UINT64, DOUBLE -> {
                fold(now, stream.canonical(), losses);
                yield numeric(stream, accepted, now, losses);
            }
            case TEXT -> {
                SampleValue number =
                        guess && type == null && first != null ? Numbers.guess(first.text()) : null;
                yield Optional.of(
                        plainOrTimed(
                                stream, accepted, number != null ? number : text(stream, losses)));
            }
            case HISTOGRAM, CUMULATIVE_HISTOGRAM ->
                    timeMs > 0
                            ? timedHistogram(stream, accepted, now, losses)
                            : distribution(stream, accepted, now, losses);
        };
    }

    private @Nullable SampleType effectiveType(boolean histogramMetric) {
        SampleType now = type;
        if (!histogramMetric || now == null) {
            return now;
        }
        return switch (now) {
            case INT32, UINT32, INT64, UINT64, DOUBLE -> SampleType.HISTOGRAM;
            case TEXT, HISTOGRAM, CUMULATIVE_HISTOGRAM -> now;
        };
    }

    /// Without a type, one value is what a bare one would be; several numbers have a mean.
    private SampleType guessed() {
        if (first == null || first.kind() == Scalar.Kind.TEXT) {
            return SampleType.TEXT;
        }
        if (count > 1) {
            return SampleType.DOUBLE;
        }
        return switch (first.kind()) {
            case WHOLE -> first.text().startsWith("-") ? SampleType.INT64 : SampleType.UINT64;
            case REAL -> SampleType.DOUBLE;
            case BOOLEAN, NULL -> SampleType.INT32;
            case TEXT -> SampleType.TEXT;
        };
    }

    private Optional<Measurement> numeric(
            StreamId stream, boolean accepted, SampleType now, Losses losses) {
        Circllhist texts = binTexts;
        if (texts != null && numbers == 0) {
            return ofBinTexts(stream, accepted, texts, losses);
        }
        // Beside a number these are no samples of a histogram, and no numbers either.
        long withoutNumber = noNumber + binTextCount;
        sum.addNothing(withoutNumber);
        SampleValue value;
        if (numbers + withoutNumber == 1) {
            value = lastNumber != null ? lastNumber : new SampleValue.Absent(now);
        } else {
            value = numbers == 0 ? new SampleValue.Absent(now) : sum.mean();
        }
        // One that is out of range has no part in the sum, and must not take its place either.
        Measurement.Flag adding = timeMs == 0 && sum.count() + outOfRange > 0 ? flag : null;
        nameLosses(stream.canonical(), value instanceof SampleValue.Absent, adding, losses);
        return Optional.of(
                adding != null
                        ? new Measurement.Flagged(stream, accepted, adding, value, sum)
                        : plainOrTimed(stream, accepted, value));
    }

    /// What most clients of old send for a histogram, whatever its declared type; flags have no
    /// effect on one.
    private Optional<Measurement> ofBinTexts(
            StreamId stream, boolean accepted, Circllhist texts, Losses losses) {
        losses.add(
                stream.canonical(),
                noNumber,
                "neither number nor H[x]=n: " + firstNoNumber + ", left out of the histogram");
        losses.add(stream.canonical(), outOfRange, firstOutOfRange + ", left out of the histogram");
        if (timeMs > 0) {
            losses.add(
                    stream.canonical(),
                    binTextCount,
                    "H[x]=n texts with _ts are not stored: a histogram with _ts takes one base64"
                            + " record, _type \"h\"");
            return Optional.empty();
        }
        return Optional.of(
                new Measurement.Distribution(stream, accepted, false, false, texts.bins()));
    }

    /// What becomes of a value without a number.
    ///
    /// @param absent no value of them all had one
    private static String instead(boolean absent, Measurement.@Nullable Flag adding) {
        if (adding == Measurement.Flag.AVERAGE) {
            return "counts as 0 in the period's mean, once any value of it has a number";
        }
        if (adding != null) {
            return "adds nothing";
        }
        return absent ? "stored without a value" : "counts as 0 in the mean";
    }

    private void nameLosses(
            String name, boolean absent, Measurement.@Nullable Flag adding, Losses losses) {
        String instead = instead(absent, adding);
        losses.add(name, noNumber, "no number in " + firstNoNumber + ", " + instead);
        losses.add(
                name,
                binTextCount,
                "H[x]=n beside numbers is no sample of a histogram, "
                        + instead
                        + "; for a histogram send it alone, with _type \"h\", or name the metric in"
                        + " histogram_metrics");
        losses.add(
                name,
                outOfRange,
                firstOutOfRange
                        + (absent && adding == null ? ", stored without a value" : ", left out"));
    }

    private SampleValue text(StreamId stream, Losses losses) {
        if (first == null || first.kind() == Scalar.Kind.NULL) {
            return new SampleValue.Absent(SampleType.TEXT);
        }
        return text(first.text(), stream, losses);
    }

    static SampleValue text(String text, StreamId stream, Losses losses) {
        if (text.length() <= MAX_TEXT_BYTES / 4 || TaggedName.utf8Length(text) <= MAX_TEXT_BYTES) {
            return new SampleValue.Text(text);
        }
        losses.add(stream.canonical(), "text cut to " + MAX_TEXT_BYTES + " bytes");
        int bytes = 0;
        int end = 0;
        while (end < text.length()) {
            int next = text.offsetByCodePoints(end, 1);
            bytes += TaggedName.utf8Length(text.substring(end, next));
            if (bytes > MAX_TEXT_BYTES) {
                break;
            }
            end = next;
        }
        return new SampleValue.Text(text.substring(0, end));
    }

    private Measurement plainOrTimed(StreamId stream, boolean accepted, SampleValue value) {
        return timeMs > 0
                ? new Measurement.Timed(stream, accepted, value, timeMs)
                : new Measurement.Plain(stream, accepted, value);
    }

    private Optional<Measurement> distribution(
            StreamId stream, boolean accepted, SampleType now, Losses losses) {
        fold(now, stream.canonical(), losses);
        if (bins == null) {
            return Optional.empty();
        }
        return Optional.of(
                new Measurement.Distribution(
                        stream,
                        accepted,
                        now == SampleType.CUMULATIVE_HISTOGRAM,
                        replacesAll,
                        bins.bins()));
    }

    /// With a time it takes one whole record and nothing else.
    private Optional<Measurement> timedHistogram(
            StreamId stream, boolean accepted, SampleType now, Losses losses) {
        if (count != 1 || first == null || first.kind() != Scalar.Kind.TEXT) {
            losses.add(stream.canonical(), "a histogram with _ts takes one base64 record");
            return Optional.empty();
        }
        try {
            Blob record = Blob.of(Circllhist.ofBase64(first.text()).toRecord());
            return Optional.of(
                    new Measurement.Timed(
                            stream, accepted, new SampleValue.Histogram(now, record), timeMs));
        } catch (MalformedRecordException e) {
            losses.add(stream.canonical(), String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    private void fold(SampleType now, String name, Losses losses) {
        foldedAs = type;
        boolean histogram = now == SampleType.HISTOGRAM || now == SampleType.CUMULATIVE_HISTOGRAM;
        for (Scalar value : buffer) {
            if (histogram) {
                foldSample(now == SampleType.CUMULATIVE_HISTOGRAM, value, name, losses);
            } else if (now != SampleType.TEXT) {
                foldNumber(now, value);
            }
        }
        buffer.clear();
        bufferedChars = 0;
    }

    private void foldNumber(SampleType now, Scalar value) {
        if (value.kind() == Scalar.Kind.NULL) {
            return;
        }
        SampleValue number;
        try {
            number =
                    type == null && value.kind() == Scalar.Kind.WHOLE
                            ? Numbers.bare(value)
                            : Numbers.typed(now, value);
        } catch (Numbers.OutOfRangeException e) {
            outOfRange++;
            firstOutOfRange = firstOutOfRange == null ? e.reason() : firstOutOfRange;
            return;
        }
        switch (number) {
            case SampleValue.Real(double real, _) -> sum.addReal(real);
            case SampleValue.Whole whole when whole.type() == SampleType.UINT64 ->
                    sum.addUnsigned(whole.bits());
            case SampleValue.Whole whole -> sum.addSigned(whole.bits());
            case SampleValue.Absent _ -> {
                foldWithoutNumber(value);
                return;
            }
            case SampleValue.Text _, SampleValue.Histogram _ ->
                    throw new IllegalStateException("not numeric: " + number);
        }
        numbers++;
        lastNumber = number;
    }

    private void foldWithoutNumber(Scalar value) {
        Optional<Bin> bin = BinText.parse(value.text());
        if (bin.isPresent()) {
            Circllhist texts = binTexts == null ? new Circllhist() : binTexts;
            texts.insert(bin.get());
            binTexts = texts;
            binTextCount++;
        } else {
            noNumber++;
            firstNoNumber =
                    firstNoNumber == null ? "\"" + Losses.clip(value.text()) + "\"" : firstNoNumber;
        }
    }

    private void foldSample(boolean cumulative, Scalar value, String name, Losses losses) {
        switch (value.kind()) {
            case NULL -> losses.add(name, "null is no sample");
            case BOOLEAN, WHOLE, REAL -> put(cumulative, Double.parseDouble(value.text()));
            case TEXT -> {
                OptionalDouble number = Numbers.spelledOut(value.text());
                Optional<Bin> bin = BinText.parse(value.text());
                if (number.isPresent()) {
                    put(cumulative, number.getAsDouble());
                } else if (bin.isPresent()) {
                    put(cumulative, bin.get());
                } else {
                    foldRecord(cumulative, value.text(), name, losses);
                }
            }
        }
    }

    private void foldRecord(boolean cumulative, String text, String name, Losses losses) {
        try {
            Circllhist record = Circllhist.ofBase64(text);
            if (cumulative) {
                bins = record;
                replacesAll = true;
            } else {
                histogram().merge(record);
            }
        } catch (MalformedRecordException e) {
            losses.add(name, "neither number nor H[x]=n nor histogram record");
        }
    }

    private void put(boolean cumulative, double sample) {
        if (cumulative) {
            put(true, Bin.of(sample, 1));
        } else {
            histogram().insert(sample);
        }
    }

    private void put(boolean cumulative, Bin bin) {
        if (!cumulative) {
            histogram().insert(bin);
        } else if (bin.count() != 0) {
            histogram().replace(bin);
        }
    }

    private Circllhist histogram() {
        Circllhist now = bins;
        if (now == null) {
            now = new Circllhist();
            bins = now;
        }
        return now;
    }
}
