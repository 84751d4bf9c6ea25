package io.trapline.journal;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.LongSupplier;
import org.sqlite.SQLiteConfig;

/// The writer's connection and its statements; [SqliteJournal] tells the format. One owner thread.
final class Database implements AutoCloseable {
    private static final int FORMAT = 1;

    static final int PAGE_BYTES = 8192;

    /// A start with something to append takes one; so this is years.
    private static final int MAX_LIVES = 1000;

    /// In this order: the first two count only before the file is written for the first time.
    private static final List<String> PRAGMAS =
            List.of(
                    "page_size = " + PAGE_BYTES,
                    "auto_vacuum = incremental",
                    "journal_mode = wal",
                    "synchronous = full",
                    "wal_autocheckpoint = 2000",
                    "journal_size_limit = 67108864");

    private static final String SCHEMA =
            """
            create table if not exists journal_frame(
                position integer primary key, start integer not null,
                checksum integer not null, door text not null, hour integer not null,
                entries integer not null, bytes blob not null);
            create table if not exists journal_cursor(
                name text primary key, committed integer not null) without rowid;
            create table if not exists journal_origin(
                sender text primary key, position integer not null, part integer not null,
                seen integer not null) without rowid;
            create table if not exists journal_origin_sum(
                sender text primary key, position integer not null, sum integer not null)
                without rowid;
            create table if not exists journal_life(
                id text primary key, first integer not null) without rowid;
            create table if not exists journal_meta(
                key text primary key, value integer not null) without rowid;
            """
                    + Sums.SCHEMA;

    private final Connection connection;
    private final FrameSum sum = new FrameSum();
    private final LongSupplier maxPages;
    private final Weigher weigher;
    private Sums sums;
    private Statements sql;
    private boolean stale;
    private long pagesInForce;

    private static final class Statements {
        private final PreparedStatement begin;
        private final PreparedStatement commit;
        private final PreparedStatement insert;
        private final PreparedStatement deleteUpTo;
        private final PreparedStatement oldest;
        private final PreparedStatement putCursor;
        private final PreparedStatement deleteCursor;
        private final PreparedStatement putOrigin;
        private final PreparedStatement deleteOrigin;
        private final PreparedStatement putOriginSum;
        private final PreparedStatement deleteOriginSum;
        private final PreparedStatement putMeta;

        Statements(Connection on) throws SQLException {
            begin = on.prepareStatement("begin immediate");
            commit = on.prepareStatement("commit");
            insert =
                    on.prepareStatement(
                            "insert into journal_frame(position, start, checksum, door, hour,"
                                    + " entries, bytes) values(?, ?, ?, ?, ?, ?, ?)");
            deleteUpTo = on.prepareStatement("delete from journal_frame where position <= ?");
            oldest =
                    on.prepareStatement(
                            "select position, start from journal_frame order by position limit 1");
            putCursor = on.prepareStatement("insert or replace into journal_cursor values(?, ?)");
            deleteCursor = on.prepareStatement("delete from journal_cursor where name = ?");
            putOrigin =
                    on.prepareStatement("insert or replace into journal_origin values(?, ?, ?, ?)");
            deleteOrigin = on.prepareStatement("delete from journal_origin where sender = ?");
            putOriginSum =
                    on.prepareStatement(
                            "insert or replace into journal_origin_sum values(?, ?, ?)");
            deleteOriginSum =
                    on.prepareStatement("delete from journal_origin_sum where sender = ?");
            putMeta = on.prepareStatement("insert or replace into journal_meta values(?, ?)");
        }

        void close() throws SQLException {
            for (PreparedStatement each :
                    List.of(
                            begin,
                            commit,
                            insert,
                            deleteUpTo,
                            oldest,
                            putCursor,
                            deleteCursor,
                            putOrigin,
                            deleteOrigin,
                            putOriginSum,
                            deleteOriginSum,
                            putMeta)) {
                each.close();
            }
        }
    }

    Database(Path file, Tuning tuning) throws SQLException {
        this(file, tuning.maxPages(), tuning.weigher());
    }

    Database(Path file, LongSupplier maxPages) throws SQLException {
        this(file, maxPages, Weigher.FRAMES);
    }

    private Database(Path file, LongSupplier maxPages, Weigher weigher) throws SQLException {
        this.maxPages = maxPages;
        this.weigher = weigher;
        connection = connect(file, config());
        try {
            createSchema();
            sql = new Statements(connection);
            sums = new Sums(connection, weigher);
        } catch (SQLException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    static Connection connect(Path file, SQLiteConfig config) throws SQLException {
        config.setTempStore(SQLiteConfig.TempStore.MEMORY); // else in /tmp, which may be full
        return config.createConnection("jdbc:sqlite:" + file.toAbsolutePath());
    }

    private static SQLiteConfig config() {
        SQLiteConfig config = new SQLiteConfig();
        config.setCacheSize(-8192);
        // Others (the registry) write to the same file, briefly.
        config.setBusyTimeout(10_000);
        return config;
    }

    private void createSchema() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            for (String pragma : PRAGMAS) {
                statement.execute("pragma " + pragma);
            }
            statement.executeUpdate(SCHEMA);
            addColumns(statement);
            statement.executeUpdate(
                    "insert or ignore into journal_meta values('format', %d), ('identity', '%s')"
                            .formatted(FORMAT, UUID.randomUUID()));
        }
        long format = meta("format", FORMAT);
        if (format != FORMAT) {
            throw new SQLException(
                    "it has journal format " + format + ", this program knows " + FORMAT);
        }
    }

    /// What a file has not that was made before frames were weighed. Its old frames weigh nothing.
    private static void addColumns(Statement statement) throws SQLException {
        try (ResultSet row =
                statement.executeQuery(
                        "select 1 from pragma_table_info('journal_frame') where name = 'door'")) {
            if (row.next()) {
                return;
            }
        }
        for (String column :
                List.of(
                        "door text not null default ''",
                        "hour integer not null default 0",
                        "entries integer not null default 0")) {
            statement.executeUpdate("alter table journal_frame add column " + column);
        }
    }

    private long meta(String key, long otherwise) throws SQLException {
        try (PreparedStatement get =
                connection.prepareStatement("select value from journal_meta where key = ?")) {
            get.setString(1, key);
            try (ResultSet row = get.executeQuery()) {
                return row.next() ? row.getLong(1) : otherwise;
            }
        }
    }

    /// As [Journal#identity].
    static String identity(Connection connection) throws SQLException {
        return text(connection, "identity");
    }

    static String text(Connection connection, String key) throws SQLException {
        try (PreparedStatement get =
                connection.prepareStatement("select value from journal_meta where key = ?")) {
            get.setString(1, key);
            try (ResultSet row = get.executeQuery()) {
                String value = row.next() ? row.getString(1) : null;
                return value == null ? "" : value;
            }
        }
    }

    /// As in [Lineage], oldest first.
    static List<Lineage.Life> lives(Connection connection) throws SQLException {
        List<Lineage.Life> lives = new ArrayList<>();
        try (Statement all = connection.createStatement();
                ResultSet row =
                        all.executeQuery("select id, first from journal_life order by first")) {
            while (row.next()) {
                lives.add(new Lineage.Life(row.getString(1), row.getLong(2)));
            }
        }
        return lives;
    }

    /// Remembers a life, and the newest ones before it, within a transaction.
    void putLife(Lineage.Life life) throws SQLException {
        try (PreparedStatement put =
                connection.prepareStatement("insert or replace into journal_life values(?, ?)")) {
            put.setString(1, life.id());
            put.setLong(2, life.first());
            put.executeUpdate();
        }
        try (Statement statement = connection.createStatement()) {
            statement.executeUpdate(
                    "delete from journal_life where first < (select first from journal_life"
                            + " order by first desc limit 1 offset "
                            + (MAX_LIVES - 1)
                            + ")");
        }
    }

    /// What is on disk. Reads the first and the last frame's row only.
    Extent extent() throws SQLException {
        long head = meta("head", 0);
        long end = meta("end", 0);
        try (Statement newest = connection.createStatement();
                ResultSet row =
                        newest.executeQuery(
                                "select position, start, length(bytes) from journal_frame"
                                        + " order by position desc limit 1")) {
            if (row.next()) {
                head = Math.max(head, row.getLong(1));
                end = row.getLong(2) + Extent.cost(row.getLong(3));
            }
        }
        return withOldest(head, end);
    }

    private Extent withOldest(long head, long end) throws SQLException {
        try (ResultSet row = sql.oldest.executeQuery()) {
            return row.next()
                    ? new Extent(row.getLong(1), row.getLong(2), head, end)
                    : new Extent(head + 1, end, head, end);
        }
    }

    Map<String, Long> cursors() throws SQLException {
        Map<String, Long> cursors = new TreeMap<>();
        try (Statement all = connection.createStatement();
                ResultSet row = all.executeQuery("select name, committed from journal_cursor")) {
            while (row.next()) {
                cursors.put(row.getString(1), row.getLong(2));
            }
        }
        return cursors;
    }

    /// Who was silent longest comes first.
    List<Origin> origins() throws SQLException {
        return origins(connection);
    }

    static List<Origin> origins(Connection connection) throws SQLException {
        List<Origin> origins = new ArrayList<>();
        try (Statement all = connection.createStatement();
                ResultSet row =
                        all.executeQuery(
                                "select sender, position, part from journal_origin order by seen")) {
            while (row.next()) {
                origins.add(new Origin(row.getString(1), row.getLong(2), row.getInt(3)));
            }
        }
        return origins;
    }

    void putOrigin(Origin origin, long seen) throws SQLException {
        sql.putOrigin.setString(1, origin.sender());
        sql.putOrigin.setLong(2, origin.position());
        sql.putOrigin.setInt(3, origin.part());
        sql.putOrigin.setLong(4, seen);
        sql.putOrigin.executeUpdate();
    }

    /// The checksum of each sender's last frame: tells two frames at one position apart.
    Map<String, Long> originSums() throws SQLException {
        Map<String, Long> sums = new TreeMap<>();
        try (Statement all = connection.createStatement();
                ResultSet row =
                        all.executeQuery(
                                "select s.sender, s.sum from journal_origin_sum s join"
                                        + " journal_origin o on o.sender = s.sender"
                                        + " and o.position = s.position")) {
            while (row.next()) {
                sums.put(row.getString(1), row.getLong(2));
            }
        }
        return sums;
    }

    void putOriginSum(Origin origin, long sum) throws SQLException {
        sql.putOriginSum.setString(1, origin.sender());
        sql.putOriginSum.setLong(2, origin.position());
        sql.putOriginSum.setLong(3, sum);
        sql.putOriginSum.executeUpdate();
    }

    void deleteOrigin(String sender) throws SQLException {
        sql.deleteOriginSum.setString(1, sender);
        sql.deleteOriginSum.executeUpdate();
        sql.deleteOrigin.setString(1, sender);
        sql.deleteOrigin.executeUpdate();
    }

    void begin() throws SQLException {
        long pages = maxPages.getAsLong();
        if (pages != pagesInForce) {
            try (Statement statement = connection.createStatement()) {
                statement.execute(
                        "pragma max_page_count = " + (pages == 0 ? Integer.MAX_VALUE : pages));
            }
            pagesInForce = pages;
        }
        if (stale) {
            sql.close();
            sums.close();
            sql = new Statements(connection);
            sums = new Sums(connection, weigher);
            stale = false;
        }
        sums.clear();
        sql.begin.executeUpdate();
    }

    void commit() throws SQLException {
        sums.write();
        sql.commit.executeUpdate();
    }

    /// Ends a transaction that failed; SQLite may have rolled it back already. The driver gives up
    /// a statement that failed, so that the next [#begin] prepares them anew.
    void rollback() {
        stale = true;
        try (Statement statement = connection.createStatement()) {
            statement.execute("rollback");
        } catch (SQLException _) {
            // No transaction is active: that is what was wanted.
        }
    }

    /// Adds a frame behind `extent`, within a transaction.
    Extent append(Extent extent, long position, byte[] frame) throws SQLException {
        sql.insert.setLong(1, position);
        sql.insert.setLong(2, extent.end());
        sql.insert.setLong(3, sum.of(position, frame));
        Weigher.Weight weight = weigher.weigh(frame);
        sql.insert.setString(4, weight.door());
        sql.insert.setLong(5, weight.hour());
        sql.insert.setLong(6, weight.entries());
        sql.insert.setBytes(7, frame);
        sql.insert.executeUpdate();
        sums.appended(weight);
        long tail = extent.isEmpty() ? position : extent.tail();
        return new Extent(tail, extent.start(), position, extent.end() + Extent.cost(frame.length));
    }

    /// Position of the newest frame, 0 when there is none.
    long newest() throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select max(position) from journal_frame")) {
            return row.next() ? row.getLong(1) : 0;
        }
    }

    /// Deletes the frames behind `position`, within a transaction.
    void deleteAfter(long position) throws SQLException {
        sums.takenBack(connection, position);
        try (Statement statement = connection.createStatement()) {
            statement.executeUpdate("delete from journal_frame where position > " + position);
        }
    }

    /// Deletes the frames up to `position`, within a transaction.
    Extent trim(Extent extent, long position) throws SQLException {
        sums.trimmed(position);
        sql.deleteUpTo.setLong(1, position);
        sql.deleteUpTo.executeUpdate();
        Extent rest = withOldest(extent.head(), extent.end());
        if (rest.isEmpty()) {
            // Positions are never used again: with no row left to tell, it must be written down.
            putHead(rest.head(), rest.end());
        }
        return rest;
    }

    /// Counts frames that are known to have been acknowledged and are not there, within a
    /// transaction.
    void gone(long frames, InstantSource clock) throws SQLException {
        sums.gone(frames, clock.millis() / Duration.ofHours(1).toMillis());
    }

    void putHead(long head, long end) throws SQLException {
        putMeta("head", head);
        putMeta("end", end);
    }

    /// Writes something that means nothing, within a transaction.
    void putProbe(long value) throws SQLException {
        putMeta("probe", value);
    }

    void putIdentity(String identity) throws SQLException {
        putText("identity", identity);
    }

    void putText(String key, String value) throws SQLException {
        sql.putMeta.setString(1, key);
        sql.putMeta.setString(2, value);
        sql.putMeta.executeUpdate();
    }

    /// Whether a commit waits for the disk; without it a file is whole only after [#emptyLog] and
    /// an fsync.
    void syncing(boolean yes) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("pragma synchronous = " + (yes ? "full" : "off"));
        }
    }

    /// Moves of the log into the file what no reader needs there.
    void checkpoint() throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("pragma wal_checkpoint(passive)");
        }
    }

    /// Moves all of the log into the file.
    ///
    /// @throws SQLException when the disk fails, or somebody reads
    void emptyLog() throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("pragma wal_checkpoint(truncate)")) {
            if (row.next() && row.getInt(1) != 0) {
                throw new SQLException("the log could not be moved into the file: it is in use");
            }
        }
    }

    private void putMeta(String key, long value) throws SQLException {
        sql.putMeta.setString(1, key);
        sql.putMeta.setLong(2, value);
        sql.putMeta.executeUpdate();
    }

    void putCursors(State.CursorChanges changes) throws SQLException {
        for (String name : changes.removed()) {
            sql.deleteCursor.setString(1, name);
            sql.deleteCursor.executeUpdate();
            sums.forget(connection, name);
        }
        for (Map.Entry<String, Long> moved : changes.moved().entrySet()) {
            long onDisk = sums.begin(connection, moved.getKey());
            // A transaction that was said to have failed may be there all the same: what it counted
            // is not counted twice.
            for (Map<Sum, Sum.Amount> counted :
                    changes.counted()
                            .getOrDefault(moved.getKey(), new TreeMap<>())
                            .tailMap(onDisk + 1)
                            .values()) {
                sums.add(moved.getKey(), counted);
            }
            sql.putCursor.setString(1, moved.getKey());
            sql.putCursor.setLong(2, moved.getValue());
            sql.putCursor.executeUpdate();
        }
    }

    long freeBytes() throws SQLException {
        return pragma("freelist_count") * pragma("page_size");
    }

    /// Gives up to `bytes` of free pages at the end of the file back to the file system.
    void giveBack(long bytes) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            // As an update: the driver then runs the statement to its end, a page a step.
            statement.executeUpdate(
                    "pragma incremental_vacuum(" + bytes / pragma("page_size") + ")");
        }
    }

    private long pragma(String name) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("pragma " + name)) {
            return row.next() ? row.getLong(1) : 0;
        }
    }

    Connection connection() {
        return connection;
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
