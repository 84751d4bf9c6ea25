package io.trapline.collector;

import io.trapline.bridge.Worker;
import io.trapline.bridge.WorkerException;
import io.trapline.bridge.WorkerListener.RunEnd;
import io.trapline.model.Run;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The runs of an input that are under way, from the start to the row in the ledger.
///
/// On the input's own thread, but for [#get], which is for anyone, and deadlines, which fire on the
/// schedule's.
final class Runs {
    private static final long GOODBYE = Duration.ofSeconds(1).toNanos();

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

    // ---- the end

    /// @param at when it ended, monotonic
    void finished(Ears from, long runId, RunEnd how, long at) {
        ActiveRun run = runs.get(runId);
        if (from != life.ears || run == null || run.ended) {
            return;
        }
        switch (how) {
            case RunEnd.Returned _ -> {
                runner.endedByItself(run.slot);
                end(run, Run.Outcome.OK, "", at);
            }
            case RunEnd.Raised raised when run.timedOut ->
                    end(run, Run.Outcome.TIMEOUT, tookTooLong(run) + "\n" + raised.traceback(), at);
            case RunEnd.Raised raised -> {
                runner.endedByItself(run.slot);
                end(run, Run.Outcome.ERROR, raised.traceback(), at);
            }
            case RunEnd.Interrupted interrupted when life.stopping ->
                    end(
                            run,
                            Run.Outcome.ERROR,
                            "interrupted: " + life.stopReason + "\n" + interrupted.traceback(),
                            at);
            case RunEnd.Interrupted interrupted ->
                    end(
                            run,
                            Run.Outcome.TIMEOUT,
                            tookTooLong(run) + "\n" + interrupted.traceback(),
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
        return "timed out after " + run.slot.timeout / 1e9 + " s";
    }

    /// It was to be interrupted, and its interpreter ended over it.
    void endTimedOut(ActiveRun run, String reason) {
        end(run, Run.Outcome.TIMEOUT, tookTooLong(run) + "; " + reason);
    }

    void end(ActiveRun run, Run.Outcome outcome, String error) {
        end(run, outcome, error, machine.now());
    }

    private void end(ActiveRun run, Run.Outcome outcome, String error, long at) {
        run.ended = true;
        Timeline.cancel(run.deadline);
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
