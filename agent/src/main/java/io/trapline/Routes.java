package io.trapline;

import io.helidon.webserver.http.HttpRouting;
import io.helidon.webserver.http.HttpService;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.trapline.forward.Outputs;
import io.trapline.gitsync.GitSync;
import io.trapline.ingest.HttpSettings;
import io.trapline.ingest.datakit.Callers;
import io.trapline.ingest.datakit.DataKitApi;
import io.trapline.journal.SqliteJournal;
import io.trapline.registry.Pins;
import io.trapline.store.Store;
import io.trapline.telemetry.Version;
import io.trapline.verify.Verification;
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
import io.trapline.web.VerifyApi;
import io.trapline.web.page.CollectorForms;
import io.trapline.web.page.ExplorePages;
import io.trapline.web.page.Html;
import io.trapline.web.page.Login;
import io.trapline.web.page.NotFound;
import io.trapline.web.page.OutputsPages;
import io.trapline.web.page.Pages;
import io.trapline.web.page.PushPages;
import io.trapline.web.page.TrapPages;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What the agent's listener answers: DataKit's API, the agent's own, and the pages. All of it is
/// made once; a listener that moves gets the same.
final class Routes {
    private final InForce inForce;
    private final String hostName;
    private final AdminToken token;
    private final DataKitApi dataKit;
    private final Pages pages;
    private final ExplorePages explore;
    private final List<HttpService> services = new ArrayList<>();

    Routes(
            InForce inForce,
            AdminToken token,
            DataKitApi dataKit,
            PrometheusMeterRegistry meters,
            SqliteJournal journal,
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
        hostName = inForce.settings().hostName();

        Html html = new Html(Version.TEXT, token);
        CollectorCalls collectorCalls = new CollectorCalls(collectors);
        OutputsCalls outputsCalls = new OutputsCalls(outputs);
        pages =
                new Pages(
                        html,
                        late::inputs,
                        health::all,
                        journal::status,
                        status::config,
                        () -> late.gitSync().map(GitSync::status).orElse(List.of()),
                        store,
                        outputsCalls,
                        clock);
        explore = new ExplorePages(html, store, pins, clock);
        services.add(new Login(html, System::nanoTime));
        services.add(pages);
        services.add(new CollectorForms(html, collectorCalls, reloading::reloadAndWait));
        services.add(new OutputsPages(html, outputsCalls, clock));
        services.add(explore);

        services.add(new AgentApi(status::all, reloading::reloadAndWait, health::ailments, token));
        services.add(new GitApi(late::gitSync, () -> inForce.settings().git(), token));
        services.add(new MetricsPage(meters, journal::status, late::inputs));
        services.add(new OutputsApi(outputsCalls, token));
        services.add(new CollectorsApi(collectorCalls, token));
        services.add(new QueryApi(store));
        services.add(
                new VerifyApi(since -> new Verification(journal, store, outputs, since).run()));
        core.map(Core::calls)
                .ifPresent(its -> {
                    services.add(new RegistryApi(its, token));
                    services.add(new PushPages(html, its, store, clock));
                    services.add(new TrapPages(html, its, clock));
                });
        services.add(new NotFound(html));
    }

    /// To be closed before the listener: while somebody looks at a live part, its request goes on.
    Pages pages() {
        return pages;
    }

    /// As [#pages].
    ExplorePages explore() {
        return explore;
    }

    /// What is answered when all places for connections are taken: what watches over the agent
    /// asks, and who has the admin token, as the commands of the agent's user have.
    boolean isUrgent(String path, Optional<String> authorization) {
        return path.equals("/healthz")
                || path.equals("/v1/ping")
                || (authorization.isPresent() && token.admits(authorization));
    }

    /// @param at where the listener opens
    void register(HttpSettings at, HttpRouting.Builder routing) {
        Hosts hosts =
                new Hosts(
                        () -> inForce.settings().web().hosts(),
                        at.host(),
                        hostName,
                        HostIdentity.ofThisMachine().name());
        routing.addFilter(new Gate(token, hosts, () -> inForce.settings().web()));
        dataKit.register(routing, Gate::guards, new Known(hosts, token));
        services.forEach(routing::register);
    }

    private record Known(Hosts hosts, AdminToken token) implements Callers {
        @Override
        public boolean isOwnHost(Optional<String> host) {
            return hosts.admits(host);
        }

        @Override
        public boolean isAdmin(Optional<String> authorization) {
            return authorization.isPresent() && token.admits(authorization);
        }
    }
}
