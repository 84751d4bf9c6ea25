package io.trapline.store;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.duckdb.DuckDBConnection;

/// The tables, which are ours, and the views, which are people's.
///
/// A sample refers to its stream by number; what names a stream (source, name, tags) is there once.
/// Times are microseconds with the nanoseconds beyond them beside, so that a condition on `time`
/// skips row groups and costs no more bytes than `time_ns` alone would. Integers of 64 bits have
/// `text` only where `value` does not hold all their digits; the view adds the other ones.
///
/// Wide rows are followed by fillers ([WideRows]), which no view shows: rows of nothing but the
/// time of their row, in `streams` of nothing but its number times -1.
final class Schema {
    private static final int VERSION = 1;

    private static final List<String> TABLES =
            List.of(
                    "CREATE SCHEMA trapline",
                    "CREATE TABLE trapline.state (version INTEGER, position BIGINT)",
                    "INSERT INTO trapline.state VALUES (" + VERSION + ", 0)",
                    """
                    CREATE TABLE trapline.streams (
                        id BIGINT, hash BIGINT, source VARCHAR, name VARCHAR,
                        tags MAP(VARCHAR, VARCHAR), stream VARCHAR)\
                    """,
                    """
                    CREATE TABLE trapline.samples (
                        stream BIGINT, time TIMESTAMP, ns SMALLINT, type TINYINT, value DOUBLE,
                        text VARCHAR, histogram BLOB)\
                    """,
                    """
                    CREATE TABLE trapline.records (
                        time TIMESTAMP, ns SMALLINT, category VARCHAR, source VARCHAR, name VARCHAR,
                        tags MAP(VARCHAR, VARCHAR), fields JSON)\
                    """,
                    """
                    CREATE TABLE trapline.runs (
                        planned TIMESTAMP, started TIMESTAMP, duration_ms DOUBLE, input VARCHAR,
                        collector VARCHAR, outcome VARCHAR, points BIGINT, error VARCHAR)\
                    """,
                    """
                    CREATE TABLE trapline.check_states (
                        time TIMESTAMP, source VARCHAR, available BOOLEAN, metrics BIGINT)\
                    """,
                    """
                    CREATE TABLE trapline.bad_frames (
                        time TIMESTAMP, position BIGINT, reason VARCHAR, frame BLOB)\
                    """,
                    """
                    CREATE VIEW metrics AS
                    SELECT s.time, epoch_us(s.time) * 1000 + s.ns AS time_ns, k.source, k.name,
                        k.tags, k.stream, chr(s.type) AS type, s.value,
                        coalesce(s.text, CASE WHEN s.type IN (ord('l'), ord('L'))
                            THEN s.value::HUGEINT::VARCHAR END) AS text,
                        s.histogram
                    FROM trapline.samples s JOIN trapline.streams k ON k.id = s.stream\
                    """,
                    """
                    CREATE VIEW records AS
                    SELECT time, epoch_us(time) * 1000 + ns AS time_ns, category, source, name,
                        tags, fields
                    FROM trapline.records\
                    """,
                    "CREATE VIEW logging AS FROM records WHERE category = 'logging'",
                    "CREATE VIEW rum AS FROM records WHERE category = 'rum'",
                    "CREATE VIEW object AS FROM records WHERE category = 'object'",
                    "CREATE VIEW custom_object AS FROM records WHERE category = 'custom_object'",
                    "CREATE VIEW keyevent AS FROM records WHERE category = 'keyevent'",
                    "CREATE VIEW runs AS FROM trapline.runs",
                    "CREATE VIEW check_states AS FROM trapline.check_states");

    /// What came after the first version; each is done again at every start.
    private static final List<String> ADDED =
            List.of(
                    "ALTER TABLE trapline.samples ADD COLUMN IF NOT EXISTS bins DOUBLE[]",
                    "ALTER TABLE trapline.runs ADD COLUMN IF NOT EXISTS host VARCHAR",
                    "ALTER TABLE trapline.state ADD COLUMN IF NOT EXISTS lineage VARCHAR",
                    """
                    CREATE OR REPLACE VIEW runs AS
                    SELECT planned, started, duration_ms, input, collector, outcome, points, error,
                        host, started AS time
                    FROM trapline.runs WHERE input IS NOT NULL\
                    """,
                    """
                    CREATE OR REPLACE VIEW records AS
                    SELECT time, epoch_us(time) * 1000 + ns AS time_ns, category, source, name,
                        tags, fields
                    FROM trapline.records WHERE category IS NOT NULL\
                    """,
                    """
                    CREATE TABLE IF NOT EXISTS trapline.believed_time (time TIMESTAMP)\
                    """,
                    """
                    CREATE TABLE IF NOT EXISTS trapline.backfill (
                        stored TIMESTAMP, oldest TIMESTAMP, newest TIMESTAMP)\
                    """,
                    """
                    CREATE OR REPLACE VIEW histograms AS
                    SELECT s.time, epoch_us(s.time) * 1000 + s.ns AS time_ns, k.source, k.name,
                        k.tags, k.stream, chr(s.type) AS type,
                        list_transform(range(len(s.bins) // 3), lambda i:
                            {'bin': s.bins[3 * i + 1], 'width': s.bins[3 * i + 2],
                             'count': s.bins[3 * i + 3]}) AS bins
                    FROM trapline.samples s JOIN trapline.streams k ON k.id = s.stream
                    WHERE s.bins IS NOT NULL\
                    """,
                    """
                    CREATE OR REPLACE VIEW histogram_bins AS
                    SELECT time, source, name, tags, stream, b.bin, b.width, b.count
                    FROM (SELECT time, source, name, tags, stream, unnest(bins) AS b
                        FROM histograms)\
                    """,
                    """
                    CREATE OR REPLACE MACRO histogram_quantile(bins, q) AS (
                        SELECT bin + greatest(1, ceil(q * total - (upper - n))) / (n + 1) * width
                        FROM (
                            SELECT bin, width, n, sum(n) OVER (ORDER BY bin) AS upper,
                                sum(n) OVER () AS total
                            FROM (
                                SELECT b.bin AS bin, any_value(b.width) AS width, sum(b.count) AS n
                                FROM (SELECT unnest(bins) AS b) GROUP BY b.bin))
                        WHERE q BETWEEN 0 AND 1 AND upper >= q * total
                        ORDER BY bin LIMIT 1)\
                    """);

    private Schema() {}

    /// Creates what an empty database lacks.
    ///
    /// @throws SQLException when it is the database of a newer program, among others
    static void prepare(DuckDBConnection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            if (exists(statement)) {
                checkVersion(statement);
            } else {
                execute(statement, TABLES);
            }
            execute(statement, RowSums.TABLES);
            execute(statement, ADDED);
        }
    }

    private static void execute(Statement statement, List<String> all) throws SQLException {
        statement.execute("BEGIN TRANSACTION");
        for (String sql : all) {
            statement.execute(sql);
        }
        statement.execute("COMMIT");
    }

    private static boolean exists(Statement statement) throws SQLException {
        String sql =
                "SELECT 1 FROM duckdb_tables() WHERE schema_name = 'trapline'"
                        + " AND table_name = 'state'";
        try (ResultSet rows = statement.executeQuery(sql)) {
            return rows.next();
        }
    }

    private static void checkVersion(Statement statement) throws SQLException {
        try (ResultSet rows = statement.executeQuery("SELECT version FROM trapline.state")) {
            int found = rows.next() ? rows.getInt(1) : 0;
            if (found != VERSION) {
                throw new NewerStoreException(
                        "the store has schema version "
                                + found
                                + ", this program knows "
                                + VERSION
                                + "; use the program that wrote it, or move the file away");
            }
        }
    }

    /// Waiting does not help, and moving the file aside would lose what a newer program can read.
    static final class NewerStoreException extends SQLException {
        private static final long serialVersionUID = 1L;

        NewerStoreException(String message) {
            super(message);
        }
    }
}
