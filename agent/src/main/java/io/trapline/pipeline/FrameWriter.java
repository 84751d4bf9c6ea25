package io.trapline.pipeline;

import static io.trapline.pipeline.BatchCodec.ARRAY;
import static io.trapline.pipeline.BatchCodec.AVERAGE;
import static io.trapline.pipeline.BatchCodec.BINS;
import static io.trapline.pipeline.BatchCodec.BYTES;
import static io.trapline.pipeline.BatchCodec.CHECK_STATE;
import static io.trapline.pipeline.BatchCodec.DICTIONARY_LIMIT;
import static io.trapline.pipeline.BatchCodec.DOUBLE;
import static io.trapline.pipeline.BatchCodec.DOUBLE_WITH_DIGITS;
import static io.trapline.pipeline.BatchCodec.FALSE;
import static io.trapline.pipeline.BatchCodec.FIRST_NUMBER;
import static io.trapline.pipeline.BatchCodec.HELD;
import static io.trapline.pipeline.BatchCodec.INT;
import static io.trapline.pipeline.BatchCodec.JSON;
import static io.trapline.pipeline.BatchCodec.LAST;
import static io.trapline.pipeline.BatchCodec.LONG_TEXT;
import static io.trapline.pipeline.BatchCodec.NEW_TEXT;
import static io.trapline.pipeline.BatchCodec.NULL;
import static io.trapline.pipeline.BatchCodec.PERIOD_END;
import static io.trapline.pipeline.BatchCodec.POINT;
import static io.trapline.pipeline.BatchCodec.PRESENCE;
import static io.trapline.pipeline.BatchCodec.RUN;
import static io.trapline.pipeline.BatchCodec.RUN_ON_HOST;
import static io.trapline.pipeline.BatchCodec.SAMPLE;
import static io.trapline.pipeline.BatchCodec.SUM;
import static io.trapline.pipeline.BatchCodec.TEXT;
import static io.trapline.pipeline.BatchCodec.TRUE;
import static io.trapline.pipeline.BatchCodec.UINT;
import static io.trapline.pipeline.BatchCodec.VERSION;

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
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes one frame in the format of [BatchCodec], entry by entry; what it has is a whole frame
/// after each.
@SuppressWarnings("EnumOrdinal")
final class FrameWriter {
    /// Of a varint that is written before its value is known, and is padded.
    private static final int COUNT_BYTES = 4;

    private byte[] buffer;
    private int size;
    private int count;
    private final int countAt;
    private long lastTime;
    private final Map<String, Integer> numbers = new HashMap<>();

    /// The bytes of those whose texts all have numbers.
    private final TagLists<byte[]> tagLists = new TagLists<>();

    /// @param capacity bytes to begin with
    FrameWriter(String source, long acceptedNs, int capacity) {
        buffer = new byte[capacity];
        u8(VERSION);
        text(source);
        time(acceptedNs);
        countAt = size;
        reserve(COUNT_BYTES);
        size += COUNT_BYTES;
    }

    /// Entries so far.
    int count() {
        return count;
    }

    /// Bytes so far.
    int size() {
        return size;
    }

    byte[] toBytes() {
        int rest = count;
        for (int i = 0; i < COUNT_BYTES - 1; i++) {
            buffer[countAt + i] = (byte) (rest | 0x80);
            rest >>>= 7;
        }
        buffer[countAt + COUNT_BYTES - 1] = (byte) rest;
        return Arrays.copyOf(buffer, size);
    }

    void add(Entry entry) {
        count++;
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
                u8(run.host().isEmpty() ? RUN : RUN_ON_HOST);
                text(run.input());
                text(run.collector());
                time(run.plannedNs());
                time(run.startedNs());
                zigzag(run.durationNs());
                u8(run.outcome().ordinal());
                zigzag(run.points());
                text(run.error());
                if (!run.host().isEmpty()) {
                    text(run.host());
                }
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
        byte[] known = tagLists.get(tags);
        if (known != null) {
            raw(known);
            return;
        }
        int texts = numbers.size();
        int from = size;
        boolean numbered = true;
        varint(tags.size());
        for (int i = 0; i < tags.size(); i++) {
            Tag tag = tags.get(i);
            text(tag.key());
            text(tag.value());
            numbered &=
                    tag.key().length() <= DICTIONARY_LIMIT
                            && tag.value().length() <= DICTIONARY_LIMIT;
        }
        // Only the second time all of its texts have numbers.
        if (numbered && numbers.size() == texts) {
            tagLists.put(tags, Arrays.copyOfRange(buffer, from, size));
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
            case FieldValue.Json(String text) -> {
                u8(JSON);
                text(text);
            }
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

    private void time(long timeNs) {
        // Wraps around on overflow, and so does the decoder's sum.
        zigzag(timeNs - lastTime);
        lastTime = timeNs;
    }

    private void text(String text) {
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
        raw(bytes);
    }

    private void raw(byte[] bytes) {
        reserve(bytes.length);
        System.arraycopy(bytes, 0, buffer, size, bytes.length);
        size += bytes.length;
    }

    private void zigzag(long value) {
        varint((value << 1) ^ (value >> 63));
    }

    private void varint(long value) {
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

    private void u8(int value) {
        reserve(1);
        buffer[size++] = (byte) value;
    }

    private void reserve(int more) {
        if (buffer.length - size < more) {
            buffer = Arrays.copyOf(buffer, Math.max(buffer.length * 2, size + more));
        }
    }
}
