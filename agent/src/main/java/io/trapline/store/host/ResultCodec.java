package io.trapline.store.host;

import io.trapline.store.QueryResult;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A [QueryResult] as bytes, each cell with its type: count of columns (4), their names, count of
/// rows (4), the cells row by row. A cell is a sign (1 byte) and its content; texts are a length
/// (4) and UTF-8.
final class ResultCodec {
    private ResultCodec() {}

    static void write(QueryResult result, DataOutputStream out) throws IOException {
        out.writeInt(result.columns().size());
        for (String column : result.columns()) {
            text(out, column);
        }
        out.writeInt(result.rows().size());
        for (List<@Nullable Object> row : result.rows()) {
            for (Object cell : row) {
                write(cell, out);
            }
        }
    }

    static QueryResult read(byte[] bytes, int from) throws IOException {
        try (DataInputStream in =
                new DataInputStream(new ByteArrayInputStream(bytes, from, bytes.length - from))) {
            int width = in.readInt();
            List<String> columns = new ArrayList<>(width);
            for (int i = 0; i < width; i++) {
                columns.add(text(in));
            }
            int height = in.readInt();
            List<List<@Nullable Object>> rows = new ArrayList<>(height);
            for (int i = 0; i < height; i++) {
                List<@Nullable Object> row = new ArrayList<>(width);
                for (int j = 0; j < width; j++) {
                    row.add(read(in));
                }
                rows.add(row);
            }
            return new QueryResult(columns, rows);
        }
    }

    private static void write(@Nullable Object cell, DataOutputStream out) throws IOException {
        switch (cell) {
            case null -> out.writeByte('0');
            case Boolean yes -> out.writeByte(yes ? 't' : 'f');
            case Long number -> {
                out.writeByte('l');
                out.writeLong(number);
            }
            case Double number -> {
                out.writeByte('d');
                out.writeDouble(number);
            }
            case BigInteger number -> {
                out.writeByte('i');
                text(out, number.toString());
            }
            case BigDecimal number -> {
                out.writeByte('n');
                text(out, number.toString());
            }
            case String text -> {
                out.writeByte('s');
                text(out, text);
            }
            case List<?> list -> {
                out.writeByte('[');
                out.writeInt(list.size());
                for (Object element : list) {
                    write(element, out);
                }
            }
            case Map<?, ?> map -> {
                out.writeByte('{');
                out.writeInt(map.size());
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    text(out, String.valueOf(entry.getKey()));
                    write(entry.getValue(), out);
                }
            }
            default -> throw new IllegalArgumentException("no cell: " + cell.getClass());
        }
    }

    private static @Nullable Object read(DataInputStream in) throws IOException {
        byte sign = in.readByte();
        return switch (sign) {
            case '0' -> null;
            case 't' -> true;
            case 'f' -> false;
            case 'l' -> in.readLong();
            case 'd' -> in.readDouble();
            case 'i' -> new BigInteger(text(in));
            case 'n' -> new BigDecimal(text(in));
            case 's' -> text(in);
            case '[' -> {
                int size = in.readInt();
                List<@Nullable Object> list = new ArrayList<>();
                for (int i = 0; i < size; i++) {
                    list.add(read(in));
                }
                yield list;
            }
            case '{' -> {
                int size = in.readInt();
                Map<String, @Nullable Object> map = new LinkedHashMap<>();
                for (int i = 0; i < size; i++) {
                    map.put(text(in), read(in));
                }
                yield map;
            }
            default -> throw new IOException("a cell of unknown kind " + sign);
        };
    }

    private static void text(DataOutputStream out, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        out.writeInt(bytes.length);
        out.write(bytes);
    }

    private static String text(DataInputStream in) throws IOException {
        return new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
    }
}
