package io.trapline.gitsync;

import io.trapline.gitsync.GitSettings.Repository;
import io.trapline.health.PartStatus;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps `gitrepos/<repo>` equal to branches on servers, a thread a repository, so that none waits
/// for another's server. Does nothing, and loads nothing of JGit, until a repository is enabled.
///
/// Any thread may call any method. The monitor guards `workers`.
public final class GitSync implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(GitSync.class);

    private final Path gitrepos;
    private final Path home;
    private final TreeCheck check;
    private final Runnable changed;
    private final InstantSource clock;
    private final Map<String, SyncWorker> workers = new LinkedHashMap<>();

    /// @param gitrepos where the repositories live
    /// @param home where relative paths of keys start
    /// @param check asked before a commit is put in place
    /// @param changed called after other files are in place; may call [#configure]
    public GitSync(
            Path gitrepos, Path home, TreeCheck check, Runnable changed, InstantSource clock) {
        this.gitrepos = gitrepos;
        this.home = home;
        this.check = check;
        this.changed = changed;
        this.clock = clock;
    }

    /// The folders of the enabled repositories, in the order in which they are searched.
    public static List<Path> roots(Path gitrepos, GitSettings settings) {
        return settings.enabled().stream()
                .map(repository -> gitrepos.resolve(repository.directory()))
                .toList();
    }

    /// Starts, stops and changes what differs. A changed address or branch is tried at once.
    public synchronized void configure(GitSettings settings) {
        Map<String, SyncWorker> before = new LinkedHashMap<>(workers);
        workers.clear();
        Path knownHosts =
                settings.knownHosts().isEmpty()
                        ? Path.of(System.getProperty("user.home"), ".ssh", "known_hosts")
                        : home.resolve(settings.knownHosts());
        for (Repository repository : settings.enabled()) {
            String name = repository.directory();
            SyncWorker worker = before.remove(name);
            SyncWorker.Plan plan =
                    new SyncWorker.Plan(
                            repository,
                            settings.pullInterval(),
                            settings.timeout(),
                            settings.maxFile());
            if (worker != null && !worker.knownHosts().equals(knownHosts)) {
                worker.stop();
                worker = null;
            }
            if (worker == null) {
                SshFiles files = new SshFiles(home, knownHosts);
                worker =
                        new SyncWorker(
                                new RepositorySync(gitrepos, repository, files, check, clock),
                                files,
                                plan,
                                changed);
                worker.start(name);
            } else {
                worker.plan(plan);
            }
            workers.put(name, worker);
        }
        before.forEach((name, worker) -> {
            LOG.info("gitrepos/{}: no longer configured, its files stay", name);
            worker.stop();
        });
    }

    /// In the order of the configuration.
    public List<RepositoryStatus> status() {
        return snapshot().values().stream().map(SyncWorker::status).toList();
    }

    /// How the loops are doing that ask the servers.
    public List<PartStatus> parts() {
        return snapshot().values().stream().map(SyncWorker::part).toList();
    }

    /// Asks the servers now, of one repository or of all.
    ///
    /// @return whether all were asked within `atMost`; what came of it is in [#status]
    public boolean sync(Optional<String> name, Duration atMost) throws InterruptedException {
        List<CompletableFuture<Void>> asked = new ArrayList<>();
        snapshot()
                .forEach((known, worker) -> {
                    if (name.isEmpty() || name.get().equals(known)) {
                        asked.add(worker.request());
                    }
                });
        try {
            CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
                    .get(atMost.toMillis(), TimeUnit.MILLISECONDS);
            return true;
        } catch (TimeoutException _) {
            return false;
        } catch (ExecutionException e) {
            throw new IllegalStateException("a round never ends with an exception", e);
        }
    }

    /// What happened to the enabled repositories, the newest first. Needs no running agent.
    public static List<SyncEvent> history(Path gitrepos, GitSettings settings) throws IOException {
        List<SyncEvent> events = new ArrayList<>();
        for (Repository repository : settings.enabled()) {
            Layout layout = new Layout(gitrepos, repository.directory());
            events.addAll(new History(layout.history()).read());
        }
        events.sort(Comparator.comparing(SyncEvent::time).reversed());
        return events;
    }

    /// What is in place according to the disk, for when no agent runs.
    public static List<RepositoryStatus> onDisk(Path gitrepos, GitSettings settings) {
        SshFiles none = new SshFiles(gitrepos, gitrepos);
        return settings.enabled().stream()
                .map(repository ->
                        new RepositorySync(
                                        gitrepos,
                                        repository,
                                        none,
                                        (_, _) -> List.of(),
                                        InstantSource.system())
                                .status())
                .toList();
    }

    private synchronized Map<String, SyncWorker> snapshot() {
        return new LinkedHashMap<>(workers);
    }

    /// What is being fetched is given up; what is in place stays.
    @Override
    public void close() {
        Map<String, SyncWorker> all = snapshot();
        all.values().forEach(SyncWorker::stop);
        all.values().forEach(SyncWorker::join);
    }
}
