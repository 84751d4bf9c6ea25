package io.trapline.web.page;

import io.trapline.web.page.Ask.Row;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A record as a row of a page.
///
/// @param status as the sender says it, empty when it does not
/// @param text the message, or the title of an event, or everything
/// @param fields and `tags`: names with their values as text
record RecordEntry(
        String time,
        long timeNs,
        String category,
        String source,
        String name,
        String status,
        String tone,
        String text,
        Map<String, String> fields,
        Map<String, String> tags) {
    private static final int MOST_TEXT = 400;

    /// Columns of the view `records` in the order in which [#of] reads them.
    static final String COLUMNS =
            "time, time_ns, category, source, name, "
                    + Search.STATUS
                    + " AS status, coalesce(fields->>'df_title', '') AS title,"
                    + " coalesce(fields->>'message', fields->>'df_message', fields->>'content',"
                    + " fields->'event'->>'content', '') AS message, fields, tags";

    static RecordEntry of(Row row) {
        String category = row.text(2);
        String said = row.text(5);
        // An event of a push registration is abnormal unless it says that it is the recovery.
        String status =
                said.isEmpty() && category.equals("keyevent") && row.text(3).startsWith("push/")
                        ? "abnormal"
                        : said;
        Map<String, String> fields = texts(row.cell(8));
        return new RecordEntry(
                row.text(0),
                row.whole(1),
                category,
                row.text(3),
                name(row.text(4), category, fields),
                status,
                tone(status),
                Show.shortened(text(row.text(6), row.text(7), fields), MOST_TEXT),
                fields,
                texts(row.cell(9)));
    }

    /// The framework's events are all called `measurement`.
    private static String name(String name, String category, Map<String, String> fields) {
        return category.equals("keyevent")
                        && name.equals("measurement")
                        && fields.containsKey("df_source")
                ? fields.get("df_source") + " event"
                : name;
    }

    private static String text(String title, String message, Map<String, String> fields) {
        if (!title.isEmpty()) {
            return message.isEmpty() ? title : title + ": " + message;
        }
        return message.isEmpty()
                ? String.join(
                        ", ",
                        fields.entrySet().stream()
                                .map(f -> f.getKey() + "=" + f.getValue())
                                .toList())
                : message;
    }

    private static Map<String, String> texts(@Nullable Object cell) {
        Map<String, String> texts = new LinkedHashMap<>();
        if (cell instanceof Map<?, ?> map) {
            map.forEach((key, value) -> texts.put(String.valueOf(key), Show.value(value)));
        } else if (cell != null) {
            texts.put("", Show.value(cell));
        }
        return texts;
    }

    /// What makes two of them the same on a page.
    String key() {
        return timeNs + "\n" + category + "\n" + source + "\n" + name + "\n" + tags + "\n" + fields;
    }

    static String tone(String status) {
        return switch (status.toLowerCase(Locale.ROOT)) {
            case "ok", "success", "recovery", "recovered", "resolved" -> "good";
            case "critical", "error", "fatal", "emerg", "alert", "abnormal" -> "bad";
            case "warning", "warn" -> "busy";
            default -> "idle";
        };
    }
}
