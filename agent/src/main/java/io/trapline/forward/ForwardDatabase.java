package io.trapline.forward;

import io.trapline.files.DamagedFiles;
import io.trapline.threads.PlatformThreads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.LongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteConfig;

/// `data/forward.db`: how far each output came, and what was set aside.
///
/// ```
/// forward_cursor            one row an output
///   output  text primary key
///   sender  text            what all names have in common that it sends under, [SenderLife]
///   done_position, done_part         all up to here was acknowledged or set aside
///   tried   text            where requests end that went out since, "position.part", by spaces
///   paused  integer         0 or 1
/// forward_aside             what was refused
///   id, output, sender, position, part, status, reason, at_ms, payload
///   resend                its place in the sequence that it is sent again in; 0 = it is not,
///                         -1 = it will be, once all that belongs to it is here
/// forward_again             the last place in that sequence, an output
///   output, last
/// forward_again_as          under which name one of that sequence is sent
///   id, sender
/// forward_life              what receivers acknowledged, a name of an output: the last few
///   number, output, sender, after, counted, upto, items, journal, address     [SenderLife]
/// forward_journal           which journal an output's places belong to
///   output, identity
/// forward_lost              what aside_max_bytes gave up, an output
///   output, items, bytes
/// forward_gone            what was set aside and then sent again, or dropped by hand, an output
///   output, items
/// forward_name              what something is called at an output that does not take its name
///   output, kind, original, name
/// forward_dropped           what an output's receiver said it did not keep as it was sent
///   output, reason, vals, said, at_ms      said and at_ms: the last time
/// ```
///
/// In WAL mode with `synchronous = FULL`: what returned is on disk. A file of its own, so that the
/// journal's writer never waits for it. Any thread may call any method.
final class ForwardDatabase implements AutoCloseable {
    private static final String SCHEMA =
            """
            create table if not exists forward_cursor(
                output text primary key, sender text not null,
                done_position integer not null, done_part integer not null,
                tried text not null, paused integer not null) without rowid;
            create table if not exists forward_aside(
                id integer primary key autoincrement, output text not null, sender text not null,
                position integer not null, part integer not null, status integer not null,
                reason text not null, at_ms integer not null, payload blob not null,
                resend integer not null, unique(output, sender, position, part));
            create table if not exists forward_again(
                output text primary key, last integer not null) without rowid;
            create table if not exists forward_again_as(
                id integer primary key, sender text not null);
            create table if not exists forward_life(
                number integer primary key, output text not null, sender text not null,
                after integer not null, counted integer not null, upto integer not null,
                items integer not null, journal text not null, address text not null, unique(output, sender));
            create table if not exists forward_journal(
                output text primary key, identity text not null) without rowid;
            create table if not exists forward_lost(
                output text primary key, items integer not null, bytes integer not null)
                without rowid;
            create table if not exists forward_gone(
                output text primary key, items integer not null) without rowid;
            create table if not exists forward_name(
                output text not null, kind text not null, original text not null,
                name text not null, primary key(output, kind, original)) without rowid;
            create table if not exists forward_dropped(
                output text not null, reason text not null, vals integer not null,
                said text not null, at_ms integer not null, primary key(output, reason))
                without rowid;
            """;

    private static final Logger LOG = LoggerFactory.getLogger(ForwardDatabase.class);

    // SQLite's primary result codes.
    private static final int ERROR = 1;
    private static final int READ_ONLY = 8;
    private static final int CORRUPT = 11;
    private static final int CANNOT_OPEN = 14;
    private static final int NO_DATABASE = 26;

    private final Path file;
    private final Connection connection;
    private final String notice;

    private ForwardDatabase(Path file, Connection connection, String notice) {
        this.file = file;
        this.connection = connection;
        this.notice = notice;
    }

    /// Opens it, making it when there is none. One that cannot be read is moved aside: outputs go
    /// on where the journal says.
    static ForwardDatabase open(Path file) throws ForwardException {
        return open(file, InstantSource.system());
    }

    static ForwardDatabase open(Path file, InstantSource clock) throws ForwardException {
        try {
            return connect(file, "");
        } catch (SQLException e) {
            if (!isUnusable(file, e)) {
                throw cannotOpen(file, e);
            }
            String notice = moveAside(file, e, clock);
            LOG.error("{}", notice);
            try {
                return connect(file, notice);
            } catch (SQLException again) {
                throw cannotOpen(file, again);
            }
        }
    }

    private static ForwardDatabase connect(Path file, String notice) throws SQLException {
        if (file.toFile().isFile() && file.toFile().length() == 0) {
            throw new SQLException("it is empty", "", NO_DATABASE);
        }
        SQLiteConfig config = new SQLiteConfig();
        config.setTempStore(SQLiteConfig.TempStore.MEMORY); // else in /tmp, which may be full
        config.setJournalMode(SQLiteConfig.JournalMode.WAL);
        config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
        config.setBusyTimeout(10_000);
        Connection connection = config.createConnection("jdbc:sqlite:" + file.toAbsolutePath());
        try (Statement statement = connection.createStatement()) {
            // Damage that is found later would stop an output until somebody looks.
            try (ResultSet row = statement.executeQuery("pragma quick_check(1)")) {
                if (row.next() && !row.getString(1).equals("ok")) {
                    throw new SQLException(row.getString(1), "", CORRUPT);
                }
            }
            statement.executeUpdate(SCHEMA);
            statement.executeUpdate(
                    "delete from forward_again_as where id not in (select id from forward_aside)");
            return new ForwardDatabase(file, connection, notice);
        } catch (SQLException | RuntimeException e) {
            connection.close();
            throw e;
        }
    }

    /// Whether it is the file's fault, and another one in its place would do.
    private static boolean isUnusable(Path file, SQLException e) {
        int code = e.getErrorCode() & 0xFF;
        boolean isThere = Files.exists(file, LinkOption.NOFOLLOW_LINKS);
        return code == CORRUPT
                || code == NO_DATABASE
                || (isThere && (code == CANNOT_OPEN || code == READ_ONLY || code == ERROR))
                || DamagedFiles.isNoFile(beside(file, "-wal"))
                || DamagedFiles.isNoFile(beside(file, "-shm"));
    }

    private static Path beside(Path file, String end) {
        return file.resolveSibling(file.getFileName() + end);
    }

    private static String moveAside(Path file, SQLException found, InstantSource clock)
            throws ForwardException {
        Path aside = file;
        try {
            if (Files.exists(file, LinkOption.NOFOLLOW_LINKS)) {
                aside = DamagedFiles.moveAside(file, clock.instant());
            }
            for (String end : List.of("-wal", "-shm")) {
                if (Files.exists(beside(file, end), LinkOption.NOFOLLOW_LINKS)) {
                    Files.move(beside(file, end), beside(aside, end));
                }
            }
        } catch (IOException e) {
            throw new ForwardException(
                    file
                            + ", where outputs keep how far they came, cannot be used ("
                            + found.getMessage()
                            + ") and cannot be moved away: "
                            + e,
                    e);
        }
        return file
                + ", where outputs keep how far they came, could not be used ("
                + found.getMessage()
                + "); it was moved aside to "
                + aside
                + ". Outputs go on where the journal says they were, so that some frames may arrive"
                + " twice; what they had set aside, and which of them were paused, is in that file"
                + " only";
    }

    private static ForwardException cannotOpen(Path file, SQLException e) {
        return new ForwardException(
                "cannot open "
                        + file
                        + ", where outputs keep how far they came: "
                        + e.getMessage()
                        + "; if it is damaged, stop the agent and move it away: outputs then"
                        + " send again what the journal still has",
                e);
    }

    /// What was wrong with the file when it was opened, empty when nothing was.
    String notice() {
        return notice;
    }

    Path file() {
        return file;
    }

    /// How far an output came.
    ///
    /// @param tried where requests end that went out since: receivers may have come so far
    record Cursor(String sender, Place done, SortedSet<Place> tried, boolean paused) {
        Cursor {
            tried = new TreeSet<>(tried);
        }
    }

    /// What was set aside: how many, and what the cap gave up since.
    record Totals(long items, long bytes, long lostItems, long lostBytes) {}

    private interface Work<T> {
        T in(Connection connection) throws SQLException;
    }

    private synchronized <T> T work(String what, Work<T> work) throws ForwardException {
        try {
            return PlatformThreads.call(() -> work.in(connection));
        } catch (SQLException e) {
            throw new ForwardException(
                    "%s in %s failed: %s".formatted(what, file, e.getMessage()), e);
        }
    }

    /// In one transaction.
    private <T> T transaction(String what, Work<T> work) throws ForwardException {
        return work(
                what,
                on -> {
                    on.setAutoCommit(false);
                    boolean done = false;
                    try {
                        T result = work.in(on);
                        on.commit();
                        done = true;
                        return result;
                    } finally {
                        if (!done) {
                            on.rollback();
                        }
                        on.setAutoCommit(true);
                    }
                });
    }

    private void update(String what, String sql, Object... values) throws ForwardException {
        work(what, on -> update(on, sql, values));
    }

    private static int update(Connection on, String sql, Object... values) throws SQLException {
        try (PreparedStatement statement = on.prepareStatement(sql)) {
            bind(statement, values);
            return statement.executeUpdate();
        }
    }

    private static void bind(PreparedStatement statement, Object... values) throws SQLException {
        for (int i = 0; i < values.length; i++) {
            statement.setObject(i + 1, values[i]);
        }
    }

    Optional<Cursor> cursor(String output) throws ForwardException {
        return work(
                "reading the cursor of " + output,
                on -> {
                    try (PreparedStatement get =
                            on.prepareStatement(
                                    "select sender, done_position, done_part, tried, paused"
                                            + " from forward_cursor where output = ?")) {
                        get.setString(1, output);
                        try (ResultSet row = get.executeQuery()) {
                            return row.next()
                                    ? Optional.of(
                                            new Cursor(
                                                    row.getString(1),
                                                    new Place(row.getLong(2), row.getInt(3)),
                                                    places(row.getString(4)),
                                                    row.getInt(5) != 0))
                                    : Optional.empty();
                        }
                    }
                });
    }

    Cursor start(String output, String sender, boolean paused) throws ForwardException {
        transaction(
                "starting the cursor of " + output,
                on -> {
                    update(on, "delete from forward_life where output = ?", output);
                    return update(
                            on,
                            "insert or replace into forward_cursor values(?, ?, 0, 0, '', ?)",
                            output,
                            sender,
                            paused ? 1 : 0);
                });
        return new Cursor(sender, Place.START, new TreeSet<>(), paused);
    }

    /// Which journal the output's places belong to, empty when that was not written down.
    Optional<String> journal(String output) throws ForwardException {
        return work(
                "reading the journal of " + output,
                on -> {
                    try (PreparedStatement get =
                            on.prepareStatement(
                                    "select identity from forward_journal where output = ?")) {
                        get.setString(1, output);
                        try (ResultSet row = get.executeQuery()) {
                            return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
                        }
                    }
                });
    }

    void journal(String output, String identity) throws ForwardException {
        update(
                "writing down the journal of " + output,
                "insert or replace into forward_journal values(?, ?)",
                output,
                identity);
    }

    /// The names that the output sent under, the oldest first.
    List<SenderLife> lives(String output) throws ForwardException {
        return work(
                "reading the names of " + output + " as a sender",
                on -> {
                    List<SenderLife> lives = new ArrayList<>();
                    try (PreparedStatement get =
                            on.prepareStatement(
                                    "select sender, after, counted, upto, items, journal, address"
                                            + " from forward_life where output = ?"
                                            + " order by after, number")) {
                        get.setString(1, output);
                        try (ResultSet row = get.executeQuery()) {
                            while (row.next()) {
                                lives.add(
                                        new SenderLife(
                                                row.getString(1),
                                                row.getLong(2),
                                                row.getLong(3),
                                                row.getLong(4),
                                                row.getLong(5),
                                                row.getString(6),
                                                row.getString(7)));
                            }
                        }
                    }
                    return lives;
                });
    }

    void forget(String output) throws ForwardException {
        for (String table :
                List.of(
                        "forward_cursor",
                        "forward_life",
                        "forward_journal",
                        "forward_name",
                        "forward_dropped")) {
            update(
                    "removing what is known of " + output,
                    "delete from " + table + " where output = ?",
                    output);
        }
    }

    /// All names that were given for an output.
    List<GivenName> names(String output) throws ForwardException {
        return work(
                "reading the names of " + output,
                on -> {
                    List<GivenName> names = new ArrayList<>();
                    try (PreparedStatement get =
                            on.prepareStatement(
                                    "select kind, original, name from forward_name"
                                            + " where output = ?")) {
                        get.setString(1, output);
                        try (ResultSet row = get.executeQuery()) {
                            while (row.next()) {
                                names.add(
                                        new GivenName(
                                                GivenName.Kind.valueOf(row.getString(1)),
                                                row.getString(2),
                                                row.getString(3)));
                            }
                        }
                    }
                    return names;
                });
    }

    void keepNames(String output, List<GivenName> names) throws ForwardException {
        if (names.isEmpty()) {
            return;
        }
        work(
                "keeping the names of " + output,
                on -> {
                    on.setAutoCommit(false);
                    try (PreparedStatement put =
                            on.prepareStatement(
                                    "insert or replace into forward_name values(?, ?, ?, ?)")) {
                        for (GivenName name : names) {
                            bind(put, output, name.kind().name(), name.original(), name.name());
                            put.addBatch();
                        }
                        put.executeBatch();
                        on.commit();
                    } catch (SQLException e) {
                        on.rollback();
                        throw e;
                    } finally {
                        on.setAutoCommit(true);
                    }
                    return names.size();
                });
    }

    /// Adds to what an output's receiver said it did not keep as it was sent.
    void lost(String output, Map<String, Long> values, String said, Instant at)
            throws ForwardException {
        for (Map.Entry<String, Long> reason : values.entrySet()) {
            update(
                    "counting what the receiver of " + output + " dropped",
                    "insert into forward_dropped values(?, ?, ?, ?, ?) on conflict do update set"
                            + " vals = vals + excluded.vals, said = excluded.said,"
                            + " at_ms = excluded.at_ms",
                    output,
                    reason.getKey(),
                    reason.getValue(),
                    said,
                    at.toEpochMilli());
        }
    }

    List<OutputStatus.Dropped> lost(String output) throws ForwardException {
        return work(
                "reading what the receiver of " + output + " dropped",
                on -> {
                    List<OutputStatus.Dropped> all = new ArrayList<>();
                    try (PreparedStatement get =
                            on.prepareStatement(
                                    "select reason, vals, said, at_ms from forward_dropped"
                                            + " where output = ? order by reason")) {
                        get.setString(1, output);
                        try (ResultSet row = get.executeQuery()) {
                            while (row.next()) {
                                all.add(
                                        new OutputStatus.Dropped(
                                                row.getString(1),
                                                row.getLong(2),
                                                row.getString(3),
                                                Instant.ofEpochMilli(row.getLong(4))));
                            }
                        }
                    }
                    return all;
                });
    }

    /// Written before a request with a new end goes out, so that after a crash requests end there
    /// again.
    ///
    /// @param lives the names, in the journal's order
    void moved(String output, Place done, SortedSet<Place> tried, List<SenderLife> lives)
            throws ForwardException {
        transaction("moving the cursor of " + output, on -> move(on, output, done, tried, lives));
    }

    private static int move(
            Connection on,
            String output,
            Place done,
            SortedSet<Place> tried,
            List<SenderLife> lives)
            throws SQLException {
        put(on, output, lives);
        return update(
                on,
                "update forward_cursor set done_position = ?, done_part = ?, tried = ?"
                        + " where output = ?",
                done.position(),
                done.part(),
                String.join(" ", tried.stream().map(Place::toString).toList()),
                output);
    }

    private static void put(Connection on, String output, List<SenderLife> lives)
            throws SQLException {
        List<Object> all = new ArrayList<>();
        all.add(output);
        for (SenderLife life : lives) {
            all.add(life.sender());
        }
        update(
                on,
                "delete from forward_life where output = ? and sender not in ("
                        + String.join(", ", Collections.nCopies(lives.size(), "?"))
                        + ")",
                all.toArray());
        for (SenderLife life : lives) {
            update(
                    on,
                    "insert into forward_life(output, sender, after, counted, upto, items, journal,"
                            + " address) values(?, ?, ?, ?, ?, ?, ?, ?) on conflict do update set"
                            + " counted = excluded.counted, upto = excluded.upto,"
                            + " items = excluded.items, journal = excluded.journal,"
                            + " address = excluded.address where counted <> excluded.counted"
                            + " or upto <> excluded.upto or items <> excluded.items",
                    output,
                    life.sender(),
                    life.after(),
                    life.from(),
                    life.upTo(),
                    life.items(),
                    life.journal(),
                    life.address());
        }
    }

    /// Sets items of the journal aside that will be sent again, as soon as [#adopt] says that all
    /// of them are here. One that is aside already stays as it is.
    ///
    /// @return how many of the items have room within `maxBytes`, from the first on
    int gather(
            String output, String base, List<Item> items, String reason, Instant at, long maxBytes)
            throws ForwardException {
        return transaction(
                "setting aside what " + output + " has to send again",
                on -> {
                    long room = maxBytes - sum(on, output);
                    int taken = 0;
                    for (Item item : items) {
                        room -= item.bytes().length;
                        if (room < 0) {
                            return taken;
                        }
                        update(
                                on,
                                "insert into forward_aside(output, sender, position, part, status,"
                                        + " reason, at_ms, payload, resend)"
                                        + " values(?, ?, ?, ?, 0, ?, ?, ?, -1)"
                                        + " on conflict do nothing",
                                output,
                                base,
                                item.position(),
                                item.part(),
                                reason,
                                at.toEpochMilli(),
                                item.bytes());
                        taken++;
                    }
                    return taken;
                });
    }

    /// Keeps the names, and lets what was gathered be sent again, each at its own place under its
    /// own name: another host with the same past sends the same, and it is kept once.
    ///
    /// @param nameAt the name of what stands at a position
    void adopt(
            String output,
            Place done,
            SortedSet<Place> tried,
            List<SenderLife> lives,
            LongFunction<String> nameAt)
            throws ForwardException {
        transaction(
                "keeping the names of " + output,
                on -> {
                    int moved = move(on, output, done, tried, lives);
                    Map<Long, Long> gathered = new LinkedHashMap<>();
                    try (PreparedStatement get =
                            on.prepareStatement(
                                    "select id, position from forward_aside where output = ?"
                                            + " and resend < 0")) {
                        get.setString(1, output);
                        try (ResultSet row = get.executeQuery()) {
                            while (row.next()) {
                                gathered.put(row.getLong(1), row.getLong(2));
                            }
                        }
                    }
                    for (Map.Entry<Long, Long> one : gathered.entrySet()) {
                        update(
                                on,
                                "update forward_aside set resend = position where id = ?",
                                one.getKey());
                        update(
                                on,
                                "insert or replace into forward_again_as values(?, ?)",
                                one.getKey(),
                                nameAt.apply(one.getValue()));
                    }
                    return moved;
                });
    }

    /// An item that was sent again was acknowledged; `lives` say so, too.
    void resent(String output, long id, List<SenderLife> lives) throws ForwardException {
        transaction(
                "dropping item " + id + " of " + output,
                on -> {
                    put(on, output, lives);
                    return update(on, "delete from forward_aside where id = ?", id);
                });
    }

    /// Under which name an item is sent again, empty when an older version gave it its place.
    Optional<String> againAs(long id) throws ForwardException {
        return work(
                "reading the name for item " + id,
                on -> {
                    try (PreparedStatement get =
                            on.prepareStatement(
                                    "select sender from forward_again_as where id = ?")) {
                        get.setLong(1, id);
                        try (ResultSet row = get.executeQuery()) {
                            return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
                        }
                    }
                });
    }

    private static SortedSet<Place> places(String text) {
        SortedSet<Place> places = new TreeSet<>();
        for (String place : text.split(" ")) {
            if (!place.isEmpty()) {
                places.add(Place.parse(place));
            }
        }
        return places;
    }

    void pause(String output, boolean paused) throws ForwardException {
        update(
                "pausing " + output,
                "update forward_cursor set paused = ? where output = ?",
                paused ? 1 : 0,
                output);
    }

    /// @return how many older ones `maxBytes` gave up for it
    int setAside(
            String output,
            String sender,
            Item item,
            int status,
            String reason,
            Instant at,
            long maxBytes)
            throws ForwardException {
        return transaction(
                "setting an item of " + output + " aside",
                on -> {
                    // One that is set aside again, after a crash, is the same one.
                    update(
                            on,
                            "insert into forward_aside(output, sender, position, part, status,"
                                    + " reason, at_ms, payload, resend)"
                                    + " values(?, ?, ?, ?, ?, ?, ?, ?, 0)"
                                    + " on conflict do update set status = excluded.status,"
                                    + " reason = excluded.reason, at_ms = excluded.at_ms",
                            output,
                            sender,
                            item.position(),
                            item.part(),
                            status,
                            reason,
                            at.toEpochMilli(),
                            item.bytes());
                    return giveUp(on, output, maxBytes);
                });
    }

    private static int giveUp(Connection on, String output, long maxBytes) throws SQLException {
        int items = 0;
        long bytes = 0;
        long over = sum(on, output) - maxBytes;
        List<Long> ids = new ArrayList<>();
        try (PreparedStatement oldest =
                on.prepareStatement(
                        "select id, length(payload) from forward_aside where output = ?"
                                + " order by id")) {
            oldest.setString(1, output);
            try (ResultSet row = oldest.executeQuery()) {
                while (over > bytes && row.next()) {
                    ids.add(row.getLong(1));
                    bytes += row.getLong(2);
                    items++;
                }
            }
        }
        for (Long id : ids) {
            update(on, "delete from forward_aside where id = ?", id);
        }
        if (items > 0) {
            update(
                    on,
                    "insert into forward_lost values(?, ?, ?) on conflict do update set"
                            + " items = items + excluded.items, bytes = bytes + excluded.bytes",
                    output,
                    items,
                    bytes);
        }
        return items;
    }

    private static long sum(Connection on, String output) throws SQLException {
        try (PreparedStatement sum =
                on.prepareStatement(
                        "select coalesce(sum(length(payload)), 0) from forward_aside"
                                + " where output = ?")) {
            sum.setString(1, output);
            try (ResultSet row = sum.executeQuery()) {
                return row.next() ? row.getLong(1) : 0;
            }
        }
    }

    Totals totals(String output) throws ForwardException {
        return work(
                "counting what " + output + " set aside",
                on -> {
                    try (PreparedStatement get =
                            on.prepareStatement(
                                    "select (select count(*) from forward_aside where output = ?1),"
                                            + " coalesce((select items from forward_lost"
                                            + " where output = ?1), 0),"
                                            + " coalesce((select bytes from forward_lost"
                                            + " where output = ?1), 0)")) {
                        get.setString(1, output);
                        try (ResultSet row = get.executeQuery()) {
                            return row.next()
                                    ? new Totals(
                                            row.getLong(1),
                                            sum(on, output),
                                            row.getLong(2),
                                            row.getLong(3))
                                    : new Totals(0, 0, 0, 0);
                        }
                    }
                });
    }

    /// Whether an item is among what was set aside.
    boolean isAside(String output, String sender, Item item) throws ForwardException {
        return 0
                < number(
                        "looking for an item that " + output + " set aside",
                        "select count(*) from forward_aside where output = ? and sender = ?"
                                + " and position = ? and part = ?",
                        output,
                        sender,
                        item.position(),
                        item.part());
    }

    /// How many items that an output ever set aside are there or accounted for: what was given up,
    /// sent again or dropped.
    ///
    /// @param position of those that are there, only those up to it
    AsideAccount account(String output, long position) throws ForwardException {
        String what = "counting what " + output + " set aside";
        return new AsideAccount(
                number(
                        what,
                        "select count(*) from forward_aside where output = ? and position <= ?",
                        output,
                        position),
                number(
                        what,
                        "select coalesce((select items from forward_gone where output = ?1), 0)"
                                + " + coalesce((select items from forward_lost where output = ?1),"
                                + " 0)",
                        output));
    }

    private long number(String what, String sql, Object... values) throws ForwardException {
        return work(
                what,
                on -> {
                    try (PreparedStatement get = on.prepareStatement(sql)) {
                        bind(get, values);
                        try (ResultSet row = get.executeQuery()) {
                            return row.next() ? row.getLong(1) : 0L;
                        }
                    }
                });
    }

    /// Names of all outputs that have something set aside, configured or not.
    List<String> outputsWithAside() throws ForwardException {
        return work(
                "listing what was set aside",
                on -> {
                    List<String> names = new ArrayList<>();
                    try (Statement all = on.createStatement();
                            ResultSet row =
                                    all.executeQuery(
                                            "select distinct output from forward_aside"
                                                    + " order by output")) {
                        while (row.next()) {
                            names.add(row.getString(1));
                        }
                    }
                    return names;
                });
    }

    /// The oldest first; of those that are sent again, in that sequence.
    List<AsideItem> aside(String output, boolean resendOnly, int limit) throws ForwardException {
        return work(
                "reading what " + output + " set aside",
                on -> {
                    List<AsideItem> items = new ArrayList<>();
                    try (PreparedStatement get =
                            on.prepareStatement(
                                    "select id, output, position, part, status, reason, at_ms,"
                                            + " payload, resend from forward_aside"
                                            + " where output = ?"
                                            + (resendOnly
                                                    ? " and resend > 0 order by resend"
                                                    : " order by id")
                                            + " limit ?")) {
                        get.setString(1, output);
                        get.setInt(2, limit);
                        try (ResultSet row = get.executeQuery()) {
                            while (row.next()) {
                                items.add(item(row));
                            }
                        }
                    }
                    return items;
                });
    }

    private static AsideItem item(ResultSet row) throws SQLException {
        return new AsideItem(
                row.getLong(1),
                row.getString(2),
                row.getLong(3),
                row.getInt(4),
                row.getInt(5),
                row.getString(6),
                Instant.ofEpochMilli(row.getLong(7)),
                row.getBytes(8),
                row.getLong(9));
    }

    /// @param ids empty = all of the output's
    /// @param againAs the name of the sequence of what is sent again
    /// @return how many there were
    int resend(String output, List<Long> ids, String againAs) throws ForwardException {
        return work(
                "resending what " + output + " set aside",
                on -> {
                    Map<Long, Boolean> waiting = new LinkedHashMap<>();
                    try (PreparedStatement get =
                            on.prepareStatement(
                                    "select id, resend > 0 from forward_aside where output = ?"
                                            + " order by id")) {
                        get.setString(1, output);
                        try (ResultSet row = get.executeQuery()) {
                            while (row.next()) {
                                waiting.put(row.getLong(1), row.getBoolean(2));
                            }
                        }
                    }
                    if (!ids.isEmpty()) {
                        waiting.keySet().retainAll(Set.copyOf(ids));
                    }
                    for (Map.Entry<Long, Boolean> item : waiting.entrySet()) {
                        if (!item.getValue()) {
                            number(on, output, item.getKey(), againAs);
                        }
                    }
                    return waiting.size();
                });
    }

    /// Gives an item the next place. One that was sent and refused gets another one each time: a
    /// receiver keeps nothing that is not after the last that it kept.
    private static void number(Connection on, String output, long id, String againAs)
            throws SQLException {
        update(
                on,
                "insert into forward_again values(?, 1) on conflict do update set last = last + 1",
                output);
        update(
                on,
                "update forward_aside set resend ="
                        + " (select last from forward_again where output = ?) where id = ?",
                output,
                id);
        update(on, "insert or replace into forward_again_as values(?, ?)", id, againAs);
    }

    /// Likewise.
    int drop(String output, List<Long> ids) throws ForwardException {
        return each(output, ids, "delete from forward_aside where output = ?", "dropping");
    }

    private int each(String output, List<Long> ids, String sql, String what)
            throws ForwardException {
        return transaction(
                what + " what " + output + " set aside",
                on -> {
                    int found = 0;
                    if (ids.isEmpty()) {
                        found = update(on, sql, output);
                    }
                    for (Long id : ids) {
                        found += update(on, sql + " and id = ?", output, id);
                    }
                    update(
                            on,
                            "insert into forward_gone values(?, ?) on conflict do update set"
                                    + " items = items + excluded.items",
                            output,
                            found);
                    return found;
                });
    }

    void refusedAgain(long id, int status, String reason, Instant at) throws ForwardException {
        update(
                "keeping item " + id + " aside",
                "update forward_aside set status = ?, reason = ?, at_ms = ?, resend = 0"
                        + " where id = ?",
                status,
                reason,
                at.toEpochMilli(),
                id);
    }

    @Override
    public synchronized void close() throws ForwardException {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new ForwardException("closing " + file + " failed: " + e.getMessage(), e);
        }
    }
}
