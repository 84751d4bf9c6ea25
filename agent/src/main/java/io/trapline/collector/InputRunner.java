package io.trapline.collector;

import io.trapline.bridge.Worker;
import io.trapline.bridge.WorkerListener.RunEnd;
import io.trapline.collector.Opener.Opening;
import io.trapline.model.Run;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One version of an input, from its start to its end: it gets an interpreter, a new one when that
/// ends, hands over to the next version or stops.
///
/// It is put together of parts with one idea each: [Opener] starts an interpreter, [Ticks] has the
/// collectors and says when they run, [Runs] has their runs, [Culprits] knows who took an
/// interpreter down, [Succession] has one version follow the other, [Life] is where it stands.
///
/// Everything here and in the parts happens on the input's own thread ([OwnThread]); other threads
/// only hand steps over. Exceptions: reports and output come in on the worker's reader thread
/// ([Ears]), and [#status] is for anyone; they touch only final, volatile and concurrent fields.
final class InputRunner {
    private static final Logger LOG = LoggerFactory.getLogger(InputRunner.class);
    private static final long HEALTHY = Duration.ofMinutes(1).toNanos();
    private static final long STOP_GRACE = Duration.ofSeconds(3).toNanos();

    private final InputSettings settings;
    private final Machine machine;
    private final OwnThread own;
    private final OutputLog log;
    private final Voice voice;
    private final Life life = new Life();
    private final LoadProblems problems;
    private final Opener opener;
    private final Runs runs;
    private final Ticks ticks;
    private final Culprits culprits;
    private final Succession succession;
    private final InputView view;
    private final Backoff backoff = new Backoff();
    private String lastOpenFailure = "";
    private boolean finishing;
    private final AtomicLong restarts = new AtomicLong();
    private final CompletableFuture<Void> settled = new CompletableFuture<>();
    private final CompletableFuture<Void> stopped = new CompletableFuture<>();

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
                        machine.nanos()),
                true);
    }

    /// The file is there, and says whose it is, before a collector prints anything.
    private void openLog() {
        log.note("", "what the collectors of input " + settings.name() + " print and log:");
    }

    /// The next version of `running`, with which it shares the log file.
    InputRunner(InputSettings settings, Machine machine, Executor own, InputRunner running) {
        this(settings, machine, own, running.log, false);
    }

    private InputRunner(
            InputSettings settings, Machine machine, Executor own, OutputLog log, boolean first) {
        this.settings = settings;
        this.machine = machine;
        this.own = new OwnThread(settings.name(), own);
        this.log = log;
        voice = new Voice(settings.name(), log, machine);
        problems = new LoadProblems(voice);
        Tags tags = new Tags(settings.tags());
        opener =
                new Opener(
                        settings,
                        machine,
                        () -> new Ears(this, machine, tags, log, settings.name()));
        runs = new Runs(this, settings, machine, this.own, voice, life);
        ticks = new Ticks(settings, machine, this.own, voice, life, runs);
        culprits = new Culprits(settings, machine, voice, runs);
        succession = new Succession(opener, life, first);
        view = new InputView(settings, machine, log, life, problems, ticks, restarts);
    }

    // ---- for other threads

    void start() {
        openLog();
        own.step(this::open);
    }

    /// Loads beside the version that runs, and runs nothing before that has retired.
    ///
    /// @param accepted what did not load in the version that runs either
    /// @return why it cannot take over, empty when it can
    CompletableFuture<String> openAside(Set<String> accepted) {
        CompletableFuture<String> verdict = new CompletableFuture<>();
        own.step(() -> {
            String objection = "it failed unexpectedly; the agent's log says how";
            try {
                objection = succession.prepare(accepted);
            } finally {
                verdict.complete(objection);
            }
        });
        return verdict;
    }

    /// Runs nothing from now on, lets what runs end, and then ends its interpreter; `next` goes on
    /// with what it is given. Complete when all of that is done.
    CompletableFuture<Void> retire(InputRunner next) {
        own.step(() -> {
            life.retired = true;
            succession.handOverTo(next);
            next.takeOver(ticks.leave());
            runs.retire();
            if (runs.active().isEmpty()) {
                endLeftOver("replaced by its changed version");
            }
        });
        return stopped;
    }

    private void takeOver(Map<String, Ticks.Handover> left) {
        own.step(() ->
                succession.takeOver((good, death) -> {
                    loaded(good, left);
                    if (death != null) {
                        death.run();
                    }
                }));
    }

    /// The version before has ended its run of this collector.
    void released(String collectorId) {
        own.step(() -> {
            if (life.retired) {
                succession.release(collectorId);
            } else {
                ticks.released(collectorId);
            }
        });
    }

    /// Starts a run beside the schedule.
    ///
    /// @return why it cannot, empty when it was started
    CompletableFuture<String> runNow(String name) {
        CompletableFuture<String> answer = new CompletableFuture<>();
        own.step(() -> answer.complete(ticks.runNow(name)));
        return answer;
    }

    /// Interrupts what runs, writes what is left, ends the interpreter. Complete when that is done.
    CompletableFuture<Void> stop(String why) {
        life.stopping = true;
        opener.stop();
        own.step(() -> beginStop(why));
        return stopped;
    }

    /// After its end alone.
    void endThread() {
        own.end();
    }

    InputSettings settings() {
        return settings;
    }

    InputStatus status() {
        return view.status();
    }

    /// The names of the collectors that are loaded now.
    List<String> collectors() {
        return ticks.shown().stream().map(CollectorSlot::name).distinct().toList();
    }

    /// The names of those that somebody means by a name: of a collector, of a class, or
    /// `module.Class`.
    List<String> collectors(String meant) {
        List<CollectorSlot> all = ticks.shown();
        List<String> exact =
                all.stream().map(CollectorSlot::name).filter(meant::equals).distinct().toList();
        return exact.isEmpty()
                ? all.stream()
                        .filter(slot ->
                                meant.equals(slot.loaded.id())
                                        || meant.equals(slot.loaded.className()))
                        .map(CollectorSlot::name)
                        .toList()
                : exact;
    }

    /// Of the Python files of the present interpreter; empty before they were looked at.
    Optional<String> fingerprint() {
        return opener.fingerprint();
    }

    /// What did not load of the version that runs.
    Set<String> broken() {
        return problems.broken();
    }

    void refuseChange(String why) {
        problems.refuseChange(why, life.state.isRunning());
    }

    String refusedChange() {
        return problems.refusedChange();
    }

    /// Whether it has an interpreter or is getting one, which a change must not take away before
    /// the new version has loaded.
    boolean isUp() {
        return life.state.isUp();
    }

    /// Complete when the first attempt to load is over, well or not.
    CompletableFuture<Void> settled() {
        return settled;
    }

    boolean isStopped() {
        return stopped.isDone();
    }

    void whenStopped(Runnable task) {
        var _ = stopped.thenRun(task);
    }

    // ---- what the interpreter says

    @Nullable ActiveRun run(long runId) {
        return runs.get(runId);
    }

    @Nullable CollectorSlot collector(String id) {
        return ticks.slot(id);
    }

    /// @param at monotonic
    void finished(Ears from, long runId, RunEnd how, long at) {
        own.step(() -> runs.finished(from, runId, how, at));
    }

    /// @param at monotonic
    void begun(long runId, long at) {
        runs.begun(runId, at);
    }

    void died(Ears from, String reason, String culpritId) {
        own.step(() -> interpreterEnded(from, reason, culpritId));
    }

    // ---- one interpreter after the other; on the own thread from here on

    private void open() {
        if (life.isOver() || life.worker != null) {
            return;
        }
        life.starting("");
        switch (opener.open()) {
            case Opening.Failed failed -> {
                problems.found(failed.found().problems(), failed.problems(), failed.reason());
                openFailed(failed);
            }
            case Opening.Good good -> loaded(good, Map.of());
        }
    }

    private void loaded(Opening.Good good, Map<String, Ticks.Handover> left) {
        problems.found(good.found().problems(), good.worker().problems(), "");
        if (!lastOpenFailure.isEmpty()) {
            voice.info("it runs again; what kept it from that is mended");
        }
        lastOpenFailure = "";
        life.running(good, machine.now());
        ticks.loaded(good.worker().collectors(), left);
        settled.complete(null);
        ticks.makeUp();
    }

    private void openFailed(Opening.Failed failed) {
        String reason = failed.reason();
        if (life.stopping) {
            settled.complete(null);
            return;
        }
        long wait = backoff.next();
        long at = machine.now() + wait;
        if (failed.found().refused() && failed.found().modules().isEmpty()) {
            life.refused(reason, at);
        } else {
            life.backsOff(reason, at);
        }
        machine.timeline().at(at, this::start);
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
    void interpreterEnded(Ears from, String reason, String culpritId) {
        if (succession.keep(from, () -> interpreterEnded(from, reason, culpritId))
                || from != life.ears) {
            return;
        }
        life.interpreterIsGone();
        life.ears = null;
        if (life.isOver()) {
            runs.active()
                    .forEach(run -> {
                        ActiveRun.Ending asked = run.ending;
                        if (asked != null) {
                            runs.endAsked(run, asked, reason);
                        }
                    });
            endLeftOver(reason);
            return;
        }
        restarts.incrementAndGet();
        boolean known =
                culprits.endRuns(reason, culpritId, Optional.ofNullable(ticks.slot(culpritId)));
        boolean healthy = machine.now() - life.openedAt >= HEALTHY;
        if (healthy) {
            backoff.reset();
        }
        long wait = known || healthy ? 0 : backoff.next();
        long at = machine.now() + wait;
        if (wait == 0) {
            life.starting(reason);
        } else {
            life.backsOff(reason, at);
        }
        voice.warn(
                "its interpreter ended: "
                        + reason
                        + ". A new one starts "
                        + (wait == 0 ? "now" : "in " + wait / 1_000_000_000L + " s"));
        voice.userLine("interpreter ended: " + reason);
        voice.note("", "the interpreter ended: " + reason);
        if (wait == 0) {
            start();
        } else {
            machine.timeline().at(at, this::start);
        }
    }

    void endedByItself(CollectorSlot slot) {
        culprits.clear(slot);
    }

    // ---- the end

    private void beginStop(String why) {
        if (!life.stopReason.isEmpty()) {
            return;
        }
        life.stopping(why);
        ticks.end();
        Worker with = life.worker;
        List<ActiveRun> active = runs.active();
        if (with == null || active.isEmpty()) {
            endLeftOver(why);
            return;
        }
        active.forEach(run -> runs.interrupt(with, run));
        machine.timeline()
                .at(
                        machine.now() + STOP_GRACE,
                        () -> own.step(() -> endLeftOver("did not end within 3 s after: " + why)));
    }

    private void endLeftOver(String reason) {
        runs.active().forEach(run -> runs.end(run, Run.Outcome.CRASHED, reason));
        if (runs.isEmpty()) {
            finishStop();
        }
    }

    /// A run is over in an input that begins none any more.
    void endedAfterAll(CollectorSlot slot) {
        if (life.retired) {
            succession.release(slot.loaded.id());
        }
        if (runs.isEmpty()) {
            finishStop();
        }
    }

    private void finishStop() {
        if (finishing) {
            return;
        }
        finishing = true;
        Worker with = life.worker;
        if (with != null) {
            with.close();
        }
        succession.end();
        life.interpreterIsGone();
        boolean closesLog = succession.ownsLog();
        List<CollectorSlot> all = ticks.all();
        machine.writer()
                .execute(() -> {
                    all.forEach(ticks::closeOutside);
                    if (closesLog) {
                        log.close();
                    }
                    life.stopped();
                    settled.complete(null);
                    stopped.complete(null);
                });
    }
}
