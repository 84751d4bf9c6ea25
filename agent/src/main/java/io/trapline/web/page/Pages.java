package io.trapline.web.page;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.HttpRules;
import io.helidon.webserver.http.HttpService;
import io.helidon.webserver.http.ServerRequest;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.collector.InputStatus;
import io.trapline.journal.Journal.JournalStatus;
import io.trapline.store.QueryException;
import io.trapline.store.QueryResult;
import io.trapline.store.ResultFormat;
import io.trapline.store.Store;
import io.trapline.web.Privilege;
import io.trapline.web.page.Ask.Answer;
import io.trapline.web.page.Ask.Row;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// The pages: `/` and what is below `/ui/`. They read: nothing here changes what the agent does.
public final class Pages implements HttpService {
    private static final JsonFactory JSON = new JsonFactory();

    private final Html html;
    private final Supplier<List<InputStatus>> inputs;
    private final Supplier<JournalStatus> journal;
    private final Optional<Store> store;
    private final Ask ask;
    private final InstantSource clock;

    public Pages(
            Html html,
            Supplier<List<InputStatus>> inputs,
            Supplier<JournalStatus> journal,
            Optional<Store> store,
            InstantSource clock) {
        this.html = html;
        this.inputs = inputs;
        this.journal = journal;
        this.store = store;
        this.ask = new Ask(store);
        this.clock = clock;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.get("/", this::overview);
        rules.get("/ui/live", this::live);
        rules.get("/ui/collector", this::collector);
        rules.get("/ui/metrics", this::metrics);
        rules.get("/ui/records", this::records);
        rules.get("/ui/sql", this::console);
        rules.post("/ui/sql", this::ask);
        rules.get("/ui/suggest/{field}", this::suggest);
        rules.get("/ui/data/runs", this::runs);
        rules.get("/ui/data/series", this::series);
        rules.get(Assets.PATH + "{hash}/{name}", Assets::serve);
    }

    private void overview(ServerRequest request, ServerResponse response) {
        html.page(request, response, "overview", "Overview", "overview", false, "page", overview());
    }

    private void live(ServerRequest request, ServerResponse response) {
        html.page(request, response, "live", "Overview", "overview", false, "page", overview());
    }

    private Overview overview() {
        return Overview.of(
                inputs.get(), journal.get(), store.map(Store::status), ask, clock.instant());
    }

    private void collector(ServerRequest request, ServerResponse response) {
        CollectorPage page =
                CollectorPage.of(inputs.get(), Html.params(request), ask, clock.instant());
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

    private void metrics(ServerRequest request, ServerResponse response) {
        StreamsPage page = StreamsPage.of(Html.params(request), ask, clock.instant());
        String title = page.form().name().isEmpty() ? "Metrics" : page.form().name();
        html.page(request, response, "metrics", title, "metrics", true, "page", page);
    }

    private void records(ServerRequest request, ServerResponse response) {
        RecordsPage page = RecordsPage.of(Html.params(request), ask);
        html.page(request, response, "records", "Records", "records", false, "page", page);
    }

    private void console(ServerRequest request, ServerResponse response) {
        html.page(
                request,
                response,
                "sql",
                "SQL",
                "sql",
                false,
                "page",
                ConsolePage.of(Html.params(request)));
    }

    /// A form: `sql`, and `as=csv` for a download. Only from a page of ours: a page of another site
    /// could keep the store busy.
    private void ask(ServerRequest request, ServerResponse response) throws IOException {
        if (Privilege.isForeign(request)) {
            Html.text(response, 403, "This form is not for pages of another site.");
            return;
        }
        Optional<Params> fields = Html.fields(request, response);
        if (fields.isEmpty()) {
            return;
        }
        Params form = fields.get();
        if (!form.get("as").equals("csv")) {
            html.page(
                    request,
                    response,
                    "sql",
                    "SQL",
                    "sql",
                    false,
                    "page",
                    ConsolePage.of(form, ask));
            return;
        }
        try {
            QueryResult result = ask.result(form.get("sql"), Store.QUERY_TIMEOUT);
            response.header(HeaderNames.CONTENT_TYPE, "text/csv; charset=utf-8")
                    .header(
                            HeaderNames.CONTENT_DISPOSITION,
                            "attachment; filename=\"trapline.csv\"")
                    .header(Html.NO_SNIFF, "nosniff");
            try (OutputStream out = response.outputStream()) {
                ResultFormat.CSV.write(result, out);
            }
        } catch (QueryException _) {
            html.page(
                    request,
                    response,
                    "sql",
                    "SQL",
                    "sql",
                    false,
                    "page",
                    ConsolePage.of(form, ask));
        }
    }

    private void suggest(ServerRequest request, ServerResponse response) {
        String field = request.path().pathParameters().get("field");
        List<String> words = StreamsPage.suggest(field, Html.params(request), ask, clock.instant());
        html.page(request, response, "options", "", "", false, "words", words);
    }

    /// `{"error":"","runs":[[planned ms, duration ms, late ms, outcome]]}`
    private void runs(ServerRequest request, ServerResponse response) throws IOException {
        Answer answer = ask.rows(CollectorPage.chartSql(Html.params(request)));
        json(
                response,
                out -> {
                    out.writeStringField("error", answer.error());
                    out.writeArrayFieldStart("runs");
                    for (Row row : answer.rows()) {
                        out.writeStartArray();
                        out.writeNumber(row.whole(0));
                        number(out, row.number(1));
                        number(out, row.number(2));
                        out.writeString(row.text(3));
                        out.writeEndArray();
                    }
                    out.writeEndArray();
                });
    }

    ///
    /// `{"error":"","from":ms,"to":ms,"step":ms,"sql":"…","lines":[{"name":"…","points":[[ms,v]]}]}`
    private void series(ServerRequest request, ServerResponse response) throws IOException {
        StreamsPage.Drawn drawn =
                StreamsPage.draw(StreamsPage.Form.of(Html.params(request)), ask, clock.instant());
        StreamsPage.Series series = drawn.series();
        json(
                response,
                out -> {
                    out.writeStringField("error", drawn.error());
                    out.writeNumberField("from", series.fromMs());
                    out.writeNumberField("to", series.toMs());
                    out.writeNumberField("step", series.stepMs());
                    out.writeStringField("sql", series.sql());
                    out.writeArrayFieldStart("lines");
                    for (StreamsPage.LineOf line : series.lines()) {
                        out.writeStartObject();
                        out.writeStringField("name", line.name());
                        out.writeArrayFieldStart("points");
                        for (double[] point : line.points()) {
                            out.writeStartArray();
                            out.writeNumber((long) point[0]);
                            number(out, point[1]);
                            out.writeEndArray();
                        }
                        out.writeEndArray();
                        out.writeEndObject();
                    }
                    out.writeEndArray();
                });
    }

    private static void number(JsonGenerator out, double value) throws IOException {
        if (Double.isFinite(value)) {
            out.writeNumber(value);
        } else {
            out.writeNull();
        }
    }

    private interface Members {
        void write(JsonGenerator out) throws IOException;
    }

    private static void json(ServerResponse response, Members members) throws IOException {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try (JsonGenerator out = JSON.createGenerator(body)) {
            out.writeStartObject();
            members.write(out);
            out.writeEndObject();
        }
        response.header(HeaderNames.CONTENT_TYPE, "application/json")
                .header(HeaderNames.CACHE_CONTROL, "no-store")
                .header(Html.NO_SNIFF, "nosniff")
                .send(body.toByteArray());
    }
}
