package io.trapline.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.config.OutsideJson;
import java.io.IOException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Locale;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.duckdb.DuckDBConnection;

/// Lets a single reading statement pass and nothing else, by what DuckDB's own parser says.
///
/// It is the first of three doors. The second is a read-only transaction, which refuses every
/// write; the third is the instance's locked configuration, which knows no files, network or
/// extensions. This one is there for what the others do not see: several statements in one text
/// (the driver runs all but the last while it prepares), `ATTACH`, `SET schema`, functions that act
/// instead of read, and table functions that take an address in memory (`arrow_scan`), which is why
/// table functions are named one by one.
final class SqlGuard {
    private static final Pattern EXPLAIN =
            Pattern.compile(
                    "\\s*EXPLAIN\\s+(?:ANALYZE\\s+)?(.*)",
                    Pattern.DOTALL | Pattern.CASE_INSENSITIVE);

    private static final Pattern PIVOT =
            Pattern.compile("\\bPIVOT(_WIDER)?\\b", Pattern.CASE_INSENSITIVE);

    private static final Set<String> TABLE_FUNCTIONS =
            Set.of(
                    "duckdb_columns",
                    "duckdb_databases",
                    "duckdb_functions",
                    "duckdb_keywords",
                    "duckdb_memory",
                    "duckdb_schemas",
                    "duckdb_settings",
                    "duckdb_tables",
                    "duckdb_types",
                    "duckdb_views",
                    "generate_series",
                    "histogram",
                    "histogram_values",
                    "json_each",
                    "json_tree",
                    "pg_timezone_names",
                    "pragma_table_info",
                    "pragma_version",
                    "range",
                    "test_all_types",
                    "unnest");

    private static final Set<String> ACTING_FUNCTIONS =
            Set.of("nextval", "pg_sleep", "setseed", "setval", "sleep_ms", "write_log");

    /// Functions that make much out of little in one step, in which they can be neither counted nor
    /// interrupted. Where they may be used, all but the first argument say how much.
    private static final Set<String> MULTIPLYING_FUNCTIONS =
            Set.of(
                    "array_resize",
                    "bitstring",
                    "generate_series",
                    "list_resize",
                    "lpad",
                    "range",
                    "repeat",
                    "rpad");

    /// Of these, which count from their first argument, it says as much.
    private static final Set<String> SERIES = Set.of("generate_series", "range");

    /// Of these the third argument is a text.
    private static final Set<String> PADDING = Set.of("lpad", "rpad");

    /// Of these a number below nothing makes nothing, so that an upper bound is enough.
    private static final Set<String> UPWARDS_ALONE = Set.of("lpad", "repeat", "rpad");

    /// Types of whole numbers.
    private static final Set<String> WHOLE =
            Set.of("TINYINT", "SMALLINT", "INTEGER", "INT", "BIGINT", "INT2", "INT4", "INT8");

    private static final long MOST_EXACT = 1_000_000_000L;

    /// Functions whose first argument may say how wide to make what comes out.
    private static final Set<String> FORMATS = Set.of("format", "printf");

    /// Widths of at most four digits, none that another argument gives.
    private static final Pattern WIDE = Pattern.compile("\\d{5}|\\*|\\{[^}]*\\{");

    /// Of one of them, and of several inside one another together.
    private static final long MOST = 100_000;

    /// The same inside a lambda, which runs for each element of a list, and of a column, for each
    /// row.
    private static final long MOST_OFTEN = 1_000;

    /// A longer statement is a program's, and the parser's cost grows with it.
    private static final int MOST_CHARACTERS = 16 << 10;

    /// Each opens a level at most, so that the parser cannot be sent deeper.
    private static final int MOST_BRACKETS = 1_000;

    /// Of one name, joined by points. What binding it costs grows far faster than its parts, and
    /// that step cannot be interrupted.
    private static final int MOST_PARTS = 32;

    private static final ObjectMapper MAPPER = OutsideJson.mapper();

    private SqlGuard() {}

    /// @throws QueryException says what is wrong with the statement
    static void check(DuckDBConnection connection, String sql) throws QueryException, SQLException {
        checkSize(sql);
        Matcher explain = EXPLAIN.matcher(sql);
        JsonNode parsed = parse(connection, explain.matches() ? explain.group(1) : sql);
        if (parsed.path("error").asBoolean(true)) {
            if (parsed.path("error_type").asText().equals("parser")) {
                throw new QueryException("Parser Error: " + parsed.path("error_message").asText());
            }
            if (PIVOT.matcher(sql).find()) {
                throw new QueryException(
                        "PIVOT has to say its columns here, since to look for them is a statement of"
                                + " its own: add IN ('a', 'b'), as in PIVOT metrics ON name IN ('a',"
                                + " 'b') USING avg(value)");
            }
            throw new QueryException(
                    "only a reading statement is allowed here: SELECT, FROM, WITH, VALUES, SHOW,"
                            + " DESCRIBE, SUMMARIZE, PIVOT … IN, UNPIVOT or EXPLAIN of one");
        }
        int count = parsed.path("statements").size();
        if (count == 0) {
            throw new QueryException("there is no statement in the query");
        }
        if (count > 1) {
            throw new QueryException(
                    "there are " + count + " statements in the query; send one at a time");
        }
        walk(parsed.path("statements").path(0), new Factor(1, MOST, 1));
    }

    private static void checkSize(String sql) throws QueryException {
        if (sql.length() > MOST_CHARACTERS) {
            throw new QueryException(
                    "the statement has "
                            + sql.length()
                            + " characters, at most "
                            + MOST_CHARACTERS
                            + " are taken; ask with conditions instead of long lists");
        }
        long brackets = sql.chars().filter(c -> c == '(' || c == '[' || c == '{').count();
        if (brackets > MOST_BRACKETS) {
            throw new QueryException(
                    "the statement opens "
                            + brackets
                            + " brackets, at most "
                            + MOST_BRACKETS
                            + " are taken");
        }
    }

    /// What is around a part of a statement.
    ///
    /// @param product of all the multiplying functions that this part is inside of
    /// @param most that one of them may multiply by here
    /// @param elements of the list for each of which a lambda right below runs
    private record Factor(long product, long most, long elements) {
        Factor times(long number) {
            return new Factor(product * Math.max(1, number), most, 1);
        }

        Factor often() {
            return new Factor(product, MOST_OFTEN, 1);
        }

        Factor eachOf(long count) {
            return new Factor(product, most, count);
        }
    }

    private static JsonNode parse(DuckDBConnection connection, String sql)
            throws QueryException, SQLException {
        try (PreparedStatement query =
                connection.prepareStatement("SELECT json_serialize_sql(?::VARCHAR)::VARCHAR")) {
            query.setString(1, sql);
            try (ResultSet rows = query.executeQuery()) {
                rows.next();
                return MAPPER.readTree(rows.getString(1));
            }
        } catch (IOException e) {
            throw new QueryException("the statement is too deeply nested or too long", e);
        }
    }

    private static void walk(JsonNode node, Factor around) throws QueryException {
        boolean inFrom = node.path("type").asText().equals("TABLE_FUNCTION");
        Factor inside = around;
        if (inFrom) {
            String name = functionName(node.path("function"));
            if (!TABLE_FUNCTIONS.contains(name)) {
                throw new QueryException(
                        "the table function " + name + " is not available in queries here");
            }
            for (JsonNode argument : node.path("function").path("arguments")) {
                walk(argument, around);
            }
        } else if (node.path("class").asText().equals("FUNCTION")) {
            inside = checkScalar(node, around);
        } else if (node.path("column_names").size() > MOST_PARTS) {
            throw new QueryException(
                    "a name in the statement has "
                            + node.path("column_names").size()
                            + " parts joined by points, at most "
                            + MOST_PARTS
                            + " are taken");
        } else if (node.path("class").asText().equals("LAMBDA")) {
            inside = within("a lambda", around.times(around.elements()).often());
        }
        for (var child : node.properties()) {
            if (!inFrom || !child.getKey().equals("function")) {
                walk(child.getValue(), inside);
            }
        }
        if (node.isArray()) {
            for (JsonNode element : node) {
                walk(element, inside);
            }
        }
    }

    /// The factor of what is inside of the function.
    private static Factor checkScalar(JsonNode function, Factor around) throws QueryException {
        String name = functionName(function);
        if (ACTING_FUNCTIONS.contains(name)) {
            throw new QueryException("the function " + name + " is not available in queries here");
        }
        JsonNode arguments = function.path("arguments");
        if (FORMATS.contains(name)) {
            JsonNode format = expression(arguments.path(0));
            if (!format.path("class").asText().equals("CONSTANT")
                    || WIDE.matcher(format.path("literal").path("text").asText()).find()) {
                throw new QueryException(
                        name
                                + " is available with a constant format only here, and with widths"
                                + " of at most four digits");
            }
        }
        if (MULTIPLYING_FUNCTIONS.contains(name)) {
            Factor here = holds(arguments, "COLUMN_REF") ? around.often() : around;
            boolean all = arguments.size() == 1 || SERIES.contains(name);
            long largest = 1;
            int end = PADDING.contains(name) ? Math.min(2, arguments.size()) : arguments.size();
            for (int i = all ? 0 : 1; i < end; i++) {
                largest = Math.max(largest, count(name, arguments.get(i), here.most()));
            }
            return within(name, around.times(largest));
        }
        // A lambda's body runs as often as its list has elements.
        long elements = 1;
        for (JsonNode argument : arguments) {
            if (!isLambda(argument)) {
                elements = Math.min(elements * multiplied(argument), Integer.MAX_VALUE);
            }
        }
        return around.eachOf(elements);
    }

    private static Factor within(String name, Factor factor) throws QueryException {
        if (factor.product() > MOST) {
            throw new QueryException(
                    name
                            + " multiplies what is inside of it: together more than "
                            + MOST
                            + " elements; for longer series of rows use FROM range(…)");
        }
        return factor;
    }

    /// At most how often it multiplies.
    private static long count(String name, JsonNode argument, long most) throws QueryException {
        OptionalLong bound = bound(name, argument);
        if (bound.isEmpty() || bound.getAsLong() > most) {
            throw new QueryException(name + needs(name, most));
        }
        return bound.getAsLong();
    }

    private static String needs(String name, long most) {
        String number =
                " takes a number of at most "
                        + most
                        + " here that is known beforehand: a literal, or arithmetic of literals";
        return SERIES.contains(name)
                ? number
                        + "; where it comes from data, or is larger, put the series into FROM: FROM"
                        + " range(100000), or FROM (SELECT min(time) AS a, max(time) AS b FROM"
                        + " metrics), generate_series(a, b, INTERVAL 1 MINUTE)"
                : UPWARDS_ALONE.contains(name)
                        ? number
                                + ", or least(round(value)::INTEGER, 50), whose other arguments are"
                                + " cast to an integer type; bar(value, 0, 100, 50) draws a bar"
                        : number;
    }

    /// The largest amount that an argument can be; empty = unknown. What is no number has none.
    private static OptionalLong bound(String name, JsonNode argument) {
        JsonNode expression = expression(argument);
        if (expression.path("class").asText().equals("CONSTANT")
                && !expression.path("literal").path("kind").asText().equals("INTEGER")) {
            // A text may be padding; as a number it would be converted unseen.
            String text = expression.path("literal").path("text").asText();
            return text.strip().matches("[-+]?[0-9_.]+([eE][-+]?[0-9]+)?")
                    ? OptionalLong.empty()
                    : OptionalLong.of(1);
        }
        OptionalLong exact = exact(expression);
        if (exact.isPresent()) {
            return OptionalLong.of(Math.abs(exact.getAsLong()));
        }
        return UPWARDS_ALONE.contains(name) ? least(expression) : OptionalLong.empty();
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
                switch (functionName(expression) + arguments.size()) {
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
        return arguments.has(at) ? exact(expression(arguments.get(at))) : OptionalLong.empty();
    }

    /// Of `least(…)` the smallest literal, when all else in it is sure to be compared as a whole
    /// number: texts have another order.
    private static OptionalLong least(JsonNode expression) {
        if (!expression.path("class").asText().equals("FUNCTION")
                || !functionName(expression).equals("least")) {
            return OptionalLong.empty();
        }
        OptionalLong smallest = OptionalLong.empty();
        for (JsonNode each : expression.path("arguments")) {
            JsonNode argument = expression(each);
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
                && WHOLE.contains(type.path("type_name").asText().toUpperCase(Locale.ROOT));
    }

    /// The product of all multiplying functions in there; what has no bound is refused anyway.
    private static long multiplied(JsonNode node) {
        long product = 1;
        if (node.path("class").asText().equals("FUNCTION")
                && MULTIPLYING_FUNCTIONS.contains(functionName(node))) {
            for (JsonNode argument : node.path("arguments")) {
                product = Math.max(product, bound(functionName(node), argument).orElse(1));
            }
        }
        for (JsonNode child : node) {
            product = Math.min(product * multiplied(child), Integer.MAX_VALUE);
        }
        return product;
    }

    private static boolean isLambda(JsonNode argument) {
        return expression(argument).path("class").asText().equals("LAMBDA");
    }

    private static boolean holds(JsonNode node, String kind) {
        if (node.path("class").asText().equals(kind)) {
            return true;
        }
        for (JsonNode child : node) {
            if (holds(child, kind)) {
                return true;
            }
        }
        return false;
    }

    private static JsonNode expression(JsonNode argument) {
        return argument.has("expression") ? argument.path("expression") : argument;
    }

    private static String functionName(JsonNode function) {
        return function.path("function_name").asText().toLowerCase(Locale.ROOT);
    }
}
