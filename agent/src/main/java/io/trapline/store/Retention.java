package io.trapline.store;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.duckdb.DuckDBConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Deletes what is too old, one slice of one table in each step, so that writing goes on between.
final class Retention {
    private static final Logger LOG = LoggerFactory.getLogger(Retention.class);

    /// As much as one transaction deletes.
    private static final Duration SLICE = Duration.ofHours(6);

    private record Aged(String table, String column) {}

    private static final List<Aged> TABLES =
            List.of(
                    new Aged("trapline.samples", "time"),
                    new Aged("trapline.records", "time"),
                    new Aged("trapline.runs", "planned"),
                    new Aged("trapline.check_states", "time"),
                    new Aged("trapline.bad_frames", "time"));

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
        String oldest = "(SELECT min(" + aged.column + ") FROM " + aged.table + ")";
        String bound =
                "least(make_timestamp(?::BIGINT), " + oldest + " + to_microseconds(?::BIGINT))";
        String sql = "DELETE FROM " + aged.table + " WHERE " + aged.column + " < " + bound;
        try (PreparedStatement delete = connection.prepareStatement(sql)) {
            delete.setLong(1, cutoffMicros);
            delete.setLong(2, SLICE.toMillis() * 1000);
            return delete.executeLargeUpdate();
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
                            + " WHERE id NOT IN (SELECT DISTINCT stream FROM trapline.samples)");
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
        try (Statement statement = connection.createStatement()) {
            for (Aged aged : TABLES) {
                String sql = "SELECT epoch_us(min(" + aged.column + ")) FROM " + aged.table;
                try (ResultSet rows = statement.executeQuery(sql)) {
                    rows.next();
                    long time = rows.getLong(1);
                    oldest = rows.wasNull() ? oldest : Math.min(oldest, time);
                }
            }
        }
        return oldest;
    }
}
