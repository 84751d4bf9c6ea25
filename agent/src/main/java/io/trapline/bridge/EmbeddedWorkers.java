package io.trapline.bridge;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// Inputs that run in GraalPy: which host process each of them lives in.
final class EmbeddedWorkers implements AutoCloseable {
    /// Soft limit of open files of the shared host: all its inputs share it.
    private static final int SHARED_OPEN_FILES = 4 * Limits.DEFAULT.openFiles();

    private final HostCommand command;
    private final Path frameworkDir;
    private final Supplier<Duration> loadLimit;
    private final FrameBudget budget;

    /// Inputs whose loading could not be ended and goes on in the shared host: meanwhile they are
    /// opened in a host of their own, which can be killed.
    private final Set<String> unendable = ConcurrentHashMap.newKeySet();

    private final ReentrantLock lock = new ReentrantLock(); // guards `shared`
    private @Nullable EmbeddedHost shared;

    EmbeddedWorkers(
            Path frameworkDir,
            Path java,
            List<Path> classPath,
            Path dataDir,
            int heapMiB,
            Supplier<Duration> loadLimit,
            FrameBudget budget) {
        this.budget = budget;
        this.loadLimit = loadLimit;
        this.frameworkDir = frameworkDir;
        this.command = new HostCommand(java, classPath, dataDir, heapMiB);
    }

    Session open(WorkerSpec spec, WorkerListener listener)
            throws WorkerException, InterruptedException {
        EmbeddedHost host;
        if (spec.ownHost() || unendable.contains(spec.input())) {
            host =
                    EmbeddedHost.start(
                            command.builder(frameworkDir, spec.limits().openFiles()), true, budget);
        } else {
            lock.lock();
            try {
                if (shared == null || shared.isGone()) {
                    shared =
                            EmbeddedHost.start(
                                    command.builder(frameworkDir, SHARED_OPEN_FILES),
                                    false,
                                    budget);
                }
                host = shared;
            } finally {
                lock.unlock();
            }
        }
        return host.open(spec, listener, loadLimit, unendable);
    }

    @Override
    public void close() {
        lock.lock();
        try {
            if (shared != null) {
                shared.end();
            }
        } finally {
            lock.unlock();
        }
    }
}
