package io.trapline.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Batch;
import io.trapline.model.Entry;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A store on a journal in memory, with a clock that a test moves.
final class StoreFixture implements AutoCloseable {
    static final Duration PATIENCE = Duration.ofSeconds(30);
    static final Instant NOW = Instant.parse("2026-11-21T04:40:00Z");
    static final long NOW_NS = NOW.getEpochSecond() * 1_000_000_000L;

    final MemoryJournal journal = new MemoryJournal();
    final Path directory;
    volatile Instant now = NOW;

    /// By the clock that never jumps.
    volatile Duration passed = Duration.ZERO;

    volatile StoreSettings settings = new StoreSettings(Duration.ofDays(7), 128L << 20);
    volatile Session.BeforeCommit beforeCommit = () -> {};
    private @Nullable Store store;

    StoreFixture(Path directory) {
        this.directory = directory;
    }

    Store store() {
        Store open = store;
        if (open == null) {
            open =
                    LocalStore.open(
                            directory,
                            () -> settings,
                            journal,
                            () -> now,
                            () -> passed.toNanos(),
                            () -> beforeCommit.run());
            store = open;
        }
        return open;
    }

    void accept(String source, Entry... entries) {
        acceptAt(NOW_NS, source, entries);
    }

    void acceptAt(long acceptedNs, String source, Entry... entries) {
        journal.append(new Batch(source, acceptedNs, List.of(entries)));
    }

    /// The rows of a query that sees everything accepted so far.
    List<List<@Nullable Object>> rows(String sql) throws Exception {
        assertThat(store().catchUp(PATIENCE)).as("caught up: %s", store().status()).isTrue();
        return store().query(sql, PATIENCE).rows();
    }

    /// The next call of [#store] opens it again.
    void stop() {
        if (store != null) {
            store.close();
            store = null;
        }
    }

    @Override
    public void close() {
        stop();
    }
}
