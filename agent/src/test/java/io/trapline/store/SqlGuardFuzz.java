package io.trapline.store;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.trapline.fuzz.Promises;
import io.trapline.fuzz.Stretch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.duckdb.DuckDBConnection;

/// A statement is refused, or DuckDB can prepare it without anything of the database having changed
/// by that: a second statement in the text would have run. That it is in a read-only transaction
/// later is another door, left open here.
public final class SqlGuardFuzz {
    private static final String STATE =
            "SELECT (SELECT count(*) FROM duckdb_tables()) || ' tables, '"
                    + " || (SELECT count(*) FROM duckdb_views() WHERE NOT internal) || ' views, '"
                    + " || (SELECT count(*) FROM duckdb_schemas() WHERE NOT internal)"
                    + " || ' schemas, ' || (SELECT count(*) FROM duckdb_databases())"
                    + " || ' databases, ' || (SELECT hash(list(value ORDER BY name))"
                    + " FROM duckdb_settings() WHERE name NOT LIKE '%memory%')"
                    + " || ' settings, position ' || (SELECT position FROM trapline.state)"
                    + " || ' in ' || current_schema()";

    private static final Database DATABASE = database();
    private static final String BEFORE = state();
    private static final ExecutorService THREADS =
            Executors.newSingleThreadExecutor(StatementThreads.named("fuzz-"));

    private SqlGuardFuzz() {}

    /// On a thread as statements have.
    public static void fuzzerTestOneInput(byte[] data) throws Throwable {
        String sql = new String(Stretch.of(data, 15 << 10), UTF_8);
        try {
            THREADS.submit(() -> look(sql)).get();
        } catch (ExecutionException e) {
            throw e.getCause();
        }
    }

    private static void look(String sql) {
        try (DuckDBConnection connection = DATABASE.connection()) {
            SqlGuard.check(connection, sql);
            prepare(connection, sql);
            Promises.same(BEFORE, state(connection), "the database");
        } catch (QueryException e) {
            Promises.holds(e.getMessage() != null && !e.getMessage().isBlank(), "no reason");
        } catch (SQLException e) {
            throw new AssertionError("the database failed: " + sql, e);
        }
    }

    /// What names things that are not there cannot be prepared, and need not.
    private static void prepare(DuckDBConnection connection, String sql) throws SQLException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            Promises.holds(!statement.isClosed(), "nothing was prepared");
        } catch (SQLException e) {
            Promises.holds(
                    !String.valueOf(e.getMessage()).contains("INTERNAL"),
                    "a defect of the database: " + e.getMessage());
        }
    }

    private static String state() {
        try (DuckDBConnection connection = DATABASE.connection()) {
            return state(connection);
        } catch (SQLException e) {
            throw new IllegalStateException("the database does not answer", e);
        }
    }

    private static String state(DuckDBConnection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(STATE)) {
            rows.next();
            return rows.getString(1);
        }
    }

    private static Database database() {
        try {
            Path directory = Files.createTempDirectory("trapline-fuzz");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> remove(directory)));
            return Database.open(directory, StoreSettings.DEFAULT);
        } catch (SQLException | IOException e) {
            throw new IllegalStateException("no database", e);
        }
    }

    private static void remove(Path directory) {
        try (Stream<Path> all = Files.walk(directory)) {
            for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        } catch (IOException _) {
            // It is in the folder for what may be lost.
        }
    }
}
