package io.trapline.web.page;

import io.trapline.web.page.Ask.Answer;
import io.trapline.web.page.Ask.Row;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Names of metrics that fit what was typed so far. Looks at the store's list of streams, which is
/// short, so that finding one takes as long however much there is of it.
///
/// @param known whether the store has said; if it has not, an empty list says nothing
/// @param more where the next page is, empty at the end
record MetricNames(boolean known, List<Name> names, String more, String error) {
    private static final int PAGE = 50;
    private static final int MOST_SUGGESTED = 50;
    static final MetricNames NONE = new MetricNames(true, List.of(), "", "");

    /// @param last how long ago the last value of the chosen time was, empty when there was none
    record Name(String name, String source, String link, long streams, String last, String value) {}

    static MetricNames of(MetricForm form, long skip, Ask ask, Instant now) {
        Answer found =
                ask.rows(
                        """
                        WITH found AS (
                            SELECT name, source, count(*) AS streams, list(id) AS ids
                            FROM trapline.streams WHERE id > 0 AND %s
                            GROUP BY name, source ORDER BY name, source LIMIT %d OFFSET %d)
                        SELECT f.name, f.source, any_value(f.streams), max(s.time),
                            arg_max({'text': s.text, 'value': s.value, 'bins': len(s.bins) // 3},
                                s.time)
                        FROM (SELECT name, source, streams, unnest(ids) AS id FROM found) f
                        LEFT JOIN trapline.samples s
                            ON s.stream = f.id AND s.time >= %s AND s.time <= %s
                        GROUP BY f.name, f.source ORDER BY f.name, f.source\
                        """
                                .formatted(
                                        like(form),
                                        PAGE + 1,
                                        skip,
                                        Sql.time(form.span().from()),
                                        Sql.time(form.span().to())));
        return new MetricNames(
                found.isKnown(),
                found.rows().stream().limit(PAGE).map(row -> name(row, form, now)).toList(),
                found.rows().size() > PAGE
                        ? form.params()
                                .with("find", "names")
                                .with("skip", String.valueOf(skip + PAGE))
                                .at("/ui/metrics")
                        : "",
                ask.note(found));
    }

    private static Name name(Row row, MetricForm form, Instant now) {
        return new Name(
                row.text(0),
                row.text(1),
                form.params()
                        .with("name", row.text(0))
                        .with("source", row.text(1))
                        .at("/ui/metrics"),
                row.whole(2),
                row.text(3).isEmpty() ? "" : Show.distance(Instant.parse(row.text(3)), now),
                row.cell(4) instanceof Map<?, ?> value ? value(value) : "");
    }

    private static String value(Map<?, ?> last) {
        if (last.get("text") instanceof String text) {
            return Show.shortened(text, 60);
        }
        if (last.get("value") instanceof Number number) {
            return Show.value(number);
        }
        return last.get("bins") instanceof Number bins ? "histogram, " + bins + " bins" : "";
    }

    /// Parts of names are enough while one looks for a stream.
    private static String like(MetricForm form) {
        return "true" + part("source", form.source()) + part("name", form.name()) + form.tagSql();
    }

    private static String part(String column, String typed) {
        return typed.isEmpty()
                ? ""
                : " AND contains(lower(" + column + "), lower(" + Sql.text(typed) + "))";
    }

    /// What a field of the form could be, for its type-ahead. Of tags the last one is completed;
    /// those before it stay.
    static List<String> suggest(String field, MetricForm form, Ask ask) {
        int comma = form.tags().lastIndexOf(", ");
        String before = comma < 0 ? "" : form.tags().substring(0, comma + 2);
        MetricForm others =
                new MetricForm(
                        field.equals("source") ? "" : form.source(),
                        field.equals("name") ? "" : form.name(),
                        field.equals("tag") ? before : form.tags(),
                        form.span(),
                        "",
                        "",
                        "");
        String typed =
                switch (field) {
                    case "source" -> form.source();
                    case "name" -> form.name();
                    default -> form.tags().substring(before.length()).strip();
                };
        String what =
                switch (field) {
                    case "source", "name" -> field;
                    default ->
                            "unnest(list_transform(map_entries(tags),"
                                    + " lambda e: e.key || '=' || e.value))";
                };
        return ask
                .rows(
                        "SELECT word FROM (SELECT DISTINCT "
                                + what
                                + " AS word FROM trapline.streams WHERE "
                                + like(others)
                                + ") WHERE contains(lower(word), lower("
                                + Sql.text(typed)
                                + ")) ORDER BY word LIMIT "
                                + MOST_SUGGESTED,
                        Ask.IMPATIENCE)
                .rows()
                .stream()
                .map(row -> field.equals("tag") ? before + row.text(0) : row.text(0))
                .toList();
    }

    /// The keys of tags that the metric's lines can be told apart by; the one chosen is among them
    /// also when the store does not say.
    static List<String> tagKeys(MetricForm form, Ask ask) {
        List<String> keys = new ArrayList<>();
        ask.rows(
                        "SELECT DISTINCT unnest(map_keys(tags)) AS key FROM trapline.streams"
                                + " WHERE name = "
                                + Sql.text(form.name())
                                + (form.source().isEmpty()
                                        ? ""
                                        : " AND source = " + Sql.text(form.source()))
                                + form.tagSql()
                                + " ORDER BY key LIMIT 50")
                .rows()
                .forEach(row -> keys.add(row.text(0)));
        if (!List.of("stream", "all", "source").contains(form.by()) && !keys.contains(form.by())) {
            keys.add(form.by());
        }
        return keys;
    }
}
