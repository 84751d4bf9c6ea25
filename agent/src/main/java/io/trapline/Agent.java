package io.trapline;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.trapline.bridge.PythonBridge;
import io.trapline.collector.CollectorSettings;
import io.trapline.collector.Collectors;
import io.trapline.collector.InputStatus;
import io.trapline.collector.Sink;
import io.trapline.config.Problem;
import io.trapline.config.ProblemReport;
import io.trapline.forward.ForwardException;
import io.trapline.forward.Outputs;
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
import io.trapline.net.ServerTls;
import io.trapline.pipeline.Decoded.TagChoice;
import io.trapline.pipeline.GlobalTags;
import io.trapline.pipeline.Pipeline;
import io.trapline.registry.Pins;
import io.trapline.registry.RegistryException;
import io.trapline.store.Store;
import io.trapline.store.StoreSettings;
import io.trapline.store.StoreStatus;
import io.trapline.telemetry.Logs;
import io.trapline.telemetry.Version;
import io.trapline.web.AdminToken;
import io.trapline.web.AgentApi;
import io.trapline.web.AgentApi.Reload;
import io.trapline.web.Gate;
import io.trapline.web.Hosts;
import io.trapline.web.Listener;
import io.trapline.web.MetricsPage;
import io.trapline.web.OutputsApi;
import io.trapline.web.QueryApi;
import io.trapline.web.StatusView;
import io.trapline.web.page.ExplorePages;
import io.trapline.web.page.Html;
import io.trapline.web.page.Login;
import io.trapline.web.page.Pages;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The agent: wires the parts in the order in which they start, and stops them in reverse.
public final class Agent implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Agent.class);

    private static final InstantSource CLOCK = InstantSource.system();
    private static final Duration QUICK = Duration.ofSeconds(3);
    private static final Duration WITH_RUNS = Duration.ofSeconds(8);

    private final Home home;
    private final Instant started = CLOCK.instant();

    private final SqliteJournal journal;
    private final Optional<Store> store;
    private final Outputs outputs;
    private final GlobalTags globalTags;
    private final Optional<Core> core;

    /// Null only while the constructor runs: collectors need the listener's address.
    private volatile @Nullable Collectors collectors;

    private final HomeLock lock;
    private final Certificates certificates;
    private final Optional<ServerTls> tls;
    private final String address;
    private final Parts parts;

    /// What is in force; replaced as a whole, by [#reload] alone after the start.
    private volatile Settings settings;

    /// What the last reading of the configuration found, one line each.
    private volatile List<String> configProblems;

    private volatile long generation = 1;

    /// Starts every part and returns when the agent serves.
    ///
    /// @throws StartFailure with a message for the operator; nothing is left running
    public static Agent start(Home home, Program program) throws StartFailure {
        Parts parts = new Parts();
        try {
            HomeLock lock = parts.add("home lock", QUICK, HomeLock.acquire(home));
            Agent agent = new Agent(home, program, initialSettings(home), lock, parts);
            agent.publish();
            agent.runInputs();
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
        List<String> problems =
                new ArrayList<>(ProblemReport.lines(home.root(), loaded.problems()));
        for (String line : withoutEffect(initial)) {
            LOG.warn("{}", line);
            problems.add(line);
        }
        configProblems = List.copyOf(problems);
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
        AgentApi api = new AgentApi(this::status, this::reload, this::ailments, token);
        tls =
                certificates.open(
                        "http",
                        initial.http().listen(),
                        () -> settings.http().listen(),
                        this::publish);
        Listener listener =
                parts.add(
                        "listener",
                        QUICK,
                        Listener.open(
                                initial.http().listen(),
                                tls,
                                to -> DataKitApi.configure(to, initial.http()),
                                routing -> {
                                    routing.addFilter(gate(initial, token));
                                    dataKit.register(routing, Gate::guards);
                                    routing.register(new Login(html, System::nanoTime));
                                    routing.register(
                                            new Pages(
                                                    html,
                                                    this::inputs,
                                                    journal::status,
                                                    store,
                                                    CLOCK));
                                    routing.register(new ExplorePages(html, store, pins, CLOCK));
                                    routing.register(
                                            api,
                                            new MetricsPage(meters, journal::status, this::inputs));
                                    routing.register(new OutputsApi(outputs, token));
                                    store.ifPresent(
                                            queried -> routing.register(new QueryApi(queried)));
                                    core.ifPresent(its -> routing.register(its.api(token)));
                                }));
        address = listener.address();

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
                                collectorSettings(home, URI.create(address))));
    }

    private Gate gate(Settings initial, AdminToken token) {
        Hosts hosts =
                new Hosts(
                        () -> settings.web().hosts(),
                        initial.http().host(),
                        initial.hostName(),
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
    static CollectorSettings collectorSettings(Home home, URI endpoint) {
        return new CollectorSettings(
                List.of(home.python()),
                home.logs(),
                Path.of(System.getProperty("user.home")),
                endpoint.getHost(),
                endpoint.getPort(),
                "root".equals(System.getProperty("user.name")));
    }

    private void runInputs() {
        Objects.requireNonNull(collectors, "set by the constructor")
                .apply(settings.role() == Role.CORE ? List.of() : settings.inputs());
    }

    /// Tells the commands where to find this agent, and by which certificate to know it.
    private void publish() {
        try {
            lock.publish(address, tls.map(ServerTls::fingerprint).orElse(""));
        } catch (IOException e) {
            LOG.error("commands such as `trapline status` may not find this agent", e);
        }
    }

    /// `http://host:port` (or `https://…`) of the agent's listener, with the port that was really
    /// bound.
    public String address() {
        return address;
    }

    /// Re-reads the configuration and applies it, or leaves everything as it is and says why.
    public synchronized Reload reload() {
        Settings.Loaded loaded = Settings.load(home.root(), System.getenv());
        List<String> lines = ProblemReport.lines(home.root(), loaded.problems());
        configProblems = lines;
        if (loaded.hasErrors() || !(loaded instanceof Settings.Loaded.Usable usable)) {
            LOG.warn(
                    "reload refused, the old configuration stays in force:\n{}",
                    String.join("\n", lines));
            return new Reload.Refused(generation, lines);
        }
        List<String> warnings = new ArrayList<>(lines);
        warnings.addAll(needsRestart(settings, usable.settings()));
        warnings.addAll(withoutEffect(usable.settings()));
        warnings.forEach(warning -> LOG.warn("{}", warning));
        configProblems = List.copyOf(warnings);
        settings = usable.settings();
        generation++;
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
        runInputs();
        LOG.info("configuration {} is in force: {} input(s)", generation, settings.inputs().size());
        return new Reload.InForce(generation, warnings);
    }

    /// What is read and checked, but not acted upon by this version.
    private static List<String> withoutEffect(Settings settings) {
        List<String> lines = new ArrayList<>();
        if (!settings.git().enabled().isEmpty()) {
            lines.add(
                    "[git_repos] is set, but this version does not sync repositories: check them"
                            + " out yourself, for example into python.d, and reload");
        }
        if (settings.watch()) {
            lines.add(
                    "[reload] watch is set, but this version does not watch files: send SIGHUP or"
                            + " POST /api/reload after a change");
        }
        return lines;
    }

    private static List<String> needsRestart(Settings old, Settings fresh) {
        List<String> lines = new ArrayList<>();
        if (!old.http().host().equals(fresh.http().host())
                || old.http().port() != fresh.http().port()) {
            lines.add("[http] listen has changed: that takes a restart");
        }
        if (!old.core().host().equals(fresh.core().host())
                || old.core().port() != fresh.core().port()) {
            lines.add("[core] listen has changed: that takes a restart");
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

    private Map<String, Object> status() {
        return StatusView.of(
                Version.TEXT,
                settings.role().name(),
                Duration.between(started, CLOCK.instant()),
                generation,
                Stream.concat(configProblems.stream(), certificates.problems().stream()).toList(),
                journal.status(),
                store.map(Store::status),
                core.map(Core::address),
                inputs(),
                ledger());
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
