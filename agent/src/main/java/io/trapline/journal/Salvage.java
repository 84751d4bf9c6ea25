package io.trapline.journal;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteConfig;

/// Copies what can be read of a damaged database into a new one: frames at their positions,
/// cursors, and other parts' tables.
///
/// The new journal goes on at a position made from the clock, microseconds since 1970, which is
/// beyond every position that the damaged one can have given out: what a reader remembers never
/// hides a new frame.
final class Salvage {
    private static final Logger LOG = LoggerFactory.getLogger(Salvage.class);
    private static final long STEP_BYTES = 4 << 20;

    private final Path damaged;
    private final Database fresh;
    private final InstantSource clock;
    private Extent extent = Extent.EMPTY;
    private long frames;
    private long lost;

    Salvage(Path damaged, Database fresh, InstantSource clock) {
        this.damaged = damaged;
        this.fresh = fresh;
        this.clock = clock;
    }

    void run() throws SQLException {
        try (Connection old = Database.connect(damaged, new SQLiteConfig())) {
            tolerateDamage(old, true);
            attempt("identity", () -> copyIdentity(old));
            attempt("frames", () -> copyFrames(old));
            attempt("cursors", () -> copyCursors(old));
            attempt("origins", () -> copyOrigins(old));
            attempt("sums", () -> copySums(old));
        } catch (SQLException e) {
            LOG.warn("journal: {} cannot be opened: {}", damaged, e.getMessage());
        }
        attempt("other tables", this::copyOtherTables);
        tolerateDamage(fresh.connection(), false);
        fresh.begin();
        fresh.putHead(Math.max(extent.head(), nowMicros()), extent.end());
        fresh.commit();
        LOG.warn(
                "journal: saved {} frames of the damaged {}, {} are lost; delete that file when you"
                        + " do not need it",
                frames,
                damaged,
                lost);
    }

    /// SQLite refuses a file that is shorter than its header says, unless its schema may be
    /// written.
    private static void tolerateDamage(Connection connection, boolean yes) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("pragma writable_schema = " + (yes ? "on" : "reset"));
        }
    }

    private long nowMicros() {
        return clock.millis() * 1000;
    }

    @FunctionalInterface
    private interface Step {
        void run() throws SQLException;
    }

    /// One part that cannot be read does not keep the others from being saved.
    private void attempt(String what, Step step) {
        try {
            step.run();
        } catch (SQLException e) {
            fresh.rollback();
            LOG.warn("journal: not all {} of {} could be saved: {}", what, damaged, e.getMessage());
        }
    }

    private void copyFrames(Connection old) throws SQLException {
        FrameScan scan = new FrameScan(old);
        // Nothing tells reliably where a damaged table ends; positions from a clock are its limit.
        long last = Math.max(nowMicros() * 2, 1);
        long next = 1;
        while (next <= last) {
            List<JournalReader.Frame> some =
                    scan.read(next, last, STEP_BYTES, (first, end, what) -> countLost(first));
            next = scan.next();
            Extent now = extent;
            fresh.begin();
            for (JournalReader.Frame frame : some) {
                now = fresh.append(now, frame.position(), frame.bytes());
            }
            fresh.commit();
            extent = now;
            frames += some.size();
        }
    }

    /// How many frames an unreadable range held is not known; it counts as one at least.
    private void countLost(long position) {
        lost++;
        LOG.debug("journal: {} has an unreadable place at position {}", damaged, position);
    }

    /// Its positions are kept, so it is the same journal to its readers.
    private void copyIdentity(Connection old) throws SQLException {
        String identity = Database.identity(old);
        if (!identity.isEmpty()) {
            fresh.begin();
            fresh.putIdentity(identity);
            fresh.commit();
        }
    }

    private void copyCursors(Connection old) throws SQLException {
        try (Statement all = old.createStatement();
                ResultSet row = all.executeQuery("select name, committed from journal_cursor")) {
            while (row.next()) {
                Map<String, Long> cursor = Map.of(row.getString(1), row.getLong(2));
                fresh.begin();
                fresh.putCursors(new State.CursorChanges(Set.of(), cursor, Map.of()));
                fresh.commit();
            }
        }
    }

    private void copyOrigins(Connection old) throws SQLException {
        List<Origin> origins = Database.origins(old);
        fresh.begin();
        for (int i = 0; i < origins.size(); i++) {
            fresh.putOrigin(origins.get(i), i);
        }
        fresh.commit();
    }

    private void copySums(Connection old) throws SQLException {
        fresh.begin();
        Sums.carryOver(Sums.read(old), fresh.connection());
        fresh.commit();
    }

    private void copyOtherTables() throws SQLException {
        tolerateDamage(fresh.connection(), true);
        try (Statement statement = fresh.connection().createStatement()) {
            statement.execute("attach '" + damaged.toString().replace("'", "''") + "' as damaged");
            try {
                List<String> names = new ArrayList<>();
                List<String> definitions = new ArrayList<>();
                try (ResultSet row =
                        statement.executeQuery(
                                "select name, sql from damaged.sqlite_master where type = 'table'"
                                        + " and name not like 'journal_%'"
                                        + " and name not like 'sqlite_%'")) {
                    while (row.next()) {
                        names.add("\"" + row.getString(1).replace("\"", "\"\"") + "\"");
                        definitions.add(row.getString(2));
                    }
                }
                for (int i = 0; i < names.size(); i++) {
                    String name = names.get(i);
                    statement.execute(definitions.get(i));
                    attempt("rows of " + name, () -> copyRows(name));
                }
            } finally {
                statement.execute("detach damaged");
            }
        }
    }

    /// Row by row, which keeps what comes before a damaged place. SQLite's own way to copy a whole
    /// table takes the rows' bytes as they are, damaged ones too.
    private void copyRows(String table) throws SQLException {
        Connection connection = fresh.connection();
        fresh.begin();
        try (Statement select = connection.createStatement();
                ResultSet row = select.executeQuery("select * from damaged." + table)) {
            int columns = row.getMetaData().getColumnCount();
            try (PreparedStatement insert =
                    connection.prepareStatement(
                            "insert or ignore into main.%s values (?%s)"
                                    .formatted(table, ", ?".repeat(columns - 1)))) {
                while (row.next()) {
                    for (int i = 1; i <= columns; i++) {
                        insert.setObject(i, row.getObject(i));
                    }
                    insert.executeUpdate();
                }
            }
        } finally {
            fresh.commit();
        }
    }
}
