package io.trapline.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What every implementation of [Journal] must do.
abstract class JournalContract {
    static final Duration PATIENT = Duration.ofSeconds(20);
    private static final long MIB = 1 << 20;

    @TempDir Path directory;
    Journal journal;
    volatile long quota = 64 * MIB;

    /// Opens the journal in `directory`, which asks `quota` for its limit.
    abstract Journal open() throws JournalException;

    @BeforeEach
    void open_it() throws JournalException {
        journal = open();
    }

    @AfterEach
    void close_it() {
        journal.close();
    }

    void reopen() throws JournalException {
        journal.close();
        journal = open();
    }

    static byte[] frame(int... bytes) {
        byte[] frame = new byte[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            frame[i] = (byte) bytes[i];
        }
        return frame;
    }

    static List<Long> positions(List<JournalReader.Frame> frames) {
        return frames.stream().map(JournalReader.Frame::position).toList();
    }

    /// Every frame up to the head that the journal has now.
    List<JournalReader.Frame> drain(JournalReader reader, long maxBytes) throws Exception {
        List<JournalReader.Frame> all = new ArrayList<>();
        List<JournalReader.Frame> some = reader.read(maxBytes, Duration.ZERO);
        while (!some.isEmpty()) {
            all.addAll(some);
            some = reader.read(maxBytes, Duration.ZERO);
        }
        return all;
    }

    @Test
    void an_empty_journal_has_no_frames() throws Exception {
        assertThat(journal.status().head()).isZero();
        assertThat(journal.status().tail()).isEqualTo(1);
        assertThat(journal.status().bytes()).isZero();
        assertThat(journal.reader("r").read(MIB, Duration.ZERO)).isEmpty();
        assertThat(journal.reader("r").committed()).isZero();
    }

    @Test
    void frames_come_back_in_order_with_growing_positions() throws Exception {
        assertThat(journal.append(frame(1))).isEqualTo(1);
        assertThat(journal.append(frame())).isEqualTo(2);
        assertThat(journal.append(frame(3, 3))).isEqualTo(3);
        List<JournalReader.Frame> frames = journal.reader("r").read(MIB, PATIENT);
        assertThat(positions(frames)).containsExactly(1L, 2L, 3L);
        assertThat(frames.get(1).bytes()).isEmpty();
        assertThat(frames.get(2).bytes()).containsExactly(3, 3);
    }

    @Test
    void a_read_stops_at_its_bytes_but_gives_one_frame_at_least() throws Exception {
        for (int i = 0; i < 4; i++) {
            journal.append(new byte[1000]);
        }
        JournalReader reader = journal.reader("r");
        assertThat(positions(reader.read(1, PATIENT))).containsExactly(1L);
        assertThat(positions(reader.read(2000, PATIENT))).containsExactly(2L, 3L);
        assertThat(positions(reader.read(2000, PATIENT))).containsExactly(4L);
    }

    @Test
    void a_known_reader_goes_on_after_its_last_commit() throws Exception {
        journal.append(frame(1));
        journal.append(frame(2));
        JournalReader reader = journal.reader("r");
        reader.read(MIB, PATIENT);
        reader.commit(1);
        assertThat(positions(journal.reader("r").read(MIB, PATIENT))).containsExactly(2L);
        reopen();
        assertThat(journal.reader("r").committed()).isEqualTo(1);
        assertThat(positions(journal.reader("r").read(MIB, PATIENT))).containsExactly(2L);
    }

    @Test
    void a_reader_that_keeps_its_own_cursor_seeks() throws Exception {
        for (int i = 1; i <= 3; i++) {
            journal.append(frame(i));
        }
        JournalReader reader = journal.reader("r");
        reader.seek(2);
        assertThat(positions(reader.read(MIB, PATIENT))).containsExactly(3L);
        reader.seek(0);
        assertThat(positions(reader.read(MIB, PATIENT))).containsExactly(1L, 2L, 3L);
    }

    @Test
    void a_seek_beyond_the_newest_frame_hides_nothing() throws Exception {
        journal.append(frame(1));
        JournalReader reader = journal.reader("r");
        reader.seek(1000);
        assertThat(positions(reader.read(MIB, PATIENT))).containsExactly(1L);
    }

    @Test
    void a_position_that_was_never_reached_cannot_be_committed() throws Exception {
        journal.append(frame(1));
        JournalReader reader = journal.reader("r");
        assertThatThrownBy(() -> reader.commit(2))
                .isInstanceOf(JournalException.class)
                .hasMessageContaining("newest frame is 1");
    }

    @Test
    void a_commit_never_goes_back() throws Exception {
        journal.append(frame(1));
        journal.append(frame(2));
        JournalReader reader = journal.reader("r");
        reader.commit(2);
        reader.commit(1);
        assertThat(reader.committed()).isEqualTo(2);
    }

    @Test
    void frames_stay_until_every_reader_has_committed_them() throws Exception {
        JournalReader fast = journal.reader("fast");
        JournalReader slow = journal.reader("slow");
        for (int i = 1; i <= 5; i++) {
            journal.append(frame(i));
        }
        fast.commit(5);
        slow.commit(2);
        reopen();
        assertThat(positions(journal.reader("slow").read(MIB, PATIENT)))
                .containsExactly(3L, 4L, 5L);
        awaitTail(3);
        assertThat(journal.status().readers())
                .containsExactly(
                        new Journal.ReaderStatus("fast", 5, 0),
                        new Journal.ReaderStatus("slow", 2, 3));
    }

    /// Trimming happens on the journal's own thread; this waits until it got there.
    void awaitTail(long tail) {
        await().atMost(PATIENT).until(() -> journal.status().tail() == tail);
    }

    @Test
    void positions_are_never_used_again_even_when_everything_was_trimmed() throws Exception {
        JournalReader reader = journal.reader("r");
        journal.append(frame(1));
        journal.append(frame(2));
        reader.commit(2);
        awaitTail(3);
        assertThat(journal.status().bytes()).isZero();
        reopen();
        assertThat(journal.status().head()).isEqualTo(2);
        assertThat(journal.append(frame(3))).isEqualTo(3);
    }

    @Test
    void a_removed_reader_keeps_nothing_and_starts_anew_when_it_is_back() throws Exception {
        JournalReader kept = journal.reader("kept");
        journal.reader("gone");
        journal.append(frame(1));
        journal.append(frame(2));
        kept.commit(1);
        journal.removeReader("gone");
        awaitTail(2);
        reopen();
        assertThat(journal.status().readers())
                .extracting(Journal.ReaderStatus::name)
                .containsExactly("kept");
        assertThat(positions(journal.reader("gone").read(MIB, PATIENT))).containsExactly(2L);
    }

    @Test
    void over_its_quota_it_refuses_and_names_who_keeps_it_full() throws Exception {
        quota = 10_000;
        JournalReader reader = journal.reader("output/far");
        int kept = 0;
        JournalFullException full = null;
        while (full == null) {
            try {
                journal.append(new byte[1000]);
                kept++;
            } catch (JournalFullException e) {
                full = e;
            }
        }
        assertThat(kept).isBetween(5, 10);
        quota = journal.status().bytes() + 500;
        assertThat(journal.status().isFull()).isTrue();
        quota = 10_000;
        assertThat(full).hasMessageContaining("10000").hasMessageContaining("output/far");
        assertThat(journal.status().refused()).isEqualTo(1);
        assertThat(drain(reader, MIB)).hasSize(kept);
        reader.commit(kept);
        assertThat(journal.append(new byte[1000])).isEqualTo(kept + 1);
        assertThat(journal.status().isFull()).isFalse();
        assertThat(journal.status().bytes()).isLessThanOrEqualTo(quota);
    }

    @Test
    void what_frees_others_may_use_a_reserve_beyond_the_quota() throws Exception {
        quota = 4 * MIB;
        JournalReader reader = journal.reader("r");
        byte[] frame = new byte[100_000];
        assertThatThrownBy(
                        () -> {
                            while (true) {
                                journal.append(frame);
                            }
                        })
                .isInstanceOf(JournalFullException.class);
        int reserved = 0;
        try {
            while (true) {
                journal.appendReserved(frame);
                reserved++;
            }
        } catch (JournalFullException e) {
            assertThat(e).hasMessageContaining("of at most " + 5 * MIB);
        }
        assertThat(reserved).as("a quarter").isBetween(10, 11);
        assertThatThrownBy(() -> journal.append(frame)).isInstanceOf(JournalFullException.class);
        reader.commit(journal.status().head());
        journal.append(frame);
    }

    @Test
    void without_any_reader_frames_are_kept_until_the_quota() throws Exception {
        quota = 3000;
        journal.append(new byte[2000]);
        assertThatThrownBy(() -> journal.append(new byte[2000]))
                .isInstanceOf(JournalFullException.class)
                .hasMessageContaining("no reader is registered");
        quota = 30_000;
        assertThat(journal.append(new byte[2000])).isEqualTo(2);
    }

    @Test
    void a_read_waits_for_a_frame() throws Exception {
        JournalReader reader = journal.reader("r");
        try (ExecutorService one = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<List<JournalReader.Frame>> read = one.submit(() -> reader.read(MIB, PATIENT));
            journal.append(frame(7));
            assertThat(positions(read.get())).containsExactly(1L);
        }
    }

    private static Journal.Arrival arrival(String sender, long position, int part) {
        return new Journal.Arrival(new Origin(sender, position, part), frame((int) position, part));
    }

    @Test
    void a_frame_from_elsewhere_is_kept_once_also_after_a_restart() throws Exception {
        assertThat(journal.appendOnce(List.of(arrival("a", 1, 1), arrival("a", 1, 2))))
                .isEqualTo(2);
        assertThat(journal.appendOnce(List.of(arrival("a", 1, 1), arrival("a", 1, 2)))).isZero();
        // Another sender's positions are its own.
        assertThat(journal.appendOnce(List.of(arrival("b", 1, 1)))).isEqualTo(1);
        reopen();
        // What overlaps is left out, what is new is kept; also within one call.
        assertThat(
                        journal.appendOnce(
                                List.of(
                                        arrival("a", 1, 2),
                                        arrival("a", 2, 0),
                                        arrival("a", 2, 0),
                                        arrival("b", 1, 2))))
                .isEqualTo(2);
        assertThat(journal.appendOnce(List.of())).isZero();

        assertThat(drain(journal.reader("r"), MIB))
                .extracting(JournalReader.Frame::bytes)
                .containsExactly(frame(1, 1), frame(1, 2), frame(1, 1), frame(2, 0), frame(1, 2));
    }

    @Test
    void what_does_not_fit_is_not_remembered() throws Exception {
        quota = 5_000;
        journal.append(new byte[1_000]);
        List<Journal.Arrival> many =
                List.of(
                        new Journal.Arrival(new Origin("a", 1, 0), new byte[3_000]),
                        new Journal.Arrival(new Origin("a", 2, 0), new byte[3_000]));
        assertThatThrownBy(() -> journal.appendOnce(many)).isInstanceOf(JournalFullException.class);
        assertThat(journal.status().head()).isEqualTo(1);

        quota = 64 * MIB;

        assertThat(journal.appendOnce(many)).isEqualTo(2);
    }

    @Test
    void a_repetition_is_no_matter_of_room() throws Exception {
        quota = 5_000;
        JournalReader _ = journal.reader("slow");
        List<Journal.Arrival> one =
                List.of(new Journal.Arrival(new Origin("a", 1, 0), new byte[3_000]));
        assertThat(journal.appendOnce(one)).isEqualTo(1);
        assertThatThrownBy(() -> journal.append(new byte[3_000]))
                .isInstanceOf(JournalFullException.class);

        assertThat(journal.appendOnce(one)).isZero();
        assertThat(journal.status().head()).isEqualTo(1);
    }

    @Test
    void a_closed_journal_takes_and_gives_nothing() throws Exception {
        JournalReader reader = journal.reader("r");
        journal.append(frame(1));
        journal.close();
        assertThatThrownBy(() -> journal.append(frame(1)))
                .isInstanceOf(JournalException.class)
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> reader.read(MIB, PATIENT))
                .isInstanceOf(JournalException.class)
                .hasMessageContaining("closed");
    }

    @Test
    void every_acknowledged_append_is_read_once_and_in_its_threads_order() throws Exception {
        int threads = 32;
        int each = 300;
        JournalReader reader = journal.reader("r");
        int[] lastOf = new int[threads];
        try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
            List<Future<?>> appenders = new ArrayList<>();
            for (int t = 0; t < threads; t++) {
                int thread = t;
                appenders.add(
                        pool.submit(() -> {
                            for (int i = 1; i <= each; i++) {
                                byte[] frame = new byte[8 + i];
                                ByteBuffer.wrap(frame).putInt(thread).putInt(i);
                                journal.append(frame);
                            }
                            return thread;
                        }));
            }
            int seen = 0;
            long lastPosition = 0;
            while (seen < threads * each) {
                List<JournalReader.Frame> some = reader.read(20_000, PATIENT);
                assertThat(some).as("after %d frames", seen).isNotEmpty();
                for (JournalReader.Frame frame : some) {
                    assertThat(frame.position()).isEqualTo(++lastPosition);
                    ByteBuffer bytes = ByteBuffer.wrap(frame.bytes());
                    int thread = bytes.getInt();
                    assertThat(bytes.getInt()).isEqualTo(++lastOf[thread]);
                }
                seen += some.size();
                reader.commit(lastPosition);
            }
            for (Future<?> appender : appenders) {
                appender.get();
            }
        }
        assertThat(lastOf).containsOnly(each);
        assertThat(journal.status().head()).isEqualTo((long) threads * each);
    }

    @Test
    void it_does_what_a_list_in_memory_does() throws Exception {
        long seed = Long.getLong("journal.seed", System.nanoTime());
        quota = 60_000;
        try {
            new JournalModel(this, seed).run(600);
        } catch (AssertionError | Exception e) {
            throw new AssertionError("repeat with -Djournal.seed=" + seed, e);
        }
    }
}
