package io.trapline.collector;

import io.trapline.bridge.Worker.LoadedCollector;
import io.trapline.model.Run;
import java.io.IOException;
import java.time.Instant;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/// The collectors of an input and their ticks, each of which starts a run or is a skipped one in
/// the ledger.
///
/// On the input's own thread, but for [#slot], [#shown] and [#pausedSince], which are for anyone.
final class Ticks {
    private static final int MOST_ROWS_FOR_A_STALL = 100;

    private final InputSettings settings;
    private final Machine machine;
    private final OwnThread own;
    private final Voice voice;
    private final Life life;
    private final Runs runs;
    private final Map<String, CollectorSlot> slots = new LinkedHashMap<>();
    private final ConcurrentHashMap<String, CollectorSlot> byId = new ConcurrentHashMap<>();
    private volatile List<CollectorSlot> shown = List.of();

    Ticks(
            InputSettings settings,
            Machine machine,
            OwnThread own,
            Voice voice,
            Life life,
            Runs runs) {
        this.settings = settings;
        this.machine = machine;
        this.own = own;
        this.voice = voice;
        this.life = life;
        this.runs = runs;
    }

    @Nullable CollectorSlot slot(String id) {
        return byId.get(id);
    }

    /// In the order in which they were loaded.
    List<CollectorSlot> shown() {
        return shown;
    }

    // ---- who is there

    /// What a collector leaves to the next version of its input.
    ///
    /// @param name as it was called there
    /// @param busy a run of the version before has not ended yet
    record Handover(
            String name, Schedule schedule, long nextTick, CollectorStats stats, boolean busy) {}

    /// An interpreter has loaded `collectors`: those that are known already keep their ticks.
    ///
    /// @param left by the version before, by id
    void loaded(List<LoadedCollector> collectors, Map<String, Handover> left) {
        Set<String> present = new HashSet<>();
        Map<String, String> names = CollectorNames.of(collectors);
        keepPaused(collectors, names, left);
        for (LoadedCollector loaded : collectors) {
            present.add(loaded.id());
            CollectorSlot known = slots.get(loaded.id());
            String name = names.getOrDefault(loaded.id(), loaded.id());
            if (known == null
                    || known.loaded.interval() != loaded.interval()
                    || !known.name().equals(name)) {
                adopt(loaded, name, collectors.size(), known, left.get(loaded.id()));
            }
        }
        for (CollectorSlot slot : List.copyOf(slots.values())) {
            if (!present.contains(slot.loaded.id())) {
                drop(slot);
            }
        }
        shown = List.copyOf(slots.values());
    }

    /// A class of the same name beside a collector gives it another name, and what was paused under
    /// the one before stays paused under this one. After a start nobody knows which of two was
    /// meant: then both stay paused.
    private void keepPaused(
            List<LoadedCollector> collectors,
            Map<String, String> names,
            Map<String, Handover> left) {
        List<String> paused = machine.pauses().of(settings.name());
        for (String before : paused) {
            if (names.containsValue(before)) {
                continue;
            }
            List<LoadedCollector> heirs =
                    collectors.stream()
                            .filter(each -> before.equals(nameBefore(each.id(), left)))
                            .toList();
            if (heirs.isEmpty()) {
                heirs =
                        collectors.stream()
                                .filter(each -> nameBefore(each.id(), left).isEmpty())
                                .filter(each -> mayBe(before, each))
                                .toList();
            }
            List<String> now =
                    heirs.stream().map(each -> names.getOrDefault(each.id(), each.id())).toList();
            if (now.isEmpty()) {
                continue;
            }
            try {
                machine.pauses().rename(settings.name(), before, now);
                voice.info(
                        "the paused collector "
                                + before
                                + " is called "
                                + String.join(" or ", now)
                                + " now, and stays paused");
            } catch (IOException e) {
                voice.error(String.valueOf(e.getMessage()));
            }
        }
    }

    private String nameBefore(String id, Map<String, Handover> left) {
        CollectorSlot known = slots.get(id);
        Handover before = left.get(id);
        return known != null ? known.name() : before != null ? before.name : "";
    }

    private static boolean mayBe(String name, LoadedCollector collector) {
        String full = collector.module() + "." + collector.className();
        return name.equals(collector.className())
                || name.equals(full)
                || name.endsWith("." + full)
                || name.equals(collector.id());
    }

    private void adopt(
            LoadedCollector loaded,
            String name,
            int together,
            @Nullable CollectorSlot known,
            @Nullable Handover left) {
        if (known != null) {
            drop(known);
        }
        if (!loaded.warning().isEmpty()) {
            voice.warn("collector " + name + " in " + loaded.file() + ": " + loaded.warning());
            voice.note(name, loaded.warning());
            voice.userLine(name + ": " + loaded.warning());
        }
        CollectorSlot slot =
                new CollectorSlot(
                        loaded,
                        name,
                        schedule(loaded, together, left),
                        known != null
                                ? known.stats
                                : left != null ? left.stats : new CollectorStats(),
                        ReportBuffer.of(settings.name(), name, machine),
                        settings.patience(loaded.interval()));
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

    private void drop(CollectorSlot slot) {
        slot.dropped = true;
        Timeline.cancel(slot.timer);
        slots.remove(slot.loaded.id());
        byId.remove(slot.loaded.id());
        machine.writer().execute(() -> closeOutside(slot));
    }

    /// Takes no more reports from outside of a run. Waits for the journal: not on the own thread.
    void closeOutside(CollectorSlot slot) {
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

    List<CollectorSlot> all() {
        return List.copyOf(slots.values());
    }

    // ---- ticks

    private void arm(CollectorSlot slot) {
        slot.nextTickShown = slot.nextTick;
        slot.timer = machine.timeline().at(slot.nextTick, () -> own.step(() -> tick(slot)));
    }

    private void tick(CollectorSlot slot) {
        if (life.isOver() || slot.dropped) {
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
            runs.start(slot, due);
        }
    }

    Optional<Instant> pausedSince(CollectorSlot slot) {
        return machine.pauses().since(settings.name(), slot.name());
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
                                    + CollectorStats.instant(active.startedNs)
                                    + (active.slow
                                            ? ", is slow, and further ticks are only counted"
                                            : ""));
        }
        if (slot.held) {
            return Optional.of("the run of the version before the change has not ended");
        }
        Life.State now = life.state;
        if (life.worker == null) {
            return Optional.of("its interpreter is " + now.word() + ": " + now.reason());
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
        ActiveRun busy = slot.active;
        if (busy != null && !busy.ended) {
            // A run that serves for ever would fill the ledger with its ticks.
            if (busy.slow && busy.skipTold) {
                return;
            }
            busy.skipTold = true;
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

    // ---- beside the ticks

    /// Runs that another's fault has ended are made up for.
    void makeUp() {
        for (CollectorSlot slot : shown) {
            if (slot.runAgain && slot.active == null) {
                runs.startAgain(slot);
            }
        }
    }

    /// @return why it cannot run now, empty when it was started
    String runNow(String name) {
        String why = "it is not loaded any more";
        for (CollectorSlot slot : all()) {
            if (slot.name().equals(name)) {
                why = runNow(slot);
            }
        }
        return why;
    }

    private String runNow(CollectorSlot slot) {
        if (life.stopping) {
            return "the input stops";
        }
        // What made it pause by itself is no reason when somebody looks on.
        slot.pause = Optional.empty();
        Optional<String> hindrance = hindrance(slot);
        if (hindrance.isEmpty()) {
            runs.start(slot, machine.now());
        }
        return hindrance.orElse("");
    }

    /// The version before has ended its run of this collector.
    void released(String collectorId) {
        CollectorSlot slot = slots.get(collectorId);
        if (slot == null || !slot.held) {
            return;
        }
        slot.held = false;
        if (slot.nextTick - machine.now() > Schedule.SOON && hindrance(slot).isEmpty()) {
            runs.start(slot, machine.now());
        }
    }

    // ---- the end

    void end() {
        slots.values().forEach(slot -> Timeline.cancel(slot.timer));
    }

    /// Ends, and leaves to the next version what it goes on with, by id.
    Map<String, Handover> leave() {
        end();
        Map<String, Handover> left = new LinkedHashMap<>();
        for (CollectorSlot slot : slots.values()) {
            left.put(
                    slot.loaded.id(),
                    new Handover(
                            slot.name(),
                            slot.schedule,
                            slot.nextTick,
                            slot.stats,
                            slot.active != null || slot.held));
        }
        return left;
    }
}
