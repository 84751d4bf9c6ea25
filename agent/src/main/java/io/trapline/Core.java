package io.trapline;

import io.helidon.webserver.http.HttpService;
import io.trapline.config.HostPort;
import io.trapline.ingest.AddressLimits;
import io.trapline.ingest.CoreListener;
import io.trapline.ingest.EntrySink;
import io.trapline.ingest.PipelineSink;
import io.trapline.ingest.batches.BatchesHandler;
import io.trapline.ingest.push.PushDecoder;
import io.trapline.ingest.push.PushHandler;
import io.trapline.ingest.push.PushLimits;
import io.trapline.ingest.push.RegisteredPushes;
import io.trapline.ingest.trap.PeriodSink;
import io.trapline.ingest.trap.RegisteredChecks;
import io.trapline.ingest.trap.TrapHandler;
import io.trapline.ingest.trap.TrapLimits;
import io.trapline.journal.Journal;
import io.trapline.journal.JournalException;
import io.trapline.journal.Origin;
import io.trapline.model.Entry;
import io.trapline.net.BoundServer;
import io.trapline.net.ListenSettings;
import io.trapline.net.ServerTls;
import io.trapline.period.PeriodCheck;
import io.trapline.period.Periods;
import io.trapline.pipeline.Pipeline;
import io.trapline.registry.Check;
import io.trapline.registry.Held;
import io.trapline.registry.Registry;
import io.trapline.registry.RegistryException;
import io.trapline.web.AgentApi;
import io.trapline.web.RegistryCalls;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The push and trap core: registry, period engine and their listener, in the order in which they
/// start.
final class Core {
    private static final Logger LOG = LoggerFactory.getLogger(Core.class);
    private static final Duration QUICK = Duration.ofSeconds(3);
    private static final Duration LISTENER = Duration.ofSeconds(1);
    private static final Duration SEEN_FLUSH = Duration.ofSeconds(5);

    private final Registry registry;
    private final BatchesHandler batches;
    private final MovingListener<ListenSettings> listener;

    /// What another Trapline must bring to hand over its batches; changes with a reload.
    private volatile String token;

    private volatile double requestRate;

    /// @param file the agent's SQLite database
    /// @param tls of the listener, when it has one
    /// @param health of the whole agent, which hears of the parts in here
    Core(
            Parts parts,
            Path file,
            Journal journal,
            Pipeline pipeline,
            Settings initial,
            Optional<ServerTls> tls,
            Health health,
            InstantSource clock)
            throws IOException, JournalException, RegistryException {
        token = initial.core().token();
        requestRate = initial.core().requestRate();
        registry = parts.add("registry", QUICK, Registry.open(file, clock, SEEN_FLUSH));
        declare(initial);
        Periods periods =
                parts.add(
                        "periods",
                        QUICK,
                        Periods.open(
                                journal,
                                () -> checks(registry),
                                clock,
                                file.resolveSibling("periods.state")));
        health.add(() -> List.of(periods.part()));
        PushHandler push =
                new PushHandler(
                        new PushDecoder(
                                new RegisteredPushes(registry),
                                PushLimits.DEFAULT,
                                clock,
                                System::nanoTime),
                        new SeenSink(new PipelineSink(pipeline), registry),
                        PushLimits.DEFAULT,
                        System::nanoTime,
                        registry::preview);
        TrapHandler trap =
                new TrapHandler(
                        new RegisteredChecks(registry),
                        new PeriodSink(periods, registry),
                        TrapLimits.DEFAULT,
                        clock,
                        System::nanoTime,
                        registry::preview);
        batches = new BatchesHandler(journal, () -> token);
        HttpService healthz =
                rules ->
                        rules.get(
                                "/healthz",
                                (_, response) -> AgentApi.health(response, health.ailments()));
        listener =
                parts.add(
                        "core listener",
                        LISTENER,
                        new MovingListener<>(
                                "[core] listen",
                                initial.core().listen(),
                                at -> new HostPort(at.host(), at.port()),
                                at -> {
                                    BoundServer server =
                                            CoreListener.open(
                                                    at,
                                                    tls,
                                                    AddressLimits.of(
                                                            () -> requestRate, System::nanoTime),
                                                    push,
                                                    trap,
                                                    batches,
                                                    healthz);
                                    server.askItself();
                                    return new MovingListener.Bound(
                                            server.address(), server::part, server::close);
                                }));
        health.add(() -> List.of(listener.part()));
        LOG.info("push and trap submissions are taken at {}", address());
    }

    /// @throws IOException when the new address cannot be opened; the old one stays
    void move(ListenSettings to) throws IOException {
        boolean _ = listener.move(to);
    }

    private static Collection<PeriodCheck> checks(Registry registry) {
        return registry.checks().stream()
                .map(Held::value)
                .filter(Check::enabled)
                .map(check ->
                        new PeriodCheck(
                                check.id(), check.period().toMillis(), check.asyncMetrics()))
                .toList();
    }

    /// What the configuration says of registrations and checks, from now on.
    void declare(Settings settings) throws RegistryException {
        token = settings.core().token();
        requestRate = settings.core().requestRate();
        registry.declare("conf.d/trapline.conf", settings.pushes(), settings.checks());
    }

    /// What people may do with registrations and checks.
    RegistryCalls calls() {
        return new RegistryCalls(registry, this::address);
    }

    /// What other Traplines' batches ran into, since the start.
    Map<String, Object> batches() {
        BatchesHandler.Status status = batches.status();
        return Map.of(
                "passed_over",
                status.passedOver(),
                "conflicts",
                status.conflicts(),
                "forgotten_positions",
                status.missing());
    }

    /// `http://host:port`, with the port that was really bound.
    String address() {
        return listener.address();
    }

    /// Stores, and tells the registry which metrics were seen.
    private record SeenSink(EntrySink next, Registry registry) implements EntrySink {
        @Override
        public void accept(String source, List<Entry> entries) throws JournalException {
            next.accept(source, entries);
            registry.seen(source, entries, true);
        }

        @Override
        public void acceptOnce(String source, List<Entry> entries, Origin origin)
                throws JournalException {
            next.acceptOnce(source, entries, origin);
            registry.seen(source, entries, true);
        }
    }
}
