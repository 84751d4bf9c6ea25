package io.trapline.web.page;

import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.collector.InputStatus;
import io.trapline.gitsync.RepositoryStatus;
import io.trapline.health.PartStatus;
import io.trapline.journal.Journal.JournalStatus;
import io.trapline.store.Store;
import io.trapline.web.ConfigStatus;
import io.trapline.web.OutputsCalls;
import io.trapline.web.page.Ask.Answer;
import io.trapline.web.page.Ask.Row;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Supplier;

/// The overview and the collectors. They read: nothing here changes what the agent does.
public final class Pages implements HttpService, AutoCloseable {
    private static final Duration LIVE_EVERY = Duration.ofSeconds(2);
    private static final int LIVE_EVENTS = 300;

    private final Html html;
    private final Supplier<List<InputStatus>> inputs;
    private final Supplier<List<PartStatus>> parts;
    private final Supplier<JournalStatus> journal;
    private final Supplier<ConfigStatus> config;
    private final Supplier<List<RepositoryStatus>> repositories;
    private final Optional<Store> store;
    private final OutputsCalls outputs;
    private final Ask ask;
    private final InstantSource clock;
    private final LiveParts live = new LiveParts(LIVE_EVERY, LIVE_EVENTS);

    public Pages(
            Html html,
            Supplier<List<InputStatus>> inputs,
            Supplier<List<PartStatus>> parts,
            Supplier<JournalStatus> journal,
            Supplier<ConfigStatus> config,
            Supplier<List<RepositoryStatus>> repositories,
            Optional<Store> store,
            OutputsCalls outputs,
            InstantSource clock) {
        this.html = html;
        this.inputs = inputs;
        this.parts = parts;
        this.journal = journal;
        this.config = config;
        this.repositories = repositories;
        this.store = store;
        this.outputs = outputs;
        this.ask = new Ask(store, clock);
        this.clock = clock;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get("/", this::overview);
        rules.get("/api/verdict", this::verdict);
        rules.get("/ui/live", this::live);
        rules.get("/ui/live/stream", this::stream);
        rules.get("/ui/collector", this::collector);
        rules.get("/ui/data/runs", this::runs);
        rules.get(Assets.PATH + "{hash}/{name}", Assets::serve);
    }

    private void overview(ServerRequest request, ServerResponse response) {
        html.page(request, response, "overview", "Overview", "overview", false, "page", overview());
    }

    private void live(ServerRequest request, ServerResponse response) {
        html.page(request, response, "live", "Overview", "overview", false, "page", overview());
    }

    private void stream(ServerRequest request, ServerResponse response) {
        live.stream(request, response, () -> html.part(request, "live", "page", overview()));
    }

    /// Ends the live parts, so that the listener can stop.
    @Override
    public void close() {
        live.close();
    }

    private Overview overview() {
        return Overview.of(
                inputs.get(),
                parts.get(),
                journal.get(),
                config.get(),
                repositories.get(),
                store.map(Store::status),
                Verdict.Outputs.of(outputs),
                ask.on("/"),
                clock.instant());
    }

    /// `{"well":false,"findings":[{"severity":"bad","text":…,"link":…,"since":…}]}`: the first
    /// page's first lines; `severity` is `bad` or `warning`, `link` a path or empty, `since` an
    /// ISO-8601 time in UTC or null.
    private void verdict(ServerRequest request, ServerResponse response) throws IOException {
        Verdict verdict = overview().verdict();
        Reply.json(
                response,
                out -> {
                    out.writeBooleanField("well", verdict.isWell());
                    out.writeArrayFieldStart("findings");
                    for (Verdict.Finding finding : verdict.findings()) {
                        out.writeStartObject();
                        out.writeStringField(
                                "severity", finding.severity().name().toLowerCase(Locale.ROOT));
                        out.writeStringField("text", finding.text());
                        out.writeStringField("link", finding.link());
                        out.writeStringField(
                                "since", finding.since().map(Instant::toString).orElse(null));
                        out.writeEndObject();
                    }
                    out.writeEndArray();
                });
    }

    private void collector(ServerRequest request, ServerResponse response) {
        CollectorPage page =
                CollectorPage.of(
                        inputs.get(),
                        Html.params(request),
                        ask.on(Html.here(request)),
                        clock.instant());
        if (!page.isKnown() && page.error().isEmpty()) {
            response.status(404);
        }
        html.page(
                request,
                response,
                "collector",
                page.input() + "/" + page.id(),
                "",
                true,
                "page",
                page);
    }

    /// `{"error":"","runs":[[planned ms, duration ms, late ms, outcome]]}`
    private void runs(ServerRequest request, ServerResponse response) throws IOException {
        Answer answer = ask.rows(CollectorPage.chartSql(Html.params(request)));
        Reply.json(
                response,
                out -> {
                    out.writeStringField("error", answer.error());
                    out.writeArrayFieldStart("runs");
                    for (Row row : answer.rows()) {
                        out.writeStartArray();
                        out.writeNumber(row.whole(0));
                        Reply.number(out, row.number(1));
                        Reply.number(out, row.number(2));
                        out.writeString(row.text(3));
                        out.writeEndArray();
                    }
                    out.writeEndArray();
                });
    }
}
