package io.trapline.web.page;

import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// What a chart of metrics is asked for: which streams, when, and how they are drawn.
///
/// @param tags `key=value` or a part of a stream's name, each after a comma and a blank; all of
///   them must fit
/// @param aggregate one of [#AGGREGATES] or [#HEAT], empty = whatever suits the metric
/// @param by a tag's key; `stream` = a line each, `all` = one line, `source` = a line a source
/// @param compare one of [#EARLIER] or empty
record MetricForm(
        String source,
        String name,
        String tags,
        Span span,
        String aggregate,
        String by,
        String compare) {
    static final String HEAT = "heat map";
    static final List<String> AGGREGATES =
            List.of(
                    "avg", "min", "max", "sum", "count", "last", "rate", "p50", "p90", "p95",
                    "p99");
    static final List<String> EARLIER = List.of("hour", "day", "week", "range");

    static MetricForm of(Params params, Instant now) {
        String aggregate = params.get("agg");
        String compare = params.get("compare");
        return new MetricForm(
                params.get("source"),
                params.get("name"),
                params.get("tag"),
                Span.of(params, "1h", now),
                AGGREGATES.contains(aggregate) || aggregate.equals(HEAT) ? aggregate : "",
                params.get("by", "stream"),
                EARLIER.contains(compare) ? compare : "");
    }

    Params params() {
        return span.in(
                Params.of(
                        "source", source, "name", name, "tag", tags, "agg", aggregate, "by", by,
                        "compare", compare));
    }

    MetricForm with(Span other) {
        return new MetricForm(source, name, tags, other, aggregate, by, compare);
    }

    /// How far back the comparison is.
    Optional<Duration> offset() {
        return switch (compare) {
            case "hour" -> Optional.of(Duration.ofHours(1));
            case "day" -> Optional.of(Duration.ofDays(1));
            case "week" -> Optional.of(Duration.ofDays(7));
            case "range" -> Optional.of(span.length());
            default -> Optional.empty();
        };
    }

    /// How the comparison's lines are called.
    String earlierWords() {
        return switch (compare) {
            case "range" -> "the time before";
            case "hour" -> "an hour before";
            default -> "a " + compare + " before";
        };
    }

    List<String> terms() {
        return Arrays.stream(tags.split(",\\s+|,$"))
                .map(String::strip)
                .filter(t -> !t.isEmpty())
                .toList();
    }

    /// What the tags ask for, as ` AND …`.
    String tagSql() {
        StringBuilder where = new StringBuilder();
        for (String term : terms()) {
            int equals = term.indexOf('=');
            where.append(
                    equals > 0
                            ? " AND tags["
                                    + Sql.text(term.substring(0, equals).strip())
                                    + "] = "
                                    + Sql.text(term.substring(equals + 1).strip())
                            : " AND contains(lower(stream), lower(" + Sql.text(term) + "))");
        }
        return where.toString();
    }

    /// The samples of the chart, as a condition on the view `metrics` or `histograms`.
    String where(Span when) {
        return "time >= "
                + Sql.time(when.from())
                + " AND time < "
                + Sql.time(when.to())
                + " AND name = "
                + Sql.text(name)
                + (source.isEmpty() ? "" : " AND source = " + Sql.text(source))
                + tagSql();
    }

    /// What a line is for, as an SQL expression.
    String lineSql() {
        return switch (by) {
            case "all" -> Sql.text(name);
            case "stream" -> "stream";
            case "source" -> "source";
            default -> "coalesce(tags[" + Sql.text(by) + "], '(none)')";
        };
    }
}
