package io.trapline.web.page;

import io.trapline.registry.PushRegistration;
import io.trapline.registry.PushType;
import io.trapline.registry.SeenMetric;
import io.trapline.registry.SeenMetrics;
import io.trapline.web.page.Ask.Answer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The inspection view of a push registration: a chart of each metric, or of its events by kind,
/// and the points behind them.
///
/// @param charts empty names and addresses when there is nothing to draw
/// @param known whether the store has said; if it has not, an empty list says nothing
/// @param keys dimensions by which lines can be grouped
record PushViewPage(
        PushRegistration push,
        String range,
        String tag,
        String by,
        String aggregate,
        List<String> keys,
        List<String> targets,
        String target,
        List<Chart> charts,
        int left,
        boolean known,
        List<Point> points,
        List<Event> events,
        String error) {
    private static final int MOST_CHARTS = 24;
    private static final int MOST_POINTS = 100;
    private static final Map<String, Duration> RANGES = new LinkedHashMap<>();

    static {
        RANGES.put("15m", Duration.ofMinutes(15));
        RANGES.put("1h", Duration.ofHours(1));
        RANGES.put("6h", Duration.ofHours(6));
        RANGES.put("24h", Duration.ofHours(24));
        RANGES.put("7d", Duration.ofDays(7));
    }

    /// @param data where the chart's figures are
    /// @param page the metric's own page
    record Chart(String title, String data, String page) {}

    record Point(String time, String name, String tags, String value) {}

    /// @param last the time of the last one
    record Event(
            String name, long targets, long count, long abnormal, long recovered, String last) {}

    boolean isEvent() {
        return push.type() == PushType.EVENT;
    }

    String id() {
        return push.dataId() + "";
    }

    String title() {
        return push.title();
    }

    String show() {
        return Params.of("id", id()).at("/ui/push/show");
    }

    List<String> ranges() {
        return List.copyOf(RANGES.keySet());
    }

    static Duration length(String range) {
        return RANGES.getOrDefault(range, Duration.ofHours(1));
    }

    static PushViewPage of(
            PushRegistration push, SeenMetrics seen, Params params, Ask ask, Instant now) {
        String range = RANGES.containsKey(params.get("range")) ? params.get("range") : "1h";
        String target = params.get("target");
        String aggregate = params.get("agg", "avg");
        String by = params.get("by", "stream");
        String tag =
                params.get("tag").isEmpty() && !target.isEmpty()
                        ? "target=" + target
                        : params.get("tag");
        boolean event = push.type() == PushType.EVENT;
        List<Chart> charts = new ArrayList<>();
        int left = 0;
        if (event) {
            charts.add(
                    new Chart(
                            "Events by kind",
                            Params.of("id", push.dataId() + "", "range", range, "target", target)
                                    .at("/ui/push/events"),
                            Params.of("category", "keyevent", "q", push.source())
                                    .at("/ui/records")));
        } else {
            for (Indicator each : Indicator.of(seen, "", "name", now)) {
                if (!each.kind().equals("metric") || each.hidden() || each.disabled()) {
                    continue;
                }
                if (charts.size() == MOST_CHARTS) {
                    left++;
                    continue;
                }
                Params chart =
                        Params.of(
                                "source",
                                push.source(),
                                "name",
                                each.name(),
                                "tag",
                                tag,
                                "range",
                                range,
                                "agg",
                                aggregate,
                                "by",
                                by);
                charts.add(
                        new Chart(
                                each.title(),
                                chart.at("/ui/data/series"),
                                chart.at("/ui/metrics")));
            }
        }
        String from = Sql.time(now.minus(length(range)));
        String where =
                "source = "
                        + Sql.text(push.source())
                        + " AND time >= "
                        + from
                        + (target.isEmpty() ? "" : " AND tags['target'] = " + Sql.text(target));
        Answer points =
                ask.rows(
                        event
                                ? "SELECT time, name, tags, fields FROM records WHERE "
                                        + where
                                        + " ORDER BY time_ns DESC LIMIT "
                                        + MOST_POINTS
                                : "SELECT time, name, tags, text, value, histogram IS NOT NULL"
                                        + " FROM metrics WHERE "
                                        + where
                                        + shown(seen)
                                        + " ORDER BY time_ns DESC, name LIMIT "
                                        + MOST_POINTS);
        Answer events = event ? ask.rows(eventsSql(where)) : Answer.NONE;
        Answer targets =
                ask.rows(
                        "SELECT DISTINCT tags['target'] AS t FROM "
                                + (event ? "records" : "metrics")
                                + " WHERE source = "
                                + Sql.text(push.source())
                                + " AND time >= "
                                + from
                                + " AND tags['target'] IS NOT NULL ORDER BY t LIMIT 200");
        return new PushViewPage(
                push,
                range,
                params.get("tag"),
                by,
                aggregate,
                seen.metrics().stream()
                        .filter(metric -> metric.kind() == SeenMetric.Kind.DIMENSION)
                        .map(SeenMetric::name)
                        .toList(),
                targets.rows().stream().map(row -> row.text(0)).toList(),
                target,
                charts,
                left,
                points.isKnown(),
                points.rows().stream()
                        .map(row ->
                                new Point(
                                        row.text(0),
                                        row.text(1),
                                        CollectorPage.tags(row.cell(2)),
                                        event
                                                ? row.text(3)
                                                : CollectorPage.value(
                                                        row.text(3),
                                                        row.text(4),
                                                        Boolean.TRUE.equals(row.cell(5)))))
                        .toList(),
                events.rows().stream()
                        .map(row ->
                                new Event(
                                        row.text(0),
                                        row.whole(1),
                                        row.whole(2),
                                        row.whole(3),
                                        row.whole(4),
                                        Show.distance(Instant.parse(row.text(5)), now)))
                        .toList(),
                ask.note(points, events, targets));
    }

    /// Leaves out what somebody has hidden or disabled.
    private static String shown(SeenMetrics seen) {
        List<String> out =
                seen.metrics().stream()
                        .filter(metric ->
                                metric.settings().hidden() || metric.settings().disabled())
                        .map(metric -> Sql.text(metric.name()))
                        .toList();
        return out.isEmpty() ? "" : " AND name NOT IN (" + String.join(", ", out) + ")";
    }

    private static String eventsSql(String where) {
        return "SELECT name, count(DISTINCT tags['target']), count(*),"
                + " count(*) FILTER (WHERE tags['event_type'] = 'abnormal'),"
                + " count(*) FILTER (WHERE tags['event_type'] = 'recovery'), max(time)"
                + " FROM records WHERE "
                + where
                + " GROUP BY name ORDER BY name LIMIT 200";
    }

    /// Rows of bucket, kind, count.
    static String countsSql(String source, String target, Instant from, long step) {
        return "SELECT epoch_ms(time) // %d * %d AS t, tags['event_type'] AS line,"
                        .formatted(step, step)
                + " count(*) AS v FROM records WHERE"
                + " source = "
                + Sql.text(source)
                + " AND time >= "
                + Sql.time(from)
                + (target.isEmpty() ? "" : " AND tags['target'] = " + Sql.text(target))
                + " GROUP BY t, line ORDER BY t, line LIMIT 100000";
    }
}
