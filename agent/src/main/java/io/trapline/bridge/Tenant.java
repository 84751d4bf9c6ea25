package io.trapline.bridge;

import io.trapline.bridge.Frame.Kind;
import io.trapline.bridge.Frame.Origin;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.graalvm.polyglot.Context;
import org.graalvm.polyglot.EnvironmentAccess;
import org.graalvm.polyglot.HostAccess;
import org.graalvm.polyglot.PolyglotAccess;
import org.graalvm.polyglot.PolyglotException;
import org.graalvm.polyglot.Value;
import org.graalvm.polyglot.io.IOAccess;
import org.jspecify.annotations.Nullable;

/// One input's context in the host process.
///
/// Python runs on one platform thread for loading and one for each collector, kept over its runs.
/// All of them are started by one thread that has a working directory and a umask apart from the
/// rest of the process, so theirs is the input's own.
///
/// Python's system calls are the real ones (GraalPy's `native` backend), not the Java emulation:
/// that one ignores redirections of child processes that it cannot express. An interrupt alone does
/// not end a system call that waits; so the threads are woken until it is over.
final class Tenant {
    private static final Duration INTERRUPT_LIMIT = Duration.ofMillis(1500);
    private static final Duration RUNS_GET_ON_CLOSE = Duration.ofMillis(700);
    private static final Duration WAKE_EVERY = Duration.ofMillis(20);
    private static final String NO_MEMORY = "MemoryError: the host process has no memory left";

    private final GraalHost host;
    private final Seal seal;
    private final Watch watched;
    private final int number;
    private final Children children;
    private final Map<String, BlockingQueue<Long>> inboxes = new ConcurrentHashMap<>();
    private final Map<Long, ActiveRun> runs = new ConcurrentHashMap<>();
    private final Map<Long, CompletableFuture<String>> reports = new ConcurrentHashMap<>();
    private final AtomicLong reportNumbers = new AtomicLong();
    private final AtomicInteger interrupts = new AtomicInteger(); // under way
    private final AtomicBoolean ended = new AtomicBoolean();
    private final ExecutorService root;
    private volatile boolean folderIsOwn;
    private volatile boolean dying; // os._exit was called
    private volatile @Nullable Context context;
    private volatile @Nullable Value runner;

    private static final class ActiveRun {
        private volatile boolean asked; // its end was asked for
    }

    /// @param seal the proof that a frame is this input's; Python does not get to see it
    Tenant(GraalHost host, int number, Seal seal, int mostProcesses) {
        this.watched = new Watch(mostProcesses);
        this.host = host;
        this.seal = seal;
        this.number = number;
        this.children = new Children(this::unattributed);
        this.root =
                Executors.newSingleThreadExecutor(
                        Thread.ofPlatform().daemon().name("input-" + number).factory());
        root.execute(() -> folderIsOwn = Posix.ownFolder());
    }

    /// The processes that the input started.
    private final class Watch implements ProcessWatch.Watched {
        private final int most;
        private final AtomicBoolean on = new AtomicBoolean();

        Watch(int most) {
            this.most = most;
        }

        @Override
        public Set<Long> roots() {
            return children.groups();
        }

        @Override
        public long interpreter() {
            return 0;
        }

        @Override
        public int most() {
            return most;
        }

        @Override
        public void exceeds(String what) {
            send(Frame.of(Kind.DYING, Tenant.this.number, 0, "\n" + what + ", so it was ended"));
        }

        @Override
        public void exceeded() {
            end("it started too many processes");
        }
    }

    int number() {
        return number;
    }

    private void send(Frame frame) {
        host.send(frame, seal);
    }

    void open(String request) {
        thread("load", () -> load(request));
    }

    /// What a script may do: the host's files, sockets, processes and environment, as any program
    /// of this user may; nothing of this JVM but the one object it is handed.
    private Context newContext() {
        return Context.newBuilder("python")
                .engine(host.engine())
                .allowIO(IOAccess.ALL)
                .allowCreateThread(true)
                .allowCreateProcess(true)
                .allowNativeAccess(true)
                .allowEnvironmentAccess(EnvironmentAccess.INHERIT)
                .allowHostAccess(HostAccess.EXPLICIT)
                .allowPolyglotAccess(PolyglotAccess.NONE)
                .in(java.io.InputStream.nullInputStream())
                .out(new LineStream(WorkerListener.Stream.STDOUT, this::unattributed))
                .err(new LineStream(WorkerListener.Stream.STDERR, this::unattributed))
                .option("python.PosixModuleBackend", "native")
                .option("log.python.level", "SEVERE") // it warns of the backend when embedded
                .option("python.ForceImportSite", "false")
                .option("python.DontWriteBytecodeFlag", "false")
                .build();
    }

    private void load(String request) {
        try {
            Context made = newContext();
            context = made;
            if (ended.get()) { // it was given up before there was anything to close
                made.close(true);
                return;
            }
            Value prepare =
                    made.eval(
                            "python",
                            """
                            def prepare(folder, host):
                                import sys
                                sys.path.insert(0, folder)
                                import trapline_worker
                                return trapline_worker.embedded(host)
                            prepare
                            """);
            Value embedded = prepare.execute(host.frameworkDir().toString(), new Face());
            runner = embedded;
            String loaded = embedded.invokeMember("load", request).asString();
            send(Frame.of(Kind.LOADED, number, 0, loaded));
            standBy(embedded);
        } catch (PolyglotException e) {
            end("its modules did not load: " + described(e));
        } catch (OutOfMemoryError _) {
            end("its modules did not load: " + NO_MEMORY);
        }
    }

    /// Stays in the context: its first thread is the only one on which GraalPy calls what is to be
    /// called when an object is collected (of weak references, `weakref.finalize` and files).
    private void standBy(Value embedded) {
        while (!ended.get()) {
            try {
                embedded.invokeMember("stand_by");
            } catch (PolyglotException e) {
                if (e.isCancelled() || e.isExit() || !e.isInterrupted()) {
                    return; // the context ends
                }
            } catch (IllegalStateException _) {
                return; // the context has ended
            }
            awaitInterrupts();
        }
    }

    /// An interrupt is over once all threads are out of the context.
    private void awaitInterrupts() {
        boolean _ = Thread.interrupted();
        try {
            do {
                Thread.sleep(WAKE_EVERY);
            } while (interrupts.get() > 0);
        } catch (InterruptedException _) {
            // of the interrupt that it waits for; the next one finds this thread inside
        }
    }

    void handle(Frame frame) {
        switch (frame.kind()) {
            case START -> start(frame.text(), frame.number());
            case INTERRUPT -> interrupt(frame.number());
            case REPLY -> {
                CompletableFuture<String> waiting = reports.remove(frame.number());
                if (waiting != null) {
                    int status = (frame.payload()[0] & 0xFF) << 8 | (frame.payload()[1] & 0xFF);
                    String body = frame.text(2);
                    waiting.complete(status == 200 && body.isEmpty() ? "" : status + " " + body);
                }
            }
            case CLOSE -> thread("close", this::close);
            case OPEN, LOADED, REPORT, OUTPUT, FINISHED, DYING, CLOSED, STARTED, LOADING ->
                    System.err.println("the agent sent an unexpected frame: " + frame.kind());
        }
    }

    private void start(String collector, long run) {
        runs.put(run, new ActiveRun());
        inboxes.computeIfAbsent(
                        collector,
                        id -> {
                            BlockingQueue<Long> inbox = new LinkedBlockingQueue<>();
                            thread(id, () -> work(id, inbox));
                            return inbox;
                        })
                .add(run);
    }

    private void work(String collector, BlockingQueue<Long> inbox) {
        try {
            while (!ended.get()) {
                perform(collector, inbox.take());
            }
        } catch (InterruptedException _) {
            // an interrupt that came too late for its run
            if (!ended.get()) {
                thread(collector, () -> work(collector, inbox));
            }
        }
    }

    private void perform(String collector, long number) {
        String end;
        try {
            Value python = runner;
            end =
                    python == null
                            ? "raised\nnot loaded"
                            : python.invokeMember("run", collector, number).asString();
        } catch (PolyglotException e) {
            if (dying || e.isExit()) {
                end("a script ended it");
                return;
            }
            if (e.isInterrupted() || e.isCancelled()) {
                end = interrupted(number);
                children.end(number);
            } else {
                end = "raised\n" + described(e);
            }
        } catch (OutOfMemoryError e) {
            end = "raised\n" + NO_MEMORY + " (" + e.getMessage() + ")";
        }
        boolean _ = Thread.interrupted();
        runs.remove(number);
        send(Frame.of(Kind.FINISHED, this.number, number, end));
    }

    private String interrupted(long number) {
        ActiveRun run = runs.get(number);
        if (run != null && run.asked) {
            return "interrupted\n";
        }
        return "disturbed\nanother run of this input was interrupted";
    }

    private void interrupt(long number) {
        ActiveRun run = runs.get(number);
        Context python = context;
        if (run == null || python == null) {
            return;
        }
        run.asked = true;
        thread(
                "interrupt",
                () -> {
                    try {
                        interrupt(python, INTERRUPT_LIMIT);
                    } catch (TimeoutException _) {
                        // the agent sees that the run goes on, and ends this process
                    }
                });
    }

    private void interrupt(Context python, Duration limit) throws TimeoutException {
        int _ = interrupts.incrementAndGet();
        CountDownLatch over = new CountDownLatch(1);
        Thread.ofPlatform()
                .daemon()
                .name("wake")
                .start(() -> {
                    try {
                        do {
                            Posix.wakeAll();
                        } while (!over.await(WAKE_EVERY.toMillis(), TimeUnit.MILLISECONDS));
                    } catch (InterruptedException _) {
                        Thread.currentThread().interrupt();
                    }
                });
        try {
            python.interrupt(limit);
        } finally {
            over.countDown();
            int _ = interrupts.decrementAndGet();
        }
    }

    private void close() {
        Context python = context;
        Value running = runner;
        if (python == null || ended.get()) {
            end("");
            return;
        }
        try {
            if (!runs.isEmpty()) {
                runs.values().forEach(run -> run.asked = true);
                interrupt(python, RUNS_GET_ON_CLOSE);
            }
            if (running != null) {
                running.invokeMember("close");
            }
        } catch (TimeoutException _) {
            unattributed(
                    WorkerListener.Stream.LOG,
                    "a run could not be interrupted, the exit handlers were skipped");
        } catch (PolyglotException e) {
            unattributed(WorkerListener.Stream.LOG, "an exit handler failed: " + described(e));
        }
        end("");
    }

    /// Ends the context and says so; when that hangs, the agent ends this process.
    private void end(String why) {
        if (!ended.compareAndSet(false, true)) {
            return;
        }
        thread(
                "end",
                () -> {
                    ProcessWatch.remove(watched);
                    children.end();
                    Context python = context;
                    if (python != null) {
                        try {
                            python.close(true);
                        } catch (PolyglotException | IllegalStateException _) {
                            // it is on its way out, which is what we want
                        }
                    }
                    root.shutdown();
                    host.forget(this);
                    send(Frame.of(Kind.CLOSED, number, 0, why));
                });
    }

    private void thread(String what, Runnable task) {
        try {
            root.execute(() ->
                    Thread.ofPlatform().daemon().name("input-" + number + "-" + what).start(task));
        } catch (RejectedExecutionException _) {
            // the input has ended
        }
    }

    private void unattributed(WorkerListener.Stream stream, String line) {
        output(Origin.of(stream, ""), line);
    }

    private void output(Origin origin, String line) {
        send(Frame.from(origin, Kind.OUTPUT, number, 0, line.getBytes(StandardCharsets.UTF_8)));
    }

    /// An error of the JVM comes with the JVM's word alone: "Java heap space", or none when the
    /// stack was too deep.
    private static String message(PolyglotException e) {
        String message = e.getMessage();
        if (!e.isResourceExhausted()) {
            return String.valueOf(message);
        }
        return message == null
                ? "RecursionError: the calls are too deep for the host process"
                : NO_MEMORY + " (" + message + ")";
    }

    private static String described(PolyglotException e) {
        StringBuilder text = new StringBuilder(message(e));
        for (PolyglotException.StackFrame frame : e.getPolyglotStackTrace()) {
            if (frame.isGuestFrame()) {
                text.append("\n  at ").append(frame);
            }
        }
        return text.toString();
    }

    /// All that Python sees of this JVM.
    public final class Face {
        /// @return status, a space, body; empty for 200 without a body
        @HostAccess.Export
        public String report(String collector, long run, String request) {
            long report = reportNumbers.incrementAndGet();
            CompletableFuture<String> answer = new CompletableFuture<>();
            reports.put(report, answer);
            send(
                    Frame.from(
                            new Origin(run, collector, 0),
                            Kind.REPORT,
                            number,
                            report,
                            request.getBytes(StandardCharsets.UTF_8)));
            try {
                return answer.get();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                return "503 interrupted";
            } catch (ExecutionException e) {
                throw new IllegalStateException(e);
            } finally {
                reports.remove(report);
            }
        }

        @HostAccess.Export
        public void output(String collector, int stream, String line) {
            Tenant.this.output(new Origin(stream, collector, 0), line);
        }

        /// Where a child's standard output (0) or error (1) goes unless it is redirected.
        ///
        /// @return -1 when no pipe could be made
        @HostAccess.Export
        public int descriptor(int stream) {
            try {
                return children.descriptor(
                        stream == 0 ? WorkerListener.Stream.STDOUT : WorkerListener.Stream.STDERR);
            } catch (IOException _) {
                return -1;
            }
        }

        /// A child process was started.
        ///
        /// @param run 0 when no run did
        @HostAccess.Export
        public void childStarted(long process, long run) {
            children.started(process, run);
            if (!watched.on.getAndSet(true)) {
                ProcessWatch.add(watched);
            }
        }

        /// Whether the working directory and the umask are the input's own.
        @HostAccess.Export
        public boolean folderIsOwn() {
            return folderIsOwn;
        }

        @HostAccess.Export
        public void started(long run) {
            Tenant.this.send(Frame.of(Kind.STARTED, number, run));
        }

        @HostAccess.Export
        public void loading(String what) {
            send(Frame.of(Kind.LOADING, number, 0, what));
        }

        @HostAccess.Export
        public void dying(String collector, String reason) {
            dying = true;
            send(Frame.of(Kind.DYING, number, 0, collector + "\n" + reason));
        }
    }
}
