package io.trapline.bridge;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Inputs that run in GraalPy: which host process each of them lives in.
///
/// They are opened a few at a time, so that the first ones run while the others are still opening,
/// and share one host until its heap is full; then there is another, as long as the machine has the
/// memory for one.
final class EmbeddedWorkers implements AutoCloseable {
    private static final Logger log = LoggerFactory.getLogger(EmbeddedWorkers.class);

    /// Soft limit of open files of the shared host: all its inputs share it.
    private static final int SHARED_OPEN_FILES = 4 * Limits.DEFAULT.openFiles();

    private static final int MOST_AT_ONCE = 4;

    private final HostCommand command;
    private final Path frameworkDir;
    private final Supplier<Duration> loadLimit;
    private final FrameBudget budget;

    /// Inputs whose loading could not be ended and goes on in the shared host: meanwhile they are
    /// opened in a host of their own, which can be killed.
    private final Set<String> unendable = ConcurrentHashMap.newKeySet();

    /// Beside its heap, what a host takes of the machine's memory.
    private static final long BESIDE_HEAP = 192L << 20;

    /// Opening one is work for one core.
    private final Semaphore turns =
            new Semaphore(
                    Math.clamp(Runtime.getRuntime().availableProcessors(), 1, MOST_AT_ONCE), true);

    private final int heapMiB;
    private final LongSupplier available;
    private final ReentrantLock lock = new ReentrantLock(); // guards `shared`
    private final List<EmbeddedHost> shared = new ArrayList<>();

    /// @param available bytes of memory that the machine has left
    EmbeddedWorkers(
            Path frameworkDir,
            Path java,
            List<Path> classPath,
            Path dataDir,
            int heapMiB,
            Supplier<Duration> loadLimit,
            FrameBudget budget,
            LongSupplier available) {
        this.heapMiB = heapMiB;
        this.available = available;
        this.budget = budget;
        this.loadLimit = loadLimit;
        this.frameworkDir = frameworkDir;
        this.command = new HostCommand(java, classPath, dataDir, heapMiB);
    }

    Session open(WorkerSpec spec, WorkerListener listener)
            throws WorkerException, InterruptedException {
        if (!turns.tryAcquire(0, TimeUnit.SECONDS)) {
            listener.waits(
                    "it waits for its turn: embedded inputs open a few at a time, "
                            + (turns.getQueueLength() + 1)
                            + " were waiting when it came");
            turns.acquire();
        }
        try {
            listener.waits("its interpreter starts and loads its modules");
            return opened(spec, listener);
        } finally {
            turns.release();
        }
    }

    private Session opened(WorkerSpec spec, WorkerListener listener)
            throws WorkerException, InterruptedException {
        boolean own = spec.ownHost() || unendable.contains(spec.input());
        while (true) {
            EmbeddedHost host =
                    own
                            ? EmbeddedHost.start(
                                    command.builder(frameworkDir, spec.limits().openFiles()),
                                    true,
                                    budget)
                            : hostWithRoom(spec);
            try {
                return host.open(spec, listener, loadLimit, unendable);
            } catch (EmbeddedHost.FullException e) {
                log.info(
                        "embedded Python (process {}) takes no more inputs: {}",
                        host.pid(),
                        e.getMessage());
            }
        }
    }

    private EmbeddedHost hostWithRoom(WorkerSpec spec)
            throws WorkerException, InterruptedException {
        lock.lock();
        try {
            shared.removeIf(EmbeddedHost::isGone);
            for (EmbeddedHost host : shared) {
                if (!host.isFull()) {
                    return host;
                }
            }
            long needs = ((long) heapMiB << 20) + BESIDE_HEAP;
            long has = available.getAsLong();
            if (!shared.isEmpty() && has < needs) {
                throw new WorkerException(
                        "input "
                                + spec.input()
                                + " does not fit: "
                                + shared.stream()
                                        .map(EmbeddedHost::fullBecause)
                                        .collect(Collectors.joining("; "))
                                + ". Another process would need "
                                + (needs >> 20)
                                + " MiB, and the machine has "
                                + (has >> 20)
                                + " MiB left. Give it more memory, put collectors together into"
                                + " fewer inputs (they share an interpreter then), or let some run"
                                + " with cmd = \"python3\", which takes about 17 MiB each");
            }
            EmbeddedHost started =
                    EmbeddedHost.start(
                            command.builder(frameworkDir, SHARED_OPEN_FILES), false, budget);
            shared.add(started);
            return started;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void close() {
        lock.lock();
        try {
            shared.forEach(EmbeddedHost::end);
        } finally {
            lock.unlock();
        }
    }
}
