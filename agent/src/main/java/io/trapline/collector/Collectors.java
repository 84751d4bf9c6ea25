package io.trapline.collector;

import io.trapline.bridge.Bridge;
import io.trapline.health.PartStatus;
import io.trapline.pipeline.Decoded;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// All inputs and their collectors: what runs, when, and what became of it.
///
/// One thread watches the time and hands each tick to its input's own thread; an input never waits
/// for another. Any thread may call any method. The monitor guards `inputs`, `coming`, `ending`,
/// `retiring` and `closed`.
public final class Collectors implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Collectors.class);
    private static final Duration STOP_DEADLINE = Duration.ofSeconds(8);
    private static final Duration ANSWER = Duration.ofSeconds(5);
    private static final long LONG_AGO = Duration.ofDays(1).toNanos();
    private static final long USER_LOG_BYTES = 100_000;
    private static final int USER_LOG_BACKUPS = 10;

    private final Machine machine;
    private final Function<String, Executor> threads;
    private final Runnable afterClose;
    private final Map<String, InputRunner> inputs = new LinkedHashMap<>();
    private final Map<String, Coming> coming = new HashMap<>();
    private final Map<String, CompletableFuture<Void>> ending = new HashMap<>();
    private final List<InputRunner> retiring = new ArrayList<>();
    private boolean closed;

    /// A changed input that is being loaded beside the one that runs.
    private record Coming(InputRunner runner, CompletableFuture<String> verdict) {}

    /// @param bridge stays the caller's to close, after this
    /// @param decode from the body of a report to checked points
    /// @param sink where points and runs go
    /// @param nanos the monotonic clock
    /// @param wall the wall clock
    /// @param pauses stay the caller's to close, after this
    public Collectors(
            Bridge bridge,
            Function<byte[], Decoded> decode,
            Sink sink,
            LongSupplier nanos,
            InstantSource wall,
            CollectorSettings settings,
            Pauses pauses) {
        Timeline timeline = new Timeline(nanos);
        ExecutorService writer =
                Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("collector-").factory());
        this(
                bridge,
                decode,
                sink,
                nanos,
                wall,
                settings,
                timeline,
                timeline.sure(writer),
                Collectors::thread,
                writer::shutdown,
                pauses);
        timeline.startThread();
    }

    /// For tests, which decide when something happens.
    ///
    /// @param threads one executor for each input, which runs steps one after the other
    Collectors(
            Bridge bridge,
            Function<byte[], Decoded> decode,
            Sink sink,
            LongSupplier nanos,
            InstantSource wall,
            CollectorSettings settings,
            Timeline timeline,
            Executor writer,
            Function<String, Executor> threads,
            Runnable afterClose,
            Pauses pauses) {
        this.machine =
                new Machine(
                        bridge,
                        decode,
                        sink,
                        new Ledger(sink, writer, timeline, nanos),
                        timeline,
                        nanos,
                        wall,
                        new WallClock(nanos, wall),
                        writer,
                        settings,
                        new RotatingFile(
                                settings.userHome().resolve("_datakit_pythond_cli.log"),
                                USER_LOG_BYTES,
                                USER_LOG_BACKUPS),
                        new Lateness(),
                        new AtomicLong(nanos.getAsLong() - LONG_AGO),
                        pauses);
        this.threads = threads;
        this.afterClose = afterClose;
    }

    /// Started at once: later there may be no thread to be had.
    private static Executor thread(String input) {
        ThreadPoolExecutor one =
                new ThreadPoolExecutor(
                        1,
                        1,
                        0,
                        TimeUnit.SECONDS,
                        new LinkedBlockingQueue<>(),
                        Thread.ofPlatform().name("input-" + input).daemon().factory());
        int _ = one.prestartAllCoreThreads();
        return one;
    }

    /// How the thread of the schedule is doing; inputs have a [#status].
    public PartStatus part() {
        return machine.timeline().part();
    }

    /// Starts, stops and replaces what differs from now; everything else misses no tick. Returns
    /// when that has begun; [#awaitSettled] waits for it.
    ///
    /// An input differs when its block does (wherever it stands) or the content of a Python file
    /// that it runs or can import. Its new version is loaded first, and then goes on where the old
    /// one stops; when it does not load, the old one goes on and [InputStatus#problems] says why.
    ///
    /// @return the inputs that this starts, replaces or ends, by name
    public List<String> apply(List<InputSettings> wanted) {
        return apply(wanted, Set.of());
    }

    /// As above, and an input that runs and has one of the `restless` files stays as it is.
    public synchronized List<String> apply(List<InputSettings> wanted, Set<Path> restless) {
        List<String> touched = new ArrayList<>();
        retiring.removeIf(InputRunner::isStopped);
        Map<String, InputRunner> before = new LinkedHashMap<>(inputs);
        inputs.clear();
        CollectorSettings shared = machine.settings();
        Discovery discovery = new Discovery(shared.pythonRoots().get(), shared.runsAsRoot());
        for (InputSettings settings : wanted) {
            String name = settings.name();
            InputRunner old = before.remove(name);
            Discovery.Found found = discovery.find(settings);
            if (old != null && Fingerprint.isOfOneOf(found, restless)) {
                inputs.put(name, old);
                continue;
            }
            String files = Fingerprint.of(found);
            Coming loading = coming.get(name);
            if (old != null && same(old, settings, files)) {
                forget(name);
                old.refuseChange("");
                inputs.put(name, old);
            } else if (old == null || !old.isUp() || found.modules().isEmpty()) {
                forget(name);
                inputs.put(name, startAnew(settings, old));
                touched.add(name);
            } else {
                inputs.put(name, old);
                if (loading == null || !same(loading.runner, settings, files)) {
                    forget(name);
                    loadBeside(old, settings);
                    touched.add(name);
                }
            }
        }
        for (InputRunner gone : before.values()) {
            LOG.info("input {}: no longer configured", gone.settings().name());
            forget(gone.settings().name());
            end(gone, "the input is no longer configured");
            touched.add(gone.settings().name());
        }
        return touched;
    }

    private InputRunner startAnew(InputSettings settings, @Nullable InputRunner old) {
        InputRunner fresh = owned(new InputRunner(settings, machine, thread(settings)));
        LOG.info("input {}: {}", settings.name(), old == null ? "starts" : "changed, starts anew");
        if (old != null) {
            end(old, "the input changed");
        }
        // The old one has nothing to lose, and two would fight over ports and files.
        var _ = endOf(settings.name()).thenRun(fresh::start);
        return fresh;
    }

    private void loadBeside(InputRunner old, InputSettings settings) {
        String name = settings.name();
        InputRunner fresh = owned(new InputRunner(settings, machine, thread(settings), old));
        CompletableFuture<String> verdict = fresh.openAside(old.broken());
        coming.put(name, new Coming(fresh, verdict));
        var _ = verdict.thenAccept(objection -> settle(name, fresh, objection));
    }

    private synchronized void settle(String name, InputRunner fresh, String objection) {
        Coming expected = coming.get(name);
        InputRunner old = inputs.get(name);
        if (closed || old == null || expected == null || expected.runner != fresh) {
            return; // it was stopped when it was given up
        }
        coming.remove(name);
        old.refuseChange(objection);
        if (objection.isEmpty()) {
            LOG.info("input {}: changed, the new version takes over", name);
            inputs.replace(name, fresh);
            retiring.add(old);
            ending.put(name, CompletableFuture.allOf(endOf(name), old.retire(fresh)));
        } else {
            discard(fresh);
        }
    }

    private void forget(String name) {
        Coming loading = coming.remove(name);
        if (loading != null) {
            discard(loading.runner);
        }
    }

    private static void discard(InputRunner fresh) {
        var _ = fresh.stop("it was changed again or did not load");
    }

    private void end(InputRunner old, String why) {
        String name = old.settings().name();
        ending.values().removeIf(CompletableFuture::isDone);
        ending.put(name, CompletableFuture.allOf(endOf(name), old.stop(why)));
    }

    private CompletableFuture<Void> endOf(String name) {
        return ending.getOrDefault(name, CompletableFuture.completedFuture(null));
    }

    /// Waits until every input, and every changed one, has tried to load; false when some needed
    /// longer.
    public boolean awaitSettled(Duration atMost) throws InterruptedException {
        List<CompletableFuture<Void>> all;
        synchronized (this) {
            all = new ArrayList<>();
            inputs.values().forEach(runner -> all.add(runner.settled()));
            coming.values().forEach(loading -> all.add(loading.verdict.thenAccept(_ -> {})));
        }
        return await(all, atMost);
    }

    /// In the order of the configuration.
    public List<InputStatus> status() {
        List<InputRunner> now;
        synchronized (this) {
            now = List.copyOf(inputs.values());
        }
        return now.stream().map(InputRunner::status).toList();
    }

    /// Changed inputs of which the version before goes on, and why, one line each.
    public List<String> refusedChanges() {
        List<InputRunner> now;
        synchronized (this) {
            now = List.copyOf(inputs.values());
        }
        return now.stream()
                .filter(runner -> !runner.refusedChange().isEmpty())
                .map(runner -> "input " + runner.settings().name() + ": " + runner.refusedChange())
                .toList();
    }

    /// Has collectors run now, beside their schedule; paused ones too. Those that cannot, because
    /// they run already say, are named in a refusal; then the others have started.
    ///
    /// @param collector its name, a class's as a rule; empty = all of the input
    public Commanded runNow(String input, String collector) throws InterruptedException {
        return told(
                input,
                collector,
                (runner, name) -> {
                    String why = runner.runNow(name).get(ANSWER.toSeconds(), TimeUnit.SECONDS);
                    if (!why.isEmpty()) {
                        throw new CannotException(name + ": " + why);
                    }
                });
    }

    /// No more runs on schedule, also after a restart, until [#resume]; a run that is under way
    /// ends as usual.
    ///
    /// @param collector its name, a class's as a rule; empty = all that the input has now
    public Commanded pause(String input, String collector) throws InterruptedException {
        return told(input, collector, (_, name) -> machine.pauses().pause(input, name));
    }

    public Commanded resume(String input, String collector) throws InterruptedException {
        return told(input, collector, (_, name) -> machine.pauses().resume(input, name));
    }

    private interface Order {
        void to(InputRunner runner, String collector)
                throws IOException,
                        CannotException,
                        InterruptedException,
                        ExecutionException,
                        TimeoutException;
    }

    private static final class CannotException extends Exception {
        private static final long serialVersionUID = 1L;

        CannotException(String message) {
            super(message, null, false, false);
        }
    }

    private Commanded told(String input, String collector, Order order)
            throws InterruptedException {
        InputRunner runner;
        synchronized (this) {
            runner = inputs.get(input);
        }
        if (runner == null) {
            return new Commanded.Unknown("there is no input " + input);
        }
        List<String> names = runner.collectors();
        List<String> wanted = collector.isEmpty() ? names : runner.collectors(collector);
        if (!collector.isEmpty() && wanted.size() > 1) {
            return new Commanded.Unknown(
                    "input "
                            + input
                            + " has several collectors of the name "
                            + collector
                            + "; say which: "
                            + String.join(", ", wanted));
        }
        if (wanted.isEmpty()) {
            return names.isEmpty()
                    ? new Commanded.Refused("input " + input + " has no collector loaded now")
                    : new Commanded.Unknown(
                            "input "
                                    + input
                                    + " has no collector "
                                    + collector
                                    + "; it has "
                                    + String.join(", ", names));
        }
        List<String> refusals = new ArrayList<>();
        for (String name : wanted) {
            try {
                order.to(runner, name);
            } catch (CannotException | IOException e) {
                refusals.add(String.valueOf(e.getMessage()));
            } catch (TimeoutException e) {
                refusals.add(name + ": the input is busy, with starting its interpreter say");
            } catch (ExecutionException e) {
                throw new IllegalStateException("the input's thread failed", e);
            }
        }
        return refusals.isEmpty()
                ? new Commanded.Done(wanted)
                : new Commanded.Refused(String.join("; ", refusals));
    }

    /// How late runs started, all collectors together, since the start.
    public Lateness.Summary lateness() {
        return machine.lateness().summary();
    }

    /// Ledger rows that wait in memory for a journal that takes nothing, and rows given up.
    public LedgerStatus ledger() {
        return new LedgerStatus(machine.ledger().waiting(), machine.ledger().lost());
    }

    public record LedgerStatus(long waiting, long lost) {}

    /// Interrupts what runs, writes what is left and ends the interpreters, within 8 s.
    @Override
    public void close() {
        List<CompletableFuture<Void>> ends = new ArrayList<>();
        synchronized (this) {
            closed = true;
            List<InputRunner> all = new ArrayList<>(inputs.values());
            all.addAll(retiring);
            coming.values().forEach(loading -> all.add(loading.runner));
            all.forEach(runner -> ends.add(runner.stop("the agent stops")));
            ends.addAll(ending.values());
        }
        try {
            if (!await(ends, STOP_DEADLINE)) {
                LOG.warn(
                        "Not all inputs ended within {} s; their processes are killed now",
                        STOP_DEADLINE.toSeconds());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        machine.ledger().flush();
        machine.timeline().close();
        machine.userLog().close();
        afterClose.run();
    }

    private Executor thread(InputSettings settings) {
        return threads.apply(settings.name());
    }

    private static InputRunner owned(InputRunner runner) {
        runner.whenStopped(runner::endThread);
        return runner;
    }

    private static boolean same(InputRunner running, InputSettings settings, String files) {
        return unplaced(running.settings()).equals(unplaced(settings))
                && running.fingerprint().map(files::equals).orElse(true);
    }

    /// A block that only moved within its file is the same.
    private static InputSettings unplaced(InputSettings s) {
        return new InputSettings(
                s.name(),
                s.cmd(),
                s.dirs(),
                s.envs(),
                s.tags(),
                s.timeout(),
                s.splay(),
                s.ownHost(),
                s.file().getFileSystem().getPath(""),
                0);
    }

    private static boolean await(List<CompletableFuture<Void>> all, Duration atMost)
            throws InterruptedException {
        try {
            CompletableFuture.allOf(all.toArray(CompletableFuture[]::new))
                    .get(atMost.toNanos(), TimeUnit.NANOSECONDS);
            return true;
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException("An input's end is never an exception", e);
        }
    }
}
