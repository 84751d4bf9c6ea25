package io.trapline.web.page;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Collection;
import java.util.Locale;
import java.util.stream.Collectors;

/// Values as DuckDB literals: whatever the text is, it stays one value of the statement.
final class Sql {
    private static final DateTimeFormatter MICROS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSSSSS", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);

    private Sql() {}

    /// A quote is doubled; nothing else is special between quotes, except a NUL, which would end
    /// the statement.
    static String text(String value) {
        String quoted = "'" + value.replace("'", "''") + "'";
        return quoted.indexOf('\0') < 0
                ? quoted
                : "(" + quoted.replace("\0", "' || chr(0) || '") + ")";
    }

    static String texts(Collection<String> values) {
        return values.stream().map(Sql::text).collect(Collectors.joining(", ", "(", ")"));
    }

    static String time(Instant value) {
        return "TIMESTAMP '" + MICROS.format(value) + "'";
    }
}
