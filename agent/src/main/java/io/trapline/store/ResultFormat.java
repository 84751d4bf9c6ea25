package io.trapline.store;

import com.fasterxml.jackson.core.JsonGenerator;
import io.trapline.model.PlainNumber;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How a [QueryResult] is given to programs. Both are UTF-8; none closes the stream.
public enum ResultFormat {
    /// RFC 4180 with a header line and CRLF; no value is an empty cell, an empty text is `""`.
    CSV {
        @Override
        public void write(QueryResult result, OutputStream to) throws IOException {
            Writer out = writer(to);
            writeLine(out, new ArrayList<>(result.columns()));
            for (List<@Nullable Object> row : result.rows()) {
                writeLine(out, row);
            }
            out.flush();
        }

        private static void writeLine(Writer out, List<? extends @Nullable Object> cells)
                throws IOException {
            for (int i = 0; i < cells.size(); i++) {
                out.write(i == 0 ? "" : ",");
                Object cell = cells.get(i);
                String text = show(cell);
                if (cell != null && (text.isEmpty() || needsQuotes(text))) {
                    text = '"' + text.replace("\"", "\"\"") + '"';
                }
                out.write(text);
            }
            out.write("\r\n");
        }

        private static boolean needsQuotes(String text) {
            return text.chars().anyMatch(c -> c == ',' || c == '"' || c == '\n' || c == '\r');
        }
    },
    /// `{"columns":["a"],"rows":[[1]]}`, as `POST /api/query` answers.
    JSON {
        @Override
        public void write(QueryResult result, OutputStream to) throws IOException {
            try (JsonGenerator out = JsonCells.JSON.createGenerator(to)) {
                out.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
                out.writeStartObject();
                out.writeFieldName("columns");
                JsonCells.write(out, result.columns());
                out.writeFieldName("rows");
                JsonCells.write(out, result.rows());
                out.writeEndObject();
            }
        }
    };

    public abstract void write(QueryResult result, OutputStream to) throws IOException;

    /// A cell as one text, for people and in CSV: numbers as [PlainNumber] has them, maps and lists
    /// as JSON, no value as an empty text.
    public static String show(@Nullable Object cell) {
        return switch (cell) {
            case null -> "";
            case Double number -> PlainNumber.of(number);
            case BigDecimal number -> PlainNumber.of(number);
            case List<?> list -> JsonCells.text(list);
            case Map<?, ?> map -> JsonCells.text(map);
            default -> cell.toString();
        };
    }

    private static Writer writer(OutputStream to) {
        return new BufferedWriter(new OutputStreamWriter(to, StandardCharsets.UTF_8));
    }
}
