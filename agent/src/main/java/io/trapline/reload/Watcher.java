package io.trapline.reload;

import io.trapline.health.PartState;
import io.trapline.health.PartStatus;
import io.trapline.health.Supervised;
import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Calls for a reload after `*.conf` or `*.py` files changed and rest. The system's notices only
/// wake it early: what counts is what the folders hold, so that a lost notice costs seconds.
///
/// The monitor guards `rest` and `thread`.
public final class Watcher implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Watcher.class);
    private static final Duration QUIET = Duration.ofMillis(500);
    private static final Duration PATIENCE = Duration.ofSeconds(2);

    /// Between two looks while something changes: notices that come faster wake nobody.
    private static final long LOOK_MS = 150;

    private static final long SLOW_LOOK_MS = 30_000;

    private final Supplier<List<Path>> folders;
    private final Consumer<Set<Path>> reload;
    private @Nullable Rest<Path, Stamps.Stamp> rest;
    private final PartState part = new PartState("watcher");
    private @Nullable Thread thread;

    /// @param folders what to watch, asked each time; may be missing
    /// @param reload takes the files that go on changing and should be left alone; may call
    ///   [#watch] and [#takeAsSeen]
    public Watcher(Supplier<List<Path>> folders, Consumer<Set<Path>> reload) {
        this.folders = folders;
        this.reload = reload;
    }

    /// How its thread is doing; empty when it does not watch.
    public synchronized Optional<PartStatus> part() {
        return thread == null ? Optional.empty() : Optional.of(part.status());
    }

    /// Starts or stops watching.
    public synchronized void watch(boolean on) {
        Thread running = thread;
        if (on && running == null) {
            rest =
                    new Rest<>(
                            look().files(), QUIET.toNanos(), PATIENCE.toNanos(), System::nanoTime);
            thread =
                    Thread.ofPlatform()
                            .daemon()
                            .name("watcher")
                            .start(new Supervised(part, () -> !isWanted(), this::loop));
        } else if (!on && running != null) {
            thread = null;
            rest = null;
            if (!running.equals(Thread.currentThread())) {
                running.interrupt();
            }
        }
    }

    /// What the folders hold now is about to be read anyway.
    public synchronized void takeAsSeen() {
        Rest<Path, Stamps.Stamp> watching = rest;
        if (watching != null) {
            watching.take(look().files());
        }
    }

    /// Files that have been changing for so long that someone should know.
    public synchronized Set<Path> restlessFor(Duration time) {
        Rest<Path, Stamps.Stamp> watching = rest;
        return watching == null ? Set.of() : watching.restlessFor(time.toNanos());
    }

    private Stamps look() {
        return Stamps.of(folders.get());
    }

    private synchronized boolean isWanted() {
        return Thread.currentThread().equals(thread);
    }

    private void loop() throws IOException {
        try (WatchService notices = FileSystems.getDefault().newWatchService()) {
            Map<Path, Registered> registered = new HashMap<>();
            while (isWanted()) {
                Stamps now = look();
                register(notices, now.folders(), registered);
                Optional<Rest.Due<Path>> due = due(now);
                if (due.isPresent()) {
                    reload(due.get());
                } else {
                    await(notices, registered);
                }
            }
        } catch (InterruptedException | ClosedWatchServiceException e) {
            LOG.debug("watching ends", e);
        } catch (IOException e) {
            throw new IOException(
                    "cannot watch files, changes take `trapline reload` meanwhile: " + e, e);
        }
    }

    private void reload(Rest.Due<Path> due) {
        LOG.info(
                "{} changed{}: reloading",
                due.changed().size() == 1
                        ? due.changed().iterator().next()
                        : due.changed().size() + " files",
                due.restless().isEmpty()
                        ? ""
                        : ", " + due.restless().size() + " more do not rest and wait");
        try {
            reload.accept(due.restless());
        } catch (RuntimeException e) {
            LOG.error("a reload failed; the next change is tried again", e);
        }
    }

    private synchronized Optional<Rest.Due<Path>> due(Stamps now) {
        Rest<Path, Stamps.Stamp> watching = rest;
        return watching == null ? Optional.empty() : watching.look(now.files());
    }

    private synchronized boolean isRestless() {
        Rest<Path, Stamps.Stamp> watching = rest;
        return watching != null && watching.isRestless();
    }

    /// Returns when there may be something to see.
    private void await(WatchService notices, Map<Path, Registered> registered)
            throws InterruptedException {
        if (isRestless()) {
            Thread.sleep(LOOK_MS);
            for (WatchKey key = notices.poll(); key != null; key = notices.poll()) {
                boolean _ = isOfInterest(key, registered);
            }
            return;
        }
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(SLOW_LOOK_MS);
        boolean woken = false;
        while (!woken) {
            WatchKey key = notices.poll(end - System.nanoTime(), TimeUnit.NANOSECONDS);
            if (key == null) {
                return;
            }
            woken = isOfInterest(key, registered);
        }
    }

    /// Scripts write files of their own beside themselves, some all the time.
    private static boolean isOfInterest(WatchKey key, Map<Path, Registered> registered) {
        boolean interesting = false;
        for (WatchEvent<?> event : key.pollEvents()) {
            interesting |=
                    !(event.context() instanceof Path name)
                            || !(key.watchable() instanceof Path folder)
                            || Stamps.isWatched(name)
                            || registered.containsKey(folder.resolve(name))
                            || Files.isDirectory(folder.resolve(name));
        }
        // A folder that is gone is looked at once more.
        return !key.reset() || interesting;
    }

    private record Registered(Object identity, WatchKey key) {}

    private static void register(
            WatchService notices, Map<Path, Object> now, Map<Path, Registered> registered) {
        registered
                .entrySet()
                .removeIf(entry -> {
                    Registered known = entry.getValue();
                    boolean gone =
                            !known.identity.equals(now.get(entry.getKey())) || !known.key.isValid();
                    if (gone) {
                        known.key.cancel();
                    }
                    return gone;
                });
        now.forEach((folder, identity) -> {
            if (!registered.containsKey(folder)) {
                try {
                    WatchKey key =
                            folder.register(
                                    notices,
                                    StandardWatchEventKinds.ENTRY_CREATE,
                                    StandardWatchEventKinds.ENTRY_MODIFY,
                                    StandardWatchEventKinds.ENTRY_DELETE);
                    registered.put(folder, new Registered(identity, key));
                } catch (IOException e) {
                    // Too many watches, or gone: the slow look finds changes there.
                    LOG.debug("no notices for {}: {}", folder, e.toString());
                }
            }
        });
    }

    @Override
    public void close() {
        watch(false);
    }
}
