package io.trapline.web.page;

/// The statements behind a chart, written so that people can take them along.
final class MetricSql {
    private static final int MOST = 100_000;
    private static final int MOST_DISTANCES = 20_000;

    private MetricSql() {}

    /// What there is to draw: the usual distance of samples in milliseconds, whether there are
    /// numbers, whether there are histograms, the time of the first sample in milliseconds.
    ///
    /// The distance is the median of what lies between a sample and the next of its stream, so that
    /// a hole does not change it.
    static String facts(MetricForm form) {
        return """
        WITH mine AS (
            SELECT time, source, stream, value IS NOT NULL AS number,
                histogram IS NOT NULL AS distribution
            FROM metrics
            WHERE %s),
        newest AS (SELECT time, source, stream FROM mine ORDER BY time DESC LIMIT %d),
        distances AS (
            SELECT source, stream, epoch_ms(time)
                - lag(epoch_ms(time)) OVER (PARTITION BY source, stream ORDER BY time) AS ms
            FROM newest)
        SELECT (SELECT median(usual) FROM (SELECT median(ms) AS usual FROM distances WHERE ms > 0
                GROUP BY source, stream)),
            coalesce(bool_or(number), false), coalesce(bool_or(distribution), false),
            epoch_ms(min(time))
        FROM mine\
        """
                .formatted(form.where(form.span()), MOST_DISTANCES);
    }

    /// Answers a row if there is a sample as long before the chart as the chart is long.
    static String before(MetricForm form) {
        return "SELECT 1 FROM metrics WHERE "
                + form.where(form.span().before(form.span().length()))
                + " LIMIT 1";
    }

    /// Whether what is drawn is a value that samples have, so that the figures are of the samples.
    /// A sum, a count and a rate are values of the steps.
    static boolean isOfSamples(String aggregate) {
        return switch (aggregate) {
            case "sum", "count", "rate" -> false;
            default -> true;
        };
    }

    /// Columns t (start of the step in ms), line, v; where the figures are of the samples also the
    /// step's least and most, their mean and number, and the latest.
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
        String figures =
                isOfSamples(aggregate)
                        ? """
                        ,
                            min(value) AS least, max(value) AS most, avg(value) AS mean,
                            count(value) AS samples, arg_max(value, time_ns) AS latest\
                        """
                        : "";
        return """
        SELECT %s AS t, %s AS line, %s AS v%s
        FROM metrics
        WHERE %s
        GROUP BY t, line ORDER BY t, line LIMIT %d\
        """
                .formatted(bucket, form.lineSql(), value, figures, where, MOST);
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
            SELECT t, line, histogram_quantile(bins, 0.%s) AS v,
                list_min(list_transform(bins, lambda b: b.bin)) AS least,
                list_max(list_transform(bins, lambda b: b.bin + b.width)) AS most,
                list_sum(list_transform(bins, lambda b: (b.bin + b.width / 2) * b.count))
                    / list_sum(list_transform(bins, lambda b: b.count)) AS mean,
                list_sum(list_transform(bins, lambda b: b.count)) AS samples
            FROM (SELECT %s AS t, %s AS line, flatten(list(bins)) AS bins
                FROM histograms
                WHERE %s
                GROUP BY t, line)
            ORDER BY t, line LIMIT %d\
            """
                    .formatted(
                            aggregate.substring(1), bucket, form.lineSql(), form.where(when), MOST);
        }
        String figures =
                isOfSamples(aggregate)
                        ? """
                        ,
                            min(bin) AS least, max(bin + width) AS most,
                            sum((bin + width / 2) * count) / sum(count) AS mean,
                            sum(count) AS samples\
                        """
                        : "";
        return """
        SELECT %s AS t, %s AS line, %s AS v%s
        FROM histogram_bins
        WHERE %s
        GROUP BY t, line ORDER BY t, line LIMIT %d\
        """
                .formatted(bucket, form.lineSql(), value, figures, form.where(when), MOST);
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
