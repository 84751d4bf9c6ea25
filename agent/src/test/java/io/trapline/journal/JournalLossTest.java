package io.trapline.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Files that go away are noticed, and what was in them is said with numbers.
class JournalLossTest {
    @TempDir Path directory;
    private Path file;

    @BeforeEach
    void a_killed_journal() throws Exception {
        file = KilledJournal.make(directory.resolve("data"), 50, 100, 20_000);
    }

    private static List<Long> upTo(long last) {
        return LongStream.rangeClosed(1, last).boxed().toList();
    }

    @Test
    void nothing_is_said_when_nothing_is_missing() throws Exception {
        try (SqliteJournal journal = KilledJournal.open(file)) {
            assertThat(journal.notices()).isEmpty();
            assertThat(KilledJournal.positions(journal)).isEqualTo(upTo(150));
            assertThat(journal.append(new byte[1])).isEqualTo(151);
        }
        try (SqliteJournal journal = KilledJournal.open(file)) {
            assertThat(journal.notices()).isEmpty();
        }
    }

    @Test
    void a_deleted_log_is_told_with_its_positions_and_none_is_used_again() throws Exception {
        Files.delete(WalFile.of(file));
        long fresh;
        try (SqliteJournal journal = KilledJournal.open(file)) {
            assertThat(journal.notices())
                    .singleElement()
                    .asString()
                    .contains("positions 51 to 150, 100 frames, were acknowledged and are gone");
            fresh = journal.append(new byte[1]);
            assertThat(fresh).isGreaterThan(150);
        }
        try (SqliteJournal journal = KilledJournal.open(file)) {
            assertThat(journal.notices()).as("said once").isEmpty();
            assertThat(journal.append(new byte[1])).isEqualTo(fresh + 1);
        }
        assertThat(gone()).isEqualTo(100);
    }

    @Test
    void the_loss_is_not_counted_twice_when_only_a_cursor_moved_after_it() throws Exception {
        Files.delete(WalFile.of(file));
        try (SqliteJournal journal = KilledJournal.open(file)) {
            journal.reader("r").commit(20);
        }
        try (SqliteJournal journal = KilledJournal.open(file)) {
            assertThat(journal.notices()).isEmpty();
        }
        assertThat(gone()).isEqualTo(100);
    }

    /// What the conservation check knows of them.
    private long gone() throws Exception {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                Statement statement = connection.createStatement();
                ResultSet row =
                        statement.executeQuery(
                                "select coalesce(sum(frames), 0) from journal_sum where what ="
                                        + " 'gone'")) {
            return row.getLong(1);
        }
    }

    @Test
    void a_memory_of_the_journal_that_cannot_be_read_is_named_and_written_anew() throws Exception {
        Path known = file.resolveSibling("trapline.db.known");
        Files.write(known, new byte[512]);
        try (SqliteJournal journal = KilledJournal.open(file)) {
            assertThat(journal.notices())
                    .singleElement()
                    .asString()
                    .contains(known + " is damaged", "cannot be told");
            assertThat(journal.append(new byte[1])).isEqualTo(151);
        }
        assertThat(Known.read(file).head()).isEqualTo(151);
        try (SqliteJournal journal = KilledJournal.open(file)) {
            assertThat(journal.notices()).isEmpty();
        }
    }

    @Test
    void a_log_that_was_cut_is_told_with_its_positions() throws Exception {
        try (RandomAccessFile cut = new RandomAccessFile(WalFile.of(file).toFile(), "rw")) {
            cut.setLength(cut.length() * 6 / 10);
        }
        try (SqliteJournal journal = KilledJournal.open(file)) {
            List<Long> found = KilledJournal.positions(journal);
            assertThat(found).hasSizeBetween(100, 115);
            assertThat(journal.notices())
                    .singleElement()
                    .asString()
                    .contains(
                            "positions %d to 150, %d frames, were acknowledged and are gone"
                                    .formatted(found.size() + 1, 150 - found.size()));
            assertThat(gone()).isEqualTo(150 - found.size());
        }
    }

    @Test
    void a_deleted_database_is_told_and_what_is_in_its_log_is_saved() throws Exception {
        Files.delete(file);
        try (SqliteJournal journal = KilledJournal.open(file)) {
            List<Long> found = KilledJournal.positions(journal);
            assertThat(found).contains(52L, 100L, 150L).hasSizeBetween(99, 102);
            assertThat(journal.notices())
                    .singleElement()
                    .asString()
                    .contains("%d frames that it had are lost".formatted(150 - found.size()));
        }
    }

    @Test
    void an_emptied_database_is_treated_as_a_deleted_one() throws Exception {
        try (RandomAccessFile cut = new RandomAccessFile(file.toFile(), "rw")) {
            cut.setLength(0);
        }
        try (SqliteJournal journal = KilledJournal.open(file)) {
            assertThat(KilledJournal.positions(journal)).contains(52L, 150L);
            assertThat(journal.notices()).hasSize(1);
        }
    }

    @Test
    void a_deleted_journal_is_told_and_the_new_one_is_another() throws Exception {
        String before = Known.read(file).identity();
        Files.delete(file);
        Files.delete(WalFile.of(file));
        try (SqliteJournal journal = KilledJournal.open(file)) {
            assertThat(journal.identity()).isNotEqualTo(before);
            assertThat(journal.notices())
                    .singleElement()
                    .asString()
                    .contains("was deleted or emptied: positions 1 to 150, 150 frames");
            assertThat(journal.append(new byte[1])).isGreaterThan(150);
        }
        assertThat(gone()).isEqualTo(150);
    }

    @Test
    void of_a_deleted_journal_that_was_read_to_its_end_no_loss_is_told() throws Exception {
        try (SqliteJournal journal = KilledJournal.open(file)) {
            long head = journal.append(new byte[1]);
            journal.reader("r").commit(head);
            await().until(() -> Known.read(file).tail() == head + 1);
        }
        Files.delete(file);
        Files.deleteIfExists(WalFile.of(file));
        try (SqliteJournal journal = KilledJournal.open(file)) {
            assertThat(journal.notices())
                    .singleElement()
                    .asString()
                    .contains("had read all that is known of it, up to position 151;")
                    .doesNotContain("lost", "gone");
        }
    }

    @Test
    void after_a_file_was_deleted_while_it_is_open_nothing_is_acknowledged() throws Exception {
        for (String suffix : List.of("", "-wal", "-shm")) {
            Path folder = directory.resolve("open" + suffix);
            KilledJournal.copy(file.getParent(), folder);
            Path open = folder.resolve("trapline.db");
            try (SqliteJournal journal = KilledJournal.open(open)) {
                JournalReader reader = journal.reader("r");
                reader.seek(149);
                journal.append(new byte[1]);
                assertThat(journal.trouble()).isEmpty();
                Files.delete(open.resolveSibling("trapline.db" + suffix));
                assertThat(journal.trouble())
                        .get()
                        .asString()
                        .contains("trapline.db" + suffix + " was deleted while");
                assertThatThrownBy(() -> journal.append(new byte[1]))
                        .isInstanceOf(JournalException.class)
                        .hasMessageContaining("was deleted while")
                        .hasMessageContaining("nothing was kept");
                assertThat(reader.read(1 << 20, Duration.ZERO))
                        .as("what was acknowledged can still be read")
                        .extracting(JournalReader.Frame::position)
                        .containsExactly(150L, 151L);
                assertThatThrownBy(() -> journal.reader("another"))
                        .isInstanceOf(JournalException.class)
                        .hasMessageContaining("was deleted while");
                assertThat(Files.exists(open.resolveSibling("trapline.db" + suffix))).isFalse();
            }
        }
    }
}
