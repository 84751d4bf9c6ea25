package io.trapline.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

class SqliteJournalTest extends JournalContract {
    private static final long MIB = 1 << 20;

    private Tuning tuning = Tuning.DEFAULT;
    private volatile long maxPages;

    private Path file() {
        return directory.resolve("data").resolve("trapline.db");
    }

    @Override
    Journal open() throws JournalException {
        return SqliteJournal.open(
                file(), () -> new JournalSettings(quota), tuning.withMaxPages(() -> maxPages));
    }

    private void sql(String... statements) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file());
                Statement statement = connection.createStatement()) {
            for (String each : statements) {
                statement.execute(each);
            }
        }
    }

    private List<Path> damagedFiles() throws Exception {
        try (var files = Files.list(file().getParent())) {
            return files.filter(path -> path.getFileName().toString().matches(".*[.]damaged-[^-]*"))
                    .toList();
        }
    }

    @Test
    void a_flipped_byte_costs_one_frame_and_is_counted_once() throws Exception {
        for (int i = 1; i <= 3; i++) {
            journal.append(frame(i, i));
        }
        sql("update journal_frame set bytes = x'0203' where position = 2");
        assertThat(positions(drain(journal.reader("r"), MIB))).containsExactly(1L, 3L);
        assertThat(positions(drain(journal.reader("s"), MIB))).containsExactly(1L, 3L);
        assertThat(journal.status().damaged()).isEqualTo(1);
    }

    @Test
    void a_frame_in_anothers_place_is_damage() throws Exception {
        journal.append(frame(1));
        sql("update journal_frame set position = 7 where position = 1");
        reopen();
        assertThat(journal.reader("r").read(MIB, Duration.ZERO)).isEmpty();
        assertThat(journal.status().damaged()).isEqualTo(1);
    }

    @Test
    void beyond_ten_thousand_senders_the_longest_silent_one_is_given_up() throws Exception {
        journal.appendOnce(List.of(new Journal.Arrival(new Origin("first", 1, 0), frame(1))));
        journal.appendOnce(List.of(new Journal.Arrival(new Origin("second", 1, 0), frame(1))));
        List<Journal.Arrival> others = new ArrayList<>();
        for (int i = 0; i < Origins.MAX_SENDERS - 2; i++) {
            others.add(new Journal.Arrival(new Origin("s" + i, 1, 0), frame(1)));
        }
        journal.appendOnce(others);
        reopen();
        journal.appendOnce(List.of(new Journal.Arrival(new Origin("first", 2, 0), frame(1))));
        journal.appendOnce(List.of(new Journal.Arrival(new Origin("new", 1, 0), frame(1))));

        assertThat(
                        journal.appendOnce(
                                List.of(
                                        new Journal.Arrival(new Origin("first", 2, 0), frame(1)),
                                        new Journal.Arrival(new Origin("second", 1, 0), frame(1)))))
                .isEqualTo(1);
    }

    @Test
    void a_request_is_remembered_over_a_restart_and_pushes_no_sender_out() throws Exception {
        journal.appendOnce(List.of(new Journal.Arrival(new Origin("sender", 1, 0), frame(1))));
        Origin request = Repeats.origin("door", "id", frame(7));
        assertThat(journal.appendOnce(List.of(new Journal.Arrival(request, frame(1))))).isOne();
        List<Journal.Arrival> others = new ArrayList<>();
        for (int i = 0; i < Origins.MAX_REQUESTS - 1; i++) {
            Origin other = Repeats.origin("door", "id" + i, frame(7));
            others.add(new Journal.Arrival(other, frame(1)));
        }
        journal.appendOnce(others);
        reopen();
        assertThat(journal.appendOnce(List.of(new Journal.Arrival(request, frame(1))))).isZero();
        assertThat(
                        journal.appendOnce(
                                List.of(
                                        new Journal.Arrival(
                                                Repeats.origin("door", "new", frame(7)), frame(1)),
                                        new Journal.Arrival(
                                                Repeats.origin("door", "id", frame(8)), frame(1)))))
                .isEqualTo(2);
        assertThat(
                        journal.appendOnce(
                                List.of(new Journal.Arrival(new Origin("sender", 1, 0), frame(1)))))
                .isZero();
    }

    @Test
    void frames_that_belong_together_are_kept_together_or_not_at_all() throws Exception {
        quota = 10_000;
        journal.reader("slow");
        List<byte[]> frames = List.of(new byte[3000], new byte[3000], new byte[3000]);
        assertThat(journal.appendAll(frames)).isEqualTo(3);
        assertThatThrownBy(() -> journal.appendAll(List.of(new byte[100], new byte[3000])))
                .isInstanceOf(JournalFullException.class);
        reopen();
        assertThat(journal.status().head()).isEqualTo(3);
    }

    @Test
    void a_used_up_quota_is_logged_once_and_so_is_its_end() throws Exception {
        Logger logger = (Logger) LoggerFactory.getLogger(Writer.class);
        ListAppender<ILoggingEvent> log = new ListAppender<>();
        logger.setLevel(Level.INFO);
        logger.addAppender(log);
        log.start();
        try {
            quota = 10_000;
            JournalReader reader = journal.reader("slow");
            journal.append(new byte[8_000]);
            for (int i = 0; i < 3; i++) {
                assertThatThrownBy(() -> journal.append(new byte[5_000]))
                        .isInstanceOf(JournalFullException.class);
            }
            reader.commit(1);
            journal.append(new byte[5_000]);
        } finally {
            logger.detachAppender(log);
            logger.setLevel(null);
        }
        assertThat(log.list.stream().map(ILoggingEvent::getFormattedMessage))
                .satisfiesExactly(
                        line ->
                                assertThat(line)
                                        .contains("[journal] max_bytes")
                                        .contains("the slowest reader is slow, 1 frames behind"),
                        line -> assertThat(line).endsWith("has room again"));
    }

    @Test
    void a_full_disk_refuses_and_keeps_nothing_until_there_is_room() throws Exception {
        journal.append(new byte[10_000]);
        maxPages = 20;
        assertThatThrownBy(() -> journal.append(new byte[500_000]))
                .isInstanceOf(JournalFullException.class)
                .hasMessageContaining("the disk is full")
                .hasMessageContaining("nothing was kept");
        assertThat(journal.status().head()).isEqualTo(1);
        assertThat(journal.status().refused()).isEqualTo(1);
        maxPages = 0;
        assertThat(journal.append(new byte[500_000])).isEqualTo(2);
        reopen();
        assertThat(drain(journal.reader("r"), MIB))
                .extracting(frame -> frame.bytes().length)
                .containsExactly(10_000, 500_000);
    }

    @Test
    void trouble_is_told_while_writes_fail_and_goes_without_another_append() throws Exception {
        assertThat(journal.trouble()).isEmpty();
        maxPages = 1;
        assertThatThrownBy(() -> journal.append(new byte[500_000]))
                .isInstanceOf(JournalFullException.class);
        assertThat(journal.trouble()).get().asString().contains("the disk is full");
        maxPages = 0;
        await().atMost(PATIENT).until(() -> journal.trouble().isEmpty());
    }

    @Test
    void the_identity_stays_with_the_file_and_with_what_was_saved_of_it() throws Exception {
        String identity = journal.identity();
        assertThat(identity).isNotEmpty();
        reopen();
        assertThat(journal.identity()).isEqualTo(identity);
        for (int i = 0; i < 200; i++) {
            journal.append(new byte[1500]);
        }
        journal.close();
        try (RandomAccessFile cut = new RandomAccessFile(file().toFile(), "rw")) {
            cut.setLength(cut.length() / 8192 * 8192 * 9 / 10);
        }
        journal = open();
        assertThat(damagedFiles()).hasSize(1);
        assertThat(journal.identity()).isEqualTo(identity);
        journal.close();
        try (var files = Files.list(file().getParent())) {
            for (Path path : files.filter(Files::isRegularFile).toList()) {
                Files.delete(path);
            }
        }
        journal = open();
        assertThat(journal.identity()).isNotEqualTo(identity);
    }

    @Test
    void a_queue_that_stays_full_refuses_as_busy() throws Exception {
        journal.close();
        tuning = Tuning.DEFAULT.withQueue(1000, Duration.ZERO);
        journal = open();
        try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + file());
                Statement statement = other.createStatement();
                ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            // While another connection holds the write lock, nothing leaves the queue.
            statement.execute("begin immediate");
            List<Future<Long>> appends = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                appends.add(pool.submit(() -> journal.append(new byte[900])));
            }
            await().atMost(PATIENT).until(() -> journal.status().refused() >= 3);
            statement.execute("rollback");
            int kept = 0;
            for (Future<Long> append : appends) {
                try {
                    append.get();
                    kept++;
                } catch (ExecutionException e) {
                    assertThat(e.getCause())
                            .isInstanceOf(JournalFullException.class)
                            .hasMessageContaining("busy");
                }
            }
            assertThat(journal.status().head()).isEqualTo(kept);
            assertThat(kept + journal.status().refused()).isEqualTo(5);
        }
    }

    @Test
    void trimmed_room_is_used_again() throws Exception {
        quota = MIB;
        JournalReader reader = journal.reader("r");
        for (int i = 0; i < 3000; i++) {
            long position = journal.append(new byte[1500]);
            if (position % 300 == 0) {
                reader.commit(position);
            }
        }
        journal.close();
        assertThat(Files.size(file())).isLessThan(2 * MIB);
        journal = open();
    }

    @Test
    void after_a_backlog_the_file_gives_its_room_back() throws Exception {
        quota = 200 * MIB;
        JournalReader reader = journal.reader("r");
        for (int i = 0; i < 120; i++) {
            journal.append(new byte[(int) MIB]);
        }
        assertThat(Files.size(file())).isGreaterThan(90 * MIB);
        reader.commit(120);
        await().atMost(PATIENT)
                .untilAsserted(() -> assertThat(Files.size(file())).isLessThan(66 * MIB));
        assertThat(journal.append(frame(1))).isEqualTo(121);
        assertThat(positions(drain(reader, MIB))).endsWith(121L);
    }

    @Test
    void a_file_that_is_no_database_is_moved_aside_and_a_new_one_begun() throws Exception {
        journal.close();
        Files.writeString(file(), "this is no database, and it is longer than a header".repeat(50));
        journal = open();
        assertThat(damagedFiles()).hasSize(1);
        long position = journal.append(frame(1));
        assertThat(position).as("beyond all that the old one gave out").isGreaterThan(1L << 40);
        assertThat(positions(drain(journal.reader("r"), MIB))).containsExactly(position);
        reopen();
        assertThat(damagedFiles()).hasSize(1);
        assertThat(journal.append(frame(2))).isEqualTo(position + 1);
    }

    @Test
    void a_truncated_file_gives_back_what_is_readable() throws Exception {
        for (int i = 0; i < 200; i++) {
            journal.append(new byte[1500]);
        }
        journal.reader("r").commit(10);
        journal.close();
        sql("create table registry_check(id text)", "insert into registry_check values('x')");
        try (RandomAccessFile cut = new RandomAccessFile(file().toFile(), "rw")) {
            cut.setLength(cut.length() / 2 / 8192 * 8192);
        }
        journal = open();
        assertThat(damagedFiles()).hasSize(1);
        long fresh = journal.append(frame(1));
        List<Long> found = positions(drain(journal.reader("s"), MIB));
        assertThat(found).startsWith(11L, 12L).endsWith(fresh).hasSizeBetween(50, 190).isSorted();
        assertThat(journal.reader("r").committed()).isEqualTo(10);
        journal.close();
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file());
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select id from registry_check")) {
            assertThat(row.getString(1)).isEqualTo("x");
        }
    }

    @Test
    void a_row_in_a_torn_page_of_another_table_is_not_taken_over() throws Exception {
        journal.close();
        sql(
                "create table registry_a(id integer primary key, name text not null)",
                "insert into registry_a values(1, 'kept')",
                "create table registry_z(version integer not null)",
                "insert into registry_z values(1)",
                "create table registry_zz(id integer)");
        try (RandomAccessFile cut = new RandomAccessFile(file().toFile(), "rw")) {
            // The last page is the last table, the one before registry_z with its row at the end.
            cut.setLength(cut.length() - 8192 - 4096);
        }
        journal = open();
        assertThat(damagedFiles()).hasSize(1);
        journal.close();
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file());
                Statement statement = connection.createStatement()) {
            try (ResultSet row = statement.executeQuery("select name from registry_a")) {
                assertThat(row.next()).isTrue();
                assertThat(row.getString(1)).isEqualTo("kept");
            }
            try (ResultSet row = statement.executeQuery("select version from registry_z")) {
                assertThat(row.next()).isFalse();
            }
            try (ResultSet row = statement.executeQuery("pragma integrity_check")) {
                assertThat(row.getString(1)).isEqualTo("ok");
            }
        }
        journal = open();
    }

    @Test
    void torn_pages_are_skipped_and_appends_go_on() throws Exception {
        for (int i = 0; i < 400; i++) {
            journal.append(new byte[1500]);
        }
        journal.close();
        try (RandomAccessFile torn = new RandomAccessFile(file().toFile(), "rw")) {
            // Pages 30 and 31 hold a few frames each.
            torn.seek(29 * 8192L);
            torn.write(new byte[2 * 8192]);
        }
        journal = open();
        JournalReader reader = journal.reader("r");
        List<Long> found = positions(drain(reader, MIB));
        assertThat(found).contains(1L, 400L).hasSizeBetween(380, 399).isSorted();
        assertThat(journal.status().damaged()).isEqualTo(400L - found.size());
        // Trimming meets the torn pages; appends must go on.
        reader.commit(400);
        for (int i = 401; i <= 410; i++) {
            assertThat(journal.append(new byte[1500])).isEqualTo(i);
        }
        assertThat(positions(drain(reader, MIB))).hasSize(10);
    }

    @Test
    void a_format_from_the_future_is_left_alone() throws Exception {
        journal.close();
        sql("update journal_meta set value = 2 where key = 'format'");
        assertThatThrownBy(this::open)
                .isInstanceOf(JournalException.class)
                .hasMessageContaining("journal format 2");
        assertThat(damagedFiles()).isEmpty();
        sql("update journal_meta set value = 1 where key = 'format'");
        journal = open();
    }

    @Test
    void a_second_journal_on_the_file_is_refused_in_this_process_too() throws Exception {
        assertThatThrownBy(this::open)
                .isInstanceOf(JournalException.class)
                .hasMessageContaining("already open");
        assertThat(journal.append(frame(1))).isEqualTo(1);
    }

    @Test
    void the_file_is_synced_at_every_commit() throws Exception {
        try (Database database = new Database(directory.resolve("other.db"), () -> 0);
                Statement statement = database.connection().createStatement()) {
            assertThat(pragma(statement, "journal_mode")).isEqualTo("wal");
            assertThat(pragma(statement, "synchronous")).isEqualTo("2");
            assertThat(pragma(statement, "auto_vacuum")).isEqualTo("2");
            assertThat(pragma(statement, "page_size")).isEqualTo("8192");
        }
    }

    private static String pragma(Statement statement, String name) throws SQLException {
        try (ResultSet row = statement.executeQuery("pragma " + name)) {
            row.next();
            return row.getString(1);
        }
    }
}
