package io.trapline.web.page;

import io.trapline.registry.Check;
import io.trapline.registry.Held;
import io.trapline.registry.Held.Origin;
import io.trapline.registry.PushRegistration;
import io.trapline.registry.PushType;
import io.trapline.registry.Registry;
import io.trapline.registry.SeenMetric;
import io.trapline.registry.SeenMetrics;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/// Who may push: custom metrics, custom events and checks, found by a part of the name or by the
/// whole number.
///
/// @param find what was searched for
/// @param more where the next page is, empty at the end
record SourcesPage(
        String find,
        List<Row> metrics,
        List<Row> events,
        List<Row> checks,
        String more,
        String previous,
        boolean none) {
    private static final int PAGE = 50;

    /// @param origin where it is declared, empty for what was registered here
    record Row(
            String id,
            String name,
            String label,
            String about,
            String show,
            String view,
            boolean enabled,
            String last,
            boolean silent,
            long names,
            String updated,
            String origin) {}

    static SourcesPage of(Registry registry, Params params, Instant now) {
        String find = params.get("q").strip().toLowerCase(Locale.ROOT);
        int skip = Math.clamp(params.number("skip", 0), 0, 1_000_000);
        List<Row> metrics = new ArrayList<>();
        List<Row> events = new ArrayList<>();
        for (Held<PushRegistration> held : registry.pushes()) {
            PushRegistration push = held.value();
            boolean exactly = find.matches("[0-9]+") && find.equals(push.dataId() + "");
            if (find.isEmpty() || exactly || fits(find, push.name(), push.label())) {
                (push.type() == PushType.EVENT ? events : metrics).add(row(registry, held, now));
            }
        }
        List<Row> checks = new ArrayList<>();
        for (Held<Check> held : registry.checks()) {
            Check check = held.value();
            if (find.isEmpty()
                    || check.id().toString().equals(find)
                    || fits(find, check.name(), check.target())) {
                checks.add(checkRow(registry, held, now));
            }
        }
        int most = Math.max(metrics.size(), Math.max(events.size(), checks.size()));
        return new SourcesPage(
                params.get("q"),
                page(metrics, skip),
                page(events, skip),
                page(checks, skip),
                most > skip + PAGE
                        ? params.with("skip", String.valueOf(skip + PAGE)).at("/ui/push")
                        : "",
                skip > 0
                        ? params.with("skip", String.valueOf(Math.max(0, skip - PAGE)))
                                .at("/ui/push")
                        : "",
                registry.pushes().isEmpty() && registry.checks().isEmpty());
    }

    private static boolean fits(String find, String... words) {
        for (String word : words) {
            if (word.toLowerCase(Locale.ROOT).contains(find)) {
                return true;
            }
        }
        return false;
    }

    private static List<Row> page(List<Row> rows, int skip) {
        return rows.stream().skip(skip).limit(PAGE).toList();
    }

    private static Row row(Registry registry, Held<PushRegistration> held, Instant now) {
        PushRegistration push = held.value();
        SeenMetrics seen = registry.metrics(push.source());
        Params id = Params.of("id", push.dataId() + "");
        return new Row(
                push.dataId() + "",
                push.name().isEmpty() ? "(no name)" : push.name(),
                push.label(),
                push.description(),
                id.at("/ui/push/show"),
                id.at("/ui/push/view"),
                push.enabled(),
                last(seen, now),
                last(seen).isEmpty(),
                count(seen),
                updated(held.origin(), now),
                origin(held.origin()));
    }

    private static Row checkRow(Registry registry, Held<Check> held, Instant now) {
        Check check = held.value();
        SeenMetrics seen = registry.metrics(check.source());
        return new Row(
                check.id().toString(),
                check.name().isEmpty() ? "(no name)" : check.name(),
                check.target(),
                check.asyncMetrics()
                        ? "each sample at once"
                        : "one value every " + Show.coarse(check.period().toSeconds()),
                Params.of("id", check.id().toString()).at("/ui/trap/show"),
                Params.of("source", check.source()).at("/ui/metrics"),
                check.enabled(),
                last(seen, now),
                last(seen).isEmpty(),
                count(seen),
                updated(held.origin(), now),
                origin(held.origin()));
    }

    static long count(SeenMetrics seen) {
        return seen.metrics().stream()
                .filter(metric -> metric.kind() != SeenMetric.Kind.DIMENSION)
                .count();
    }

    static Optional<Instant> last(SeenMetrics seen) {
        return seen.metrics().stream()
                .flatMap(metric -> metric.lastSeen().stream())
                .max(Comparator.naturalOrder());
    }

    static String last(SeenMetrics seen, Instant now) {
        return last(seen).map(at -> Show.distance(at, now)).orElse("nothing yet");
    }

    private static String updated(Origin origin, Instant now) {
        return switch (origin) {
            case Origin.Configuration _ -> "–";
            case Origin.Database(_, Instant updated) -> Show.distance(updated, now);
        };
    }

    static String origin(Origin origin) {
        return switch (origin) {
            case Origin.Configuration(String file, int line) -> file + " line " + line;
            case Origin.Database _ -> "";
        };
    }
}
