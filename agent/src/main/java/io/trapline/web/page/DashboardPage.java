package io.trapline.web.page;

import io.trapline.registry.Pin;
import java.time.Instant;
import java.util.List;

/// The pinned charts.
///
/// @param range empty = each chart's own time
record DashboardPage(List<Card> cards, String range, String error) {

    /// @param data where the chart's data is
    /// @param chart the page with the chart on it
    record Card(
            long id,
            String title,
            String about,
            String data,
            String chart,
            boolean first,
            boolean last) {}

    static DashboardPage of(List<Pin> pins, Params params, Instant now, String error) {
        String range = Span.ranges().contains(params.get("range")) ? params.get("range") : "";
        List<Card> cards = pins.stream().map(pin -> card(pin, pins, range, now)).toList();
        return new DashboardPage(cards, range, error);
    }

    private static Card card(Pin pin, List<Pin> pins, String range, Instant now) {
        Params query = Params.parse(pin.query());
        Params shown =
                range.isEmpty()
                        ? query
                        : query.with("from", "").with("to", "").with("range", range);
        MetricForm form = MetricForm.of(shown, now);
        String about =
                String.join(
                        " · ",
                        List.of(
                                        form.aggregate().isEmpty() ? "" : form.aggregate(),
                                        form.by().equals("stream") ? "" : "by " + form.by(),
                                        form.tags(),
                                        form.span().words())
                                .stream()
                                .filter(word -> !word.isEmpty())
                                .toList());
        return new Card(
                pin.id(),
                pin.title(),
                about,
                shown.at("/ui/data/series"),
                shown.at("/ui/metrics"),
                pin.id() == pins.getFirst().id(),
                pin.id() == pins.getLast().id());
    }

    List<String> ranges() {
        return Span.ranges();
    }
}
