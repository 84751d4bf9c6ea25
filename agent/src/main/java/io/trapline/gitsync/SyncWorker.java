package io.trapline.gitsync;

import io.trapline.gitsync.GitSettings.Repository;
import io.trapline.health.PartState;
import io.trapline.health.PartStatus;
import io.trapline.health.Supervised;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Syncs one repository at once, every `interval`, and whenever it is asked to.
///
/// The monitor guards `plan`, `requests`, `stopped` and `thread`.
final class SyncWorker {
    private static final Logger LOG = LoggerFactory.getLogger(SyncWorker.class);
    private static final Duration JOIN = Duration.ofSeconds(2);

    private final RepositorySync repository;
    private final SshFiles files;
    private final Runnable changed;
    private final List<CompletableFuture<Void>> requests = new ArrayList<>();
    private final PartState part;
    private final Supervised supervised;
    private Plan plan;
    private boolean stopped;
    private @Nullable Thread thread;

    record Plan(Repository repository, Duration interval, Duration timeout, long maxFile) {}

    SyncWorker(RepositorySync repository, SshFiles files, Plan plan, Runnable changed) {
        this.repository = repository;
        part = new PartState("git " + plan.repository().directory());
        supervised = new Supervised(part, this::isStopped, this::work);
        this.files = files;
        this.plan = plan;
        this.changed = changed;
    }

    Path knownHosts() {
        return files.knownHosts();
    }

    synchronized void start(String name) {
        thread = Thread.ofPlatform().daemon().name("git-" + name).start(supervised);
    }

    /// How its loop is doing; what became of a round is in [#status].
    PartStatus part() {
        return part.status();
    }

    synchronized void plan(Plan fresh) {
        if (!fresh.equals(plan)) {
            plan = fresh;
            var _ = request();
        }
    }

    RepositoryStatus status() {
        return repository.status();
    }

    /// Done when a round that starts from now on has ended.
    synchronized CompletableFuture<Void> request() {
        CompletableFuture<Void> done = new CompletableFuture<>();
        if (stopped) {
            done.complete(null);
        } else {
            requests.add(done);
            notifyAll();
        }
        return done;
    }

    private void work() {
        try {
            while (true) {
                Plan now;
                List<CompletableFuture<Void>> answered;
                synchronized (this) {
                    if (stopped) {
                        return;
                    }
                    now = plan;
                    answered = List.copyOf(requests);
                    requests.clear();
                }
                try {
                    round(now);
                } finally {
                    answered.forEach(done -> done.complete(null));
                }
                part.running();
                await(now.interval);
            }
        } catch (InterruptedException _) {
            // Stopped: the thread ends.
            synchronized (this) {
                stopped = true;
            }
        } finally {
            answerAll();
        }
    }

    private synchronized void answerAll() {
        requests.forEach(done -> done.complete(null));
        requests.clear();
    }

    private synchronized boolean isStopped() {
        return stopped;
    }

    private void round(Plan now) throws InterruptedException {
        try {
            if (repository.sync(now.repository, now.timeout, now.maxFile)) {
                changed.run();
            }
        } catch (RuntimeException e) {
            LOG.error("a defect in syncing {}", now.repository.directory(), e);
        }
    }

    private synchronized void await(Duration interval) throws InterruptedException {
        long end = System.nanoTime() + interval.toNanos();
        while (requests.isEmpty() && !stopped) {
            long left = (end - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return;
            }
            wait(left);
        }
    }

    void stop() {
        Thread running;
        synchronized (this) {
            stopped = true;
            notifyAll();
            running = thread;
        }
        // A worker that reloads the configuration may find itself switched off.
        if (running != null && !running.equals(Thread.currentThread())) {
            running.interrupt();
        }
    }

    void join() {
        Thread running;
        synchronized (this) {
            running = thread;
        }
        try {
            if (running != null && !running.equals(Thread.currentThread())) {
                running.join(JOIN.toMillis());
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
