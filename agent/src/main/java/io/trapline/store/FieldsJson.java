package io.trapline.store;

import com.fasterxml.jackson.core.JsonGenerator;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.PlainNumber;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.util.List;

/// Fields as JSON text: integers with all their digits, bytes as base64, NaN and the infinities as
/// texts.
final class FieldsJson {
    private FieldsJson() {}

    static String of(List<Field> fields) {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = JsonCells.JSON.createGenerator(text)) {
            out.writeStartObject();
            for (Field field : fields) {
                out.writeFieldName(field.key());
                write(out, field.value());
            }
            out.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
        return text.toString();
    }

    static String of(FieldValue value) {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = JsonCells.JSON.createGenerator(text)) {
            write(out, value);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
        return text.toString();
    }

    private static void write(JsonGenerator out, FieldValue value) throws IOException {
        switch (value) {
            case FieldValue.Real(double number, var digits) -> {
                if (digits == null && Double.isFinite(number)) {
                    out.writeNumber(PlainNumber.of(number));
                } else if (digits == null) {
                    out.writeNumber(number);
                } else {
                    out.writeNumber(digits);
                }
            }
            case FieldValue.Int(long number) -> out.writeNumber(number);
            case FieldValue.UInt(long bits) -> out.writeNumber(Long.toUnsignedString(bits));
            case FieldValue.Bool(boolean yes) -> out.writeBoolean(yes);
            case FieldValue.Text(String text) -> out.writeString(text);
            case FieldValue.Bytes(var bytes) -> out.writeString(bytes.toBase64());
            case FieldValue.Array(List<FieldValue> values) -> {
                out.writeStartArray();
                for (FieldValue element : values) {
                    write(out, element);
                }
                out.writeEndArray();
            }
            case FieldValue.Json(String text) -> out.writeRawValue(text);
            case FieldValue.Null _ -> out.writeNull();
        }
    }
}
