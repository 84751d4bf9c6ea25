package io.trapline.registry;

import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;

/// One HTTPTrap registration. Source: `contracts/httptrap.md` sections 1, 9 and 12.
///
/// @param secret the last segment of the submission URL; an empty one never matches
/// @param name for people; empty = none
/// @param target the host that the data is about; empty = none
/// @param asyncMetrics every sample is stored at once; false = one value a period
/// @param delimiter joins the levels of a name; its first character counts
/// @param corsOrigin regular expression for browsers' `Origin`; empty = every one is answered
/// @param tagset a tag block, `|ST[dc:1]`, that is added to every stream; empty = none
/// @param histogramMetrics names of metrics whose numbers become histograms
/// @param guessTypes texts that look like numbers become numbers
/// @param rate requests in any 60 s; 0 = no limit
/// @param filters empty = everything is stored; a list without rules stores nothing
/// @param enabled off is as if the check were unknown
public record Check(
        UUID id,
        String secret,
        String name,
        String target,
        Duration period,
        boolean asyncMetrics,
        String delimiter,
        String corsOrigin,
        String tagset,
        List<String> histogramMetrics,
        boolean guessTypes,
        int rate,
        Optional<List<FilterRule>> filters,
        boolean enabled) {
    public static final Duration DEFAULT_PERIOD = Duration.ofMinutes(1);
    public static final Duration MIN_PERIOD = Duration.ofSeconds(1);
    public static final Duration MAX_PERIOD = Duration.ofMinutes(5);
    public static final String DEFAULT_DELIMITER = "`";

    /// As the decoder reads them, which leaves out a tag set that it cannot read.
    private static final String TAG =
            "(?:b\"[A-Za-z0-9+/]+={0,2}\"|(?!b\")[A-Za-z0-9`+!@#$%^&\"'/?._-]+)(?::[^,\\]]*)?";

    private static final Pattern TAGSET =
            Pattern.compile("(?:\\|ST\\[(?:" + TAG + "(?:," + TAG + ")*+)?])*+");

    public Check {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(secret, "secret");
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(target, "target");
        if (period.compareTo(MIN_PERIOD) < 0 || period.compareTo(MAX_PERIOD) > 0) {
            throw new IllegalArgumentException(
                    "a check's period is from 1s to 300s, not " + period.toMillis() + " ms");
        }
        if (delimiter.isEmpty()) {
            throw new IllegalArgumentException("a check's delimiter is empty");
        }
        Objects.requireNonNull(corsOrigin, "corsOrigin");
        Objects.requireNonNull(tagset, "tagset");
        histogramMetrics = List.copyOf(histogramMetrics);
        if (rate < 0) {
            throw new IllegalArgumentException("a check's rate is 0 or more, not " + rate);
        }
        filters = filters.map(List::copyOf);
    }

    /// With everything else as it is by default.
    public Check(UUID id, String secret, String name, String target) {
        this(
                id,
                secret,
                name,
                target,
                DEFAULT_PERIOD,
                true,
                DEFAULT_DELIMITER,
                "",
                "",
                List.of(),
                false,
                0,
                Optional.empty(),
                true);
    }

    /// Whether it is tag blocks such as `|ST[dc:1]`, or nothing.
    public static boolean isTagset(String text) {
        return TAGSET.matcher(text).matches();
    }

    /// What a `[[trap]]` block says.
    public static Check of(CheckSettings settings) {
        return new Check(
                settings.id(),
                settings.secret(),
                settings.name(),
                settings.target(),
                settings.period(),
                settings.asyncMetrics(),
                settings.delimiter(),
                settings.corsOrigin().map(Pattern::pattern).orElse(""),
                settings.tagset(),
                settings.histogramMetrics(),
                settings.guessTypes(),
                settings.rate(),
                settings.filters(),
                settings.enabled());
    }

    /// `trap/<uuid>`, as in batches and in the store.
    public String source() {
        return source(id);
    }

    public static String source(UUID id) {
        return "trap/" + id;
    }

    public Check withFilters(Optional<List<FilterRule>> rules) {
        return new Check(
                id,
                secret,
                name,
                target,
                period,
                asyncMetrics,
                delimiter,
                corsOrigin,
                tagset,
                histogramMetrics,
                guessTypes,
                rate,
                rules,
                enabled);
    }

    public Check withEnabled(boolean on) {
        return new Check(
                id,
                secret,
                name,
                target,
                period,
                asyncMetrics,
                delimiter,
                corsOrigin,
                tagset,
                histogramMetrics,
                guessTypes,
                rate,
                filters,
                on);
    }

    public Check withSecret(String fresh) {
        return new Check(
                id,
                fresh,
                name,
                target,
                period,
                asyncMetrics,
                delimiter,
                corsOrigin,
                tagset,
                histogramMetrics,
                guessTypes,
                rate,
                filters,
                enabled);
    }

    /// Without the secret, which must not reach a log.
    @Override
    public String toString() {
        return "check " + id + (name.isEmpty() ? "" : " (" + name + ")");
    }
}
