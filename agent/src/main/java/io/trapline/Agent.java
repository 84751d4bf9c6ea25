package io.trapline;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.trapline.bridge.PythonBridge;
import io.trapline.collector.CollectorSettings;
import io.trapline.collector.Collectors;
import io.trapline.collector.Pauses;
import io.trapline.config.FileFailure;
import io.trapline.files.Stat;
import io.trapline.forward.ForwardException;
import io.trapline.forward.Outputs;
import io.trapline.gitsync.GitSync;
import io.trapline.health.Supervised;
import io.trapline.ingest.datakit.AgentInfo;
import io.trapline.ingest.datakit.DataKitApi;
import io.trapline.ingest.datakit.FileGlobalTagsStore;
import io.trapline.ingest.datakit.GlobalTagsStore;
import io.trapline.ingest.datakit.Reports;
import io.trapline.journal.JournalException;
import io.trapline.journal.SqliteJournal;
import io.trapline.machine.Ahead;
import io.trapline.machine.Machine;
import io.trapline.pipeline.BatchCodec;
import io.trapline.pipeline.GlobalTags;
import io.trapline.pipeline.Pipeline;
import io.trapline.registry.Pins;
import io.trapline.registry.RegistryException;
import io.trapline.reload.Watcher;
import io.trapline.store.Store;
import io.trapline.store.StoreSettings;
import io.trapline.store.host.HostedStore;
import io.trapline.telemetry.Version;
import io.trapline.web.AdminToken;
import io.trapline.web.AgentApi.Reload;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The agent: wires the parts in the order in which they start, and stops them in reverse.
///
/// What its listener answers is in [Routes], how it follows a changed configuration in [Reloading],
/// what it says of itself in [AgentStatus].
public final class Agent implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Agent.class);
    private static final InstantSource CLOCK = InstantSource.system();
    private static final Duration QUICK = Duration.ofSeconds(3);
    private static final Duration WITH_RUNS = Duration.ofSeconds(8);

    private final Parts parts;
    private final AgentListener listener;
    private final Reloading reloading;

    /// Starts every part and returns when the agent serves.
    ///
    /// @throws StartFailure with a message for the operator; nothing is left running
    public static Agent start(Home home, Program program) throws StartFailure {
        Machine machine = Machine.here();
        MachineLimits.require(machine);
        Parts parts = new Parts();
        boolean serves = false;
        try {
            Ahead.load();
            HomeLock lock = parts.add("home lock", QUICK, HomeLock.acquire(home));
            TemporaryFiles.moveInto(home.data());
            Agent agent =
                    new Agent(
                            home,
                            program,
                            InForce.read(home, program, CLOCK),
                            machine,
                            lock,
                            parts);
            agent.listener.publish();
            DiskReserve.make(home.data());
            var _ = agent.reloading.runInputs(Set.of());
            serves = true;
            return agent;
        } catch (HomeLock.HeldException
                | IOException
                | JournalException
                | RegistryException
                | ForwardException
                | RuntimeException e) {
            throw new StartFailure(
                    e instanceof FileSystemException file
                            ? FileFailure.text(file)
                            : (e.getMessage() == null ? e.toString() : e.getMessage())
                                    + DiskReserve.missing(home.data()),
                    e);
        } catch (OutOfMemoryError | LinkageError | StackOverflowError e) {
            throw new StartFailure(Supervised.reason(e), e);
        } finally {
            if (!serves) {
                parts.close();
            }
        }
    }

    private Agent(
            Home home,
            Program program,
            InForce inForce,
            Machine machine,
            HomeLock lock,
            Parts parts)
            throws IOException, JournalException, RegistryException, ForwardException {
        this.parts = parts;
        Instant started = CLOCK.instant();
        Settings initial = inForce.settings();
        long heap = Runtime.getRuntime().maxMemory();
        Certificates certificates = new Certificates(parts, CLOCK);
        Path data = home.data();
        Path database = data.resolve("trapline.db");

        SqliteJournal journal =
                parts.add(
                        "journal",
                        QUICK,
                        SqliteJournal.open(
                                database, () -> inForce.settings().journal(), BatchCodec::weigh));
        Recovery.tell(lock.leftBehind(), journal.status(), journal.notices());
        JournalPlaces.giveUp(journal, initial.store().isPresent(), initial.role() != Role.AGENT);
        Optional<HostedStore> hosted =
                initial.store()
                        .map(first ->
                                parts.add(
                                        "store",
                                        QUICK,
                                        store(data, first, inForce, journal, program)));
        Optional<Store> store = hosted.map(its -> its);
        Health health = new Health(journal, store);
        hosted.ifPresent(its -> health.add(its::parts));
        Outputs outputs =
                parts.add(
                        "outputs",
                        QUICK,
                        Outputs.open(
                                data,
                                journal,
                                new Outputs.Surroundings(
                                        CLOCK, System::nanoTime, new SecureRandom())));
        outputs.apply(initial.forward());
        health.add(outputs::parts);

        GlobalTagsStore changedTags = new FileGlobalTagsStore(data.resolve("global-tags.toml"));
        GlobalTags globalTags =
                new GlobalTags(initial.pipeline(), initial.hostName(), changedTags.load());
        Pipeline pipeline =
                new Pipeline(
                        journal,
                        globalTags,
                        () -> inForce.settings().pipeline().correctTime(),
                        CLOCK);

        Optional<Core> core =
                initial.role() == Role.AGENT
                        ? Optional.empty()
                        : Optional.of(
                                new Core(
                                        parts,
                                        database,
                                        journal,
                                        pipeline,
                                        initial,
                                        certificates.open(
                                                "core",
                                                initial.core().listen(),
                                                () -> inForce.settings().core().listen(),
                                                () -> {}),
                                        health,
                                        CLOCK));

        PythonBridge bridge =
                parts.add(
                        "bridge",
                        QUICK,
                        new PythonBridge(
                                program.framework(),
                                program.java(),
                                program.hostClassPath(),
                                data.resolve("python"),
                                MachineLimits.hostHeap(machine, initial, heap)));

        LateParts late = new LateParts();
        reloading =
                new Reloading(home, inForce, certificates, outputs, globalTags, core, late, CLOCK);
        PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        DataKitApi dataKit =
                new DataKitApi(
                        pipeline,
                        globalTags,
                        changedTags,
                        () -> inForce.settings().http(),
                        new AgentInfo(Version.TEXT, "", initial.hostName(), started),
                        meters,
                        CLOCK,
                        System::nanoTime);
        Pins pins = parts.add("dashboard", QUICK, Pins.open(database));
        Routes routes =
                new Routes(
                        inForce,
                        AdminToken.loadOrCreate(data, CLOCK),
                        dataKit,
                        meters,
                        journal,
                        store,
                        pins,
                        outputs,
                        core,
                        late,
                        new CollectorControl(home, program, inForce, late),
                        reloading,
                        new AgentStatus(
                                inForce,
                                certificates,
                                journal,
                                store,
                                core,
                                late,
                                health,
                                machine,
                                () ->
                                        Stream.concat(
                                                        journal.notices().stream(),
                                                        outputs.notices().stream())
                                                .toList(),
                                started,
                                CLOCK),
                        health,
                        CLOCK);
        listener =
                new AgentListener(
                        parts, lock, certificates, inForce, routes::isUrgent, routes::register);
        late.opened(listener);
        health.add(listener::parts);
        MachineLimits.tooLittle(machine, initial, heap).forEach(LOG::warn);
        // Closed before the listener, which waits for its requests.
        parts.add("live pages", QUICK, routes.pages());
        parts.add("live tails", QUICK, routes.explore());

        Pauses pauses = parts.add("pauses", QUICK, Pauses.open(database, CLOCK));
        late.opened(
                parts.add(
                        "collectors",
                        WITH_RUNS,
                        new Collectors(
                                bridge,
                                new Reports(CLOCK)::decode,
                                new CollectorSink(pipeline, globalTags, inForce),
                                System::nanoTime,
                                CLOCK,
                                collectorSettings(
                                        home,
                                        () -> URI.create(listener.address()),
                                        inForce::settings),
                                pauses)));
        late.opened(
                parts.add(
                        "git sync",
                        QUICK,
                        new GitSync(
                                home.gitrepos(),
                                home.root(),
                                (_, tree) -> reloading.objections(tree),
                                reloading::followCommit,
                                CLOCK)));
        late.opened(
                parts.add("watcher", QUICK, new Watcher(reloading::watched, reloading::follow)));
        health.add(late::parts);
        parts.add("health watch", QUICK, health.watch());
    }

    private static HostedStore store(
            Path data,
            StoreSettings first,
            InForce inForce,
            SqliteJournal journal,
            Program program) {
        return HostedStore.open(
                data, () -> inForce.settings().store().orElse(first), journal, program.storeHost());
    }

    /// What collectors run with, in an agent that serves at `endpoint`.
    static CollectorSettings collectorSettings(
            Home home, Supplier<URI> endpoint, Supplier<Settings> settings) {
        return new CollectorSettings(
                () -> home.pythonRoots(settings.get().git()),
                home.logs(),
                Path.of(System.getProperty("user.home")),
                () -> settings.get().logging().datakitFiles(),
                endpoint,
                Stat.isRoot());
    }

    /// `http://host:port` (or `https://…`) of the agent's listener, with the port that was really
    /// bound.
    public String address() {
        return listener.address();
    }

    /// Re-reads the configuration and applies it, or leaves everything as it is and says why.
    public Reload reload() {
        return reloading.reload();
    }

    @Override
    public void close() {
        parts.close();
    }
}
