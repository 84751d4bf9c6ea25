package io.trapline.journal;

import io.trapline.health.PartState;
import io.trapline.health.Supervised;
import io.trapline.threads.PlatformThreads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The journal in one SQLite database.
///
/// ## On disk
///
/// The file is shared with other parts, whose tables have other prefixes. It is in WAL mode with
/// `synchronous = FULL`: a commit returns after an fsync.
///
/// ```
/// journal_frame                       one row a frame
///   position  integer primary key     1, 2, 3 …; grows for ever, is never used twice
///   start     integer                 bytes of all frames ever before this one
///   checksum  integer                 CRC32C of position (8 bytes, little-endian), bytes
///   door, hour, entries               what it counts as: [Weigher.Weight]
///   bytes     blob                    the frame
/// journal_cursor                      one row a registered reader
///   name      text primary key
///   committed integer                 all up to here was dealt with; 0 = nothing yet
/// journal_origin                      one row a sender of frames from elsewhere
///   sender    text primary key
///   position, part                    the last of its frames that was kept
///   seen      integer                 our position then: who was silent longest goes first
/// journal_origin_sum                  one row a sender, unless an older version wrote last
///   sender    text primary key
///   position, sum                     CRC32C of the bytes of that frame
/// journal_life                        one row a process that appended, as in [Lineage]
///   id        text primary key        random
///   first     integer                 position of its first frame
/// journal_sum                         what was appended, trimmed, lost, passed: [Sums]
/// journal_meta                        key, value
///   format                            1
///   identity                          a random text, made with the database
///   head, end                         position of the newest frame ever, bytes of all frames ever
/// ```
///
/// In bytes of a row count its frame and 32 for the row. Invariants:
/// - `start` of a row = `start` + bytes of the row before it, so that what is kept = end of the
///   newest row − `start` of the oldest, exactly and without a scan.
/// - Rows go away only from the old end. `head` and `end` in `journal_meta` are written in the
///   transaction that deletes the last row; the newest position is the greater of `head` and the
///   newest row's.
/// - Positions have no gaps, but for one after damage or loss: then the journal goes on at
///   microseconds since 1970.
/// - A cursor reaches the disk up to 0.1 s after its reader committed, always before a frame that
///   it frees is deleted. After a crash readers see some frames again, and must bear it.
///
/// ## Threads
///
/// One writer thread owns the writing connection; appends wait for it in a queue bounded in bytes
/// and share transactions. Each reader has a connection of its own.
///
/// ## Files beside it
///
/// `<file>-wal` and `-shm` are SQLite's. `<file>.lock` keeps a second process away. `<file>.known`
/// tells whether something is missing ([Known]). `<file>.is-damaged` makes the next start save what
/// is readable into a new file ([Salvage], with `<file>.new` and `<file>.saved` on the way); the
/// damaged one stays as `<file>.damaged-<time>`. `native/` holds SQLite's library. The file does
/// not grow beyond the quota by more than the reserve (a quarter, for what the period engine writes
/// so that others can be trimmed), page slack (about a quarter with frames of 1.5 kB) and 64 MB of
/// log.
public final class SqliteJournal implements Journal {
    private static final Logger LOG = LoggerFactory.getLogger(SqliteJournal.class);
    private static final Duration CLOSE_DEADLINE = Duration.ofSeconds(10);

    /// SQLite's own limit is 1 GB a value.
    private static final int MAX_FRAME_BYTES = 512 << 20;

    private final Path file;
    private final Supplier<JournalSettings> settings;
    private final Tuning tuning;
    private final DataLock lock;
    private final Lineage lineage;
    private final List<String> notices;
    private final Presence presence;
    private final State state;
    private final Origins origins;
    private final Intake intake;
    private final PartState writing = new PartState("journal writer");
    private final Thread writer;

    /// Guarded by itself.
    private final Map<String, SqliteReader> readers = new HashMap<>();

    private SqliteJournal(
            Path file,
            Supplier<JournalSettings> settings,
            Tuning tuning,
            DataLock lock,
            Database database,
            Extent extent,
            Known.Line known,
            List<String> notices)
            throws SQLException, IOException {
        this.file = file;
        this.settings = settings;
        this.tuning = tuning;
        this.lock = lock;
        this.notices = List.copyOf(notices);
        String identity = Database.identity(database.connection());
        List<Lineage.Life> lives = new ArrayList<>(Database.lives(database.connection()));
        lives.add(new Lineage.Life(UUID.randomUUID().toString(), extent.head() + 1));
        lineage = new Lineage(identity, lives);
        presence = new Presence(file);
        state = new State(extent, database.cursors());
        origins = new Origins(database, database.origins(), database.originSums());
        intake = new Intake(tuning.queueBytes());
        writer =
                Thread.ofPlatform()
                        .name("journal-writer")
                        .daemon()
                        .unstarted(
                                new Supervised(
                                        writing,
                                        () -> false, // it ends by itself, with all written
                                        new Writer(
                                                        file,
                                                        database,
                                                        state,
                                                        origins,
                                                        intake,
                                                        lives.getLast(),
                                                        Known.open(file, identity, known),
                                                        presence,
                                                        settings,
                                                        tuning)
                                                ::run));
    }

    /// Opens the journal, making it when there is none. A damaged file is moved aside, what can be
    /// read of it is taken over, and the log says so.
    ///
    /// @param settings asked before each write, so that a new quota is in force at once
    /// @throws JournalException when another process has it open, or the file cannot be made, read
    ///   or written
    public static SqliteJournal open(Path file, Supplier<JournalSettings> settings)
            throws JournalException {
        return open(file, settings, Tuning.DEFAULT);
    }

    /// As above, with sums of what `weigher` says.
    public static SqliteJournal open(Path file, Supplier<JournalSettings> settings, Weigher weigher)
            throws JournalException {
        return open(file, settings, Tuning.DEFAULT.withWeigher(weigher));
    }

    static SqliteJournal open(Path file, Supplier<JournalSettings> settings, Tuning tuning)
            throws JournalException {
        DataLock lock;
        try {
            Path directory = Objects.requireNonNull(file.toAbsolutePath().getParent());
            Files.createDirectories(directory);
            lock = DataLock.acquire(file);
            NativeLibrary.prepare(directory);
        } catch (IOException e) {
            throw new JournalException("journal " + file + " cannot be opened: " + e, e);
        }
        try {
            SqliteJournal journal = openLocked(file, settings, tuning, lock);
            journal.writer.start();
            return journal;
        } catch (SQLException | IOException e) {
            lock.close();
            throw new JournalException(
                    "journal " + file + " cannot be opened: " + e.getMessage(), e);
        } catch (JournalException | RuntimeException | Error e) {
            lock.close();
            throw e;
        }
    }

    @SuppressWarnings("MustBeClosed")
    private static SqliteJournal openLocked(
            Path file, Supplier<JournalSettings> settings, Tuning tuning, DataLock lock)
            throws SQLException, IOException, JournalException {
        List<String> notices = new ArrayList<>();
        boolean finished = Salvage.finish(file, tuning.step());
        Known.Line known = Known.read(file);
        TakeBack.refused(file, known);
        boolean gone = !Files.exists(file) || Files.size(file) == 0;
        boolean salvaged = finished;
        if (isDamaged(file, gone)) {
            notices.addAll(salvage(file, known, tuning));
            salvaged = true;
        }
        Start start = new Start(file, settings, tuning, lock, known, notices, finished);
        try {
            return start.open(gone && !salvaged);
        } catch (SQLException e) {
            if (!SqlErrors.isDamage(e)) {
                throw e;
            }
            LOG.error("journal {} is damaged: {}", file, e.getMessage());
        }
        notices.addAll(salvage(file, known, tuning));
        return start.open(false);
    }

    /// What an opening needs to know.
    private record Start(
            Path file,
            Supplier<JournalSettings> settings,
            Tuning tuning,
            DataLock lock,
            Known.Line known,
            List<String> notices,
            boolean finished) {

        /// @param gone whether there was nothing, though there may have been once
        @SuppressWarnings("MustBeClosed")
        SqliteJournal open(boolean gone) throws SQLException, IOException {
            Database database = new Database(file, tuning);
            try {
                Extent extent = database.extent();
                List<String> found = new ArrayList<>(notices);
                if (known.isUnreadable()) {
                    found.add(Known.unreadable(file));
                    LOG.error("journal: {}", found.getLast());
                }
                if (finished) {
                    found.add(
                            "a start before was ended when it had made the copy: "
                                    + Database.text(database.connection(), "salvaged"));
                    LOG.error("journal: {}", found.getLast());
                }
                Optional<Missing.Loss> loss =
                        new Missing(file, known, gone)
                                .loss(Database.identity(database.connection()), extent);
                if (loss.isPresent()) {
                    LOG.error("journal: {}", loss.get().text());
                    found.add(loss.get().text());
                    // What was given out is not given out again: others remember positions.
                    extent = extent.goOnAt(Math.max(known.head(), tuning.clock().millis() * 1000));
                    note(database, extent, loss.get().frames(), tuning);
                }
                return new SqliteJournal(
                        file, settings, tuning, lock, database, extent, known, found);
            } catch (SQLException | IOException | RuntimeException e) {
                database.close();
                throw e;
            }
        }
    }

    /// Keeps what is missing for the conservation check, with the head from which on it is not
    /// found missing again.
    private static void note(Database database, Extent extent, long frames, Tuning tuning) {
        try {
            database.begin();
            database.gone(frames, tuning.clock());
            database.putHead(extent.head(), extent.end());
            database.commit();
        } catch (SQLException e) {
            database.rollback();
            LOG.error("journal: what is missing could not be noted, and is told again", e);
        }
    }

    /// Whether it is known to be damaged before SQLite has a look, which may throw the log away.
    private static boolean isDamaged(Path file, boolean gone) throws IOException {
        WalFile wal = WalFile.read(file);
        if (gone) {
            if (!wal.images().isEmpty()) {
                LOG.error("journal {} is gone, but its log {} is there", file, wal.file());
            }
            return !wal.images().isEmpty();
        }
        if (wal.cut()) {
            LOG.error(
                    "journal {}: its log {} is damaged at byte {}, with more behind that",
                    file,
                    wal.file(),
                    wal.end());
        }
        return wal.cut() || DamagedFile.isMarked(file);
    }

    /// @return what is lost, for the operator; empty when nothing is
    private static List<String> salvage(Path file, Known.Line known, Tuning tuning)
            throws IOException, JournalException {
        Salvage salvage = new Salvage(file, WalFile.read(file), known, tuning);
        String text = salvage.run();
        LOG.error("journal: {}", text);
        return salvage.isWhole() ? List.of() : List.of(text);
    }

    @Override
    public long append(byte[] frame) throws JournalException {
        return append(frame, Request.append(frame));
    }

    @Override
    public long appendReserved(byte[] frame) throws JournalException {
        return append(frame, Request.appendReserved(frame));
    }

    @Override
    public long appendAll(List<byte[]> frames) throws JournalException {
        for (byte[] frame : frames) {
            checkSize(frame);
        }
        Request request = Request.append(frames);
        submit(request);
        return request.await();
    }

    private long append(byte[] frame, Request request) throws JournalException {
        checkSize(frame);
        submit(request);
        return request.await();
    }

    @Override
    public int appendOnce(List<Arrival> arrivals) throws JournalException {
        if (arrivals.isEmpty()) {
            return 0;
        }
        for (Arrival arrival : arrivals) {
            checkSize(arrival.frame());
        }
        Request request = Request.appendOnce(arrivals);
        submit(request);
        return (int) request.await();
    }

    @Override
    public Memory memory(String sender) {
        return origins.memory(sender);
    }

    private void checkSize(byte[] frame) throws JournalException {
        if (frame.length > MAX_FRAME_BYTES) {
            throw new JournalException(
                    "journal %s cannot keep a frame of %d bytes: the limit is %d; split it"
                            .formatted(file, frame.length, MAX_FRAME_BYTES));
        }
    }

    private void submit(Request request) throws JournalException {
        switch (intake.offer(request, tuning.patience().toNanos())) {
            case TAKEN -> {}
            case BUSY -> {
                state.countRefused(1);
                throw new JournalFullException(
                        "journal %s is busy: %d bytes wait to be written, and there was no room for"
                                        .formatted(file, intake.waitingBytes())
                                + " %d more within %s; the disk is too slow for what comes in;"
                                        .formatted(request.bytes(), tuning.patience())
                                + " nothing was kept, send it again later");
            }
            case CLOSED ->
                    throw new JournalException("journal " + file + " is closed, nothing was kept");
        }
    }

    /// A reader of that name which was handed out before is closed.
    @Override
    public JournalReader reader(String name) throws JournalException {
        Objects.requireNonNull(name, "name");
        Optional<String> gone = presence.trouble();
        if (gone.isPresent()) {
            // A connection would make an empty file.
            throw new JournalException(gone.get());
        }
        synchronized (readers) {
            long committed = state.register(name);
            try {
                if (!state.isOnDisk(name)) {
                    flushCursors();
                }
                SqliteReader reader =
                        PlatformThreads.call(
                                () -> new SqliteReader(name, file, state, intake, committed));
                SqliteReader before = readers.put(name, reader);
                if (before != null) {
                    before.close();
                }
                return reader;
            } catch (SQLException e) {
                throw new JournalException(
                        "journal %s cannot be opened for reader %s: %s"
                                .formatted(file, name, e.getMessage()),
                        e);
            }
        }
    }

    @Override
    public void removeReader(String name) throws JournalException {
        synchronized (readers) {
            SqliteReader reader = readers.remove(name);
            if (reader != null) {
                reader.close();
            }
            state.remove(name);
            if (!state.isOnDisk(name)) {
                flushCursors();
            }
        }
    }

    private void flushCursors() throws JournalException {
        Request request = Request.flushCursors();
        submit(request);
        request.await();
    }

    @Override
    public JournalStatus status() {
        return state.status(settings.get().maxBytes());
    }

    /// Keeps all frames that are there from being trimmed until the answer is closed. In memory
    /// alone: a crash ends it.
    public Hold hold() {
        state.hold(1);
        return new Hold() {
            private boolean closed;

            @Override
            public synchronized void close() {
                if (!closed) {
                    closed = true;
                    state.hold(-1);
                    intake.nudge();
                }
            }
        };
    }

    /// What [#hold] gives.
    public interface Hold extends AutoCloseable {
        @Override
        void close();
    }

    /// Reads all of the file in one transaction, beside the writer and the readers: sums, cursors,
    /// and each frame that is kept.
    public JournalAccount account(JournalAccount.Visitor visitor) throws JournalException {
        try {
            return PlatformThreads.call(() -> Accounting.read(file, tuning.weigher(), visitor));
        } catch (SQLException e) {
            throw new JournalException(
                    "journal %s cannot be read: %s".formatted(file, e.getMessage()), e);
        }
    }

    @Override
    public String identity() {
        return lineage.journal();
    }

    @Override
    public Lineage lineage() {
        return lineage;
    }

    @Override
    public Optional<String> trouble() {
        // Also when nobody appends, somebody who asks learns that the file is gone.
        return presence.trouble()
                .or(state::trouble)
                .or(() -> Optional.of(writing.status().why()).filter(why -> !why.isEmpty()));
    }

    @Override
    public List<String> notices() {
        return notices;
    }

    @Override
    public void close() {
        intake.close();
        state.close();
        closeReaders();
        try {
            writer.join(CLOSE_DEADLINE);
            if (writer.isAlive()) {
                LOG.error(
                        "journal {} did not finish writing within {}; what was acknowledged is"
                                + " safe, the rest was not acknowledged",
                        file,
                        CLOSE_DEADLINE);
                return;
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        lock.close();
    }

    private void closeReaders() {
        Collection<SqliteReader> all;
        synchronized (readers) {
            all = List.copyOf(readers.values());
            readers.clear();
        }
        all.forEach(SqliteReader::close);
    }
}
