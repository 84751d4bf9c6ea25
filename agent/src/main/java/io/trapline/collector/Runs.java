package io.trapline.collector;

import io.trapline.bridge.Worker;
import io.trapline.bridge.WorkerException;
import io.trapline.bridge.WorkerListener.RunEnd;
import io.trapline.model.PlainDuration;
import io.trapline.model.Run;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The runs of an input that are under way, from the start to the row in the ledger.
///
/// A run that goes on is watched: [Patience] says when it is slow and when it has to end.
///
/// On the input's own thread, but for [#get] and [#begun].
final class Runs {
    private static final long GOODBYE = Duration.ofSeconds(1).toNanos();

    /// A run that the interpreter has not come to for so long is held up. Far more than any machine
    /// needs that is only busy.
    private static final long HELD_UP = Duration.ofSeconds(3).toNanos();

    private static final long LOOK_AGAIN = Duration.ofSeconds(1).toNanos();

    private final InputRunner runner;
    private final InputSettings settings;
    private final Machine machine;
    private final OwnThread own;
    private final Voice voice;
    private final Life life;
    private final ConcurrentHashMap<Long, ActiveRun> runs = new ConcurrentHashMap<>();
    private long lastId;

    /// @param runner is told when a run is over, or its interpreter gone
    Runs(
            InputRunner runner,
            InputSettings settings,
            Machine machine,
            OwnThread own,
            Voice voice,
            Life life) {
        this.runner = runner;
        this.settings = settings;
        this.machine = machine;
        this.own = own;
        this.voice = voice;
        this.life = life;
    }

    @Nullable ActiveRun get(long id) {
        return runs.get(id);
    }

    boolean isEmpty() {
        return runs.isEmpty();
    }

    /// Those that have not ended; others may still be written to the journal.
    List<ActiveRun> active() {
        return runs.values().stream().filter(run -> !run.ended).toList();
    }

    // ---- the start

    /// @param planned monotonic
    void start(CollectorSlot slot, long planned) {
        start(slot, planned, false);
    }

    /// Makes up for a run that another's fault has ended.
    void startAgain(CollectorSlot slot) {
        slot.runAgain = false;
        if (life.worker != null && !life.isOver() && !slot.dropped) {
            start(slot, machine.now(), true);
        }
    }

    private void start(CollectorSlot slot, long planned, boolean again) {
        Worker with = life.worker;
        Ears hearing = life.ears;
        if (with == null || hearing == null) {
            return;
        }
        long now = machine.now();
        ActiveRun run =
                new ActiveRun(
                        ++lastId,
                        slot,
                        ReportBuffer.of(settings.name(), slot.name(), machine),
                        again,
                        machine.wallClock().at(planned),
                        machine.wallClock().at(now),
                        now);
        slot.active = run;
        runs.put(run.id, run);
        slot.stats.started(run.startedNs, now - planned);
        machine.lateness().record(now - planned);
        watchIn(run, HELD_UP);
        try {
            with.start(slot.loaded.id(), run.id);
        } catch (WorkerException e) {
            startRefused(run, with, hearing, String.valueOf(e.getMessage()));
        }
    }

    /// The worker is gone, and normally says so itself in a moment, with who did it.
    private void startRefused(ActiveRun run, Worker gone, Ears hearing, String message) {
        String reason = "could not be started: " + message;
        life.worker = null;
        life.starting(reason);
        run.slot.runAgain = !run.again;
        end(run, Run.Outcome.CRASHED, reason);
        machine.timeline()
                .at(
                        machine.now() + GOODBYE,
                        () ->
                                own.step(() -> {
                                    if (hearing == life.ears) {
                                        gone.close();
                                        runner.interpreterEnded(hearing, reason, "");
                                    }
                                }));
    }

    void interrupt(Worker with, ActiveRun run) {
        if (!settings.hasOwnProcess()) {
            machine.sharedHostAsked().set(machine.now());
        }
        with.interrupt(run.id);
    }

    // ---- while it goes on

    /// The interpreter has come to it. Any thread.
    void begun(long runId, long at) {
        ActiveRun run = runs.get(runId);
        if (run == null) {
            return;
        }
        run.begin(at);
        own.step(() -> {
            if (!run.heldUpBy.isEmpty()) {
                voice.info(
                        run.slot.name()
                                + " started "
                                + Patience.seconds((at - run.started) / 1_000_000 * 1_000_000)
                                + " late, because "
                                + run.heldUpBy
                                + " held the interpreter");
                run.heldUpBy = "";
            }
            watch(run);
        });
    }

    private void watchIn(ActiveRun run, long wait) {
        Timeline.cancel(run.watch);
        run.watch = machine.timeline().at(machine.now() + wait, () -> own.step(() -> watch(run)));
    }

    /// What is new about a run that goes on; sees to it that it is called again in time.
    private void watch(ActiveRun run) {
        Worker with = life.worker;
        if (run.ended || run.ending != null || life.stopping || with == null) {
            return;
        }
        long now = machine.now();
        if (!run.hasBegun()) {
            watchWaiting(with, run, now);
            return;
        }
        Patience patience = run.slot.patience;
        long lasted = run.lasted(now);
        if (lasted >= patience.slowAfter() && !run.slow) {
            becameSlow(run);
        }
        if (patience.isOver(lasted, run.silentFor(now))) {
            askToEnd(with, run, Run.Outcome.TIMEOUT, tookTooLong(run));
        } else if (run.slow && life.retired) {
            askToEnd(
                    with,
                    run,
                    Run.Outcome.ERROR,
                    "interrupted: replaced by its changed version; it had been running for "
                            + Patience.seconds(lasted / 1_000_000_000 * 1_000_000_000));
        } else {
            watchIn(run, Math.max(1, patience.untilNews(lasted, run.silentFor(now))));
        }
    }

    private void becameSlow(ActiveRun run) {
        CollectorSlot slot = run.slot;
        run.slow = true;
        slot.stats.becameSlow();
        // Who waits for its end to know that its reports are kept may wait for ever.
        run.buffer.storeEach(true);
        slot.outside.storeEach(true);
        if (slot.slowTold) {
            return;
        }
        slot.slowTold = true;
        String text =
                "a run of "
                        + slot.name()
                        + " is slow: it takes longer than "
                        + Patience.seconds(slot.patience.slowAfter())
                        + " and goes on; its ticks meanwhile are skipped, and "
                        + slot.patience.whatEndsIt()
                        + (slot.patience.timeout().isPresent()
                                ? ""
                                : ". To have such runs ended sooner, set timeout = \""
                                        + slot.patience.slowAfter() / 1_000_000_000L
                                        + "s\" or the like")
                        + " in its [[inputs.pythond]] block ("
                        + settings.file()
                        + ":"
                        + settings.line()
                        + "); if it is meant to take that long, give its class a longer interval";
        voice.warn(text);
        voice.note(slot.name(), text);
        voice.userLine(text);
    }

    /// Something holds the interpreter. Who that is cannot be seen from here: it is taken to be the
    /// one that has been silent for the longest time. It is ended when it is slow; a `timeout` that
    /// is set is kept to.
    private void watchWaiting(Worker with, ActiveRun run, long now) {
        long waited = now - run.started;
        if (waited < HELD_UP) {
            watchIn(run, HELD_UP - waited);
            return;
        }
        List<ActiveRun> others =
                active().stream()
                        .filter(other -> other != run && other.hasBegun())
                        .sorted(Comparator.comparingLong(other -> -other.silentFor(now)))
                        .toList();
        Patience patience = run.slot.patience;
        if (others.isEmpty()) {
            if (waited >= patience.timeout().orElse(patience.slowAfter())) {
                askToEnd(
                        with,
                        run,
                        Run.Outcome.TIMEOUT,
                        "timed out: for "
                                + Patience.seconds(waited / 1_000_000_000 * 1_000_000_000)
                                + " the interpreter did not come to it; a thread of the input's"
                                + " scripts holds it");
                return;
            }
        } else {
            String holder = others.getFirst().slot.name();
            if (!run.heldUpBy.equals(holder)) {
                run.heldUpBy = holder;
                String text =
                        run.slot.name() + " cannot start: " + holder + " holds the interpreter";
                voice.warn(text + " of this input" + isolated());
                voice.note(run.slot.name(), text);
            }
            boolean oneEnds = others.stream().anyMatch(other -> other.ending != null);
            others.stream()
                    .filter(other -> other.slot.patience.timeout().isEmpty())
                    .filter(other -> other.lasted(now) >= other.slot.patience.slowAfter())
                    .findFirst()
                    .filter(_ -> !oneEnds)
                    .ifPresent(slow ->
                            askToEnd(
                                    with,
                                    slow,
                                    Run.Outcome.TIMEOUT,
                                    tookTooLong(slow.slot.patience.slowAfter())
                                            + ": it held the interpreter, so that "
                                            + run.slot.name()
                                            + " could not start"
                                            + isolated()));
        }
        long soonest =
                others.stream()
                        .mapToLong(o -> o.slot.patience.slowAfter() - o.lasted(now))
                        .filter(left -> left > 0)
                        .min()
                        .orElse(LOOK_AGAIN);
        watchIn(run, Math.min(LOOK_AGAIN, soonest));
    }

    private static String isolated() {
        return "; collectors that must not wait for each other belong into inputs of their own";
    }

    private void askToEnd(Worker with, ActiveRun run, Run.Outcome outcome, String why) {
        run.ending = new ActiveRun.Ending(outcome, why);
        interrupt(with, run);
    }

    /// The next version waits: what is slow ends now, what is not, when it becomes slow.
    void retire() {
        active().forEach(this::watch);
    }

    // ---- the end

    /// @param at when it ended, monotonic
    void finished(Ears from, long runId, RunEnd how, long at) {
        ActiveRun run = runs.get(runId);
        if (from != life.ears || run == null || run.ended) {
            return;
        }
        ActiveRun.Ending asked = run.ending;
        switch (how) {
            case RunEnd.Returned _ -> {
                runner.endedByItself(run.slot);
                end(run, Run.Outcome.OK, "", at);
            }
            case RunEnd.Raised raised when asked != null ->
                    end(run, asked.outcome(), asked.why() + "\n" + raised.traceback(), at);
            case RunEnd.Raised raised -> {
                runner.endedByItself(run.slot);
                end(run, Run.Outcome.ERROR, raised.traceback(), at);
            }
            case RunEnd.Interrupted interrupted when asked != null ->
                    end(run, asked.outcome(), asked.why() + "\n" + interrupted.traceback(), at);
            case RunEnd.Interrupted interrupted ->
                    end(
                            run,
                            Run.Outcome.ERROR,
                            "interrupted: "
                                    + (life.stopping ? life.stopReason : "its interpreter ends")
                                    + "\n"
                                    + interrupted.traceback(),
                            at);
            case RunEnd.Disturbed disturbed -> {
                run.slot.runAgain = !run.again && !life.stopping;
                end(
                        run,
                        Run.Outcome.CRASHED,
                        "ended by another's fault: " + disturbed.reason(),
                        at);
            }
        }
    }

    private static String tookTooLong(ActiveRun run) {
        Patience patience = run.slot.patience;
        return patience.timeout().isPresent()
                ? tookTooLong(patience.timeout().getAsLong())
                : "timed out: it reported nothing for "
                        + Patience.seconds(patience.silence())
                        + ", the larger of ten intervals and 5 minutes; `timeout` in its"
                        + " [[inputs.pythond]] block sets another limit";
    }

    private static String tookTooLong(long limit) {
        return "timed out after " + PlainDuration.nanos(limit);
    }

    /// It was to be interrupted, and its interpreter ended over it.
    void endAsked(ActiveRun run, ActiveRun.Ending asked, String reason) {
        end(run, asked.outcome(), asked.why() + "; " + reason);
    }

    void end(ActiveRun run, Run.Outcome outcome, String error) {
        end(run, outcome, error, machine.now());
    }

    private void end(ActiveRun run, Run.Outcome outcome, String error, long at) {
        run.ended = true;
        Timeline.cancel(run.watch);
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
                    own.step(() -> recorded(run, end));
                });
    }

    private void recorded(ActiveRun run, ReportBuffer.End end) {
        runs.remove(run.id);
        run.slot.active = null;
        run.slot.outside.storeEach(false);
        run.slot.slowTold &= run.slow;
        run.slot.stats.refused(end.refusedReports(), end.refusedPoints());
        tell(run.slot, end.row(), run.slot.stats.ended(end.row()));
        if (life.isOver()) {
            runner.endedAfterAll(run.slot);
        } else if (run.slot.runAgain && life.worker != null) {
            startAgain(run.slot);
        }
    }

    private void tell(CollectorSlot slot, Run row, long inARow) {
        if (row.error().isEmpty()) {
            return;
        }
        String word = row.outcome().word();
        voice.note(slot.name(), "run " + word + ": " + row.error());
        String summary = Run.summary(row.error());
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
}
