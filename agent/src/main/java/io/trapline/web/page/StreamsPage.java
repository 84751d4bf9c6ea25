package io.trapline.web.page;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The metrics: first the names that fit, then a chart of one.
///
/// @param chart what is drawn, empty while no name is chosen
/// @param data where the chart's data is
/// @param bare this page without a time, to which a zoom adds one
/// @param self this page's address
/// @param console where its statement can be changed
/// @param pinned the chart's address as the dashboard keeps it
record StreamsPage(
        MetricForm form,
        MetricNames found,
        Optional<MetricChart> chart,
        String data,
        String bare,
        String self,
        String console,
        String pinned,
        List<String> tagKeys,
        List<Span.Link> moves) {
    static StreamsPage of(Params params, Ask ask, Instant now) {
        MetricForm form = MetricForm.of(params, now);
        // However it was written: the figures renew themselves at an address of their own.
        Ask here = ask.on(form.params().with("skip", params.get("skip")).at("/ui/metrics"));
        if (form.name().isEmpty() || params.get("find").equals("names")) {
            return new StreamsPage(
                    form,
                    MetricNames.of(form, Math.max(0, params.number("skip", 0)), here, now),
                    Optional.empty(),
                    "",
                    "",
                    "",
                    "",
                    "",
                    List.of(),
                    List.of());
        }
        Params own = form.params();
        MetricChart chart = MetricChart.draw(form, here);
        return new StreamsPage(
                form,
                MetricNames.NONE,
                Optional.of(chart),
                own.at("/ui/data/series"),
                own.with("from", "").with("to", "").with("range", "").at("/ui/metrics"),
                own.at("/ui/metrics"),
                Params.of("sql", chart.sql()).at("/ui/sql"),
                own.at(""),
                MetricNames.tagKeys(form, here),
                form.span().moves(own, "/ui/metrics"));
    }

    String title() {
        return chart.isEmpty() ? "Metrics" : form.name();
    }

    String error() {
        return chart.map(MetricChart::error).orElse(found.error());
    }

    List<String> ranges() {
        return Span.ranges();
    }

    /// The choices that make sense for what is drawn.
    List<String> aggregates() {
        List<String> words = new ArrayList<>();
        if (chart.isPresent() && chart.get().histograms()) {
            words.add(MetricForm.HEAT);
        }
        words.addAll(MetricForm.AGGREGATES);
        if (chart.isPresent() && chart.get().histograms()) {
            words.remove("last");
        }
        return words;
    }

    String aggregate() {
        return chart.map(MetricChart::aggregate).orElse(form.aggregate());
    }
}
