package io.trapline.forward;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.trapline.config.OutsideJson;
import io.trapline.model.FieldValue;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/// JSON into memory.
final class Json {
    private static final JsonFactory FACTORY = OutsideJson.factory();

    private Json() {}

    interface Writing {
        void to(JsonGenerator json) throws IOException;
    }

    static byte[] write(Writing writing) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(256);
        try (JsonGenerator json = FACTORY.createGenerator(out)) {
            writing.to(json);
        } catch (IOException e) {
            throw new UncheckedIOException("memory does not fail", e);
        }
        return out.toByteArray();
    }

    /// Any field, as the JSON value that says the same; what JSON has no number for becomes text.
    static void value(JsonGenerator json, FieldValue value) throws IOException {
        switch (value) {
            case FieldValue.Real(double number, var digits) -> {
                if (digits != null) {
                    json.writeNumber(digits);
                } else if (Double.isFinite(number)) {
                    json.writeNumber(number);
                } else {
                    json.writeString(Double.toString(number));
                }
            }
            case FieldValue.Int(long number) -> json.writeNumber(number);
            case FieldValue.UInt(long bits) -> json.writeNumber(Long.toUnsignedString(bits));
            case FieldValue.Bool(boolean yes) -> json.writeBoolean(yes);
            case FieldValue.Text(String text) -> json.writeString(text);
            case FieldValue.Bytes(var blob) -> json.writeString(blob.toBase64());
            case FieldValue.Array(var values) -> {
                json.writeStartArray();
                for (FieldValue element : values) {
                    value(json, element);
                }
                json.writeEndArray();
            }
            case FieldValue.Json(String text) -> json.writeRawValue(text);
            case FieldValue.Null _ -> json.writeNull();
        }
    }
}
