package io.trapline.cli;

import io.trapline.store.ResultFormat;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Columns of text side by side, numbers to the right. On a terminal the widest columns of text are
/// shortened, with `…`, until a row fits; elsewhere every cell is whole. Numbers, times, names and
/// titles are never shortened, a part of a number reads as another one: where these alone are too
/// wide, rows are wider than the terminal. What came from outside cannot steer the terminal.
final class TextTable {
    private static final String CUT = "…";

    /// No column is made narrower: less says nothing.
    private static final int NARROWEST = 12;

    /// What names a thing is whole, up to this width.
    private static final int NAME = 40;

    private static final java.util.Set<String> NAMES =
            java.util.Set.of("name", "collector", "input");

    /// A number with or without its unit, a time.
    private static final java.util.regex.Pattern QUANTITY =
            java.util.regex.Pattern.compile("(in )?-?[0-9][-+0-9.:eTZ ]*[^ ]{0,3}( ago)?|–|now|");

    /// Text with a colour of its own.
    ///
    /// @param state as [Terminal#state] takes it
    record Shaded(String text, String state) {}

    private record Cell(String text, String state) {}

    private final List<List<Cell>> rows = new ArrayList<>();
    private final boolean[] mayBeRight;
    private final boolean[] hasValue;
    private final boolean ruled;

    private TextTable(List<String> titles, boolean ruled) {
        this.ruled = ruled;
        this.mayBeRight = new boolean[titles.size()];
        this.hasValue = new boolean[titles.size()];
        java.util.Arrays.fill(mayBeRight, true);
        rows.add(titles.stream().map(title -> new Cell(plain(title), "")).toList());
    }

    /// Columns with two blanks in between.
    TextTable(String... titles) {
        this(List.of(titles), false);
    }

    /// Columns with lines in between and below the titles.
    static TextTable ruled(List<String> titles) {
        return new TextTable(titles, true);
    }

    /// @param cells null = nothing, a [Number], a [Shaded], or what [ResultFormat#show] takes
    void row(@Nullable Object... cells) {
        row(java.util.Arrays.asList(cells));
    }

    void row(List<? extends @Nullable Object> cells) {
        List<Cell> row = new ArrayList<>(cells.size());
        for (int i = 0; i < cells.size(); i++) {
            @Nullable Object cell = cells.get(i);
            if (cell != null) {
                hasValue[i] = true;
                mayBeRight[i] &= cell instanceof Number;
            }
            row.add(
                    cell instanceof Shaded(String text, String state)
                            ? new Cell(plain(text), state)
                            : new Cell(plain(ResultFormat.show(cell)), ""));
        }
        rows.add(row);
    }

    void print(PrintWriter out, Terminal terminal) {
        int columns = mayBeRight.length;
        int[] widths = widths();
        String between = ruled ? " | " : "  ";
        if (terminal.columns() > 0) {
            fit(widths, least(widths), terminal.columns() - between.length() * (columns - 1));
        }
        for (int r = 0; r < rows.size(); r++) {
            StringBuilder line = new StringBuilder();
            int pending = 0; // blanks that only matter when something follows
            for (int i = 0; i < columns; i++) {
                Cell cell = rows.get(r).get(i);
                String text = TextWidth.cut(cell.text(), widths[i], CUT);
                int pad = widths[i] - TextWidth.of(text);
                boolean right = hasValue[i] && mayBeRight[i];
                line.append(" ".repeat(pending)).append(i == 0 ? "" : ruled ? " | " : "  ");
                line.append(right ? " ".repeat(pad) : "");
                line.append(terminal.state(cell.state(), text));
                pending = right ? 0 : pad;
            }
            out.println(line.toString().stripTrailing());
            if (ruled && r == 0) {
                rule(out, widths);
            }
        }
        out.flush();
    }

    private static void rule(PrintWriter out, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int width : widths) {
            line.append(line.isEmpty() ? "" : "-+-").append("-".repeat(width));
        }
        out.println(line);
    }

    /// Whether rows fit without a number, a time or a title that is cut.
    boolean fits(Terminal terminal) {
        int[] widths = widths();
        int total = (ruled ? 3 : 2) * (widths.length - 1);
        for (int width : least(widths)) {
            total += width;
        }
        return terminal.columns() == 0 || total <= terminal.columns();
    }

    private int[] widths() {
        int[] widths = new int[mayBeRight.length];
        for (List<Cell> row : rows) {
            for (int i = 0; i < widths.length; i++) {
                widths[i] = Math.max(widths[i], TextWidth.of(row.get(i).text()));
            }
        }
        return widths;
    }

    /// How narrow each column may become.
    private int[] least(int[] widths) {
        int[] least = new int[widths.length];
        for (int i = 0; i < widths.length; i++) {
            int column = i;
            String title = rows.getFirst().get(i).text();
            boolean whole =
                    rows.stream()
                            .skip(1)
                            .allMatch(row -> QUANTITY.matcher(row.get(column).text()).matches());
            boolean name = NAMES.contains(title.toLowerCase(java.util.Locale.ROOT));
            int narrowest = Math.max(name ? NAME : NARROWEST, TextWidth.of(title));
            least[i] = whole ? widths[i] : Math.min(widths[i], narrowest);
        }
        return least;
    }

    /// Takes from the widest column that may become narrower, until all fit or none may.
    private static void fit(int[] widths, int[] least, int room) {
        int total = 0;
        for (int width : widths) {
            total += width;
        }
        while (total > room) {
            int widest = -1;
            for (int i = 0; i < widths.length; i++) {
                if (widths[i] > least[i] && (widest < 0 || widths[i] > widths[widest])) {
                    widest = i;
                }
            }
            if (widest < 0) {
                return;
            }
            widths[widest]--;
            total--;
        }
    }

    /// Without what would break the line or steer the terminal.
    static String plain(String text) {
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
