package io.trapline.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.trapline.journal.JournalSettings;
import io.trapline.journal.SqliteJournal;
import io.trapline.model.Batch;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.pipeline.BatchCodec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/// The store on a journal that is not, or not quite, the one it has read so far: no frame is passed
/// over, none is stored twice.
class StoreJournalTest {
    @TempDir Path directory;

    private Path data() {
        return directory.resolve("data");
    }

    private SqliteJournal journal() throws Exception {
        return SqliteJournal.open(data().resolve("trapline.db"), () -> JournalSettings.DEFAULT);
    }

    /// Appends one sample a frame, without a store.
    private void append(int from, int to) throws Exception {
        try (SqliteJournal journal = journal()) {
            // Keeps them until a store has come.
            var _ = journal.reader(Store.READER);
            for (int i = from; i <= to; i++) {
                Sample sample =
                        new Sample(
                                "m" + i, List.of(), new SampleValue.Real(i), StoreFixture.NOW_NS);
                journal.append(
                        BatchCodec.encode(new Batch("s", StoreFixture.NOW_NS, List.of(sample))));
            }
        }
    }

    /// What the store has after it has caught up, sorted.
    private List<String> stored() throws Exception {
        try (SqliteJournal journal = journal();
                LocalStore store =
                        LocalStore.open(
                                directory,
                                () -> new StoreSettings(Duration.ofDays(7), 128L << 20),
                                journal,
                                () -> StoreFixture.NOW,
                                () -> {})) {
            assertThat(store.catchUp(StoreFixture.PATIENCE)).isTrue();
            List<String> names =
                    store
                            .query("SELECT name FROM metrics ORDER BY value", StoreFixture.PATIENCE)
                            .rows()
                            .stream()
                            .map(row -> (String) row.getFirst())
                            .toList();
            await().until(() -> journal.status().tail() > journal.status().head());
            return names;
        }
    }

    private static List<String> names(int... ranges) {
        return IntStream.range(0, ranges.length / 2)
                .boxed()
                .flatMap(i -> IntStream.rangeClosed(ranges[2 * i], ranges[2 * i + 1]).boxed())
                .map(i -> "m" + i)
                .toList();
    }

    private void move(Path from, Path to) throws Exception {
        Files.createDirectories(to);
        try (var files = Files.list(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.move(file, to.resolve(file.getFileName()));
            }
        }
    }

    private void copy(Path from, Path to) throws Exception {
        Files.createDirectories(to);
        try (var files = Files.list(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(file, to.resolve(file.getFileName()));
            }
        }
    }

    @Test
    void a_new_journal_is_read_from_its_beginning_though_its_positions_are_further()
            throws Exception {
        append(1, 30);
        assertThat(stored()).isEqualTo(names(1, 30));
        move(data(), directory.resolve("away"));
        append(31, 130);
        assertThat(stored()).isEqualTo(names(1, 130));
    }

    @Test
    void a_journal_that_was_deleted_without_what_it_remembers_is_read_from_its_beginning()
            throws Exception {
        append(1, 30);
        assertThat(stored()).isEqualTo(names(1, 30));
        Files.delete(data().resolve("trapline.db"));
        append(31, 130);
        assertThat(stored()).isEqualTo(names(1, 130));
    }

    @Test
    void a_journal_put_back_to_an_older_copy_gives_what_it_took_since_then() throws Exception {
        append(1, 10);
        copy(data(), directory.resolve("copy"));
        append(11, 30);
        assertThat(stored()).isEqualTo(names(1, 30));
        move(data(), directory.resolve("away"));
        copy(directory.resolve("copy"), data());
        // Positions 11 to 60 again, of other frames.
        append(31, 80);
        assertThat(stored()).isEqualTo(names(1, 80));
    }

    @Test
    void a_store_put_back_to_an_older_copy_goes_on_where_it_was() throws Exception {
        append(1, 10);
        assertThat(stored()).isEqualTo(names(1, 10));
        Files.copy(directory.resolve(Database.FILE), directory.resolve("older.duckdb"));
        append(11, 20);
        Files.delete(directory.resolve(Database.FILE));
        Files.move(directory.resolve("older.duckdb"), directory.resolve(Database.FILE));
        assertThat(stored()).isEqualTo(names(1, 20));
    }

    @Test
    void a_deleted_store_says_what_it_cannot_get_any_more() throws Exception {
        append(1, 10);
        assertThat(stored()).isEqualTo(names(1, 10));
        Files.delete(directory.resolve(Database.FILE));
        append(11, 15);
        Logger logger = (Logger) LoggerFactory.getLogger(StoreWriter.class);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        logger.addAppender(log);
        log.start();
        try {
            assertThat(stored()).isEqualTo(names(11, 15));
        } finally {
            logger.detachAppender(log);
        }
        assertThat(log.list.stream().map(ILoggingEvent::getFormattedMessage))
                .anySatisfy(line ->
                        assertThat(line)
                                .contains("the store is new or was deleted")
                                .contains("the journal begins at position 11")
                                .contains("positions 11 to 15 are read"));
    }
}
