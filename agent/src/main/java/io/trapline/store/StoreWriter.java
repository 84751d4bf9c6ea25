package io.trapline.store;

import io.trapline.journal.Journal;
import io.trapline.journal.Journal.JournalStatus;
import io.trapline.journal.JournalException;
import io.trapline.journal.JournalReader;
import io.trapline.journal.Lineage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The one thread that writes: journal → rows, and what is too old → gone.
final class StoreWriter implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(StoreWriter.class);
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss.SSS'Z'", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);

    /// Of frames in one transaction: some 100 000 samples.
    private static final long BATCH_BYTES = 1L << 20;

    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration GATHER = Duration.ofMillis(250);
    private static final Duration RETENTION_EVERY = Duration.ofHours(1);
    private static final Duration CLOSE_QUERIES = Duration.ofSeconds(10);
    private static final long FIRST_PAUSE_MS = 100;
    private static final long LONGEST_PAUSE_MS = 10_000;

    /// A frame that fails as often, while the disk and the memory are well, is the culprit itself.
    private static final int PATIENCE = 3;

    private final Path directory;
    private final Supplier<StoreSettings> settings;
    private final Journal journal;
    private final InstantSource clock;
    private final LongSupplier nanos;
    private final DatabaseGate gate;
    private final Progress progress;
    private final Runnable cancelQueries;
    private final Session.BeforeCommit beforeCommit;
    private final LocalStore.Watcher watcher;
    private final CountDownLatch closing = new CountDownLatch(1);
    private final ConcurrentLinkedQueue<CompletableFuture<Long>> retentionAsked =
            new ConcurrentLinkedQueue<>();

    private @Nullable JournalReader reader;
    private @Nullable BelievedTime believed;
    private long lastRetention;
    private int failures;

    /// A frame that did not fit into the memory though it was alone, and how often.
    private long tooLarge;

    private int tooLargeTimes;

    /// What says that a database that can be opened is damaged further inside.
    private @Nullable SQLException corruption;

    private volatile State state =
            new State(StoreStatus.State.OPENING, RowCounts.NONE, 0, Long.MAX_VALUE, "");

    record State(
            StoreStatus.State state,
            RowCounts rows,
            long badFrames,
            long oldestMicros,
            String error) {
        State with(StoreStatus.State newState, String newError) {
            return new State(newState, rows, badFrames, oldestMicros, newError);
        }
    }

    StoreWriter(
            Path directory,
            Supplier<StoreSettings> settings,
            Journal journal,
            InstantSource clock,
            LongSupplier nanos,
            DatabaseGate gate,
            Progress progress,
            Runnable cancelQueries,
            Session.BeforeCommit beforeCommit,
            LocalStore.Watcher watcher) {
        this.directory = directory;
        this.settings = settings;
        this.journal = journal;
        this.clock = clock;
        this.nanos = nanos;
        this.gate = gate;
        this.progress = progress;
        this.cancelQueries = cancelQueries;
        this.beforeCommit = beforeCommit;
        this.watcher = watcher;
    }

    State state() {
        return state;
    }

    private void become(State next) {
        boolean another = !next.equals(state);
        state = next;
        if (another) {
            watcher.changed();
        }
    }

    private void reached(long position) {
        progress.reached(position);
        watcher.changed();
    }

    /// Takes the store's place in the journal, which keeps a frame only for the readers it knows: a
    /// frame that others are done with before the database is open would be gone. Called once,
    /// before the thread starts.
    void register() {
        try {
            reader = journal.reader(Store.READER);
        } catch (JournalException e) {
            LOG.warn("the store has no place in the journal yet, it is asked for again", e);
        }
    }

    /// Ends [#run] after the batch it is at.
    void stop() {
        closing.countDown();
        progress.hurry();
    }

    /// Deletes what is too old soon; the answer is how many rows went.
    CompletableFuture<Long> retain() {
        CompletableFuture<Long> done = new CompletableFuture<>();
        retentionAsked.add(done);
        progress.hurry();
        return done;
    }

    @Override
    public void run() {
        while (!stopped()) {
            try {
                life();
            } catch (SQLException | JournalException | IOException | RuntimeException e) {
                failed(e);
            } catch (InterruptedException _) {
                stop();
            }
        }
        become(state.with(StoreStatus.State.CLOSED, state.error()));
        for (CompletableFuture<Long> asked : retentionAsked) {
            asked.cancel(false);
        }
    }

    private boolean stopped() {
        return closing.getCount() == 0;
    }

    private void failed(Exception e) {
        failures++;
        if (failures >= PATIENCE && e instanceof SQLException sql && Database.isCorruption(sql)) {
            corruption = sql;
        }
        String reason =
                Database.isOutOfMemory(e) ? lackOfMemory(e) : String.valueOf(e.getMessage());
        if (reason.equals(state.error())) {
            LOG.debug("writing the store in {} failed again: {}", directory, reason);
        } else {
            LOG.error(
                    "writing the store in {} failed after journal position {}; nothing is lost, it"
                            + " is tried again until it works: {}",
                    directory,
                    progress.position(),
                    reason,
                    e instanceof RuntimeException ? e : null);
        }
        become(state.with(StoreStatus.State.FAILING, reason));
        pause();
    }

    /// DuckDB's own text goes on with advice that nobody here can follow.
    private String lackOfMemory(Exception e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse("")
                + "; the store has [store] memory = "
                + (settings.get().memoryBytes() >> 20)
                + " MiB, which its queries share: give it more if this does not pass by itself";
    }

    private void pause() {
        long millis = Math.min(FIRST_PAUSE_MS << Math.min(failures - 1, 10), LONGEST_PAUSE_MS);
        try {
            boolean _ = closing.await(millis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException _) {
            stop();
        }
    }

    /// From the opening of the database to its closing.
    private void life() throws SQLException, JournalException, IOException, InterruptedException {
        Database database = open();
        try {
            serve(database);
        } catch (SQLException | JournalException | RuntimeException e) {
            // Here and not in run(), so that people can query what is there while writing waits.
            failed(e);
        } finally {
            gate.shut();
            cancelQueries.run();
            if (!gate.awaitEmpty(CLOSE_QUERIES)) {
                LOG.warn("a query in the store did not end within {}", CLOSE_QUERIES);
            }
            database.close();
        }
    }

    private void serve(Database database)
            throws SQLException, JournalException, InterruptedException {
        try (Session session = new Session(database, beforeCommit)) {
            JournalReader from = seek(session);
            become(
                    new State(
                            failures == 0 ? StoreStatus.State.RUNNING : StoreStatus.State.FAILING,
                            session.counts(),
                            state.badFrames(),
                            session.oldestMicros(),
                            state.error()));
            if (tooLargeTimes == 0) {
                gate.open(database);
            }
            while (!stopped()) {
                pump(session, from);
                if (tooLargeTimes == 0) {
                    gate.open(database);
                }
            }
        }
    }

    private Database open() throws SQLException, IOException {
        StoreSettings now = settings.get();
        SQLException seen = corruption;
        if (seen != null) {
            corruption = null;
            moveAside(seen);
        }
        try {
            return Database.open(directory, now);
        } catch (SQLException e) {
            if (!Database.isDamage(e)) {
                throw e;
            }
            moveAside(e);
            return Database.open(directory, now);
        }
    }

    private void moveAside(SQLException damage) throws IOException {
        Path aside = directory.resolve("store.damaged-" + STAMP.format(clock.instant()));
        Files.createDirectories(aside);
        for (String name : List.of(Database.FILE, Database.WAL)) {
            if (Files.exists(directory.resolve(name))) {
                Files.move(directory.resolve(name), aside.resolve(name));
            }
        }
        JournalStatus status = journal.status();
        LOG.error(
                "the store in {} is damaged ({}). It was moved to {} and a new one is begun. What"
                        + " can be queried from now on is what the journal still holds, frames {} to"
                        + " {}; rows of older frames are in the moved file only",
                directory,
                damage.getMessage(),
                aside,
                status.tail(),
                status.head());
    }

    /// Puts the reader behind what the database has, which alone knows.
    private JournalReader seek(Session session) throws SQLException, JournalException {
        JournalReader from = reader;
        if (from == null) {
            from = journal.reader(Store.READER);
            reader = from;
        }
        JournalStatus status = journal.status();
        Lineage lineage = journal.lineage();
        long position = place(session, lineage, status);
        session.goOn(position, lineage);
        from.seek(position);
        reached(position);
        if (position > from.committed()) {
            commit(from, position);
        }
        long behind = status.head() - Math.max(position, status.tail() - 1);
        if (behind > 0 && failures == 0) {
            LOG.info(
                    "the store is at journal position {}, {} frames to catch up", position, behind);
        }
        return from;
    }

    /// Where the store goes on in a journal that may not be the one it has read so far.
    private static long place(Session session, Lineage lineage, JournalStatus status)
            throws SQLException {
        long before = session.position();
        Lineage known = session.lineage();
        OptionalLong common = lineage.resume(known, before, status.head());
        if (common.isEmpty()) {
            LOG.error(
                    "the store has journal frames up to {} of journal '{}', but this is journal"
                            + " '{}', from {} to {}: it is another journal than before. All of it is"
                            + " read, none of it is skipped; what the store had not read of the"
                            + " other one is not in it",
                    before,
                    known.journal(),
                    lineage.journal(),
                    status.tail(),
                    status.head());
            return Math.max(0, status.tail() - 1);
        }
        long position = common.getAsLong();
        if (position < before) {
            LOG.error(
                    "the store has journal frames up to {}, but the journal left the way they took"
                            + " after {}: its frames behind that were lost, or an older copy of it"
                            + " was put back. All frames that it has from there on are read; the"
                            + " rows of the others stay",
                    before,
                    position);
        }
        if (position == 0 && status.tail() > 1) {
            LOG.error(
                    "the store is new or was deleted, and the journal begins at position {}: what"
                            + " was before that was in the store alone and cannot be queried any"
                            + " more; {}",
                    status.tail(),
                    status.tail() > status.head()
                            ? "the journal holds no frame that could be read again"
                            : "positions %d to %d are read into the store"
                                    .formatted(status.tail(), status.head()));
        } else if (position + 1 < status.tail()) {
            LOG.error(
                    "the store has journal frames up to {}, but the journal begins at {}: the"
                            + " frames between are missing in the store",
                    position,
                    status.tail());
        }
        return position;
    }

    private void pump(Session session, JournalReader from)
            throws SQLException, JournalException, InterruptedException {
        keepRetention(session, from);
        long most = failures == 0 ? BATCH_BYTES : 1;
        List<JournalReader.Frame> frames = new ArrayList<>(from.read(most, POLL));
        if (frames.isEmpty()) {
            failures = 0;
            tooLargeTimes = 0;
            become(state.with(StoreStatus.State.RUNNING, ""));
            return;
        }
        long bytes = bytes(frames);
        if (failures == 0 && bytes < BATCH_BYTES / 4) {
            progress.linger(GATHER);
            frames.addAll(from.read(BATCH_BYTES - bytes, Duration.ZERO));
        }
        write(session, from, frames);
    }

    private static long bytes(List<JournalReader.Frame> frames) {
        long sum = 0;
        for (JournalReader.Frame frame : frames) {
            sum += frame.bytes().length;
        }
        return sum;
    }

    private void write(Session session, JournalReader from, List<JournalReader.Frame> frames)
            throws SQLException {
        boolean alone = frames.size() == 1;
        long first = frames.getFirst().position();
        Session.Written written;
        try {
            written = session.write(frames, clock.instant(), alone ? setAside(first) : "");
        } catch (SQLException e) {
            if (alone && Database.isOutOfMemory(e) && !Database.isDurable(e)) {
                tooLargeTimes = tooLarge == first ? tooLargeTimes + 1 : 1;
                tooLarge = first;
            }
            throw e;
        }
        tooLargeTimes = 0;
        failures = 0;
        become(
                new State(
                        StoreStatus.State.RUNNING,
                        state.rows().plus(written.rows()),
                        state.badFrames() + written.badFrames(),
                        Math.min(state.oldestMicros(), written.oldestMicros()),
                        ""));
        long position = frames.getLast().position();
        reached(position);
        commit(from, position);
    }

    /// Why the frame, which is alone, is not to be stored, empty when it is.
    private String setAside(long position) {
        String condemned = watcher.condemned(position);
        if (!condemned.isEmpty()) {
            return condemned;
        }
        if (tooLarge == position && tooLargeTimes >= PATIENCE) {
            // Each time but the first the database was just opened and no query was running.
            return "it does not fit into the store's memory even alone: " + state.error();
        }
        return failures > PATIENCE && !isEnvironment(state.error()) ? state.error() : "";
    }

    private void commit(JournalReader from, long position) {
        try {
            from.commit(position);
        } catch (JournalException e) {
            // The database knows the position; the next commit tells the journal.
            LOG.warn(
                    "the journal did not take the store's cursor at {}: {}",
                    position,
                    e.getMessage());
        }
    }

    /// Whether the machine, not the frame, keeps the rows from being written.
    private static boolean isEnvironment(String error) {
        String text = error.toLowerCase(Locale.ROOT);
        return List.of("io error", "no space", "memory", "fatal", "lock", "journal").stream()
                .anyMatch(text::contains);
    }

    private void keepRetention(Session session, JournalReader from)
            throws SQLException, JournalException, InterruptedException {
        if (retentionAsked.isEmpty()
                && believed != null
                && nanos.getAsLong() - lastRetention < RETENTION_EVERY.toNanos()) {
            return;
        }
        BelievedTime time = believed;
        if (time == null) {
            time = new BelievedTime(nanos, session.believedTime(clock.instant()));
            believed = time;
        }
        Instant now = time.at(clock.instant());
        List<CompletableFuture<Long>> asked = new ArrayList<>();
        for (CompletableFuture<Long> one = retentionAsked.poll();
                one != null;
                one = retentionAsked.poll()) {
            asked.add(one);
        }
        lastRetention = nanos.getAsLong();
        try {
            session.believe(time.known());
            Retention retention = session.retention(now.minus(settings.get().retention()));
            while (retention.step()) {
                List<JournalReader.Frame> frames = from.read(BATCH_BYTES, Duration.ZERO);
                if (!frames.isEmpty()) {
                    write(session, from, frames);
                }
            }
            session.foldSums();
            if (retention.deleted() > 0) {
                session.streamsWereRemoved();
                retention.tidy();
                LOG.info("{} rows older than the retention were deleted", retention.deleted());
            }
            become(
                    new State(
                            state.state(),
                            session.counts(),
                            state.badFrames(),
                            session.oldestMicros(),
                            state.error()));
            asked.forEach(one -> one.complete(retention.deleted()));
        } catch (SQLException | JournalException | RuntimeException e) {
            asked.forEach(one -> one.completeExceptionally(e));
            throw e;
        }
    }

    Optional<Instant> oldest() {
        long micros = state.oldestMicros();
        if (micros == Long.MAX_VALUE) {
            return Optional.empty();
        }
        return Optional.of(
                Instant.ofEpochSecond(
                        Math.floorDiv(micros, 1_000_000L),
                        Math.floorMod(micros, 1_000_000L) * 1000));
    }
}
