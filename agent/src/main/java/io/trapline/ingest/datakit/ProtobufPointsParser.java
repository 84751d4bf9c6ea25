package io.trapline.ingest.datakit;

import static io.trapline.ingest.datakit.RefusedException.badRequest;

import io.trapline.model.Blob;
import io.trapline.model.Category;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Tag;
import io.trapline.pipeline.Decoded.Warning;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Points as protobuf (`application/protobuf; proto=com.guance.Point`).
///
/// ```
/// points = 1: point*
/// point  = 1: name  2: field*  3: time (int64)             others are skipped
/// field  = 1: key  2: i (int64)  3: u (uint64)  4: f (double)  5: b (bool)  6: d (bytes)
///          7: a (an `Any`, refused)  8: is_tag (bool)  11: s (string)     others are skipped
/// ```
final class ProtobufPointsParser {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int LENGTH = 2;
    private static final int FIXED32 = 5;

    private final byte[] bytes;
    private final int end;
    private int at;

    private ProtobufPointsParser(byte[] bytes, int from, int to) {
        this.bytes = bytes;
        this.at = from;
        this.end = to;
    }

    /// @param sink takes the points one by one; what it took is void when the batch is refused
    /// @return what had to be mended
    static List<Warning> parse(byte[] body, Category category, Timestamps times, PointSink sink)
            throws RefusedException {
        Mended warnings = new Mended();
        int count = 0;
        ProtobufPointsParser in = new ProtobufPointsParser(body, 0, body.length);
        while (in.at < in.end) {
            long tag = in.varint();
            if (tag == (1 << 3 | LENGTH)) {
                Point point = in.message().point(category, times);
                if (point.timeNs() == Timestamps.OUT_OF_RANGE) {
                    warnings.add(Timestamps.warning(count));
                    point =
                            new Point(
                                    category,
                                    point.name(),
                                    point.tags(),
                                    point.fields(),
                                    times.receivedNs());
                }
                sink.accept(point);
                count++;
            } else {
                in.skip(tag);
            }
        }
        return warnings.list();
    }

    private Point point(Category category, Timestamps times) throws RefusedException {
        String name = "";
        long time = 0;
        int values = 0;
        Map<String, Tag> tags = new LinkedHashMap<>();
        Map<String, Field> fields = new LinkedHashMap<>();
        while (at < end) {
            long tag = varint();
            if (tag == (1 << 3 | LENGTH)) {
                name = text();
            } else if (tag == (2 << 3 | LENGTH)) {
                if (++values > WriteDecoder.MOST_VALUES) {
                    throw bad("a point that " + WriteDecoder.TOO_MANY_VALUES);
                }
                message().field(tags, fields);
            } else if (tag == (3 << 3 | VARINT)) {
                time = varint();
            } else {
                skip(tag);
            }
        }
        return new Point(
                category,
                name,
                List.copyOf(tags.values()),
                List.copyOf(fields.values()),
                times.toNs(time));
    }

    private void field(Map<String, Tag> tags, Map<String, Field> fields) throws RefusedException {
        String key = "";
        boolean isTag = false;
        FieldValue value = new FieldValue.Null();
        while (at < end) {
            long tag = varint();
            if (tag == (1 << 3 | LENGTH)) {
                key = text();
            } else if (tag == (2 << 3 | VARINT)) {
                value = new FieldValue.Int(varint());
            } else if (tag == (3 << 3 | VARINT)) {
                value = new FieldValue.UInt(varint());
            } else if (tag == (4 << 3 | FIXED64)) {
                value = new FieldValue.Real(Double.longBitsToDouble(fixed64()));
            } else if (tag == (5 << 3 | VARINT)) {
                value = new FieldValue.Bool(varint() != 0);
            } else if (tag == (6 << 3 | LENGTH)) {
                value = new FieldValue.Bytes(Blob.of(bytes()));
            } else if (tag == (7 << 3 | LENGTH)) {
                throw bad("an array, which is not taken in this format; send it as JSON");
            } else if (tag == (8 << 3 | VARINT)) {
                isTag = varint() != 0;
            } else if (tag == (11 << 3 | LENGTH)) {
                value = new FieldValue.Text(text());
            } else {
                skip(tag);
            }
        }
        if (!isTag) {
            fields.put(key, new Field(key, value));
        } else if (value instanceof FieldValue.Text(String text)) {
            tags.put(key, new Tag(key, text));
        } else if (value instanceof FieldValue.Null) {
            tags.put(key, new Tag(key, ""));
        } else {
            throw bad("a tag that is no text");
        }
    }

    private ProtobufPointsParser message() throws RefusedException {
        int length = length();
        at += length;
        return new ProtobufPointsParser(bytes, at - length, at);
    }

    private String text() throws RefusedException {
        int length = length();
        at += length;
        return new String(bytes, at - length, length, StandardCharsets.UTF_8);
    }

    private byte[] bytes() throws RefusedException {
        int length = length();
        at += length;
        return Arrays.copyOfRange(bytes, at - length, at);
    }

    private int length() throws RefusedException {
        long length = varint();
        if (length < 0 || length > end - at) {
            throw bad(
                    "a length of "
                            + Long.toUnsignedString(length)
                            + " with "
                            + (end - at)
                            + " bytes left");
        }
        return (int) length;
    }

    private long fixed64() throws RefusedException {
        if (end - at < 8) {
            throw bad("the end inside a number");
        }
        long value = 0;
        for (int shift = 0; shift < 64; shift += 8) {
            value |= (bytes[at++] & 0xFFL) << shift;
        }
        return value;
    }

    private long varint() throws RefusedException {
        long value = 0;
        for (int shift = 0; shift < 70; shift += 7) {
            if (at >= end) {
                throw bad("the end inside a number");
            }
            byte next = bytes[at++];
            value |= shift < 64 ? (long) (next & 0x7F) << shift : 0;
            if (next >= 0) {
                return value;
            }
        }
        throw bad("a number of over 64 bits");
    }

    private void skip(long tag) throws RefusedException {
        int size =
                switch ((int) (tag & 7)) {
                    case VARINT -> {
                        varint();
                        yield 0;
                    }
                    case FIXED64 -> 8;
                    case LENGTH -> length();
                    case FIXED32 -> 4;
                    default -> throw bad("wire type " + (tag & 7));
                };
        if (tag >>> 3 == 0 || size > end - at) {
            throw bad("field " + (tag >>> 3) + " with " + (end - at) + " bytes left");
        }
        at += size;
    }

    private RefusedException bad(String found) {
        return badRequest(
                "datakit.invalidProtobufPoint", "no protobuf points: at byte " + at + " " + found);
    }
}
