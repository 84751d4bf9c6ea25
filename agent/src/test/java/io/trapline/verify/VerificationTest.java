package io.trapline.verify;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.trapline.forward.CoreOutputSettings;
import io.trapline.forward.ForwardSettings;
import io.trapline.forward.OutputBasics;
import io.trapline.forward.Outputs;
import io.trapline.forward.Selection;
import io.trapline.forward.Selector;
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
import io.trapline.pipeline.BatchFrames;
import io.trapline.store.LocalStore;
import io.trapline.store.Store;
import io.trapline.store.StoreSettings;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A home with a real journal, store and output, in which something is wrong.
class VerificationTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Instant NOON = Instant.parse("2026-11-28T12:00:00Z");
    private static final List<Tag> TAGS = List.of(new Tag("host", "a"));
    private static final String REFUSED = "refuse-me";

    @TempDir private Path data;

    private final AtomicBoolean away = new AtomicBoolean();
    private final AtomicReference<Instant> now = new AtomicReference<>(NOON);
    private HttpServer receiver;
    private SqliteJournal journal;
    private Optional<Store> store = Optional.empty();
    private Outputs outputs;

    @BeforeEach
    void start() throws Exception {
        receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        receiver.createContext(
                "/",
                exchange -> {
                    if (away.get()) {
                        exchange.sendResponseHeaders(503, -1);
                        exchange.close();
                        return;
                    }
                    int frames = 0;
                    int refused = -1;
                    try (var in = new GZIPInputStream(exchange.getRequestBody())) {
                        BatchFrames body = new BatchFrames(in);
                        for (var next = body.next(); next.isPresent(); next = body.next()) {
                            String text =
                                    new String(next.get().bytes(), StandardCharsets.ISO_8859_1);
                            refused = text.contains(REFUSED) ? frames : refused;
                            frames++;
                        }
                    } catch (BatchFrames.FormatException e) {
                        throw new java.io.IOException(e);
                    }
                    byte[] answer =
                            (refused < 0
                                            ? "{\"frames\": %d, \"kept\": %d}"
                                                    .formatted(frames, frames)
                                            : "{\"error\": \"frame[" + refused + "]: no\"}")
                                    .getBytes(StandardCharsets.UTF_8);
                    exchange.sendResponseHeaders(refused < 0 ? 200 : 400, answer.length);
                    exchange.getResponseBody().write(answer);
                    exchange.close();
                });
        receiver.start();
        open();
    }

    @AfterEach
    void stop() {
        close();
        receiver.stop(0);
    }

    private void open() throws Exception {
        journal =
                SqliteJournal.open(
                        data.resolve("trapline.db"),
                        () -> JournalSettings.DEFAULT,
                        BatchCodec::weigh);
        store =
                Optional.of(
                        LocalStore.open(
                                data,
                                () -> new StoreSettings(Duration.ofDays(7), 128L << 20),
                                journal,
                                now::get));
        outputs =
                Outputs.open(
                        data,
                        journal,
                        new Outputs.Surroundings(now::get, System::nanoTime, new Random(1)));
        Selection noLogs =
                new Selection(
                        List.of(),
                        List.of(
                                new Selector(
                                        List.of(),
                                        List.of(),
                                        List.of("logging"),
                                        List.of(),
                                        Map.of())));
        outputs.apply(
                new ForwardSettings(
                        List.of(
                                new CoreOutputSettings(
                                        new OutputBasics(
                                                "b",
                                                true,
                                                noLogs,
                                                Duration.ofSeconds(30),
                                                true,
                                                Optional.empty()),
                                        URI.create(
                                                "http://127.0.0.1:"
                                                        + receiver.getAddress().getPort()
                                                        + "/v1/batches"),
                                        "token",
                                        4 << 20)),
                        1 << 20));
        // Keeps every frame in the journal until a test removes it.
        var _ = journal.reader("test");
    }

    private void close() {
        outputs.close();
        store.ifPresent(Store::close);
        journal.close();
    }

    private interface Damage {
        void on(Path data) throws Exception;
    }

    /// The report after something was done to the files of the closed home.
    private Report after(Damage damage) throws Exception {
        settle();
        close();
        damage.on(data);
        open();
        // What is damaged is never read: nobody has it all.
        return new Verification(journal, store, outputs, Optional.empty()).run();
    }

    private Report report() throws Exception {
        settle();
        return new Verification(journal, store, outputs, Optional.empty()).run();
    }

    private Report reportSince(Instant since) throws Exception {
        settle();
        return new Verification(journal, store, outputs, Optional.of(since)).run();
    }

    /// The store and the output have all there is.
    private void settle() throws Exception {
        assertThat(store.orElseThrow().catchUp(PATIENCE)).isTrue();
        await().atMost(PATIENCE)
                .until(() ->
                        outputs.status().stream()
                                .allMatch(each -> each.lag() == 0 && each.error().isEmpty()));
    }

    private static Damage journalSql(String... all) {
        return data -> sql("jdbc:sqlite:" + data.resolve("trapline.db"), all);
    }

    private static Damage storeSql(String... all) {
        return data -> sql("jdbc:duckdb:" + data.resolve("store.duckdb"), all);
    }

    private static Damage forwardSql(String... all) {
        return data -> sql("jdbc:sqlite:" + data.resolve("forward.db"), all);
    }

    private static void sql(String url, String... all) throws Exception {
        try (Connection connection = DriverManager.getConnection(url);
                Statement statement = connection.createStatement()) {
            for (String each : all) {
                statement.execute(each);
            }
        }
    }

    private static long ns(Instant time) {
        return time.getEpochSecond() * 1_000_000_000L;
    }

    private void accept(String source, Entry... entries) throws Exception {
        acceptAt(NOON, source, entries);
    }

    private void acceptAt(Instant at, String source, Entry... entries) throws Exception {
        journal.append(BatchCodec.encode(new Batch(source, ns(at), List.of(entries))));
    }

    private static Point metric(String name, int fields) {
        List<Field> all = new ArrayList<>();
        for (int i = 0; i < fields; i++) {
            all.add(new Field("f" + i, new FieldValue.Int(i)));
        }
        return new Point(Category.METRIC, name, TAGS, all, ns(NOON));
    }

    private static Point log(String text) {
        return new Point(
                Category.LOGGING,
                "l",
                TAGS,
                List.of(new Field("message", new FieldValue.Text(text))),
                ns(NOON));
    }

    /// Something through each door: 11 entries in 6 frames.
    private void acceptAll() throws Exception {
        accept("http/app", metric("m", 3), metric("n", 2), log("one"));
        accept("http/app", log("two"));
        accept("push/7", metric("p", 1));
        accept(
                "pythond/i/c",
                metric("c", 1),
                new Run("i", "c", ns(NOON), ns(NOON), 1, Run.Outcome.OK, 1, ""));
        accept(
                "trap/a9856a6a-3b46-e18b-d890-acafaa955348",
                new Sample("t", TAGS, new SampleValue.Real(1), ns(NOON)),
                new Sample("t", TAGS, new SampleValue.Real(5), ns(NOON)),
                new CheckState(ns(NOON), "trap/a9856a6a-3b46-e18b-d890-acafaa955348", true, 1));
        accept("pythond/i/c", metric(REFUSED, 1));
    }

    private static void agrees(Report report) {
        assertThat(report.findings()).isEmpty();
        assertThat(report.sums()).allMatch(Report.Compared::agrees);
    }

    private static void says(Report report, String sum, String... words) {
        assertThat(report.agrees()).isFalse();
        assertThat(report.findings())
                .as("findings of the sum %s", sum)
                .anySatisfy(finding -> {
                    assertThat(finding.sum()).isEqualTo(sum);
                    assertThat(finding.text()).contains(words);
                });
    }

    private static void saysOnly(Report report, String sum, String... words) {
        says(report, sum, words);
        assertThat(report.findings()).extracting(Report.Finding::sum).containsOnly(sum);
    }

    @Test
    void a_home_whose_doors_were_all_used_agrees() throws Exception {
        acceptAll();

        Report report = report();

        agrees(report);
        assertThat(report.head()).isEqualTo(6);
        assertThat(report.flows())
                .contains(
                        new Report.Flow("http", 2, 4, 4, 4, 0),
                        new Report.Flow("push", 1, 1, 1, 1, 0),
                        new Report.Flow("pythond", 2, 3, 3, 3, 0),
                        new Report.Flow("trap", 1, 3, 3, 3, 0));
        assertThat(report.sums())
                .contains(
                        new Report.Compared("store, rows", "samples of http", 5, 5),
                        new Report.Compared("store, rows", "records of http", 2, 2),
                        new Report.Compared("store, rows", "samples of trap", 1, 1),
                        new Report.Compared("store, rows", "check_states", 1, 1),
                        new Report.Compared("output b, entries", "http", 4, 4),
                        new Report.Compared("output b, items", "pythond", 2, 2),
                        new Report.Compared("output b, aside", "items", 1, 1));
    }

    @Test
    void an_empty_home_agrees() throws Exception {
        agrees(report());
    }

    @Test
    void it_agrees_after_all_was_trimmed_and_the_home_was_opened_again() throws Exception {
        acceptAll();
        settle();
        journal.removeReader("test");
        await().atMost(PATIENCE).until(() -> journal.status().tail() == 7);

        Report report = after(_ -> {});

        agrees(report);
        assertThat(report.flows()).contains(new Report.Flow("http", 2, 4, 0, 4, 0));
    }

    @Test
    void it_agrees_while_the_store_and_the_output_are_behind_and_says_how_far() throws Exception {
        acceptAll();
        settle();
        away.set(true);
        accept("http/app", metric("late", 1));
        assertThat(store.orElseThrow().catchUp(PATIENCE)).isTrue();

        Report report = new Verification(journal, store, outputs, Optional.empty()).run();

        agrees(report);
        assertThat(report.notes())
                .contains("output/b has 1 frames before it: it is at position 6 of 7");
    }

    @Test
    void rows_that_retention_took_are_accounted_for() throws Exception {
        acceptAll();
        settle();
        long deleted = 0;
        for (int day = 1; day <= 30; day++) { // a clock that jumps is not believed
            now.set(NOON.plus(Duration.ofDays(day)));
            deleted += store.orElseThrow().retain().get();
        }
        assertThat(deleted).isGreaterThan(8);
        accept("http/app", metric("m", 2));

        Report report = report();

        agrees(report);
        assertThat(report.sums())
                .contains(new Report.Compared("store, rows", "samples of http", 2, 2));
    }

    @Test
    void empty_rows_that_follow_wide_ones_are_no_rows() throws Exception {
        String wide = "x".repeat(300_000);
        accept(
                "http/app",
                new Point(
                        Category.LOGGING,
                        "l",
                        TAGS,
                        List.of(new Field("message", new FieldValue.Text(wide))),
                        ns(NOON)),
                new Point(
                        Category.METRIC,
                        "w",
                        TAGS,
                        List.of(new Field("f", new FieldValue.Text(wide))),
                        ns(NOON)),
                new Run("i", "c", ns(NOON), ns(NOON), 1, Run.Outcome.ERROR, 0, wide));
        journal.append(wide.getBytes(StandardCharsets.UTF_8));
        agrees(report());

        for (int day = 1; day <= 30; day++) {
            now.set(NOON.plus(Duration.ofDays(day)));
            store.orElseThrow().retain().get();
        }
        agrees(report());
    }

    @Test
    void frames_that_went_with_the_journals_log_are_told() throws Exception {
        acceptAll();
        settle();
        close();
        byte[] before = Files.readAllBytes(data.resolve("trapline.db"));
        open();
        accept("http/app", metric("m", 1));
        accept("http/app", metric("m", 2));
        close();
        Files.write(data.resolve("trapline.db"), before);
        Files.deleteIfExists(data.resolve("trapline.db-wal"));
        open();
        accept("http/app", metric("m", 3));

        Report report = report();

        says(report, "journal, gone", "2 frames were acknowledged and are not in the journal");
        assertThat(report.sums()).contains(new Report.Compared("journal, gone", "all doors", 0, 2));
    }

    @Test
    void a_checks_samples_of_the_same_time_are_one_row_and_agree() throws Exception {
        for (int i = 0; i < 3; i++) {
            accept("trap/x", new Sample("t", TAGS, new SampleValue.Real(i), ns(NOON)));
            assertThat(store.orElseThrow().catchUp(PATIENCE)).isTrue();
        }

        Report report = report();

        agrees(report);
        assertThat(report.sums())
                .contains(new Report.Compared("store, rows", "samples of trap", 1, 1));
    }

    @Test
    void a_frame_that_cannot_be_read_is_set_aside_everywhere_and_agrees() throws Exception {
        journal.append("no frame".getBytes(StandardCharsets.UTF_8));

        Report report = report();

        agrees(report);
        assertThat(report.notes())
                .anyMatch(note -> note.startsWith("1 frames could not be stored"));
    }

    @Test
    void what_was_set_aside_and_sent_again_or_dropped_is_accounted_for() throws Exception {
        acceptAll();
        settle();
        assertThat(outputs.drop("b", List.of())).isEqualTo(1);

        agrees(report());
    }

    @Test
    void a_row_that_is_gone_is_named() throws Exception {
        acceptAll();

        Report report =
                after(
                        storeSql(
                                "DELETE FROM trapline.samples WHERE rowid ="
                                        + " (SELECT min(s.rowid) FROM trapline.samples s"
                                        + " JOIN trapline.streams k ON k.id = s.stream"
                                        + " WHERE k.source = 'push/7')"));

        saysOnly(
                report,
                "store, rows",
                "the store should have 1 samples of push/7",
                "it has 0, 1 are missing");
    }

    @Test
    void a_row_that_is_there_twice_is_named() throws Exception {
        acceptAll();

        Report report =
                after(
                        storeSql(
                                "INSERT INTO trapline.records SELECT * FROM trapline.records"
                                        + " LIMIT 1"));

        saysOnly(report, "store, rows", "2 records of http/app", "it has 3, 1 are too many");
    }

    @Test
    void a_run_and_a_check_state_that_are_gone_are_named() throws Exception {
        acceptAll();

        Report report =
                after(storeSql("DELETE FROM trapline.runs", "DELETE FROM trapline.check_states"));

        saysOnly(report, "store, rows", "the store should have 1 runs");
        says(report, "store, rows", "the store should have 1 check_states");
    }

    @Test
    void a_stream_that_is_gone_takes_its_rows_with_it() throws Exception {
        acceptAll();

        Report report =
                after(storeSql("DELETE FROM trapline.streams WHERE source = 'pythond/i/c'"));

        saysOnly(report, "store, rows", "samples of pythond/i/c");
    }

    @Test
    void an_altered_count_of_what_the_store_took_is_named_with_its_place() throws Exception {
        acceptAll();

        Report report =
                after(
                        storeSql(
                                "UPDATE trapline.taken SET entries = entries - 1"
                                        + " WHERE door = 'http'"));

        saysOnly(
                report,
                "store, entries taken",
                "the store should have 4 entries of the door http and has 3, 1 are missing",
                "2026-11-28T12:00:00Z",
                "positions 1 to 2");
    }

    @Test
    void a_store_that_was_deleted_lacks_what_is_trimmed() throws Exception {
        acceptAll();
        settle();
        journal.removeReader("test");
        await().atMost(PATIENCE).until(() -> journal.status().tail() == 7);

        close();
        Files.delete(data.resolve("store.duckdb"));
        open();
        Report report = new Verification(journal, store, outputs, Optional.empty()).run();

        says(report, "store, frames taken", "2 frames of the door http and has 0, 2 are missing");
        says(report, "store, entries taken", "nothing taken");
    }

    @Test
    void a_frame_that_is_gone_from_the_journal_is_named() throws Exception {
        acceptAll();

        Report report = after(journalSql("delete from journal_frame where position = 3"));

        saysOnlyJournal(report, "1 frames of the door push and has 0", "missing: position 3");
    }

    private static void saysOnlyJournal(Report report, String... words) {
        says(report, "journal, frames", words);
        assertThat(report.findings())
                .extracting(Report.Finding::sum)
                .containsOnly("journal, frames", "journal, entries");
    }

    @Test
    void a_frame_whose_bytes_changed_is_named() throws Exception {
        acceptAll();

        Report report =
                after(
                        journalSql(
                                "update journal_frame set bytes = cast(substr(bytes, 1,"
                                        + " length(bytes) - 1) || x'7f' as blob)"
                                        + " where position = 2"));

        saysOnlyJournal(report, "damaged: position 2 (checksum does not match)");
    }

    @Test
    void a_frame_that_is_doubled_in_the_journal_is_named() throws Exception {
        acceptAll();

        // Its checksum is that of another position.
        Report report =
                after(
                        journalSql(
                                "insert into journal_frame(position, start, checksum, door, hour,"
                                        + " entries, bytes) select 100, start, checksum, door, hour,"
                                        + " entries, bytes from journal_frame where position = 6"));

        saysOnly(report, "journal, frames", "damaged: position 100");
    }

    @Test
    void an_altered_count_of_what_was_appended_is_named() throws Exception {
        acceptAll();

        Report report =
                after(
                        journalSql(
                                "update journal_sum set entries = entries + 5"
                                        + " where what = 'appended' and door = 'push'"));

        says(report, "journal, entries", "6 entries of the door push and has 1, 5 are missing");
        says(report, "store, entries taken", "6 entries of the door push and has 1");
        says(report, "output b, entries", "6 entries of the door push and has 1");
    }

    @Test
    void an_altered_count_of_what_was_trimmed_is_named() throws Exception {
        acceptAll();
        settle();
        journal.removeReader("test");
        await().atMost(PATIENCE).until(() -> journal.status().tail() == 7);

        Report report =
                after(
                        journalSql(
                                "update journal_sum set frames = frames - 1"
                                        + " where what = 'trimmed' and door = 'trap'"));

        saysOnly(report, "journal, frames", "1 frames of the door trap and has 0, 1 are missing");
    }

    @Test
    void an_altered_count_of_what_an_output_passed_is_named() throws Exception {
        acceptAll();

        Report report =
                after(
                        journalSql(
                                "update journal_sum set frames = frames - 1, entries = entries - 3"
                                        + " where what = 'passed' and door = 'trap'"));

        says(report, "output b, frames", "output b should have 1 frames of the door trap");
        says(report, "output b, entries", "3 entries of the door trap and has 0");
    }

    @Test
    void an_item_that_was_neither_sent_nor_set_aside_is_named() throws Exception {
        acceptAll();

        Report report =
                after(
                        journalSql(
                                "update journal_sum set entries = entries - 1"
                                        + " where what = 'sent' and door = 'pythond'"));

        saysOnly(
                report,
                "output b, items",
                "output b should have 2 items of the door pythond and has 1, 1 are missing");
    }

    @Test
    void an_item_that_is_gone_from_what_was_set_aside_is_named() throws Exception {
        acceptAll();

        Report report = after(forwardSql("delete from forward_aside"));

        saysOnly(report, "output b, aside", "output b set 1 items aside; 0 are in forward.db");
    }

    @Test
    void a_reader_that_is_ahead_of_the_journal_is_named() throws Exception {
        acceptAll();
        settle();

        Report report =
                after(journalSql("update journal_cursor set committed = 9 where name = 'test'"));

        saysOnly(report, "positions", "test has what the journal does not know", "position 9");
    }

    @Test
    void only_what_arrived_since_a_time_is_counted_when_one_is_given() throws Exception {
        acceptAt(NOON.minus(Duration.ofHours(5)), "http/app", metric("old", 1));
        acceptAll();
        Damage old =
                storeSql(
                        "UPDATE trapline.taken SET entries = entries + 7 WHERE hour <"
                                + NOON.getEpochSecond() / 3600);

        says(after(old), "store, entries taken", "and has 12, 7 are too many");
        Report since = reportSince(NOON.plus(Duration.ofMinutes(59)));

        agrees(since);
        assertThat(since.flows()).contains(new Report.Flow("http", 2, 4, 4, 4, 0));
        assertThat(reportSince(NOON.minus(Duration.ofHours(5))).agrees()).isFalse();
    }

    @Test
    void what_a_damaged_journal_lost_is_named_and_what_was_saved_still_agrees() throws Exception {
        acceptAll();
        accept("push/8", metric("q", 1));
        accept("push/8", metric("q", 1));

        Report report =
                after(data -> {
                    sql(
                            "jdbc:sqlite:" + data.resolve("trapline.db"),
                            "update journal_frame set bytes = x'00' where position = 7");
                    Files.writeString(data.resolve("trapline.db.is-damaged"), "by a test");
                });

        saysOnlyLost(report);
    }

    private static void saysOnlyLost(Report report) {
        says(
                report,
                "journal, lost",
                "of the door push 1 frames with 1 entries were lost",
                "2026-11-28T12:00:00Z");
        assertThat(report.findings()).noneMatch(one -> one.sum().startsWith("journal, frames"));
    }

    @Test
    void a_new_output_is_owed_what_the_journal_held_when_it_came() throws Exception {
        acceptAll();
        settle();
        journal.removeReader("test");
        await().atMost(PATIENCE).until(() -> journal.status().tail() == 7);
        outputs.apply(ForwardSettings.NONE);
        var _ = journal.reader("test");
        accept("http/app", metric("m", 1));
        close();
        open();

        Report report = report();

        agrees(report);
        assertThat(report.sums())
                .contains(new Report.Compared("output b, entries", "http", 1, 1))
                .contains(new Report.Compared("store, entries taken", "http", 5, 5));
    }
}
