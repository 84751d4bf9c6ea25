package io.trapline.store;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.duckdb.DuckDBConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Deletes what is too old, one slice of one table in each step, so that writing goes on between.
final class Retention {
    private static final Logger LOG = LoggerFactory.getLogger(Retention.class);

    /// As much as one transaction deletes.
    private static final Duration SLICE = Duration.ofHours(6);

    /// @param mayComeLate rows may be written long after their time ([Backfill])
    private record Aged(String table, String column, boolean mayComeLate) {
        String kind() {
            return table.substring(table.indexOf('.') + 1);
        }
    }

    private static final List<Aged> TABLES =
            List.of(
                    new Aged("trapline.samples", "time", true),
                    new Aged("trapline.records", "time", true),
                    new Aged("trapline.runs", "planned", false),
                    new Aged("trapline.check_states", "time", false),
                    new Aged("trapline.bad_frames", "time", false));

    private final DuckDBConnection connection;
    private final long cutoffMicros;
    private int table;
    private long deleted;

    Retention(DuckDBConnection connection, Instant cutoff) {
        this.connection = connection;
        this.cutoffMicros = cutoff.getEpochSecond() * 1_000_000 + cutoff.getNano() / 1000;
    }

    /// Deletes one slice; false when there is none left.
    boolean step() throws SQLException {
        while (table < TABLES.size()) {
            Aged aged = TABLES.get(table);
            long count = deleteSlice(aged);
            if (count > 0) {
                deleted += count;
                return true;
            }
            table++;
        }
        return false;
    }

    private long deleteSlice(Aged aged) throws SQLException {
        String old = "r." + aged.column + " < make_timestamp(?::BIGINT)";
        if (aged.mayComeLate) {
            old += " AND NOT " + Backfill.PROTECTS.formatted(aged.column);
        }
        String oldest =
                "(SELECT min(" + aged.column + ") FROM " + aged.table + " r WHERE " + old + ")";
        String slice =
                "%s AND r.%s < %s + to_microseconds(?::BIGINT)".formatted(old, aged.column, oldest);
        List<Long> values =
                new ArrayList<>(Collections.nCopies(aged.mayComeLate ? 4 : 2, cutoffMicros));
        values.add(SLICE.toMillis() * 1000);
        return delete(aged, slice, values);
    }

    /// What goes is counted in the transaction in which it goes.
    private long delete(Aged aged, String slice, List<Long> values) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("BEGIN TRANSACTION");
            boolean done = false;
            try (PreparedStatement delete =
                    connection.prepareStatement(
                            "DELETE FROM " + aged.table + " r WHERE " + slice)) {
                RowSums.expire(connection, aged.kind(), aged.table, slice, values);
                for (int i = 0; i < values.size(); i++) {
                    delete.setLong(i + 1, values.get(i));
                }
                long count = delete.executeLargeUpdate();
                statement.execute("COMMIT");
                done = true;
                return count;
            } finally {
                if (!done) {
                    RowSums.rollback(statement);
                }
            }
        }
    }

    long deleted() {
        return deleted;
    }

    /// Removes streams without samples and gives the space of all that went back for new rows.
    void tidy() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(
                    "DELETE FROM trapline.streams"
                            + " WHERE abs(id) NOT IN (SELECT DISTINCT stream FROM trapline.samples"
                            + " WHERE stream IS NOT NULL)");
            statement.execute(
                    "DELETE FROM trapline.backfill WHERE stored < date_trunc('hour',"
                            + " make_timestamp("
                            + cutoffMicros
                            + "))");
            try {
                statement.execute("CHECKPOINT");
            } catch (SQLException e) {
                // A reader holds on to old rows; the next checkpoint takes them.
                LOG.debug("no checkpoint after the retention: {}", e.getMessage());
            }
        }
    }

    /// The oldest time of any row, in microseconds; [Long#MAX_VALUE] when there are no rows.
    static long oldestMicros(DuckDBConnection connection) throws SQLException {
        long oldest = Long.MAX_VALUE;
        for (Aged aged : TABLES) {
            oldest =
                    Math.min(
                            oldest,
                            OwnQueries.number(
                                    connection,
                                    "SELECT coalesce(epoch_us(min(%s)), %d) FROM %s"
                                            .formatted(aged.column, Long.MAX_VALUE, aged.table)));
        }
        return oldest;
    }
}
