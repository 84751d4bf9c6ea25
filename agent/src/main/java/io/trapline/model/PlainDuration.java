package io.trapline.model;

import java.util.Locale;

/// How long something took, as people read it: the one format of all tables, pages and messages.
/// `3.95 ms`, `412 ms`, `49.5 s`, `12 min`, `5 h`, `3 d`.
public final class PlainDuration {
    private PlainDuration() {}

    /// What is not known (NaN) is a dash.
    public static String millis(double millis) {
        if (Double.isNaN(millis)) {
            return "–";
        }
        if (millis < 10) {
            return String.format(Locale.ROOT, "%.2f ms", millis);
        }
        if (millis < 1000) {
            return String.format(Locale.ROOT, "%.0f ms", millis);
        }
        return millis < 120_000
                ? String.format(Locale.ROOT, "%.1f s", millis / 1000)
                : coarse(Math.round(millis / 1000));
    }

    public static String nanos(long nanos) {
        return millis(nanos / 1e6);
    }

    /// The largest unit of which there are two: `90 s`, `2 min`, `47 h`, `2 d`.
    public static String coarse(long seconds) {
        if (seconds < 120) {
            return seconds + " s";
        }
        if (seconds < 2 * 3600) {
            return seconds / 60 + " min";
        }
        return seconds < 2 * 86400 ? seconds / 3600 + " h" : seconds / 86400 + " d";
    }
}
