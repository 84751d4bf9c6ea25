package io.trapline.journal;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/// What the journal knows in memory: its extent, its readers' cursors, its counters.
///
/// `lock` guards every field. The writer alone moves the extent, after the commit that made it
/// true.
final class State {
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition grown = lock.newCondition();
    private final Map<String, Cursor> cursors = new TreeMap<>();
    private final Set<String> removed = new HashSet<>();
    private final Set<Long> damagedPositions = new HashSet<>();
    private Extent extent;
    private long damaged;
    private long refused;
    private String trouble = "";
    private boolean closed;

    /// How many want that nothing is trimmed.
    private int holds;

    private static final class Cursor {
        private static final long NEVER = -1;
        private long committed;
        private long onDisk;

        /// What its reader counted of what it passed since `onDisk`, by where it was then.
        private final TreeMap<Long, Map<Sum, Sum.Amount>> counted = new TreeMap<>();

        Cursor(long committed, long onDisk) {
            this.committed = committed;
            this.onDisk = onDisk;
        }
    }

    /// What differs between memory and disk. Removals come first: a removed name may be back.
    ///
    /// @param counted of readers that moved, what they counted of what they passed, by position
    record CursorChanges(
            Set<String> removed,
            Map<String, Long> moved,
            Map<String, SortedMap<Long, Map<Sum, Sum.Amount>>> counted) {
        static final CursorChanges NONE = new CursorChanges(Set.of(), Map.of(), Map.of());

        CursorChanges {
            removed = Set.copyOf(removed);
            moved = Map.copyOf(moved);
            counted = Map.copyOf(counted);
        }

        boolean isEmpty() {
            return removed.isEmpty() && moved.isEmpty();
        }
    }

    State(Extent extent, Map<String, Long> committed) {
        this.extent = extent;
        committed.forEach((name, position) -> cursors.put(name, new Cursor(position, position)));
    }

    Extent extent() {
        lock.lock();
        try {
            return extent;
        } finally {
            lock.unlock();
        }
    }

    void publish(Extent now, CursorChanges written, long moreRefused) {
        lock.lock();
        try {
            boolean hasGrown = now.head() > extent.head();
            if (now.tail() > extent.tail() && !damagedPositions.isEmpty()) {
                damagedPositions.removeIf(position -> position < now.tail());
            }
            extent = now;
            refused += moreRefused;
            removed.removeAll(written.removed());
            written.moved()
                    .forEach((name, position) -> {
                        Cursor cursor = cursors.get(name);
                        if (cursor != null && cursor.committed >= position) {
                            cursor.onDisk = position;
                            cursor.counted.headMap(position, true).clear();
                        }
                    });
            if (hasGrown) {
                grown.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    void countRefused(long more) {
        lock.lock();
        try {
            refused += more;
        } finally {
            lock.unlock();
        }
    }

    /// @param why appends fail, empty when they work
    void trouble(String why) {
        lock.lock();
        try {
            trouble = why;
        } finally {
            lock.unlock();
        }
    }

    Optional<String> trouble() {
        lock.lock();
        try {
            return Optional.of(trouble).filter(why -> !why.isEmpty());
        } finally {
            lock.unlock();
        }
    }

    /// Counts a position once, however many readers meet it.
    ///
    /// @return whether this was the first time
    boolean countDamaged(long position, long frames) {
        lock.lock();
        try {
            boolean first = damagedPositions.add(position);
            if (first) {
                damaged += frames;
            }
            return first;
        } finally {
            lock.unlock();
        }
    }

    /// Waits until the newest position is at least `position`.
    ///
    /// @return the newest position, less than asked for when the time is over or the journal closed
    long awaitHead(long position, long waitNanos) throws InterruptedException {
        lock.lockInterruptibly();
        try {
            long left = waitNanos;
            while (extent.head() < position && !closed && left > 0) {
                left = grown.awaitNanos(left);
            }
            return extent.head();
        } finally {
            lock.unlock();
        }
    }

    /// The committed position of a reader, which is registered when it is new.
    long register(String name) {
        lock.lock();
        try {
            return cursors.computeIfAbsent(name, _ -> new Cursor(0, Cursor.NEVER)).committed;
        } finally {
            lock.unlock();
        }
    }

    boolean isOnDisk(String name) {
        lock.lock();
        try {
            Cursor cursor = cursors.get(name);
            return cursor == null ? !removed.contains(name) : cursor.onDisk >= 0;
        } finally {
            lock.unlock();
        }
    }

    void remove(String name) {
        lock.lock();
        try {
            if (cursors.remove(name) != null) {
                removed.add(name);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Moves a cursor forward; one that was removed stays away.
    ///
    /// @return whether memory and disk begin to differ by this
    boolean commit(String name, long position, Map<Sum, Sum.Amount> counted) {
        lock.lock();
        try {
            Cursor cursor = cursors.get(name);
            if (cursor == null || cursor.committed >= position) {
                return false;
            }
            boolean first = cursor.committed == cursor.onDisk;
            cursor.committed = position;
            if (!counted.isEmpty()) {
                cursor.counted.put(position, Map.copyOf(counted));
            }
            return first;
        } finally {
            lock.unlock();
        }
    }

    CursorChanges cursorChanges() {
        lock.lock();
        try {
            Map<String, Long> moved = new TreeMap<>();
            Map<String, SortedMap<Long, Map<Sum, Sum.Amount>>> counted = new TreeMap<>();
            cursors.forEach((name, cursor) -> {
                if (cursor.committed != cursor.onDisk) {
                    moved.put(name, cursor.committed);
                    if (!cursor.counted.isEmpty()) {
                        counted.put(name, new TreeMap<>(cursor.counted));
                    }
                }
            });
            return moved.isEmpty() && removed.isEmpty()
                    ? CursorChanges.NONE
                    : new CursorChanges(removed, moved, counted);
        } finally {
            lock.unlock();
        }
    }

    /// Up to where every reader has committed once `changes` are on disk; 0 without readers.
    long trimmable(CursorChanges changes) {
        lock.lock();
        try {
            long least = Long.MAX_VALUE;
            for (Map.Entry<String, Cursor> entry : cursors.entrySet()) {
                long onDisk = entry.getValue().onDisk;
                least = Math.min(least, changes.moved().getOrDefault(entry.getKey(), onDisk));
            }
            return cursors.isEmpty() || holds > 0 ? 0 : Math.max(0, least);
        } finally {
            lock.unlock();
        }
    }

    void hold(int more) {
        lock.lock();
        try {
            holds += more;
        } finally {
            lock.unlock();
        }
    }

    Journal.JournalStatus status(long maxBytes) {
        lock.lock();
        try {
            List<Journal.ReaderStatus> readers = new ArrayList<>(cursors.size());
            cursors.forEach((name, cursor) -> {
                long from = Math.max(cursor.committed, extent.tail() - 1);
                long lag = Math.max(0, extent.head() - from);
                readers.add(new Journal.ReaderStatus(name, cursor.committed, lag));
            });
            return new Journal.JournalStatus(
                    extent.head(),
                    extent.tail(),
                    extent.bytes(),
                    maxBytes,
                    damaged,
                    refused,
                    readers);
        } finally {
            lock.unlock();
        }
    }

    boolean isClosed() {
        lock.lock();
        try {
            return closed;
        } finally {
            lock.unlock();
        }
    }

    void close() {
        lock.lock();
        try {
            closed = true;
            grown.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
