package io.trapline.collector;

import io.trapline.bridge.Worker;
import io.trapline.bridge.Worker.LoadProblem;
import io.trapline.bridge.Worker.LoadedCollector;
import io.trapline.bridge.WorkerException;
import io.trapline.bridge.WorkerListener.RunEnd;
import io.trapline.collector.Opener.Opening;
import io.trapline.model.Run;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One input: its interpreter, its collectors' ticks, what happens when either fails.
///
/// Everything here happens on the input's own thread; other threads only hand steps over.
/// Exceptions: reports and output come in on the worker's reader thread ([Ears]), deadlines fire on
/// the schedule's, and [#status] is for anyone; they touch only final, volatile and concurrent
/// fields.
final class InputRunner {
    private static final Logger LOG = LoggerFactory.getLogger(InputRunner.class);
    private static final long HEALTHY = Duration.ofMinutes(1).toNanos();
    private static final long STOP_GRACE = Duration.ofSeconds(3).toNanos();
    private static final long KILL_WINDOW = Duration.ofSeconds(15).toNanos();
    private static final long GOODBYE = Duration.ofSeconds(1).toNanos();
    private static final int MOST_ROWS_FOR_A_STALL = 100;

    private final InputSettings settings;
    private final Machine machine;
    private final OwnThread own;
    private final OutputLog log;
    private final Voice voice;
    private final LoadProblems problems;
    private final Opener opener;
    private final Backoff backoff = new Backoff();
    private final Map<String, CollectorSlot> slots = new LinkedHashMap<>();
    private final Set<CollectorSlot> suspects = new HashSet<>();
    private final ConcurrentHashMap<Long, ActiveRun> runs = new ConcurrentHashMap<>();
    private final ConcurrentHashMap<String, CollectorSlot> byId = new ConcurrentHashMap<>();
    private final CompletableFuture<Void> settled = new CompletableFuture<>();
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();
    private @Nullable Worker worker;
    private @Nullable Ears ears;
    private @Nullable Aside aside;
    private @Nullable InputRunner successor;
    private boolean ownsLog;
    private long openedAt;
    private long lastRunId;
    private String stopReason = "";
    private boolean finishing;
    private String lastOpenFailure = "";
    private volatile boolean stopping;
    private volatile boolean retired;
    private volatile State state = new State("starting", "", Optional.empty());
    private volatile List<CollectorSlot> shown = List.of();
    private volatile OptionalLong processId = OptionalLong.empty();
    private final AtomicLong restarts = new AtomicLong();

    private record State(String word, String reason, Optional<Long> retryAt) {}

    /// What is loaded and waits to take over.
    private static final class Aside {
        final Opening.Good good;
        @Nullable Runnable death;

        Aside(Opening.Good good) {
            this.good = good;
        }
    }

    /// @param own runs steps one after the other on a thread of this input
    InputRunner(InputSettings settings, Machine machine, Executor own) {
        this(
                settings,
                machine,
                own,
                new OutputLog(
                        machine.settings().logs(),
                        settings.name(),
                        machine.wall(),
                        machine.nanos()));
        ownsLog = true;
    }

    /// The next version of `running`, with which it shares the log file.
    InputRunner(InputSettings settings, Machine machine, Executor own, InputRunner running) {
        this(settings, machine, own, running.log);
    }

    private InputRunner(InputSettings settings, Machine machine, Executor own, OutputLog log) {
        this.settings = settings;
        this.machine = machine;
        this.own = new OwnThread(settings.name(), own);
        this.log = log;
        this.voice = new Voice(settings.name(), log, machine);
        this.problems = new LoadProblems(voice);
        Tags tags = new Tags(settings.tags());
        this.opener =
                new Opener(
                        settings,
                        machine,
                        () -> new Ears(this, machine, tags, log, settings.name()));
    }

    InputSettings settings() {
        return settings;
    }

    boolean isStopped() {
        return stopped.isDone();
    }

    /// After its end alone.
    void endThread() {
        own.end();
    }

    void whenStopped(Runnable task) {
        var _ = stopped.thenRun(task);
    }

    /// Of the Python files of the present interpreter; empty before they were looked at.
    Optional<String> fingerprint() {
        return opener.fingerprint();
    }

    /// Complete when the first attempt to load is over, well or not.
    CompletableFuture<Void> settled() {
        return settled;
    }

    /// Whether it has an interpreter or is getting one, which a change must not take away before
    /// the new version has loaded.
    boolean isUp() {
        String now = state.word;
        return now.equals("running") || now.equals("starting");
    }

    void start() {
        step(this::open);
    }

    // ---- one version after the other

    /// Loads beside the version that runs, and runs nothing before [#takeOver].
    ///
    /// @param accepted what did not load in the version that runs either
    /// @return why it cannot take over, empty when it can
    CompletableFuture<String> openAside(Set<String> accepted) {
        CompletableFuture<String> verdict = new CompletableFuture<>();
        step(() -> {
            String objection = "it failed unexpectedly; the agent's log says how";
            try {
                objection = prepare(accepted);
            } finally {
                verdict.complete(objection);
            }
        });
        return verdict;
    }

    private String prepare(Set<String> accepted) {
        if (stopping) {
            return "it was changed again meanwhile";
        }
        return switch (opener.open()) {
            case Opening.Failed failed ->
                    failed.problems().isEmpty()
                            ? failed.reason()
                            : failed.reason()
                                    + "\n"
                                    + String.join("\n", LoadProblems.told(failed.problems()));
            case Opening.Good good -> {
                List<LoadProblem> fresh =
                        good.worker().problems().stream()
                                .filter(problem -> !accepted.contains(LoadProblems.key(problem)))
                                .toList();
                if (fresh.isEmpty()) {
                    aside = new Aside(good);
                    yield "";
                }
                good.worker().close();
                yield String.join("\n", LoadProblems.told(fresh));
            }
        };
    }

    /// Runs nothing from now on, lets what runs end, and then ends its interpreter; `next` goes on
    /// with what it is given. Complete when all of that is done.
    CompletableFuture<Void> retire(InputRunner next) {
        step(() -> {
            retired = true;
            ownsLog = false;
            successor = next;
            Map<String, Handover> left = new LinkedHashMap<>();
            for (CollectorSlot slot : slots.values()) {
                cancel(slot.timer);
                left.put(
                        slot.loaded.id(),
                        new Handover(
                                slot.schedule,
                                slot.nextTick,
                                slot.stats,
                                slot.active != null || slot.held));
            }
            next.takeOver(left);
            if (stopping || activeRuns().isEmpty()) {
                endLeftOver("replaced by its changed version");
            }
        });
        return stopped;
    }

    /// @param busy a run of the version before has not ended yet
    private record Handover(Schedule schedule, long nextTick, CollectorStats stats, boolean busy) {}

    private void takeOver(Map<String, Handover> left) {
        step(() -> {
            ownsLog = true;
            Aside ready = aside;
            aside = null;
            if (ready == null || stopping) {
                closeAside(ready);
                return;
            }
            loaded(ready.good, left);
            Runnable death = ready.death;
            if (death != null) {
                death.run();
            }
        });
    }

    /// The version before has ended its run of this collector.
    private void released(String collectorId) {
        if (retired) {
            pass(collectorId);
            return;
        }
        CollectorSlot slot = slots.get(collectorId);
        if (slot == null || !slot.held) {
            return;
        }
        slot.held = false;
        if (slot.nextTick - machine.now() > Schedule.SOON && hindrance(slot).isEmpty()) {
            startRun(slot, machine.now(), false);
        }
    }

    private void pass(String collectorId) {
        InputRunner next = successor;
        if (next != null) {
            next.step(() -> next.released(collectorId));
        }
    }

    private static void closeAside(@Nullable Aside left) {
        if (left != null) {
            left.good.worker().close();
        }
    }

    /// What did not load of the version that runs.
    Set<String> broken() {
        return problems.broken();
    }

    void refuseChange(String why) {
        problems.refuseChange(why);
    }

    String refusedChange() {
        return problems.refusedChange();
    }

    /// Interrupts what runs, writes what is left, ends the interpreter. Complete when that is done.
    CompletableFuture<Void> stop(String why) {
        stopping = true;
        opener.stop();
        step(() -> beginStop(why));
        return stopped;
    }

    // ---- the interpreter

    private void open() {
        if (stopping || retired || worker != null) {
            return;
        }
        state = new State("starting", "", Optional.empty());
        switch (opener.open()) {
            case Opening.Failed failed -> {
                problems.found(failed.found().problems(), failed.problems());
                openFailed(failed.reason());
            }
            case Opening.Good good -> loaded(good, Map.of());
        }
    }

    private void loaded(Opening.Good good, Map<String, Handover> left) {
        Worker opened = good.worker();
        problems.found(good.found().problems(), opened.problems());
        worker = opened;
        ears = good.ears();
        openedAt = machine.now();
        processId = opened.processId();
        lastOpenFailure = "";
        state = new State("running", "", Optional.empty());
        Set<String> present = new HashSet<>();
        for (LoadedCollector loaded : opened.collectors()) {
            present.add(loaded.id());
            CollectorSlot known = slots.get(loaded.id());
            if (known == null || known.loaded.interval() != loaded.interval()) {
                adopt(loaded, opened.collectors().size(), known, left.get(loaded.id()));
            }
        }
        for (String id : List.copyOf(slots.keySet())) {
            if (!present.contains(id)) {
                drop(slots.get(id));
            }
        }
        shown = List.copyOf(slots.values());
        settled.complete(null);
        for (CollectorSlot slot : shown) {
            if (slot.runAgain && slot.active == null) {
                startAgain(slot);
            }
        }
    }

    private void adopt(
            LoadedCollector loaded,
            int together,
            @Nullable CollectorSlot known,
            @Nullable Handover left) {
        if (known != null) {
            drop(known);
        }
        if (!loaded.warning().isEmpty()) {
            voice.warn(
                    "collector "
                            + loaded.className()
                            + " in "
                            + loaded.file()
                            + ": "
                            + loaded.warning());
            voice.note(loaded.className(), loaded.warning());
            voice.userLine(loaded.className() + ": " + loaded.warning());
        }
        CollectorSlot slot =
                new CollectorSlot(
                        loaded,
                        schedule(loaded, together, left),
                        known != null
                                ? known.stats
                                : left != null ? left.stats : new CollectorStats(),
                        new ReportBuffer(
                                source(loaded.className()), machine.sink(), machine.nanos()),
                        settings.runTimeout(loaded.interval()));
        slot.held = left != null && left.busy;
        slots.put(loaded.id(), slot);
        byId.put(loaded.id(), slot);
        arm(slot);
    }

    /// The version before leaves its grid, as long as the interval is the same.
    private Schedule schedule(LoadedCollector loaded, int together, @Nullable Handover left) {
        long now = machine.now();
        if (left != null && left.schedule.interval() == Schedule.intervalNanos(loaded.interval())) {
            return left.schedule.goOn(left.nextTick, now, !left.busy);
        }
        return Schedule.of(
                settings.name(),
                loaded.id(),
                together,
                loaded.interval(),
                settings.splay(),
                now,
                machine.wallClock().at(now));
    }

    private void drop(@Nullable CollectorSlot slot) {
        if (slot == null) {
            return;
        }
        cancel(slot.timer);
        slots.remove(slot.loaded.id());
        byId.remove(slot.loaded.id());
        machine.writer().execute(() -> closeOutside(slot));
    }

    private void openFailed(String reason) {
        if (stopping) {
            settled.complete(null);
            return;
        }
        long wait = backoff.next();
        long at = machine.now() + wait;
        state = new State("backing off", reason, Optional.of(at));
        machine.timeline().at(at, () -> step(this::open));
        voice.userLine(reason);
        if (!reason.equals(lastOpenFailure) || backoff.failures() % 10 == 0) {
            LOG.warn(
                    "input {} ({}:{}) does not run: {}. Attempt {}; the next one follows in {} s",
                    settings.name(),
                    settings.file(),
                    settings.line(),
                    reason,
                    backoff.failures(),
                    wait / 1_000_000_000L);
        }
        lastOpenFailure = reason;
        settled.complete(null);
    }

    /// The interpreter ended unasked. Who is known to have caused it waits longer each time; the
    /// others go on with a new one at once. When nobody is known, the input as a whole waits,
    /// unless the interpreter had been healthy for a minute.
    void died(Ears from, String reason, String culpritId) {
        Aside waiting = aside;
        if (waiting != null && waiting.good.ears() == from) {
            waiting.death = () -> died(from, reason, culpritId);
            return;
        }
        if (from != ears) {
            return;
        }
        worker = null;
        ears = null;
        processId = OptionalLong.empty();
        if (stopping || retired) {
            for (ActiveRun run : activeRuns()) {
                if (run.timedOut) {
                    end(run, Run.Outcome.TIMEOUT, tookTooLong(run) + "; " + reason);
                }
            }
            endLeftOver(reason);
            return;
        }
        restarts.incrementAndGet();
        List<ActiveRun> active = activeRuns();
        Set<CollectorSlot> culprits = culprits(active, culpritId);
        boolean foreign = culprits.isEmpty() && (!culpritId.isEmpty() || anotherInputHung());
        boolean known = foreign || !culprits.isEmpty();
        for (ActiveRun run : active) {
            if (run.timedOut) {
                end(run, Run.Outcome.TIMEOUT, tookTooLong(run) + "; " + reason);
            } else if (culprits.contains(run.slot)) {
                end(run, Run.Outcome.CRASHED, reason);
            } else {
                // Whoever may itself have been the cause is not run again before the pause.
                run.slot.runAgain = !run.again && (known || !settings.hasOwnProcess());
                end(run, Run.Outcome.CRASHED, "its interpreter ended while it ran: " + reason);
            }
        }
        for (CollectorSlot slot : culprits) {
            blame(slot, reason);
        }
        boolean healthy = machine.now() - openedAt >= HEALTHY;
        if (healthy) {
            backoff.reset();
        }
        long wait = known || healthy ? 0 : backoff.next();
        long at = machine.now() + wait;
        state =
                wait == 0
                        ? new State("starting", reason, Optional.empty())
                        : new State("backing off", reason, Optional.of(at));
        voice.warn(
                "its interpreter ended: "
                        + reason
                        + ". A new one starts "
                        + (wait == 0 ? "now" : "in " + wait / 1_000_000_000L + " s"));
        voice.userLine("interpreter ended: " + reason);
        voice.note("", "the interpreter ended: " + reason);
        if (wait == 0) {
            step(this::open);
        } else {
            machine.timeline().at(at, () -> step(this::open));
        }
    }

    private Set<CollectorSlot> culprits(List<ActiveRun> active, String culpritId) {
        Set<CollectorSlot> culprits = new HashSet<>();
        active.stream().filter(r -> r.timedOut).forEach(r -> culprits.add(r.slot));
        CollectorSlot named = slots.get(culpritId);
        if (named != null) {
            culprits.add(named);
        }
        if (culprits.isEmpty() && culpritId.isEmpty() && settings.hasOwnProcess()) {
            // Whoever runs each time that the process dies is the one.
            Set<CollectorSlot> now = new HashSet<>();
            active.forEach(r -> now.add(r.slot));
            Set<CollectorSlot> both = new HashSet<>(now);
            both.retainAll(suspects);
            suspects.clear();
            suspects.addAll(both.isEmpty() ? now : both);
            if (suspects.size() == 1) {
                culprits.addAll(suspects);
                suspects.clear();
            }
        }
        return culprits;
    }

    private boolean anotherInputHung() {
        return !settings.hasOwnProcess()
                && machine.now() - machine.sharedHostAsked().get() < KILL_WINDOW;
    }

    private void interrupt(Worker with, ActiveRun run) {
        if (!settings.hasOwnProcess()) {
            machine.sharedHostAsked().set(machine.now());
        }
        with.interrupt(run.id);
    }

    private void blame(CollectorSlot slot, String reason) {
        long wait = slot.backoff.next();
        slot.pause = Optional.of(new CollectorSlot.Pause(machine.now() + wait, reason));
        voice.warn(
                "collector "
                        + slot.name()
                        + " took its interpreter down ("
                        + reason
                        + "); it pauses for "
                        + wait / 1_000_000_000L
                        + " s, the input's other collectors go on");
    }

    // ---- ticks and runs

    private void arm(CollectorSlot slot) {
        slot.nextTickShown = slot.nextTick;
        slot.timer = machine.timeline().at(slot.nextTick, () -> step(() -> tick(slot)));
    }

    private void tick(CollectorSlot slot) {
        if (stopping || retired || slots.get(slot.loaded.id()) != slot) {
            return;
        }
        long due = slot.schedule.latest(machine.now());
        if (pausedSince(slot).isPresent()) {
            slot.nextTick = slot.schedule.next(due);
            arm(slot);
            return;
        }
        missed(slot, due);
        slot.nextTick = slot.schedule.next(due);
        arm(slot);
        Optional<String> hindrance = hindrance(slot);
        if (hindrance.isPresent()) {
            skip(slot, due, hindrance.get());
        } else {
            startRun(slot, due, false);
        }
    }

    private Optional<Instant> pausedSince(CollectorSlot slot) {
        return machine.pauses().since(settings.name(), slot.name());
    }

    /// The names of the classes that are loaded now.
    List<String> collectors() {
        return shown.stream().map(CollectorSlot::name).distinct().toList();
    }

    /// Starts a run beside the schedule.
    ///
    /// @return why it cannot, empty when it was started
    CompletableFuture<String> runNow(String name) {
        CompletableFuture<String> answer = new CompletableFuture<>();
        step(() -> {
            String why = "it is not loaded any more";
            for (CollectorSlot slot : List.copyOf(slots.values())) {
                if (slot.name().equals(name)) {
                    why = runNow(slot);
                }
            }
            answer.complete(why);
        });
        return answer;
    }

    private String runNow(CollectorSlot slot) {
        if (stopping) {
            return "the input stops";
        }
        // What made it pause by itself is no reason when somebody looks on.
        slot.pause = Optional.empty();
        Optional<String> hindrance = hindrance(slot);
        if (hindrance.isEmpty()) {
            startRun(slot, machine.now(), false);
        }
        return hindrance.orElse("");
    }

    /// Ticks that went by while nobody could look: counted and written, never caught up in a burst.
    private void missed(CollectorSlot slot, long due) {
        int rows = 0;
        for (long tick = slot.nextTick; tick - due < 0; tick = slot.schedule.next(tick)) {
            long after = (due - tick) / slot.schedule.interval();
            rows++;
            if (rows == MOST_ROWS_FOR_A_STALL && after > 1) {
                skip(slot, tick, "missed with " + (after - 1) + " more: the agent was held up");
                return;
            }
            skip(
                    slot,
                    tick,
                    "missed: the input's thread was held up, by a starting interpreter say");
        }
    }

    private Optional<String> hindrance(CollectorSlot slot) {
        ActiveRun active = slot.active;
        if (active != null) {
            return Optional.of(
                    active.ended
                            ? "the previous run is still being written to the journal"
                            : "the previous run has not ended; it began at "
                                    + CollectorStats.instant(active.startedNs));
        }
        if (slot.held) {
            return Optional.of("the run of the version before the change has not ended");
        }
        State now = state;
        if (worker == null) {
            return Optional.of("its interpreter is " + now.word + ": " + now.reason);
        }
        Optional<CollectorSlot.Pause> pause = slot.pause;
        if (pause.isPresent()) {
            if (pause.get().until() - machine.now() > 0) {
                return Optional.of(
                        "it pauses because it took its interpreter down: " + pause.get().reason());
            }
            slot.pause = Optional.empty();
        }
        return Optional.empty();
    }

    private void skip(CollectorSlot slot, long planned, String why) {
        long plannedNs = machine.wallClock().at(planned);
        long inARow = slot.stats.skipped();
        if (inARow == 1) {
            voice.info(slot.name() + " skips a tick: " + why);
        }
        machine.ledger()
                .add(
                        new Run(
                                settings.name(),
                                slot.name(),
                                plannedNs,
                                plannedNs,
                                0,
                                Run.Outcome.SKIPPED,
                                0,
                                why));
    }

    private void startAgain(CollectorSlot slot) {
        slot.runAgain = false;
        if (worker != null && !stopping && !retired && slots.get(slot.loaded.id()) == slot) {
            startRun(slot, machine.now(), true);
        }
    }

    private void startRun(CollectorSlot slot, long planned, boolean again) {
        Worker with = worker;
        Ears hearing = ears;
        if (with == null || hearing == null) {
            return;
        }
        long now = machine.now();
        ActiveRun run =
                new ActiveRun(
                        ++lastRunId,
                        slot,
                        new ReportBuffer(source(slot.name()), machine.sink(), machine.nanos()),
                        again,
                        machine.wallClock().at(planned),
                        machine.wallClock().at(now),
                        now);
        slot.active = run;
        runs.put(run.id, run);
        slot.stats.started(run.startedNs, now - planned);
        machine.lateness().record(now - planned);
        run.deadline =
                machine.timeline()
                        .at(
                                now + slot.timeout,
                                () -> {
                                    run.timedOut = true;
                                    interrupt(with, run);
                                });
        try {
            with.start(slot.loaded.id(), run.id);
        } catch (WorkerException e) {
            startRefused(run, with, hearing, String.valueOf(e.getMessage()));
        }
    }

    /// The worker is gone, and normally says so itself in a moment, with who did it.
    private void startRefused(ActiveRun run, Worker gone, Ears hearing, String message) {
        String reason = "could not be started: " + message;
        worker = null;
        state = new State("starting", reason, Optional.empty());
        run.slot.runAgain = !run.again;
        end(run, Run.Outcome.CRASHED, reason);
        machine.timeline()
                .at(
                        machine.now() + GOODBYE,
                        () ->
                                step(() -> {
                                    if (hearing == ears) {
                                        gone.close();
                                        died(hearing, reason, "");
                                    }
                                }));
    }

    void finished(Ears from, long runId, RunEnd how, long at) {
        ActiveRun run = runs.get(runId);
        if (from != ears || run == null || run.ended) {
            return;
        }
        switch (how) {
            case RunEnd.Returned _ -> {
                itself(run);
                end(run, Run.Outcome.OK, "", at);
            }
            case RunEnd.Raised raised when run.timedOut ->
                    end(run, Run.Outcome.TIMEOUT, tookTooLong(run) + "\n" + raised.traceback(), at);
            case RunEnd.Raised raised -> {
                itself(run);
                end(run, Run.Outcome.ERROR, raised.traceback(), at);
            }
            case RunEnd.Interrupted interrupted when stopping ->
                    end(
                            run,
                            Run.Outcome.ERROR,
                            "interrupted: " + stopReason + "\n" + interrupted.traceback(),
                            at);
            case RunEnd.Interrupted interrupted ->
                    end(
                            run,
                            Run.Outcome.TIMEOUT,
                            tookTooLong(run) + "\n" + interrupted.traceback(),
                            at);
            case RunEnd.Disturbed disturbed -> {
                run.slot.runAgain = !run.again && !stopping;
                end(
                        run,
                        Run.Outcome.CRASHED,
                        "ended by another's fault: " + disturbed.reason(),
                        at);
            }
        }
    }

    /// It ended by itself, so it is no danger to its interpreter.
    private void itself(ActiveRun run) {
        run.slot.backoff.reset();
        suspects.remove(run.slot);
    }

    private static String tookTooLong(ActiveRun run) {
        return "timed out after " + run.slot.timeout / 1e9 + " s";
    }

    private void end(ActiveRun run, Run.Outcome outcome, String error) {
        end(run, outcome, error, machine.now());
    }

    private void end(ActiveRun run, Run.Outcome outcome, String error, long at) {
        run.ended = true;
        cancel(run.deadline);
        Run row =
                new Run(
                        settings.name(),
                        run.slot.name(),
                        run.plannedNs,
                        run.startedNs,
                        at - run.started,
                        outcome,
                        0,
                        error);
        machine.writer()
                .execute(() -> {
                    ReportBuffer.End end = run.buffer.finish(row);
                    if (!end.stored()) {
                        machine.ledger().add(end.row());
                    }
                    step(() -> recorded(run, end));
                });
    }

    private void recorded(ActiveRun run, ReportBuffer.End end) {
        runs.remove(run.id);
        run.slot.active = null;
        run.slot.stats.refused(end.refusedReports(), end.refusedPoints());
        tell(run.slot, end.row(), run.slot.stats.ended(end.row()));
        if (retired) {
            pass(run.slot.loaded.id());
        }
        if (stopping || retired) {
            if (runs.isEmpty()) {
                finishStop();
            }
        } else if (run.slot.runAgain && worker != null) {
            startAgain(run.slot);
        }
    }

    private void tell(CollectorSlot slot, Run row, long inARow) {
        if (row.error().isEmpty()) {
            return;
        }
        String word = row.outcome().word();
        voice.note(slot.name(), "run " + word + ": " + row.error());
        String summary = CollectorStats.summary(row.error());
        voice.userLine(slot.name() + " " + word + ": " + summary);
        if (inARow == 1 || inARow % 10 == 0) {
            voice.warn(
                    "a run of "
                            + slot.name()
                            + " ended with "
                            + word
                            + ": "
                            + summary
                            + (inARow == 1 ? "" : " (" + inARow + " times in a row)"));
        }
    }

    // ---- the end

    private void beginStop(String why) {
        if (!stopReason.isEmpty()) {
            return;
        }
        stopReason = why;
        state = new State("stopping", why, Optional.empty());
        slots.values().forEach(slot -> cancel(slot.timer));
        Worker with = worker;
        List<ActiveRun> active = activeRuns();
        if (with == null || active.isEmpty()) {
            endLeftOver(why);
            return;
        }
        active.forEach(run -> interrupt(with, run));
        machine.timeline()
                .at(
                        machine.now() + STOP_GRACE,
                        () -> step(() -> endLeftOver("did not end within 3 s after: " + why)));
    }

    private void endLeftOver(String reason) {
        activeRuns().forEach(run -> end(run, Run.Outcome.CRASHED, reason));
        if (runs.isEmpty()) {
            finishStop();
        }
    }

    private void finishStop() {
        if (finishing) {
            return;
        }
        finishing = true;
        Worker with = worker;
        if (with != null) {
            with.close();
        }
        closeAside(aside);
        aside = null;
        worker = null;
        processId = OptionalLong.empty();
        boolean closesLog = ownsLog;
        List<CollectorSlot> all = List.copyOf(slots.values());
        machine.writer()
                .execute(() -> {
                    all.forEach(this::closeOutside);
                    if (closesLog) {
                        log.close();
                    }
                    state = new State("stopped", stopReason, Optional.empty());
                    settled.complete(null);
                    stopped.complete(null);
                });
    }

    // ---- for other threads

    /// Hands a step over to the input's own thread.
    void step(Runnable step) {
        own.step(step);
    }

    @Nullable ActiveRun run(long runId) {
        return runs.get(runId);
    }

    @Nullable CollectorSlot collector(String id) {
        return byId.get(id);
    }

    InputStatus status() {
        State now = state;
        List<CollectorStatus> collectors = new ArrayList<>();
        for (CollectorSlot slot : shown) {
            Optional<CollectorSlot.Pause> pause =
                    slot.pause.filter(p -> p.until() - machine.now() > 0);
            Optional<Instant> paused = pausedSince(slot);
            String word =
                    paused.isPresent() ? "paused" : pause.isPresent() ? "backing off" : "waiting";
            collectors.add(
                    slot.stats.status(
                            slot,
                            new CollectorStats.Shown(
                                    now.word.equals("running") || paused.isPresent()
                                            ? word
                                            : "down",
                                    paused.map(since ->
                                                    "paused by hand since "
                                                            + since.truncatedTo(ChronoUnit.SECONDS))
                                            .or(() -> pause.map(CollectorSlot.Pause::reason))
                                            .orElse(""),
                                    now.word.startsWith("stop") || paused.isPresent()
                                            ? Optional.empty()
                                            : Optional.of(instantAt(slot.nextTickShown))),
                            log));
        }
        return new InputStatus(
                settings.name(),
                now.word,
                now.reason,
                now.retryAt.map(this::instantAt),
                processId,
                restarts.get(),
                problems.all(),
                OutputLog.fileName(settings.name()),
                collectors);
    }

    private Instant instantAt(long monotonic) {
        return CollectorStats.instant(machine.wallClock().at(monotonic));
    }

    // ---- small things

    private List<ActiveRun> activeRuns() {
        return runs.values().stream().filter(r -> !r.ended).toList();
    }

    private void closeOutside(CollectorSlot slot) {
        long lost = slot.outside.close();
        if (lost > 0) {
            slot.stats.refused(0, lost);
            voice.error(
                    lost
                            + " points that "
                            + slot.name()
                            + " reported outside of a run could not be kept");
        }
    }

    private String source(String collector) {
        return Ledger.source(settings.name(), collector);
    }

    private static void cancel(Timeline.@Nullable Timer timer) {
        if (timer != null) {
            timer.cancel();
        }
    }
}
