package io.trapline.web.page;

import io.trapline.registry.SeenMetric;
import io.trapline.registry.SeenMetrics;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/// One name that was seen from a registration, with what people say about it.
///
/// @param stale whether nothing came in the last five minutes
/// @param stored false when a check's filters refused the latest
record Indicator(
        String name,
        String kind,
        String type,
        String alias,
        String unit,
        boolean hidden,
        boolean disabled,
        String first,
        String last,
        boolean stale,
        long count,
        String latest,
        boolean stored) {
    private static final Duration RECENT = Duration.ofMinutes(5);

    /// Sorted by name, or by the time of the last sighting.
    ///
    /// @param find a part of the name, alias or unit; `hidden` finds what is hidden
    static List<Indicator> of(SeenMetrics seen, String find, String sort, Instant now) {
        String part = find.strip().toLowerCase(Locale.ROOT);
        Comparator<SeenMetric> byName =
                Comparator.comparing(SeenMetric::kind).thenComparing(SeenMetric::name);
        Comparator<SeenMetric> order =
                sort.equals("time")
                        ? Comparator.comparing((SeenMetric metric) ->
                                        metric.lastSeen().orElse(Instant.EPOCH))
                                .reversed()
                                .thenComparing(byName)
                        : byName;
        return seen.metrics().stream()
                .filter(metric -> fits(metric, part))
                .sorted(order)
                .map(metric -> of(metric, now))
                .toList();
    }

    private static boolean fits(SeenMetric metric, String part) {
        return part.isEmpty()
                || (part.equals("hidden") && metric.settings().hidden())
                || metric.name().toLowerCase(Locale.ROOT).contains(part)
                || metric.settings().alias().toLowerCase(Locale.ROOT).contains(part)
                || metric.settings().unit().toLowerCase(Locale.ROOT).equals(part);
    }

    private static Indicator of(SeenMetric metric, Instant now) {
        return new Indicator(
                metric.name(),
                metric.kind().word(),
                metric.type(),
                metric.settings().alias(),
                metric.settings().unit(),
                metric.settings().hidden(),
                metric.settings().disabled(),
                metric.firstSeen().map(Show::time).orElse("never"),
                metric.lastSeen().map(at -> Show.distance(at, now)).orElse("never"),
                metric.lastSeen().filter(at -> at.isAfter(now.minus(RECENT))).isEmpty(),
                metric.count(),
                metric.latest(),
                metric.stored());
    }

    /// What is drawn over a chart of it.
    String title() {
        String shown = alias.isEmpty() ? name : alias + " (" + name + ")";
        return unit.isEmpty() ? shown : shown + ", " + unit;
    }
}
