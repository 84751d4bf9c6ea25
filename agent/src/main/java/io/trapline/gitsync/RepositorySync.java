package io.trapline.gitsync;

import io.trapline.gitsync.GitSettings.Repository;
import io.trapline.gitsync.RepositoryStatus.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import org.eclipse.jgit.internal.storage.file.FileRepository;
import org.eclipse.jgit.lib.ObjectId;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps one repository in step: each [#sync] ends with the branch's commit in place, or with the
/// last good one and the reason.
///
/// One thread at a time calls [#sync]; [#status] may be called by any.
final class RepositorySync {
    private static final Logger LOG = LoggerFactory.getLogger(RepositorySync.class);

    private final Layout layout;
    private final SshFiles sshFiles;
    private final TreeCheck check;
    private final InstantSource clock;
    private final Checkout checkout;
    private final History history;
    private boolean cleaned;

    /// The commit that was refused last, with its tree when only the check was against it: the
    /// check depends on the machine too, so that it is made again each time.
    private @Nullable Refusal refusal;

    private volatile RepositoryStatus status;

    private record Refusal(Commit commit, List<String> reasons, Optional<String> tree) {}

    RepositorySync(
            Path gitrepos,
            Repository settings,
            SshFiles sshFiles,
            TreeCheck check,
            InstantSource clock) {
        this.layout = new Layout(gitrepos, settings.directory());
        this.sshFiles = sshFiles;
        this.check = check;
        this.clock = clock;
        this.checkout = new Checkout(layout);
        this.history = new History(layout.history());
        this.status = now(settings, State.STARTING, "");
    }

    RepositoryStatus status() {
        return status;
    }

    /// Asks the server once and does what follows.
    ///
    /// @return whether other files are in place now
    boolean sync(Repository settings, Duration timeout, long maxFile) throws InterruptedException {
        RepositoryStatus before = status;
        boolean changed = false;
        try {
            changed = attempt(settings, timeout, maxFile);
            Refusal refused = refusal;
            status = now(settings, refused == null ? State.OK : State.REFUSED, "");
            if (refused != null && !status.reasons().equals(before.reasons())) {
                record("refused", refused.commit.id(), String.join("; ", refused.reasons));
                LOG.warn(
                        "gitrepos/{}: commit {} ({}) is refused, what was there stays: {}",
                        layout.name(),
                        refused.commit.shortId(),
                        refused.commit.subject(),
                        String.join("; ", refused.reasons));
            }
        } catch (IOException | RuntimeException e) {
            String message = e.getMessage() == null ? e.toString() : e.getMessage();
            status = now(settings, State.FAILING, message);
            if (!message.equals(before.error())) {
                record("failed", "", message);
                LOG.warn("gitrepos/{}: what is there stays: {}", layout.name(), message);
            }
        }
        if (status.state() == State.OK && before.state() == State.FAILING) {
            LOG.info("gitrepos/{}: in step with its server again", layout.name());
        }
        return changed;
    }

    private boolean attempt(Repository settings, Duration timeout, long maxFile)
            throws IOException, InterruptedException {
        if (!cleaned) {
            checkout.clean();
            deleteLocks();
            cleaned = true;
        }
        Remote remote = new Remote(settings, layout.objects(), sshFiles, timeout);
        try (remote) {
            dropUnlessUsable(remote);
            ObjectId tip = within(timeout, remote, remote::tip);
            Optional<Checkout.InPlace> current = checkout.current();
            boolean there =
                    current.isPresent()
                            && current.get().manifest().commit().id().equals(tip.name());
            if (there) {
                forget();
                if (!checkout.isEdited(current.get())) {
                    return false;
                }
            }
            Refusal last = refusal;
            if (last != null && last.commit.id().equals(tip.name())) {
                return last.tree.isPresent() && judge(last.tree.get(), "applied");
            }
            forget();
            if (!has(remote, tip)) {
                tip = fetch(remote, timeout);
            }
            String tree = export(remote, settings, tip, maxFile);
            return tree != null && judge(tree, there ? "restored" : "applied");
        }
    }

    /// A fetch that fails starts over from nothing, once: what is on disk may be at fault.
    private ObjectId fetch(Remote remote, Duration timeout)
            throws IOException, InterruptedException {
        long start = System.nanoTime();
        try {
            return within(timeout, remote, remote::fetch);
        } catch (IOException e) {
            Duration left = timeout.minusNanos(System.nanoTime() - start);
            if (left.compareTo(Duration.ofSeconds(1)) < 0) {
                dropObjects();
                throw e;
            }
            LOG.info(
                    "gitrepos/{}: {}; fetching into an empty store", layout.name(), e.getMessage());
            dropObjects();
            return within(left, remote, remote::fetch);
        }
    }

    private <T> T within(Duration timeout, Remote remote, java.util.concurrent.Callable<T> work)
            throws IOException, InterruptedException {
        try {
            return Attempt.run("git-fetch-" + layout.name(), timeout, work, remote::cancel);
        } catch (RefusedException e) {
            throw new IllegalStateException("a server's answer refuses nothing", e);
        }
    }

    private void dropUnlessUsable(Remote remote) throws IOException {
        try (FileRepository local = remote.open()) {
            var _ = local.resolve("refs/trapline/tip");
        } catch (IOException | RuntimeException e) {
            LOG.info("gitrepos/{}: what was fetched is damaged ({})", layout.name(), e.toString());
            dropObjects();
        }
    }

    private static boolean has(Remote remote, ObjectId tip) throws IOException {
        try (FileRepository local = remote.open()) {
            ObjectId last = local.resolve("refs/trapline/tip");
            return tip.equals(last) && local.getObjectDatabase().has(tip);
        }
    }

    /// The name of the new tree, or null when the commit is refused for what it holds.
    private @Nullable String export(Remote remote, Repository settings, ObjectId tip, long maxFile)
            throws IOException {
        String tree = checkout.freshName(tip.name());
        try (FileRepository local = remote.open()) {
            Manifest manifest =
                    Export.write(
                            local, tip, settings.branch(), layout.trees().resolve(tree), maxFile);
            manifest.write(layout.manifest(tree));
            return tree;
        } catch (RefusedException e) {
            checkout.discard(tree);
            refusal = new Refusal(e.commit(), e.reasons(), Optional.empty());
            return null;
        } catch (IOException | RuntimeException e) {
            checkout.discard(tree);
            dropObjects(); // damaged or incomplete: the next attempt fetches it anew
            throw e;
        }
    }

    /// Puts a tree in place when nothing speaks against it.
    private boolean judge(String tree, String kind) throws IOException {
        Manifest manifest = Manifest.read(layout.manifest(tree));
        List<String> problems = check.problems(layout.name(), layout.trees().resolve(tree));
        if (!problems.isEmpty()) {
            refusal = new Refusal(manifest.commit(), problems, Optional.of(tree));
            return false;
        }
        refusal = null;
        checkout.place(tree);
        checkout.prune();
        record(kind, manifest.commit().id(), manifest.commit().subject());
        LOG.info(
                "gitrepos/{}: commit {} ({}) is in place{}",
                layout.name(),
                manifest.commit().shortId(),
                manifest.commit().subject(),
                kind.equals("restored") ? " again, local edits are gone" : "");
        manifest.notes().forEach(note -> LOG.warn("gitrepos/{}: {}", layout.name(), note));
        return true;
    }

    private void forget() throws IOException {
        Refusal last = refusal;
        refusal = null;
        if (last != null && last.tree.isPresent()) {
            checkout.discard(last.tree.get());
        }
    }

    /// A thread that was given up may still write into the old place; it is deleted later.
    private void dropObjects() throws IOException {
        if (Files.exists(layout.objects())) {
            Path aside = Files.createTempDirectory(layout.store(), "dropped-");
            Files.move(layout.objects(), aside.resolve("objects.git"));
        }
    }

    /// Left by a kill; nobody else works here.
    private void deleteLocks() throws IOException {
        if (!Files.isDirectory(layout.store())) {
            return;
        }
        try (var inside = Files.list(layout.store())) {
            for (Path path : inside.toList()) {
                if (path.getFileName().toString().startsWith("dropped-")) {
                    Layout.delete(path);
                }
            }
        }
        if (Files.isDirectory(layout.objects())) {
            try (var inside = Files.walk(layout.objects())) {
                for (Path path : inside.toList()) {
                    if (path.toString().endsWith(".lock")) {
                        Files.deleteIfExists(path);
                    }
                }
            }
        }
    }

    private RepositoryStatus now(Repository settings, State state, String error) {
        Optional<Manifest> current = checkout.current().map(Checkout.InPlace::manifest);
        Optional<Refusal> refused = Optional.ofNullable(refusal);
        return new RepositoryStatus(
                layout.name(),
                GitAddress.withoutPassword(settings.url()),
                settings.branch(),
                state,
                current.map(Manifest::commit),
                state == State.STARTING ? Optional.empty() : Optional.of(clock.instant()),
                error,
                refused.map(Refusal::commit),
                refused.map(Refusal::reasons).orElse(List.of()),
                current.map(Manifest::notes).orElse(List.of()));
    }

    private void record(String kind, String commit, String text) {
        try {
            history.add(new SyncEvent(clock.instant(), layout.name(), kind, commit, text));
        } catch (IOException e) {
            LOG.warn("gitrepos/{}: could not write its log: {}", layout.name(), e.toString());
        }
    }
}
