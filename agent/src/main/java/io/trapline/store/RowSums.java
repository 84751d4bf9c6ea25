package io.trapline.store;

import io.trapline.journal.DoorHour;
import io.trapline.journal.Weigher;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;

/// How much the store took from the journal, and how many rows came of it, kept beside the rows and
/// changed in the same transactions, so that each can be held against the other.
///
/// ```
/// trapline.taken      of each door and hour of arrival: frames, entries in them, frames set aside,
///                     first and last position; current = false once the journal is another one
/// trapline.row_sums   of each kind of rows and source: rows that came, rows that retention took
/// ```
///
/// A transaction adds rows of its own, of generation 0; [#fold] makes one row of all that say the
/// same, every hour. Of one transaction at a time, by the writer's thread alone.
final class RowSums implements AutoCloseable {
    static final String SAMPLES = "samples";
    static final String RECORDS = "records";
    static final String RUNS = "runs";
    static final String CHECK_STATES = "check_states";
    static final String BAD_FRAMES = "bad_frames";

    /// Their rows name no source that is sure to be the batch's: they are one sum.
    static final String ALL = "";

    static final List<String> TABLES =
            List.of(
                    """
                    CREATE TABLE IF NOT EXISTS trapline.taken (
                        door VARCHAR, hour BIGINT, first BIGINT, last BIGINT, frames BIGINT,
                        entries BIGINT, bad BIGINT, generation BIGINT, current BOOLEAN)\
                    """,
                    """
                    CREATE TABLE IF NOT EXISTS trapline.row_sums (
                        kind VARCHAR, source VARCHAR, came BIGINT, expired BIGINT,
                        generation BIGINT)\
                    """);

    private static final List<String> FOLD =
            List.of(
                    """
                    INSERT INTO trapline.taken
                    SELECT door, hour, min(first), max(last), sum(frames), sum(entries), sum(bad),
                        (SELECT max(generation) + 1 FROM trapline.taken), current
                    FROM trapline.taken GROUP BY door, hour, current\
                    """,
                    """
                    DELETE FROM trapline.taken
                    WHERE generation < (SELECT max(generation) FROM trapline.taken)\
                    """,
                    """
                    INSERT INTO trapline.row_sums
                    SELECT kind, source, sum(came), sum(expired),
                        (SELECT max(generation) + 1 FROM trapline.row_sums)
                    FROM trapline.row_sums GROUP BY kind, source\
                    """,
                    """
                    DELETE FROM trapline.row_sums
                    WHERE generation < (SELECT max(generation) FROM trapline.row_sums)\
                    """,
                    // Not before: were nothing left, nothing would have the newest generation.
                    "DELETE FROM trapline.row_sums WHERE came = expired");

    private final DuckDBAppender taken;
    private final DuckDBAppender rows;
    private final Map<DoorHour, Taken> frames = new LinkedHashMap<>();
    private final Map<Kind, Long> came = new LinkedHashMap<>();

    /// Senders choose the names of sources: an order keeps a map of them fast.
    private record Kind(String kind, String source) implements Comparable<Kind> {
        private static final Comparator<Kind> ORDER =
                Comparator.comparing(Kind::kind).thenComparing(Kind::source);

        @Override
        public int compareTo(Kind other) {
            return ORDER.compare(this, other);
        }
    }

    private record Taken(long first, long last, long frames, long entries, long bad) {
        Taken plus(Taken more) {
            return new Taken(
                    Math.min(first, more.first),
                    Math.max(last, more.last),
                    frames + more.frames,
                    entries + more.entries,
                    bad + more.bad);
        }
    }

    RowSums(DuckDBConnection connection) throws SQLException {
        taken = connection.createAppender("trapline", "taken");
        rows = connection.createAppender("trapline", "row_sums");
    }

    void took(long position, Weigher.Weight weight, boolean bad) {
        frames.merge(
                DoorHour.of(weight),
                new Taken(position, position, 1, weight.entries(), bad ? 1 : 0),
                Taken::plus);
    }

    void came(String kind, String source, long count) {
        if (count != 0) {
            came.merge(new Kind(kind, source), count, Long::sum);
        }
    }

    void flush() throws SQLException {
        for (Map.Entry<DoorHour, Taken> each : frames.entrySet()) {
            Taken sum = each.getValue();
            taken.beginRow();
            taken.append(each.getKey().door());
            taken.append(each.getKey().hour());
            taken.append(sum.first());
            taken.append(sum.last());
            taken.append(sum.frames());
            taken.append(sum.entries());
            taken.append(sum.bad());
            taken.append(0L);
            taken.append(true);
            taken.endRow();
        }
        for (Map.Entry<Kind, Long> each : came.entrySet()) {
            rows.beginRow();
            rows.append(each.getKey().kind());
            rows.append(each.getKey().source());
            rows.append((long) each.getValue());
            rows.append(0L);
            rows.append(0L);
            rows.endRow();
        }
        frames.clear();
        came.clear();
        taken.flush();
        rows.flush();
    }

    /// The condition on rows of a kind, over the alias `r`, that leaves out the fillers of wide
    /// rows ([WideRows]).
    static String isRow(String kind) {
        return switch (kind) {
            case SAMPLES -> "r.stream IS NOT NULL";
            case RECORDS -> "r.source IS NOT NULL";
            case RUNS -> "r.input IS NOT NULL";
            case BAD_FRAMES -> "r.position IS NOT NULL";
            default -> "true";
        };
    }

    /// Counts, by source, rows of `table` that are about to be deleted; part of the caller's
    /// transaction.
    ///
    /// @param condition over the alias `r`, with `parameters` for its question marks
    static void expire(
            DuckDBConnection connection,
            String kind,
            String table,
            String condition,
            List<Long> parameters)
            throws SQLException {
        String counted =
                switch (kind) {
                    case SAMPLES ->
                            """
                            SELECT k.source, sum(c.n) AS n
                            FROM (SELECT stream, count(*) AS n FROM %s r WHERE %s GROUP BY stream) c
                                JOIN trapline.streams k ON k.id = c.stream
                            GROUP BY k.source\
                            """;
                    case RECORDS ->
                            "SELECT source, count(*) AS n FROM %s r WHERE %s GROUP BY source";
                    default -> "SELECT '' AS source, count(*) AS n FROM %s r WHERE %s";
                };
        try (PreparedStatement insert =
                connection.prepareStatement(
                        "INSERT INTO trapline.row_sums SELECT '"
                                + kind
                                + "', source, 0, n, 0 FROM ("
                                + counted.formatted(table, condition + " AND " + isRow(kind))
                                + ") WHERE n > 0")) {
            for (int i = 0; i < parameters.size(); i++) {
                insert.setLong(i + 1, parameters.get(i));
            }
            insert.executeUpdate();
        }
    }

    /// In a transaction of its own.
    static void fold(DuckDBConnection connection) throws SQLException {
        inTransaction(connection, FOLD);
    }

    static void inTransaction(DuckDBConnection connection, List<String> all) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("BEGIN TRANSACTION");
            boolean done = false;
            try {
                for (String sql : all) {
                    statement.execute(sql);
                }
                statement.execute("COMMIT");
                done = true;
            } finally {
                if (!done) {
                    rollback(statement);
                }
            }
        }
    }

    static void rollback(Statement statement) {
        try {
            statement.execute("ROLLBACK");
        } catch (SQLException _) {
            // The failure that led here is the one to tell.
        }
    }

    @Override
    public void close() throws SQLException {
        taken.close();
        rows.close();
    }
}
