package io.trapline.web;

import io.trapline.collector.TryRun;
import io.trapline.collector.TryRun.Tried;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.PlainNumber;
import io.trapline.model.Point;
import io.trapline.model.Tag;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// What a try would have stored, as maps and lists for JSON and as lines for people.
public final class TryJson {
    private TryJson() {}

    /// One point on one line, for people.
    public static String line(Point point) {
        return "%s %s%s %s @%s"
                .formatted(
                        point.category().word(),
                        point.name(),
                        point.tags().isEmpty()
                                ? ""
                                : point.tags().stream()
                                        .map(tag -> tag.key() + "=" + tag.value())
                                        .collect(Collectors.joining(", ", " {", "}")),
                        point.fields().stream()
                                .map(field -> field.key() + "=" + text(field.value()))
                                .collect(Collectors.joining(", ")),
                        Instant.parse(time(point)).truncatedTo(ChronoUnit.MILLIS));
    }

    public static Map<String, Object> of(TryRun.Result result) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("ok", result.good());
        all.put("collectors", result.collectors().stream().map(TryJson::object).toList());
        all.put("problems", result.problems());
        all.put("failure", result.failure());
        return all;
    }

    private static Map<String, Object> object(Tried tried) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("name", tried.name());
        all.put("file", tried.file());
        all.put("interval_s", tried.interval());
        all.put("outcome", tried.outcome().word());
        all.put("duration_ms", tried.durationMs());
        List<Map<String, Object>> points = new ArrayList<>();
        for (Entry entry : tried.entries()) {
            if (entry instanceof Point point) {
                points.add(object(point));
            }
        }
        all.put("points", points);
        all.put("warnings", tried.warnings());
        all.put("refused", tried.refused());
        all.put("lines", tried.lines());
        all.put("error", tried.error());
        return all;
    }

    private static Map<String, Object> object(Point point) {
        Map<String, Object> all = new LinkedHashMap<>();
        all.put("category", point.category().word());
        all.put("name", point.name());
        Map<String, String> tags = new LinkedHashMap<>();
        for (Tag tag : point.tags()) {
            tags.put(tag.key(), tag.value());
        }
        all.put("tags", tags);
        Map<String, @Nullable Object> fields = new LinkedHashMap<>();
        for (Field field : point.fields()) {
            fields.put(field.key(), value(field.value()));
        }
        all.put("fields", fields);
        all.put("time", time(point));
        return all;
    }

    private static @Nullable Object value(FieldValue value) {
        return switch (value) {
            case FieldValue.Real(double number, var digits) ->
                    digits != null
                            ? (Object) new java.math.BigInteger(digits)
                            : Double.isFinite(number) ? plain(number) : (Object) number;
            case FieldValue.Int(long number) -> number;
            case FieldValue.UInt(long bits) ->
                    new java.math.BigInteger(Long.toUnsignedString(bits));
            case FieldValue.Bool(boolean yes) -> yes;
            case FieldValue.Text(String text) -> text;
            case FieldValue.Json(String text) -> text;
            case FieldValue.Bytes(var bytes) -> bytes.toBase64();
            case FieldValue.Array(var values) -> {
                List<@Nullable Object> all = new ArrayList<>();
                values.forEach(element -> all.add(value(element)));
                yield all;
            }
            case FieldValue.Null _ -> null;
        };
    }

    /// The one format of numbers: JSON has no `.0` for a whole one.
    private static Object plain(double number) {
        java.math.BigDecimal exact = new java.math.BigDecimal(PlainNumber.of(number));
        return exact.scale() == 0 ? exact.toBigIntegerExact() : exact;
    }

    private static String text(FieldValue value) {
        return value instanceof FieldValue.Text(String text)
                ? "\"" + text.replace("\n", "\\n") + "\""
                : value instanceof FieldValue.Real(double number, var digits) && digits == null
                        ? PlainNumber.of(number)
                        : String.valueOf(value(value));
    }

    private static String time(Point point) {
        return Instant.ofEpochSecond(
                        Math.floorDiv(point.timeNs(), 1_000_000_000L),
                        Math.floorMod(point.timeNs(), 1_000_000_000L))
                .toString();
    }
}
