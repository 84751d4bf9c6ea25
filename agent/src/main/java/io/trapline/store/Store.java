package io.trapline.store;

import io.trapline.journal.Journal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The local database that people query, kept up with the journal by a thread of its own.
///
/// Each frame of the journal is there exactly once, whole or not at all, after any crash. Any
/// thread may call any method.
public final class Store implements AutoCloseable {
    /// How long a query may take when nobody says otherwise.
    public static final Duration QUERY_TIMEOUT = Duration.ofSeconds(30);

    /// Its name among the journal's readers.
    public static final String READER = "store";

    private static final Logger LOG = LoggerFactory.getLogger(Store.class);
    private static final Duration CLOSE_WITHIN = Duration.ofSeconds(20);

    private final Path directory;
    private final Journal journal;
    private final DatabaseGate gate = new DatabaseGate();
    private final Progress progress = new Progress();
    private final Queries queries = new Queries(gate);
    private final StoreWriter writer;
    private final Thread thread;

    private Store(
            Path directory,
            Supplier<StoreSettings> settings,
            Journal journal,
            InstantSource clock,
            Session.BeforeCommit beforeCommit) {
        this.directory = directory;
        this.journal = journal;
        writer =
                new StoreWriter(
                        directory,
                        settings,
                        journal,
                        clock,
                        gate,
                        progress,
                        queries::cancelAll,
                        beforeCommit);
        thread = Thread.ofPlatform().name("store-writer").unstarted(writer);
    }

    /// Returns at once; the database is opened by the writer's thread and queries wait for it. What
    /// goes wrong there is logged, shown by [#status] and tried again. From here on the journal
    /// keeps what it accepts for the store.
    ///
    /// @param directory holds the database's files; made when it is not there
    /// @param settings asked when the database is opened (memory) and at each retention
    public static Store open(
            Path directory,
            Supplier<StoreSettings> settings,
            Journal journal,
            InstantSource clock) {
        return open(directory, settings, journal, clock, () -> {});
    }

    static Store open(
            Path directory,
            Supplier<StoreSettings> settings,
            Journal journal,
            InstantSource clock,
            Session.BeforeCommit beforeCommit) {
        Store store = new Store(directory, settings, journal, clock, beforeCommit);
        store.writer.register();
        store.thread.start();
        return store;
    }

    /// Runs one reading statement.
    ///
    /// @throws QueryException when the statement is refused, fails, takes longer than `timeout`, or
    ///   answers more than can be held; the message is for the person who asked
    public QueryResult query(String sql, Duration timeout) throws QueryException {
        return queries.run(sql, timeout);
    }

    /// The same, for somebody who may not want to wait for the answer any longer.
    ///
    /// @param cancelled asked 20 times a second while the query runs; when true, the query is ended
    public QueryResult query(String sql, Duration timeout, BooleanSupplier cancelled)
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

    /// Waits until the store has every frame up to a position of the journal.
    ///
    /// @return false when it did not within `wait`
    public boolean awaitPosition(long position, Duration wait) throws InterruptedException {
        return progress.await(position, wait);
    }

    /// Waits until the store has what is in the journal now.
    public boolean catchUp(Duration wait) throws InterruptedException {
        return awaitPosition(journal.status().head(), wait);
    }

    /// Deletes what is older than the retention now, not at the next full hour; the answer is how
    /// many rows went.
    public CompletableFuture<Long> retain() {
        return writer.retain();
    }

    public StoreStatus status() {
        StoreWriter.State state = writer.state();
        long position = progress.position();
        return new StoreStatus(
                state.state(),
                position,
                Math.max(0, journal.status().head() - position),
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
