package io.trapline.registry;

import io.trapline.config.ConfTable;
import io.trapline.config.Durations;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// One `[[trap]]` block: an HTTPTrap check.
///
/// @param secret never shown by [#toString]; empty = every request is refused
/// @param name for people; the id when absent
/// @param period from 1 s to 300 s
/// @param asyncMetrics on: a sample is stored when it arrives; off: at the end of its period
/// @param delimiter joins the levels of a name: one character
/// @param corsOrigin searched in the `Origin` header; absent = every origin
/// @param tagset a tag block such as `|ST[dc:1]` for every stream; empty = none
/// @param histogramMetrics names whose plain numbers are samples of a histogram
/// @param guessTypes texts that look like numbers become numbers
/// @param rate requests a minute; 0 = no limit
/// @param filters absent = everything is stored; a list without a matching rule = nothing is
/// @param enabled off = as if it did not exist
/// @param line of the block in its file
public record CheckSettings(
        UUID id,
        String secret,
        String name,
        String target,
        Duration period,
        boolean asyncMetrics,
        String delimiter,
        Optional<String> corsOrigin,
        String tagset,
        List<String> histogramMetrics,
        boolean guessTypes,
        int rate,
        Optional<List<FilterRule>> filters,
        boolean enabled,
        int line) {
    public static final Duration DEFAULT_PERIOD = Duration.ofMinutes(1);
    private static final Duration MIN_PERIOD = Duration.ofSeconds(1);
    private static final Duration MAX_PERIOD = Duration.ofMinutes(5);
    private static final String ID = "36 characters such as a9856a6a-3b46-e18b-d890-acafaa955348";
    private static final Pattern UUID_TEXT =
            Pattern.compile("\\p{XDigit}{8}(-\\p{XDigit}{4}){3}-\\p{XDigit}{12}");

    public CheckSettings {
        histogramMetrics = List.copyOf(histogramMetrics);
        filters = filters.map(List::copyOf);
        if (delimiter.codePointCount(0, delimiter.length()) != 1) {
            throw new IllegalArgumentException("delimiter must be one character: " + delimiter);
        }
        if (period.compareTo(MIN_PERIOD) < 0 || period.compareTo(MAX_PERIOD) > 0) {
            throw new IllegalArgumentException("period must be from 1 s to 300 s, is " + period);
        }
    }

    /// Reads one block; empty when something needed is missing or wrong, which is reported.
    public static Optional<CheckSettings> read(ConfTable check) {
        int before = check.problems().errors();
        check.require("id", ID);
        Optional<UUID> id = check.parsed("id", ID, CheckSettings::uuid);
        Optional<String> secret = either("secret", "httptrap_secret", check::secret);
        if (secret.orElse("").isEmpty() && check.problems().errors() == before) {
            check.warn("secret", "missing or empty, so every request is answered with 403");
        }
        String name = check.text("name", "text").orElse(id.map(UUID::toString).orElse(""));
        String target = check.text("target", "text").orElse("");
        Duration period = period(check);
        boolean async = async(check);
        String delimiter = delimiter(check);
        Optional<String> cors =
                check.parsed("cors_origin", "a regular expression", CheckSettings::pattern);
        String tagset = tagset(check);
        List<String> histograms =
                check.texts("histogram_metrics", "a list of metric names, such as [\"latency\"]")
                        .orElse(List.of());
        boolean guess = check.flag("guess_types").orElse(false);
        int rate = check.integer("rate", 0, Integer.MAX_VALUE).map(Math::toIntExact).orElse(0);
        Optional<List<FilterRule>> filters = filters(check);
        boolean enabled = check.flag("enabled").orElse(true);
        check.done();
        return check.problems().errors() == before
                ? Optional.of(
                        new CheckSettings(
                                id.orElseThrow(),
                                secret.orElse(""),
                                name,
                                target,
                                period,
                                async,
                                delimiter,
                                cors.filter(pattern -> !pattern.isEmpty()),
                                tagset,
                                histograms,
                                guess,
                                rate,
                                filters,
                                enabled,
                                check.line()))
                : Optional.empty();
    }

    /// Reads every block; an `id` that was there before is reported.
    public static List<CheckSettings> readAll(List<ConfTable> blocks) {
        return Blocks.distinct(blocks, CheckSettings::read, CheckSettings::id, "id");
    }

    private static UUID uuid(String text) {
        if (!UUID_TEXT.matcher(text).matches()) {
            throw new IllegalArgumentException("not a UUID");
        }
        return UUID.fromString(text);
    }

    private static String pattern(String text) {
        try {
            var _ = PcrePattern.compile(text);
            return text;
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "not a regular expression: " + e.getDescription(), e);
        }
    }

    private static Duration period(ConfTable check) {
        Duration period =
                check.duration("period", Duration.ofMillis(1), Duration.ofDays(365))
                        .orElse(DEFAULT_PERIOD);
        Duration used = period;
        if (period.compareTo(MIN_PERIOD) < 0) {
            used = MIN_PERIOD;
        } else if (period.compareTo(MAX_PERIOD) > 0) {
            used = MAX_PERIOD;
        }
        if (!used.equals(period)) {
            check.warn("period", "outside 1s to 5m; " + Durations.format(used) + " is used");
        }
        return used;
    }

    private static boolean async(ConfTable check) {
        return either("async_metrics", "asynch_metrics", (key, _) -> onOff(check, key))
                .orElse(true);
    }

    /// Upstream's configuration has texts here.
    private static Optional<Boolean> onOff(ConfTable check, String key) {
        if (!check.isText(key)) {
            return check.flag(key);
        }
        return check.parsed(
                key,
                "true, false, \"on\" or \"off\"",
                text ->
                        switch (text.toLowerCase(Locale.ROOT)) {
                            case "true", "on" -> true;
                            case "false", "off" -> false;
                            default -> throw new IllegalArgumentException("unknown value");
                        });
    }

    private static String delimiter(ConfTable check) {
        String delimiter = either("delimiter", "httptrap_delimiter", check::text).orElse("`");
        if (delimiter.isEmpty()) {
            check.error("delimiter", "empty; accepted: one character");
            return "`";
        }
        return delimiter.substring(0, delimiter.offsetByCodePoints(0, 1));
    }

    private static String tagset(ConfTable check) {
        return check.parsed(
                        "tagset",
                        "a tag block such as \"|ST[dc:1]\"",
                        text -> {
                            if (!Check.isTagset(text)) {
                                throw new IllegalArgumentException("not a tag block");
                            }
                            return text;
                        })
                .orElse("");
    }

    private static Optional<List<FilterRule>> filters(ConfTable check) {
        if (!check.has("filters")) {
            return Optional.empty();
        }
        List<FilterRule> rules = new ArrayList<>();
        Set<String> ids = new HashSet<>();
        for (ConfTable table : check.sections("filters")) {
            FilterRule.read(table).ifPresent(rules::add);
        }
        rules.forEach(rule -> rule.id().ifPresent(ids::add));
        for (FilterRule rule : rules) {
            if (rule.action() instanceof FilterRule.Action.SkipTo(String id) && !ids.contains(id)) {
                check.error("filters", "skipto:" + id + " names no rule's id");
            }
        }
        return Optional.of(rules);
    }

    /// The first key, or else the one that upstream also knows.
    private static <T> Optional<T> either(String key, String other, Reading<T> reading) {
        Optional<T> second = reading.read(other, "text");
        return reading.read(key, "text").or(() -> second);
    }

    @FunctionalInterface
    private interface Reading<T> {
        Optional<T> read(String key, String accepted);
    }

    @Override
    public String toString() {
        return "CheckSettings[id=%s, name=%s, target=%s, period=%s, enabled=%b]"
                .formatted(id, name, target, period, enabled);
    }
}
