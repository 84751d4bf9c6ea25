package io.trapline.bridge;

import io.trapline.bridge.Frame.Kind;
import io.trapline.bridge.WorkerListener.Reply;
import io.trapline.bridge.WorkerListener.RunEnd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One input's side of the protocol, the same for both kinds of worker.
///
/// The carrier calls [#handle] and [#gone] from one thread at a time.
final class Session implements Worker {
    private static final Logger log = LoggerFactory.getLogger(Session.class);

    private static final Set<String> ENDS =
            Set.of("returned", "raised", "exited", "interrupted", "disturbed");

    /// How long loading may stand still at one module or class.
    static final Duration LOAD_LIMIT = Duration.ofMinutes(2);

    /// The interpreter itself may take so many times that: no script's code runs then, and on a
    /// machine that is overloaded it has taken over two minutes.
    private static final int START_LIMITS = 5;

    private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);

    /// The process that the session lives in, as far as the session can see it.
    interface Carrier {
        void send(Frame frame) throws IOException;

        long pid();

        /// How long an interrupt may take before [#kill].
        Duration grace();

        /// Ends the process; [Session#gone] follows for all that live in it.
        ///
        /// @param why for the sessions that are not to blame
        void kill(Session culprit, String why);

        /// Ends an interpreter that is still loading, as far as that costs no other session
        /// anything; waits for that a few seconds.
        ///
        /// @param why as for [#kill]
        void giveUp(Session loading, String why);

        /// Asks the interpreter to end, waits, and makes sure that it has.
        void release(Session session);
    }

    private enum State {
        LOADING,
        OPEN,
        CLOSING,
        OVER
    }

    private record ActiveRun(String collector, CountDownLatch over) {}

    private record Blame(String reason, String culprit) {}

    /// @param what is being loaded
    /// @param since `System.nanoTime()`
    /// @param limits how many times the limit it may take
    private record Step(String what, long since, int limits) {
        Duration limit(Supplier<Duration> one) {
            return one.get().multipliedBy(limits);
        }
    }

    private final WorkerSpec spec;
    private final int number;
    private final WorkerListener listener;
    private final Carrier carrier;
    private final CompletableFuture<Loaded> loading = new CompletableFuture<>();
    private volatile Step step =
            new Step("the interpreter's start", System.nanoTime(), START_LIMITS);
    private final CountDownLatch closed = new CountDownLatch(1);

    /// Held while the listener is called, so that a closed session is silent.
    private final ReentrantLock calling = new ReentrantLock();

    /// Guards `state`, `runs` and `blame`.
    private final ReentrantLock lock = new ReentrantLock();

    private State state = State.LOADING;
    private final Map<Long, ActiveRun> runs = new HashMap<>();
    private @Nullable Blame blame;

    Session(WorkerSpec spec, int number, WorkerListener listener, Carrier carrier) {
        this.spec = spec;
        this.number = number;
        this.listener = listener;
        this.carrier = carrier;
    }

    /// Loads the modules. When this throws, the session is over.
    ///
    /// @param limit how long it may stand still at one module or class
    void load(Supplier<Duration> limit) throws WorkerException, InterruptedException {
        try {
            step = new Step("the interpreter's start", System.nanoTime(), START_LIMITS);
            carrier.send(Frame.of(Kind.OPEN, number, 0, Loaded.request(spec)));
            awaitLoaded(limit);
        } catch (IOException _) {
            // It ended before it heard us; what gone() is told says more.
            carrier.release(this);
            throw new WorkerException(
                    described(whatHappened("the interpreter ended while it started")));
        } catch (ExecutionException e) {
            carrier.release(this);
            throw new WorkerException(described(causeOf(e)));
        } catch (TimeoutException _) {
            carrier.giveUp(this, described("its modules did not load"));
            end();
            throw new WorkerException(
                    described(
                            "its modules did not load: it stood still for "
                                    + step.limit(limit).toSeconds()
                                    + " s at "
                                    + step.what()
                                    + "; look for an endless loop or a wait at module level or in a"
                                    + " constructor"));
        } catch (InterruptedException e) {
            carrier.giveUp(this, described("it is not needed any more"));
            end();
            throw e;
        }
    }

    /// A busy machine may make loading as slow as it likes, as long as it goes on.
    private void awaitLoaded(Supplier<Duration> limit)
            throws InterruptedException, ExecutionException, TimeoutException {
        while (true) {
            Step seen = step;
            long left = seen.limit(limit).toNanos() - (System.nanoTime() - seen.since());
            try {
                loading.get(Math.clamp(left, 0, LOOK_AGAIN.toNanos()), TimeUnit.NANOSECONDS);
                return;
            } catch (TimeoutException e) {
                if (left <= 0 && seen.equals(step)) {
                    throw e;
                }
            }
        }
    }

    private String whatHappened(String otherwise) {
        try {
            loading.get(2, TimeUnit.SECONDS);
            return otherwise;
        } catch (ExecutionException e) {
            return causeOf(e);
        } catch (TimeoutException | InterruptedException _) {
            return otherwise;
        }
    }

    private static String causeOf(ExecutionException e) {
        Throwable cause = e.getCause();
        return String.valueOf(cause == null ? e.getMessage() : cause.getMessage());
    }

    private String described(String what) {
        return "input " + spec.input() + ": " + what;
    }

    WorkerSpec spec() {
        return spec;
    }

    int number() {
        return number;
    }

    @Override
    public List<LoadedCollector> collectors() {
        return loading.join().collectors();
    }

    @Override
    public List<LoadProblem> problems() {
        return loading.join().problems();
    }

    @Override
    public OptionalLong processId() {
        return OptionalLong.of(carrier.pid());
    }

    @Override
    public void start(String collectorId, long runId) throws WorkerException {
        lock.lock();
        try {
            if (state != State.OPEN) {
                throw new WorkerException(described("its interpreter is gone or about to end"));
            }
            runs.put(runId, new ActiveRun(collectorId, new CountDownLatch(1)));
        } finally {
            lock.unlock();
        }
        try {
            carrier.send(Frame.of(Kind.START, number, runId, collectorId));
        } catch (IOException e) {
            finish(runId);
            throw new WorkerException(described("its interpreter is gone"), e);
        }
    }

    @Override
    public void interrupt(long runId) {
        ActiveRun run;
        lock.lock();
        try {
            run = runs.get(runId);
        } finally {
            lock.unlock();
        }
        if (run == null) {
            return;
        }
        try {
            carrier.send(Frame.of(Kind.INTERRUPT, number, runId));
        } catch (IOException _) {
            return; // gone() is on its way
        }
        Thread.ofVirtual().name("interrupt-" + spec.input()).start(() -> enforce(run));
    }

    private void enforce(ActiveRun run) {
        try {
            if (!run.over().await(carrier.grace().toMillis(), TimeUnit.MILLISECONDS)) {
                String why =
                        run.collector() + " could not be interrupted, so its process was killed";
                blame(why, run.collector());
                carrier.kill(this, described(why));
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    void blame(String reason, String culprit) {
        lock.lock();
        try {
            if (blame == null) {
                blame = new Blame(reason, culprit);
            }
        } finally {
            lock.unlock();
        }
    }

    /// A frame from the interpreter.
    ///
    /// @param hold may be closed before this returns, and is the caller's to close in any case
    /// @throws BadFrameException when it is none that an interpreter sends
    void handle(Frame frame, FrameBudget.Hold hold) throws IOException {
        switch (frame.kind()) {
            case LOADED -> {
                Loaded loaded = Loaded.parse(frame.payload());
                lock.lock();
                try {
                    if (state == State.LOADING) {
                        state = State.OPEN;
                    }
                } finally {
                    lock.unlock();
                }
                loading.complete(loaded);
            }
            case LOADING -> step = new Step(frame.checkedText(0), System.nanoTime(), 1);
            case STARTED -> call(() -> listener.started(frame.number()));
            case REPORT -> report(frame, hold);
            case OUTPUT -> {
                Frame.Origin origin = frame.origin();
                output(origin.collector(), origin.stream(), frame.checkedText(origin.contentAt()));
            }
            case FINISHED -> finished(frame.number(), frame.checkedText(0));
            case DYING -> {
                String text = frame.checkedText(0);
                int cut = cut(frame, text);
                String culprit = text.substring(0, cut);
                String reason = text.substring(cut + 1);
                blame(culprit.isEmpty() ? "the script " + reason : culprit + " " + reason, culprit);
            }
            case CLOSED -> closed.countDown();
            case OPEN, START, INTERRUPT, REPLY, CLOSE ->
                    throw new BadFrameException(
                            "a frame of kind " + frame.kind() + ", which is the agent's to send");
        }
    }

    private static int cut(Frame frame, String text) throws BadFrameException {
        int cut = text.indexOf('\n');
        if (cut < 0) {
            throw new BadFrameException("a frame of kind " + frame.kind() + " without a line feed");
        }
        return cut;
    }

    private void report(Frame frame, FrameBudget.Hold hold) throws IOException {
        Frame.Origin origin = frame.origin();
        byte[] request = content(frame, origin);
        Reply[] reply = {new Reply(503, "{\"error\":\"the input is being closed\"}")};
        call(() -> reply[0] = listener.report(origin.collector(), origin.number(), request));
        hold.close(); // what the worker does with the answer is no reason to hold anything
        answer(frame, reply[0]);
    }

    /// Handles a report if that takes no waiting; else nothing has happened. As with [#handle], one
    /// thread at a time.
    boolean reportAtOnce(Frame frame, FrameBudget.Hold hold) throws IOException {
        Frame.Origin origin = frame.origin();
        byte[] request = content(frame, origin);
        List<Reply> reply = new ArrayList<>(1);
        call(() ->
                listener.reportAtOnce(origin.collector(), origin.number(), request)
                        .ifPresent(reply::add));
        if (reply.isEmpty()) {
            return false;
        }
        hold.close();
        answer(frame, reply.getFirst());
        return true;
    }

    private static byte[] content(Frame frame, Frame.Origin origin) {
        return Arrays.copyOfRange(frame.payload(), origin.contentAt(), frame.payload().length);
    }

    private void answer(Frame report, Reply reply) throws IOException {
        byte[] body = reply.body().getBytes(StandardCharsets.UTF_8);
        byte[] payload =
                ByteBuffer.allocate(2 + body.length)
                        .putShort((short) reply.status())
                        .put(body)
                        .array();
        carrier.send(new Frame(Kind.REPLY, number, report.number(), payload));
    }

    /// A line whose collector the interpreter could not tell belongs to the only one that runs.
    void output(String collector, WorkerListener.Stream stream, String line) {
        String owner = collector.isEmpty() ? soleRunning() : collector;
        call(() -> listener.output(owner, stream, line));
    }

    private String soleRunning() {
        lock.lock();
        try {
            return runs.size() == 1 ? runs.values().iterator().next().collector() : "";
        } finally {
            lock.unlock();
        }
    }

    private void finished(long runId, String text) throws BadFrameException {
        int cut = text.indexOf('\n');
        if (cut < 0 || !ENDS.contains(text.substring(0, cut))) {
            throw new BadFrameException("an end of a run of unknown kind");
        }
        if (!finish(runId)) {
            return;
        }
        String rest = text.substring(cut + 1);
        String how = text.substring(0, cut);
        RunEnd end =
                switch (how) {
                    case "returned" -> new RunEnd.Returned();
                    case "raised" -> new RunEnd.Raised(rest, false);
                    case "exited" -> new RunEnd.Raised(rest, true);
                    case "interrupted" -> new RunEnd.Interrupted(rest);
                    case "disturbed" -> new RunEnd.Disturbed(rest);
                    default -> throw new IllegalStateException("a run ended as " + how);
                };
        call(() -> listener.finished(runId, end));
    }

    private boolean finish(long runId) {
        lock.lock();
        try {
            ActiveRun run = runs.remove(runId);
            if (run != null) {
                run.over().countDown();
            }
            return run != null;
        } finally {
            lock.unlock();
        }
    }

    /// The process is gone; the last call.
    void gone(String how) {
        State before;
        Blame found;
        lock.lock();
        try {
            before = state;
            found = blame == null ? new Blame("the interpreter is gone: " + how, "") : blame;
            if (before != State.CLOSING) {
                state = State.OVER;
            }
            runs.values().forEach(run -> run.over().countDown());
            runs.clear();
        } finally {
            lock.unlock();
        }
        closed.countDown();
        loading.completeExceptionally(new WorkerException(found.reason()));
        if (before == State.OPEN) {
            calling.lock();
            try {
                listener.died(found.reason(), found.culprit());
            } catch (RuntimeException e) {
                log.error("input {}: a listener failed on its worker's end", spec.input(), e);
            } finally {
                calling.unlock();
            }
        }
    }

    private void call(Runnable call) {
        calling.lock();
        try {
            if (!isOver()) {
                call.run();
            }
        } catch (RuntimeException e) {
            log.error("input {}: a listener failed", spec.input(), e);
        } finally {
            calling.unlock();
        }
    }

    boolean isOver() {
        lock.lock();
        try {
            return state == State.OVER;
        } finally {
            lock.unlock();
        }
    }

    /// Waits until the interpreter says that its exit handlers ran, or is gone.
    boolean awaitClosed(Duration limit) throws InterruptedException {
        return closed.await(limit.toMillis(), TimeUnit.MILLISECONDS);
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (state == State.CLOSING || state == State.OVER) {
                return;
            }
            state = State.CLOSING;
        } finally {
            lock.unlock();
        }
        carrier.release(this);
        calling.lock(); // waits for a call that is under way
        try {
            end();
        } finally {
            calling.unlock();
        }
    }

    private void end() {
        lock.lock();
        try {
            state = State.OVER;
        } finally {
            lock.unlock();
        }
    }
}
