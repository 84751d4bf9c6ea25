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
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/// A [QueryResult] as bytes, each cell with its type: count of columns (4), their names, count of
/// rows (4), the cells row by row. A cell is a sign (1 byte) and its content; texts are a length
/// (4) and UTF-8.
///
/// The reader trusts nothing: room is made as cells arrive, and what is no result is an
/// [IOException].
final class ResultCodec {
    /// A statement has no more brackets.
    private static final int MOST_LEVELS = 1000;

    private static final int MOST_DIGITS = 4096;
    private static final int FIRST_ROOM = 1024;

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
            int width = count(in);
            List<String> columns = new ArrayList<>(Math.min(width, FIRST_ROOM));
            for (int i = 0; i < width; i++) {
                columns.add(text(in));
            }
            int height = count(in);
            if (width == 0 && height > 0) {
                throw new IOException(height + " rows without columns");
            }
            List<List<@Nullable Object>> rows = new ArrayList<>(Math.min(height, FIRST_ROOM));
            for (int i = 0; i < height; i++) {
                List<@Nullable Object> row = new ArrayList<>(width);
                for (int j = 0; j < width; j++) {
                    row.add(read(in, 0));
                }
                rows.add(row);
            }
            if (in.available() > 0) {
                throw new IOException(in.available() + " bytes follow the last row");
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

    private static @Nullable Object read(DataInputStream in, int level) throws IOException {
        if (level > MOST_LEVELS) {
            throw new IOException("a cell of more than " + MOST_LEVELS + " levels");
        }
        byte sign = in.readByte();
        return switch (sign) {
            case '0' -> null;
            case 't' -> true;
            case 'f' -> false;
            case 'l' -> in.readLong();
            case 'd' -> in.readDouble();
            case 'i' -> number(in, BigInteger::new);
            case 'n' -> {
                BigDecimal number = number(in, BigDecimal::new);
                if (Math.abs((long) number.scale()) > MOST_DIGITS) {
                    throw new IOException("a number with the scale " + number.scale());
                }
                yield number;
            }
            case 's' -> text(in);
            case '[' -> {
                int size = count(in);
                List<@Nullable Object> list = new ArrayList<>();
                for (int i = 0; i < size; i++) {
                    list.add(read(in, level + 1));
                }
                yield list;
            }
            case '{' -> {
                int size = count(in);
                Map<String, @Nullable Object> map = new LinkedHashMap<>();
                for (int i = 0; i < size; i++) {
                    map.put(text(in), read(in, level + 1));
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

    private static <T> T number(DataInputStream in, Function<String, T> parser) throws IOException {
        String digits = text(in);
        if (digits.length() > MOST_DIGITS) {
            throw new IOException("a number of " + digits.length() + " digits");
        }
        try {
            return parser.apply(digits);
        } catch (NumberFormatException e) {
            throw new IOException("a number that is none", e);
        }
    }

    private static String text(DataInputStream in) throws IOException {
        int length = count(in);
        return new String(in.readNBytes(length), StandardCharsets.UTF_8);
    }

    /// Of what takes a byte at least each: more than there are left cannot come.
    private static int count(DataInputStream in) throws IOException {
        int count = in.readInt();
        if (count < 0 || count > in.available()) {
            throw new IOException(count + " announced, with " + in.available() + " bytes left");
        }
        return count;
    }
}
