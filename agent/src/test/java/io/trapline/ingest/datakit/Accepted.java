package io.trapline.ingest.datakit;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.trapline.fuzz.Promises;
import io.trapline.model.Category;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Tag;
import io.trapline.pipeline.Decoded.Warning;
import io.trapline.pipeline.PointChecks;
import io.trapline.pipeline.PointChecks.Checked;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// The promises about points that a parser has accepted.
final class Accepted {
    static final long RECEIVED_NS = 1_790_000_000_000_000_000L;

    private Accepted() {}

    /// One that is used again and again, as the product does.
    interface Parser {
        List<Warning> parse(byte[] body, Category category, Timestamps times, PointSink sink)
                throws RefusedException;
    }

    /// What a parser takes of a body.
    static List<Point> of(Parser parser, byte[] body, Category category) throws RefusedException {
        List<Point> points = new ArrayList<>();
        List<Warning> warnings =
                parser.parse(body, category, Timestamps.of("n", RECEIVED_NS), points::add);
        Promises.holds(warnings.size() <= Mended.MOST + 1, "too many warnings");
        return points;
    }

    static void keep(List<Point> raw) {
        Checked checked = PointChecks.check(raw, false);
        Promises.same(
                raw.size(),
                checked.points().size() + checked.dropped().cardinality(),
                "points stored and dropped");
        checked.points().forEach(Accepted::isWithinLimits);
        Promises.keep(checked.points());
        Promises.same(
                checked.points(),
                PointChecks.check(checked.points(), false).points(),
                "checked once more");
        String echo = PointText.echo(checked, WriteRequest.Echo.TYPED_JSON);
        try {
            Promises.same(
                    checked.points().stream().map(Accepted::asTypedJsonShows).toList(),
                    of(JsonPointsParser::parse, echo.getBytes(UTF_8), Category.METRIC).stream()
                            .map(Accepted::asTypedJsonShows)
                            .toList(),
                    "read from its echo");
        } catch (RefusedException e) {
            throw new AssertionError("its own echo is refused: " + echo, e);
        }
    }

    private static void isWithinLimits(Point point) {
        Promises.holds(point.tags().size() <= PointChecks.MAX_TAGS, "too many tags");
        // A category may ask for one more.
        Promises.holds(point.fields().size() <= PointChecks.MAX_FIELDS + 1, "too many fields");
        Promises.holds(length(point.name()) <= PointChecks.MAX_NAME_BYTES, "a long name");
        Set<String> keys = new HashSet<>();
        for (Tag tag : point.tags()) {
            Promises.holds(keys.add(tag.key()), "key twice: " + tag);
            Promises.holds(length(tag.key()) <= PointChecks.MAX_KEY_BYTES, "a long key");
            Promises.holds(length(tag.value()) <= PointChecks.MAX_TAG_VALUE_BYTES, "a long tag");
        }
        for (Field field : point.fields()) {
            Promises.holds(keys.add(field.key()), "key twice: " + field);
            Promises.holds(length(field.key()) <= PointChecks.MAX_KEY_BYTES, "a long key");
        }
    }

    private static int length(String text) {
        return text.getBytes(UTF_8).length;
    }

    /// Digits beyond a double, the category, and that an array is empty are not in it.
    private static Point asTypedJsonShows(Point point) {
        return new Point(
                Category.METRIC,
                point.name(),
                point.tags(),
                point.fields().stream()
                        .map(field -> new Field(field.key(), asTypedJsonShows(field.value())))
                        .toList(),
                point.timeNs());
    }

    private static FieldValue asTypedJsonShows(FieldValue value) {
        return switch (value) {
            case FieldValue.Real(double number, var _) -> new FieldValue.Real(number);
            case FieldValue.Json(String text) -> new FieldValue.Text(text);
            case FieldValue.Array(var values) ->
                    new FieldValue.Array(values.stream().map(Accepted::asTypedJsonShows).toList());
            case FieldValue.Int _,
                    FieldValue.UInt _,
                    FieldValue.Bool _,
                    FieldValue.Text _,
                    FieldValue.Bytes _,
                    FieldValue.Null _ ->
                    value;
        };
    }
}
