package io.trapline.period;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.journal.Journal;
import io.trapline.journal.JournalFullException;
import io.trapline.journal.JournalSettings;
import io.trapline.journal.Origin;
import io.trapline.journal.SqliteJournal;
import io.trapline.model.Blob;
import io.trapline.model.CheckState;
import io.trapline.model.Entry;
import io.trapline.model.Sample;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import io.trapline.model.circllhist.Bin;
import io.trapline.model.circllhist.Circllhist;
import io.trapline.pipeline.BatchCodec;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The engine on a real journal, with a clock that the test moves; dropping an engine without
/// closing it is what `kill -9` does to it.
class PeriodsTest {
    private static final UUID ID = UUID.fromString("a9856a6a-3b46-e18b-d890-acafaa955348");
    private static final PeriodCheck SYNC = new PeriodCheck(ID, 60_000, false);
    private static final PeriodCheck ASYNC = new PeriodCheck(ID, 60_000, true);
    private static final StreamId A = StreamId.of("a", List.of());

    /// A full minute.
    private static final long T = 1_699_999_980_000L;

    private static final long END = T + 60_000;
    private static final long LATER = END + Running.GRACE_MS;

    @TempDir private Path folder;

    @SuppressWarnings("NullAway.Init")
    private SqliteJournal journal;

    @SuppressWarnings("NullAway.Init")
    private Periods periods;

    private Collection<PeriodCheck> checks = List.of(SYNC);
    private long nowMs = T + 1000;
    private volatile long quota = 1L << 30;

    @BeforeEach
    void start() throws Exception {
        journal = open();
        // A reader that is there keeps the frames.
        journal.reader("test");
        periods = engine();
    }

    private SqliteJournal open() throws Exception {
        return SqliteJournal.open(folder.resolve("trapline.db"), () -> new JournalSettings(quota));
    }

    private Path memory() {
        return folder.resolve("periods.state");
    }

    @AfterEach
    void stop() {
        journal.close();
    }

    private Periods engine() throws Exception {
        return new Periods(
                journal,
                () -> checks,
                () -> Instant.ofEpochMilli(nowMs),
                new LastEnds(Optional.of(memory())),
                5,
                false);
    }

    @Test
    void a_sum_is_stored_once_at_the_end_of_its_period_however_often_the_engine_dies()
            throws Exception {
        for (int i = 1; i <= 10; i++) {
            accept(SYNC, sum(i));
            if (i % 3 == 0) {
                turn();
                periods = engine();
            }
        }
        turn();
        assertThat(stored()).isEmpty();
        nowMs = LATER;
        turn();
        // The cursor's last move may not have reached the disk: the same frames are read again.
        for (int i = 0; i < 3; i++) {
            periods = engine();
            turn();
            turn();
        }
        assertThat(stored()).containsExactly(sample(new SampleValue.Real(55), END), state(END, 1));
    }

    @Test
    void an_engine_that_dies_between_its_output_and_its_cursor_emits_nothing_twice()
            throws Exception {
        accept(SYNC, plain(7));
        turn();
        // Whoever reads again from here meets the held value and what was made of it.
        long before = journal.status().readers().getFirst().committed();
        nowMs = LATER;
        turn();
        assertThat(stored()).hasSize(1);
        rewindTo(before);
        periods = engine();
        accept(SYNC, plain(8));
        turn();
        nowMs = LATER + 60_000;
        turn();
        assertThat(stored())
                .containsExactly(
                        sample(whole(7), END),
                        sample(whole(8), END + 60_000),
                        state(END + 60_000, 1));
    }

    @Test
    void what_was_stored_is_not_stored_again_when_the_period_changes_while_nothing_runs()
            throws Exception {
        accept(SYNC, plain(7));
        turn();
        long before = journal.status().readers().getFirst().committed();
        nowMs = LATER;
        turn();
        rewindTo(before);
        checks = List.of(new PeriodCheck(ID, 300_000, false));
        periods = engine();
        turn();
        nowMs = END + 600_000;
        turn();
        assertThat(samples()).containsExactly(sample(whole(7), END));
    }

    /// Another reader keeps the frames, and the cursor is put back as if it had never been written.
    private void rewindTo(long position) throws Exception {
        journal.close();
        try (var connection =
                        java.sql.DriverManager.getConnection(
                                "jdbc:sqlite:" + folder.resolve("trapline.db"));
                var statement = connection.createStatement()) {
            statement.executeUpdate(
                    "update journal_cursor set committed = " + position + " where name = 'period'");
        }
        journal = open();
    }

    @Test
    void what_arrives_late_belongs_to_the_next_period_and_is_not_lost_in_a_crash()
            throws Exception {
        accept(SYNC, sum(1));
        nowMs = LATER;
        turn();
        periods.accept(SYNC, END - 1, List.of(sum(2)));
        accept(SYNC, sum(4));
        turn();
        periods = engine();
        nowMs = LATER + 60_000;
        turn();
        turn();
        assertThat(samples())
                .containsExactly(
                        sample(new SampleValue.Real(1), END),
                        sample(new SampleValue.Real(6), END + 60_000));
    }

    @Test
    void the_first_period_is_not_reported_and_an_empty_one_is_unavailable() throws Exception {
        turn();
        nowMs = LATER;
        turn();
        assertThat(stored()).isEmpty();
        nowMs = LATER + 60_000;
        turn();
        turn();
        assertThat(stored()).containsExactly(state(END + 60_000, 0));
        nowMs = LATER + 3_600_000;
        turn();
        assertThat(stored()).as("a long sleep").hasSize(60);
    }

    @Test
    void asynchronous_samples_are_there_at_once_and_make_the_check_available() throws Exception {
        checks = List.of(ASYNC);
        turn();
        nowMs = LATER;
        turn();
        accept(ASYNC, plain(5), new Measurement.Timed(A, true, whole(9), T));
        accept(ASYNC, new Measurement.Plain(StreamId.of("off", List.of()), false, whole(1)));
        assertThat(stored()).containsExactly(sample(whole(5), nowMs), sample(whole(9), T));
        turn();
        periods = engine();
        nowMs = LATER + 60_000;
        turn();
        turn();
        assertThat(stored())
                .containsExactly(
                        sample(whole(5), LATER), sample(whole(9), T), state(END + 60_000, 2));
    }

    @Test
    void an_asynchronous_running_sum_goes_on_after_a_crash_and_starts_anew_with_the_period()
            throws Exception {
        checks = List.of(ASYNC);
        periods = Periods.open(journal, () -> checks, () -> Instant.ofEpochMilli(nowMs), memory());
        accept(ASYNC, sum(1), sum(2));
        accept(ASYNC, sum(4));
        periods.close();
        periods = Periods.open(journal, () -> checks, () -> Instant.ofEpochMilli(nowMs), memory());
        // The engine reads what is there by itself; a sum waits for the frames it goes on from.
        while (periods.running(ASYNC).isEmpty()) {
            Thread.onSpinWait();
        }
        accept(ASYNC, sum(8));
        nowMs = LATER;
        accept(ASYNC, sum(16));
        periods.close();
        assertThat(samples())
                .extracting(Sample::value)
                .containsExactly(
                        new SampleValue.Real(1),
                        new SampleValue.Real(3),
                        new SampleValue.Real(7),
                        new SampleValue.Real(15),
                        new SampleValue.Real(16));
    }

    @Test
    void a_histogram_is_stored_once_after_its_window_with_the_windows_start() throws Exception {
        PeriodCheck long_ = new PeriodCheck(ID, 300_000, true);
        checks = List.of(long_);
        accept(long_, samples(1, 2));
        turn();
        periods = engine();
        accept(long_, samples(3));
        turn();
        nowMs = LATER;
        turn();
        periods = engine();
        turn();
        assertThat(samples())
                .containsExactly(
                        new Sample(
                                "a",
                                List.of(),
                                new SampleValue.Histogram(
                                        SampleType.HISTOGRAM,
                                        Blob.of(
                                                Circllhist.ofBins(
                                                                List.of(
                                                                        Bin.of(1.0, 1),
                                                                        Bin.of(2.0, 1),
                                                                        Bin.of(3.0, 1)))
                                                        .toRecord())),
                                T * 1_000_000));
    }

    @Test
    void a_check_that_changes_or_goes_gives_what_it_holds() throws Exception {
        accept(SYNC, plain(1));
        turn();
        checks = List.of(new PeriodCheck(ID, 10_000, false));
        turn();
        assertThat(samples()).containsExactly(sample(whole(1), nowMs));
        accept(SYNC, plain(2));
        turn();
        checks = List.of();
        turn();
        periods = engine();
        nowMs = LATER + 300_000;
        turn();
        turn();
        assertThat(stored())
                .containsExactly(sample(whole(1), T + 1000), sample(whole(2), T + 1000));
    }

    @Test
    void periods_that_passed_while_nothing_ran_are_unavailable_once() throws Exception {
        reportOnePeriod();
        for (int i = 0; i < 2; i++) {
            periods = engine();
            nowMs = END + 240_000 + Running.GRACE_MS;
            turn();
            turn();
        }
        accept(SYNC, plain(3));
        nowMs += 60_000;
        turn();
        assertThat(states())
                .containsExactly(
                        state(END + 60_000, 1),
                        state(END + 120_000, 0),
                        state(END + 180_000, 0),
                        state(END + 240_000, 0),
                        state(END + 300_000, 1));
    }

    @Test
    void an_engine_that_dies_before_it_remembers_reports_no_period_twice() throws Exception {
        turn();
        accept(SYNC, plain(1));
        nowMs = LATER;
        turn();
        nowMs += 60_000;
        turn();
        byte[] old = Files.readAllBytes(memory());
        nowMs += 60_000;
        turn();
        Files.write(memory(), old);
        journal.close();
        journal = open();
        periods = engine();
        turn();
        turn();
        assertThat(states()).containsExactly(state(END + 60_000, 0), state(END + 120_000, 0));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void what_becomes_durable_after_its_empty_period_has_ended_ends_that_no_second_time(
            boolean cursorPassedTheEnd) throws Exception {
        reportOnePeriod();
        nowMs = LATER + 120_000;
        long before = journal.status().readers().getFirst().committed();
        turn();
        turn();
        // Its fsync took so long.
        nowMs = END + 120_000 - 250;
        accept(SYNC, plain(5));
        nowMs = LATER + 120_000 + 300;
        if (!cursorPassedTheEnd) {
            rewindTo(before);
        }
        periods = engine();
        turn();
        nowMs = LATER + 180_000;
        turn();
        assertThat(states())
                .containsExactly(
                        state(END + 60_000, 1), state(END + 120_000, 0), state(END + 180_000, 1));
    }

    @Test
    void an_end_that_the_clock_cannot_have_come_to_is_not_believed() throws Exception {
        reportOnePeriod();
        journal.reader("period").commit(journal.status().head());
        Files.writeString(memory(), ID + " 99999999999999\n");
        periods = engine();
        turn();
        accept(SYNC, plain(1));
        nowMs += 120_000;
        turn();
        assertThat(states()).hasSize(2);
        assertThat(memory()).content().doesNotContain("99999999999999");
    }

    @Test
    void a_clock_that_goes_a_day_ahead_and_back_holds_nothing_up() throws Exception {
        reportOnePeriod();
        long before = nowMs;
        nowMs += Duration.ofDays(1).toMillis();
        accept(SYNC, plain(4));
        turn();
        nowMs = before + 1000;
        turn();
        accept(SYNC, plain(9));
        turn();
        nowMs = before + 60_000;
        turn();

        assertThat(samples()).extracting(Sample::value).endsWith(whole(4), whole(9));
        assertThat(states().getLast()).isEqualTo(state(END + 120_000, 1));

        // The same after a restart with that clock.
        nowMs = before + Duration.ofDays(1).toMillis();
        turn();
        nowMs = before + 61_000;
        periods = engine();
        turn();
        accept(SYNC, plain(3));
        nowMs = before + 120_000;
        turn();
        turn();
        assertThat(samples()).extracting(Sample::value).endsWith(whole(3));
    }

    @Test
    void of_a_long_time_the_last_day_of_minutes_is_reported() throws Exception {
        reportOnePeriod();
        periods = engine();
        nowMs += Duration.ofDays(7).toMillis();
        turn();
        long newest = LATER + 60_000 - Running.GRACE_MS + Duration.ofDays(7).toMillis();
        assertThat(states()).hasSize(1 + 1440).endsWith(state(newest, 0));
        assertThat(states().get(1)).isEqualTo(state(newest - 1439 * 60_000, 0));
    }

    @Test
    void a_check_that_was_off_begins_anew() throws Exception {
        reportOnePeriod();
        checks = List.of();
        periods = engine();
        nowMs += 600_000;
        turn();
        checks = List.of(SYNC);
        turn();
        periods = engine();
        turn();
        assertThat(states()).hasSize(1);
        nowMs += 120_000;
        turn();
        assertThat(states()).hasSize(2).endsWith(state(END + 780_000, 0));
    }

    @Test
    void without_its_memory_it_goes_on() throws Exception {
        reportOnePeriod();
        journal.reader("period").commit(journal.status().head());
        Files.writeString(memory(), "nonsense");
        periods = engine();
        nowMs += 300_000;
        turn();
        assertThat(states()).hasSize(1);
        nowMs += 120_000;
        turn();
        assertThat(states()).hasSize(2);
    }

    /// The first period of a new check is not whole and has no state; the second has.
    private void reportOnePeriod() throws Exception {
        turn();
        accept(SYNC, plain(1));
        nowMs = LATER;
        turn();
        accept(SYNC, plain(2));
        nowMs = LATER + 60_000;
        turn();
        turn();
        assertThat(states()).containsExactly(state(END + 60_000, 1));
    }

    @Test
    void what_another_trapline_sends_again_counts_once() throws Exception {
        for (String place : List.of("o:1.1", "o:1.1", "o:2.1", "o:1.1")) {
            Origin origin = Origin.parse(place).orElseThrow();
            periods.acceptOnce(SYNC, nowMs, List.of(sum(1), sum(2)), origin);
        }
        nowMs = LATER;
        turn();
        turn();
        assertThat(samples()).containsExactly(sample(new SampleValue.Real(6), END));
    }

    @Test
    void a_full_journal_takes_what_a_period_ends_with_and_so_frees_itself() throws Exception {
        int sent = 0;
        quota = 4000;
        while (true) {
            try {
                accept(SYNC, sum(1));
                sent++;
            } catch (JournalFullException e) {
                break;
            }
        }
        turn();
        nowMs = LATER;
        turn();
        assertThat(samples()).containsExactly(sample(new SampleValue.Real(sent), END));
        assertThatThrownBy(() -> accept(SYNC, sum(1))).isInstanceOf(JournalFullException.class);
        // The store, here the reader `test`, goes on as well.
        journal.removeReader("test");
        turn();
        accept(SYNC, sum(1));
        assertThat(journal.status().bytes()).isLessThan(4000);
    }

    @Test
    void closing_does_not_wait_for_the_next_try_of_a_journal_that_fails() throws Exception {
        periods = Periods.open(journal, () -> checks, () -> Instant.ofEpochMilli(nowMs), memory());
        journal.close();
        periods.close();
        assertThat(periods.isRunning()).isFalse();
    }

    @Test
    void the_running_period_shows_what_was_accepted_and_refuses_too_many_streams()
            throws Exception {
        accept(SYNC, plain(1), new Measurement.Plain(StreamId.of("b", List.of()), false, whole(2)));
        turn();
        assertThat(periods.running(SYNC)).isEqualTo(Map.of("a", whole(1), "b", whole(2)));
        List<Measurement> many = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            many.add(new Measurement.Plain(StreamId.of("n" + i, List.of()), true, whole(i)));
        }
        long head = journal.status().head();
        assertThatThrownBy(() -> periods.accept(SYNC, nowMs, many))
                .isInstanceOf(StreamLimitException.class)
                .hasMessageContaining("5 streams");
        assertThat(journal.status().head()).isEqualTo(head);
        accept(SYNC, plain(3), plain(4), plain(5), plain(6), plain(7));
    }

    @Test
    void what_was_just_accepted_is_shown_although_its_period_is_over_by_now() throws Exception {
        accept(SYNC, plain(1));
        turn();
        nowMs = LATER;
        assertThat(periods.running(SYNC)).isEqualTo(Map.of("a", whole(1)));
        turn();
        assertThat(periods.running(SYNC)).isEmpty();
    }

    @Test
    void a_running_period_that_is_not_known_in_time_is_no_empty_one() throws Exception {
        accept(SYNC, plain(1));
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> periods.running(SYNC))
                .isInstanceOf(BehindException.class)
                .hasMessageContaining("1 frames");
        assertThat(Thread.interrupted()).isTrue();
        turn();
        assertThat(periods.running(SYNC)).isEqualTo(Map.of("a", whole(1)));
    }

    /// One after the other, each with an fsync, they would keep the engine from reading.
    @Test
    @Timeout(value = 60, unit = TimeUnit.SECONDS)
    void periods_that_end_together_are_made_durable_together() throws Exception {
        List<PeriodCheck> many = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            many.add(new PeriodCheck(new UUID(7, i), SYNC.periodMs(), false));
        }
        checks = many;
        CountDownLatch all = new CountDownLatch(many.size());
        Journal waiting =
                (Journal)
                        Proxy.newProxyInstance(
                                Journal.class.getClassLoader(),
                                new Class<?>[] {Journal.class},
                                (_, method, arguments) -> {
                                    if (method.getName().equals("appendReserved")) {
                                        all.countDown();
                                        all.await();
                                    }
                                    return method.invoke(journal, arguments);
                                });
        periods =
                new Periods(
                        waiting,
                        () -> checks,
                        () -> Instant.ofEpochMilli(nowMs),
                        new LastEnds(Optional.of(memory())),
                        5,
                        false);
        turn();
        for (PeriodCheck check : many) {
            accept(check, plain(1));
        }
        turn();
        nowMs = LATER;
        turn();
        assertThat(samples()).hasSize(many.size());
    }

    @Test
    void every_value_is_in_exactly_one_sum_whenever_the_engine_dies() throws Exception {
        long seed = Long.getLong("trapline.period.seed", System.nanoTime());
        Random random = new Random(seed);
        long total = 0;
        for (int i = 0; i < 400; i++) {
            int value = random.nextInt(1000);
            periods.accept(SYNC, nowMs - random.nextInt(500), List.of(sum(value)));
            total += value;
            nowMs += random.nextInt(8000);
            if (random.nextInt(3) == 0) {
                turn();
            }
            if (random.nextInt(10) == 0) {
                periods = engine();
            }
        }
        for (int i = 0; i < 5; i++) {
            nowMs += 60_000;
            turn();
        }
        double sum = 0;
        for (Sample sample : samples()) {
            sum += ((SampleValue.Real) sample.value()).value();
        }
        assertThat((long) sum).as("seed %d", seed).isEqualTo(total);
        assertThat(samples())
                .as("seed %d", seed)
                .extracting(Sample::timeNs)
                .doesNotHaveDuplicates();
    }

    private void turn() throws Exception {
        periods.turn(Duration.ZERO);
    }

    private void accept(PeriodCheck check, Measurement... part) throws Exception {
        periods.accept(check, nowMs, List.of(part));
    }

    /// What the store would see.
    private List<Entry> stored() throws Exception {
        List<Entry> entries = new ArrayList<>();
        var reader = journal.reader("test");
        reader.seek(0);
        for (var frames = reader.read(1 << 20, Duration.ZERO);
                !frames.isEmpty();
                frames = reader.read(1 << 20, Duration.ZERO)) {
            for (var frame : frames) {
                BatchCodec.decode(frame.bytes()).entries().stream()
                        .filter(entry -> entry instanceof Sample || entry instanceof CheckState)
                        .forEach(entries::add);
            }
        }
        return entries;
    }

    private List<Sample> samples() throws Exception {
        return stored().stream().filter(Sample.class::isInstance).map(Sample.class::cast).toList();
    }

    private List<CheckState> states() throws Exception {
        return stored().stream()
                .filter(CheckState.class::isInstance)
                .map(CheckState.class::cast)
                .toList();
    }

    private static Sample sample(SampleValue value, long timeMs) {
        return new Sample("a", List.of(), value, timeMs * 1_000_000);
    }

    private static CheckState state(long endMs, long metrics) {
        return new CheckState(endMs * 1_000_000, SYNC.source(), metrics > 0, metrics);
    }

    private static Measurement plain(long value) {
        return new Measurement.Plain(A, true, whole(value));
    }

    private static SampleValue whole(long value) {
        return new SampleValue.Whole(SampleType.INT64, value);
    }

    private static Measurement sum(int value) {
        Sum numbers = new Sum();
        numbers.addSigned(value);
        return new Measurement.Flagged(A, true, Measurement.Flag.SUM, whole(value), numbers);
    }

    private static Measurement samples(double... samples) {
        Circllhist histogram = new Circllhist();
        for (double sample : samples) {
            histogram.insert(sample);
        }
        return new Measurement.Distribution(A, true, false, false, histogram.bins());
    }
}
