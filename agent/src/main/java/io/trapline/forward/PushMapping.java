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
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
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
/// written as `_`, a digit in front gets one before it. Two that then are the same stay apart, also
/// when they are in different items: the later one gets `_2`, see [PlainNames]. So does a tag
/// `target` that is not the target, because the receiver puts the target there. Booleans are 1 and
/// 0, integers keep all digits. Texts, bytes, lists, histograms, NaN, infinities and "no value"
/// have no place there and are counted.
///
/// To a data_id of type `event` goes every point of another category: `event_name` is its name (128
/// characters at most, a longer one ends with a hash of it), `event` its fields if one is
/// `content`; else `content` is the field `message` and the other fields stand beside it; else
/// `content` is all fields as JSON text. Tags are dimensions; of the two that mean something to the
/// receiver, `target` is renamed as above, and `event_type` where it is neither `recovery` nor
/// `abnormal`.
///
/// Runs and check states go to neither.
final class PushMapping {
    static final String TEXT_VALUE = "text or list in a metric";
    static final String NOT_FINITE = "no finite number";
    static final String HISTOGRAM = "histogram";
    static final String NO_VALUE = "metric without a value";
    static final String NO_EVENT = "metric, and the data_id takes events";
    static final String NO_METRIC = "no metric, and the data_id takes metrics";
    static final String METRIC_NAME = "metric whose name another has there, renamed";
    static final String DIMENSION_NAME = "dimension whose name another has there, renamed";
    static final String EVENT_NAME = "event name over 128 characters, shortened";

    private static final int MAX_EVENT_NAME = 128;
    private static final int MAX_GROUP = 100;
    private static final String TARGET = "target";
    private static final String HOST = "host";
    private static final String CONTENT = "content";
    private static final String MESSAGE = "message";
    private static final String EVENT_TYPE = "event_type";
    private static final Set<String> EVENT_TYPES = Set.of("recovery", "abnormal");

    private final PushOutputSettings.Type type;
    private final String defaultTarget;
    private final PlainNames metricNames;
    private final PlainNames dimensionNames;

    /// @param given the names that were given before
    PushMapping(PushOutputSettings.Type type, String defaultTarget, List<GivenName> given) {
        this.type = type;
        this.defaultTarget = defaultTarget;
        metricNames = new PlainNames(GivenName.Kind.METRIC, given, Set.of());
        dimensionNames = new PlainNames(GivenName.Kind.DIMENSION, given, Set.of(TARGET));
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
                            out.add(group.item(source, position, out));
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
                        out.add(group.item(source, position, out));
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
                        out.add(whole.item(source, position, out));
                    }
                }
                case Point _ -> out.skip(NO_METRIC);
                case Run _, CheckState _, HeldValue _, PeriodEnd _ -> {}
            }
        }
        if (group != null) {
            out.add(group.item(source, position, out));
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
                                        event(selected.batch().source(), point, out),
                                        1));
                case Point _, Sample _ -> out.skip(NO_EVENT);
                case Run _, CheckState _, HeldValue _, PeriodEnd _ -> {}
            }
        }
    }

    private byte[] event(String source, Point point, Encoding out) {
        return Json.write(json -> {
            json.writeStartObject();
            json.writeStringField("event_name", eventName(point, out));
            json.writeObjectFieldStart("event");
            content(json, point.fields());
            json.writeEndObject();
            dimensions(json, source, point.tags(), out);
            json.writeNumberField("timestamp", milliseconds(point.timeNs()));
            json.writeEndObject();
        });
    }

    private static String eventName(Point point, Encoding out) {
        String name = point.name().isEmpty() ? point.category().word() : point.name();
        if (name.codePointCount(0, name.length()) <= MAX_EVENT_NAME) {
            return name;
        }
        out.change(EVENT_NAME);
        int room = MAX_EVENT_NAME - 1 - ShortText.HASH;
        return ShortText.apart(name.substring(0, name.offsetByCodePoints(0, room)), name);
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
    private void dimensions(JsonGenerator json, String source, List<Tag> tags, Encoding out)
            throws IOException {
        String targetKey = targetKey(source, tags);
        Map<String, String> dimensions = new LinkedHashMap<>();
        String target = "";
        for (Tag tag : tags) {
            if (tag.key().equals(targetKey)) {
                target = target.isEmpty() ? tag.value() : target + "," + tag.value();
            } else {
                dimensions.merge(tag.key(), tag.value(), (a, b) -> a + "," + b);
            }
        }
        Map<String, String> names =
                type == PushOutputSettings.Type.EVENT
                        ? eventDimensions(dimensions, out)
                        : plainNames(dimensionNames, dimensions.keySet(), DIMENSION_NAME, out);
        json.writeStringField(TARGET, target.isEmpty() ? defaultTarget : target);
        json.writeObjectFieldStart("dimension");
        for (Map.Entry<String, String> dimension : dimensions.entrySet()) {
            json.writeStringField(
                    names.getOrDefault(dimension.getKey(), dimension.getKey()),
                    dimension.getValue());
        }
        json.writeEndObject();
    }

    /// The names that are not the tags' own.
    private static Map<String, String> eventDimensions(
            Map<String, String> dimensions, Encoding out) {
        Map<String, String> names = new HashMap<>();
        for (String key : List.of(TARGET, EVENT_TYPE)) {
            String value = dimensions.get(key);
            if (value == null || (key.equals(EVENT_TYPE) && EVENT_TYPES.contains(value))) {
                continue;
            }
            String free = key + "_2";
            for (int i = 3; dimensions.containsKey(free); i++) {
                free = key + "_" + i;
            }
            names.put(key, free);
            out.change(DIMENSION_NAME);
        }
        return names;
    }

    private static Map<String, String> plainNames(
            PlainNames from, Collection<String> originals, String reason, Encoding out) {
        Map<String, String> names = from.of(originals, out);
        names.forEach((original, name) -> {
            if (!name.equals(plainName(original))) {
                out.change(reason);
            }
        });
        return names;
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
            case SampleValue.Absent _ -> {
                out.skip(NO_VALUE);
                yield null;
            }
        };
    }

    private static @Nullable Object real(double number, @Nullable String digits, Encoding out) {
        if (Double.isFinite(number)) {
            return digits != null ? digits : (Object) number;
        }
        out.skip(NOT_FINITE);
        return null;
    }

    /// One item in the making.
    private final class Group {
        private final List<Tag> tags;
        private final long timeNs;
        private final Map<String, Object> values = new LinkedHashMap<>();
        private int end;

        Group(List<Tag> tags, long timeNs) {
            this.tags = tags;
            this.timeNs = timeNs;
        }

        /// The same name again is another value, not a namesake.
        boolean takes(Sample sample) {
            return sample.timeNs() == timeNs
                    && values.size() < MAX_GROUP
                    && !values.containsKey(sample.name())
                    && sample.tags().equals(tags);
        }

        void put(String name, Object number, int partEnd) {
            values.put(name, number);
            end = partEnd;
        }

        Item item(String source, long position, Encoding out) {
            Map<String, String> names = plainNames(metricNames, values.keySet(), METRIC_NAME, out);
            byte[] bytes =
                    Json.write(json -> {
                        json.writeStartObject();
                        json.writeObjectFieldStart("metrics");
                        for (Map.Entry<String, Object> value : values.entrySet()) {
                            json.writeFieldName(names.getOrDefault(value.getKey(), value.getKey()));
                            if (value.getValue() instanceof Double number) {
                                json.writeNumber(number);
                            } else {
                                json.writeNumber(value.getValue().toString());
                            }
                        }
                        json.writeEndObject();
                        dimensions(json, source, tags, out);
                        json.writeNumberField("timestamp", milliseconds(timeNs));
                        json.writeEndObject();
                    });
            return new Item(position, end, bytes, values.size());
        }
    }
}
