package io.trapline.store;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/// Bounds how deep a parsed statement goes and how much it joins.
///
/// Binding and planning go down a statement level by level, on the stack, and what some parts cost
/// there grows with the cube of their number or doubles with each: a stack that is too small ends
/// the process, and the time limit does not reach into these steps. Much nests without brackets: a
/// chain of casts, of operators, of joins, of `IN (SELECT …)`. So what DuckDB's parser made of the
/// text is measured, not the text.
final class SqlShape {
    /// Of expressions, tables and queries inside one another. At 512 KiB of stack DuckDB falls with
    /// 100 to 700 of them; statements have [StatementThreads#STACK_BYTES], its own threads mostly 8
    /// MiB.
    private static final int MOST_LEVELS = 150;

    /// 100 of them take up to 6 s to plan, half as many half a second.
    private static final int MOST_JOINS = 60;

    /// `UNION` of many is flat.
    private static final int MOST_UNITED = 300;

    /// Each doubles what binding costs: 16 take seconds.
    private static final int MOST_LAMBDAS = 8;

    private static final int MOST_WINDOWS = 60;
    private static final int MOST_GROUPINGS = 40;
    private static final int MOST_NAMED_QUERIES = 60;

    /// `SUMMARIZE` of a `SUMMARIZE` doubles as well.
    private static final int MOST_SHOWN = 4;

    /// Queries that a statement is made of when each use of a name in `WITH` is written out, as the
    /// planner may.
    private static final long MOST_WRITTEN_OUT = 1_000;

    private final Map<String, Long> writtenOut = new HashMap<>();
    private int joins;
    private int united;
    private int windows;
    private int groupings;
    private int named;
    private int shown;

    private SqlShape() {}

    /// @param statement of what `json_serialize_sql` makes
    static void check(JsonNode statement) throws QueryException {
        SqlShape shape = new SqlShape();
        shape.measure(statement, 0, 0);
        limit(
                "joins, subqueries, EXCEPT and INTERSECT (what is joined with a subquery or a"
                        + " function counts twice)",
                shape.joins,
                MOST_JOINS);
        limit("queries in UNION; VALUES takes more rows", shape.united, MOST_UNITED);
        limit("window functions", shape.windows, MOST_WINDOWS);
        limit("grouping sets", shape.groupings, MOST_GROUPINGS);
        limit("queries named by WITH", shape.named, MOST_NAMED_QUERIES);
        limit("DESCRIBE, SUMMARIZE and SHOW", shape.shown, MOST_SHOWN);
        limit(
                "queries when the names of WITH are written out",
                shape.uses(statement),
                MOST_WRITTEN_OUT);
    }

    private static void limit(String what, long there, long most) throws QueryException {
        if (there > most) {
            throw new QueryException(
                    "the statement has " + there + " " + what + "; at most " + most + " are taken");
        }
    }

    private void measure(JsonNode node, int above, int lambdas) throws QueryException {
        JsonNode kind = node.path("type");
        String type = kind.isTextual() ? kind.asText() : "";
        int level = type.isEmpty() ? above : above + 1;
        if (level > MOST_LEVELS) {
            throw new QueryException(
                    "the statement is nested more than "
                            + MOST_LEVELS
                            + " levels deep, counting each operator, function, cast, join and"
                            + " subquery inside another; at most "
                            + MOST_LEVELS
                            + " are taken");
        }
        switch (type) {
            case "JOIN" -> joins += isMade(node.path("right")) ? 2 : 1;
            case "SET_OPERATION_NODE" -> {
                if (node.path("setop_type").asText().equals("UNION")) {
                    united += node.path("children").size();
                } else {
                    joins++;
                }
            }
            case "SHOW_REF" -> shown++;
            default -> other(node);
        }
        // What is left of JSON's arrow, which looks the same, is not inside of anything.
        int inLambda = type.equals("LAMBDA") ? lambdas + 1 : lambdas;
        limit("lambdas or list comprehensions inside one another", inLambda, MOST_LAMBDAS);
        for (var child : node.properties()) {
            measure(child.getValue(), level, child.getKey().equals("lhs") ? lambdas : inLambda);
        }
        if (node.isArray()) {
            for (JsonNode element : node) {
                measure(element, level, lambdas);
            }
        }
    }

    private void other(JsonNode node) {
        switch (node.path("class").asText()) {
            case "SUBQUERY" -> joins++;
            case "WINDOW" -> windows++;
            default -> {
                groupings += node.path("group_sets").size();
                named += node.path("cte_map").path("map").size();
            }
        }
    }

    /// Whether a row of what is joined may depend on the row it is joined with.
    private static boolean isMade(JsonNode table) {
        String type = table.path("type").asText();
        return type.equals("SUBQUERY") || type.equals("TABLE_FUNCTION");
    }

    /// How many queries the node has when each name is written out. Names are taken as if each were
    /// there once, a later one instead of an earlier one.
    private long uses(JsonNode node) {
        long sum = node.path("type").asText().endsWith("_NODE") ? 1 : 0;
        for (JsonNode entry : node.path("cte_map").path("map")) {
            String name = entry.path("key").asText().toLowerCase(Locale.ROOT);
            writtenOut.put(name, uses(entry.path("value")));
        }
        if (node.path("type").asText().equals("BASE_TABLE")) {
            String name = node.path("table_name").asText().toLowerCase(Locale.ROOT);
            sum = add(sum, writtenOut.getOrDefault(name, 0L));
        }
        for (var child : node.properties()) {
            if (!child.getKey().equals("cte_map")) {
                sum = add(sum, uses(child.getValue()));
            }
        }
        if (node.isArray()) {
            for (JsonNode element : node) {
                sum = add(sum, uses(element));
            }
        }
        return sum;
    }

    private static long add(long one, long other) {
        return Math.min(one + other, Integer.MAX_VALUE);
    }
}
