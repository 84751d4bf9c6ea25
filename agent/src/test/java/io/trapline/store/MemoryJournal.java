package io.trapline.store;

import io.trapline.journal.Journal;
import io.trapline.journal.JournalException;
import io.trapline.journal.JournalReader;
import io.trapline.model.Batch;
import io.trapline.pipeline.BatchCodec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/// A journal without a disk: it outlives the store that a test "kills", and can lose a commit the
/// way a crash between two fsyncs does.
public final class MemoryJournal implements Journal {
    private final NavigableMap<Long, byte[]> frames = new TreeMap<>();
    private long head;
    private long committed;
    private boolean losesCommits;
    private boolean trims = true;

    /// What happens before frames are handed to a reader.
    private volatile Runnable handingOut = () -> {};

    public synchronized long append(Batch batch) {
        return append(BatchCodec.encode(batch));
    }

    @Override
    public synchronized long append(byte[] frame) {
        frames.put(++head, frame);
        notifyAll();
        return head;
    }

    @Override
    public int appendOnce(List<Arrival> arrivals) {
        throw new UnsupportedOperationException("the store does not append");
    }

    public void whenHandingOut(Runnable what) {
        handingOut = what;
    }

    synchronized void loseCommits(boolean lose) {
        losesCommits = lose;
    }

    synchronized void keepAll() {
        trims = false;
    }

    synchronized long committed() {
        return committed;
    }

    /// The same journal after its file was lost.
    synchronized void lose() {
        frames.clear();
        head = 0;
        committed = 0;
    }

    @Override
    public JournalReader reader(String name) {
        return new Reader();
    }

    @Override
    public void removeReader(String name) {
        throw new UnsupportedOperationException();
    }

    @Override
    public synchronized JournalStatus status() {
        long tail = frames.isEmpty() ? head + 1 : frames.firstKey();
        return new JournalStatus(head, tail, 0, Long.MAX_VALUE, 0, 0, List.of());
    }

    @Override
    public void close() {}

    private final class Reader implements JournalReader {
        private long at = MemoryJournal.this.committed();

        @Override
        public List<Frame> read(long maxBytes, Duration wait) throws InterruptedException {
            synchronized (MemoryJournal.this) {
                long deadline = System.nanoTime() + wait.toNanos();
                while (frames.higherKey(at) == null) {
                    long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                    if (left <= 0) {
                        return List.of();
                    }
                    MemoryJournal.this.wait(left);
                }
                List<Frame> some = new ArrayList<>();
                long bytes = 0;
                for (var frame : frames.tailMap(at, false).entrySet()) {
                    if (!some.isEmpty() && bytes + frame.getValue().length > maxBytes) {
                        break;
                    }
                    bytes += frame.getValue().length;
                    some.add(new Frame(frame.getKey(), frame.getValue()));
                }
                at = some.getLast().position();
                handingOut.run();
                return some;
            }
        }

        @Override
        public void commit(long position) throws JournalException {
            synchronized (MemoryJournal.this) {
                if (losesCommits) {
                    throw new JournalException("the commit at " + position + " is lost");
                }
                committed = position;
                if (trims) {
                    frames.headMap(position, true).clear();
                }
            }
        }

        @Override
        public void seek(long position) {
            at = position;
        }

        @Override
        public long committed() {
            return MemoryJournal.this.committed();
        }
    }
}
