package io.trapline.web.page;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What people type to find records. All parts must fit, in any order and any case:
///
/// - `word`: somewhere in the name, source, tags or fields
/// - `"some words"`: these together
/// - `field:value`, `field:"some words"`: a tag or field, or `name`, `source`, `category`,
///   `status`, with this value; a `*` in it stands for anything
/// - `field=value`: the same
/// - `-` before any of them: not that
///
/// What looks like an address (`http://…`) or a time (`12:30`) is a word.
record Search(List<Part> parts) {
    private static final Pattern PART =
            Pattern.compile(
                    "(-?)(?:([\\p{L}_][\\p{L}\\p{N}_.\\-/@]*)(?::(?!//)|=))?"
                            + "(?:\"([^\"]*)\"?|(\\S+))");
    private static final Set<String> COLUMNS = Set.of("name", "source", "category");

    /// What a record's state is, as its sender says it.
    static final String STATUS =
            "coalesce(fields->>'df_status', tags['event_type'], fields->>'event_type',"
                    + " fields->>'status', tags['df_status'], tags['status'], '')";

    /// @param field empty for a text that may be anywhere
    record Part(boolean not, String field, String value) {}

    Search {
        parts = List.copyOf(parts);
    }

    static Search of(String typed) {
        List<Part> parts = new ArrayList<>();
        Matcher matcher = PART.matcher(typed);
        while (matcher.find()) {
            String quoted = matcher.group(3);
            String value = quoted == null ? matcher.group(4) : quoted;
            String field = matcher.group(2) == null ? "" : matcher.group(2);
            boolean isAlone = quoted == null && value.equals("-"); // the rest is still to be typed
            if (!value.isEmpty() && !isAlone) {
                parts.add(new Part(!matcher.group(1).isEmpty(), field, value));
            }
        }
        return new Search(parts);
    }

    /// A condition on the view `records`, which begins with ` AND ` unless it is empty.
    String sql() {
        StringBuilder where = new StringBuilder();
        for (Part part : parts) {
            String fits = part.field().isEmpty() ? anywhere(part.value()) : field(part);
            where.append(" AND ").append(part.not() ? "NOT coalesce(" + fits + ", false)" : fits);
        }
        return where.toString();
    }

    private static String anywhere(String text) {
        return "contains(lower(name || ' ' || source || ' ' || tags::VARCHAR || ' ' ||"
                + " fields::VARCHAR), lower("
                + Sql.text(text)
                + "))";
    }

    private static String field(Part part) {
        String key = part.field();
        if (COLUMNS.contains(key)) {
            String column = like(key, part.value());
            // A field may have such a name too, as the name of an object does.
            return "(" + column + " OR " + tagOrField(key, part.value()) + ")";
        }
        if (key.equals("status")) {
            return "(" + like(STATUS, part.value()) + " OR " + tagOrField(key, part.value()) + ")";
        }
        return tagOrField(key, part.value());
    }

    private static String tagOrField(String key, String value) {
        String pointer = "/" + key.replace("~", "~0").replace("/", "~1");
        return "(coalesce("
                + like("tags[" + Sql.text(key) + "]", value)
                + ", false) OR coalesce("
                + like("json_extract_string(fields, " + Sql.text(pointer) + ")", value)
                + ", false))";
    }

    private static String like(String what, String value) {
        if (!value.contains("*")) {
            return "lower(" + what + ") = lower(" + Sql.text(value) + ")";
        }
        String pattern =
                value.replace("\\", "\\\\")
                        .replace("%", "\\%")
                        .replace("_", "\\_")
                        .replace('*', '%');
        return what + " ILIKE " + Sql.text(pattern) + " ESCAPE '\\'";
    }
}
