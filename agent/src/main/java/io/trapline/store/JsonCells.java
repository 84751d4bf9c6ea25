package io.trapline.store;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import io.trapline.model.PlainNumber;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The cells of a [QueryResult] as JSON, and back, with every digit kept; numbers as [PlainNumber]
/// has them.
final class JsonCells {
    static final JsonFactory JSON = new JsonFactory();

    private JsonCells() {}

    static void write(JsonGenerator out, @Nullable Object cell) throws IOException {
        switch (cell) {
            case null -> out.writeNull();
            case Boolean yes -> out.writeBoolean(yes);
            case Long number -> out.writeNumber(number);
            case BigInteger number -> out.writeNumber(number);
            case BigDecimal number -> out.writeNumber(PlainNumber.of(number));
            case Double number when Double.isFinite(number) ->
                    out.writeNumber(PlainNumber.of(number));
            case Double number -> out.writeNumber(number);
            case String text -> out.writeString(text);
            case List<?> list -> {
                out.writeStartArray();
                for (Object element : list) {
                    write(out, element);
                }
                out.writeEndArray();
            }
            case Map<?, ?> map -> {
                out.writeStartObject();
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    out.writeFieldName(String.valueOf(entry.getKey()));
                    write(out, entry.getValue());
                }
                out.writeEndObject();
            }
            default -> throw new IllegalArgumentException("no cell: " + cell.getClass());
        }
    }

    static String text(@Nullable Object cell) {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = JSON.createGenerator(text)) {
            write(out, cell);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
        return text.toString();
    }

    static @Nullable Object parse(String json) {
        try (JsonParser in = JSON.createParser(json)) {
            in.nextToken();
            return read(in);
        } catch (IOException _) {
            // What DuckDB holds to be JSON and Jackson does not (a NaN, say) is shown as it is.
            return json;
        }
    }

    private static @Nullable Object read(JsonParser in) throws IOException {
        return switch (in.currentToken()) {
            case START_OBJECT -> {
                Map<String, @Nullable Object> map = new LinkedHashMap<>();
                while (in.nextToken() == JsonToken.FIELD_NAME) {
                    String key = in.currentName();
                    in.nextToken();
                    map.put(key, read(in));
                }
                yield map;
            }
            case START_ARRAY -> {
                List<@Nullable Object> list = new ArrayList<>();
                while (in.nextToken() != JsonToken.END_ARRAY) {
                    list.add(read(in));
                }
                yield list;
            }
            case VALUE_NUMBER_INT -> integer(in);
            case VALUE_NUMBER_FLOAT -> in.getDecimalValue();
            case VALUE_STRING -> in.getText();
            case VALUE_TRUE -> true;
            case VALUE_FALSE -> false;
            case VALUE_NULL -> null;
            case null -> throw new IOException("the JSON ends early");
            default -> throw new IOException("unexpected " + in.currentToken() + " in the JSON");
        };
    }

    private static Object integer(JsonParser in) throws IOException {
        BigInteger number = in.getBigIntegerValue();
        return number.bitLength() < Long.SIZE ? (Object) number.longValue() : number;
    }

    static QueryResult readResult(InputStream bytes) throws IOException {
        try (JsonParser in = JSON.createParser(bytes)) {
            in.nextToken();
            if (read(in) instanceof Map<?, ?> map
                    && map.get("columns") instanceof List<?> names
                    && map.get("rows") instanceof List<?> lines) {
                List<List<@Nullable Object>> rows = new ArrayList<>();
                for (Object line : lines) {
                    if (!(line instanceof List<?> cells)) {
                        throw new IOException("a row of the answer is no list");
                    }
                    rows.add(new ArrayList<>(cells));
                }
                return new QueryResult(names.stream().map(String::valueOf).toList(), rows);
            }
            throw new IOException("the answer has no columns and rows");
        }
    }
}
