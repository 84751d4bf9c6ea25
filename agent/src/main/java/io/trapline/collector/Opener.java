package io.trapline.collector;

import io.trapline.bridge.Worker;
import io.trapline.bridge.Worker.LoadProblem;
import io.trapline.bridge.WorkerException;
import io.trapline.model.Run;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Starts an interpreter for an input and loads its collectors, on the input's own thread, which
/// waits for that.
final class Opener {
    private final InputSettings settings;
    private final Machine machine;
    private final Supplier<Ears> ears;
    private volatile boolean stopping;
    private volatile @Nullable Thread opening;
    private volatile Optional<String> fingerprint = Optional.empty();

    /// What came of it.
    sealed interface Opening {
        record Good(Discovery.Found found, Worker worker, Ears ears) implements Opening {}

        record Failed(Discovery.Found found, List<LoadProblem> problems, String reason)
                implements Opening {}
    }

    /// @param ears makes those that hear one interpreter
    Opener(InputSettings settings, Machine machine, Supplier<Ears> ears) {
        this.settings = settings;
        this.machine = machine;
        this.ears = ears;
    }

    Opening open() {
        CollectorSettings shared = machine.settings();
        Discovery.Found found =
                new Discovery(shared.pythonRoots().get(), shared.runsAsRoot()).find(settings);
        fingerprint = Optional.of(Fingerprint.of(found));
        if (found.modules().isEmpty()) {
            String why =
                    found.problems().isEmpty()
                            ? "no .py file in dirs " + settings.dirs()
                            : found.problems().getFirst();
            // A refusal says itself that nothing is run.
            return new Opening.Failed(
                    found, List.of(), found.refused() ? why : "nothing to run: " + why);
        }
        Ears hearing = ears.get();
        Worker opened;
        try {
            opening = Thread.currentThread();
            if (stopping) {
                return new Opening.Failed(found, List.of(), "stopped before it started");
            }
            opened = machine.bridge().open(settings.worker(found, shared), hearing);
        } catch (WorkerException e) {
            return new Opening.Failed(found, List.of(), String.valueOf(e.getMessage()));
        } catch (InterruptedException e) {
            return new Opening.Failed(
                    found, List.of(), "interrupted while its interpreter started");
        } finally {
            opening = null;
            // A late interrupt was meant for the opening; the next step must not see it.
            boolean _ = Thread.interrupted();
        }
        if (opened.collectors().isEmpty()) {
            List<LoadProblem> loading = opened.problems();
            opened.close();
            return new Opening.Failed(
                    found,
                    loading,
                    loading.isEmpty()
                            ? "no class in its files subclasses DataKitFramework"
                            : "no collector could be loaded: "
                                    + Run.summary(loading.getFirst().error()));
        }
        return new Opening.Good(found, opened, hearing);
    }

    /// From any thread: what is starting is given up, and nothing starts after it.
    void stop() {
        stopping = true;
        Thread opener = opening;
        if (opener != null) {
            opener.interrupt();
        }
    }

    /// Of the Python files of the latest interpreter; empty before they were looked at. For anyone.
    Optional<String> fingerprint() {
        return fingerprint;
    }
}
