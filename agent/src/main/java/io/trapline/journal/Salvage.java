package io.trapline.journal;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteConfig;

/// Puts a new database in the place of a damaged one, with all that can be read of it: frames at
/// their positions, cursors, and other parts' tables.
///
/// It is a transaction. The copy is made beside, as `<file>.new`; complete and synced it becomes
/// `<file>.saved`, and that counts: the damaged file and its log are moved aside, the copy takes
/// their place. Until then the damaged file is what there is, untouched, and a process that is
/// killed, or a disk that has no room for the copy, costs nothing: the next start begins again.
/// After that the next start goes on with the moving ([#finish]).
///
/// The new journal goes on at a position made from the clock, microseconds since 1970, which is
/// beyond every position that the damaged one can have given out: what a reader remembers never
/// hides a new frame.
final class Salvage {
    private static final Logger LOG = LoggerFactory.getLogger(Salvage.class);
    private static final long STEP_BYTES = 4 << 20;
    private static final int STEP_FRAMES = 4096;
    private static final int RANGES_TOLD = 10;

    /// A gap as wide as this is the way to a position made from the clock.
    private static final long JUMP = 1L << 40;

    private final Path file;
    private final WalFile wal;
    private final Known.Line known;
    private final Tuning tuning;
    private final Path copy;

    private boolean identityRead;
    private List<Lineage.Life> lives = List.of();
    private final Map<String, Long> cursors = new LinkedHashMap<>();
    private Map<Sums.Row, Sum.Amount> sums = Map.of();
    private final List<JournalReader.Frame> batch = new ArrayList<>();
    private long batchBytes;
    private Extent extent = Extent.EMPTY;
    private long frames;
    private long first;
    private long lost;
    private final List<String> gaps = new ArrayList<>();
    private final List<String> incomplete = new ArrayList<>();

    /// @param wal the log beside it, as it was found
    /// @param known what the journal remembered of itself
    Salvage(Path file, WalFile wal, Known.Line known, Tuning tuning) {
        this.file = file;
        this.wal = wal;
        this.known = known;
        this.tuning = tuning;
        copy = sibling(file, ".new");
    }

    private static Path sibling(Path file, String suffix) {
        return file.resolveSibling(file.getFileName() + suffix);
    }

    private static Path saved(Path file) {
        return sibling(file, ".saved");
    }

    /// Something of the machine's kept the copy from being made; the damaged file is as it was.
    private static final class CopyFailure extends Exception {
        private static final long serialVersionUID = 1L;

        CopyFailure(Exception cause) {
            super(cause.getMessage(), cause);
        }
    }

    @FunctionalInterface
    private interface Write {
        void run() throws SQLException;
    }

    private static void write(Write write) throws CopyFailure {
        try {
            write.run();
        } catch (SQLException e) {
            throw new CopyFailure(e);
        }
    }

    @FunctionalInterface
    private interface Step {
        void run() throws SQLException, CopyFailure;
    }

    /// Makes the copy and puts it in the damaged file's place.
    ///
    /// @return what was saved and what was not, for the operator
    /// @throws JournalException when there is no room for the copy, or it cannot be written:
    ///   nothing was changed
    String run() throws JournalException {
        String text;
        try {
            discard(copy);
            try (Database fresh = new Database(copy, tuning)) {
                text = fill(fresh);
            }
            tuning.step().reached("copied");
            sync(copy);
            sync(folder());
            Files.move(copy, saved(file), StandardCopyOption.ATOMIC_MOVE);
            sync(folder());
        } catch (CopyFailure | SQLException | IOException e) {
            throw noCopy(e);
        }
        tuning.step().reached("saved");
        try {
            finish(file, tuning.step());
        } catch (IOException e) {
            throw new JournalException(
                    "journal %s: what could be read of it is in %s, which could not take its place:"
                                    .formatted(file, saved(file))
                            + " %s; nothing is lost, the next start goes on with it".formatted(e),
                    e);
        }
        return text;
    }

    private JournalException noCopy(Exception e) {
        long needed = 0;
        try {
            discard(copy);
            needed = size(file) + size(wal.file());
        } catch (IOException also) {
            e.addSuppressed(also);
        }
        return new JournalException(
                ("journal %s is damaged, and the copy of what can be read of it could not be made:"
                                + " %s. The copy needs up to %d bytes on that disk, %d are usable."
                                + " Nothing was changed and nothing is lost by this: make room (or"
                                + " see to the disk) and start again; the copy is then begun again")
                        .formatted(file, e.getMessage(), needed, SqlErrors.usableBytes(file)),
                e);
    }

    private static long size(Path path) throws IOException {
        return Files.exists(path) ? Files.size(path) : 0;
    }

    private static void discard(Path database) throws IOException {
        for (String suffix : List.of("", "-wal", "-shm", "-journal")) {
            Files.deleteIfExists(sibling(database, suffix));
        }
    }

    private Path folder() {
        return Objects.requireNonNull(file.toAbsolutePath().getParent());
    }

    private static void sync(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /// What a start before left unfinished: removes a copy that is not complete, puts one that is
    /// into its place.
    ///
    /// @return whether there was a complete one
    static boolean finish(Path file, Tuning.StepHook step) throws IOException {
        discard(sibling(file, ".new"));
        Path saved = saved(file);
        if (!Files.exists(saved)) {
            return false;
        }
        // The same name each time, so that the file and its log get together when this is ended
        // between the two.
        Path aside = DamagedFile.aside(file, Files.getLastModifiedTime(saved).toInstant());
        Path log = WalFile.of(file);
        if (size(log) == 0) {
            Files.deleteIfExists(log);
        } else {
            Files.move(log, WalFile.of(aside), StandardCopyOption.ATOMIC_MOVE);
        }
        step.reached("log moved");
        Files.deleteIfExists(sibling(file, "-shm"));
        if (Files.exists(file)) {
            Files.move(file, aside, StandardCopyOption.ATOMIC_MOVE);
        }
        step.reached("moved aside");
        DamagedFile.unmark(file);
        Files.move(saved, file, StandardCopyOption.ATOMIC_MOVE);
        sync(Objects.requireNonNull(file.toAbsolutePath().getParent()));
        LOG.error("journal {} was damaged; the damaged file is kept as {}", file, aside);
        return true;
    }

    private String fill(Database fresh) throws SQLException, CopyFailure, IOException {
        fresh.syncing(false);
        if (size(file) > 0) {
            readThroughSqlite(fresh);
        }
        if (!identityRead && known.isThere()) {
            put(fresh, () -> fresh.putIdentity(known.identity()));
        }
        copyFrames(fresh);
        long counted = 0;
        if (!sums.isEmpty()) {
            put(fresh, () -> Sums.carryOver(sums, fresh.connection()));
            counted = lost(readSums(fresh)) - lost(sums);
        }
        long gone = lost - counted;
        put(fresh, () -> fresh.gone(gone, tuning.clock()));
        String text = text();
        put(
                fresh,
                () -> {
                    fresh.putHead(
                            Math.max(
                                    Math.max(extent.head(), known.head()),
                                    tuning.clock().millis() * 1000),
                            extent.end());
                    fresh.putText("salvaged", text);
                });
        fresh.syncing(true);
        fresh.emptyLog();
        return text;
    }

    private static Map<Sums.Row, Sum.Amount> readSums(Database fresh) throws CopyFailure {
        try {
            return Sums.read(fresh.connection());
        } catch (SQLException e) {
            throw new CopyFailure(e);
        }
    }

    /// Frames that the sums have as lost: of those behind the last that they know, they know
    /// nothing.
    private static long lost(Map<Sums.Row, Sum.Amount> sums) {
        return sums.entrySet().stream()
                .filter(each -> each.getKey().is(Sum.LOST))
                .mapToLong(each -> each.getValue().frames())
                .sum();
    }

    private static void put(Database fresh, Write some) throws CopyFailure {
        write(() -> {
            fresh.begin();
            some.run();
            fresh.commit();
        });
    }

    /// Everything but the frames.
    private void readThroughSqlite(Database fresh) throws CopyFailure {
        SQLiteConfig config = new SQLiteConfig();
        // The damaged file is to stay as it is: no checkpoint when the last connection closes.
        config.setReadOnly(true);
        try (Connection old = Database.connect(file, config)) {
            // SQLite refuses a file that is shorter than its header says, unless its schema may be
            // written.
            try (Statement statement = old.createStatement()) {
                statement.execute("pragma writable_schema = on");
            }
            attempt("identity", () -> copyIdentity(old, fresh));
            attempt("lives", () -> copyLives(old, fresh));
            attempt("cursors of readers", () -> copyCursors(old, fresh));
            attempt("positions of senders", () -> copyOrigins(old, fresh));
            attempt("sums", () -> sums = Sums.read(old));
            attempt("other tables", () -> copyOtherTables(old, fresh));
        } catch (SQLException e) {
            if (!SqlErrors.isUnreadable(e, file)) {
                throw new CopyFailure(e);
            }
            incomplete.add("cursors, senders and other tables");
            LOG.warn("journal: {} cannot be opened: {}", file, e.getMessage());
        }
    }

    /// One part that cannot be read does not keep the others from being saved.
    private void attempt(String what, Step step) throws CopyFailure {
        boolean _ = succeeds(what, step);
    }

    /// @return whether all of it could be read
    private boolean succeeds(String what, Step step) throws CopyFailure {
        try {
            step.run();
            return true;
        } catch (SQLException e) {
            if (!SqlErrors.isUnreadable(e, file)) {
                throw new CopyFailure(e);
            }
            if (!incomplete.contains(what)) {
                incomplete.add(what);
                LOG.warn(
                        "journal: not all {} of {} could be saved: {}", what, file, e.getMessage());
            }
            return false;
        }
    }

    /// Its positions are kept, so it is the same journal to its readers.
    private void copyIdentity(Connection old, Database fresh) throws SQLException, CopyFailure {
        String identity = Database.identity(old);
        if (!identity.isEmpty()) {
            put(fresh, () -> fresh.putIdentity(identity));
            identityRead = true;
        }
    }

    private void copyLives(Connection old, Database fresh) throws SQLException, CopyFailure {
        lives = Database.lives(old);
        for (Lineage.Life life : lives) {
            put(fresh, () -> fresh.putLife(life));
        }
    }

    private void copyCursors(Connection old, Database fresh) throws SQLException, CopyFailure {
        try (Statement all = old.createStatement();
                ResultSet row = all.executeQuery("select name, committed from journal_cursor")) {
            while (row.next()) {
                cursors.put(row.getString(1), row.getLong(2));
            }
        } finally {
            State.CursorChanges changes = new State.CursorChanges(Set.of(), cursors, Map.of());
            put(fresh, () -> fresh.putCursors(changes));
        }
    }

    private void copyOrigins(Connection old, Database fresh) throws SQLException, CopyFailure {
        List<Origin> origins = Database.origins(old);
        put(
                fresh,
                () -> {
                    for (int i = 0; i < origins.size(); i++) {
                        fresh.putOrigin(origins.get(i), i);
                    }
                });
    }

    private void copyOtherTables(Connection old, Database fresh) throws SQLException, CopyFailure {
        Map<String, String> tables = definitions(old, "table");
        Map<String, String> indices = definitions(old, "index");
        for (Map.Entry<String, String> table : tables.entrySet()) {
            write(() -> execute(fresh, table.getValue()));
            String rows = "rows of " + table.getKey();
            if (!succeeds(rows, () -> copyRows(old, fresh, table.getKey(), ""))) {
                // And what comes after the damaged place, from the other end.
                attempt(rows, () -> copyRows(old, fresh, table.getKey(), " order by rowid desc"));
            }
        }
        for (String index : indices.values()) {
            write(() -> execute(fresh, index));
        }
    }

    private static Map<String, String> definitions(Connection old, String type)
            throws SQLException {
        Map<String, String> found = new LinkedHashMap<>();
        try (PreparedStatement select =
                old.prepareStatement(
                        "select name, sql from sqlite_master where type = ? and sql is not null"
                                + " and tbl_name not like 'journal_%'"
                                + " and name not like 'sqlite_%'")) {
            select.setString(1, type);
            try (ResultSet row = select.executeQuery()) {
                while (row.next()) {
                    found.put(
                            "\"" + row.getString(1).replace("\"", "\"\"") + "\"", row.getString(2));
                }
            }
        }
        return found;
    }

    private static void execute(Database fresh, String sql) throws SQLException {
        try (Statement statement = fresh.connection().createStatement()) {
            statement.execute(sql);
        }
    }

    /// Row by row, which keeps what comes before a damaged place. SQLite's own way to copy a whole
    /// table takes the rows' bytes as they are, damaged ones too.
    private static void copyRows(Connection old, Database fresh, String table, String order)
            throws SQLException, CopyFailure {
        write(fresh::begin);
        try (Statement select = old.createStatement();
                ResultSet row = select.executeQuery("select * from " + table + order)) {
            int columns = row.getMetaData().getColumnCount();
            try (PreparedStatement insert = insert(fresh, table, columns)) {
                while (row.next()) {
                    Object[] values = new Object[columns];
                    for (int i = 0; i < columns; i++) {
                        values[i] = row.getObject(i + 1);
                    }
                    write(() -> {
                        for (int i = 0; i < columns; i++) {
                            insert.setObject(i + 1, values[i]);
                        }
                        insert.executeUpdate();
                    });
                }
            }
        } finally {
            write(fresh::commit);
        }
    }

    private static PreparedStatement insert(Database fresh, String table, int columns)
            throws CopyFailure {
        try {
            return fresh.connection()
                    .prepareStatement(
                            "insert or ignore into %s values (?%s)"
                                    .formatted(table, ", ?".repeat(columns - 1)));
        } catch (SQLException e) {
            throw new CopyFailure(e);
        }
    }

    private void copyFrames(Database fresh) throws CopyFailure, IOException {
        // What is trimmed already may still be found, in free pages.
        long floor = known.isThere() ? known.tail() - 1 : leastCursor();
        long[] last = {floor};
        try (RawFrames raw = new RawFrames(file, wal)) {
            raw.read(
                    floor + 1,
                    (position, frame) -> {
                        boolean unknown = frames == 0 && floor == 0 && !known.isThere();
                        if (!unknown) {
                            gap(last[0] + 1, position - 1);
                        }
                        first = frames == 0 ? position : first;
                        last[0] = position;
                        frames++;
                        batch.add(new JournalReader.Frame(position, frame));
                        batchBytes += frame.length;
                        if (batchBytes >= STEP_BYTES || batch.size() >= STEP_FRAMES) {
                            flush(fresh);
                        }
                    });
        } catch (JournalException e) {
            throw new CopyFailure(e);
        }
        try {
            flush(fresh);
        } catch (JournalException e) {
            throw new CopyFailure(e);
        }
        gap(last[0] + 1, known.head());
    }

    private long leastCursor() {
        return cursors.values().stream().mapToLong(Long::longValue).min().orElse(0);
    }

    private void gap(long from, long to) {
        boolean jump = to - from > JUMP || lives.stream().anyMatch(life -> life.first() == to + 1);
        if (from > to || (jump && to > JUMP)) {
            return;
        }
        lost += to - from + 1;
        gaps.add(from == to ? Long.toString(from) : from + " to " + to);
    }

    private void flush(Database fresh) throws JournalException {
        try {
            Extent now = extent;
            fresh.begin();
            for (JournalReader.Frame frame : batch) {
                now = fresh.append(now, frame.position(), frame.bytes());
            }
            fresh.commit();
            extent = now;
            batch.clear();
            batchBytes = 0;
        } catch (SQLException e) {
            throw new JournalException(String.valueOf(e.getMessage()), e);
        }
        tuning.step().reached("some copied");
    }

    private String text() {
        StringBuilder text = new StringBuilder();
        if (frames == 0) {
            text.append("no frame could be saved of the damaged journal ").append(file);
        } else {
            text.append("saved ").append(frames).append(" frames of the damaged journal ");
            text.append(file).append(", positions ").append(first).append(" to ");
            text.append(extent.head());
        }
        if (lost > 0) {
            text.append("; ").append(lost).append(" frames that it had are lost: positions ");
            text.append(String.join(", ", gaps.subList(0, Math.min(gaps.size(), RANGES_TOLD))));
            text.append(gaps.size() > RANGES_TOLD ? " and others" : "");
        } else if (known.isThere()) {
            text.append("; no frame that it kept for its readers is lost");
        }
        if (!known.isThere()) {
            text.append(
                    "; whether there were more behind them, or before, cannot be told, since"
                            + " nothing remembers where it ended");
        }
        if (!incomplete.isEmpty()) {
            text.append("; not saved, or not all of it: ").append(String.join(", ", incomplete));
        }
        boolean whole = lost == 0 && known.isThere() && incomplete.isEmpty();
        text.append(
                whole
                        ? "; the damaged file is not needed any more"
                        : "; keep the damaged file for as long as you may want to look for more in"
                                + " it with other tools");
        return text.toString();
    }

    /// Whether everything is there that the journal is known to have had.
    boolean isWhole() {
        return lost == 0 && incomplete.isEmpty();
    }
}
