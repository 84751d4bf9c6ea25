package io.trapline.cli;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;

/// Times as people read them. The agent's are ISO-8601 with nine digits; UTC stays, and says so.
final class Times {
    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss'Z'").withZone(ZoneOffset.UTC);

    private Times() {}

    /// `2026-11-28 23:24:11Z`; what is no time stays as it is.
    static String seconds(String iso) {
        try {
            return seconds(Instant.parse(iso));
        } catch (DateTimeParseException _) {
            return iso;
        }
    }

    static String seconds(Instant time) {
        return SECONDS.format(time);
    }

    /// The two largest units: `3d4h`, `5h12m`, `2m30s`, `9s`.
    static String rounded(Duration time) {
        if (time.toDays() > 0) {
            return time.toDays() + "d" + time.toHoursPart() + "h";
        }
        if (time.toHours() > 0) {
            return time.toHours() + "h" + time.toMinutesPart() + "m";
        }
        if (time.toMinutes() > 0) {
            return time.toMinutes() + "m" + time.toSecondsPart() + "s";
        }
        return time.toSeconds() + "s";
    }

    static String ago(Instant then) {
        return rounded(Duration.between(then, Instant.now())) + " ago";
    }

    static String in(Instant then) {
        Duration left = Duration.between(Instant.now(), then);
        return left.isNegative() ? "now" : "in " + rounded(left);
    }
}
