package io.trapline;

import io.helidon.webserver.http.HttpRouting;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.trapline.bridge.PythonBridge;
import io.trapline.collector.CollectorSettings;
import io.trapline.collector.Collectors;
import io.trapline.collector.InputSettings;
import io.trapline.collector.InputStatus;
import io.trapline.collector.Pauses;
import io.trapline.collector.Sink;
import io.trapline.config.HostPort;
import io.trapline.config.Problem;
import io.trapline.config.ProblemReport;
import io.trapline.forward.ForwardException;
import io.trapline.forward.Outputs;
import io.trapline.gitsync.GitSettings;
import io.trapline.gitsync.GitSync;
import io.trapline.ingest.HttpSettings;
import io.trapline.ingest.datakit.AgentInfo;
import io.trapline.ingest.datakit.DataKitApi;
import io.trapline.ingest.datakit.FileGlobalTagsStore;
import io.trapline.ingest.datakit.GlobalTagsStore;
import io.trapline.ingest.datakit.Reports;
import io.trapline.journal.JournalException;
import io.trapline.journal.SqliteJournal;
import io.trapline.model.Entry;
import io.trapline.model.Point;
import io.trapline.model.Run;
import io.trapline.net.ListenSettings;
import io.trapline.net.ServerTls;
import io.trapline.pipeline.Decoded.TagChoice;
import io.trapline.pipeline.GlobalTags;
import io.trapline.pipeline.Pipeline;
import io.trapline.registry.Pins;
import io.trapline.registry.RegistryException;
import io.trapline.reload.Watcher;
import io.trapline.store.Store;
import io.trapline.store.StoreSettings;
import io.trapline.store.StoreStatus;
import io.trapline.telemetry.Logs;
import io.trapline.telemetry.Version;
import io.trapline.web.AdminToken;
import io.trapline.web.AgentApi;
import io.trapline.web.AgentApi.Reload;
import io.trapline.web.CollectorCalls;
import io.trapline.web.CollectorsApi;
import io.trapline.web.ConfigStatus;
import io.trapline.web.Gate;
import io.trapline.web.GitApi;
import io.trapline.web.GitView;
import io.trapline.web.Hosts;
import io.trapline.web.Listener;
import io.trapline.web.MetricsPage;
import io.trapline.web.OutputsApi;
import io.trapline.web.OutputsCalls;
import io.trapline.web.QueryApi;
import io.trapline.web.RegistryApi;
import io.trapline.web.StatusView;
import io.trapline.web.page.CollectorForms;
import io.trapline.web.page.ExplorePages;
import io.trapline.web.page.Html;
import io.trapline.web.page.Login;
import io.trapline.web.page.OutputsPages;
import io.trapline.web.page.Pages;
import io.trapline.web.page.PushPages;
import io.trapline.web.page.TrapPages;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The agent: wires the parts in the order in which they start, and stops them in reverse.
public final class Agent implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Agent.class);

    private static final InstantSource CLOCK = InstantSource.system();
    private static final Duration QUICK = Duration.ofSeconds(3);
    private static final Duration LISTENER = Duration.ofSeconds(2);
    private static final Duration WITH_RUNS = Duration.ofSeconds(8);

    /// What a reload waits for inputs that load.
    private static final Duration LOADING = Duration.ofSeconds(20);

    /// A file that changes for longer than that is named in the status.
    private static final Duration RESTLESS = Duration.ofSeconds(10);

    private final Home home;
    private final Instant started = CLOCK.instant();

    private final SqliteJournal journal;
    private final Optional<Store> store;
    private final Outputs outputs;
    private final GlobalTags globalTags;
    private final Optional<Core> core;

    /// Null only while the constructor runs: collectors need the listener's address.
    private volatile @Nullable Collectors collectors;

    /// Null for the same while: it reloads, and a reload needs the collectors.
    private volatile @Nullable GitSync gitSync;

    private volatile @Nullable Watcher watcher;

    private final HomeLock lock;
    private final Certificates certificates;
    private final Optional<ServerTls> tls;
    private final MovingListener<HttpSettings> listener;
    private final Parts parts;

    /// What is in force; replaced as a whole, by [#reload] alone after the start.
    private volatile Settings settings;

    /// What became of the last reading of the configuration; replaced together with `settings`.
    private volatile ConfigStatus config;

    /// Starts every part and returns when the agent serves.
    ///
    /// @throws StartFailure with a message for the operator; nothing is left running
    public static Agent start(Home home, Program program) throws StartFailure {
        Parts parts = new Parts();
        try {
            HomeLock lock = parts.add("home lock", QUICK, HomeLock.acquire(home));
            Agent agent = new Agent(home, program, initialSettings(home), lock, parts);
            agent.publish();
            agent.runInputs(Set.of());
            return agent;
        } catch (StartFailure e) {
            parts.close();
            throw e;
        } catch (HomeLock.HeldException
                | IOException
                | JournalException
                | RegistryException
                | ForwardException
                | RuntimeException e) {
            parts.close();
            throw new StartFailure(e.getMessage() == null ? e.toString() : e.getMessage(), e);
        }
    }

    private Agent(
            Home home, Program program, Settings.Loaded.Usable loaded, HomeLock lock, Parts parts)
            throws IOException, JournalException, RegistryException, ForwardException {
        this.home = home;
        this.lock = lock;
        this.parts = parts;
        certificates = new Certificates(parts, CLOCK);
        Settings initial = loaded.settings();
        settings = initial;
        config =
                new ConfigStatus(
                        1,
                        ProblemReport.lines(home.root(), loaded.problems()),
                        errors(loaded.problems()),
                        false,
                        started);
        Path data = home.data();

        journal =
                parts.add(
                        "journal",
                        QUICK,
                        SqliteJournal.open(data.resolve("trapline.db"), () -> settings.journal()));
        store = initial.store().map(first -> openStore(data, first));
        outputs =
                parts.add(
                        "outputs",
                        QUICK,
                        Outputs.open(
                                data,
                                journal,
                                new Outputs.Surroundings(
                                        CLOCK, System::nanoTime, RandomGenerator.getDefault())));
        outputs.apply(initial.forward());

        GlobalTagsStore changedTags = new FileGlobalTagsStore(data.resolve("global-tags.toml"));
        globalTags = new GlobalTags(initial.pipeline(), initial.hostName(), changedTags.load());
        Pipeline pipeline =
                new Pipeline(journal, globalTags, () -> settings.pipeline().correctTime(), CLOCK);

        core =
                initial.role() == Role.AGENT
                        ? Optional.empty()
                        : Optional.of(
                                new Core(
                                        parts,
                                        data.resolve("trapline.db"),
                                        journal,
                                        pipeline,
                                        initial,
                                        certificates.open(
                                                "core",
                                                initial.core().listen(),
                                                () -> settings.core().listen(),
                                                () -> {}),
                                        this::ailments,
                                        CLOCK));

        PythonBridge bridge =
                parts.add(
                        "bridge",
                        QUICK,
                        new PythonBridge(
                                program.framework(),
                                program.java(),
                                program.hostClassPath(),
                                data.resolve("python")));

        PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        DataKitApi dataKit =
                new DataKitApi(
                        pipeline,
                        globalTags,
                        changedTags,
                        () -> settings.http(),
                        new AgentInfo(Version.TEXT, "", initial.hostName(), started),
                        meters,
                        CLOCK,
                        System::nanoTime);
        Pins pins = parts.add("dashboard", QUICK, Pins.open(data.resolve("trapline.db")));
        AdminToken token = AdminToken.loadOrCreate(data, CLOCK);
        Html html = new Html(Version.TEXT, token);
        CollectorCalls collectorCalls =
                new CollectorCalls(
                        new CollectorControl(home, program, () -> settings, this::running));
        OutputsCalls outputsCalls = new OutputsCalls(outputs);
        Pages pages = new Pages(html, this::inputs, journal::status, () -> config, store, CLOCK);
        ExplorePages explore = new ExplorePages(html, store, pins, CLOCK);
        AgentApi api = new AgentApi(this::status, this::reloadAndWait, this::ailments, token);
        GitApi gitApi = new GitApi(this::gitSync, () -> settings.git(), token);
        tls =
                certificates.open(
                        "http",
                        initial.http().listen(),
                        () -> settings.http().listen(),
                        this::publish);
        listener =
                parts.add(
                        "listener",
                        LISTENER,
                        new MovingListener<>(
                                "[http] listen",
                                initial.http(),
                                at -> new HostPort(at.host(), at.port()),
                                at ->
                                        listen(
                                                at,
                                                routing -> {
                                                    routing.addFilter(
                                                            gate(
                                                                    at.host(),
                                                                    initial.hostName(),
                                                                    token));
                                                    dataKit.register(routing, Gate::guards);
                                                    routing.register(
                                                            new Login(html, System::nanoTime));
                                                    routing.register(
                                                            pages,
                                                            new CollectorForms(
                                                                    html,
                                                                    collectorCalls,
                                                                    this::reloadAndWait),
                                                            new OutputsPages(
                                                                    html, outputsCalls, CLOCK));
                                                    routing.register(explore);
                                                    routing.register(
                                                            api,
                                                            gitApi,
                                                            new MetricsPage(
                                                                    meters,
                                                                    journal::status,
                                                                    this::inputs),
                                                            new OutputsApi(outputsCalls, token),
                                                            new CollectorsApi(
                                                                    collectorCalls, token));
                                                    store.ifPresent(queried ->
                                                            routing.register(
                                                                    new QueryApi(queried)));
                                                    core.map(Core::calls)
                                                            .ifPresent(its ->
                                                                    routing.register(
                                                                            new RegistryApi(
                                                                                    its, token),
                                                                            new PushPages(
                                                                                    html, its,
                                                                                    store, CLOCK),
                                                                            new TrapPages(
                                                                                    html, its,
                                                                                    CLOCK)));
                                                })));
        // Closed before the listener, which waits for its requests.
        parts.add("live pages", QUICK, pages);
        parts.add("live tails", QUICK, explore);

        Pauses pauses = parts.add("pauses", QUICK, Pauses.open(data.resolve("trapline.db"), CLOCK));
        collectors =
                parts.add(
                        "collectors",
                        WITH_RUNS,
                        new Collectors(
                                bridge,
                                new Reports(CLOCK)::decode,
                                sink(pipeline),
                                System::nanoTime,
                                CLOCK,
                                collectorSettings(
                                        home, () -> URI.create(address()), () -> settings.git()),
                                pauses));
        gitSync =
                parts.add(
                        "git sync",
                        QUICK,
                        new GitSync(
                                home.gitrepos(),
                                home.root(),
                                (_, tree) -> objections(tree),
                                this::followCommit,
                                CLOCK));
        watcher = parts.add("watcher", QUICK, new Watcher(this::watched, this::follow));
    }

    private Collectors running() {
        return Objects.requireNonNull(collectors, "set by the constructor");
    }

    /// Where a change of a `*.conf` or `*.py` file calls for a reload.
    private List<Path> watched() {
        Settings now = settings;
        List<Path> folders = new ArrayList<>(pythonRoots(home, now.git()));
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

    /// What `check-config` would call an error in a commit that is not in place yet.
    private List<String> objections(Path tree) {
        List<Problem> errors =
                Settings.checkInputs(home.root(), System.getenv(), tree).stream()
                        .filter(problem -> problem.severity() == Problem.Severity.ERROR)
                        .toList();
        return ProblemReport.lines(tree, errors);
    }

    private Gate gate(String listen, String hostName, AdminToken token) {
        Hosts hosts =
                new Hosts(
                        () -> settings.web().hosts(),
                        listen,
                        hostName,
                        HostIdentity.ofThisMachine().name());
        return new Gate(token, hosts, () -> settings.web());
    }

    private Store openStore(Path data, StoreSettings first) {
        return parts.add(
                "store",
                QUICK,
                Store.open(data, () -> settings.store().orElse(first), journal, CLOCK));
    }

    private Sink sink(Pipeline pipeline) {
        return new Sink() {
            @Override
            public List<Entry> finish(List<Point> points, TagChoice tags) {
                return pipeline.finish(points, tags);
            }

            @Override
            public void accept(String source, List<Entry> entries) throws JournalException {
                pipeline.accept(source, entries.stream().map(Agent.this::onThisHost).toList());
            }
        };
    }

    /// A core has the runs of many agents: they say whose they are, as their points do.
    private Entry onThisHost(Entry entry) {
        return entry instanceof Run run
                ? run.on(globalTags.host().getOrDefault("host", settings.hostName()))
                : entry;
    }

    /// What collectors run with, in an agent that serves at `endpoint`.
    static CollectorSettings collectorSettings(
            Home home, Supplier<URI> endpoint, Supplier<GitSettings> git) {
        return new CollectorSettings(
                () -> pythonRoots(home, git.get()),
                home.logs(),
                Path.of(System.getProperty("user.home")),
                endpoint,
                "root".equals(System.getProperty("user.name")));
    }

    /// Those of the repositories before the local one.
    private static List<Path> pythonRoots(Home home, GitSettings git) {
        List<Path> roots = new ArrayList<>();
        GitSync.roots(home.gitrepos(), git).forEach(root -> roots.add(root.resolve("python.d")));
        roots.add(home.python());
        return roots;
    }

    private void runInputs(Set<Path> restless) {
        running().apply(settings.role() == Role.CORE ? List.of() : settings.inputs(), restless);
        Objects.requireNonNull(gitSync, "set by the constructor").configure(settings.git());
        Objects.requireNonNull(watcher, "set by the constructor").watch(settings.watch());
    }

    private MovingListener.Bound listen(HttpSettings at, Consumer<HttpRouting.Builder> routes)
            throws IOException {
        Listener opened =
                Listener.open(at.listen(), tls, to -> DataKitApi.configure(to, at), routes);
        return new MovingListener.Bound(opened.address(), opened::close);
    }

    private static boolean sameProtection(ListenSettings a, ListenSettings b) {
        return a.tls().isPresent() == b.tls().isPresent();
    }

    /// What could not be opened, and goes on where it was.
    private List<String> moveListeners(Settings fresh) {
        List<String> lines = new ArrayList<>();
        try {
            if (sameProtection(settings.http().listen(), fresh.http().listen())
                    && listener.move(fresh.http())) {
                publish();
            }
        } catch (IOException e) {
            lines.add("[http] listen stays at " + address() + ": " + e.getMessage());
        }
        if (core.isPresent() && sameProtection(settings.core().listen(), fresh.core().listen())) {
            try {
                core.get().move(fresh.core().listen());
            } catch (IOException e) {
                lines.add("[core] listen stays at " + core.get().address() + ": " + e.getMessage());
            }
        }
        return lines;
    }

    /// Tells the commands where to find this agent, and by which certificate to know it.
    private void publish() {
        try {
            lock.publish(address(), tls.map(ServerTls::fingerprint).orElse(""));
        } catch (IOException e) {
            LOG.error("commands such as `trapline status` may not find this agent", e);
        }
    }

    /// `http://host:port` (or `https://…`) of the agent's listener, with the port that was really
    /// bound.
    public String address() {
        return listener.address();
    }

    /// Re-reads the configuration and applies it, or leaves everything as it is and says why.
    public synchronized Reload reload() {
        takeAsSeen();
        Settings.Loaded loaded = Settings.load(home.root(), System.getenv());
        if (loaded.hasErrors() || !(loaded instanceof Settings.Loaded.Usable usable)) {
            return refuse(loaded);
        }
        return apply(usable.settings(), loaded.problems(), Set.of());
    }

    /// As [#reload()], and waits until changed inputs have loaded or are known not to.
    private Reload reloadAndWait() {
        Reload outcome = reload();
        Collectors present = collectors;
        if (!(outcome instanceof Reload.InForce(long now, List<String> warnings))
                || present == null) {
            return outcome;
        }
        try {
            boolean _ = present.awaitSettled(LOADING);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        List<String> all = new ArrayList<>(warnings);
        all.addAll(present.refusedChanges());
        return new Reload.InForce(now, all);
    }

    /// After files changed by themselves: an input whose file is wrong, or being written, goes on
    /// as it is, everything else gets what is new.
    ///
    /// @param restless files that are being written
    private synchronized void follow(Set<Path> restless) {
        if (restless.contains(home.conf().resolve("trapline.conf"))
                || restless.contains(home.conf().resolve("datakit.conf"))) {
            return; // followed when these rest
        }
        Settings.Loaded loaded = Settings.load(home.root(), System.getenv());
        switch (loaded) {
            case Settings.Loaded.Unusable _ -> {
                Reload _ = refuse(loaded);
            }
            case Settings.Loaded.Usable usable -> {
                List<InputSettings> inputs =
                        StandingInputs.of(
                                settings.inputs(),
                                usable.settings().inputs(),
                                loaded.problems(),
                                restless);
                Reload _ = apply(usable.settings().running(inputs), loaded.problems(), restless);
            }
        }
    }

    private synchronized void followCommit() {
        takeAsSeen();
        follow(Set.of());
    }

    /// Before anything is read: what changes from here on is seen.
    private void takeAsSeen() {
        Watcher watching = watcher;
        if (watching != null) {
            watching.takeAsSeen();
        }
    }

    private Reload refuse(Settings.Loaded loaded) {
        List<String> lines = ProblemReport.lines(home.root(), loaded.problems());
        long generation = config.generation();
        config =
                new ConfigStatus(
                        generation, lines, errors(loaded.problems()), true, CLOCK.instant());
        LOG.warn(
                "reload refused, the old configuration stays in force:\n{}",
                String.join("\n", lines));
        return new Reload.Refused(generation, lines);
    }

    private synchronized Reload apply(Settings fresh, List<Problem> problems, Set<Path> restless) {
        Instant readAt = CLOCK.instant();
        List<String> warnings = new ArrayList<>(ProblemReport.lines(home.root(), problems));
        warnings.addAll(needsRestart(settings, fresh));
        warnings.addAll(moveListeners(fresh));
        warnings.forEach(warning -> LOG.warn("{}", warning));
        settings = fresh;
        Logs.level(settings.logging().level().name());
        globalTags.configure(settings.pipeline());
        certificates.look();
        try {
            outputs.apply(settings.forward());
        } catch (ForwardException | JournalException e) {
            LOG.error("the old outputs stay in force", e);
            warnings.add("the old [outputs] stay in force: " + e.getMessage());
        }
        if (core.isPresent()) {
            try {
                core.get().declare(settings);
            } catch (RegistryException e) {
                LOG.error("the old registrations and checks stay in force", e);
                warnings.add(
                        "the old [[push]] and [[trap]] blocks stay in force: " + e.getMessage());
            }
        }
        long generation = config.generation() + 1;
        config = new ConfigStatus(generation, warnings, errors(problems), false, readAt);
        runInputs(restless);
        LOG.info("configuration {} is in force: {} input(s)", generation, settings.inputs().size());
        return new Reload.InForce(generation, warnings);
    }

    private static List<String> needsRestart(Settings old, Settings fresh) {
        List<String> lines = new ArrayList<>();
        if (!old.http().timeout().equals(fresh.http().timeout())) {
            lines.add("[http] timeout has changed: that takes a restart");
        }
        if (old.http().listen().tls().isPresent() != fresh.http().listen().tls().isPresent()) {
            lines.add("TLS of [http] was switched on or off: that takes a restart");
        }
        if (old.core().listen().tls().isPresent() != fresh.core().listen().tls().isPresent()) {
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

    private static long errors(List<Problem> problems) {
        return problems.stream().filter(one -> one.severity() == Problem.Severity.ERROR).count();
    }

    private Map<String, Object> status() {
        Map<String, Object> all =
                StatusView.of(
                        Version.TEXT,
                        settings.role().name(),
                        Duration.between(started, CLOCK.instant()),
                        config.generation(),
                        problems(),
                        journal.status(),
                        store.map(Store::status),
                        core.map(Core::address),
                        inputs(),
                        ledger());
        all.put("git", GitView.of(gitSync().map(GitSync::status).orElse(List.of())));
        return all;
    }

    private List<String> problems() {
        List<String> all = new ArrayList<>(config.problems());
        all.addAll(certificates.problems());
        Watcher watching = watcher;
        if (watching != null) {
            watching.restlessFor(RESTLESS).stream()
                    .sorted()
                    .forEach(file ->
                            all.add(
                                    file
                                            + " keeps changing: it is not picked up before it"
                                            + " rests; a reload by hand takes it as it is"));
        }
        return all;
    }

    private Optional<GitSync> gitSync() {
        return Optional.ofNullable(gitSync);
    }

    /// Empty while the agent starts: the listener opens before the collectors.
    private List<InputStatus> inputs() {
        Collectors present = collectors;
        return present == null ? List.of() : present.status();
    }

    private Collectors.LedgerStatus ledger() {
        Collectors present = collectors;
        return present == null ? new Collectors.LedgerStatus(0, 0) : present.ledger();
    }

    /// What keeps the agent from doing its work.
    private List<String> ailments() {
        List<String> found = new ArrayList<>();
        store.map(Store::status)
                .map(StoreStatus::error)
                .filter(error -> !error.isEmpty())
                .ifPresent(error -> found.add("store: " + error));
        var status = journal.status();
        if (status.isFull()) {
            found.add("journal: the quota of " + status.maxBytes() + " bytes is used up");
        }
        return found;
    }

    @Override
    public void close() {
        parts.close();
    }

    private static Settings.Loaded.Usable initialSettings(Home home) throws StartFailure {
        Settings.Loaded loaded = Settings.load(home.root(), System.getenv());
        List<String> lines = ProblemReport.lines(home.root(), loaded.problems());
        return switch (loaded) {
            case Settings.Loaded.Unusable _ ->
                    throw new StartFailure(
                            "the configuration cannot be used:\n" + String.join("\n", lines));
            case Settings.Loaded.Usable usable -> {
                List<Problem> problems = usable.problems();
                LoggingSettings logging = usable.settings().logging();
                if (!logging.file().equals(Optional.of("stdout"))) {
                    Logs.toFile(
                            logging.file()
                                    .map(Path::of)
                                    .orElse(home.logs().resolve("trapline.log")),
                            logging.rotateBytes(),
                            logging.backups());
                }
                Logs.level(logging.level().name());
                for (int i = 0; i < problems.size(); i++) {
                    switch (problems.get(i).severity()) {
                        case ERROR -> LOG.error("{}", lines.get(i));
                        case WARNING -> LOG.warn("{}", lines.get(i));
                        case INFO -> LOG.info("{}", lines.get(i));
                    }
                }
                yield usable;
            }
        };
    }

    /// Why the agent did not start; the message is for the operator.
    public static final class StartFailure extends Exception {
        private static final long serialVersionUID = 1L;

        private final boolean configuration;

        StartFailure(String message, @Nullable Throwable cause) {
            super(message, cause);
            configuration = false;
        }

        StartFailure(String problems) {
            super(problems);
            configuration = true;
        }

        /// Whether a configuration file is to blame.
        public boolean isConfiguration() {
            return configuration;
        }
    }
}
