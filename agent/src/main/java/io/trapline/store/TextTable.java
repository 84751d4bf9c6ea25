package io.trapline.store;

import java.io.IOException;
import java.io.Writer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A result as columns side by side.
final class TextTable {
    private TextTable() {}

    static void write(QueryResult result, Writer out) throws IOException {
        int columns = result.columns().size();
        List<List<String>> lines = new ArrayList<>(result.rows().size() + 1);
        lines.add(result.columns().stream().map(TextTable::plain).toList());
        boolean[] right = new boolean[columns];
        for (int column = 0; column < columns; column++) {
            right[column] = isNumeric(result, column);
        }
        for (List<@Nullable Object> row : result.rows()) {
            List<String> line = new ArrayList<>(columns);
            for (Object cell : row) {
                line.add(plain(ResultFormat.show(cell)));
            }
            lines.add(line);
        }
        int[] widths = new int[columns];
        for (List<String> line : lines) {
            for (int column = 0; column < columns; column++) {
                widths[column] = Math.max(widths[column], width(line.get(column)));
            }
        }
        writeLine(out, lines.getFirst(), widths, right);
        for (int column = 0; column < columns; column++) {
            out.write(column == 0 ? "" : "-+-");
            out.write("-".repeat(widths[column]));
        }
        out.write('\n');
        for (List<String> line : lines.subList(1, lines.size())) {
            writeLine(out, line, widths, right);
        }
        int count = result.rows().size();
        out.write("(" + count + (count == 1 ? " row)\n" : " rows)\n"));
    }

    private static void writeLine(Writer out, List<String> line, int[] widths, boolean[] right)
            throws IOException {
        StringBuilder text = new StringBuilder();
        for (int column = 0; column < widths.length; column++) {
            text.append(column == 0 ? "" : " | ");
            String cell = line.get(column);
            String pad = " ".repeat(widths[column] - width(cell));
            text.append(right[column] ? pad + cell : cell + pad);
        }
        out.write(text.toString().stripTrailing());
        out.write('\n');
    }

    private static boolean isNumeric(QueryResult result, int column) {
        boolean seen = false;
        for (List<@Nullable Object> row : result.rows()) {
            Object cell = row.get(column);
            if (cell != null && !(cell instanceof Number)) {
                return false;
            }
            seen |= cell != null;
        }
        return seen;
    }

    private static int width(String text) {
        return text.codePointCount(0, text.length());
    }

    /// Without what would break the line or steer the terminal.
    private static String plain(String text) {
        StringBuilder out = new StringBuilder(text.length());
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            switch (c) {
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> out.append(Character.isISOControl(c) ? '\uFFFD' : c);
            }
        }
        return out.toString();
    }
}
