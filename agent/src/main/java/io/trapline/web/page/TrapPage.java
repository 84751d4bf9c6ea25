package io.trapline.web.page;

import io.trapline.config.Durations;
import io.trapline.ingest.trap.TrapTrial;
import io.trapline.registry.Check;
import io.trapline.registry.FilterJson;
import io.trapline.registry.FilterRule;
import io.trapline.registry.Held;
import io.trapline.registry.Registry;
import io.trapline.registry.SeenMetrics;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;

/// One HTTPTrap check: its settings, how to send to it, what a submission would become, and which
/// metrics are kept.
///
/// @param declared where the configuration has it, empty when it can be changed here
record TrapPage(
        Check check,
        String declared,
        ManageForm form,
        Submission submission,
        List<Metric> metrics,
        String find,
        String last,
        boolean silent,
        List<PushPage.Request> requests) {

    /// @param url the Data Submission URL, with stars for the secret unless it was asked for
    record Submission(String id, String url, boolean shown, String curl, String python) {}

    /// @param name what selects it
    /// @param selected whether the check's rules store it now
    record Metric(Indicator seen, String name, boolean selected) {}

    /// What a submission would become.
    ///
    /// @param from where the submission is from, for people
    record Trial(
            String from,
            List<Tried> rows,
            long stored,
            int more,
            String problem,
            boolean sync,
            String period) {}

    record Tried(String stream, String type, String value, boolean stored, String why) {}

    String id() {
        return check.id().toString();
    }

    String title() {
        return check.name().isEmpty() ? "check " + check.id() : check.name();
    }

    String charts() {
        return Params.of("source", check.source()).at("/ui/metrics");
    }

    String period() {
        return Durations.format(check.period());
    }

    static TrapPage of(
            Registry registry,
            Held<Check> held,
            String core,
            Params params,
            ManageForm form,
            Instant now) {
        Check check = held.value();
        SeenMetrics seen = registry.metrics(check.source());
        List<Indicator> indicators = Indicator.of(seen, params.get("q"), params.get("sort"), now);
        TrapTrial trial = new TrapTrial(check);
        List<Metric> metrics = new ArrayList<>();
        for (Indicator each : indicators) {
            boolean tagged = each.name().contains("|ST[");
            boolean withTags =
                    !tagged
                            && seen.metrics().stream()
                                    .anyMatch(
                                            other -> other.name().startsWith(each.name() + "|ST["));
            metrics.add(
                    new Metric(
                            each,
                            withTags ? each.name() + "|ST[]" : each.name(),
                            trial.stores(each.name(), now)));
        }
        return new TrapPage(
                check,
                SourcesPage.origin(held.origin()),
                form,
                submission(check, core, false),
                metrics,
                params.get("q"),
                SourcesPage.last(seen, now),
                SourcesPage.last(seen).isEmpty(),
                registry.recent(check.source()).stream()
                        .map(request -> PushPage.Request.of(request, now))
                        .toList());
    }

    static ManageForm form(Check check) {
        Map<String, String> values = new LinkedHashMap<>();
        values.put("name", check.name());
        values.put("target", check.target());
        values.put("period", Durations.format(check.period()));
        values.put("async_metrics", check.asyncMetrics() ? "on" : "");
        values.put("delimiter", check.delimiter());
        values.put("tagset", check.tagset());
        values.put("cors_origin", check.corsOrigin());
        values.put("histogram_metrics", String.join("\n", check.histogramMetrics()));
        values.put("guess_types", check.guessTypes() ? "on" : "");
        values.put("rate", check.rate() + "");
        values.put(
                "filters",
                check.filters().map(rules -> FilterJson.write(rules).toPrettyString()).orElse(""));
        return new ManageForm(values, Map.of());
    }

    static Submission submission(Check check, String core, boolean shown) {
        String url =
                core
                        + "/module/httptrap/"
                        + check.id()
                        + "/"
                        + (shown
                                ? io.trapline.web.RegistryCalls.segment(check.secret())
                                : "SECRET");
        return new Submission(
                check.id().toString(),
                url,
                shown,
                "curl -X PUT " + url + " -d '{\"cpu\": {\"load\": 0.7}, \"requests\": 12}'",
                """
                import json, urllib.request

                body = json.dumps({"cpu": {"load": 0.7}, "requests": 12}).encode()
                request = urllib.request.Request(
                    "%s", body, {"Content-Type": "application/json"}, method="PUT")
                print(urllib.request.urlopen(request, timeout=10).read().decode())\
                """
                        .formatted(url));
    }

    /// @param from where the submission is from
    static Trial trial(Check check, String from, byte[] body, Instant now) {
        TrapTrial.Result result = new TrapTrial(check).read(body, now);
        List<Tried> rows = new ArrayList<>();
        for (TrapTrial.Row row : result.rows()) {
            rows.add(
                    new Tried(
                            row.stream(),
                            type(row.type()),
                            row.value(),
                            row.stored(),
                            why(check, row.rule(), row.stored())));
        }
        return new Trial(
                from,
                rows,
                rows.stream().filter(Tried::stored).count(),
                result.more(),
                result.problem(),
                !check.asyncMetrics(),
                Durations.format(check.period()));
    }

    private static String why(Check check, OptionalInt rule, boolean stored) {
        List<FilterRule> rules = check.filters().orElse(List.of());
        if (rule.isPresent() && rule.getAsInt() < rules.size()) {
            return "rule "
                    + (rule.getAsInt() + 1)
                    + ": "
                    + FilterJson.write(List.of(rules.get(rule.getAsInt()))).get(0);
        }
        return stored ? "" : "no rule allows it";
    }

    private static String type(char letter) {
        return letter
                + switch (letter) {
                    case 'i' -> ", 32-bit integer";
                    case 'I' -> ", unsigned 32-bit integer";
                    case 'l' -> ", 64-bit integer";
                    case 'L' -> ", unsigned 64-bit integer";
                    case 'n' -> ", double";
                    case 's' -> ", text";
                    case 'h' -> ", histogram";
                    case 'H' -> ", cumulative histogram";
                    default -> "";
                };
    }
}
