package io.trapline.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Locale;
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
                    "generate_series",
                    "list_resize",
                    "lpad",
                    "range",
                    "repeat",
                    "rpad");

    private static final long MOST = 100_000;

    private static final ObjectMapper MAPPER = new ObjectMapper();

    private SqlGuard() {}

    /// @throws QueryException says what is wrong with the statement
    static void check(DuckDBConnection connection, String sql) throws QueryException, SQLException {
        Matcher explain = EXPLAIN.matcher(sql);
        JsonNode parsed = parse(connection, explain.matches() ? explain.group(1) : sql);
        if (parsed.path("error").asBoolean(true)) {
            if (parsed.path("error_type").asText().equals("parser")) {
                throw new QueryException("Parser Error: " + parsed.path("error_message").asText());
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
        walk(parsed.path("statements").path(0));
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

    private static void walk(JsonNode node) throws QueryException {
        boolean inFrom = node.path("type").asText().equals("TABLE_FUNCTION");
        if (inFrom) {
            String name = functionName(node.path("function"));
            if (!TABLE_FUNCTIONS.contains(name)) {
                throw new QueryException(
                        "the table function " + name + " is not available in queries here");
            }
            for (JsonNode argument : node.path("function").path("arguments")) {
                walk(argument);
            }
        } else if (node.path("class").asText().equals("FUNCTION")) {
            checkScalar(node);
        }
        for (var child : node.properties()) {
            if (!inFrom || !child.getKey().equals("function")) {
                walk(child.getValue());
            }
        }
        if (node.isArray()) {
            for (JsonNode element : node) {
                walk(element);
            }
        }
    }

    private static void checkScalar(JsonNode function) throws QueryException {
        String name = functionName(function);
        if (ACTING_FUNCTIONS.contains(name)) {
            throw new QueryException("the function " + name + " is not available in queries here");
        }
        if (!MULTIPLYING_FUNCTIONS.contains(name)) {
            return;
        }
        JsonNode arguments = function.path("arguments");
        boolean alone = arguments.size() == 1;
        for (int i = alone ? 0 : 1; i < arguments.size(); i++) {
            JsonNode argument = arguments.get(i);
            JsonNode expression =
                    argument.has("expression") ? argument.path("expression") : argument;
            JsonNode literal = expression.path("literal");
            boolean number = literal.path("kind").asText().equals("INTEGER");
            boolean constant = expression.path("class").asText().equals("CONSTANT");
            String text = literal.path("text").asText();
            if (!constant || (number && (text.length() > 9 || Long.parseLong(text) > MOST))) {
                throw new QueryException(
                        name
                                + " is available with constants up to "
                                + MOST
                                + " only; for longer series of rows use FROM range(…)");
            }
        }
    }

    private static String functionName(JsonNode function) {
        return function.path("function_name").asText().toLowerCase(Locale.ROOT);
    }
}
