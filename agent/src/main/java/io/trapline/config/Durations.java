package io.trapline.config;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Durations as people write them: numbers with units, largest first or not: `60s`, `1m30s`,
/// `1.5h`, `7d`, `250ms`. Go's syntax without signs, and with days.
public final class Durations {
    private static final Pattern PART = Pattern.compile("(\\d+(?:\\.\\d+)?)(ns|us|µs|ms|s|m|h|d)");
    private static final BigDecimal MAX_NANOS = BigDecimal.valueOf(Long.MAX_VALUE);

    private Durations() {}

    /// @throws IllegalArgumentException with what is wrong with it
    public static Duration parse(String text) {
        if (text.isBlank()) {
            throw new IllegalArgumentException("empty");
        }
        String rest = text.strip();
        if (rest.equals("0")) {
            return Duration.ZERO;
        }
        Matcher part = PART.matcher(rest);
        BigDecimal nanos = BigDecimal.ZERO;
        int at = 0;
        while (at < rest.length() && part.find(at) && part.start() == at) {
            nanos = nanos.add(new BigDecimal(part.group(1)).multiply(unit(part.group(2))));
            at = part.end();
        }
        if (at < rest.length()) {
            throw new IllegalArgumentException(
                    rest.chars().allMatch(c -> c >= '0' && c <= '9')
                            ? "a number without a unit"
                            : "not a duration");
        }
        if (nanos.compareTo(MAX_NANOS) > 0) {
            throw new IllegalArgumentException("longer than 292 years");
        }
        return Duration.ofNanos(nanos.setScale(0, RoundingMode.HALF_UP).longValueExact());
    }

    /// The shortest form that [#parse] reads back to the same: `1m30s`.
    public static String format(Duration duration) {
        long nanos = duration.toNanos();
        if (nanos == 0) {
            return "0s";
        }
        StringBuilder text = new StringBuilder();
        String[] names = {"d", "h", "m", "s", "ms", "us", "ns"};
        for (String name : names) {
            long size = unit(name).longValueExact();
            if (nanos >= size) {
                text.append(nanos / size).append(name);
                nanos %= size;
            }
        }
        return text.toString();
    }

    private static BigDecimal unit(String name) {
        return BigDecimal.valueOf(
                switch (name) {
                    case "ns" -> 1L;
                    case "us", "µs" -> 1_000L;
                    case "ms" -> 1_000_000L;
                    case "s" -> 1_000_000_000L;
                    case "m" -> 60_000_000_000L;
                    case "h" -> 3_600_000_000_000L;
                    case "d" -> 86_400_000_000_000L;
                    default -> throw new IllegalArgumentException("unknown unit " + name);
                });
    }
}
