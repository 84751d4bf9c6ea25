package io.trapline.web.page;

import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.registry.Pin;
import io.trapline.registry.Pins;
import io.trapline.registry.RegistryException;
import io.trapline.store.QueryException;
import io.trapline.store.QueryResult;
import io.trapline.store.ResultFormat;
import io.trapline.store.Store;
import io.trapline.web.Privilege;
import java.io.IOException;
import java.io.OutputStream;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;

/// The pages on which people look around in the store: metrics, dashboard, records, objects, SQL.
/// Only the dashboard is ever changed here.
public final class ExplorePages implements HttpService, AutoCloseable {
    private static final int MOST_RUNNING = 1000;
    private static final String CONSOLE = "/ui/sql";

    private final Html html;
    private final Ask ask;
    private final Pins pins;
    private final InstantSource clock;
    private final Optional<Tail> tail;

    /// Statements of the console that run, by the name that its page gave them; true = cancelled.
    private final Map<String, AtomicBoolean> running = new ConcurrentHashMap<>();

    public ExplorePages(Html html, Optional<Store> store, Pins pins, InstantSource clock) {
        this.html = html;
        this.ask = new Ask(store, clock);
        this.pins = pins;
        this.clock = clock;
        this.tail = store.map(its -> new Tail(its, ask, clock));
    }

    /// Ends the live tails; the listener would wait for them.
    @Override
    public void close() {
        tail.ifPresent(Tail::close);
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get("/ui/metrics", this::metrics);
        rules.get("/ui/suggest/{field}", this::suggest);
        rules.get("/ui/data/series", this::series);
        rules.get("/dashboard", this::dashboard);
        rules.post("/dashboard", this::changeDashboard);
        rules.get("/ui/records", this::records);
        rules.get("/ui/data/records", this::recordCounts);
        rules.get("/ui/tail", this::tail);
        rules.get("/ui/objects", this::objects);
        rules.get("/ui/object", this::object);
        rules.get(CONSOLE, this::console);
        rules.post(CONSOLE, this::run);
        rules.post("/ui/sql.csv", this::download);
        rules.post("/ui/sql/cancel", this::cancel);
    }

    private void metrics(ServerRequest request, ServerResponse response) {
        StreamsPage page = StreamsPage.of(Html.params(request), ask, clock.instant());
        html.page(request, response, "metrics", page.title(), "metrics", true, "page", page);
    }

    private void suggest(ServerRequest request, ServerResponse response) {
        String field = request.path().pathParameters().get("field");
        Params params = Html.params(request);
        List<String> words =
                field.equals("recordsource")
                        ? RecordsPage.sources(params, ask)
                        : MetricNames.suggest(field, MetricForm.of(params, clock.instant()), ask);
        html.page(request, response, "options", "", "", false, "words", words);
    }

    private void series(ServerRequest request, ServerResponse response) throws IOException {
        MetricForm form = MetricForm.of(Html.params(request), clock.instant());
        Reply.json(response, MetricChart.draw(form, ask)::json);
    }

    private void dashboard(ServerRequest request, ServerResponse response) {
        DashboardPage page;
        try {
            page = DashboardPage.of(pins.all(), Html.params(request), clock.instant(), "");
        } catch (RegistryException e) {
            page =
                    DashboardPage.of(
                            List.of(),
                            Html.params(request),
                            clock.instant(),
                            String.valueOf(e.getMessage()));
        }
        html.page(request, response, "dashboard", "Dashboard", "dashboard", true, "page", page);
    }

    /// A form: `do` is `pin` (with `title` and `query`), `unpin`, `up` or `down` (with `id`).
    private void changeDashboard(ServerRequest request, ServerResponse response)
            throws IOException {
        Optional<Params> form = html.form(request, response);
        if (form.isPresent()) {
            html.seeOther(request, response, "/dashboard", changed(form.get()));
        }
    }

    private Said changed(Params form) {
        long id = form.number("id", 0);
        try {
            return switch (form.get("do")) {
                case "pin" -> {
                    // Written again from what was understood, so that nothing else is kept.
                    Params query = Params.parse(form.get("query").replaceFirst("^\\?", ""));
                    MetricForm chart = MetricForm.of(query, clock.instant());
                    if (chart.name().isEmpty()) {
                        yield Said.bad("Nothing was pinned: the chart has no metric's name.");
                    }
                    Pin pin =
                            pins.add(
                                    form.get("title"),
                                    chart.params().at("").replaceFirst("^\\?", ""));
                    yield Said.good("Pinned: " + pin.title());
                }
                case "unpin" -> removed(pins.remove(id), "Taken off the dashboard.");
                case "up" -> removed(pins.move(id, -1), "Moved forward.");
                case "down" -> removed(pins.move(id, 1), "Moved back.");
                default -> Said.bad("Nothing was changed: the form says neither pin nor unpin.");
            };
        } catch (RegistryException | IllegalArgumentException e) {
            return Said.bad("Nothing was changed: " + e.getMessage());
        }
    }

    private static Said removed(boolean wasThere, String done) {
        return wasThere
                ? Said.good(done)
                : Said.bad("That chart is not on the dashboard any more.");
    }

    private void records(ServerRequest request, ServerResponse response) {
        RecordsPage page =
                RecordsPage.of(Html.params(request), ask.on(Html.here(request)), clock.instant());
        html.page(request, response, "records", page.heading(), "records", true, "page", page);
    }

    private void recordCounts(ServerRequest request, ServerResponse response) throws IOException {
        Params params = Html.params(request);
        Reply.json(response, out -> RecordsPage.json(params, ask, clock.instant(), out));
    }

    private void tail(ServerRequest request, ServerResponse response) throws IOException {
        if (tail.isPresent()) {
            tail.get().serve(request, response, Html.params(request));
        } else {
            Html.text(response, 503, "The store is switched off.");
        }
    }

    private void objects(ServerRequest request, ServerResponse response) {
        ObjectsPage page =
                ObjectsPage.of(Html.params(request), ask.on(Html.here(request)), clock.instant());
        html.page(request, response, "objects", "Objects", "records", false, "page", page);
    }

    private void object(ServerRequest request, ServerResponse response) {
        ObjectPage page =
                ObjectPage.of(Html.params(request), ask.on(Html.here(request)), clock.instant());
        if (page.latest().isEmpty() && page.known()) {
            response.status(404);
        }
        html.page(request, response, "object", page.title(), "records", false, "page", page);
    }

    private void console(ServerRequest request, ServerResponse response) {
        show(request, response, ConsolePage.of(Html.params(request), ask.on(CONSOLE)));
    }

    private void show(ServerRequest request, ServerResponse response, ConsolePage page) {
        html.page(request, response, "sql", "SQL", "sql", true, "page", page);
    }

    /// A form: `sql`, and `run`, by which [#cancel] finds it.
    private void run(ServerRequest request, ServerResponse response) throws IOException {
        Optional<Params> form = ours(request, response);
        if (form.isEmpty()) {
            return;
        }
        String name = form.get().get("run");
        AtomicBoolean cancelled = running.computeIfAbsent(name, _ -> new AtomicBoolean());
        try {
            show(request, response, ConsolePage.run(form.get(), ask.on(CONSOLE), cancelled::get));
        } finally {
            running.remove(name, cancelled);
        }
    }

    private void download(ServerRequest request, ServerResponse response) throws IOException {
        Optional<Params> form = ours(request, response);
        if (form.isEmpty()) {
            return;
        }
        try {
            QueryResult result =
                    ask.result(form.get().get("sql"), Store.QUERY_TIMEOUT, () -> false);
            response.header(HeaderNames.CONTENT_TYPE, "text/csv; charset=utf-8")
                    .header(
                            HeaderNames.CONTENT_DISPOSITION,
                            "attachment; filename=\"trapline.csv\"")
                    .header(HeaderNames.CACHE_CONTROL, "no-store")
                    .header(Reply.NO_SNIFF, "nosniff");
            try (OutputStream out = response.outputStream()) {
                ResultFormat.SHEET.write(result, out);
            }
        } catch (QueryException _) {
            show(request, response, ConsolePage.run(form.get(), ask.on(CONSOLE), () -> false));
        }
    }

    private void cancel(ServerRequest request, ServerResponse response) throws IOException {
        Optional<Params> form = ours(request, response);
        if (form.isPresent()) {
            // It may be here before the run that it is for.
            if (running.size() >= MOST_RUNNING) {
                running.clear();
            }
            running.computeIfAbsent(form.get().get("run"), _ -> new AtomicBoolean()).set(true);
            response.status(204).send();
        }
    }

    /// The fields of a form that only reads. A page of another site could keep the store busy.
    private static Optional<Params> ours(ServerRequest request, ServerResponse response)
            throws IOException {
        if (Privilege.isForeign(request)) {
            Html.text(response, 403, "This form is not for pages of another site.");
            return Optional.empty();
        }
        return Html.fields(request, response);
    }
}
