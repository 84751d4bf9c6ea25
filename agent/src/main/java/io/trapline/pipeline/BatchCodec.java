package io.trapline.pipeline;

import io.trapline.model.Batch;
import io.trapline.model.Blob;
import io.trapline.model.Category;
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
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A batch as the journal's bytes, and back.
///
/// ```
/// frame   = version:u8 (1)  source:text  accepted:time  count:varint  entry*
/// entry   = 1 point  | category:u8  name:text  tags  fields  time
///         | 2 sample | name:text  tags  sample  time
///         | 3 run    | input:text collector:text planned:time started:time duration:zigzag
///                      outcome:u8 points:zigzag error:text
///         | 4 check  | time source:text available:u8 metrics:zigzag
///         | 5 held   | name:text  tags  accepted:u8  part
///         | 6 end    | window:u8 end:zigzag through:zigzag
/// part    = 0 present | 1 last: sample
///         | 2 sum or 3 average: sample whole:text real:f64 hasReal:u8 count:zigzag
///         | 4 bins: cumulative:u8 replacesAll:u8 blob
/// tags    = count:varint (key:text value:text)*
/// fields  = count:varint (key:text value)*
/// value   = 0 null | 1 double:f64 | 2 double:f64 digits:text | 3 int:zigzag | 4 uint:varint
///         | 5 false | 6 true | 7 text | 8 bytes:blob | 9 array: count:varint value*
/// sample  = type:u8 then: 0 absent | 1 double:f64 | 2 double:f64 digits:text | 3 bits:zigzag
///         | 7 text | 8 bytes:blob
/// time    = zigzag of the difference to the time before it in the frame (first: to 0)
/// text    = 0 length:varint utf8   first time; takes the next number, counted from 2
///         | 1 length:varint utf8   a long text, takes no number
///         | n                      the text with number n
/// ```
///
/// `varint` is LEB128, `f64` little-endian. Enums are written as their ordinal: append to them,
/// never reorder. A frame is whole or not there (the journal has checksums), so that a bad one is a
/// defect: [#decode] throws [IllegalStateException].
@SuppressWarnings("EnumOrdinal")
public final class BatchCodec {
    private static final int VERSION = 1;

    private static final int POINT = 1;
    private static final int SAMPLE = 2;
    private static final int RUN = 3;
    private static final int CHECK_STATE = 4;
    private static final int HELD = 5;
    private static final int PERIOD_END = 6;

    private static final int PRESENCE = 0;
    private static final int LAST = 1;
    private static final int SUM = 2;
    private static final int AVERAGE = 3;
    private static final int BINS = 4;

    private static final int NULL = 0;
    private static final int DOUBLE = 1;
    private static final int DOUBLE_WITH_DIGITS = 2;
    private static final int INT = 3;
    private static final int UINT = 4;
    private static final int FALSE = 5;
    private static final int TRUE = 6;
    private static final int TEXT = 7;
    private static final int BYTES = 8;
    private static final int ARRAY = 9;

    private static final int NEW_TEXT = 0;
    private static final int LONG_TEXT = 1;
    private static final int FIRST_NUMBER = 2;

    /// Longer texts are rarely seen twice and would only fill the dictionary.
    private static final int DICTIONARY_LIMIT = 128;

    private static final Category[] CATEGORIES = Category.values();
    private static final Run.Outcome[] OUTCOMES = Run.Outcome.values();
    private static final SampleType[] SAMPLE_TYPES = SampleType.values();

    private BatchCodec() {}

    public static byte[] encode(Batch batch) {
        Encoder out = new Encoder(64 + 48 * batch.entries().size());
        out.u8(VERSION);
        out.text(batch.source());
        out.time(batch.acceptedNs());
        out.varint(batch.entries().size());
        for (Entry entry : batch.entries()) {
            out.entry(entry);
        }
        return out.toBytes();
    }

    /// The source alone, at a fraction of the cost.
    public static String sourceOf(byte[] frame) {
        Decoder in = new Decoder(frame);
        try {
            return in.u8() == VERSION ? in.text() : "";
        } catch (IndexOutOfBoundsException e) {
            return "";
        }
    }

    public static Batch decode(byte[] frame) {
        Decoder in = new Decoder(frame);
        try {
            int version = in.u8();
            if (version != VERSION) {
                throw new IllegalStateException(
                        "journal frame has version " + version + ", this program reads " + VERSION);
            }
            String source = in.text();
            long accepted = in.time();
            int count = in.count();
            List<Entry> entries = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                entries.add(in.entry());
            }
            return new Batch(source, accepted, entries);
        } catch (IndexOutOfBoundsException e) {
            throw new IllegalStateException(
                    "journal frame of " + frame.length + " bytes ends early", e);
        }
    }

    private static final class Encoder {
        private byte[] buffer;
        private int size;
        private long lastTime;
        private final Map<String, Integer> numbers = new HashMap<>();

        Encoder(int capacity) {
            buffer = new byte[capacity];
        }

        byte[] toBytes() {
            return Arrays.copyOf(buffer, size);
        }

        void entry(Entry entry) {
            switch (entry) {
                case Point point -> {
                    u8(POINT);
                    u8(point.category().ordinal());
                    text(point.name());
                    tags(point.tags());
                    fields(point.fields());
                    time(point.timeNs());
                }
                case Sample sample -> {
                    u8(SAMPLE);
                    text(sample.name());
                    tags(sample.tags());
                    sampleValue(sample.value());
                    time(sample.timeNs());
                }
                case Run run -> {
                    u8(RUN);
                    text(run.input());
                    text(run.collector());
                    time(run.plannedNs());
                    time(run.startedNs());
                    zigzag(run.durationNs());
                    u8(run.outcome().ordinal());
                    zigzag(run.points());
                    text(run.error());
                }
                case CheckState state -> {
                    u8(CHECK_STATE);
                    time(state.timeNs());
                    text(state.source());
                    flag(state.available());
                    zigzag(state.metrics());
                }
                case HeldValue held -> {
                    u8(HELD);
                    text(held.name());
                    tags(held.tags());
                    flag(held.accepted());
                    part(held.part());
                }
                case PeriodEnd end -> {
                    u8(PERIOD_END);
                    flag(end.window());
                    zigzag(end.endMs());
                    zigzag(end.through());
                }
            }
        }

        private void part(HeldValue.Part part) {
            switch (part) {
                case HeldValue.Part.Presence _ -> u8(PRESENCE);
                case HeldValue.Part.Last(SampleValue value) -> {
                    u8(LAST);
                    sampleValue(value);
                }
                case HeldValue.Part.Summand sum -> {
                    u8(sum.average() ? AVERAGE : SUM);
                    sampleValue(sum.value());
                    text(sum.whole().toString());
                    f64(sum.real());
                    flag(sum.hasReal());
                    zigzag(sum.count());
                }
                case HeldValue.Part.Bins(var cumulative, var replacesAll, Blob bytes) -> {
                    u8(BINS);
                    flag(cumulative);
                    flag(replacesAll);
                    bytes(bytes.toBytes());
                }
            }
        }

        private void flag(boolean yes) {
            u8(yes ? 1 : 0);
        }

        private void tags(List<Tag> tags) {
            varint(tags.size());
            for (int i = 0; i < tags.size(); i++) {
                Tag tag = tags.get(i);
                text(tag.key());
                text(tag.value());
            }
        }

        private void fields(List<Field> fields) {
            varint(fields.size());
            for (int i = 0; i < fields.size(); i++) {
                Field field = fields.get(i);
                text(field.key());
                value(field.value());
            }
        }

        private void value(FieldValue value) {
            switch (value) {
                case FieldValue.Null _ -> u8(NULL);
                case FieldValue.Real(double number, var digits) -> real(number, digits);
                case FieldValue.Int(long number) -> {
                    u8(INT);
                    zigzag(number);
                }
                case FieldValue.UInt(long bits) -> {
                    u8(UINT);
                    varint(bits);
                }
                case FieldValue.Bool(boolean yes) -> u8(yes ? TRUE : FALSE);
                case FieldValue.Text(String text) -> {
                    u8(TEXT);
                    text(text);
                }
                case FieldValue.Bytes(Blob bytes) -> blob(bytes);
                case FieldValue.Array(List<FieldValue> values) -> {
                    u8(ARRAY);
                    varint(values.size());
                    for (FieldValue element : values) {
                        value(element);
                    }
                }
            }
        }

        private void sampleValue(SampleValue value) {
            u8(value.type().ordinal());
            switch (value) {
                case SampleValue.Absent _ -> u8(NULL);
                case SampleValue.Real(double number, var digits) -> real(number, digits);
                case SampleValue.Whole(var _, long bits) -> {
                    u8(INT);
                    zigzag(bits);
                }
                case SampleValue.Text(String text) -> {
                    u8(TEXT);
                    text(text);
                }
                case SampleValue.Histogram(var _, Blob bytes) -> blob(bytes);
            }
        }

        private void real(double number, @Nullable String digits) {
            u8(digits == null ? DOUBLE : DOUBLE_WITH_DIGITS);
            f64(number);
            if (digits != null) {
                text(digits);
            }
        }

        private void blob(Blob blob) {
            u8(BYTES);
            bytes(blob.toBytes());
        }

        void time(long timeNs) {
            // Wraps around on overflow, and so does the decoder's sum.
            zigzag(timeNs - lastTime);
            lastTime = timeNs;
        }

        void text(String text) {
            Integer number = numbers.get(text);
            if (number != null) {
                varint(number);
                return;
            }
            if (text.length() <= DICTIONARY_LIMIT) {
                numbers.put(text, numbers.size() + FIRST_NUMBER);
                u8(NEW_TEXT);
            } else {
                u8(LONG_TEXT);
            }
            bytes(text.getBytes(StandardCharsets.UTF_8));
        }

        private void bytes(byte[] bytes) {
            varint(bytes.length);
            reserve(bytes.length);
            System.arraycopy(bytes, 0, buffer, size, bytes.length);
            size += bytes.length;
        }

        private void zigzag(long value) {
            varint((value << 1) ^ (value >> 63));
        }

        void varint(long value) {
            reserve(10);
            long rest = value;
            while ((rest & ~0x7FL) != 0) {
                buffer[size++] = (byte) (rest | 0x80);
                rest >>>= 7;
            }
            buffer[size++] = (byte) rest;
        }

        private void f64(double value) {
            reserve(8);
            long bits = Double.doubleToRawLongBits(value);
            for (int shift = 0; shift < 64; shift += 8) {
                buffer[size++] = (byte) (bits >>> shift);
            }
        }

        void u8(int value) {
            reserve(1);
            buffer[size++] = (byte) value;
        }

        private void reserve(int more) {
            if (buffer.length - size < more) {
                buffer = Arrays.copyOf(buffer, Math.max(buffer.length * 2, size + more));
            }
        }
    }

    private static final class Decoder {
        private final byte[] frame;
        private int at;
        private long lastTime;
        private final List<String> texts = new ArrayList<>();

        Decoder(byte[] frame) {
            this.frame = frame;
        }

        Entry entry() {
            int kind = u8();
            return switch (kind) {
                case POINT -> new Point(CATEGORIES[u8()], text(), tags(), fields(), time());
                case SAMPLE -> new Sample(text(), tags(), sampleValue(), time());
                case RUN ->
                        new Run(
                                text(),
                                text(),
                                time(),
                                time(),
                                zigzag(),
                                OUTCOMES[u8()],
                                zigzag(),
                                text());
                case CHECK_STATE -> new CheckState(time(), text(), flag(), zigzag());
                case HELD -> new HeldValue(text(), tags(), flag(), part());
                case PERIOD_END -> new PeriodEnd(flag(), zigzag(), zigzag());
                default -> throw new IllegalStateException("journal frame has entry kind " + kind);
            };
        }

        private HeldValue.Part part() {
            int kind = u8();
            return switch (kind) {
                case PRESENCE -> new HeldValue.Part.Presence();
                case LAST -> new HeldValue.Part.Last(sampleValue());
                case SUM, AVERAGE ->
                        new HeldValue.Part.Summand(
                                kind == AVERAGE,
                                sampleValue(),
                                new BigInteger(text()),
                                f64(),
                                flag(),
                                zigzag());
                case BINS -> new HeldValue.Part.Bins(flag(), flag(), Blob.of(bytes()));
                default -> throw new IllegalStateException("journal frame has part kind " + kind);
            };
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
                fields[i] = new Field(text(), value());
            }
            return List.of(fields);
        }

        private FieldValue value() {
            int kind = u8();
            return switch (kind) {
                case NULL -> new FieldValue.Null();
                case DOUBLE -> new FieldValue.Real(f64());
                case DOUBLE_WITH_DIGITS -> new FieldValue.Real(f64(), text());
                case INT -> new FieldValue.Int(zigzag());
                case UINT -> new FieldValue.UInt(varint());
                case FALSE -> new FieldValue.Bool(false);
                case TRUE -> new FieldValue.Bool(true);
                case TEXT -> new FieldValue.Text(text());
                case BYTES -> new FieldValue.Bytes(Blob.of(bytes()));
                case ARRAY -> array();
                default -> throw new IllegalStateException("journal frame has value kind " + kind);
            };
        }

        private FieldValue array() {
            int count = count();
            List<FieldValue> values = new ArrayList<>(count);
            for (int i = 0; i < count; i++) {
                values.add(value());
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
            int number = (int) varint();
            if (number >= FIRST_NUMBER) {
                return texts.get(number - FIRST_NUMBER);
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
}
