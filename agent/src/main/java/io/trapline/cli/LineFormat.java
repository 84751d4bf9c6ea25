package io.trapline.cli;

import io.trapline.store.QueryResult;
import io.trapline.store.ResultFormat;
import java.io.PrintWriter;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A result with one value a line, for values that no column holds: a traceback keeps its lines.
final class LineFormat {
    private LineFormat() {}

    static void print(QueryResult result, PrintWriter out) {
        List<String> names = result.columns().stream().map(TextTable::plain).toList();
        int widest = names.stream().mapToInt(TextWidth::of).max().orElse(0);
        int number = 0;
        for (List<@Nullable Object> row : result.rows()) {
            number++;
            out.println("-- row " + number + " --");
            for (int i = 0; i < names.size(); i++) {
                String name = names.get(i);
                String indent = " ".repeat(widest - TextWidth.of(name)) + name + ": ";
                String value = ResultFormat.show(row.get(i));
                List<String> lines = value.stripTrailing().lines().toList();
                if (lines.isEmpty()) {
                    out.println(indent.stripTrailing());
                }
                for (String line : lines) {
                    out.println(
                            (indent + TextTable.plain(line.replace("\t", "    "))).stripTrailing());
                    indent = " ".repeat(widest + 2);
                }
            }
        }
        QueryCommand.count(number, out);
    }
}
