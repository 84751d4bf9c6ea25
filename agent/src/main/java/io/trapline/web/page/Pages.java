package io.trapline.web.page;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import gg.jte.ContentType;
import gg.jte.TemplateEngine;
import gg.jte.output.Utf8ByteOutput;
import io.helidon.http.HeaderName;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.Handler;
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
import io.trapline.web.page.Ask.Answer;
import io.trapline.web.page.Ask.Row;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/// The pages: `/` and what is below `/ui/`. They read; nothing here changes what the agent does.
///
/// Register it before other services: it also turns requests for `/api/query` away whose `Host` is
/// not ours, which is how a page of another site would read the store.
public final class Pages implements HttpService {
    private static final HeaderName POLICY = HeaderNames.create("Content-Security-Policy");
    private static final HeaderName NO_SNIFF = HeaderNames.create("X-Content-Type-Options");
    private static final HeaderName REFERRER = HeaderNames.create("Referrer-Policy");
    private static final String STRICT =
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
                    + " connect-src 'self'; form-action 'self'; base-uri 'none';"
                    + " frame-ancestors 'none'";
    private static final HeaderName FETCH_SITE = HeaderNames.create("Sec-Fetch-Site");
    private static final int MAX_FORM = 1 << 20;
    private static final JsonFactory JSON = new JsonFactory();

    /// Made when the first page is asked for, not when the agent starts.
    private static final class Templates {
        static final TemplateEngine ENGINE =
                TemplateEngine.createPrecompiled(
                        null, ContentType.Html, null, "io.trapline.web.page");

        static {
            ENGINE.setTrimControlStructures(true);
        }
    }

    private final String version;
    private final Hosts hosts;
    private final Supplier<List<InputStatus>> inputs;
    private final Supplier<JournalStatus> journal;
    private final Optional<Store> store;
    private final Ask ask;
    private final InstantSource clock;

    /// @param listen the name or address that the listener was told to bind
    public Pages(
            String version,
            String listen,
            Supplier<List<InputStatus>> inputs,
            Supplier<JournalStatus> journal,
            Optional<Store> store,
            InstantSource clock) {
        this.version = version;
        this.hosts = new Hosts(listen);
        this.inputs = inputs;
        this.journal = journal;
        this.store = store;
        this.ask = new Ask(store);
        this.clock = clock;
    }

    @Override
    public void routing(HttpRules rules) {
        rules.any("/api/query", ours((_, response) -> response.next()));
        rules.get("/", ours(this::overview));
        rules.get("/ui/live", ours(this::live));
        rules.get("/ui/collector", ours(this::collector));
        rules.get("/ui/metrics", ours(this::metrics));
        rules.get("/ui/records", ours(this::records));
        rules.get("/ui/sql", ours(this::console));
        rules.post("/ui/sql", ours(this::ask));
        rules.get("/ui/suggest/{field}", ours(this::suggest));
        rules.get("/ui/data/runs", ours(this::runs));
        rules.get("/ui/data/series", ours(this::series));
        rules.get(Assets.PATH + "{hash}/{name}", Assets::serve);
    }

    private Handler ours(Handler handler) {
        return (request, response) -> {
            if (hosts.admits(request.headers().first(HeaderNames.HOST))) {
                handler.handle(request, response);
            } else {
                response.status(403)
                        .header(HeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")
                        .send(
                                "This address is not for the name in the Host header; use"
                                        + " http://127.0.0.1 and the port, or the name that [http]"
                                        + " listen gives.\n");
            }
        };
    }

    private void overview(ServerRequest request, ServerResponse response) {
        html(response, "overview", "Overview", "overview", false, "page", overview());
    }

    private void live(ServerRequest request, ServerResponse response) {
        html(response, "live", "Overview", "overview", false, "page", overview());
    }

    private Overview overview() {
        return Overview.of(
                inputs.get(), journal.get(), store.map(Store::status), ask, clock.instant());
    }

    private void collector(ServerRequest request, ServerResponse response) {
        CollectorPage page = CollectorPage.of(inputs.get(), params(request), ask, clock.instant());
        if (!page.isKnown() && page.error().isEmpty()) {
            response.status(404);
        }
        html(response, "collector", page.input() + "/" + page.id(), "", true, "page", page);
    }

    private void metrics(ServerRequest request, ServerResponse response) {
        StreamsPage page = StreamsPage.of(params(request), ask, clock.instant());
        String title = page.form().name().isEmpty() ? "Metrics" : page.form().name();
        html(response, "metrics", title, "metrics", true, "page", page);
    }

    private void records(ServerRequest request, ServerResponse response) {
        RecordsPage page = RecordsPage.of(params(request), ask);
        html(response, "records", "Records", "records", false, "page", page);
    }

    private void console(ServerRequest request, ServerResponse response) {
        html(response, "sql", "SQL", "sql", false, "page", ConsolePage.of(params(request)));
    }

    /// A form: `sql`, and `as=csv` for a download. Only from a page of ours: a page of another site
    /// could keep the store busy.
    private void ask(ServerRequest request, ServerResponse response) throws IOException {
        if (!request.headers().first(FETCH_SITE).orElse("same-origin").equals("same-origin")) {
            response.status(403)
                    .header(HeaderNames.CONTENT_TYPE, "text/plain; charset=utf-8")
                    .send("This form is not for pages of another site.\n");
            return;
        }
        byte[] body;
        try (InputStream in = request.content().inputStream()) {
            body = in.readNBytes(MAX_FORM + 1);
        }
        if (body.length > MAX_FORM) {
            response.status(413).send();
            return;
        }
        Params form = Params.parse(new String(body, StandardCharsets.UTF_8));
        if (!form.get("as").equals("csv")) {
            html(response, "sql", "SQL", "sql", false, "page", ConsolePage.of(form, ask));
            return;
        }
        try {
            QueryResult result = ask.result(form.get("sql"), Store.QUERY_TIMEOUT);
            response.header(HeaderNames.CONTENT_TYPE, "text/csv; charset=utf-8")
                    .header(
                            HeaderNames.CONTENT_DISPOSITION,
                            "attachment; filename=\"trapline.csv\"")
                    .header(NO_SNIFF, "nosniff");
            try (OutputStream out = response.outputStream()) {
                ResultFormat.CSV.write(result, out);
            }
        } catch (QueryException _) {
            html(response, "sql", "SQL", "sql", false, "page", ConsolePage.of(form, ask));
        }
    }

    private void suggest(ServerRequest request, ServerResponse response) {
        String field = request.path().pathParameters().get("field");
        List<String> words = StreamsPage.suggest(field, params(request), ask, clock.instant());
        html(response, "options", "", "", false, "words", words);
    }

    /// `{"error":"","runs":[[planned ms, duration ms, late ms, outcome]]}`
    private void runs(ServerRequest request, ServerResponse response) throws IOException {
        Answer answer = ask.rows(CollectorPage.chartSql(params(request)));
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
                StreamsPage.draw(StreamsPage.Form.of(params(request)), ask, clock.instant());
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
                .header(NO_SNIFF, "nosniff")
                .send(body.toByteArray());
    }

    private void html(
            ServerResponse response,
            String template,
            String title,
            String at,
            boolean charts,
            String name,
            Object page) {
        Utf8ByteOutput out = new Utf8ByteOutput();
        Map<String, Object> model =
                Map.of("frame", new Frame(title, at, version, charts), name, page);
        Templates.ENGINE.render(template + ".jte", model, out);
        response.header(HeaderNames.CONTENT_TYPE, "text/html; charset=utf-8")
                .header(HeaderNames.CACHE_CONTROL, "no-store")
                .header(POLICY, STRICT)
                .header(NO_SNIFF, "nosniff")
                .header(REFERRER, "same-origin")
                .send(out.toByteArray());
    }

    private static Params params(ServerRequest request) {
        return Params.parse(request.prologue().query().rawValue());
    }
}
