package io.trapline.bridge;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A worker's operating system process: its pipes, its end, and the end of all it started.
///
/// Any thread may call any method; [Events] is called by the process's own two reader threads.
final class WorkerProcess {
    private static final Logger log = LoggerFactory.getLogger(WorkerProcess.class);
    private static final int LAST_LINES = 20;
    private static final Duration UNREAD_LIMIT = Duration.ofSeconds(20);

    /// How long a pipe may stay open, with nothing in it, after its process has ended.
    private static final Duration ORPHANED_LIMIT = Duration.ofMillis(500);

    /// After which its end is told all the same: whoever holds it could not be ended.
    private static final Duration ABANDONED_LIMIT = Duration.ofSeconds(5);

    /// Starts all processes: the kernel takes a worker's parent to be the thread that started it,
    /// and tells the worker when that one ends.
    private static final ExecutorService STARTER =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("worker-starter").factory());

    private final Process process;
    private final Events events;
    private final Thread reader;
    private final Thread errors;
    private final ReentrantLock writing = new ReentrantLock();
    private final ArrayDeque<String> lastLines = new ArrayDeque<>(); // guarded by itself
    private final FrameBudget.Share share;
    private final Watch watched;
    private final String what;
    private final int sealBytes;
    private final Optional<Seal> seal; // guarded by `writing`
    private volatile long writingSince; // System.nanoTime(), 0 when nothing is being written
    private final Optional<String> pipe;
    private final ReentrantLock telling = new ReentrantLock(); // calls of `events`, and `told`
    private boolean told; // that it has ended
    private final CountDownLatch ended = new CountDownLatch(1);
    private volatile long readingSince; // System.nanoTime(), 0 when no frame is waited for
    private volatile long goneSince; // System.nanoTime(), 0 as long as the process was seen alive
    private volatile boolean orphaned; // its pipe was held by others, which were ended
    private volatile String killedBecause = "";
    private volatile boolean sentBadFrame;

    interface Events {
        /// One call at a time, in order.
        ///
        /// @param received its hold is the receiver's to close
        /// @throws BadFrameException to have the process ended
        void frame(Frame.Received received) throws IOException;

        /// A line on the process's real standard error.
        void errorLine(String line);

        /// The last call: the process is gone, and what it started with it.
        void ended(String how);
    }

    private WorkerProcess(
            Process process, String name, Events events, FrameBudget budget, Bounds bounds) {
        this.watched = new Watch(bounds.processes());
        this.process = process;
        this.pipe = PipeHolders.outputOf(process.pid());
        this.events = events;
        this.what = name;
        this.sealBytes = bounds.secret().isPresent() ? Seal.BYTES : 0;
        this.seal = bounds.secret().map(Seal::ofAgent);
        this.share = budget.share(this::kill);
        this.errors =
                Thread.ofPlatform()
                        .daemon()
                        .name(name + "-stderr")
                        .unstarted(() -> followErrors(process.getErrorStream()));
        this.reader = Thread.ofPlatform().daemon().name(name).unstarted(this::followFrames);
        errors.start();
    }

    /// @param secret of the seals that the frames have in both directions, told to it at its start
    /// @param processes how many it may start; `Integer.MAX_VALUE` = who lives in it counts
    record Bounds(Optional<byte[]> secret, int processes) {}

    /// @param what for messages
    /// @param budget for the frames that it sends
    static WorkerProcess start(
            ProcessBuilder builder, String what, Events events, FrameBudget budget, Bounds bounds)
            throws WorkerException, InterruptedException {
        Future<Process> starting = STARTER.submit(builder::start);
        try {
            Process process = starting.get();
            boolean followed = false;
            try {
                if (bounds.secret().isPresent()) {
                    process.getOutputStream().write(bounds.secret().get());
                    process.getOutputStream().flush();
                }
                WorkerProcess worker = new WorkerProcess(process, what, events, budget, bounds);
                followed = true;
                return worker;
            } finally {
                if (!followed) {
                    process.destroyForcibly(); // no thread for it: nobody would hear of it
                }
            }
        } catch (IOException e) {
            throw new WorkerException(
                    what + ": " + builder.command().getFirst() + " ended as it started", e);
        } catch (ExecutionException e) {
            throw new WorkerException(
                    what + ": could not start " + builder.command().getFirst() + ": " + e, e);
        }
    }

    /// Lets [Events] be called; not before the caller is ready for it.
    void follow() {
        reader.start();
        ProcessWatch.add(watched);
    }

    /// What it may start, and that it reads what it is told: a script can neither fill the machine
    /// nor, by leaving its pipe full, hold a thread of the agent.
    private final class Watch implements ProcessWatch.Watched {
        private final int most;

        Watch(int most) {
            this.most = most;
        }

        @Override
        public Set<Long> roots() {
            return most == Integer.MAX_VALUE ? Set.of() : Set.of(pid());
        }

        @Override
        public long interpreter() {
            return pid();
        }

        @Override
        public int most() {
            return most;
        }

        @Override
        public void exceeds(String what) {
            accuse(what);
        }

        @Override
        public void exceeded() {
            kill();
        }

        @Override
        public void look() {
            long since = writingSince;
            if (since != 0 && System.nanoTime() - since > UNREAD_LIMIT.toNanos()) {
                kill("did not read what the agent told it for " + UNREAD_LIMIT.toSeconds() + " s");
            }
            lookForOrphans();
        }
    }

    /// When the process has ended, its pipe has too, unless somebody that it forked holds it.
    private void lookForOrphans() {
        if (process.isAlive()) {
            return;
        }
        long now = System.nanoTime();
        if (goneSince == 0) {
            goneSince = Math.max(1, now);
        }
        long reading = readingSince;
        long limit = ORPHANED_LIMIT.toNanos();
        if (reading == 0 || now - reading < limit || now - goneSince < limit) {
            return;
        }
        if (orphaned) {
            if (now - goneSince >= ABANDONED_LIMIT.toNanos()) {
                ProcessWatch.remove(watched);
                Thread.ofPlatform().daemon().name(what + "-end").start(() -> tellEnd(""));
            }
            return;
        }
        orphaned = true;
        List<Long> holders = pipe.map(PipeHolders::of).orElse(List.of());
        log.warn(
                "{} (process {}) has ended, but what it had started keeps its pipe to the agent"
                        + " open: {}",
                what,
                pid(),
                holders.isEmpty()
                        ? "who that is cannot be told, and it is left alone"
                        : "processes " + holders + " are ended");
        holders.forEach(Posix::kill);
    }

    /// Whether it was ended because its pipe carried what is no frame.
    boolean sentBadFrame() {
        return sentBadFrame;
    }

    long pid() {
        return process.pid();
    }

    void send(Frame frame) throws IOException {
        writing.lock();
        try {
            writingSince = Math.max(1, System.nanoTime());
            byte[] proof = seal.isPresent() ? seal.get().next(frame) : new byte[0];
            frame.write(process.getOutputStream(), proof);
        } finally {
            writingSince = 0;
            writing.unlock();
        }
    }

    /// Tells the process that there is nothing more to hear.
    void endInput() throws IOException {
        process.getOutputStream().close();
    }

    /// Waits until the process has ended and [Events] has been told.
    boolean awaitEnd(Duration limit) throws InterruptedException {
        return ended.await(limit.toNanos(), TimeUnit.NANOSECONDS);
    }

    /// The same for what it did, which is told and logged.
    ///
    /// @param why such as `sent a frame of unknown kind 99`
    void kill(String why) {
        accuse(why);
        kill();
    }

    private void accuse(String why) {
        if (killedBecause.isEmpty()) {
            killedBecause = "it " + why + ", so it was ended with all that it had started";
            log.warn("{} (process {}) {}: it is ended with all that it started", what, pid(), why);
        }
    }

    /// Ends the process and all it started, at once.
    void kill() {
        share.close();
        List<ProcessHandle> children = process.descendants().toList();
        process.destroyForcibly();
        Posix.killGroup(process.pid());
        children.forEach(ProcessHandle::destroyForcibly);
    }

    private void followFrames() {
        String trouble = "";
        try (DataInputStream in =
                new DataInputStream(new BufferedInputStream(process.getInputStream(), 1 << 16))) {
            Optional<Frame.Received> frame = read(in);
            while (frame.isPresent() && tell(frame.get())) {
                frame = read(in);
            }
        } catch (BadFrameException e) {
            // Also of one that is gone by now: the same garbage may have reached its own input.
            if (killedBecause.isEmpty()) {
                sentBadFrame = true;
                kill(
                        "sent "
                                + e.getMessage()
                                + " (something in it writes to the pipe that it shares with the"
                                + " agent)");
            }
        } catch (IOException e) {
            trouble = process.isAlive() ? " (" + e.getMessage() + ")" : "";
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            log.error("{}: a frame could not be handled", what, e);
            kill("sent a frame that the agent could not handle");
        } finally {
            tellEnd(trouble);
        }
    }

    private Optional<Frame.Received> read(DataInputStream in)
            throws IOException, InterruptedException {
        readingSince = Math.max(1, System.nanoTime());
        try {
            return Frame.read(in, share, sealBytes);
        } finally {
            readingSince = 0;
        }
    }

    /// @return false when its end has been told, after which there is nothing to tell
    private boolean tell(Frame.Received frame) throws IOException {
        telling.lock();
        try {
            if (told) {
                frame.hold().close();
                return false;
            }
            events.frame(frame);
            return true;
        } finally {
            telling.unlock();
        }
    }

    private void tellEnd(String trouble) {
        telling.lock();
        try {
            if (told) {
                return;
            }
            told = true;
            String how;
            try {
                how = end() + trouble;
            } catch (InterruptedException _) {
                how = "the agent gave up on it";
            }
            events.ended(how);
        } finally {
            telling.unlock();
            ended.countDown();
        }
    }

    private String end() throws InterruptedException {
        boolean byItself = process.waitFor(1, TimeUnit.SECONDS);
        kill();
        ProcessWatch.remove(watched);
        int code = process.waitFor();
        errors.join(Duration.ofSeconds(1));
        String how =
                code > 128
                        ? "it was ended by signal " + (code - 128)
                        : "it ended with exit code " + code;
        String last = lastWords();
        if (!killedBecause.isEmpty()) {
            return killedBecause;
        }
        return (byItself ? how : "it closed its pipe and was killed")
                + (last.isEmpty() ? "" : "; its last words:\n" + last);
    }

    private void followErrors(InputStream stream) {
        try (Lines lines = new Lines(stream)) {
            Optional<String> line = lines.next();
            while (line.isPresent()) {
                synchronized (lastLines) {
                    if (lastLines.size() == LAST_LINES) {
                        lastLines.removeFirst();
                    }
                    lastLines.add(line.get());
                }
                events.errorLine(line.get());
                line = lines.next();
            }
        } catch (IOException _) {
            // the process is gone; the reader of its frames says so
        }
    }

    private String lastWords() {
        synchronized (lastLines) {
            return String.join("\n", lastLines);
        }
    }
}
