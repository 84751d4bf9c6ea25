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
import io.trapline.model.Tag;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/// Metrics as members of an HTTPTrap document: `"name|ST[cat:val]": {"_type": "L", "_value": "12",
/// "_ts": 1700000000123}`.
///
/// | ours | there |
/// | --- | --- |
/// | field `f1` of measurement `abc` with its tags | the name `abc.f1` with stream tags, see [TrapName] |
/// | a sample | its name with its tags, its type |
/// | 64-bit integers | `l`, `L`, as decimal text, exact |
/// | boolean | `i`, 1 or 0 |
/// | double; NaN and infinities | `n`; as text `nan`, `inf`, `-inf` |
/// | an integer that no double holds | `n` as its decimal text, which a receiver rounds |
/// | text; bytes | `s`, at most 4095 bytes of it; as base64 |
/// | histogram | `h`, `H`, the record as base64 |
/// | "no value" | `null` under its type |
/// | time | `_ts` in milliseconds, fraction cut off |
///
/// Lists, names that cannot be sent and all that is no metric are counted; times before
/// 1970-01-01T00:00:00.001Z, which the receiver would not take for a time, too. What arrives
/// otherwise than it is here is counted as well; so are values of one stream in one millisecond, of
/// which a receiver keeps one.
final class TrapMapping {
    static final String LIST = "list in a metric";
    static final String NO_METRIC = "no metric";
    static final String TIME = "time before 1970";
    static final String LONG_TEXT = "text over 4095 bytes, cut";
    static final String ROUNDED = "integer that a double cannot hold, rounded there";
    static final String SAME_TIME = "same stream and millisecond as another, one is kept there";

    private static final int MAX_TEXT_BYTES = 4095;

    private final boolean ascii;
    private final Recent recent = new Recent();

    /// @param ascii whether the receiver's names are ASCII
    TrapMapping(boolean ascii) {
        this.ascii = ascii;
    }

    void encode(Selected selected, Encoding out) {
        for (Selected.Part part : selected.parts()) {
            switch (part.entry()) {
                case Point point when point.category() == Category.METRIC ->
                        add(selected, part, members(point, out), out);
                case Sample(String name, List<Tag> tags, SampleValue value, long timeNs) -> {
                    Members members = new Members(tags, timeNs, out);
                    members.add(name, value);
                    add(selected, part, members, out);
                }
                case Point _ -> out.skip(NO_METRIC);
                case Run _, CheckState _, HeldValue _, PeriodEnd _ -> {}
            }
        }
    }

    private static void add(Selected selected, Selected.Part part, Members members, Encoding out) {
        int count = members.all.size();
        if (count > 0) {
            out.add(new Item(selected.frame().position(), part.end(), members.bytes(), count));
        }
    }

    private Members members(Point point, Encoding out) {
        Members members = new Members(point.tags(), point.timeNs(), out);
        for (Field field : point.fields()) {
            String name = point.name() + "." + field.key();
            switch (field.value()) {
                case FieldValue.Array _, FieldValue.Json _ -> out.skip(LIST);
                case FieldValue.Null _ -> {}
                case FieldValue.Real(double number, var digits) ->
                        members.add(name, new SampleValue.Real(number, digits));
                case FieldValue.Int(long number) ->
                        members.add(name, new SampleValue.Whole(SampleType.INT64, number));
                case FieldValue.UInt(long bits) ->
                        members.add(name, new SampleValue.Whole(SampleType.UINT64, bits));
                case FieldValue.Bool(boolean yes) ->
                        members.add(name, new SampleValue.Whole(SampleType.INT32, yes ? 1 : 0));
                case FieldValue.Text(String text) -> members.add(name, new SampleValue.Text(text));
                case FieldValue.Bytes(var blob) ->
                        members.add(name, new SampleValue.Text(blob.toBase64()));
            }
        }
        return members;
    }

    /// What an entry becomes: members of an object, without its braces.
    private final class Members {
        private final TrapName.Block block;
        private final long ms;
        private final Encoding out;
        private final List<Member> all = new ArrayList<>();

        private record Member(String key, SampleValue value) {}

        Members(List<Tag> tags, long timeNs, Encoding out) {
            block = TrapName.block(tags);
            ms = Math.floorDiv(timeNs, 1_000_000L);
            this.out = out;
        }

        void add(String name, SampleValue value) {
            if (ms <= 0) {
                out.skip(TIME);
                return;
            }
            switch (TrapName.key(name, block, ascii)) {
                case TrapName.Key.Skipped(String reason) -> out.skip(reason);
                case TrapName.Key.Sent(String key, Set<String> changes) -> {
                    changes.forEach(out::change);
                    if (!recent.isNew(key, value instanceof SampleValue.Histogram, ms)) {
                        out.change(SAME_TIME);
                    }
                    all.add(new Member(key, fitting(value)));
                }
            }
        }

        private SampleValue fitting(SampleValue value) {
            if (value instanceof SampleValue.Real(_, var digits) && digits != null) {
                out.change(ROUNDED);
            } else if (value instanceof SampleValue.Text(String text)
                    && ShortText.utf8Length(text) > MAX_TEXT_BYTES) {
                out.change(LONG_TEXT);
                return new SampleValue.Text(ShortText.cut(text, MAX_TEXT_BYTES));
            }
            return value;
        }

        byte[] bytes() {
            byte[] object =
                    Json.write(json -> {
                        json.writeStartObject();
                        for (Member member : all) {
                            json.writeObjectFieldStart(member.key);
                            char letter = member.value.type().letter();
                            json.writeStringField("_type", String.valueOf(letter));
                            json.writeFieldName("_value");
                            value(json, member.value);
                            json.writeNumberField("_ts", ms);
                            json.writeEndObject();
                        }
                        json.writeEndObject();
                    });
            return Arrays.copyOfRange(object, 1, object.length - 1);
        }
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
