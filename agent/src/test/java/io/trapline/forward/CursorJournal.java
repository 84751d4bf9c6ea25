package io.trapline.forward;

import io.trapline.journal.Journal;
import io.trapline.journal.JournalReader;
import io.trapline.journal.Origin;
import io.trapline.model.Batch;
import io.trapline.model.Entry;
import io.trapline.pipeline.BatchCodec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A journal in memory that keeps everything, with cursors that a test may set back, as a crash
/// does with a commit that had not reached the disk.
final class CursorJournal implements Journal {
    private final List<byte[]> frames = new ArrayList<>();
    private final Map<String, Long> cursors = new TreeMap<>();
    private final Map<String, Origin> origins = new TreeMap<>();

    long append(String source, Entry... entries) {
        return append(BatchCodec.encode(new Batch(source, 1, List.of(entries))));
    }

    @Override
    public synchronized long append(byte[] frame) {
        frames.add(frame);
        return frames.size();
    }

    @Override
    public synchronized int appendOnce(List<Arrival> arrivals) {
        int kept = 0;
        for (Arrival arrival : arrivals) {
            Origin origin = arrival.origin();
            Origin last = origins.get(origin.sender());
            if (last == null || origin.isAfter(last.position(), last.part())) {
                append(arrival.frame());
                origins.put(origin.sender(), origin);
                kept++;
            }
        }
        return kept;
    }

    synchronized List<byte[]> frames() {
        return List.copyOf(frames);
    }

    synchronized long committed(String name) {
        return cursors.getOrDefault(name, -1L);
    }

    synchronized void setBack(String name, long position) {
        cursors.put(name, position);
    }

    @Override
    public synchronized JournalReader reader(String name) {
        long committed = cursors.computeIfAbsent(name, _ -> 0L);
        return new Reader(name, committed);
    }

    @Override
    public synchronized void removeReader(String name) {
        cursors.remove(name);
    }

    @Override
    public synchronized JournalStatus status() {
        List<ReaderStatus> readers = new ArrayList<>();
        cursors.forEach((name, at) -> readers.add(new ReaderStatus(name, at, frames.size() - at)));
        return new JournalStatus(frames.size(), 1, 0, 1, 0, 0, readers);
    }

    @Override
    public void close() {}

    private final class Reader implements JournalReader {
        private final String name;
        private long next;

        Reader(String name, long committed) {
            this.name = name;
            next = committed + 1;
        }

        @Override
        public List<Frame> read(long maxBytes, Duration wait) throws InterruptedException {
            synchronized (CursorJournal.this) {
                List<Frame> read = new ArrayList<>();
                long bytes = 0;
                while (next <= frames.size() && bytes < maxBytes) {
                    byte[] frame = frames.get((int) next - 1);
                    read.add(new Frame(next, frame));
                    bytes += frame.length;
                    next++;
                }
                return read;
            }
        }

        @Override
        public void commit(long position) {
            synchronized (CursorJournal.this) {
                cursors.computeIfPresent(name, (_, at) -> Math.max(at, position));
            }
        }

        @Override
        public void seek(long position) {
            next = position + 1;
        }

        @Override
        public long committed() {
            return Math.max(0, CursorJournal.this.committed(name));
        }
    }
}
