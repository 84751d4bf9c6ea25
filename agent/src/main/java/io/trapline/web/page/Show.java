package io.trapline.web.page;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;

/// Values as people read them.
final class Show {
    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);
    private static final String[] BYTES = {"B", "KiB", "MiB", "GiB", "TiB"};

    private Show() {}

    /// `2026-11-21 04:40:00 UTC`
    static String time(Instant time) {
        return SECONDS.format(time) + " UTC";
    }

    /// `3 s ago`, `in 20 s`, `now`
    static String distance(Instant from, Instant now) {
        long seconds = now.getEpochSecond() - from.getEpochSecond();
        if (seconds == 0) {
            return "now";
        }
        return seconds > 0 ? coarse(seconds) + " ago" : "in " + coarse(-seconds);
    }

    static String coarse(long seconds) {
        if (seconds < 120) {
            return seconds + " s";
        }
        if (seconds < 2 * 3600) {
            return seconds / 60 + " min";
        }
        return seconds < 2 * 86400 ? seconds / 3600 + " h" : seconds / 86400 + " d";
    }

    static String millis(double millis) {
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

    static String bytes(long bytes) {
        double left = bytes;
        int unit = 0;
        while (left >= 1024 && unit < BYTES.length - 1) {
            left /= 1024;
            unit++;
        }
        return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", left, BYTES[unit]);
    }

    /// Four digits that matter; an integer keeps all of its own.
    static String number(double value) {
        if (Double.isNaN(value)) {
            return "–";
        }
        if (value == Math.rint(value) && Math.abs(value) < 1e15) {
            return String.format(Locale.ROOT, "%,d", (long) value).replace(',', '\u202F');
        }
        double size = Math.abs(value);
        return size >= 1e7 || size < 1e-3
                ? String.format(Locale.ROOT, "%.4g", value)
                : String.format(Locale.ROOT, size >= 100 ? "%.1f" : "%.4f", value)
                        .replaceFirst("(\\.\\d*?)0+$", "$1")
                        .replaceFirst("\\.$", "");
    }

    static String rate(double perSecond) {
        return Double.isNaN(perSecond) ? "–" : number(Math.round(perSecond * 100) / 100.0);
    }

    static String shortened(String text, int most) {
        return text.length() <= most ? text : text.substring(0, most - 1) + "…";
    }

    /// A time of the store, `2026-11-21T04:40:00.123456Z`, to the millisecond.
    static String stamp(String iso) {
        return iso.replaceFirst("^(.{10})T(.{8})(\\.\\d{0,3})?.*$", "$1 $2$3");
    }

    /// A whole number of seconds without a fraction.
    static String interval(double seconds) {
        return seconds == Math.rint(seconds) && seconds < 1e9
                ? coarse((long) seconds)
                : millis(seconds * 1000);
    }

    /// Points of an SVG polyline 100 wide and 20 high, the highest value at the top.
    static String spark(List<Double> values) {
        double most = values.stream().mapToDouble(v -> v).max().orElse(1);
        StringJoiner points = new StringJoiner(" ");
        for (int i = 0; i < values.size(); i++) {
            double x = values.size() < 2 ? 50 : i * 100.0 / (values.size() - 1);
            double y = 19 - (most <= 0 ? 0 : 18 * values.get(i) / most);
            points.add(String.format(Locale.ROOT, "%.1f,%.1f", x, y));
        }
        return points.toString();
    }
}
