package io.trapline.web.page;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A stretch of time that a page shows: one that ends now, or one that stays where it is.
///
/// @param range the word for its length when it ends now, empty when it stays
record Span(Instant from, Instant to, String range) {
    private static final DateTimeFormatter FIELD =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss", Locale.ROOT)
                    .withZone(ZoneOffset.UTC);
    private static final Duration SHORTEST = Duration.ofSeconds(10);
    private static final Duration LONGEST = Duration.ofDays(366);

    private record Preset(String word, Duration length) {}

    private static final List<Preset> PRESETS =
            List.of(
                    new Preset("5m", Duration.ofMinutes(5)),
                    new Preset("15m", Duration.ofMinutes(15)),
                    new Preset("1h", Duration.ofHours(1)),
                    new Preset("6h", Duration.ofHours(6)),
                    new Preset("24h", Duration.ofHours(24)),
                    new Preset("7d", Duration.ofDays(7)));

    /// Lengths of time that people count in, in seconds.
    private static final long[] STEPS = {
        1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200,
        86_400, 604_800, 2_592_000
    };

    /// `range=1h`, or `from=…&to=…` as ISO-8601 (UTC when it names no zone).
    static Span of(Params params, String otherwise, Instant now) {
        Instant from = instant(params.get("from"));
        Instant to = instant(params.get("to"));
        if (!from.equals(Instant.MIN) && !to.equals(Instant.MIN) && from.isBefore(to)) {
            Instant start = to.minus(LONGEST).isAfter(from) ? to.minus(LONGEST) : from;
            return new Span(start, to, "");
        }
        String word = params.get("range");
        Preset preset = preset(otherwise);
        for (Preset each : PRESETS) {
            preset = each.word().equals(word) ? each : preset;
        }
        return new Span(now.minus(preset.length()), now, preset.word());
    }

    private static Preset preset(String word) {
        return PRESETS.stream()
                .filter(each -> each.word().equals(word))
                .findFirst()
                .orElse(PRESETS.get(2));
    }

    private static Instant instant(String text) {
        try {
            return text.isEmpty()
                    ? Instant.MIN
                    : text.endsWith("Z")
                            ? Instant.parse(text)
                            : LocalDateTime.parse(text).toInstant(ZoneOffset.UTC);
        } catch (DateTimeException _) {
            return Instant.MIN;
        }
    }

    static List<String> ranges() {
        return PRESETS.stream().map(Preset::word).toList();
    }

    boolean isFixed() {
        return range.isEmpty();
    }

    Duration length() {
        return Duration.between(from, to);
    }

    Span before(Duration offset) {
        return new Span(from.minus(offset), to.minus(offset), "");
    }

    /// The shortest length that people count in and that cuts this into at most `most` pieces.
    long stepMs(int most, long atLeastMs) {
        double seconds = Math.max(length().toMillis() / 1000.0 / most, atLeastMs / 1000.0);
        for (long step : STEPS) {
            if (step >= seconds) {
                return step * 1000;
            }
        }
        return STEPS[STEPS.length - 1] * 1000;
    }

    /// As an HTML field shows it, in UTC; empty while it ends now.
    String fromField() {
        return isFixed() ? FIELD.format(from) : "";
    }

    String toField() {
        return isFixed() ? FIELD.format(to) : "";
    }

    /// `the last 1h`, `2026-11-21 04:00:00 to 05:00:00`
    String words() {
        return isFixed()
                ? Show.time(from).replace(" UTC", "") + " to " + Show.time(to)
                : "the last " + range;
    }

    Params in(Params params) {
        return isFixed()
                ? params.with("range", "").with("from", fromField()).with("to", toField())
                : params.with("from", "").with("to", "").with("range", range);
    }

    record Link(String word, String address) {}

    /// Where time can be gone through without a mouse.
    List<Link> moves(Params params, String path) {
        long half = length().toMillis() / 2;
        Instant middle = from.plusMillis(half);
        List<Link> links = new ArrayList<>();
        links.add(
                new Link(
                        "◀ earlier",
                        fixed(from.minusMillis(half), to.minusMillis(half), params, path)));
        if (isFixed()) {
            links.add(
                    new Link(
                            "later ▶",
                            fixed(from.plusMillis(half), to.plusMillis(half), params, path)));
        }
        if (length().compareTo(SHORTEST.multipliedBy(2)) >= 0) {
            links.add(
                    new Link(
                            "zoom in",
                            fixed(
                                    middle.minusMillis(half / 2),
                                    middle.plusMillis(half / 2),
                                    params,
                                    path)));
        }
        links.add(
                new Link(
                        "zoom out",
                        fixed(from.minusMillis(half), to.plusMillis(half), params, path)));
        if (isFixed()) {
            links.add(new Link("now", params.with("from", "").with("to", "").at(path)));
        }
        return links;
    }

    private static String fixed(Instant from, Instant to, Params params, String path) {
        Instant start = from.truncatedTo(ChronoUnit.SECONDS);
        return new Span(start, start.plus(Duration.between(from, to)), "").in(params).at(path);
    }
}
