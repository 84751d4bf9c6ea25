package io.trapline.store;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;

/// Bounds what functions make much of little of, in one step, in which they can be neither counted
/// nor interrupted.
///
/// The size of a value is how many elements a list has, or about how many eight characters a text;
/// what is inside of it counts. Of a column of a table it is taken for one; of a column that the
/// statement makes it is known. This is an estimate: what it misses meets the limits of the
/// process.
final class SqlSizes {
    /// By the position of the argument that says how much.
    private static final Map<String, Integer> COUNTED =
            Map.of(
                    "array_resize", 1,
                    "bar", 3,
                    "bitstring", 1,
                    "equi_width_bins", 2,
                    "list_resize", 1,
                    "lpad", 1,
                    "repeat", 1,
                    "reservoir_quantile", 2,
                    "rpad", 1);

    /// These count from one argument to another.
    private static final Set<String> SERIES = Set.of("generate_series", "range");

    /// What comes out is as large as all arguments multiplied: each part of one may become another.
    private static final Set<String> TIMES =
            Set.of(
                    "array_aggr",
                    "array_aggregate",
                    "array_select",
                    "array_to_string",
                    "concat_ws",
                    "format",
                    "group_concat",
                    "json_extract",
                    "json_extract_path",
                    "json_extract_string",
                    "list_aggr",
                    "list_aggregate",
                    "list_select",
                    "list_string_agg",
                    "listagg",
                    "printf",
                    "regexp_replace",
                    "replace",
                    "strftime",
                    "string_agg");

    /// What comes out has all arguments in it.
    private static final Set<String> SUMS =
            Set.of(
                    "array_append",
                    "array_cat",
                    "array_concat",
                    "array_prepend",
                    "array_push_back",
                    "array_push_front",
                    "array_value",
                    "array_zip",
                    "concat",
                    "json_array",
                    "json_merge_patch",
                    "json_object",
                    "list_append",
                    "list_cat",
                    "list_concat",
                    "list_pack",
                    "list_prepend",
                    "list_value",
                    "list_zip",
                    "map",
                    "map_concat",
                    "path_join",
                    "row",
                    "struct_concat",
                    "struct_insert",
                    "struct_pack",
                    "||");

    /// A number or a truth comes out, whatever goes in.
    private static final Set<String> SMALL =
            Set.of(
                    "%",
                    "*", "**", "+", "-", "/", "//", "avg", "count", "len", "length", "strlen",
                    "sum");

    /// More than one row from a select that has no table.
    private static final Set<String> ROWS =
            Set.of("generate_subscripts", "regexp_split_to_table", "unnest");

    /// Of these a number below nothing makes nothing, so that an upper bound is enough.
    private static final Set<String> UPWARDS_ALONE = Set.of("lpad", "repeat", "rpad");

    private static final Set<String> INTEGERS =
            Set.of("TINYINT", "SMALLINT", "INTEGER", "INT", "BIGINT", "INT2", "INT4", "INT8");

    private static final long MOST_EXACT = 1_000_000_000L;

    private static final Pattern WHOLE = Pattern.compile("\\s*[+-]?\\d{1,9}\\s*");

    /// Of one function, and of all that is inside of it together.
    private static final long MOST = 100_000;

    /// The same inside a lambda, which runs for each element of a list, and with rows, of which a
    /// few thousand are in hand at once: of one function, …
    private static final long MOST_OFTEN = 1_000;

    /// … and with all that is inside of it.
    private static final long MOST_OFTEN_TOGETHER = 10_000;

    /// Of all that is made for each row side by side.
    private static final long MOST_IN_ALL = 20_000;

    /// So much more may be made without rows.
    private static final long ONCE = 50;

    private static final int CHARACTERS = 8;

    private final Map<String, Long> columns = new HashMap<>();
    private long inAll;

    private SqlSizes() {}

    /// @param statement of what `json_serialize_sql` makes
    static void check(JsonNode statement) throws QueryException {
        SqlSizes sizes = new SqlSizes();
        sizes.size(statement, false);
    }

    /// @param often whether the part is evaluated for rows or for elements of a list
    private long size(JsonNode node, boolean often) throws QueryException {
        return switch (node.path("class").asText()) {
            case "CONSTANT" -> {
                JsonNode literal = node.path("literal");
                int characters = literal.path("text").asText().length();
                yield 1
                        + (literal.path("kind").asText().equals("STRING")
                                ? characters / CHARACTERS
                                : 0);
            }
            case "COLUMN_REF" -> column(columnName(node));
            case "STAR" -> {
                parts(node, often);
                yield Math.max(
                        1, columns.values().stream().mapToLong(Long::longValue).max().orElse(1));
            }
            case "COMPARISON", "CONJUNCTION", "BETWEEN" -> {
                parts(node, often);
                yield 1;
            }
            case "LAMBDA" -> // or JSON's arrow, which the parser cannot tell from it
                    Math.max(size(node.path("lhs"), often), size(node.path("expr"), true));
            case "FUNCTION" -> function(node, often);
            case "TYPE" -> type(node);
            default -> other(node, often);
        };
    }

    private long other(JsonNode node, boolean often) throws QueryException {
        return switch (node.path("type").asText()) {
            case "SELECT_NODE" -> select(node, often || hasRows(node));
            case "TABLE_FUNCTION" -> {
                JsonNode function = node.path("function");
                parts(function.path("arguments"), holdsColumn(function));
                yield 1;
            }
            default -> parts(node, often);
        };
    }

    /// The largest of all parts.
    private long parts(JsonNode node, boolean often) throws QueryException {
        long largest = 1;
        for (JsonNode child : node) {
            if (child.isContainerNode()) {
                largest = Math.max(largest, size(child, often));
            }
        }
        return largest;
    }

    private long select(JsonNode select, boolean often) throws QueryException {
        for (JsonNode entry : select.path("cte_map").path("map")) {
            long size = size(entry.path("value").path("query_node"), often);
            for (JsonNode alias : entry.path("value").path("aliases")) {
                know(alias.asText(), size);
            }
        }
        from(select.path("from_table"), often);
        long largest = 1;
        for (JsonNode column : select.path("select_list")) {
            long size = size(column, often);
            String alias = column.path("alias").asText();
            know(alias.isEmpty() ? columnName(column) : alias, size);
            largest = Math.max(largest, size);
        }
        for (var part : select.properties()) {
            if (!Set.of("cte_map", "from_table", "select_list").contains(part.getKey())) {
                parts(part.getValue(), often);
            }
        }
        return largest;
    }

    private void from(JsonNode table, boolean often) throws QueryException {
        if (table.path("type").asText().equals("JOIN")) {
            from(table.path("left"), often);
            from(table.path("right"), often);
            parts(table.path("condition"), often);
            return;
        }
        long size = size(table, often);
        for (JsonNode alias : table.path("column_name_alias")) {
            know(alias.asText(), size);
        }
    }

    /// A column that was given no name has that of its expression.
    private long column(String name) {
        long unnamed = name.contains("(") ? columns.getOrDefault("", 1L) : 1;
        return Math.max(unnamed, columns.getOrDefault(name, 1L));
    }

    private void know(String column, long size) {
        if (size > 1) {
            columns.merge(column.toLowerCase(Locale.ROOT), size, Math::max);
        }
    }

    /// The last part, as which it is known outside; of what is no column, none.
    private static String columnName(JsonNode expression) {
        JsonNode names = expression.path("column_names");
        return names.path(names.size() - 1).asText().toLowerCase(Locale.ROOT);
    }

    private static boolean hasRows(JsonNode select) {
        JsonNode from = select.path("from_table");
        for (JsonNode column : select.path("select_list")) {
            if (holdsFunction(column, ROWS)) {
                return true;
            }
        }
        return switch (from.path("type").asText()) {
            case "EMPTY" -> false;
            case "SUBQUERY" -> {
                JsonNode inner = from.path("subquery").path("node");
                yield !inner.path("type").asText().equals("SELECT_NODE") || hasRows(inner);
            }
            default -> true;
        };
    }

    private static boolean holdsFunction(JsonNode node, Set<String> names) {
        if (names.contains(SqlGuard.functionName(node))) {
            return true;
        }
        for (JsonNode child : node) {
            if (holdsFunction(child, names)) {
                return true;
            }
        }
        return false;
    }

    private static boolean holdsColumn(JsonNode node) {
        if (node.path("class").asText().equals("COLUMN_REF")) {
            return true;
        }
        for (JsonNode child : node) {
            if (holdsColumn(child)) {
                return true;
            }
        }
        return false;
    }

    private long function(JsonNode function, boolean often) throws QueryException {
        String name = SqlGuard.functionName(function);
        JsonNode arguments = function.path("arguments");
        long sum = 0;
        long product = 1;
        long largest = 1;
        long body = 0;
        for (JsonNode argument : arguments) {
            JsonNode expression = SqlGuard.expression(argument);
            long size = size(expression, often);
            if (isLambda(expression) && !known(name)) {
                body = Math.max(body, size);
            } else {
                sum = times(1, sum + size);
                product = times(product, size);
                largest = Math.max(largest, size);
            }
        }
        parts(function.path("filter"), often);
        parts(function.path("order_bys"), often);
        if (COUNTED.containsKey(name) || SERIES.contains(name)) {
            boolean each = often || holdsColumn(arguments);
            long made = counted(name, arguments, each ? MOST_OFTEN : MOST, largest);
            return used(name, within(name, made, each), often);
        }
        if (TIMES.contains(name)) {
            long rounds =
                    name.equals("concat_ws") || name.equals("format") || name.equals("printf")
                            ? arguments.size()
                            : 1;
            return used(name, within(name, times(product, rounds), often), often);
        }
        if (SUMS.contains(name)) {
            return within(name, Math.max(1, sum), often);
        }
        if (body > 0) {
            long made = times(Math.max(1, sum), body);
            return used(name, within(name + " with a lambda", made, often), often);
        }
        return SMALL.contains(name) ? 1 : largest;
    }

    private static boolean isLambda(JsonNode expression) {
        return expression.path("class").asText().equals("LAMBDA");
    }

    /// Whether it takes no lambda.
    private static boolean known(String name) {
        return COUNTED.containsKey(name)
                || SERIES.contains(name)
                || TIMES.contains(name)
                || SUMS.contains(name);
    }

    private static long counted(String name, JsonNode arguments, long most, long largest)
            throws QueryException {
        if (SERIES.contains(name) || arguments.size() == 1) {
            long count = 1;
            for (JsonNode argument : arguments) {
                count = Math.max(count, count(name, argument, most));
            }
            return count;
        }
        int position = COUNTED.getOrDefault(name, 1);
        JsonNode argument = arguments.path(position);
        return argument.isMissingNode() ? largest : times(count(name, argument, most), largest);
    }

    /// How much an argument says, in whatever type DuckDB would take for a number.
    private static long count(String name, JsonNode argument, long most) throws QueryException {
        JsonNode expression = SqlGuard.expression(argument);
        if (expression.path("class").asText().equals("CONSTANT")) {
            JsonNode literal = expression.path("literal");
            String text = literal.path("text").asText();
            BigDecimal number =
                    switch (literal.path("kind").asText()) {
                        case "NULL_LITERAL", "BOOLEAN" -> BigDecimal.ONE;
                        case "INTEGER", "NUMERIC" -> number(text, most);
                        case "STRING" ->
                                WHOLE.matcher(text).matches()
                                        ? number(text.strip(), most)
                                        : tooMany(most);
                        default -> tooMany(most);
                    };
            if (number.abs().compareTo(BigDecimal.valueOf(most)) <= 0) {
                return Math.max(1, number.abs().longValue());
            }
        }
        OptionalLong bound = exact(expression);
        if (bound.isEmpty() && UPWARDS_ALONE.contains(name)) {
            bound = least(expression);
        }
        if (bound.isEmpty() || Math.abs(bound.getAsLong()) > most) {
            throw new QueryException(name + needs(name, most));
        }
        return Math.max(1, Math.abs(bound.getAsLong()));
    }

    private static String needs(String name, long most) {
        String number =
                " takes a number of at most "
                        + most
                        + " here that is known beforehand: a literal, or arithmetic of literals";
        if (SERIES.contains(name)) {
            return number
                    + "; where it comes from data, or is larger, put the series into FROM: FROM"
                    + " range(100000), or FROM (SELECT min(time) AS a, max(time) AS b FROM"
                    + " metrics), generate_series(a, b, INTERVAL 1 MINUTE)";
        }
        return UPWARDS_ALONE.contains(name)
                ? number
                        + ", or least(round(value)::INTEGER, 50), whose other arguments are"
                        + " cast to an integer type; bar(value, 0, 100, 50) draws a bar"
                : number;
    }

    /// The value of whole numbers and of `+`, `-` and `*` of them; what goes beyond 9 digits counts
    /// as unknown.
    private static OptionalLong exact(JsonNode expression) {
        if (expression.path("class").asText().equals("CONSTANT")) {
            String text = expression.path("literal").path("text").asText();
            boolean number =
                    expression.path("literal").path("kind").asText().equals("INTEGER")
                            && text.matches("-?[0-9]{1,9}");
            return number ? OptionalLong.of(Long.parseLong(text)) : OptionalLong.empty();
        }
        if (!expression.path("class").asText().equals("FUNCTION")) {
            return OptionalLong.empty();
        }
        JsonNode arguments = expression.path("arguments");
        OptionalLong left = arguments.size() > 2 ? OptionalLong.empty() : exact(arguments, 0);
        OptionalLong right = exact(arguments, 1);
        if (left.isEmpty() || (arguments.size() == 2 && right.isEmpty())) {
            return OptionalLong.empty();
        }
        long value = left.getAsLong();
        OptionalLong result =
                switch (SqlGuard.functionName(expression) + arguments.size()) {
                    case "-1" -> OptionalLong.of(-value);
                    case "+1" -> left;
                    case "+2" -> OptionalLong.of(value + right.orElse(0));
                    case "-2" -> OptionalLong.of(value - right.orElse(0));
                    case "*2" -> OptionalLong.of(value * right.orElse(0));
                    default -> OptionalLong.empty();
                };
        return result.isPresent() && Math.abs(result.getAsLong()) < MOST_EXACT
                ? result
                : OptionalLong.empty();
    }

    private static OptionalLong exact(JsonNode arguments, int at) {
        return arguments.has(at)
                ? exact(SqlGuard.expression(arguments.get(at)))
                : OptionalLong.empty();
    }

    /// Of `least(…)` the smallest literal, when all else in it is sure to be compared as a whole
    /// number: texts have another order.
    private static OptionalLong least(JsonNode expression) {
        if (!expression.path("class").asText().equals("FUNCTION")
                || !SqlGuard.functionName(expression).equals("least")) {
            return OptionalLong.empty();
        }
        OptionalLong smallest = OptionalLong.empty();
        for (JsonNode each : expression.path("arguments")) {
            JsonNode argument = SqlGuard.expression(each);
            OptionalLong exact = exact(argument);
            if (exact.isPresent()) {
                smallest =
                        OptionalLong.of(
                                Math.min(
                                        smallest.orElse(Long.MAX_VALUE),
                                        Math.max(0, exact.getAsLong())));
            } else if (!argument.path("class").asText().equals("CAST")
                    || !isWhole(argument.path("type_expr"))) {
                return OptionalLong.empty();
            }
        }
        return smallest;
    }

    private static boolean isWhole(JsonNode type) {
        return type.path("schema").asText().isEmpty()
                && INTEGERS.contains(type.path("type_name").asText().toUpperCase(Locale.ROOT));
    }

    private static BigDecimal number(String text, long most) {
        try {
            return new BigDecimal(text.replace("_", ""));
        } catch (NumberFormatException _) {
            return tooMany(most);
        }
    }

    private static BigDecimal tooMany(long most) {
        return BigDecimal.valueOf(most + 1);
    }

    /// An array of a fixed length takes its room for thousands of rows even if there is one.
    private long type(JsonNode type) throws QueryException {
        long size = 1;
        boolean array = type.path("type_name").asText().equalsIgnoreCase("array");
        for (JsonNode child : type.path("children")) {
            if (child.path("class").asText().equals("TYPE")) {
                size = array ? times(size, type(child)) : times(1, size + type(child));
            } else if (array) {
                size = times(size, count("an array type", child, MOST_OFTEN));
            }
        }
        return array ? within("an array type", size, true) : size;
    }

    private static long within(String name, long size, boolean often) throws QueryException {
        long most = often ? MOST_OFTEN_TOGETHER : MOST;
        if (size > most) {
            throw new QueryException(
                    name
                            + " multiplies what is inside of it: together more than "
                            + most
                            + " elements; for longer series of rows use FROM range(…)");
        }
        return size;
    }

    private long used(String name, long size, boolean often) throws QueryException {
        inAll += often ? size : size / ONCE;
        if (inAll > MOST_IN_ALL) {
            throw new QueryException(
                    name
                            + " and its like make more than "
                            + (often ? MOST_IN_ALL : ONCE * MOST_IN_ALL)
                            + " elements in the statement as a whole; for longer series of rows"
                            + " use FROM range(…)");
        }
        return size;
    }

    private static long times(long one, long other) {
        return Math.min(one * other, Integer.MAX_VALUE);
    }
}
