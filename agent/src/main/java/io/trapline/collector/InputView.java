package io.trapline.collector;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/// What people see of an input. For any thread: it reads only what is final, volatile or
/// concurrent.
final class InputView {
    private final InputSettings settings;
    private final Machine machine;
    private final OutputLog log;
    private final Life life;
    private final LoadProblems problems;
    private final Ticks ticks;
    private final AtomicLong restarts;

    /// @param restarts of its interpreter
    InputView(
            InputSettings settings,
            Machine machine,
            OutputLog log,
            Life life,
            LoadProblems problems,
            Ticks ticks,
            AtomicLong restarts) {
        this.settings = settings;
        this.machine = machine;
        this.log = log;
        this.life = life;
        this.problems = problems;
        this.ticks = ticks;
        this.restarts = restarts;
    }

    InputStatus status() {
        Life.State now = life.state;
        List<CollectorStatus> collectors =
                ticks.shown().stream().map(slot -> status(slot, now)).toList();
        return new InputStatus(
                settings.name(),
                now.word(),
                now.reason(),
                now.retryAt().map(this::instantAt),
                life.processId,
                restarts.get(),
                problems.all(),
                OutputLog.fileName(settings.name()),
                collectors);
    }

    private CollectorStatus status(CollectorSlot slot, Life.State now) {
        Optional<CollectorSlot.Pause> pause = slot.pause.filter(p -> p.until() - machine.now() > 0);
        Optional<Instant> paused = ticks.pausedSince(slot);
        String word = paused.isPresent() ? "paused" : pause.isPresent() ? "backing off" : "waiting";
        Optional<ActiveRun> run = Optional.ofNullable(slot.active).filter(each -> !each.ended);
        CollectorStats.Shown shown =
                new CollectorStats.Shown(
                        now.isRunning() || paused.isPresent() ? word : "down",
                        paused.map(since ->
                                        "paused by hand since "
                                                + since.truncatedTo(ChronoUnit.SECONDS))
                                .or(() -> pause.map(CollectorSlot.Pause::reason))
                                .or(() -> run.flatMap(this::trouble))
                                .orElse(""),
                        now.isEnding() || paused.isPresent()
                                ? Optional.empty()
                                : Optional.of(instantAt(slot.nextTickShown)),
                        run.filter(each -> each.slow).isPresent(),
                        run.map(each -> each.heldUpBy).orElse(""),
                        run.map(each -> each.buffer.taken()).orElse(0L) + slot.outside.taken());
        return slot.stats.status(slot, shown, log);
    }

    /// What is wrong with a run that goes on.
    private Optional<String> trouble(ActiveRun run) {
        if (!run.heldUpBy.isEmpty()) {
            return Optional.of("its run cannot start: " + run.heldUpBy + " holds the interpreter");
        }
        if (!run.slow) {
            return Optional.empty();
        }
        long skipped = run.slot.stats.skippedNow();
        return Optional.of(
                "its run has gone on for "
                        + run.lasted(machine.now()) / 1_000_000_000L
                        + " s, longer than the larger of its interval and 10 s; "
                        + skipped
                        + (skipped == 1 ? " tick was" : " ticks were")
                        + " skipped meanwhile; "
                        + run.slot.patience.whatEndsIt());
    }

    private Instant instantAt(long monotonic) {
        return CollectorStats.instant(machine.wallClock().at(monotonic));
    }
}
