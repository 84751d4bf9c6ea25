package io.trapline.web.page;

import io.trapline.web.page.Ask.Answer;
import io.trapline.web.page.Ask.Row;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The metrics: first the names that fit, then a chart of one.
///
/// @param form what was chosen
/// @param more where the next page of names is, empty at its end
/// @param chart where the chart's data is, empty while no name is chosen
record StreamsPage(
        Form form,
        List<Name> names,
        String more,
        String chart,
        Series series,
        List<String> tagKeys,
        String error) {
    private static final int PAGE = 50;
    private static final int MOST_LINES = 20;
    private static final int BUCKETS = 240;
    private static final int MOST_SUGGESTED = 50;
    static final Map<String, Duration> RANGES = new LinkedHashMap<>();
    static final List<String> AGGREGATES = List.of("avg", "min", "max", "sum", "rate");

    static {
        RANGES.put("15m", Duration.ofMinutes(15));
        RANGES.put("1h", Duration.ofHours(1));
        RANGES.put("6h", Duration.ofHours(6));
        RANGES.put("24h", Duration.ofHours(24));
        RANGES.put("7d", Duration.ofDays(7));
    }

    /// @param tag `key=value` or a part of a tag, empty = any
    /// @param by a tag's key; `stream` = a line each, `all` = one line
    record Form(String source, String name, String tag, String range, String aggregate, String by) {
        static Form of(Params params) {
            String range = params.get("range");
            String aggregate = params.get("agg");
            return new Form(
                    params.get("source"),
                    params.get("name"),
                    params.get("tag"),
                    RANGES.containsKey(range) ? range : "1h",
                    AGGREGATES.contains(aggregate) ? aggregate : "avg",
                    params.get("by", "stream"));
        }

        Params params() {
            return Params.of(
                    "source", source, "name", name, "tag", tag, "range", range, "agg", aggregate,
                    "by", by);
        }

        Duration length() {
            return RANGES.getOrDefault(range, Duration.ofHours(1));
        }

        List<String> ranges() {
            return List.copyOf(RANGES.keySet());
        }

        List<String> aggregates() {
            return AGGREGATES;
        }
    }

    record Name(String name, String source, String link, long streams, String last, String value) {}

    /// @param lines the ones with the most in them, at most [#MOST_LINES]
    /// @param left how many more there are
    record Series(long fromMs, long toMs, long stepMs, String sql, List<LineOf> lines, int left) {}

    /// @param points pairs of milliseconds and value, in order of time
    record LineOf(String name, List<double[]> points) {
        String last() {
            return Show.number(points.getLast()[1]);
        }

        String least() {
            return Show.number(points.stream().mapToDouble(p -> p[1]).min().orElse(Double.NaN));
        }

        String mean() {
            return Show.number(points.stream().mapToDouble(p -> p[1]).average().orElse(Double.NaN));
        }

        String most() {
            return Show.number(points.stream().mapToDouble(p -> p[1]).max().orElse(Double.NaN));
        }

        int count() {
            return points.size();
        }
    }

    static StreamsPage of(Params params, Ask ask, Instant now) {
        Form form = Form.of(params);
        if (form.name().isEmpty() || params.get("find").equals("names")) {
            return names(form, params, ask, now);
        }
        Drawn drawn = draw(form, ask, now);
        return new StreamsPage(
                form,
                List.of(),
                "",
                form.params().at("/ui/data/series"),
                drawn.series(),
                tagKeys(form, ask, now),
                drawn.error());
    }

    private static StreamsPage names(Form form, Params params, Ask ask, Instant now) {
        long skip = Math.max(0, params.number("skip", 0));
        Answer found =
                ask.rows(
                        """
                        SELECT name, source, count(DISTINCT stream), max(time),
                            arg_max(coalesce(text, value::VARCHAR), time_ns)
                        FROM metrics WHERE %s GROUP BY name, source ORDER BY name, source
                        LIMIT %d OFFSET %d\
                        """
                                .formatted(like(form, now), PAGE + 1, skip));
        List<Name> names =
                found.rows().stream().limit(PAGE).map(row -> name(row, form, now)).toList();
        return new StreamsPage(
                form,
                names,
                found.rows().size() > PAGE
                        ? form.params().with("skip", String.valueOf(skip + PAGE)).at("/ui/metrics")
                        : "",
                "",
                new Series(0, 0, 0, "", List.of(), 0),
                List.of(),
                found.error());
    }

    private static Name name(Row row, Form form, Instant now) {
        return new Name(
                row.text(0),
                row.text(1),
                form.params()
                        .with("name", row.text(0))
                        .with("source", row.text(1))
                        .at("/ui/metrics"),
                row.whole(2),
                Show.distance(Instant.parse(row.text(3)), now),
                row.text(4));
    }

    /// Parts of names are enough while one looks for a stream.
    private static String like(Form form, Instant now) {
        StringBuilder where = new StringBuilder("time >= " + Sql.time(now.minus(form.length())));
        if (!form.source().isEmpty()) {
            where.append(" AND contains(lower(source), lower(")
                    .append(Sql.text(form.source()))
                    .append("))");
        }
        if (!form.name().isEmpty()) {
            where.append(" AND contains(lower(name), lower(")
                    .append(Sql.text(form.name()))
                    .append("))");
        }
        return where.append(tag(form.tag())).toString();
    }

    private static String tag(String tag) {
        if (tag.isEmpty()) {
            return "";
        }
        int equals = tag.indexOf('=');
        return equals > 0
                ? " AND tags["
                        + Sql.text(tag.substring(0, equals).strip())
                        + "] = "
                        + Sql.text(tag.substring(equals + 1).strip())
                : " AND contains(lower(stream), lower(" + Sql.text(tag) + "))";
    }

    private static String exactly(Form form, Instant from) {
        return "time >= "
                + Sql.time(from)
                + " AND name = "
                + Sql.text(form.name())
                + (form.source().isEmpty() ? "" : " AND source = " + Sql.text(form.source()))
                + tag(form.tag());
    }

    private static List<String> tagKeys(Form form, Ask ask, Instant now) {
        return ask
                .rows(
                        "SELECT DISTINCT unnest(map_keys(tags)) AS key FROM metrics WHERE "
                                + exactly(form, now.minus(form.length()))
                                + " ORDER BY key LIMIT 50")
                .rows()
                .stream()
                .map(row -> row.text(0))
                .toList();
    }

    record Drawn(Series series, String error) {}

    /// The lines of the chart, and the statement that gives them.
    static Drawn draw(Form form, Ask ask, Instant now) {
        long step = Math.max(1000, form.length().toMillis() / BUCKETS);
        long to = now.toEpochMilli() / step * step + step;
        long from = to - form.length().toMillis();
        String sql = sql(form, Instant.ofEpochMilli(from), step);
        Answer answer = ask.rows(sql);
        Map<String, List<double[]>> lines = new TreeMap<>();
        for (Row row : answer.rows()) {
            lines.computeIfAbsent(row.text(1), _ -> new ArrayList<>())
                    .add(new double[] {row.number(0), row.number(2)});
        }
        List<LineOf> all =
                lines.entrySet().stream().map(e -> new LineOf(e.getKey(), e.getValue())).toList();
        List<LineOf> shown = all.stream().limit(MOST_LINES).toList();
        return new Drawn(
                new Series(from, to, step, sql, shown, all.size() - shown.size()), answer.error());
    }

    private static String sql(Form form, Instant from, long step) {
        String group =
                switch (form.by()) {
                    case "all" -> Sql.text(form.name());
                    case "stream" -> "stream";
                    default -> "coalesce(tags[" + Sql.text(form.by()) + "], '(none)')";
                };
        String where = exactly(form, from) + " AND value IS NOT NULL";
        String bucket = "epoch_ms(time) // " + step + " * " + step;
        if (!form.aggregate().equals("rate")) {
            return """
            SELECT %s AS t, %s AS line, %s(value) AS v
            FROM metrics
            WHERE %s
            GROUP BY t, line ORDER BY t, line LIMIT 100000\
            """
                    .formatted(bucket, group, form.aggregate(), where);
        }
        // A counter that went back started again at 0.
        return """
        SELECT %s AS t, line, sum(step) / %s AS v
        FROM (SELECT time, %s AS line, CASE WHEN value >= before THEN value - before ELSE value END AS step
            FROM (SELECT *, lag(value) OVER (PARTITION BY source, stream ORDER BY time_ns) AS before
                FROM metrics
                WHERE %s)
            WHERE before IS NOT NULL)
        GROUP BY t, line ORDER BY t, line LIMIT 100000\
        """
                .formatted(bucket, step / 1000.0, group, where);
    }

    /// What a field of the form could be, for its type-ahead.
    static List<String> suggest(String field, Params params, Ask ask, Instant now) {
        Form form = Form.of(params);
        String typed = params.get(field);
        Form others =
                new Form(
                        field.equals("source") ? "" : form.source(),
                        field.equals("name") ? "" : form.name(),
                        field.equals("tag") ? "" : form.tag(),
                        "24h",
                        form.aggregate(),
                        form.by());
        String what =
                switch (field) {
                    case "source" -> "source";
                    case "name" -> "name";
                    default ->
                            "unnest(list_transform(map_entries(tags), lambda e: e.key || '=' || e.value))";
                };
        return ask
                .rows(
                        "SELECT word FROM (SELECT DISTINCT "
                                + what
                                + " AS word FROM metrics WHERE "
                                + like(others, now)
                                + ") WHERE contains(lower(word), lower("
                                + Sql.text(typed)
                                + ")) ORDER BY word LIMIT "
                                + MOST_SUGGESTED,
                        Ask.IMPATIENCE)
                .rows()
                .stream()
                .map(row -> row.text(0))
                .toList();
    }
}
