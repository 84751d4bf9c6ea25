package io.trapline.pipeline;

import static io.trapline.pipeline.BatchCodec.ARRAY;
import static io.trapline.pipeline.BatchCodec.AVERAGE;
import static io.trapline.pipeline.BatchCodec.BINS;
import static io.trapline.pipeline.BatchCodec.BYTES;
import static io.trapline.pipeline.BatchCodec.CATEGORIES;
import static io.trapline.pipeline.BatchCodec.CHECK_STATE;
import static io.trapline.pipeline.BatchCodec.DOUBLE;
import static io.trapline.pipeline.BatchCodec.DOUBLE_WITH_DIGITS;
import static io.trapline.pipeline.BatchCodec.FALSE;
import static io.trapline.pipeline.BatchCodec.FIRST_NUMBER;
import static io.trapline.pipeline.BatchCodec.HELD;
import static io.trapline.pipeline.BatchCodec.INT;
import static io.trapline.pipeline.BatchCodec.JSON;
import static io.trapline.pipeline.BatchCodec.LAST;
import static io.trapline.pipeline.BatchCodec.NEW_TEXT;
import static io.trapline.pipeline.BatchCodec.NULL;
import static io.trapline.pipeline.BatchCodec.OUTCOMES;
import static io.trapline.pipeline.BatchCodec.PERIOD_END;
import static io.trapline.pipeline.BatchCodec.POINT;
import static io.trapline.pipeline.BatchCodec.PRESENCE;
import static io.trapline.pipeline.BatchCodec.RUN;
import static io.trapline.pipeline.BatchCodec.RUN_ON_HOST;
import static io.trapline.pipeline.BatchCodec.SAMPLE;
import static io.trapline.pipeline.BatchCodec.SAMPLE_TYPES;
import static io.trapline.pipeline.BatchCodec.SUM;
import static io.trapline.pipeline.BatchCodec.TEXT;
import static io.trapline.pipeline.BatchCodec.TRUE;
import static io.trapline.pipeline.BatchCodec.UINT;

import io.trapline.model.Blob;
import io.trapline.model.CheckState;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.HeldValue;
import io.trapline.model.PeriodEnd;
import io.trapline.model.Point;
import io.trapline.model.Run;
import io.trapline.model.Sample;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Reads one frame in the format of [BatchCodec]. Past the frame's end it throws
/// [IndexOutOfBoundsException].
final class FrameReader {
    /// No list is given more room than this before its elements are there.
    private static final int FIRST_ROOM = 1024;

    /// More than any sum of 64-bit integers has; reading digits costs the square of their number.
    private static final int MOST_DIGITS = 100;

    private static final FieldValue NOTHING = new FieldValue.Null();
    private static final FieldValue NO = new FieldValue.Bool(false);
    private static final FieldValue YES = new FieldValue.Bool(true);

    private final byte[] frame;
    private int at;
    private long lastTime;
    private final List<String> texts = new ArrayList<>();

    FrameReader(byte[] frame) {
        this.frame = frame;
    }

    Entry entry() {
        int kind = u8();
        return switch (kind) {
            case POINT -> new Point(CATEGORIES[u8()], text(), tags(), fields(), time());
            case SAMPLE -> new Sample(text(), tags(), sampleValue(), time());
            case RUN -> run();
            case RUN_ON_HOST -> {
                Run run = run();
                yield run.on(text());
            }
            case CHECK_STATE -> new CheckState(time(), text(), flag(), zigzag());
            case HELD -> new HeldValue(text(), tags(), flag(), part());
            case PERIOD_END -> new PeriodEnd(flag(), zigzag(), zigzag());
            default -> throw new IllegalStateException("journal frame has entry kind " + kind);
        };
    }

    private Run run() {
        return new Run(text(), text(), time(), time(), zigzag(), OUTCOMES[u8()], zigzag(), text());
    }

    private HeldValue.Part part() {
        int kind = u8();
        return switch (kind) {
            case PRESENCE -> new HeldValue.Part.Presence();
            case LAST -> new HeldValue.Part.Last(sampleValue());
            case SUM, AVERAGE ->
                    new HeldValue.Part.Summand(
                            kind == AVERAGE, sampleValue(), integer(), f64(), flag(), zigzag());
            case BINS -> new HeldValue.Part.Bins(flag(), flag(), Blob.of(bytes()));
            default -> throw new IllegalStateException("journal frame has part kind " + kind);
        };
    }

    private BigInteger integer() {
        String digits = text();
        if (digits.length() > MOST_DIGITS) {
            throw new IllegalStateException(
                    "journal frame has an integer of " + digits.length() + " digits");
        }
        return new BigInteger(digits);
    }

    private boolean flag() {
        return u8() == 1;
    }

    private List<Tag> tags() {
        int count = count();
        if (count == 0) {
            return List.of();
        }
        Tag[] tags = new Tag[count];
        for (int i = 0; i < count; i++) {
            tags[i] = new Tag(text(), text());
        }
        return List.of(tags);
    }

    private List<Field> fields() {
        int count = count();
        Field[] fields = new Field[count];
        for (int i = 0; i < count; i++) {
            String key = text();
            int kind = u8();
            fields[i] = new Field(key, kind == ARRAY ? array() : value(kind));
        }
        return List.of(fields);
    }

    private FieldValue value(int kind) {
        return switch (kind) {
            case NULL -> NOTHING;
            case DOUBLE -> new FieldValue.Real(f64());
            case DOUBLE_WITH_DIGITS -> new FieldValue.Real(f64(), text());
            case INT -> new FieldValue.Int(zigzag());
            case UINT -> new FieldValue.UInt(varint());
            case FALSE -> NO;
            case TRUE -> YES;
            case TEXT -> new FieldValue.Text(text());
            case BYTES -> new FieldValue.Bytes(Blob.of(bytes()));
            case JSON -> new FieldValue.Json(text());
            default -> throw new IllegalStateException("journal frame has value kind " + kind);
        };
    }

    private FieldValue array() {
        int count = count();
        List<FieldValue> values = new ArrayList<>(Math.min(count, FIRST_ROOM));
        for (int i = 0; i < count; i++) {
            int kind = u8();
            if (kind == ARRAY) {
                throw new IllegalStateException("journal frame has an array in an array");
            }
            values.add(value(kind));
        }
        return new FieldValue.Array(values);
    }

    private SampleValue sampleValue() {
        SampleType type = SAMPLE_TYPES[u8()];
        int kind = u8();
        return switch (kind) {
            case NULL -> new SampleValue.Absent(type);
            case DOUBLE -> new SampleValue.Real(f64());
            case DOUBLE_WITH_DIGITS -> new SampleValue.Real(f64(), text());
            case INT -> new SampleValue.Whole(type, zigzag());
            case TEXT -> new SampleValue.Text(text());
            case BYTES -> new SampleValue.Histogram(type, Blob.of(bytes()));
            default -> throw new IllegalStateException("journal frame has sample kind " + kind);
        };
    }

    long time() {
        lastTime += zigzag();
        return lastTime;
    }

    String text() {
        long number = varint();
        if (number < 0 || number - FIRST_NUMBER >= texts.size()) {
            throw new IllegalStateException(
                    "journal frame refers to text " + number + " of " + texts.size());
        }
        if (number >= FIRST_NUMBER) {
            return texts.get((int) number - FIRST_NUMBER);
        }
        int length = count();
        String text = new String(frame, at, length, StandardCharsets.UTF_8);
        at += length;
        if (number == NEW_TEXT) {
            texts.add(text);
        }
        return text;
    }

    private byte[] bytes() {
        int length = count();
        byte[] bytes = Arrays.copyOfRange(frame, at, at + length);
        at += length;
        return bytes;
    }

    private long zigzag() {
        long value = varint();
        return (value >>> 1) ^ -(value & 1);
    }

    private long varint() {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            byte next = frame[at++];
            value |= (long) (next & 0x7F) << shift;
            if (next >= 0) {
                return value;
            }
        }
        throw new IllegalStateException("journal frame has a number of over 64 bits");
    }

    /// A length or a count: what it speaks of must still be in the frame.
    int count() {
        long count = varint();
        if (count < 0 || count > frame.length - at) {
            throw new IllegalStateException(
                    "journal frame announces " + count + " items or bytes at " + at);
        }
        return (int) count;
    }

    /// Whether nothing follows.
    boolean isAtEnd() {
        return at == frame.length;
    }

    private double f64() {
        long bits = 0;
        for (int shift = 0; shift < 64; shift += 8) {
            bits |= (long) (frame[at++] & 0xFF) << shift;
        }
        return Double.longBitsToDouble(bits);
    }

    int u8() {
        return frame[at++] & 0xFF;
    }
}
