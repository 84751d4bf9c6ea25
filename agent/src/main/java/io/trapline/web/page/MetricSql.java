package io.trapline.web.page;

/// The statements behind a chart, written so that people can take them along.
final class MetricSql {
    private static final int MOST = 100_000;

    private MetricSql() {}

    /// What there is to draw: streams, the usual distance of samples in milliseconds, whether there
    /// are numbers, whether there are histograms.
    static String facts(MetricForm form) {
        return """
        SELECT count(*), median(distance), coalesce(bool_or(numbers), false),
            coalesce(bool_or(histograms), false)
        FROM (SELECT (epoch_ms(max(time)) - epoch_ms(min(time))) / nullif(count(*) - 1, 0) AS distance,
                bool_or(value IS NOT NULL) AS numbers, bool_or(histogram IS NOT NULL) AS histograms
            FROM metrics
            WHERE %s
            GROUP BY source, stream)\
        """
                .formatted(form.where(form.span()));
    }

    /// Columns t (start of the step in ms), line, v.
    static String lines(MetricForm form, String aggregate, Span when, long step) {
        String bucket = "epoch_ms(time) // " + step + " * " + step;
        String where = form.where(when) + " AND value IS NOT NULL";
        if (aggregate.equals("rate")) {
            return rate(form, where, bucket);
        }
        String value =
                switch (aggregate) {
                    case "p50", "p90", "p95", "p99" ->
                            "quantile_cont(value, 0." + aggregate.substring(1) + ")";
                    case "last" -> "arg_max(value, time_ns)";
                    default -> aggregate + "(value)";
                };
        return """
        SELECT %s AS t, %s AS line, %s AS v
        FROM metrics
        WHERE %s
        GROUP BY t, line ORDER BY t, line LIMIT %d\
        """
                .formatted(bucket, form.lineSql(), value, where, MOST);
    }

    /// Of each stream its own rate, added up. A counter that went back started again at 0.
    private static String rate(MetricForm form, String where, String bucket) {
        return """
        SELECT t, line, sum(per_second) AS v
        FROM (SELECT %s AS t, line, source, stream,
                sum(CASE WHEN value >= before THEN value - before ELSE value END)
                    / (sum(ns) / 1e9) AS per_second
            FROM (SELECT time, source, stream, %s AS line, value,
                    lag(value) OVER earlier AS before, time_ns - lag(time_ns) OVER earlier AS ns
                FROM metrics
                WHERE %s
                WINDOW earlier AS (PARTITION BY source, stream ORDER BY time_ns))
            WHERE ns > 0
            GROUP BY t, line, source, stream)
        GROUP BY t, line ORDER BY t, line LIMIT %d\
        """
                .formatted(bucket, form.lineSql(), where, MOST);
    }

    /// The same of histograms.
    static String histogramLines(MetricForm form, String aggregate, Span when, long step) {
        String bucket = "epoch_ms(time) // " + step + " * " + step;
        String value =
                switch (aggregate) {
                    case "p50", "p90", "p95", "p99" -> "";
                    case "min" -> "min(bin)";
                    case "max" -> "max(bin + width)";
                    case "count" -> "sum(count)";
                    case "rate" -> "sum(count) / " + step / 1000.0;
                    case "sum" -> "sum((bin + width / 2) * count)";
                    default -> "sum((bin + width / 2) * count) / sum(count)";
                };
        if (value.isEmpty()) {
            return """
            SELECT t, line, histogram_quantile(bins, 0.%s) AS v
            FROM (SELECT %s AS t, %s AS line, flatten(list(bins)) AS bins
                FROM histograms
                WHERE %s
                GROUP BY t, line)
            ORDER BY t, line LIMIT %d\
            """
                    .formatted(
                            aggregate.substring(1), bucket, form.lineSql(), form.where(when), MOST);
        }
        return """
        SELECT %s AS t, %s AS line, %s AS v
        FROM histogram_bins
        WHERE %s
        GROUP BY t, line ORDER BY t, line LIMIT %d\
        """
                .formatted(bucket, form.lineSql(), value, form.where(when), MOST);
    }

    /// Columns t, bin (lower edge), width, count.
    static String heat(MetricForm form, long step) {
        return """
        SELECT epoch_ms(time) // %1$d * %1$d AS t, bin, any_value(width) AS width, sum(count) AS count
        FROM histogram_bins
        WHERE %2$s
        GROUP BY t, bin ORDER BY t, bin LIMIT %3$d\
        """
                .formatted(step, form.where(form.span()), MOST);
    }

    /// The newest texts of a metric that is none of numbers: columns time, stream, text.
    static String texts(MetricForm form) {
        return """
        SELECT time, stream, text
        FROM metrics
        WHERE %s AND text IS NOT NULL
        ORDER BY time DESC LIMIT 50\
        """
                .formatted(form.where(form.span()));
    }
}
