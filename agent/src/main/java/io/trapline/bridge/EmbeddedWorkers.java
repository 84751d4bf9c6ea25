package io.trapline.bridge;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// Inputs that run in GraalPy: which host process each of them lives in.
final class EmbeddedWorkers implements AutoCloseable {
    private final HostCommand command;
    private final Path frameworkDir;
    private final ReentrantLock lock = new ReentrantLock(); // guards `shared`
    private @Nullable EmbeddedHost shared;

    EmbeddedWorkers(Path frameworkDir, Path java, List<Path> classPath, Path dataDir, int heapMiB) {
        this.frameworkDir = frameworkDir;
        this.command = new HostCommand(java, classPath, dataDir, heapMiB);
    }

    Session open(WorkerSpec spec, WorkerListener listener)
            throws WorkerException, InterruptedException {
        EmbeddedHost host;
        if (spec.ownHost()) {
            host = EmbeddedHost.start(command.builder(frameworkDir), true);
        } else {
            lock.lock();
            try {
                if (shared == null || shared.isGone()) {
                    shared = EmbeddedHost.start(command.builder(frameworkDir), false);
                }
                host = shared;
            } finally {
                lock.unlock();
            }
        }
        return host.open(spec, listener);
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
