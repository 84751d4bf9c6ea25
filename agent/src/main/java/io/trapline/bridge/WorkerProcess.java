package io.trapline.bridge;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;

/// A worker's operating system process: its pipes, its end, and the end of all it started.
///
/// Any thread may call any method; [Events] is called by the process's own two reader threads.
final class WorkerProcess {
    private static final int LAST_LINES = 20;

    /// Starts all processes: the kernel takes a worker's parent to be the thread that started it,
    /// and tells the worker when that one ends.
    private static final ExecutorService STARTER =
            Executors.newSingleThreadExecutor(
                    Thread.ofPlatform().daemon().name("worker-starter").factory());

    private final Process process;
    private final Events events;
    private final Thread reader;
    private final ReentrantLock writing = new ReentrantLock();
    private final ArrayDeque<String> lastLines = new ArrayDeque<>(); // guarded by itself

    interface Events {
        /// One call at a time, in order.
        void frame(Frame frame) throws IOException;

        /// A line on the process's real standard error.
        void errorLine(String line);

        /// The last call: the process is gone, and what it started with it.
        void ended(String how);
    }

    private WorkerProcess(Process process, String name, Events events) {
        this.process = process;
        this.events = events;
        Thread errors =
                Thread.ofPlatform()
                        .daemon()
                        .name(name + "-stderr")
                        .unstarted(() -> followErrors(process.getErrorStream()));
        this.reader = Thread.ofPlatform().daemon().name(name).unstarted(() -> followFrames(errors));
        errors.start();
    }

    /// @param what for messages
    static WorkerProcess start(ProcessBuilder builder, String what, Events events)
            throws WorkerException, InterruptedException {
        Future<Process> starting = STARTER.submit(builder::start);
        try {
            return new WorkerProcess(starting.get(), what, events);
        } catch (ExecutionException e) {
            throw new WorkerException(
                    what + ": could not start " + builder.command().getFirst() + ": " + e, e);
        }
    }

    /// Lets [Events] be called; not before the caller is ready for it.
    void follow() {
        reader.start();
    }

    long pid() {
        return process.pid();
    }

    void send(Frame frame) throws IOException {
        writing.lock();
        try {
            frame.write(process.getOutputStream());
        } finally {
            writing.unlock();
        }
    }

    /// Tells the process that there is nothing more to hear.
    void endInput() throws IOException {
        process.getOutputStream().close();
    }

    /// Waits until the process has ended and [Events] has been told.
    boolean awaitEnd(Duration limit) throws InterruptedException {
        return reader.join(limit);
    }

    /// Ends the process and all it started, at once.
    void kill() {
        List<ProcessHandle> children = process.descendants().toList();
        process.destroyForcibly();
        Posix.killGroup(process.pid());
        children.forEach(ProcessHandle::destroyForcibly);
    }

    private void followFrames(Thread errors) {
        String trouble = "";
        try (DataInputStream in =
                new DataInputStream(new BufferedInputStream(process.getInputStream(), 1 << 16))) {
            Optional<Frame> frame = Frame.read(in);
            while (frame.isPresent()) {
                events.frame(frame.get());
                frame = Frame.read(in);
            }
        } catch (IOException e) {
            trouble = process.isAlive() ? " (" + e.getMessage() + ")" : "";
        } finally {
            String how;
            try {
                how = end(errors) + trouble;
            } catch (InterruptedException _) {
                how = "the agent gave up on it";
            }
            events.ended(how);
        }
    }

    private String end(Thread errors) throws InterruptedException {
        boolean byItself = process.waitFor(1, TimeUnit.SECONDS);
        kill();
        int code = process.waitFor();
        errors.join(Duration.ofSeconds(1));
        String how =
                code > 128
                        ? "it was ended by signal " + (code - 128)
                        : "it ended with exit code " + code;
        String last = lastWords();
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
