package io.trapline;

import io.trapline.collector.InputSettings;
import io.trapline.config.Problem;
import io.trapline.config.ProblemReport;
import io.trapline.forward.ForwardException;
import io.trapline.forward.Outputs;
import io.trapline.gitsync.GitSync;
import io.trapline.journal.JournalException;
import io.trapline.net.ListenSettings;
import io.trapline.pipeline.GlobalTags;
import io.trapline.registry.RegistryException;
import io.trapline.reload.Watcher;
import io.trapline.telemetry.Logs;
import io.trapline.web.AgentApi.Reload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/// Brings a changed configuration into force while the agent runs: at somebody's word, when files
/// have changed, and when a commit is in place.
///
/// Any thread may call any method; the monitor lets one reading after the other be applied.
final class Reloading {
    private static final Logger LOG = LoggerFactory.getLogger(Agent.class);

    /// What a reload waits for inputs that load.
    private static final Duration LOADING = Duration.ofSeconds(20);

    private final Home home;
    private final InForce inForce;
    private final Certificates certificates;
    private final Outputs outputs;
    private final GlobalTags globalTags;
    private final Optional<Core> core;
    private final LateParts late;
    private final InstantSource clock;

    Reloading(
            Home home,
            InForce inForce,
            Certificates certificates,
            Outputs outputs,
            GlobalTags globalTags,
            Optional<Core> core,
            LateParts late,
            InstantSource clock) {
        this.home = home;
        this.inForce = inForce;
        this.certificates = certificates;
        this.outputs = outputs;
        this.globalTags = globalTags;
        this.core = core;
        this.late = late;
        this.clock = clock;
    }

    // ---- what calls for it

    /// Re-reads the configuration and applies it, or leaves everything as it is and says why.
    synchronized Reload reload() {
        takeAsSeen();
        Settings.Loaded loaded = Settings.load(home.root(), System.getenv());
        if (loaded.hasErrors() || !(loaded instanceof Settings.Loaded.Usable usable)) {
            return refuse(loaded);
        }
        return apply(usable.settings(), loaded.problems(), Set.of());
    }

    /// As [#reload], and waits until changed inputs have loaded or are known not to.
    Reload reloadAndWait() {
        Reload outcome = reload();
        var collectors = late.collectorsIfOpen();
        if (!(outcome instanceof Reload.InForce(long now, List<String> warnings))
                || collectors.isEmpty()) {
            return outcome;
        }
        try {
            boolean _ = collectors.get().awaitSettled(LOADING);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        List<String> all = new ArrayList<>(warnings);
        all.addAll(collectors.get().refusedChanges());
        return new Reload.InForce(now, all);
    }

    /// After files changed by themselves: an input whose file is wrong, or being written, goes on
    /// as it is, everything else gets what is new.
    ///
    /// @param restless files that are being written
    synchronized void follow(Set<Path> restless) {
        if (restless.contains(home.conf().resolve("trapline.conf"))
                || restless.contains(home.conf().resolve("datakit.conf"))) {
            return; // followed when these rest
        }
        Settings.Loaded loaded = Settings.load(home.root(), System.getenv());
        switch (loaded) {
            case Settings.Loaded.Unusable _ -> {
                Reload _ = refuse(loaded);
            }
            case Settings.Loaded.Usable _ when isMainWrong(loaded) -> {
                Reload _ = refuse(loaded);
            }
            case Settings.Loaded.Usable usable -> {
                List<InputSettings> inputs =
                        StandingInputs.of(
                                inForce.settings().inputs(),
                                usable.settings().inputs(),
                                loaded.problems(),
                                restless);
                Reload _ = apply(usable.settings().running(inputs), loaded.problems(), restless);
            }
        }
    }

    private boolean isMainWrong(Settings.Loaded loaded) {
        Path main = home.conf().resolve("trapline.conf");
        return loaded.problems().stream()
                .anyMatch(problem ->
                        problem.severity() == Problem.Severity.ERROR
                                && problem.file().equals(main));
    }

    synchronized void followCommit() {
        takeAsSeen();
        follow(Set.of());
    }

    /// What `check-config` would call an error in a commit that is not in place yet.
    List<String> objections(Path tree) {
        List<Problem> errors =
                Settings.checkInputs(home.root(), System.getenv(), tree).stream()
                        .filter(problem -> problem.severity() == Problem.Severity.ERROR)
                        .toList();
        return ProblemReport.lines(tree, errors);
    }

    /// Where a change of a `*.conf` or `*.py` file calls for a reload.
    List<Path> watched() {
        Settings now = inForce.settings();
        List<Path> folders = new ArrayList<>(home.pythonRoots(now.git()));
        folders.add(home.conf());
        GitSync.roots(home.gitrepos(), now.git())
                .forEach(root -> folders.add(root.resolve("conf.d")));
        now.inputs().stream()
                .flatMap(input -> input.dirs().stream())
                .map(Path::of)
                .filter(Path::isAbsolute)
                .map(path -> Files.isRegularFile(path) ? path.getParent() : path)
                .forEach(folders::add);
        return folders;
    }

    /// Before anything is read: what changes from here on is seen.
    private void takeAsSeen() {
        late.watcher().ifPresent(Watcher::takeAsSeen);
    }

    // ---- what it does

    private Reload refuse(Settings.Loaded loaded) {
        List<String> lines = ProblemReport.lines(home.root(), loaded.problems());
        long generation = inForce.refused(lines, loaded.problems(), clock.instant());
        LOG.warn(
                "reload refused, the old configuration stays in force:\n{}",
                String.join("\n", lines));
        return new Reload.Refused(generation, lines);
    }

    private Reload apply(Settings fresh, List<Problem> problems, Set<Path> restless) {
        Instant readAt = clock.instant();
        boolean same = fresh.equals(inForce.settings());
        List<String> warnings = new ArrayList<>(ProblemReport.lines(home.root(), problems));
        warnings.addAll(needsRestart(inForce.settings(), fresh));
        warnings.addAll(moveListeners(inForce.settings(), fresh));
        // What is merely good to know says so itself, as in the log of a start.
        warnings.forEach(warning ->
                LOG.atLevel(ProblemReport.isRemark(warning) ? Level.INFO : Level.WARN)
                        .log("{}", warning));
        inForce.replace(fresh);
        Logs.level(fresh.logging().level().name());
        globalTags.configure(fresh.pipeline());
        certificates.look();
        try {
            outputs.apply(fresh.forward());
        } catch (ForwardException | JournalException e) {
            LOG.error("the old outputs stay in force", e);
            warnings.add("the old [outputs] stay in force: " + e.getMessage());
        }
        if (core.isPresent()) {
            try {
                core.get().declare(fresh);
            } catch (RegistryException e) {
                LOG.error("the old registrations and checks stay in force", e);
                warnings.add(
                        "the old [[push]] and [[trap]] blocks stay in force: " + e.getMessage());
            }
        }
        long generation = inForce.accepted(warnings, problems, readAt);
        List<String> touched = runInputs(restless);
        LOG.info(
                "{}configuration {} is in force: {}{}{}",
                same && touched.isEmpty() && warnings.isEmpty()
                        ? "reloaded, nothing changed: "
                        : same ? "reloaded, no setting changed: " : "",
                generation,
                counted(fresh.inputs().size(), "input"),
                touched.isEmpty()
                        ? ""
                        : "; new, gone or with changed scripts: " + String.join(", ", touched),
                warnings.isEmpty()
                        ? ""
                        : "; " + counted(warnings.size(), "remark") + ", logged before this line");
        return new Reload.InForce(generation, warnings);
    }

    private static String counted(int count, String noun) {
        return count + " " + noun + (count == 1 ? "" : "s");
    }

    /// Has the inputs, repositories and files that are configured run, synced and watched.
    ///
    /// @param restless files that are being written
    /// @return the inputs that this starts, replaces or ends, by name
    List<String> runInputs(Set<Path> restless) {
        Settings now = inForce.settings();
        List<String> touched =
                late.collectors()
                        .apply(now.role() == Role.CORE ? List.of() : now.inputs(), restless);
        late.gitSync().orElseThrow().configure(now.git());
        late.watcher().orElseThrow().watch(now.watch());
        return touched;
    }

    /// What could not be opened, and goes on where it was.
    private List<String> moveListeners(Settings old, Settings fresh) {
        List<String> lines = new ArrayList<>();
        AgentListener listener = late.listener();
        try {
            if (sameProtection(old.http().listen(), fresh.http().listen())) {
                listener.move(fresh.http());
            }
        } catch (IOException e) {
            lines.add("[http] listen stays at " + listener.address() + ": " + e.getMessage());
        }
        if (core.isPresent() && sameProtection(old.core().listen(), fresh.core().listen())) {
            try {
                core.get().move(fresh.core().listen());
            } catch (IOException e) {
                lines.add("[core] listen stays at " + core.get().address() + ": " + e.getMessage());
            }
        }
        return lines;
    }

    private static boolean sameProtection(ListenSettings a, ListenSettings b) {
        return a.tls().isPresent() == b.tls().isPresent();
    }

    private static List<String> needsRestart(Settings old, Settings fresh) {
        List<String> lines = new ArrayList<>();
        if (!old.http().timeout().equals(fresh.http().timeout())) {
            lines.add("[http] timeout has changed: that takes a restart");
        }
        if (!old.http().socket().equals(fresh.http().socket())) {
            lines.add("[http] listen_socket has changed: that takes a restart");
        }
        if (!sameProtection(old.http().listen(), fresh.http().listen())) {
            lines.add("TLS of [http] was switched on or off: that takes a restart");
        }
        if (!sameProtection(old.core().listen(), fresh.core().listen())) {
            lines.add("TLS of [core] was switched on or off: that takes a restart");
        }
        if (old.store().isPresent() != fresh.store().isPresent()) {
            lines.add("[store] enabled has changed: that takes a restart");
        }
        if (old.role() != fresh.role()) {
            lines.add("role has changed: that takes a restart");
        }
        return lines;
    }
}
