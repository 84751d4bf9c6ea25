package io.trapline.bridge;

import io.trapline.bridge.Frame.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The agent's side of one host JVM: passes frames on to the inputs that live in it.
///
/// Each input has a thread of its own that hears its frames, so that a slow one delays no other. A
/// report that needs no waiting, as nearly all do, is taken by the process's reader thread itself:
/// waking another thread would cost more than the rest of it.
final class EmbeddedHost implements Session.Carrier, WorkerProcess.Events {
    private static final Logger log = LoggerFactory.getLogger(EmbeddedHost.class);
    private static final Duration INTERRUPT_GRACE = Duration.ofSeconds(2);
    private static final Duration CLOSE_GRACE = Duration.ofSeconds(4);
    private static final Duration KILL_GRACE = Duration.ofSeconds(3);
    private static final int MAX_WAITING_LINES = 4096;
    private static final long MAX_WAITING_BYTES = 1 << 20;
    private static final Duration REFUSED_EVERY = Duration.ofMinutes(1);

    private final WorkerProcess process;
    private final boolean own;
    private final Map<Integer, Seat> seats = new ConcurrentHashMap<>();

    private final Map<Integer, Seal> seals = new ConcurrentHashMap<>();
    private final byte[] secret = Seal.newHostSecret();
    private long refused; // both: the process's reader alone
    private long refusedAt; // 0 = never; a seat that somebody has keeps its own

    /// What to do when an input ends whose loading was given up.
    private final Map<Integer, Runnable> leftBehind = new ConcurrentHashMap<>();

    private final AtomicInteger numbers = new AtomicInteger();
    private volatile boolean gone;
    private volatile String fullBecause = "";
    private volatile @Nullable String killedBecause;

    @SuppressWarnings("this-escape")
    private EmbeddedHost(ProcessBuilder builder, boolean own, FrameBudget budget)
            throws WorkerException, InterruptedException {
        this.own = own;
        this.process =
                WorkerProcess.start(
                        builder,
                        "embedded Python",
                        this,
                        budget,
                        new WorkerProcess.Bounds(Optional.of(secret), Integer.MAX_VALUE));
        process.follow();
    }

    /// @param own it houses one input and ends with it
    static EmbeddedHost start(ProcessBuilder builder, boolean own, FrameBudget budget)
            throws WorkerException, InterruptedException {
        return new EmbeddedHost(builder, own, budget);
    }

    /// @param loadLimit how long loading may stand still
    /// @param unendable has the input's name while its loading was given up and goes on all the
    ///   same, because ending it would end others
    Session open(
            WorkerSpec spec,
            WorkerListener listener,
            Supplier<Duration> loadLimit,
            Set<String> unendable)
            throws WorkerException, FullException, InterruptedException {
        Session session = new Session(spec, numbers.incrementAndGet(), listener, this);
        Seat seat = new Seat(session, unendable);
        seals.put(session.number(), Seal.ofSeat(secret, session.number()));
        seats.put(session.number(), seat);
        seat.start();
        if (gone) {
            seat.end("it ended before the input was opened");
        }
        try {
            session.load(loadLimit);
        } catch (WorkerException e) {
            if (!seat.refused.isEmpty()) {
                throw new FullException(seat.refused);
            }
            throw e;
        }
        return session;
    }

    /// The process has no room for another input; those that it has go on.
    static final class FullException extends Exception {
        private static final long serialVersionUID = 1L;

        FullException(String message) {
            super(message);
        }
    }

    /// Whether it refused an input for want of heap, and none has left since.
    boolean isFull() {
        return !fullBecause.isEmpty();
    }

    String fullBecause() {
        return fullBecause;
    }

    boolean isGone() {
        return gone || killedBecause != null;
    }

    @Override
    public void frame(Frame.Received received) {
        Frame frame = received.frame();
        Seal seal = seals.get(frame.worker());
        if (seal == null || !seal.isNext(frame, received.proof())) {
            received.hold().close();
            refuse(frame);
            return;
        }
        Seat seat = seats.get(frame.worker());
        if (seat != null) {
            seat.hear(received);
        } else {
            received.hold().close();
            if (frame.kind() == Kind.CLOSED) {
                ended(frame.worker());
            }
        }
        if (frame.kind() == Kind.CLOSED) {
            seals.remove(frame.worker());
        }
    }

    /// All inputs of this process can write to its pipe, so the culprit is not known.
    private void refuse(Frame frame) {
        Seat seat = seats.get(frame.worker());
        refused++;
        long now = System.nanoTime();
        long before = seat == null ? refusedAt : seat.refusedAt;
        if (before != 0 && now - before < REFUSED_EVERY.toNanos()) {
            return;
        }
        if (seat == null) {
            refusedAt = Math.max(1, now);
        } else {
            seat.refusedAt = Math.max(1, now);
        }
        log.warn(
                "embedded Python (process {}): refused a frame of kind {} {}: it was not written by"
                        + " that input's interpreter. Something in the process writes to the pipe"
                        + " that its inputs share; which one does cannot be told. Refused so far:"
                        + " {}. Give inputs that you do not trust isolation = \"own\"",
                pid(),
                frame.kind(),
                seat == null
                        ? "for a seat that nobody has, " + frame.worker()
                        : "in the name of input " + seat.session.spec().input(),
                refused);
    }

    private void ended(int worker) {
        Runnable left = leftBehind.remove(worker);
        if (left != null) {
            left.run();
        }
    }

    @Override
    public void errorLine(String line) {
        Seat only = own ? seats.values().stream().findAny().orElse(null) : null;
        if (only == null) {
            log.warn("embedded Python: {}", line);
        } else {
            only.session.output("", WorkerListener.Stream.STDERR, line);
        }
    }

    @Override
    public void ended(String how) {
        gone = true;
        String because = killedBecause;
        String what = because == null ? how : "the host process was killed: " + because;
        if (!own && process.sentBadFrame()) {
            what +=
                    "; which of its inputs did cannot be told (isolation = \"own\" keeps one"
                            + " apart)";
        }
        String told = what;
        seats.values().forEach(seat -> seat.end(told));
        seats.clear();
        leftBehind.keySet().forEach(this::ended);
    }

    @Override
    public void send(Frame frame) throws IOException {
        process.send(frame.kind() == Kind.OPEN ? frame.behind(beforeOpen(frame.worker())) : frame);
    }

    /// What the host itself reads of an OPEN.
    private byte[] beforeOpen(int number) {
        Seat seat = seats.get(number);
        int processes =
                seat == null
                        ? Limits.DEFAULT.processes()
                        : seat.session.spec().limits().processes();
        return ByteBuffer.allocate(GraalHost.BEFORE_OPEN).putInt(processes).array();
    }

    @Override
    public long pid() {
        return process.pid();
    }

    @Override
    public Duration grace() {
        return INTERRUPT_GRACE;
    }

    @Override
    public void kill(Session culprit, String why) {
        killedBecause = why;
        process.kill();
    }

    /// Closes its context alone. One that cannot be closed, because of a long built-in operation
    /// say, is left behind until it ends by itself, as long as others live here.
    @Override
    public void giveUp(Session session, String why) {
        boolean closed = false;
        try {
            process.send(Frame.of(Kind.CLOSE, session.number(), 0));
            closed = !own && session.awaitClosed(CLOSE_GRACE);
        } catch (IOException _) {
            closed = true; // with its process
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        Seat seat = seats.remove(session.number());
        if (seat != null) {
            seat.end("given up");
            fullBecause = "";
        }
        if (closed) {
            return;
        }
        if (seats.isEmpty()) {
            killedBecause = why;
            end();
        } else if (seat != null) {
            log.warn(
                    "{}, and that could not be ended without ending the inputs that share its"
                            + " process {}: it goes on there, unheard, until it ends by itself. As"
                            + " long as it does, the input starts in a process of its own",
                    why,
                    pid());
            String input = session.spec().input();
            seat.unendable.add(input);
            leftBehind.put(session.number(), () -> seat.unendable.remove(input));
        }
    }

    @Override
    public void release(Session session) {
        try {
            process.send(Frame.of(Kind.CLOSE, session.number(), 0));
        } catch (IOException _) {
            // it is gone already
        }
        try {
            if (!session.awaitClosed(CLOSE_GRACE)) {
                kill(session, "input " + session.spec().input() + " could not be closed");
                process.awaitEnd(KILL_GRACE);
            }
        } catch (InterruptedException _) {
            kill(session, "the agent stops");
            Thread.currentThread().interrupt();
        }
        Seat seat = seats.remove(session.number());
        if (seat != null) {
            seat.end("closed");
            if (seat.refused.isEmpty()) {
                fullBecause = "";
            }
        }
        if (own) {
            end();
        }
    }

    /// Lets a process that was started for training end; false when it did not within `limit`.
    boolean endByItself(Duration limit) throws IOException, InterruptedException {
        process.endInput();
        return process.awaitEnd(limit);
    }

    /// Ends the process; its inputs have been closed.
    void end() {
        if (killedBecause == null) {
            killedBecause = "the agent stops";
        }
        process.kill();
        try {
            process.awaitEnd(KILL_GRACE);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /// One input's place: its session, and the queue of frames that it has not heard yet.
    private final class Seat {
        private final Session session;
        private final LinkedBlockingQueue<Runnable> queue = new LinkedBlockingQueue<>();
        private final AtomicInteger unheard = new AtomicInteger(); // queued or being heard
        private final AtomicInteger waitingLines = new AtomicInteger();
        private final AtomicLong waitingBytes = new AtomicLong();
        private final AtomicBoolean misbehaved = new AtomicBoolean();
        private final AtomicInteger droppedLines = new AtomicInteger();
        private final Set<String> unendable;
        private volatile boolean over;
        private volatile String refused = "";
        private long refusedAt; // the process's reader alone

        Seat(Session session, Set<String> unendable) {
            this.session = session;
            this.unendable = unendable;
        }

        void start() {
            Thread.ofVirtual().name("input-" + session.spec().input()).start(this::work);
        }

        private void work() {
            try {
                while (!over) {
                    Runnable next = queue.take();
                    try {
                        next.run();
                    } catch (RuntimeException | Error e) { // the next frames are heard all the same
                        log.error(
                                "input {}: a frame could not be handled",
                                session.spec().input(),
                                e);
                    }
                    unheard.decrementAndGet();
                }
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
        }

        void hear(Frame.Received received) {
            Frame frame = received.frame();
            if (frame.kind() == Kind.REPORT && unheard.get() == 0 && hearAtOnce(received)) {
                received.hold().close();
                return;
            }
            if (frame.kind() == Kind.OUTPUT) {
                int bytes = frame.payload().length;
                boolean many = waitingLines.incrementAndGet() > MAX_WAITING_LINES;
                // One line passes, however long it is.
                boolean much =
                        waitingBytes.addAndGet(bytes) > MAX_WAITING_BYTES && waitingLines.get() > 1;
                if (many || much) {
                    waitingLines.decrementAndGet();
                    waitingBytes.addAndGet(-bytes);
                    droppedLines.incrementAndGet();
                    received.hold().close();
                    return;
                }
                later(() -> {
                    waitingLines.decrementAndGet();
                    waitingBytes.addAndGet(-bytes);
                    pass(received);
                    tellDropped();
                });
            } else if (frame.kind() == Kind.CLOSED) {
                received.hold().close();
                String how = frame.text();
                if (how.startsWith(GraalHost.FULL)) {
                    refused = how.substring(GraalHost.FULL.length());
                    fullBecause = refused;
                }
                end(how);
            } else {
                later(() -> pass(received));
            }
        }

        private void later(Runnable task) {
            unheard.incrementAndGet();
            queue.add(task);
        }

        private boolean hearAtOnce(Frame.Received received) {
            try {
                return session.reportAtOnce(received.frame(), received.hold());
            } catch (IOException | RuntimeException e) {
                failed(received.frame(), e);
                return true;
            }
        }

        private void tellDropped() {
            int dropped = waitingLines.get() == 0 ? droppedLines.getAndSet(0) : 0;
            if (dropped > 0) {
                session.output(
                        "",
                        WorkerListener.Stream.LOG,
                        dropped + " lines of output dropped: they came faster than they were read");
            }
        }

        private void pass(Frame.Received received) {
            try (FrameBudget.Hold hold = received.hold()) {
                session.handle(received.frame(), hold);
            } catch (IOException | RuntimeException e) {
                failed(received.frame(), e);
            }
        }

        private void failed(Frame frame, Exception e) {
            if (e instanceof BadFrameException) {
                misbehaved("sent " + e.getMessage());
                return;
            }
            log.error(
                    "input {}: a frame of kind {} could not be handled",
                    session.spec().input(),
                    frame.kind(),
                    e);
        }

        /// Its interpreter is closed, and the others stay. Not on the seat's own thread, which is
        /// to hear of it.
        void misbehaved(String what) {
            if (!misbehaved.compareAndSet(false, true)) {
                return;
            }
            String input = session.spec().input();
            log.warn("input {} {}: it is ended with all that it started", input, what);
            session.blame("it " + what + ", so it was ended", "");
            Thread _ =
                    Thread.ofVirtual()
                            .name("end-" + input)
                            .start(() -> giveUp(session, "input " + input + " " + what));
        }

        void end(String how) {
            later(() -> {
                over = true;
                session.gone(how);
            });
        }
    }
}
