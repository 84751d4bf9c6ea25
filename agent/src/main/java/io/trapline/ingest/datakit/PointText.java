package io.trapline.ingest.datakit;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonGenerator;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Tag;
import io.trapline.pipeline.Decoded.Warning;
import io.trapline.pipeline.PointChecks.Checked;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/// Points as text, for the parameter `echo`: line protocol, simple JSON, typed JSON with warnings.
///
/// Line protocol and simple JSON are as DataKit prints them: tags and fields sorted by the bytes of
/// their keys, numbers without an exponent where that is usual, and in line protocol no tag without
/// a value. Typed JSON keeps the order of the body.
final class PointText {
    private static final Comparator<String> BY_BYTES =
            (a, b) -> Arrays.compareUnsigned(a.getBytes(UTF_8), b.getBytes(UTF_8));

    private PointText() {}

    private static List<Tag> sortedTags(Point point) {
        return point.tags().stream().sorted(Comparator.comparing(Tag::key, BY_BYTES)).toList();
    }

    /// Without those that have no value.
    private static List<Field> sortedFields(Point point) {
        return point.fields().stream()
                .filter(field -> !(field.value() instanceof FieldValue.Null))
                .sorted(Comparator.comparing(Field::key, BY_BYTES))
                .toList();
    }

    static String echo(Checked checked, WriteRequest.Echo form) {
        return switch (form) {
            case NONE -> "";
            case LINE_PROTOCOL -> lines(checked.points());
            case JSON -> json(generator -> simple(generator, checked.points()));
            case TYPED_JSON -> json(generator -> typed(generator, checked));
        };
    }

    static String lines(List<Point> points) {
        StringBuilder out = new StringBuilder();
        for (Point point : points) {
            if (!out.isEmpty()) {
                out.append('\n');
            }
            line(out, point);
        }
        return out.toString();
    }

    private static void line(StringBuilder out, Point point) {
        escaped(out, point.name(), ", ");
        for (Tag tag : sortedTags(point)) {
            if (tag.value().isEmpty()) {
                continue;
            }
            out.append(',');
            escaped(out, tag.key(), ", =");
            out.append('=');
            escaped(out, tag.value(), ", =");
        }
        char separator = ' ';
        for (Field field : sortedFields(point)) {
            out.append(separator);
            separator = ',';
            escaped(out, field.key(), ", =\"");
            out.append('=');
            value(out, field.value());
        }
        out.append(' ').append(point.timeNs());
    }

    private static void value(StringBuilder out, FieldValue value) {
        switch (value) {
            case FieldValue.Real(double number, var _) -> out.append(real(number));
            case FieldValue.Int(long number) -> out.append(number).append('i');
            case FieldValue.UInt(long bits) -> out.append(Long.toUnsignedString(bits)).append('u');
            case FieldValue.Bool(boolean yes) -> out.append(yes);
            case FieldValue.Text(String text) -> text(out, text);
            case FieldValue.Json(String text) -> text(out, text);
            case FieldValue.Bytes(var bytes) ->
                    out.append('"').append(bytes.toBase64()).append("\"b");
            case FieldValue.Array(List<FieldValue> values) -> {
                out.append('[');
                for (int i = 0; i < values.size(); i++) {
                    out.append(i == 0 ? "" : ",");
                    value(out, values.get(i));
                }
                out.append(']');
            }
            case FieldValue.Null _ -> {}
        }
    }

    private static void text(StringBuilder out, String text) {
        out.append('"');
        escaped(out, text, "\"\\");
        out.append('"');
    }

    private static void escaped(StringBuilder out, String text, String special) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (special.indexOf(c) >= 0) {
                out.append('\\');
            }
            out.append(c);
        }
    }

    /// All digits and no exponent, and no fraction where there is none. From 1e21 on and below 1e-9
    /// with an exponent: `1e308` in a body is not to become 309 characters in the answer.
    static String real(double number) {
        return real(number, 1e-9);
    }

    /// As Go's JSON has it.
    private static String jsonReal(double number) {
        return real(number, 1e-6);
    }

    private static String real(double number, double smallest) {
        double size = Math.abs(number);
        if (number == Math.rint(number) && size < 1e17) {
            return number == 0 && 1 / number < 0 ? "-0" : Long.toString((long) number);
        }
        return size < 1e21 && size >= smallest
                ? new BigDecimal(Double.toString(number)).stripTrailingZeros().toPlainString()
                : Double.toString(number).replace(".0E", "E").replace('E', 'e');
    }

    private interface Content {
        void write(JsonGenerator out) throws IOException;
    }

    private static String json(Content content) {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = JsonPointsParser.JSON.createGenerator(text)) {
            content.write(out);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory", e);
        }
        return text.toString();
    }

    private static void simple(JsonGenerator out, List<Point> points) throws IOException {
        out.writeStartArray();
        for (Point point : points) {
            out.writeStartObject();
            out.writeStringField("measurement", point.name());
            if (!point.tags().isEmpty()) {
                out.writeObjectFieldStart("tags");
                for (Tag tag : sortedTags(point)) {
                    out.writeStringField(tag.key(), tag.value());
                }
                out.writeEndObject();
            }
            out.writeObjectFieldStart("fields");
            for (Field field : sortedFields(point)) {
                out.writeFieldName(field.key());
                simpleValue(out, field.value());
            }
            out.writeEndObject();
            out.writeNumberField("time", point.timeNs());
            out.writeEndObject();
        }
        out.writeEndArray();
    }

    private static void simpleValue(JsonGenerator out, FieldValue value) throws IOException {
        switch (value) {
            case FieldValue.Real(double number, var digits) ->
                    out.writeNumber(digits == null ? jsonReal(number) : digits);
            case FieldValue.Int(long number) -> out.writeNumber(number);
            case FieldValue.UInt(long bits) -> out.writeNumber(Long.toUnsignedString(bits));
            case FieldValue.Bool(boolean yes) -> out.writeBoolean(yes);
            case FieldValue.Text(String text) -> out.writeString(text);
            case FieldValue.Json(String text) -> out.writeString(text);
            case FieldValue.Bytes(var bytes) -> out.writeString(bytes.toBase64());
            case FieldValue.Array(List<FieldValue> values) -> {
                out.writeStartArray();
                for (FieldValue element : values) {
                    simpleValue(out, element);
                }
                out.writeEndArray();
            }
            case FieldValue.Null _ -> out.writeNull();
        }
    }

    private static void typed(JsonGenerator out, Checked checked) throws IOException {
        out.writeStartArray();
        int sent = -1;
        int warned = 0;
        for (int i = 0; i < checked.points().size(); i++) {
            sent = checked.dropped().nextClearBit(sent + 1);
            Point point = checked.points().get(i);
            out.writeStartObject();
            out.writeStringField("name", point.name());
            out.writeArrayFieldStart("fields");
            for (Tag tag : point.tags()) {
                out.writeStartObject();
                out.writeStringField("key", tag.key());
                out.writeStringField("s", tag.value());
                out.writeBooleanField("is_tag", true);
                out.writeEndObject();
            }
            for (Field field : point.fields()) {
                out.writeStartObject();
                out.writeStringField("key", field.key());
                typedValue(out, field.value());
                out.writeEndObject();
            }
            out.writeEndArray();
            out.writeStringField("time", Long.toString(point.timeNs()));
            warned = warnings(out, checked.warnings(), warned, sent);
            out.writeEndObject();
        }
        out.writeEndArray();
    }

    /// Writes the warnings on point `sent`; they are in the order of the points.
    private static int warnings(JsonGenerator out, List<Warning> warnings, int from, int sent)
            throws IOException {
        int at = from;
        while (at < warnings.size() && warnings.get(at).point() < sent) {
            at++;
        }
        if (at == warnings.size() || warnings.get(at).point() != sent) {
            return at;
        }
        out.writeArrayFieldStart("warns");
        for (; at < warnings.size() && warnings.get(at).point() == sent; at++) {
            out.writeStartObject();
            out.writeStringField("type", warnings.get(at).type());
            out.writeStringField("message", warnings.get(at).message());
            out.writeEndObject();
        }
        out.writeEndArray();
        return at;
    }

    private static void typedValue(JsonGenerator out, FieldValue value) throws IOException {
        switch (value) {
            case FieldValue.Real(double number, var _) -> {
                out.writeFieldName("f");
                out.writeNumber(jsonReal(number));
            }
            case FieldValue.Int(long number) -> out.writeStringField("i", Long.toString(number));
            case FieldValue.UInt(long bits) ->
                    out.writeStringField("u", Long.toUnsignedString(bits));
            case FieldValue.Bool(boolean yes) -> out.writeBooleanField("b", yes);
            case FieldValue.Text(String text) -> out.writeStringField("s", text);
            case FieldValue.Json(String text) -> out.writeStringField("s", text);
            case FieldValue.Bytes(var bytes) -> out.writeStringField("d", bytes.toBase64());
            case FieldValue.Array(List<FieldValue> values) -> {
                out.writeObjectFieldStart("a");
                out.writeStringField("@type", "type.googleapis.com/point.Array");
                out.writeArrayFieldStart("arr");
                for (FieldValue element : values) {
                    out.writeStartObject();
                    typedValue(out, element);
                    out.writeEndObject();
                }
                out.writeEndArray();
                out.writeEndObject();
            }
            case FieldValue.Null _ -> {}
        }
    }
}
