package io.trapline.collector;

import io.trapline.bridge.Bridge;
import io.trapline.bridge.Worker;
import io.trapline.bridge.Worker.LoadedCollector;
import io.trapline.bridge.WorkerException;
import io.trapline.bridge.WorkerListener;
import io.trapline.bridge.WorkerSpec;
import io.trapline.model.Entry;
import io.trapline.model.PlainDuration;
import io.trapline.model.Point;
import io.trapline.model.Run;
import io.trapline.pipeline.Decoded;
import io.trapline.pipeline.PointChecks;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Runs every collector of an input once and tells what it would really report; nothing is stored.
public final class TryRun {
    private static final Duration KILL_GRACE = Duration.ofSeconds(5);

    /// A run that reports and goes on for so long is shown as far as it came; at least until it
    /// counts as slow.
    private static final long ENOUGH = Duration.ofSeconds(30).toNanos();

    private static final long SLICE = Duration.ofSeconds(1).toNanos();

    private final Bridge bridge;
    private final Function<byte[], Decoded> decode;
    private final BiFunction<List<Point>, Decoded.TagChoice, List<Entry>> finish;
    private final LongSupplier nanos;
    private final CollectorSettings settings;
    private final Consumer<String> meanwhile;
    private final Waiting waiting;

    /// How somebody waits for something, at most for so many nanoseconds.
    interface Waiting {
        /// @return whether it is done
        boolean until(CompletableFuture<?> done, long atMost) throws InterruptedException;
    }

    private static boolean reallyWait(CompletableFuture<?> done, long atMost)
            throws InterruptedException {
        try {
            done.get(atMost, TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException("A run's end is never an exception", e);
        }
        return true;
    }

    /// @param meanwhile is told what takes long, in a line
    /// @param finish what the pipeline would store of checked points ([Sink#finish])
    public TryRun(
            Bridge bridge,
            Function<byte[], Decoded> decode,
            BiFunction<List<Point>, Decoded.TagChoice, List<Entry>> finish,
            LongSupplier nanos,
            CollectorSettings settings,
            Consumer<String> meanwhile) {
        this(bridge, decode, finish, nanos, settings, meanwhile, TryRun::reallyWait);
    }

    TryRun(
            Bridge bridge,
            Function<byte[], Decoded> decode,
            BiFunction<List<Point>, Decoded.TagChoice, List<Entry>> finish,
            LongSupplier nanos,
            CollectorSettings settings,
            Consumer<String> meanwhile,
            Waiting waiting) {
        this.meanwhile = meanwhile;
        this.waiting = waiting;
        this.bridge = bridge;
        this.decode = decode;
        this.finish = finish;
        this.nanos = nanos;
        this.settings = settings;
    }

    /// @param problems files and classes that could not be used
    /// @param failure why nothing could be run at all, empty otherwise
    public record Result(List<Tried> collectors, List<String> problems, String failure) {
        public Result {
            collectors = List.copyOf(collectors);
            problems = List.copyOf(problems);
        }

        /// Whether everything ran and all of it would be stored.
        public boolean good() {
            return failure.isEmpty()
                    && problems.isEmpty()
                    && collectors.stream()
                            .allMatch(c -> c.outcome() == Run.Outcome.OK && c.refused().isEmpty());
        }
    }

    /// @param outcome `OK`, `ERROR`, `TIMEOUT` or `CRASHED`
    /// @param points as reported, with their categories and the input's tags
    /// @param entries what would be stored of them, with the global tags
    /// @param warnings what was odd about the class, that it was slow, and what the checks changed
    /// @param refused reports that were refused, as `status code: message`
    /// @param lines what it printed or logged, its constructor too
    /// @param error traceback or reason, empty when it went well
    public record Tried(
            String name,
            String module,
            String file,
            double interval,
            Run.Outcome outcome,
            double durationMs,
            List<Point> points,
            List<Entry> entries,
            List<String> warnings,
            List<String> refused,
            List<String> lines,
            String error) {
        public Tried {
            points = List.copyOf(points);
            entries = List.copyOf(entries);
            warnings = List.copyOf(warnings);
            refused = List.copyOf(refused);
            lines = List.copyOf(lines);
        }
    }

    /// One collector after the other, so that what is printed and what is slow is told apart.
    ///
    /// @param wanted the names to run: of classes, or `module.Class`
    public Result run(InputSettings input, Predicate<String> wanted) throws InterruptedException {
        Discovery.Found found =
                new Discovery(settings.pythonRoots().get(), settings.runsAsRoot())
                        .find(input.dirs());
        List<String> problems = new ArrayList<>(found.problems());
        if (found.modules().isEmpty()) {
            return new Result(
                    List.of(), problems, "nothing to run: no .py file in dirs " + input.dirs());
        }
        Recorder recorder = new Recorder(new Tags(input.tags()));
        WorkerSpec spec = input.worker(found, settings);
        List<Tried> tried = new ArrayList<>();
        Map<String, LoadedCollector> done = new LinkedHashMap<>();
        boolean goOn = true;
        while (goOn) {
            recorder.reset();
            Worker worker;
            try {
                worker = bridge.open(spec, recorder);
            } catch (WorkerException e) {
                return new Result(tried, problems, String.valueOf(e.getMessage()));
            }
            if (done.isEmpty()) {
                problems.addAll(LoadProblems.told(worker.problems()));
            }
            try {
                goOn = runAll(worker, recorder, input, wanted, tried, done);
            } finally {
                worker.close();
            }
        }
        String failure =
                !tried.isEmpty()
                        ? ""
                        : done.isEmpty()
                                ? "no collector could be loaded"
                                : "no class of that name; there are " + names(done.values());
        return new Result(tried, problems, failure);
    }

    private static List<String> names(Collection<LoadedCollector> collectors) {
        return List.copyOf(CollectorNames.of(List.copyOf(collectors)).values());
    }

    /// True when the interpreter ended before all had their turn.
    private boolean runAll(
            Worker worker,
            Recorder recorder,
            InputSettings input,
            Predicate<String> wanted,
            List<Tried> tried,
            Map<String, LoadedCollector> done)
            throws InterruptedException {
        Map<String, String> names = CollectorNames.of(worker.collectors());
        for (LoadedCollector collector : worker.collectors()) {
            String name = names.getOrDefault(collector.id(), collector.id());
            if (done.putIfAbsent(collector.id(), collector) == null
                    && (wanted.test(name)
                            || wanted.test(collector.className())
                            || wanted.test(collector.id()))) {
                tried.add(runOne(worker, recorder, collector, name, input));
                if (recorder.dead.isDone()) {
                    return done.size() < worker.collectors().size();
                }
            }
        }
        return false;
    }

    private Tried runOne(
            Worker worker,
            Recorder recorder,
            LoadedCollector collector,
            String name,
            InputSettings input)
            throws InterruptedException {
        Patience patience = input.patience(collector.interval());
        long id = recorder.begin();
        long start = nanos.getAsLong();
        List<String> remarks = new ArrayList<>();
        if (!collector.warning().isEmpty()) {
            remarks.add(collector.warning());
        }
        Ending ending;
        try {
            worker.start(collector.id(), id);
            ending = await(recorder, patience, name, remarks);
            if (ending == null) {
                boolean enough = patience.timeout().isEmpty() && recorder.reports > 0;
                if (enough) {
                    remarks.add(
                            "it was still running, and had reported, after "
                                    + Patience.seconds(enough(patience))
                                    + ", as one does that serves for ever: the agent lets it go on"
                                    + " as long as it reports; the try has ended it");
                }
                Ending cut =
                        new Ending(
                                enough ? Run.Outcome.OK : Run.Outcome.TIMEOUT,
                                enough ? "" : tookTooLong(patience),
                                nanos.getAsLong());
                worker.interrupt(id);
                Ending after = recorder.await(KILL_GRACE.toNanos());
                ending =
                        after == null || enough
                                ? cut
                                : new Ending(cut.outcome, cut.error + "\n" + after.error, cut.at);
            }
        } catch (WorkerException e) {
            ending =
                    new Ending(
                            Run.Outcome.CRASHED,
                            "could not be started: " + e.getMessage(),
                            nanos.getAsLong());
        }
        return recorder.tried(collector, name, remarks, ending, (ending.at - start) / 1e6);
    }

    private static String tookTooLong(Patience patience) {
        return patience.timeout().isPresent()
                ? "timed out after " + PlainDuration.nanos(patience.timeout().getAsLong())
                : "timed out: it reported nothing for " + Patience.seconds(patience.silence());
    }

    private static long enough(Patience patience) {
        return Math.max(ENOUGH, patience.slowAfter());
    }

    /// Null when it has to be ended.
    private @Nullable Ending await(
            Recorder recorder, Patience patience, String name, List<String> remarks)
            throws InterruptedException {
        long lasted = 0;
        long silent = 0;
        long reports = 0;
        boolean told = false;
        while (!patience.isOver(lasted, silent)) {
            long slice = Math.clamp(patience.untilNews(lasted, silent), 1, SLICE);
            Ending ending = recorder.await(slice);
            if (ending != null) {
                return ending;
            }
            lasted += slice;
            silent = recorder.reports == reports ? silent + slice : 0;
            reports = recorder.reports;
            if (lasted >= patience.slowAfter() && !told) {
                told = true;
                remarks.add(
                        "slow: it ran for longer than "
                                + Patience.seconds(patience.slowAfter())
                                + ", the larger of its interval and 10 s; in the agent the ticks"
                                + " meanwhile are skipped, and "
                                + patience.whatEndsIt());
                meanwhile.accept(
                        name
                                + " is slow, it runs for "
                                + Patience.seconds(lasted / SLICE * SLICE)
                                + " now; "
                                + patience.whatEndsIt());
            }
            if (patience.timeout().isEmpty() && reports > 0 && lasted >= enough(patience)) {
                return null;
            }
        }
        return null;
    }

    private record Ending(Run.Outcome outcome, String error, long at) {}

    /// The monitor guards the lists; they belong to the collector whose turn it is, or by id.
    private final class Recorder implements WorkerListener {
        private final Tags tags;
        private final AtomicLong ids = new AtomicLong();
        private final Map<String, Heard> heard = new LinkedHashMap<>();
        private volatile CompletableFuture<Ending> turn = new CompletableFuture<>();
        private volatile long current;
        volatile long reports; // of this turn
        volatile CompletableFuture<String> dead = new CompletableFuture<>();

        Recorder(Tags tags) {
            this.tags = tags;
        }

        void reset() {
            dead = new CompletableFuture<>();
        }

        long begin() {
            turn = new CompletableFuture<>();
            reports = 0;
            current = ids.incrementAndGet();
            return current;
        }

        @Nullable Ending await(long atMost) throws InterruptedException {
            CompletableFuture<Ending> awaited = turn;
            return waiting.until(awaited, atMost) ? awaited.join() : null;
        }

        private synchronized Heard of(String collectorId) {
            return heard.computeIfAbsent(collectorId, _ -> new Heard());
        }

        synchronized Tried tried(
                LoadedCollector collector,
                String name,
                List<String> remarks,
                Ending ending,
                double ms) {
            Heard own = of(collector.id());
            own.warnings.addAll(0, remarks);
            return new Tried(
                    name,
                    collector.module(),
                    collector.file(),
                    collector.interval(),
                    ending.outcome,
                    ms,
                    own.points,
                    own.entries,
                    own.warnings,
                    own.refused,
                    own.lines,
                    ending.error);
        }

        @Override
        public synchronized Reply report(String collectorId, long runId, byte[] request) {
            Heard own = of(collectorId);
            reports = reports + 1;
            return switch (decode.apply(request)) {
                case Decoded.Refused refused -> {
                    own.refused.add(
                            refused.status() + " " + refused.code() + ": " + refused.message());
                    yield Replies.error(refused.status(), refused.code(), refused.message());
                }
                case Decoded.Accepted accepted -> {
                    List<Point> points = tags.addTo(accepted.points());
                    own.points.addAll(points);
                    own.entries.addAll(finish.apply(points, accepted.tags()));
                    accepted.warnings().stream()
                            .filter(warning -> !PointChecks.isDefaultStatus(warning))
                            .forEach(warning -> own.warnings.add(warning.message()));
                    if (accepted.dropped() > 0) {
                        own.warnings.add(
                                accepted.dropped()
                                        + (accepted.dropped() == 1 ? " point" : " points")
                                        + " had nothing left to store");
                    }
                    yield Reply.OK;
                }
            };
        }

        @Override
        public synchronized void output(String collectorId, Stream stream, String line) {
            of(collectorId).lines.add(line);
        }

        @Override
        public void finished(long runId, RunEnd end) {
            if (runId != current) {
                return;
            }
            long at = nanos.getAsLong();
            boolean _ =
                    turn.complete(
                            switch (end) {
                                case RunEnd.Returned _ -> new Ending(Run.Outcome.OK, "", at);
                                case RunEnd.Raised r ->
                                        new Ending(Run.Outcome.ERROR, r.traceback(), at);
                                case RunEnd.Interrupted i ->
                                        new Ending(Run.Outcome.TIMEOUT, i.traceback(), at);
                                case RunEnd.Disturbed d ->
                                        new Ending(Run.Outcome.CRASHED, d.reason(), at);
                            });
        }

        @Override
        public void died(String reason, String culprit) {
            boolean _ = dead.complete(reason);
            boolean _ = turn.complete(new Ending(Run.Outcome.CRASHED, reason, nanos.getAsLong()));
        }
    }

    private static final class Heard {
        final List<Point> points = new ArrayList<>();
        final List<Entry> entries = new ArrayList<>();
        final List<String> warnings = new ArrayList<>();
        final List<String> refused = new ArrayList<>();
        final List<String> lines = new ArrayList<>();
    }
}
