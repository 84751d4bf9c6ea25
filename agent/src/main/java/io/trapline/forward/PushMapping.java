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
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Entries as items of a BlueKing push.
///
/// To a data_id of type `time_series` go metrics:
///
/// | ours | item |
/// | --- | --- |
/// | field `f1` of measurement `abc` | `metrics.abc_f1`; all fields of a point share one item |
/// | a sample | `metrics.<name>`; neighbours with the same tags and time share one item |
/// | the tag `target` of a push's sample, else `host`, else `target`, else the output's | `target` |
/// | all other tags | `dimension`, as text; a key given twice is joined with a comma |
/// | time | `timestamp` in milliseconds, fraction cut off |
///
/// Names become what the receiver takes: every character but ASCII letters, digits and `_` is
/// written as `_`, a digit in front gets one before it, and of two names that then are the same in
/// one item the later gets `_2`. Booleans are 1 and 0, integers keep all digits. Texts, bytes,
/// lists, histograms, NaN and infinities have no place there and are counted.
///
/// To a data_id of type `event` goes every point of another category: `event_name` is its name (128
/// characters at most), `event` its fields if one is `content`; else `content` is the field
/// `message` and the other fields stand beside it; else `content` is all fields as JSON text.
///
/// Runs and check states go to neither.
final class PushMapping {
    static final String TEXT_VALUE = "text or list in a metric";
    static final String NOT_FINITE = "no finite number";
    static final String HISTOGRAM = "histogram";
    static final String NO_EVENT = "metric, and the data_id takes events";
    static final String NO_METRIC = "no metric, and the data_id takes metrics";

    private static final int MAX_EVENT_NAME = 128;
    private static final int MAX_GROUP = 100;
    private static final String TARGET = "target";
    private static final String HOST = "host";
    private static final String CONTENT = "content";
    private static final String MESSAGE = "message";

    private final PushOutputSettings.Type type;
    private final String defaultTarget;

    PushMapping(PushOutputSettings.Type type, String defaultTarget) {
        this.type = type;
        this.defaultTarget = defaultTarget;
    }

    void encode(Selected selected, Encoding out) {
        switch (type) {
            case TIME_SERIES -> metrics(selected, out);
            case EVENT -> events(selected, out);
        }
    }

    private void metrics(Selected selected, Encoding out) {
        String source = selected.batch().source();
        long position = selected.frame().position();
        Group group = null;
        for (Selected.Part part : selected.parts()) {
            switch (part.entry()) {
                case Sample sample -> {
                    Object number = number(sample.value(), out);
                    if (number != null) {
                        if (group != null && !group.takes(sample)) {
                            out.add(group.item(source, position));
                            group = null;
                        }
                        if (group == null) {
                            group = new Group(sample.tags(), sample.timeNs());
                        }
                        group.put(sample.name(), number, part.end());
                    }
                }
                case Point point when point.category() == Category.METRIC -> {
                    if (group != null) {
                        out.add(group.item(source, position));
                        group = null;
                    }
                    Group whole = new Group(point.tags(), point.timeNs());
                    for (Field field : point.fields()) {
                        Object number = number(field.value(), out);
                        if (number != null) {
                            whole.put(point.name() + "." + field.key(), number, part.end());
                        }
                    }
                    if (!whole.values.isEmpty()) {
                        out.add(whole.item(source, position));
                    }
                }
                case Point _ -> out.skip(NO_METRIC);
                case Run _, CheckState _, HeldValue _, PeriodEnd _ -> {}
            }
        }
        if (group != null) {
            out.add(group.item(source, position));
        }
    }

    private void events(Selected selected, Encoding out) {
        for (Selected.Part part : selected.parts()) {
            switch (part.entry()) {
                case Point point when point.category() != Category.METRIC ->
                        out.add(
                                new Item(
                                        selected.frame().position(),
                                        part.end(),
                                        event(selected.batch().source(), point)));
                case Point _, Sample _ -> out.skip(NO_EVENT);
                case Run _, CheckState _, HeldValue _, PeriodEnd _ -> {}
            }
        }
    }

    private byte[] event(String source, Point point) {
        return Json.write(json -> {
            json.writeStartObject();
            json.writeStringField("event_name", eventName(point));
            json.writeObjectFieldStart("event");
            content(json, point.fields());
            json.writeEndObject();
            dimensions(json, source, point.tags(), false);
            json.writeNumberField("timestamp", milliseconds(point.timeNs()));
            json.writeEndObject();
        });
    }

    private static String eventName(Point point) {
        String name = point.name().isEmpty() ? point.category().word() : point.name();
        return name.codePointCount(0, name.length()) <= MAX_EVENT_NAME
                ? name
                : name.substring(0, name.offsetByCodePoints(0, MAX_EVENT_NAME));
    }

    private static void content(JsonGenerator json, List<Field> fields) throws IOException {
        String lead = null;
        for (Field field : fields) {
            if (field.key().equals(CONTENT) || (lead == null && field.key().equals(MESSAGE))) {
                lead = field.key();
            }
        }
        if (lead == null) {
            json.writeStringField(
                    CONTENT,
                    new String(
                            Json.write(text -> {
                                text.writeStartObject();
                                for (Field field : fields) {
                                    text.writeFieldName(field.key());
                                    Json.value(text, field.value());
                                }
                                text.writeEndObject();
                            }),
                            StandardCharsets.UTF_8));
            return;
        }
        for (Field field : fields) {
            json.writeFieldName(field.key().equals(lead) ? CONTENT : field.key());
            Json.value(json, field.value());
        }
    }

    /// `target`, and `dimension` with the tags that are left.
    private void dimensions(JsonGenerator json, String source, List<Tag> tags, boolean plainNames)
            throws IOException {
        String targetKey = targetKey(source, tags);
        Map<String, String> dimensions = new LinkedHashMap<>();
        String target = "";
        for (Tag tag : tags) {
            if (tag.key().equals(targetKey)) {
                target = target.isEmpty() ? tag.value() : target + "," + tag.value();
            } else {
                String name = plainNames ? plainName(tag.key()) : tag.key();
                dimensions.merge(name, tag.value(), (a, b) -> a + "," + b);
            }
        }
        json.writeStringField(TARGET, target.isEmpty() ? defaultTarget : target);
        json.writeObjectFieldStart("dimension");
        for (Map.Entry<String, String> dimension : dimensions.entrySet()) {
            json.writeStringField(dimension.getKey(), dimension.getValue());
        }
        json.writeEndObject();
    }

    private static String targetKey(String source, List<Tag> tags) {
        boolean target = has(tags, TARGET);
        return target && (source.startsWith("push/") || !has(tags, HOST)) ? TARGET : HOST;
    }

    private static boolean has(List<Tag> tags, String key) {
        return tags.stream().anyMatch(tag -> tag.key().equals(key) && !tag.value().isEmpty());
    }

    static String plainName(String name) {
        StringBuilder out = new StringBuilder(name.length() + 1);
        name.codePoints()
                .forEach(c -> {
                    boolean digit = c >= '0' && c <= '9';
                    boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
                    if (digit && out.isEmpty()) {
                        out.append('_');
                    }
                    out.append(digit || letter ? (char) c : '_');
                });
        return out.isEmpty() ? "_" : out.toString();
    }

    private static long milliseconds(long timeNs) {
        return Math.floorDiv(timeNs, 1_000_000L);
    }

    /// A double, or the digits of an integer; null and counted when it has no place in a metric.
    private static @Nullable Object number(FieldValue value, Encoding out) {
        return switch (value) {
            case FieldValue.Real(double number, var digits) -> real(number, digits, out);
            case FieldValue.Int(long number) -> Long.toString(number);
            case FieldValue.UInt(long bits) -> Long.toUnsignedString(bits);
            case FieldValue.Bool(boolean yes) -> yes ? "1" : "0";
            case FieldValue.Text _, FieldValue.Bytes _, FieldValue.Array _, FieldValue.Json _ -> {
                out.skip(TEXT_VALUE);
                yield null;
            }
            case FieldValue.Null _ -> null;
        };
    }

    private static @Nullable Object number(SampleValue value, Encoding out) {
        return switch (value) {
            case SampleValue.Real(double number, var digits) -> real(number, digits, out);
            case SampleValue.Whole(var type, long bits) ->
                    switch (type) {
                        case UINT32, UINT64 -> Long.toUnsignedString(bits);
                        default -> Long.toString(bits);
                    };
            case SampleValue.Text _ -> {
                out.skip(TEXT_VALUE);
                yield null;
            }
            case SampleValue.Histogram _ -> {
                out.skip(HISTOGRAM);
                yield null;
            }
            case SampleValue.Absent _ -> null;
        };
    }

    private static @Nullable Object real(double number, @Nullable String digits, Encoding out) {
        if (digits != null) {
            return digits;
        }
        if (Double.isFinite(number)) {
            return number;
        }
        out.skip(NOT_FINITE);
        return null;
    }

    /// One item in the making.
    private final class Group {
        private final List<Tag> tags;
        private final long timeNs;
        private final Map<String, Object> values = new LinkedHashMap<>();
        private final List<String> names = new ArrayList<>();
        private int end;

        Group(List<Tag> tags, long timeNs) {
            this.tags = tags;
            this.timeNs = timeNs;
        }

        /// The same name again is another value, not a namesake.
        boolean takes(Sample sample) {
            return sample.timeNs() == timeNs
                    && names.size() < MAX_GROUP
                    && !names.contains(sample.name())
                    && sample.tags().equals(tags);
        }

        void put(String name, Object number, int partEnd) {
            String plain = plainName(name);
            String free = plain;
            for (int i = 2; values.containsKey(free); i++) {
                free = plain + "_" + i;
            }
            names.add(name);
            values.put(free, number);
            end = partEnd;
        }

        Item item(String source, long position) {
            byte[] bytes =
                    Json.write(json -> {
                        json.writeStartObject();
                        json.writeObjectFieldStart("metrics");
                        for (Map.Entry<String, Object> value : values.entrySet()) {
                            json.writeFieldName(value.getKey());
                            if (value.getValue() instanceof Double number) {
                                json.writeNumber(number);
                            } else {
                                json.writeNumber(value.getValue().toString());
                            }
                        }
                        json.writeEndObject();
                        dimensions(json, source, tags, true);
                        json.writeNumberField("timestamp", milliseconds(timeNs));
                        json.writeEndObject();
                    });
            return new Item(position, end, bytes);
        }
    }
}
