package io.trapline.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.config.OutsideJson;
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

    /// These take a statement as a text, which nobody has looked at.
    private static final Set<String> PARSING_FUNCTIONS =
            Set.of("json_deserialize_sql", "json_serialize_plan", "json_serialize_sql");

    /// Made of JSON on the stack, however deep that is.
    private static final String DEEP_TYPE = "variant";

    /// Functions whose first argument may say how wide to make what comes out.
    private static final Set<String> FORMATS = Set.of("format", "printf");

    /// Widths of at most four digits, none that another argument gives.
    private static final Pattern WIDE = Pattern.compile("\\d{5}|\\*|\\{[^}]*\\{");

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
        JsonNode statement = parsed.path("statements").path(0);
        SqlShape.check(statement);
        walk(statement);
        SqlSizes.check(statement);
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
        String kind = node.path("class").asText();
        if (inFrom) {
            String name = functionName(node.path("function"));
            if (!TABLE_FUNCTIONS.contains(name)) {
                throw new QueryException(
                        "the table function " + name + " is not available in queries here");
            }
            for (JsonNode argument : node.path("function").path("arguments")) {
                walk(argument);
            }
        } else if (kind.equals("FUNCTION")) {
            checkScalar(node);
        } else if (node.path("column_names").size() > MOST_PARTS) {
            throw new QueryException(
                    "a name in the statement has "
                            + node.path("column_names").size()
                            + " parts joined by points, at most "
                            + MOST_PARTS
                            + " are taken");
        } else if (kind.equals("TYPE")
                && node.path("type_name").asText().equalsIgnoreCase(DEEP_TYPE)) {
            throw new QueryException("the type VARIANT is not available in queries here; use JSON");
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
        if (ACTING_FUNCTIONS.contains(name) || PARSING_FUNCTIONS.contains(name)) {
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
    }

    static JsonNode expression(JsonNode argument) {
        return argument.has("expression") ? argument.path("expression") : argument;
    }

    static String functionName(JsonNode function) {
        return function.path("function_name").asText().toLowerCase(Locale.ROOT);
    }
}
