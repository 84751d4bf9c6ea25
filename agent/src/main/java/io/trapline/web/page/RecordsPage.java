package io.trapline.web.page;

import io.trapline.web.page.Ask.Answer;
import io.trapline.web.page.Ask.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Logs, events, objects and RUM, newest first.
///
/// @param older where the next page is, empty at the end
/// @param newest where the first page is, empty on it
record RecordsPage(
        String category,
        String search,
        String source,
        List<CollectorPage.Choice> categories,
        List<Entry> entries,
        String older,
        String newest,
        String error) {
    private static final int PAGE = 50;
    private static final String STATUS =
            "coalesce(fields->>'df_status', fields->>'status', tags['df_status'],"
                    + " tags['status'], '')";

    /// @param text the message, or the title of an event, or everything
    record Entry(
            String time,
            String category,
            String source,
            String name,
            String tags,
            String status,
            String tone,
            String text,
            String fields) {}

    static RecordsPage of(Params params, Ask ask) {
        String category = params.get("category");
        Params first = params.with("before", "").with("skip", "");
        long before = params.number("before", Long.MAX_VALUE);
        long skip = Math.max(0, params.number("skip", 0));
        StringBuilder where = new StringBuilder("time_ns <= " + before);
        if (!category.isEmpty()) {
            where.append(" AND category = ").append(Sql.text(category));
        }
        if (!params.get("source").isEmpty()) {
            where.append(" AND source = ").append(Sql.text(params.get("source")));
        }
        for (String word : params.get("q").strip().split("\\s+")) {
            where.append(word.isEmpty() ? "" : " AND " + fits(word));
        }
        Answer found =
                ask.rows(
                        "SELECT time, category, source, name, tags, "
                                + STATUS
                                + ", coalesce(fields->>'message', fields->>'df_message',"
                                + " fields->>'content', fields::VARCHAR), fields::VARCHAR, time_ns,"
                                + " coalesce(fields->>'df_title', '') FROM records WHERE "
                                + where
                                + " ORDER BY time_ns DESC, source, name, fields::VARCHAR LIMIT "
                                + (PAGE + 1)
                                + " OFFSET "
                                + skip);
        List<Row> rows = found.rows();
        String older = "";
        if (rows.size() > PAGE) {
            // Records of one time may fill more than a page: those already shown are skipped.
            long last = rows.get(PAGE - 1).whole(8);
            long same = rows.stream().limit(PAGE).filter(row -> row.whole(8) == last).count();
            older =
                    params.with("before", String.valueOf(last))
                            .with("skip", String.valueOf(last == before ? skip + same : same))
                            .at("/ui/records");
        }
        List<CollectorPage.Choice> categories = new ArrayList<>();
        for (String word : List.of("", "logging", "keyevent", "object", "custom_object", "rum")) {
            categories.add(
                    new CollectorPage.Choice(
                            word.isEmpty() ? "all" : word.replace('_', ' '),
                            first.with("category", word).at("/ui/records"),
                            word.equals(category)));
        }
        return new RecordsPage(
                category,
                params.get("q"),
                params.get("source"),
                categories,
                rows.stream().limit(PAGE).map(RecordsPage::entry).toList(),
                older,
                before == Long.MAX_VALUE ? "" : first.at("/ui/records"),
                found.error());
    }

    /// `key=value` is a tag or a field with exactly that value; any other word is somewhere in the
    /// record.
    private static String fits(String word) {
        int equals = word.indexOf('=');
        if (equals > 0) {
            String key = word.substring(0, equals);
            String pointer = "/" + key.replace("~", "~0").replace("/", "~1");
            String value = Sql.text(word.substring(equals + 1));
            return "(tags["
                    + Sql.text(key)
                    + "] = "
                    + value
                    + " OR json_extract_string(fields, "
                    + Sql.text(pointer)
                    + ") = "
                    + value
                    + ")";
        }
        return "contains(lower(name || ' ' || source || ' ' || tags::VARCHAR || ' ' ||"
                + " fields::VARCHAR), lower("
                + Sql.text(word)
                + "))";
    }

    private static Entry entry(Row row) {
        String title = row.text(9);
        return new Entry(
                row.text(0),
                row.text(1),
                row.text(2),
                row.text(3),
                CollectorPage.tags(row.cell(4)),
                row.text(5),
                tone(row.text(5)),
                title.isEmpty() ? row.text(6) : title + ": " + row.text(6),
                row.text(7));
    }

    static String tone(String status) {
        return switch (status.toLowerCase(Locale.ROOT)) {
            case "ok", "success" -> "good";
            case "critical", "error", "fatal", "emerg", "alert" -> "bad";
            case "warning", "warn" -> "busy";
            default -> "idle";
        };
    }
}
