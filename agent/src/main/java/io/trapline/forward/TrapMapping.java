package io.trapline.forward;

import com.fasterxml.jackson.core.JsonGenerator;
import io.trapline.model.Category;
import io.trapline.model.CheckState;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.HeldValue;
import io.trapline.model.PeriodEnd;
import io.trapline.model.Point;
import io.trapline.model.Run;
import io.trapline.model.Sample;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import io.trapline.model.StreamName;
import io.trapline.model.Tag;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

/// Metrics as members of an HTTPTrap document: `"name|ST[cat:val]": {"_type": "L", "_value": "12",
/// "_ts": 1700000000123}`.
///
/// | ours | there |
/// | --- | --- |
/// | field `f1` of measurement `abc` with its tags | the name `abc.f1` with canonical stream tags |
/// | a sample | its name with its tags, its type |
/// | 64-bit integers | `l`, `L`, as decimal text, exact |
/// | boolean | `i`, 1 or 0 |
/// | double; NaN and infinities | `n`; as text `nan`, `inf`, `-inf` |
/// | an integer that no double holds | `n` as its decimal text |
/// | text; bytes | `s`; as base64 |
/// | histogram | `h`, `H`, the record as base64 |
/// | "no value" | `null` under its type |
/// | time | `_ts` in milliseconds, fraction cut off |
///
/// Lists, names that the receiver would drop (over 4095 bytes, over 256 tags) and all that is no
/// metric are counted; times before 1970-01-01T00:00:00.001Z, which the receiver would not take for
/// a time, too.
final class TrapMapping {
    static final String LIST = "list in a metric";
    static final String NO_METRIC = "no metric";
    static final String NAME = "name too long or with too many tags";
    static final String TIME = "time before 1970";

    private static final int MAX_NAME_BYTES = 4095;
    private static final int MAX_TAGS = 256;

    private TrapMapping() {}

    static void encode(Selected selected, Encoding out) {
        for (Selected.Part part : selected.parts()) {
            byte[] members =
                    switch (part.entry()) {
                        case Point point when point.category() == Category.METRIC ->
                                members(json -> point(json, point, out));
                        case Sample(String name, List<Tag> tags, SampleValue value, long timeNs) ->
                                members(json -> member(json, name, tags, value, timeNs, out));
                        case Point _ -> {
                            out.skip(NO_METRIC);
                            yield new byte[0];
                        }
                        case Run _, CheckState _, HeldValue _, PeriodEnd _ -> new byte[0];
                    };
            if (members.length > 0) {
                out.add(new Item(selected.frame().position(), part.end(), members));
            }
        }
    }

    /// An object without its braces.
    private static byte[] members(Json.Writing writing) {
        byte[] object =
                Json.write(json -> {
                    json.writeStartObject();
                    writing.to(json);
                    json.writeEndObject();
                });
        return Arrays.copyOfRange(object, 1, object.length - 1);
    }

    private static void point(JsonGenerator json, Point point, Encoding out) throws IOException {
        for (Field field : point.fields()) {
            String name = point.name() + "." + field.key();
            switch (field.value()) {
                case FieldValue.Array _, FieldValue.Json _ -> out.skip(LIST);
                case FieldValue.Null _ -> {}
                case FieldValue.Real(double number, var digits) ->
                        member(
                                json,
                                name,
                                point.tags(),
                                new SampleValue.Real(number, digits),
                                point.timeNs(),
                                out);
                case FieldValue.Int(long number) ->
                        whole(json, name, point, SampleType.INT64, number, out);
                case FieldValue.UInt(long bits) ->
                        whole(json, name, point, SampleType.UINT64, bits, out);
                case FieldValue.Bool(boolean yes) ->
                        whole(json, name, point, SampleType.INT32, yes ? 1 : 0, out);
                case FieldValue.Text(String text) -> text(json, name, point, text, out);
                case FieldValue.Bytes(var blob) -> text(json, name, point, blob.toBase64(), out);
            }
        }
    }

    private static void whole(
            JsonGenerator json, String name, Point point, SampleType type, long bits, Encoding out)
            throws IOException {
        SampleValue value = new SampleValue.Whole(type, bits);
        member(json, name, point.tags(), value, point.timeNs(), out);
    }

    private static void text(
            JsonGenerator json, String name, Point point, String text, Encoding out)
            throws IOException {
        member(json, name, point.tags(), new SampleValue.Text(text), point.timeNs(), out);
    }

    private static void member(
            JsonGenerator json,
            String name,
            List<Tag> tags,
            SampleValue value,
            long timeNs,
            Encoding out)
            throws IOException {
        String stream = StreamName.canonical(name, tags);
        if (tags.size() > MAX_TAGS
                || stream.getBytes(StandardCharsets.UTF_8).length > MAX_NAME_BYTES) {
            out.skip(NAME);
            return;
        }
        long ms = Math.floorDiv(timeNs, 1_000_000L);
        if (ms <= 0) {
            out.skip(TIME);
            return;
        }
        json.writeObjectFieldStart(stream);
        json.writeStringField("_type", String.valueOf(value.type().letter()));
        json.writeFieldName("_value");
        value(json, value);
        json.writeNumberField("_ts", ms);
        json.writeEndObject();
    }

    private static void value(JsonGenerator json, SampleValue value) throws IOException {
        switch (value) {
            case SampleValue.Real(double number, var digits) -> {
                if (digits != null) {
                    json.writeString(digits);
                } else if (Double.isNaN(number)) {
                    json.writeString("nan");
                } else if (Double.isInfinite(number)) {
                    json.writeString(number > 0 ? "inf" : "-inf");
                } else {
                    json.writeNumber(number);
                }
            }
            case SampleValue.Whole(var type, long bits) -> {
                switch (type) {
                    case INT64 -> json.writeString(Long.toString(bits));
                    case UINT64 -> json.writeString(Long.toUnsignedString(bits));
                    default -> json.writeNumber(bits);
                }
            }
            case SampleValue.Text(String text) -> json.writeString(text);
            case SampleValue.Histogram(var _, var record) -> json.writeString(record.toBase64());
            case SampleValue.Absent _ -> json.writeNull();
        }
    }
}
