package io.trapline.web.page;

import io.trapline.web.page.Ask.Answer;
import io.trapline.web.page.Ask.Row;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/// Events that have not recovered: those whose last word is abnormal, the worst first.
///
/// Events are one when they have the same source and `df_event_id`, or else the same source, name
/// and tags. An event of a push registration whose sender gave no `event_type` is derived to be
/// abnormal, but says nothing about a state: a deployment never recovers. It counts here only if
/// events of its name ever do recover.
final class OpenEvents {
    private static final int MOST = 20;

    /// How far back an event may lie that nobody has spoken of since.
    static final Duration BACK = Duration.ofDays(7);

    /// @param tone of [RecordEntry#tone]
    /// @param at when it was said last
    record Open(
            String what,
            String link,
            String status,
            String tone,
            String source,
            Instant at,
            String last,
            long times) {
        /// Whether it is more than a warning.
        boolean isBad() {
            return tone.equals("bad") && !status.equalsIgnoreCase("abnormal");
        }
    }

    private OpenEvents() {}

    /// @param where narrows the records, begins with ` AND ` unless it is empty
    static String sql(String within, String where, Instant to) {
        // Tags are the dimensions as sent, then `target`, then `event_type` when it was derived.
        return """
        SELECT source, arg_max(what, time_ns), arg_max(status, time_ns), max(time), count(*),
            arg_max(event, time_ns), any_value(name)
        FROM (SELECT source, name, time, time_ns, fields->>'df_event_id' AS event, %1$s AS status,
            coalesce(fields->>'df_title', name) AS what,
            coalesce(fields->>'df_event_id', name || map_from_entries(list_filter(
                map_entries(tags), lambda e: e.key NOT IN ('event_type', 'status', 'df_status')))::VARCHAR) AS identity,
            starts_with(source, 'push/') AND list_position(map_keys(tags), 'event_type')
                > list_position(map_keys(tags), 'target') AS derived
            FROM records WHERE category = 'keyevent' AND %2$s%3$s)
        GROUP BY source, identity
        HAVING lower(arg_max(status, time_ns)) IN
            ('abnormal', 'alert', 'critical', 'emerg', 'error', 'fatal', 'warn', 'warning')
            AND (NOT coalesce(arg_max(derived, time_ns), false)
                OR (source, any_value(name)) IN (SELECT (source, name) FROM records
                    WHERE category = 'keyevent' AND starts_with(source, 'push/')
                        AND tags['event_type'] = 'recovery' AND time > %4$s))
        ORDER BY lower(arg_max(status, time_ns)) IN ('abnormal', 'warn', 'warning'), max(time) DESC
        LIMIT %5$d\
        """
                .formatted(Search.STATUS, within, where, Sql.time(to.minus(BACK)), MOST);
    }

    /// @param links where the records of an event are
    static List<Open> of(Answer answer, RecordsPage.Rows links, Instant now) {
        return answer.rows().stream().map(row -> open(row, links, now)).toList();
    }

    private static Open open(Row row, RecordsPage.Rows links, Instant now) {
        Instant at = Instant.parse(row.text(3));
        return new Open(
                row.text(1),
                row.text(5).isEmpty()
                        ? links.link("name", row.text(6))
                        : links.link("df_event_id", row.text(5)),
                row.text(2),
                RecordEntry.tone(row.text(2)),
                row.text(0),
                at,
                Show.distance(at, now),
                row.whole(4));
    }
}
