package io.trapline.bridge;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Iterator;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// How many bytes of frames the agent holds at once, for all its workers together: those that
/// arrive, those that wait to be heard, and those that are being heard.
///
/// There are two lanes, so that small reports do not wait behind large ones: frames up to [#SMALL]
/// bytes share [#SMALL_LANE], of which one process has a quarter at most, and larger ones share
/// [#LARGE_LANE], which is room for one of the largest. A frame asks once, for all its bytes, and
/// while it waits it holds nothing: so nobody waits for somebody who waits, and there is no
/// deadlock. Each lane is given in the order of asking. Who has asked and does not send what it
/// announced cannot make the others wait for ever: when somebody waits and a frame of the lane has
/// been arriving for longer than the patience, its process is ended, and named. Hearing a frame
/// never depends on its worker: the bytes are given back before the worker is answered.
final class FrameBudget {
    static final int SMALL = 1 << 20;
    static final long SMALL_LANE = 32L << 20;
    static final long LARGE_LANE = Frame.MAX_LENGTH;
    static final Duration PATIENCE = Duration.ofSeconds(20);

    private final Lane small;
    private final Lane large;

    FrameBudget() {
        this(SMALL_LANE, LARGE_LANE, PATIENCE);
    }

    FrameBudget(long smallLane, long largeLane, Duration patience) {
        small = new Lane(smallLane, smallLane / 4, patience);
        large = new Lane(largeLane, largeLane, patience);
    }

    /// One process's part in it.
    ///
    /// @param late called, without a lock of this held, when the process has kept others waiting;
    ///   gets what it did
    Share share(Consumer<String> late) {
        return new Share(this, late);
    }

    private Lane lane(int bytes) {
        return bytes <= SMALL ? small : large;
    }

    /// Bytes that are given out.
    long held() {
        return small.held() + large.held();
    }

    static final class Share {
        private final FrameBudget budget;
        private final Consumer<String> late;
        private volatile boolean closed;

        // Guarded by the lock of the lane; a process's reader takes one frame at a time.
        private long inSmall;
        private long inLarge;
        private long arrivingSince;
        private int arriving;

        private Share(FrameBudget budget, Consumer<String> late) {
            this.budget = budget;
            this.late = late;
        }

        /// Waits until there is room for a frame that has begun to arrive.
        Hold take(int bytes) throws BadFrameException, InterruptedException {
            return budget.lane(bytes).take(this, bytes);
        }

        /// The process is being ended: whoever waits for it need not.
        void close() {
            closed = true;
            budget.small.wake();
            budget.large.wake();
        }
    }

    /// Bytes that were given to one frame.
    static final class Hold implements AutoCloseable {
        static final Hold NONE = new Hold(null, null, 0);

        private final @Nullable Lane lane;
        private final @Nullable Share share;
        private int bytes;

        private Hold(@Nullable Lane lane, @Nullable Share share, int bytes) {
            this.lane = lane;
            this.share = share;
            this.bytes = bytes;
        }

        /// The frame is there whole.
        void arrived() {
            if (lane != null && share != null) {
                lane.arrived(share);
            }
        }

        /// Gives them back; again does nothing.
        @Override
        public void close() {
            if (lane != null && share != null) {
                lane.give(this, share);
            }
        }
    }

    private static final class Lane {
        private final ReentrantLock lock = new ReentrantLock(); // guards what is not final
        private final Deque<Waiting> queue = new ArrayDeque<>();
        private final Set<Share> arriving = new HashSet<>();
        private final long most;
        private final long mostOfOne;
        private final Duration patience;
        private long held;

        private static final class Waiting {
            final Share share;
            final int bytes;
            final Condition granted;
            boolean isGranted;

            Waiting(Share share, int bytes, Condition granted) {
                this.share = share;
                this.bytes = bytes;
                this.granted = granted;
            }
        }

        Lane(long most, long mostOfOne, Duration patience) {
            this.most = most;
            this.mostOfOne = mostOfOne;
            this.patience = patience;
        }

        long held() {
            lock.lock();
            try {
                return held;
            } finally {
                lock.unlock();
            }
        }

        private long of(Share share) {
            return this == share.budget.small ? share.inSmall : share.inLarge;
        }

        private void add(Share share, long bytes) {
            held += bytes;
            if (this == share.budget.small) {
                share.inSmall += bytes;
            } else {
                share.inLarge += bytes;
            }
        }

        private boolean isOver(Share share, int bytes) {
            return of(share) > 0 && of(share) + bytes > mostOfOne;
        }

        private boolean fits(int bytes) {
            return held == 0 || held + bytes <= most;
        }

        Hold take(Share share, int bytes) throws BadFrameException, InterruptedException {
            lock.lock();
            try {
                if (queue.isEmpty() && fits(bytes) && !isOver(share, bytes)) {
                    begin(share, bytes);
                } else {
                    await(new Waiting(share, bytes, lock.newCondition()));
                }
                return new Hold(this, share, bytes);
            } finally {
                lock.unlock();
            }
        }

        private void begin(Share share, int bytes) {
            add(share, bytes);
            share.arriving = bytes;
            share.arrivingSince = System.nanoTime();
            arriving.add(share);
        }

        private void await(Waiting one) throws BadFrameException, InterruptedException {
            queue.add(one);
            try {
                grant();
                while (!one.isGranted) {
                    if (one.share.closed) {
                        throw new BadFrameException("a frame as it was ended");
                    }
                    boolean _ =
                            one.granted.await(
                                    Math.max(1, patience.toMillis() / 8), TimeUnit.MILLISECONDS);
                    if (!one.isGranted) {
                        endLate();
                    }
                }
            } finally {
                if (!one.isGranted) {
                    queue.remove(one);
                    grant();
                }
            }
        }

        /// Who has had its bytes for long and has not filled them, while others wait.
        private void endLate() {
            long now = System.nanoTime();
            for (Share each : Set.copyOf(arriving)) {
                if (now - each.arrivingSince > patience.toNanos()) {
                    arriving.remove(each);
                    String what =
                            "announced a frame of "
                                    + each.arriving
                                    + " bytes and had not sent it whole after "
                                    + patience.toSeconds()
                                    + " s, while others waited for room";
                    // Ends a process, which asks for locks of its own.
                    Thread _ = Thread.ofVirtual().start(() -> each.late.accept(what));
                }
            }
        }

        /// In order; who waits for bytes of its own keeps nobody else waiting.
        private void grant() {
            Iterator<Waiting> each = queue.iterator();
            while (each.hasNext()) {
                Waiting next = each.next();
                if (next.share.closed || isOver(next.share, next.bytes)) {
                    continue;
                }
                if (!fits(next.bytes)) {
                    return;
                }
                each.remove();
                begin(next.share, next.bytes);
                next.isGranted = true;
                next.granted.signal();
            }
        }

        void arrived(Share share) {
            lock.lock();
            try {
                arriving.remove(share);
            } finally {
                lock.unlock();
            }
        }

        void give(Hold hold, Share share) {
            lock.lock();
            try {
                if (hold.bytes > 0) {
                    add(share, -hold.bytes);
                    hold.bytes = 0;
                    grant();
                }
            } finally {
                lock.unlock();
            }
        }

        void wake() {
            lock.lock();
            try {
                queue.forEach(each -> each.granted.signal());
            } finally {
                lock.unlock();
            }
        }
    }
}
