package io.trapline.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.trapline.journal.JournalReader;
import io.trapline.journal.JournalSettings;
import io.trapline.journal.SqliteJournal;
import io.trapline.model.Batch;
import io.trapline.model.Category;
import io.trapline.model.CheckState;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Run;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import io.trapline.pipeline.BatchCodec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Nothing missing, nothing double: whatever happens between the database and the journal.
class StoreRecoveryTest {
    @TempDir Path directory;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void random_batches_and_crashes_give_each_row_once(long seed) throws Exception {
        Random random = new Random(seed);
        List<String> expected = new ArrayList<>();
        AtomicInteger failuresLeft = new AtomicInteger();
        try (StoreFixture fixture = new StoreFixture(directory)) {
            fixture.beforeCommit =
                    () -> {
                        if (failuresLeft.getAndUpdate(n -> Math.max(0, n - 1)) > 0) {
                            throw new SQLException("the machine went away before the commit");
                        }
                    };
            for (int step = 0; step < 40; step++) {
                switch (random.nextInt(8)) {
                    case 0 -> fixture.stop();
                    case 1 -> fixture.journal.loseCommits(random.nextBoolean());
                    case 2 -> failuresLeft.set(1 + random.nextInt(2));
                    case 3 -> assertThat(names(fixture)).isEqualTo(sorted(expected));
                    default -> {
                        Batch batch = batch(random, step, expected);
                        fixture.journal.append(batch);
                        var _ = fixture.store();
                    }
                }
            }
            assertThat(names(fixture)).as("seed %d", seed).isEqualTo(sorted(expected));
            fixture.stop();
            fixture.journal.loseCommits(false);
            assertThat(names(fixture)).as("seed %d", seed).isEqualTo(sorted(expected));
            // Later batches refer to streams that only the table remembers.
            assertThat(
                            fixture.rows(
                                    "SELECT count(*), count(DISTINCT (source, name, stream)),"
                                            + " count(DISTINCT id) FROM trapline.streams"))
                    .first()
                    .satisfies(row -> assertThat(row.get(0)).isEqualTo(row.get(1)))
                    .satisfies(row -> assertThat(row.get(0)).isEqualTo(row.get(2)));
        }
    }

    private static List<String> sorted(List<String> texts) {
        return texts.stream().sorted().toList();
    }

    private static List<String> names(StoreFixture fixture) throws Exception {
        return sorted(
                fixture
                        .rows(
                                "SELECT source || '/' || stream || '=' || value::BIGINT FROM metrics"
                                        + " UNION ALL SELECT name FROM records"
                                        + " UNION ALL SELECT error FROM runs"
                                        + " UNION ALL SELECT source FROM check_states")
                        .stream()
                        .map(row -> (String) row.getFirst())
                        .toList());
    }

    private static Batch batch(Random random, int step, List<String> expected) {
        String source = "s" + random.nextInt(2);
        List<Entry> entries = new ArrayList<>();
        for (int i = random.nextInt(20); i >= 0; i--) {
            String mark = step + "-" + i;
            long value = 1000L * step + i;
            String tag = "t" + random.nextInt(3);
            long time = StoreFixture.NOW_NS + random.nextInt(1_000_000);
            switch (random.nextInt(5)) {
                case 0 -> {
                    entries.add(
                            new Sample(
                                    "m",
                                    List.of(new Tag("a", tag)),
                                    new SampleValue.Real(value),
                                    time));
                    expected.add(source + "/m|ST[a:" + tag + "]=" + value);
                }
                case 1 -> {
                    List<Field> fields = new ArrayList<>();
                    for (String key :
                            random.nextBoolean() ? List.of("f", "g") : List.of("h", "g", "f")) {
                        fields.add(new Field(key, new FieldValue.Int(value)));
                        expected.add(source + "/m." + key + "|ST[a:" + tag + "]=" + value);
                    }
                    entries.add(
                            new Point(
                                    Category.METRIC,
                                    "m",
                                    List.of(new Tag("a", tag)),
                                    fields,
                                    time));
                }
                case 2 -> {
                    entries.add(
                            new Point(
                                    Category.LOGGING,
                                    "log" + mark,
                                    List.of(),
                                    List.of(new Field("f", new FieldValue.Int(1))),
                                    time));
                    expected.add("log" + mark);
                }
                case 3 -> {
                    entries.add(new Run("in", "C", time, time, 1, Run.Outcome.OK, 1, "run" + mark));
                    expected.add("run" + mark);
                }
                default -> {
                    entries.add(new CheckState(time, "check" + mark, true, 1));
                    expected.add("check" + mark);
                }
            }
        }
        return new Batch(source, StoreFixture.NOW_NS, entries);
    }

    @Test
    void what_is_accepted_while_the_database_opens_is_kept_for_it() throws Exception {
        CountDownLatch opens = new CountDownLatch(1);
        StoreSettings settings = new StoreSettings(Duration.ofDays(7), 128L << 20);
        try (SqliteJournal journal =
                        SqliteJournal.open(
                                directory.resolve("trapline.db"),
                                () -> new JournalSettings(1L << 30));
                Store store =
                        LocalStore.open(
                                directory,
                                () -> {
                                    awaitUninterruptibly(opens);
                                    return settings;
                                },
                                journal,
                                () -> StoreFixture.NOW)) {
            JournalReader faster = journal.reader("faster");
            for (String name : List.of("a", "b", "c")) {
                Batch batch = new Batch("x", StoreFixture.NOW_NS, List.of(sample(name)));
                faster.commit(journal.append(BatchCodec.encode(batch)));
            }
            opens.countDown();

            assertThat(store.catchUp(StoreFixture.PATIENCE)).isTrue();
            assertThat(
                            store.query(
                                            "SELECT name FROM metrics ORDER BY 1",
                                            StoreFixture.PATIENCE)
                                    .rows())
                    .containsExactly(List.of("a"), List.of("b"), List.of("c"));
        }
    }

    private static void awaitUninterruptibly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void a_failed_write_is_shown_and_tried_again() throws Exception {
        try (StoreFixture fixture = new StoreFixture(directory)) {
            AtomicInteger failures = new AtomicInteger();
            fixture.beforeCommit =
                    () -> {
                        failures.incrementAndGet();
                        throw new SQLException("IO Error: No space left on device");
                    };
            fixture.accept("x", sample("a"));
            await().until(() -> fixture.store() != null && failures.get() > 4);
            StoreStatus failing = fixture.store().status();
            assertThat(failing.state()).isEqualTo(StoreStatus.State.FAILING);
            assertThat(failing.error()).contains("No space left");
            assertThat(failing.lag()).isEqualTo(1);
            assertThat(fixture.journal.committed()).isZero();

            fixture.beforeCommit = () -> {};
            assertThat(fixture.rows("SELECT name FROM metrics")).containsExactly(List.of("a"));
            assertThat(fixture.store().status().error()).isEmpty();
            assertThat(fixture.store().status().badFrames()).isZero();
        }
    }

    @Test
    void a_frame_that_cannot_be_read_is_set_aside() throws Exception {
        try (StoreFixture fixture = new StoreFixture(directory)) {
            fixture.accept("x", sample("a"));
            fixture.journal.append(new byte[] {99, 1, 2});
            fixture.accept("x", sample("b"));

            assertThat(fixture.rows("SELECT name FROM metrics ORDER BY name"))
                    .containsExactly(List.of("a"), List.of("b"));
            assertThat(fixture.rows("SELECT position, reason, frame FROM trapline.bad_frames"))
                    .containsExactly(
                            List.of(
                                    2L,
                                    "journal frame has version 99, this program reads 1",
                                    "YwEC"));
            assertThat(fixture.store().status().badFrames()).isEqualTo(1);
        }
    }

    @Test
    void a_frame_whose_rows_can_never_be_written_is_set_aside_in_the_end() throws Exception {
        try (StoreFixture fixture = new StoreFixture(directory)) {
            AtomicInteger tries = new AtomicInteger();
            fixture.beforeCommit =
                    () -> {
                        if (tries.incrementAndGet() <= 4) {
                            throw new SQLException("Constraint Error: there is something about it");
                        }
                    };
            fixture.accept("x", sample("a"));
            fixture.accept("x", sample("b"));

            assertThat(fixture.rows("SELECT name FROM metrics")).containsExactly(List.of("b"));
            assertThat(fixture.rows("SELECT reason FROM trapline.bad_frames"))
                    .containsExactly(List.of("Constraint Error: there is something about it"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"garbage", "empty", "flipped", "short"})
    void a_damaged_database_is_moved_aside_and_begun_anew(String damage) throws Exception {
        try (StoreFixture fixture = new StoreFixture(directory)) {
            fixture.accept("x", sample("old"));
            assertThat(fixture.rows("SELECT name FROM metrics")).containsExactly(List.of("old"));
            fixture.stop();
            Path file = directory.resolve(Database.FILE);
            byte[] bytes = Files.readAllBytes(file);
            for (int i = 12_288; i < bytes.length; i += 512) {
                bytes[i] ^= 0x55;
            }
            switch (damage) {
                case "garbage" -> Files.writeString(file, "garbage ".repeat(10_000));
                case "empty" -> Files.write(file, new byte[0]);
                case "flipped" -> Files.write(file, bytes);
                default -> Files.write(file, java.util.Arrays.copyOf(bytes, 13_000));
            }
            fixture.accept("x", sample("new"));

            assertThat(fixture.rows("SELECT name FROM metrics")).containsExactly(List.of("new"));
            try (var files = Files.list(directory)) {
                assertThat(files.map(f -> f.getFileName().toString()))
                        .contains("store.damaged-20261121T044000.000Z");
            }
            assertThat(
                            directory
                                    .resolve("store.damaged-20261121T044000.000Z")
                                    .resolve(Database.FILE))
                    .exists();
        }
    }

    @Test
    void a_database_that_opens_though_its_rows_were_cut_off_is_moved_aside() throws Exception {
        try (StoreFixture fixture = new StoreFixture(directory)) {
            for (int i = 0; i < 50; i++) {
                fixture.accept("x", sample("old" + i));
            }
            assertThat(fixture.rows("SELECT count(*) FROM metrics")).containsExactly(List.of(50L));
            fixture.stop();
            Path file = directory.resolve(Database.FILE);
            byte[] bytes = Files.readAllBytes(file);
            Files.write(file, java.util.Arrays.copyOf(bytes, bytes.length / 2));
            fixture.accept("x", sample("new"));

            assertThat(fixture.rows("SELECT name FROM metrics")).containsExactly(List.of("new"));
            assertThat(directory.resolve("store.damaged-20261121T044000.000Z")).exists();
        }
    }

    @Test
    void damage_that_shows_only_when_writing_is_moved_aside_too() throws Exception {
        try (StoreFixture fixture = new StoreFixture(directory)) {
            AtomicInteger tries = new AtomicInteger();
            fixture.beforeCommit =
                    () -> {
                        if (tries.incrementAndGet() <= 3) {
                            throw new SQLException("Data Corruption Error: computed checksum 1");
                        }
                    };
            fixture.accept("x", sample("a"));

            assertThat(fixture.rows("SELECT name FROM metrics")).containsExactly(List.of("a"));
            assertThat(
                            directory
                                    .resolve("store.damaged-20261121T044000.000Z")
                                    .resolve(Database.FILE))
                    .exists();
        }
    }

    @Test
    void another_journal_is_read_from_its_beginning() throws Exception {
        try (StoreFixture fixture = new StoreFixture(directory)) {
            fixture.accept("x", sample("a"), sample("b"));
            fixture.accept("x", sample("c"));
            assertThat(fixture.rows("SELECT count(*) FROM metrics")).containsExactly(List.of(3L));
            fixture.stop();
            fixture.journal.lose();
            fixture.accept("x", sample("d"));

            assertThat(fixture.rows("SELECT count(*) FROM metrics")).containsExactly(List.of(4L));
        }
    }

    @Test
    void old_rows_and_their_streams_go_and_the_others_stay() throws Exception {
        try (StoreFixture fixture = new StoreFixture(directory)) {
            long day = Duration.ofDays(1).toNanos();
            for (int age = 0; age < 20; age++) {
                long time = StoreFixture.NOW_NS - age * day;
                fixture.acceptAt(
                        time,
                        "x",
                        new Sample("age" + age, List.of(), new SampleValue.Real(age), time),
                        new Sample("all", List.of(), new SampleValue.Real(age), time),
                        new Point(
                                Category.RUM,
                                "r",
                                List.of(),
                                List.of(new Field("f", new FieldValue.Int(1))),
                                time),
                        new Run("in", "C", time, time, 1, Run.Outcome.OK, 1, ""),
                        new CheckState(time, "c", true, 1));
            }
            fixture.settings = new StoreSettings(Duration.ofHours(25), 128L << 20);
            assertThat(fixture.store().catchUp(StoreFixture.PATIENCE)).isTrue();
            fixture.store().retain().get();

            assertThat(
                            fixture.rows(
                                    "SELECT (SELECT count(*) FROM metrics), (SELECT count(*) FROM records),"
                                            + " (SELECT count(*) FROM runs), (SELECT count(*) FROM check_states),"
                                            + " (SELECT count(*) FROM trapline.streams)"))
                    .containsExactly(List.of(4L, 2L, 2L, 2L, 3L));
            assertThat(fixture.store().status().oldest())
                    .contains(StoreFixture.NOW.minus(Duration.ofDays(1)));
            assertThat(fixture.store().status().samples()).isEqualTo(4);

            // A stream that went is there again when its next sample comes.
            fixture.accept(
                    "x",
                    new Sample("age9", List.of(), new SampleValue.Real(1), StoreFixture.NOW_NS));
            assertThat(fixture.rows("SELECT count(*) FROM metrics WHERE name = 'age9'"))
                    .containsExactly(List.of(1L));

            fixture.now = StoreFixture.NOW.plus(Duration.ofHours(2));
            fixture.passed = Duration.ofHours(2);
            await().until(() -> fixture.store().status().samples() == 3);
            assertThat(fixture.rows("SELECT name FROM metrics ORDER BY name"))
                    .containsExactly(List.of("age0"), List.of("age9"), List.of("all"));
        }
    }

    @Test
    void history_that_is_written_late_stays_for_the_retention_after_its_arrival() throws Exception {
        try (StoreFixture fixture = new StoreFixture(directory)) {
            long year = Duration.ofDays(365).toNanos();
            fixture.settings = new StoreSettings(Duration.ofDays(7), 128L << 20);
            fixture.accept(
                    "x",
                    new Sample(
                            "late",
                            List.of(),
                            new SampleValue.Real(1),
                            StoreFixture.NOW_NS - year));
            assertThat(fixture.rows("SELECT count(*) FROM metrics")).containsExactly(List.of(1L));
            fixture.store().retain().get();
            assertThat(fixture.rows("SELECT count(*) FROM metrics")).containsExactly(List.of(1L));

            fixture.now = StoreFixture.NOW.plus(Duration.ofDays(8));
            fixture.passed = Duration.ofDays(8);
            fixture.store().retain().get();
            assertThat(fixture.rows("SELECT count(*) FROM metrics")).containsExactly(List.of(0L));
            assertThat(fixture.rows("SELECT count(*) FROM trapline.backfill"))
                    .containsExactly(List.of(0L));
        }
    }

    @Test
    void a_clock_that_is_ten_years_ahead_after_a_restart_deletes_nothing() throws Exception {
        try (StoreFixture fixture = new StoreFixture(directory)) {
            fixture.accept("x", sample("kept"));
            assertThat(fixture.rows("SELECT count(*) FROM metrics")).containsExactly(List.of(1L));
            fixture.store().retain().get();
            fixture.stop();

            fixture.now = StoreFixture.NOW.plus(Duration.ofDays(3650));
            fixture.store().retain().get();
            assertThat(fixture.rows("SELECT count(*) FROM metrics")).containsExactly(List.of(1L));
            fixture.stop();

            // A second start with that clock is no proof that it is right.
            fixture.store().retain().get();
            assertThat(fixture.rows("SELECT count(*) FROM metrics")).containsExactly(List.of(1L));
            fixture.passed = Duration.ofHours(25);
            fixture.store().retain().get();
            assertThat(fixture.rows("SELECT count(*) FROM metrics")).containsExactly(List.of(0L));
        }
    }

    @Test
    void a_store_that_never_wrote_down_the_time_goes_by_its_newest_row() throws Exception {
        try (StoreFixture fixture = new StoreFixture(directory)) {
            fixture.accept("x", sample("kept"));
            assertThat(fixture.rows("SELECT count(*) FROM metrics")).containsExactly(List.of(1L));
            fixture.stop();
            try (Database database = Database.open(directory, fixture.settings);
                    var connection = database.connection();
                    var statement = connection.createStatement()) {
                statement.execute("DELETE FROM trapline.believed_time");
            }
            fixture.now = StoreFixture.NOW.plus(Duration.ofDays(3650));
            fixture.store().retain().get();
            assertThat(fixture.rows("SELECT count(*) FROM metrics")).containsExactly(List.of(1L));
        }
    }

    private static Sample sample(String name) {
        return new Sample(name, List.of(), new SampleValue.Real(1), StoreFixture.NOW_NS);
    }
}
