package io.trapline.ingest.push;

import com.fasterxml.jackson.databind.JsonNode;
import io.trapline.model.Category;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.Point;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// One item of `data`, checked in the contract's order; the first thing wrong refuses the request.
final class PushItem {
    private static final String TARGET = "target";
    private static final String EVENT_TYPE = "event_type";
    private static final int SHOWN_NAME = 80;
    private static final BigDecimal MAX_LONG = BigDecimal.valueOf(Long.MAX_VALUE);
    private static final BigDecimal MIN_LONG = BigDecimal.valueOf(Long.MIN_VALUE);
    private static final long MS_FROM = 1_000_000_000_000L;
    private static final long MS_TO = 1_000_000_000_000_000L;
    private static final long NS_PER_MS = 1_000_000;

    private final JsonNode item;
    private final int index;
    private final long nowMs;
    private final PushRegistration registration;
    private final PushWarnings warnings;

    PushItem(
            JsonNode item,
            int index,
            long nowMs,
            PushRegistration registration,
            PushWarnings warnings) {
        this.item = item;
        this.index = index;
        this.nowMs = nowMs;
        this.registration = registration;
        this.warnings = warnings;
    }

    /// Adds a sample for each metric.
    void metrics(List<Entry> entries, NameCeiling names) throws PushRefusal {
        requireObject();
        JsonNode metrics = item.get("metrics");
        if (metrics == null && item.has("event_name")) {
            throw refusal(
                    "metrics",
                    "is missing; data_id "
                            + registration.dataId()
                            + " is registered for metrics, this is an event");
        }
        if (metrics == null || !metrics.isObject()) {
            throw refusal("metrics", "expected object, got " + PushJson.kind(metrics));
        }
        if (metrics.isEmpty()) {
            throw refusal("metrics", "expected at least one metric, got empty object");
        }
        List<Map.Entry<String, SampleValue>> values = new ArrayList<>(metrics.size());
        for (Map.Entry<String, JsonNode> metric : metrics.properties()) {
            checkName("metrics", metric.getKey());
            checkNew("metrics." + metric.getKey(), metric.getKey(), names);
            values.add(Map.entry(metric.getKey(), metricValue(metric.getKey(), metric.getValue())));
        }
        String target = target();
        List<Tag> tags = dimensions(true);
        put(tags, TARGET, target);
        long timeNs = timeNs();
        warnOfPluralDimensions();
        for (Map.Entry<String, SampleValue> value : values) {
            entries.add(new Sample(value.getKey(), tags, value.getValue(), timeNs));
        }
    }

    Point event(int maxName) throws PushRefusal {
        requireObject();
        String target = target();
        JsonNode name = item.get("event_name");
        if (name == null && item.has("metrics")) {
            throw refusal(
                    "event_name",
                    "is missing; data_id "
                            + registration.dataId()
                            + " is registered for events, this is a metric item");
        }
        if (name == null || !name.isTextual() || name.textValue().isEmpty()) {
            throw refusal("event_name", "expected text, got " + PushJson.kind(name));
        }
        int length = name.textValue().codePointCount(0, name.textValue().length());
        if (length > maxName) {
            throw refusal(
                    "event_name", "expected at most " + maxName + " characters, got " + length);
        }
        JsonNode event = item.get("event");
        if (event == null || !event.isObject()) {
            throw refusal("event", "expected object, got " + PushJson.kind(event));
        }
        JsonNode content = event.get("content");
        if (content == null) {
            throw refusal("event.content", "is missing");
        }
        List<Tag> tags = dimensions(false);
        put(tags, TARGET, target);
        put(tags, EVENT_TYPE, eventType());
        long timeNs = timeNs();
        if (!content.isTextual()) {
            warn("event.content", "should be text, got " + PushJson.kind(content));
        }
        warnOfPluralDimensions();
        List<Field> fields = new ArrayList<>(event.size());
        for (Map.Entry<String, JsonNode> field : event.properties()) {
            fields.add(
                    new Field(
                            PushJson.wellFormed(field.getKey()),
                            PushFields.value(field.getValue())));
        }
        return new Point(
                Category.KEYEVENT, PushJson.wellFormed(name.textValue()), tags, fields, timeNs);
    }

    /// Refuses a name that would be one too many of its registration.
    void checkNew(String field, String name, NameCeiling names) throws PushRefusal {
        if (!names.admits(name)) {
            throw refusal(
                    field,
                    "data_id "
                            + registration.dataId()
                            + " has "
                            + names.most()
                            + " names already, as many as it may; put what varies into a dimension,"
                            + " or take names away that are not used any more");
        }
    }

    private void requireObject() throws PushRefusal {
        if (!item.isObject()) {
            throw new PushRefusal(
                    "data[" + index + "]: expected object, got " + PushJson.kind(item));
        }
    }

    private String target() throws PushRefusal {
        JsonNode target = item.get(TARGET);
        if (target == null || !target.isTextual() || target.textValue().isEmpty()) {
            throw refusal(TARGET, "expected text, got " + PushJson.kind(target));
        }
        return PushJson.wellFormed(target.textValue());
    }

    private SampleValue metricValue(String name, JsonNode value) throws PushRefusal {
        if (!value.isNumber()) {
            throw refusal("metrics." + shown(name), "expected number, got " + PushJson.kind(value));
        }
        double number = value.doubleValue();
        if (!Double.isFinite(number)) {
            throw refusal("metrics." + shown(name), "number is out of the range of a double");
        }
        boolean exact =
                !value.isIntegralNumber()
                        || new BigDecimal(number).compareTo(value.decimalValue()) == 0;
        return new SampleValue.Real(number, exact ? null : value.asText());
    }

    private List<Tag> dimensions(boolean checkNames) throws PushRefusal {
        JsonNode dimension = item.get("dimension");
        if (dimension == null) {
            return new ArrayList<>(2);
        }
        if (!dimension.isObject()) {
            throw refusal("dimension", "expected object, got " + PushJson.kind(dimension));
        }
        List<Tag> tags = new ArrayList<>(dimension.size() + 2);
        for (Map.Entry<String, JsonNode> entry : dimension.properties()) {
            String name = entry.getKey();
            if (checkNames) {
                checkName("dimension", name);
            }
            String value = dimensionValue(name, entry.getValue());
            if (value != null) {
                tags.add(new Tag(PushJson.wellFormed(name), value));
            }
        }
        return tags;
    }

    /// Null when the entry is to be left out.
    private @Nullable String dimensionValue(String name, JsonNode value) throws PushRefusal {
        if (value.isContainerNode()) {
            throw refusal("dimension." + shown(name), "expected text, got " + PushJson.kind(value));
        }
        if (value.isNull()) {
            return null;
        }
        if (!value.isNumber()) {
            return PushJson.wellFormed(value.asText());
        }
        String plain = PushJson.plainNumber(value);
        if (plain == null) {
            throw refusal("dimension." + shown(name), "number is out of the range of a double");
        }
        return plain;
    }

    /// A tag that Trapline adds takes the place of a dimension of that name.
    private void put(List<Tag> tags, String key, String value) {
        for (int i = 0; i < tags.size(); i++) {
            if (tags.get(i).key().equals(key)) {
                if (!tags.get(i).value().equals(value)) {
                    warn("dimension." + key, "is kept as \"" + shown(value) + "\", not as sent");
                }
                tags.set(i, new Tag(key, value));
                return;
            }
        }
        tags.add(new Tag(key, value));
    }

    /// Exactly `recovery` is a recovery; everything else is abnormal.
    private String eventType() {
        JsonNode type = item.path("dimension").path(EVENT_TYPE);
        return type.isTextual() && type.textValue().equals("recovery") ? "recovery" : "abnormal";
    }

    private long timeNs() throws PushRefusal {
        JsonNode timestamp = item.get("timestamp");
        long ms = timestamp == null ? 0 : milliseconds(timestamp);
        if (ms == 0) {
            return nowMs * NS_PER_MS;
        }
        long ahead = Math.floorDiv(ms, 1000L) - Math.floorDiv(nowMs, 1000L);
        if (ahead > registration.effectiveOffset()) {
            throw refusal(
                    "timestamp",
                    "is "
                            + ahead
                            + " s ahead of now, at most "
                            + registration.effectiveOffset()
                            + " s are allowed; the unit is milliseconds");
        }
        if (ms >= MS_FROM / 1000 && ms < MS_FROM / 100) {
            warn("timestamp", "looks like seconds, the unit is milliseconds");
        } else if (ms < MS_FROM || ms >= MS_TO) {
            warn("timestamp", "does not look like milliseconds since 1970");
        }
        long limit = Long.MAX_VALUE / NS_PER_MS;
        if (ms < -limit || ms > limit) {
            warn(
                    "timestamp",
                    "is beyond the years that can be kept, 1677 to 2262, and is moved there");
        }
        return Math.clamp(ms, -limit, limit) * NS_PER_MS;
    }

    private long milliseconds(JsonNode timestamp) throws PushRefusal {
        if (!timestamp.isNumber()) {
            throw refusal("timestamp", "expected number, got " + PushJson.kind(timestamp));
        }
        BigDecimal value = timestamp.decimalValue();
        if (value.compareTo(MAX_LONG) > 0 || value.compareTo(MIN_LONG) < 0) {
            throw refusal("timestamp", "is beyond 64 bits; the unit is milliseconds");
        }
        return value.longValue();
    }

    private void checkName(String field, String name) throws PushRefusal {
        if (name.isEmpty()) {
            throw refusal(field, "a name is empty");
        }
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
            if (!letter && (i == 0 || c < '0' || c > '9')) {
                throw refusal(
                        field + "." + shown(name),
                        "a name is a letter or underscore, then letters, digits and underscores");
            }
        }
    }

    private void warnOfPluralDimensions() {
        if (item.has("dimensions")) {
            warn("dimensions", "is unknown, the field is dimension");
        }
    }

    private void warn(String field, String text) {
        warnings.add("data[" + index + "]." + field + ": " + text);
    }

    private PushRefusal refusal(String field, String text) {
        return new PushRefusal("data[" + index + "]." + field + ": " + text);
    }

    /// A name as a message shows it: one line, not too long.
    private static String shown(String name) {
        StringBuilder out = new StringBuilder();
        name.codePoints()
                .limit(SHOWN_NAME)
                .map(c -> Character.isISOControl(c) ? 0xFFFD : c)
                .forEach(out::appendCodePoint);
        if (out.length() < name.length()) {
            out.append('…');
        }
        return PushJson.wellFormed(out.toString());
    }
}
