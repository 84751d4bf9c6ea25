package io.trapline.web.page;

import io.trapline.store.Store;
import io.trapline.web.page.Ask.Answer;
import java.util.List;
import java.util.Optional;

/// A statement and what the store answers, with the views beside it.
///
/// @param answer empty before anything was asked
/// @param left rows of the answer that are not shown
record ConsolePage(String sql, Optional<Answer> answer, int left) {
    private static final int SHOWN = 500;

    record View(String name, String columns) {}

    record Example(String what, String sql) {
        String link() {
            return Params.of("sql", sql).at("/ui/sql");
        }
    }

    static final List<View> VIEWS =
            List.of(
                    new View(
                            "metrics",
                            "time, time_ns, source, name, tags, stream, type, value, text,"
                                    + " histogram"),
                    new View("records", "time, time_ns, category, source, name, tags, fields"),
                    new View("logging, rum, object, custom_object, keyevent", "as records"),
                    new View(
                            "runs",
                            "planned, started, duration_ms, input, collector, outcome, points,"
                                    + " error"),
                    new View("check_states", "time, source, available, metrics"));

    static final List<Example> EXAMPLES =
            List.of(
                    new Example(
                            "The newest samples",
                            "SELECT time, source, name, tags, value FROM metrics\n"
                                    + "ORDER BY time DESC LIMIT 20"),
                    new Example(
                            "Failed runs of each collector",
                            "SELECT input, collector, outcome, count(*) AS runs, max(planned) AS"
                                    + " latest\nFROM runs WHERE outcome <> 'ok' GROUP BY ALL ORDER"
                                    + " BY runs DESC"),
                    new Example(
                            "What comes in, by source",
                            "SELECT source, count(*) AS samples, max(time) AS latest\n"
                                    + "FROM metrics GROUP BY source ORDER BY samples DESC"),
                    new Example(
                            "Log lines with a field",
                            "SELECT time, name, fields->>'message' AS message\n"
                                    + "FROM logging ORDER BY time DESC LIMIT 20"));

    List<View> views() {
        return VIEWS;
    }

    List<Example> examples() {
        return EXAMPLES;
    }

    static ConsolePage of(Params params) {
        return new ConsolePage(params.get("sql", EXAMPLES.getFirst().sql()), Optional.empty(), 0);
    }

    static ConsolePage of(Params form, Ask ask) {
        Answer all = ask.rows(form.get("sql"), Store.QUERY_TIMEOUT);
        Answer shown =
                new Answer(all.columns(), all.rows().stream().limit(SHOWN).toList(), all.error());
        return new ConsolePage(
                form.get("sql"), Optional.of(shown), all.rows().size() - shown.rows().size());
    }
}
