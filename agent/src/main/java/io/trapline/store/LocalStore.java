package io.trapline.store;

import io.trapline.journal.Journal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A [Store] in this process, kept up with the journal by a thread of its own. Its native calls
/// hold the threads that make them, and what a statement takes of memory is this process's: an
/// agent uses `store.host.HostedStore`, whose host process has one of these.
public final class LocalStore implements Store {
    private static final Logger LOG = LoggerFactory.getLogger(LocalStore.class);
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(20);

    private final Path directory;
    private final Journal journal;
    private final DatabaseGate gate = new DatabaseGate();
    private final Progress progress = new Progress();
    private final Queries queries = new Queries(gate);
    private final StoreWriter writer;
    private final Thread thread;

    private LocalStore(
            Path directory,
            Supplier<StoreSettings> settings,
            Journal journal,
            InstantSource clock,
            LongSupplier nanos,
            Session.BeforeCommit beforeCommit,
            Watcher watcher) {
        this.directory = directory;
        this.journal = journal;
        writer =
                new StoreWriter(
                        directory,
                        settings,
                        journal,
                        clock,
                        nanos,
                        gate,
                        progress,
                        queries::cancelAll,
                        beforeCommit,
                        watcher);
        thread = Thread.ofPlatform().name("store-writer").unstarted(writer);
    }

    /// Told of the writer, by its own thread, in order.
    public interface Watcher {
        /// What [#status] says is another; not for bytes and lag alone.
        void changed();

        /// Why a frame is to be set aside instead of stored, empty when it is not: processes died
        /// of it.
        String condemned(long position);
    }

    private static final Watcher NOBODY =
            new Watcher() {
                @Override
                public void changed() {}

                @Override
                public String condemned(long position) {
                    return "";
                }
            };

    /// Returns at once; the database is opened by the writer's thread and queries wait for it. What
    /// goes wrong there is logged, shown by [#status] and tried again. From here on the journal
    /// keeps what it accepts for the store.
    ///
    /// @param directory holds the database's files; made when it is not there
    /// @param settings asked when the database is opened (memory) and at each retention
    public static LocalStore open(
            Path directory,
            Supplier<StoreSettings> settings,
            Journal journal,
            InstantSource clock) {
        return open(directory, settings, journal, clock, NOBODY);
    }

    public static LocalStore open(
            Path directory,
            Supplier<StoreSettings> settings,
            Journal journal,
            InstantSource clock,
            Watcher watcher) {
        return open(directory, settings, journal, clock, System::nanoTime, () -> {}, watcher);
    }

    static LocalStore open(
            Path directory,
            Supplier<StoreSettings> settings,
            Journal journal,
            InstantSource clock,
            Session.BeforeCommit beforeCommit) {
        return open(directory, settings, journal, clock, System::nanoTime, beforeCommit, NOBODY);
    }

    /// @param nanos a clock that never jumps
    static LocalStore open(
            Path directory,
            Supplier<StoreSettings> settings,
            Journal journal,
            InstantSource clock,
            LongSupplier nanos,
            Session.BeforeCommit beforeCommit) {
        return open(directory, settings, journal, clock, nanos, beforeCommit, NOBODY);
    }

    private static LocalStore open(
            Path directory,
            Supplier<StoreSettings> settings,
            Journal journal,
            InstantSource clock,
            LongSupplier nanos,
            Session.BeforeCommit beforeCommit,
            Watcher watcher) {
        LocalStore store =
                new LocalStore(directory, settings, journal, clock, nanos, beforeCommit, watcher);
        store.writer.register();
        store.thread.start();
        return store;
    }

    @Override
    public QueryResult query(String sql, Duration timeout, Asker asker, BooleanSupplier cancelled)
            throws QueryException {
        return queries.run(sql, timeout, cancelled);
    }

    /// The same on the files of a store that no agent has open; shows what was stored when it
    /// stopped.
    public static QueryResult queryClosed(
            Path directory, StoreSettings settings, String sql, Duration timeout)
            throws QueryException {
        if (!Files.exists(directory.resolve(Database.FILE))) {
            throw new QueryException("there is no store in " + directory);
        }
        DatabaseGate gate = new DatabaseGate();
        try (Database database = Database.openReadOnly(directory, settings);
                Queries queries = new Queries(gate)) {
            gate.open(database);
            return queries.run(sql, timeout);
        } catch (SQLException e) {
            throw new QueryException(
                    "the store in " + directory + " could not be opened: " + e.getMessage(), e);
        }
    }

    @Override
    public boolean awaitPosition(long position, Duration wait) throws InterruptedException {
        return progress.await(position, wait);
    }

    @Override
    public boolean catchUp(Duration wait) throws InterruptedException {
        return awaitPosition(journal.status().head(), wait);
    }

    /// Whether the statement that ended so took the database with it: it answers nothing until it
    /// is opened anew.
    public static boolean isOver(QueryException end) {
        return Database.isInvalidated(end);
    }

    /// Somebody waits: what gathers for one transaction is written at once.
    public void hurry() {
        progress.hurry();
    }

    @Override
    public CompletableFuture<Long> retain() {
        return writer.retain();
    }

    @Override
    public StoreStatus status() {
        return statusAt(journal.status().head());
    }

    /// The status beside a journal whose newest frame is at `head`.
    public StoreStatus statusAt(long head) {
        StoreWriter.State state = writer.state();
        long position = progress.position();
        return new StoreStatus(
                state.state(),
                position,
                Math.max(0, head - position),
                state.rows().samples(),
                state.rows().records(),
                state.rows().runs(),
                state.rows().streams(),
                Database.bytesOnDisk(directory),
                state.badFrames(),
                writer.oldest(),
                state.error());
    }

    /// Ends the writer after the batch it is at; what is left in the journal is stored at the next
    /// start. Running queries are ended.
    @Override
    public void close() {
        writer.stop();
        queries.cancelAll();
        try {
            if (!thread.join(CLOSE_WITHIN)) {
                LOG.warn("the store in {} did not close within {}", directory, CLOSE_WITHIN);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        queries.close();
    }
}
