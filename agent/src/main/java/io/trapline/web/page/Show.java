package io.trapline.web.page;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.trapline.model.PlainDuration;
import io.trapline.model.PlainNumber;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/// Values as people read them.
final class Show {
    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);
    private static final JsonFactory JSON = new JsonFactory();
    private static final int DIGITS = 6;
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
        return PlainDuration.coarse(seconds);
    }

    static String millis(double millis) {
        return PlainDuration.millis(millis);
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

    /// A number that was computed, or one of many in a column: at most six digits that matter, a
    /// whole number all of its own. `rounded` of `numbers.js` does the same.
    static String number(double value) {
        return Double.isNaN(value) ? "–" : PlainNumber.rounded(value, DIGITS);
    }

    static String rate(double perSecond) {
        return Double.isNaN(perSecond) ? "–" : PlainNumber.rounded(perSecond, 3);
    }

    /// A value as it was reported, with all its digits; what is nested as JSON.
    static String value(@Nullable Object value) {
        return switch (value) {
            case null -> "";
            case Map<?, ?> map -> nested(map);
            case List<?> list -> nested(list);
            default -> plain(value);
        };
    }

    private static String plain(Object value) {
        return switch (value) {
            case Double number -> PlainNumber.of(number);
            case BigDecimal number when number.signum() == 0 -> "0";
            case BigDecimal number -> number.stripTrailingZeros().toPlainString();
            default -> value.toString();
        };
    }

    private static String nested(Object value) {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = JSON.createGenerator(text)) {
            nested(out, value);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
        return text.toString();
    }

    private static void nested(JsonGenerator out, @Nullable Object value) throws IOException {
        switch (value) {
            case null -> out.writeNull();
            case Boolean yes -> out.writeBoolean(yes);
            case Number number -> out.writeNumber(plain(number));
            case Map<?, ?> map -> {
                out.writeStartObject();
                for (Map.Entry<?, ?> entry : map.entrySet()) {
                    out.writeFieldName(String.valueOf(entry.getKey()));
                    nested(out, entry.getValue());
                }
                out.writeEndObject();
            }
            case List<?> list -> {
                out.writeStartArray();
                for (Object element : list) {
                    nested(out, element);
                }
                out.writeEndArray();
            }
            default -> out.writeString(value.toString());
        }
    }

    /// Of the journal.
    static String batches(long count) {
        return count + (count == 1 ? " batch" : " batches");
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
