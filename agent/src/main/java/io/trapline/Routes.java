package io.trapline;

import io.helidon.webserver.http.HttpRouting;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.trapline.forward.Outputs;
import io.trapline.ingest.HttpSettings;
import io.trapline.ingest.datakit.DataKitApi;
import io.trapline.journal.Journal;
import io.trapline.registry.Pins;
import io.trapline.store.Store;
import io.trapline.telemetry.Version;
import io.trapline.web.AdminToken;
import io.trapline.web.AgentApi;
import io.trapline.web.CollectorCalls;
import io.trapline.web.CollectorsApi;
import io.trapline.web.Gate;
import io.trapline.web.GitApi;
import io.trapline.web.Hosts;
import io.trapline.web.MetricsPage;
import io.trapline.web.OutputsApi;
import io.trapline.web.OutputsCalls;
import io.trapline.web.QueryApi;
import io.trapline.web.RegistryApi;
import io.trapline.web.page.CollectorForms;
import io.trapline.web.page.ExplorePages;
import io.trapline.web.page.Html;
import io.trapline.web.page.Login;
import io.trapline.web.page.OutputsPages;
import io.trapline.web.page.Pages;
import io.trapline.web.page.PushPages;
import io.trapline.web.page.TrapPages;
import java.time.InstantSource;
import java.util.Optional;

/// What the agent's listener answers: DataKit's API, the agent's own, and the pages. A listener
/// that moves is routed anew, around the same pages with a live part.
final class Routes {
    private final InForce inForce;
    private final DataKitApi dataKit;
    private final PrometheusMeterRegistry meters;
    private final Journal journal;
    private final Optional<Store> store;
    private final Optional<Core> core;
    private final LateParts late;
    private final Reloading reloading;
    private final InstantSource clock;

    private final String hostName;
    private final AdminToken token;
    private final Html html;
    private final Pages pages;
    private final ExplorePages explore;
    private final AgentApi api;
    private final GitApi git;
    private final CollectorCalls collectors;
    private final OutputsCalls outputs;

    Routes(
            InForce inForce,
            AdminToken token,
            DataKitApi dataKit,
            PrometheusMeterRegistry meters,
            Journal journal,
            Optional<Store> store,
            Pins pins,
            Outputs outputs,
            Optional<Core> core,
            LateParts late,
            CollectorCalls.Control collectors,
            Reloading reloading,
            AgentStatus status,
            Health health,
            InstantSource clock) {
        this.inForce = inForce;
        this.token = token;
        this.dataKit = dataKit;
        this.meters = meters;
        this.journal = journal;
        this.store = store;
        this.core = core;
        this.late = late;
        this.reloading = reloading;
        this.clock = clock;
        hostName = inForce.settings().hostName();
        html = new Html(Version.TEXT, token);
        pages = new Pages(html, late::inputs, journal::status, inForce::status, store, clock);
        explore = new ExplorePages(html, store, pins, clock);
        api = new AgentApi(status::all, reloading::reloadAndWait, health::ailments, token);
        git = new GitApi(late::gitSync, () -> inForce.settings().git(), token);
        this.collectors = new CollectorCalls(collectors);
        this.outputs = new OutputsCalls(outputs);
    }

    /// The live parts of a page go on until these are closed, or whoever looks goes away.
    Pages pages() {
        return pages;
    }

    /// As [#pages]: tails.
    ExplorePages explore() {
        return explore;
    }

    /// Of a listener at `at`.
    void register(HttpSettings at, HttpRouting.Builder routing) {
        routing.addFilter(gate(at.host()));
        dataKit.register(routing, Gate::guards);
        routing.register(new Login(html, System::nanoTime));
        routing.register(
                pages,
                new CollectorForms(html, collectors, reloading::reloadAndWait),
                new OutputsPages(html, outputs, clock));
        routing.register(explore);
        routing.register(
                api,
                git,
                new MetricsPage(meters, journal::status, late::inputs),
                new OutputsApi(outputs, token),
                new CollectorsApi(collectors, token));
        store.ifPresent(queried -> routing.register(new QueryApi(queried)));
        core.map(Core::calls)
                .ifPresent(its ->
                        routing.register(
                                new RegistryApi(its, token),
                                new PushPages(html, its, store, clock),
                                new TrapPages(html, its, clock)));
    }

    private Gate gate(String listen) {
        Hosts hosts =
                new Hosts(
                        () -> inForce.settings().web().hosts(),
                        listen,
                        hostName,
                        HostIdentity.ofThisMachine().name());
        return new Gate(token, hosts, () -> inForce.settings().web());
    }
}
