package io.trapline.web.page;

import io.trapline.store.Store;
import io.trapline.web.page.Ask.Answer;
import io.trapline.web.page.Ask.Row;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.function.BooleanSupplier;

/// A statement and what the store answers, with the views beside it.
///
/// @param run a name for the next run of the statement, by which it can be cancelled
/// @param viewsError why the views could not be listed, empty if they are
/// @param answer empty before anything was asked
/// @param left rows of the answer that are not shown
/// @param chart the answer as a chart's data, empty where it has none
record ConsolePage(
        String sql,
        String run,
        List<View> views,
        String viewsError,
        Optional<Answer> answer,
        int left,
        Optional<String> chart) {
    private static final int SHOWN = 500;

    private static final String VIEWS =
            """
            SELECT v.view_name, c.column_name, c.data_type
            FROM duckdb_views() v JOIN duckdb_columns() c
                ON c.schema_name = v.schema_name AND c.table_name = v.view_name
            WHERE v.schema_name = 'main' AND NOT v.internal
            ORDER BY v.view_name, c.column_index\
            """;

    /// What people look for most.
    private static final List<String> FIRST =
            List.of("metrics", "histograms", "records", "logging", "keyevent", "object", "runs");

    record Column(String name, String type) {}

    record View(String name, List<Column> columns) {
        String link() {
            String order =
                    columns.stream().anyMatch(column -> column.name().equals("time"))
                            ? "\nORDER BY time DESC"
                            : "";
            return Params.of("sql", "SELECT *\nFROM " + name + order + "\nLIMIT 20").at("/ui/sql");
        }
    }

    record Example(String what, String sql) {
        String link() {
            return Params.of("sql", sql).at("/ui/sql");
        }
    }

    static final List<Example> EXAMPLES =
            List.of(
                    new Example(
                            "The newest samples",
                            """
                            SELECT time, source, name, tags, value
                            FROM metrics
                            ORDER BY time DESC LIMIT 20\
                            """),
                    new Example(
                            "Samples a minute, by source (a chart)",
                            """
                            SELECT time_bucket(INTERVAL 1 minute, time) AS minute, source, count(*) AS samples
                            FROM metrics
                            WHERE time > now()::TIMESTAMP - INTERVAL 1 hour
                            GROUP BY ALL ORDER BY minute\
                            """),
                    new Example(
                            "Failed runs of each collector",
                            """
                            SELECT input, collector, outcome, count(*) AS runs, max(planned) AS latest
                            FROM runs
                            WHERE outcome <> 'ok'
                            GROUP BY ALL ORDER BY runs DESC\
                            """),
                    new Example(
                            "How long each collector's runs take",
                            """
                            SELECT collector, quantile_cont(duration_ms, 0.5) AS median_ms,
                                quantile_cont(duration_ms, 0.99) AS p99_ms
                            FROM runs
                            GROUP BY collector ORDER BY p99_ms DESC\
                            """),
                    new Example(
                            "What comes in, by source",
                            """
                            SELECT source, count(*) AS samples, max(time) AS latest
                            FROM metrics
                            GROUP BY source ORDER BY samples DESC\
                            """),
                    new Example(
                            "Log lines with a field",
                            """
                            SELECT time, name, fields->>'status' AS status, fields->>'message' AS message
                            FROM logging
                            ORDER BY time DESC LIMIT 20\
                            """),
                    new Example(
                            "Quantiles of a histogram",
                            """
                            SELECT time, name, histogram_quantile(bins, 0.5) AS p50,
                                histogram_quantile(bins, 0.99) AS p99
                            FROM histograms
                            ORDER BY time DESC LIMIT 200\
                            """));

    List<Example> examples() {
        return EXAMPLES;
    }

    static ConsolePage of(Params params, Ask ask) {
        Answer views = ask.rows(VIEWS, Ask.IMPATIENCE);
        return new ConsolePage(
                params.get("sql", EXAMPLES.getFirst().sql()),
                UUID.randomUUID().toString(),
                views(views),
                views.error(),
                Optional.empty(),
                0,
                Optional.empty());
    }

    /// Runs the form's statement.
    static ConsolePage run(Params form, Ask ask, BooleanSupplier cancelled) {
        Answer all = ask.statement(form.get("sql"), Store.QUERY_TIMEOUT, cancelled);
        Answer views = ask.rows(VIEWS, Ask.IMPATIENCE);
        Answer shown =
                new Answer(all.columns(), all.rows().stream().limit(SHOWN).toList(), all.error());
        return new ConsolePage(
                form.get("sql"),
                UUID.randomUUID().toString(),
                views(views),
                views.error(),
                Optional.of(shown),
                all.rows().size() - shown.rows().size(),
                ResultChart.of(all));
    }

    private static List<View> views(Answer found) {
        Map<String, List<Column>> views = new LinkedHashMap<>();
        FIRST.forEach(name -> views.put(name, new ArrayList<>()));
        for (Row row : found.rows()) {
            views.computeIfAbsent(row.text(0), _ -> new ArrayList<>())
                    .add(new Column(row.text(1), row.text(2)));
        }
        return views.entrySet().stream()
                .filter(view -> !view.getValue().isEmpty())
                .map(view -> new View(view.getKey(), view.getValue()))
                .toList();
    }
}
