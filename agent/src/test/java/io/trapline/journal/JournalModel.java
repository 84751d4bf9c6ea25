package io.trapline.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Random calls, made to a journal and to a list in memory alike.
///
/// When frames are trimmed is the journal's affair, so the model only knows what must still be
/// there: all that one reader at least has not committed.
final class JournalModel {
    private static final List<String> NAMES = List.of("a", "b", "c");

    private final JournalContract suite;
    private final Random random;
    private final List<byte[]> appended = new ArrayList<>();
    private final Map<String, Place> places = new TreeMap<>();

    private static final class Place {
        private final JournalReader reader;
        private long next;
        private long committed;

        /// What was trimmed before this reader came; it may commit less than that.
        private final long floor;

        Place(JournalReader reader, long committed, long floor) {
            this.reader = reader;
            this.committed = committed;
            this.floor = floor;
            this.next = dealtWith() + 1;
        }

        long dealtWith() {
            return Math.max(committed, floor);
        }
    }

    JournalModel(JournalContract suite, long seed) {
        this.suite = suite;
        this.random = new Random(seed);
    }

    void run(int steps) throws Exception {
        for (int step = 0; step < steps; step++) {
            switch (random.nextInt(20)) {
                case 0 -> reopen();
                case 1 -> remove();
                case 2, 3 -> register();
                case 4, 5, 6, 7, 8 -> read();
                case 9, 10, 11 -> commit();
                case 12 -> suite.quota = 20_000L + random.nextInt(80_000);
                default -> append();
            }
            check();
        }
        for (Place place : places.values()) {
            drain(place);
        }
    }

    private void append() throws JournalException {
        byte[] frame = new byte[random.nextInt(10) == 0 ? 20_000 : random.nextInt(3000)];
        random.nextBytes(frame);
        long before = suite.journal.status().bytes();
        try {
            assertThat(suite.journal.append(frame)).isEqualTo(appended.size() + 1L);
            appended.add(frame);
        } catch (JournalFullException _) {
            assertThat(before + frame.length + 1000).as("bytes with it").isGreaterThan(suite.quota);
            assertThat(needed() + frame.length + 40L * appended.size())
                    .as("bytes that it must keep")
                    .isGreaterThan(suite.quota);
        }
    }

    /// Bytes of what a reader has not committed yet, or of all that is there without readers.
    private long needed() {
        long bytes = 0;
        for (long position = leastDealtWith() + 1; position <= appended.size(); position++) {
            bytes += bytesAt(position).length;
        }
        return bytes;
    }

    private long leastDealtWith() {
        if (places.isEmpty()) {
            return suite.journal.status().tail() - 1;
        }
        long least = Long.MAX_VALUE;
        for (Place place : places.values()) {
            least = Math.min(least, place.dealtWith());
        }
        return least;
    }

    private byte[] bytesAt(long position) {
        return appended.get((int) position - 1);
    }

    private void read() throws Exception {
        Place place = any();
        if (place != null) {
            List<JournalReader.Frame> frames =
                    place.reader.read(1 + random.nextInt(30_000), Duration.ZERO);
            follow(place, frames);
        }
    }

    private void follow(Place place, List<JournalReader.Frame> frames) {
        if (frames.isEmpty()) {
            assertThat(place.next).isEqualTo(appended.size() + 1L);
        }
        for (JournalReader.Frame frame : frames) {
            assertThat(frame.position()).isEqualTo(place.next);
            assertThat(frame.bytes()).isEqualTo(bytesAt(frame.position()));
            place.next++;
        }
    }

    private void drain(Place place) throws Exception {
        follow(place, suite.drain(place.reader, 10_000));
        assertThat(place.next).isEqualTo(appended.size() + 1L);
    }

    private void commit() throws JournalException {
        Place place = any();
        if (place != null && place.next - 1 > place.committed) {
            place.committed += 1 + random.nextLong(place.next - 1 - place.committed);
            place.reader.commit(place.committed);
        }
    }

    private void register() throws Exception {
        String name = NAMES.get(random.nextInt(NAMES.size()));
        Place known = places.get(name);
        JournalReader reader = suite.journal.reader(name);
        if (known != null) {
            places.put(name, new Place(reader, known.committed, known.floor));
            return;
        }
        long oldest = suite.journal.status().tail();
        assertThat(oldest).isLessThanOrEqualTo(leastDealtWith() + 1);
        places.put(name, new Place(reader, 0, oldest - 1));
    }

    private void remove() throws JournalException {
        String name = NAMES.get(random.nextInt(NAMES.size()));
        suite.journal.removeReader(name);
        places.remove(name);
    }

    private void reopen() throws JournalException {
        suite.reopen();
        for (String name : List.copyOf(places.keySet())) {
            Place before = place(name);
            JournalReader reader = suite.journal.reader(name);
            places.put(name, new Place(reader, before.committed, before.floor));
        }
    }

    private Place place(String name) {
        return Objects.requireNonNull(places.get(name), name);
    }

    private @Nullable Place any() {
        List<Place> all = List.copyOf(places.values());
        return all.isEmpty() ? null : all.get(random.nextInt(all.size()));
    }

    private void check() {
        Journal.JournalStatus status = suite.journal.status();
        assertThat(status.head()).isEqualTo(appended.size());
        assertThat(status.damaged()).isZero();
        assertThat(status.readers())
                .extracting(Journal.ReaderStatus::name)
                .containsExactlyElementsOf(places.keySet());
        for (Journal.ReaderStatus reader : status.readers()) {
            assertThat(reader.committed()).isEqualTo(place(reader.name()).committed);
            assertThat(reader.lag())
                    .isEqualTo(status.head() - Math.max(reader.committed(), status.tail() - 1));
        }
    }
}
