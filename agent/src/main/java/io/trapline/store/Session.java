package io.trapline.store;

import io.trapline.journal.JournalReader;
import io.trapline.journal.Lineage;
import io.trapline.journal.Weigher;
import io.trapline.model.Batch;
import io.trapline.pipeline.BatchCodec;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import org.duckdb.DuckDBConnection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The writer's connection, from the opening of the database to the first failed write: after one
/// the session is closed and another begun, which starts from what the database really has.
final class Session implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Session.class);

    /// What a test puts in the way of a commit.
    interface BeforeCommit {
        void run() throws SQLException;
    }

    private final DuckDBConnection connection;
    private final RowAppender rows;
    private final PreparedStatement advance;
    private final BeforeCommit beforeCommit;
    private boolean inTransaction;

    Session(Database database, BeforeCommit beforeCommit) throws SQLException {
        this.beforeCommit = beforeCommit;
        connection = database.connection();
        try {
            rows = new RowAppender(connection, database.wideRows());
            advance = connection.prepareStatement("UPDATE trapline.state SET position = ?");
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    long position() throws SQLException {
        return number("SELECT position FROM trapline.state");
    }

    RowCounts counts() throws SQLException {
        return new RowCounts(
                number("SELECT count(stream) FROM trapline.samples"),
                number("SELECT count(category) FROM trapline.records"),
                number("SELECT count(input) FROM trapline.runs"),
                number("SELECT count(hash) FROM trapline.streams"));
    }

    long oldestMicros() throws SQLException {
        return Retention.oldestMicros(connection);
    }

    private long number(String sql) throws SQLException {
        return OwnQueries.number(connection, sql);
    }

    /// @param badFrames how many of the frames were set aside
    /// @param oldestMicros the oldest time of any row that this session wrote
    record Written(RowCounts rows, int badFrames, long oldestMicros) {}

    /// Frames as rows, and the last one's position, in one transaction.
    ///
    /// @param setAside keep the frames as they are, since their rows cannot be written
    Written write(List<JournalReader.Frame> frames, Instant now, String setAside)
            throws SQLException {
        long micros = now.getEpochSecond() * 1_000_000 + now.getNano() / 1000;
        execute("BEGIN TRANSACTION");
        inTransaction = true;
        List<Batch> batches = new ArrayList<>(frames.size());
        int bad = 0;
        for (JournalReader.Frame frame : frames) {
            Weigher.Weight weight = BatchCodec.weigh(frame.bytes());
            String reason = setAside;
            if (reason.isEmpty()) {
                try {
                    batches.add(BatchCodec.decode(frame.bytes()));
                    rows.sums().took(frame.position(), weight, false);
                    continue;
                } catch (RuntimeException e) {
                    reason = String.valueOf(e.getMessage());
                }
            }
            LOG.error(
                    "frame {} of the journal ({} bytes) cannot be stored and is set aside in"
                            + " trapline.bad_frames: {}",
                    frame.position(),
                    frame.bytes().length,
                    reason);
            rows.sums().took(frame.position(), weight, true);
            rows.appendBad(frame.position(), micros, reason, frame.bytes());
            bad++;
        }
        rows.append(batches);
        rows.flush();
        advance.setLong(1, frames.getLast().position());
        advance.executeUpdate();
        beforeCommit.run();
        execute("COMMIT");
        inTransaction = false;
        return new Written(rows.takeCounts(), bad, rows.oldestMicros());
    }

    /// Of the journal whose position [#position] is, as the store remembers it.
    Lineage lineage() throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("SELECT lineage FROM trapline.state")) {
            String text = row.next() ? row.getString(1) : null;
            return text == null ? Lineage.UNKNOWN : Lineage.parse(text);
        } catch (IllegalArgumentException _) {
            return Lineage.UNKNOWN;
        }
    }

    /// From now on the position is one of that journal, at once and together. When it is another
    /// one than the rows came from, what was taken of the former one no longer stands beside this
    /// one's sums.
    void goOn(long position, Lineage lineage) throws SQLException {
        if (!lineage().journal().equals(lineage.journal())) {
            execute("UPDATE trapline.taken SET current = false WHERE current");
        }
        try (PreparedStatement both =
                connection.prepareStatement(
                        "UPDATE trapline.state SET position = ?, lineage = ?")) {
            both.setLong(1, position);
            both.setString(2, lineage.toString());
            both.executeUpdate();
        }
    }

    /// The newest time that was believed before; of a store that does not say so, that of its
    /// newest row that is not of the future.
    Instant believedTime(Instant clock) throws SQLException {
        long now = micros(clock);
        long before =
                OwnQueries.number(
                        connection,
                        "SELECT coalesce(epoch_us(max(time)), -1) FROM trapline.believed_time");
        if (before < 0) {
            before =
                    OwnQueries.number(
                            connection,
                            """
                            SELECT coalesce(epoch_us(max(time)), -1) FROM (
                                SELECT max(time) AS time FROM trapline.samples
                                WHERE time <= make_timestamp(%1$d)
                                UNION ALL SELECT max(time) FROM trapline.records
                                WHERE time <= make_timestamp(%1$d)
                                UNION ALL SELECT max(planned) FROM trapline.runs
                                WHERE planned <= make_timestamp(%1$d)
                                UNION ALL SELECT max(time) FROM trapline.check_states
                                WHERE time <= make_timestamp(%1$d))\
                            """
                                    .formatted(now));
        }
        return before < 0 ? clock : Instant.EPOCH.plus(before, ChronoUnit.MICROS);
    }

    /// Keeps it for [#believedTime] of the next start.
    void believe(Instant time) throws SQLException {
        execute("BEGIN");
        try {
            execute("DELETE FROM trapline.believed_time");
            execute(
                    "INSERT INTO trapline.believed_time VALUES (make_timestamp(%d))"
                            .formatted(micros(time)));
            execute("COMMIT");
        } catch (SQLException e) {
            execute("ROLLBACK");
            throw e;
        }
    }

    private static long micros(Instant time) {
        return ChronoUnit.MICROS.between(Instant.EPOCH, time);
    }

    Retention retention(Instant cutoff) {
        return new Retention(connection, cutoff);
    }

    /// Keeps the sums short.
    void foldSums() throws SQLException {
        RowSums.fold(connection);
    }

    void streamsWereRemoved() {
        rows.streams().forget();
    }

    private void execute(String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    @Override
    public void close() throws SQLException {
        // Closing an appender writes the rows it still holds. Inside the transaction that is about
        // to be rolled back they vanish; after it they would be there without their position.
        try {
            rows.close();
        } finally {
            try {
                if (inTransaction) {
                    execute("ROLLBACK");
                }
            } finally {
                connection.close();
            }
        }
    }
}
