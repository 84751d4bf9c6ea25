package io.trapline.store;

import io.trapline.store.QueryException.Reason;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Pattern;
import org.duckdb.DuckDBChunkedResult;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBPreparedStatement;
import org.jspecify.annotations.Nullable;

/// People's queries: each on a connection of its own, in a read-only transaction, within limits of
/// time and size. How many run at once is the caller's to say.
final class Queries implements AutoCloseable {
    static final int MAX_ROWS = 100_000;
    static final long MAX_BYTES = 32L << 20;

    /// A statement between two of its steps misses a cancellation, so it is told until it ends.
    private static final long CANCEL_EVERY_MS = 50;

    /// A sentence that says to set something, and none of the statement's own text.
    private static final Pattern ADVICE =
            Pattern.compile("(?m)(?!^LINE )[^.\n]*\\b(?:SET|PRAGMA) [a-z_]+ ?=[^.\n]*\\.?");

    private final DatabaseGate gate;
    private final Set<Running> running = ConcurrentHashMap.newKeySet();
    private final ScheduledExecutorService watch =
            Executors.newSingleThreadScheduledExecutor(
                    Thread.ofPlatform().daemon().name("store-query-watch").factory());

    Queries(DatabaseGate gate) {
        this.gate = gate;
    }

    /// One query on its way. It is cancelled by the watch, or when the database is to be closed.
    private static final class Running {
        private @Nullable Statement statement;
        private @Nullable QueryException ended;

        synchronized void at(@Nullable Statement now) {
            statement = now;
        }

        synchronized void cancel(QueryException why) {
            if (ended == null) {
                ended = why;
            }
            if (statement != null) {
                try {
                    statement.cancel();
                } catch (SQLException _) {
                    // It ended by itself just now.
                }
            }
        }

        synchronized @Nullable QueryException ended() {
            return ended;
        }
    }

    QueryResult run(String sql, Duration timeout) throws QueryException {
        return run(sql, timeout, () -> false);
    }

    /// @param cancelled asked now and then; when true, the query is ended
    QueryResult run(String sql, Duration timeout, BooleanSupplier cancelled) throws QueryException {
        if (watch.isShutdown()) {
            throw new QueryException(Reason.NOT_OPEN, "the store is closed");
        }
        long deadline = System.nanoTime() + timeout.toNanos();
        try {
            Database database = gate.enter(DatabaseGate.left(deadline));
            if (database == null) {
                throw new QueryException(
                        Reason.NOT_OPEN,
                        "the store is not open (yet); see the status for what it waits for");
            }
            try {
                return watched(database, sql, timeout, deadline, cancelled);
            } finally {
                gate.leave();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new QueryException("the query was interrupted", e);
        }
    }

    private QueryResult watched(
            Database database,
            String sql,
            Duration timeout,
            long deadline,
            BooleanSupplier cancelled)
            throws QueryException {
        Running query = new Running();
        running.add(query);
        ScheduledFuture<?> alarm =
                watch.scheduleWithFixedDelay(
                        () -> {
                            if (cancelled.getAsBoolean()) {
                                query.cancel(QueryException.cancelled());
                            } else if (!DatabaseGate.left(deadline).isPositive()) {
                                query.cancel(QueryException.tooLong(timeout));
                            }
                        },
                        CANCEL_EVERY_MS,
                        CANCEL_EVERY_MS,
                        TimeUnit.MILLISECONDS);
        try (DuckDBConnection connection = database.connection()) {
            return execute(connection, sql, query);
        } catch (SQLException e) {
            QueryException ended = query.ended();
            throw ended != null
                    ? ended
                    : new QueryException(usable(String.valueOf(e.getMessage())), e);
        } finally {
            alarm.cancel(false);
            running.remove(query);
        }
    }

    /// Without advice to change a setting, which no query here may.
    static String usable(String message) {
        return ADVICE.matcher(message).replaceAll("").strip();
    }

    private static QueryResult execute(DuckDBConnection connection, String sql, Running query)
            throws SQLException, QueryException {
        SqlGuard.check(connection, sql);
        try (Statement begin = connection.createStatement()) {
            begin.execute("BEGIN TRANSACTION READ ONLY");
        }
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            query.at(statement);
            if (query.ended() != null) {
                throw new SQLException("cancelled before it began");
            }
            try (ResultSet rows = statement.executeQuery()) {
                return read(rows);
            } catch (DateTimeException e) { // of a row, or of one that the driver reads ahead
                throw new QueryException(
                        "a time in the result cannot be shown, cast it to VARCHAR: "
                                + e.getMessage(),
                        e);
            } catch (SQLException e) {
                throw query.ended() == null && hidesReason(e)
                        ? reason(connection, sql, query, e)
                        : e;
            } finally {
                query.at(null);
            }
        }
    }

    private static QueryResult read(ResultSet from) throws SQLException, QueryException {
        ResultSetMetaData meta = from.getMetaData();
        List<String> columns = new ArrayList<>();
        for (int i = 1; i <= meta.getColumnCount(); i++) {
            columns.add(meta.getColumnName(i));
        }
        Cells cells = new Cells(meta);
        List<List<@Nullable Object>> rows = new ArrayList<>();
        while (from.next()) {
            if (rows.size() == MAX_ROWS) {
                throw new QueryException(
                        "the result has more than "
                                + MAX_ROWS
                                + " rows; narrow it with WHERE or LIMIT, or aggregate");
            }
            rows.add(cells.row(from));
            if (cells.bytes() > MAX_BYTES) {
                throw new QueryException(
                        "the result is larger than "
                                + (MAX_BYTES >> 20)
                                + " MiB after "
                                + rows.size()
                                + " rows; name the columns that you need, or use LIMIT");
            }
        }
        return new QueryResult(columns, rows);
    }

    /// A result that is streamed fails with these words whatever the reason is.
    static boolean hidesReason(SQLException e) {
        return String.valueOf(e.getMessage()).contains("Invalid result set");
    }

    /// The driver tells the reason on its other way to read, so the statement goes that way once.
    private static SQLException reason(
            DuckDBConnection connection, String sql, Running query, SQLException hidden) {
        try (Statement end = connection.createStatement()) {
            end.execute("ROLLBACK");
            end.execute("BEGIN TRANSACTION READ ONLY");
            try (PreparedStatement again = connection.prepareStatement(sql)) {
                query.at(again);
                try (DuckDBChunkedResult result =
                        again.unwrap(DuckDBPreparedStatement.class).query()) {
                    while (query.ended() == null && result.nextChunk()) {
                        // Reads on to where it fails.
                    }
                }
            }
            return hidden;
        } catch (SQLException e) {
            return e;
        } finally {
            query.at(null);
        }
    }

    void cancelAll() {
        for (Running query : running) {
            query.cancel(
                    new QueryException(
                            Reason.NOT_OPEN,
                            "the query was ended because the store is being closed"));
        }
    }

    @Override
    public void close() {
        cancelAll();
        watch.shutdownNow();
    }
}
