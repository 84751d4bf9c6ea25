package io.trapline.store;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.BooleanSupplier;

/// The local database that people query, kept up with the journal.
///
/// Each frame of the journal is there exactly once, whole or not at all, after any crash. Any
/// thread may call any method.
public interface Store extends AutoCloseable {
    /// How long a query may take when nobody says otherwise.
    Duration QUERY_TIMEOUT = Duration.ofSeconds(30);

    /// Its name among the journal's readers.
    String READER = "store";

    /// Who asks. Each has places of its own, so that people's statements, however slow and many,
    /// never keep the pages from their answers.
    enum Asker {
        /// Somebody's own SQL: the console, `trapline query`, `/api/query`.
        PEOPLE,
        /// The product's pages and figures.
        PRODUCT
    }

    /// Runs one reading statement.
    ///
    /// @param timeout from now to the answer, waiting for a place and for the store included
    /// @param cancelled asked 20 times a second while the query runs; when true, the query is ended
    /// @throws QueryException when the statement is refused, fails, takes longer than `timeout`, or
    ///   answers more than can be held; the message is for the person who asked
    QueryResult query(String sql, Duration timeout, Asker asker, BooleanSupplier cancelled)
            throws QueryException;

    /// People's statement that nobody cancels.
    default QueryResult query(String sql, Duration timeout) throws QueryException {
        return query(sql, timeout, Asker.PEOPLE, () -> false);
    }

    /// Waits until the store has every frame up to a position of the journal.
    ///
    /// @return false when it did not within `wait`
    boolean awaitPosition(long position, Duration wait) throws InterruptedException;

    /// Waits until the store has what is in the journal now.
    boolean catchUp(Duration wait) throws InterruptedException;

    /// Deletes what is older than the retention now, not at the next full hour; the answer is how
    /// many rows went.
    CompletableFuture<Long> retain();

    StoreStatus status();

    /// Ends the writer after the batch it is at; what is left in the journal is stored at the next
    /// start. Running queries are ended.
    @Override
    void close();
}
