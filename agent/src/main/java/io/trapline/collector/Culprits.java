package io.trapline.collector;

import io.trapline.model.Run;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/// Who took an interpreter down. A collector that is known to have done it pauses, longer each
/// time; one that was only there is run again.
///
/// On the input's own thread.
final class Culprits {
    private static final long KILL_WINDOW = Duration.ofSeconds(15).toNanos();

    private final InputSettings settings;
    private final Machine machine;
    private final Voice voice;
    private final Runs runs;

    /// What ran each time that the process died and nobody was named.
    private final Set<CollectorSlot> suspects = new HashSet<>();

    Culprits(InputSettings settings, Machine machine, Voice voice, Runs runs) {
        this.settings = settings;
        this.machine = machine;
        this.voice = voice;
        this.runs = runs;
    }

    /// The interpreter ended unasked: ends what ran in it.
    ///
    /// @param named who did it, when the bridge knows: an id, of another input's collector too
    /// @param here the collector of that id, when it is one of this input
    /// @return whether it is known who did it, in this input or in another
    boolean endRuns(String reason, String named, Optional<CollectorSlot> here) {
        List<ActiveRun> active = runs.active();
        Set<CollectorSlot> culprits = find(active, named, here);
        boolean foreign = culprits.isEmpty() && (!named.isEmpty() || anotherInputHung());
        boolean known = foreign || !culprits.isEmpty();
        for (ActiveRun run : active) {
            ActiveRun.Ending asked = run.ending;
            if (asked != null) {
                runs.endAsked(run, asked, reason);
            } else if (culprits.contains(run.slot)) {
                runs.end(run, Run.Outcome.CRASHED, reason);
            } else {
                // Whoever may itself have been the cause is not run again before the pause.
                run.slot.runAgain = !run.again && (known || !settings.hasOwnProcess());
                runs.end(run, Run.Outcome.CRASHED, "its interpreter ended while it ran: " + reason);
            }
        }
        culprits.forEach(slot -> blame(slot, reason));
        return known;
    }

    private Set<CollectorSlot> find(
            List<ActiveRun> active, String named, Optional<CollectorSlot> here) {
        Set<CollectorSlot> culprits = new HashSet<>();
        active.stream().filter(ActiveRun::isTimedOut).forEach(r -> culprits.add(r.slot));
        here.ifPresent(culprits::add);
        if (culprits.isEmpty() && named.isEmpty() && settings.hasOwnProcess()) {
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

    /// A run of it ended by itself, so it is no danger to its interpreter.
    void clear(CollectorSlot slot) {
        slot.backoff.reset();
        suspects.remove(slot);
    }
}
