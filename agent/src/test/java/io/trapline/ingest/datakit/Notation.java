package io.trapline.ingest.datakit;

import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Tag;
import java.util.stream.Collectors;

/// Points as the contract's tables write them: `measurement,tags fields @ns`, tags and fields
/// sorted.
final class Notation {
    private Notation() {}

    static String of(Point point) {
        return series(point) + " @" + point.timeNs();
    }

    static String series(Point point) {
        String tags =
                point.tags().stream().map(Notation::tag).sorted().collect(Collectors.joining());
        String fields =
                point.fields().stream()
                        .map(Notation::field)
                        .sorted()
                        .collect(Collectors.joining(","));
        return point.name() + tags + " " + fields;
    }

    private static String tag(Tag tag) {
        return "," + tag.key() + "=" + tag.value();
    }

    private static String field(Field field) {
        return field.key() + "=" + value(field.value());
    }

    static String value(FieldValue value) {
        return switch (value) {
            case FieldValue.Real(double number, var _) -> PointText.real(number);
            case FieldValue.Int(long number) -> number + "i";
            case FieldValue.UInt(long bits) -> Long.toUnsignedString(bits) + "u";
            case FieldValue.Bool(boolean yes) -> String.valueOf(yes);
            case FieldValue.Text(String text) ->
                    '"'
                            + text.replace("\\", "\\\\").replace("\"", "\\\"").replace("\n", "\\n")
                            + '"';
            case FieldValue.Bytes(var bytes) -> "bytes(" + bytes.toBase64() + ")";
            case FieldValue.Array(var values) ->
                    values.stream().map(Notation::value).collect(Collectors.joining(",", "[", "]"));
            case FieldValue.Json(String text) -> "json(" + text + ")";
            case FieldValue.Null _ -> "null";
        };
    }
}
