package io.trapline.web.page;

import com.fasterxml.jackson.core.JsonGenerator;
import io.trapline.web.page.Ask.Answer;
import io.trapline.web.page.Ask.Row;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// What is drawn: lines, or the heat map of histograms, with the statement that gives it.
///
/// @param aggregate what was chosen, or what suits the metric
/// @param histograms whether the metric is made of histograms
/// @param begin where the drawing begins: with the data, where there was none before
/// @param lines at most [#MOST_LINES]; those of an earlier time come after the others
/// @param left how many lines more there are
/// @param error why this is not what the store has now; empty if it is
/// @param known whether the store has said; if it has not, an empty chart says nothing
record MetricChart(
        MetricForm form,
        String aggregate,
        boolean histograms,
        long stepMs,
        Instant begin,
        String sql,
        List<Line> lines,
        int left,
        Optional<Heat> heat,
        List<TextAt> texts,
        boolean known,
        String error) {
    private static final int MOST_LINES = 20;
    private static final int MOST_BANDS = 4;
    private static final int STEPS = 240;
    private static final int HEAT_STEPS = 96;

    /// Runs are some milliseconds late now and then; that must not make steps of 15 s out of 10 s.
    private static final double ABOUT = 0.99;

    record TextAt(String time, String stream, String text) {}

    boolean isEmpty() {
        return lines.isEmpty() && heat.isEmpty();
    }

    /// Whether the lines' figures are of the samples, or else of the steps as drawn.
    boolean isOfSamples() {
        return MetricSql.isOfSamples(aggregate);
    }

    /// Since when there is data, empty where that is from the beginning on.
    String since() {
        return begin.equals(form.span().from()) ? "" : ", data since " + Show.time(begin);
    }

    static MetricChart draw(MetricForm form, Ask ask) {
        Answer answer = ask.rows(MetricSql.facts(form));
        if (answer.rows().isEmpty()) {
            return new MetricChart(
                    form,
                    form.aggregate(),
                    false,
                    1000,
                    form.span().from(),
                    "",
                    List.of(),
                    0,
                    Optional.empty(),
                    List.of(),
                    answer.isKnown(),
                    ask.note(answer));
        }
        Row facts = answer.rows().getFirst();
        boolean numbers = Boolean.TRUE.equals(facts.cell(1));
        boolean histograms = !numbers && Boolean.TRUE.equals(facts.cell(2));
        double usual = facts.number(0);
        long atLeast =
                Double.isNaN(usual)
                        ? 1000
                        : (long) Math.min(usual * ABOUT, form.span().length().toMillis() / 10.0);
        String suits = histograms ? MetricForm.HEAT : "avg";
        String aggregate =
                form.aggregate().isEmpty()
                                || (!histograms && form.aggregate().equals(MetricForm.HEAT))
                        ? suits
                        : form.aggregate();
        if (aggregate.equals(MetricForm.HEAT)) {
            return heat(form, ask, answer, form.span().stepMs(HEAT_STEPS, atLeast));
        }
        return lines(form, ask, answer, aggregate, histograms, form.span().stepMs(STEPS, atLeast));
    }

    private static MetricChart lines(
            MetricForm form,
            Ask ask,
            Answer facts,
            String aggregate,
            boolean histograms,
            long step) {
        double usual = facts.rows().getFirst().number(0);
        String sql = sql(form, aggregate, histograms, form.span(), step);
        Answer answer = ask.rows(sql);
        List<Line> all = Line.of(answer, step, usual, 0);
        List<Line> shown = new ArrayList<>(all);
        shown.sort(Comparator.comparingDouble((Line line) -> -Math.abs(line.figures().mean())));
        shown = new ArrayList<>(shown.stream().limit(MOST_LINES).toList());
        shown.sort(Comparator.comparing(Line::name));
        Answer texts =
                all.isEmpty() && answer.isKnown() ? ask.rows(MetricSql.texts(form)) : Answer.NONE;
        Answer earlier = Answer.NONE;
        if (form.offset().isPresent() && !shown.isEmpty()) {
            Duration offset = form.offset().get();
            earlier = ask.rows(sql(form, aggregate, histograms, form.span().before(offset), step));
            List<String> names = shown.stream().map(Line::name).toList();
            Line.of(earlier, step, usual, offset.toMillis()).stream()
                    .filter(line -> names.contains(line.name()))
                    .map(line -> line.named(line.name() + ", " + form.earlierWords()))
                    .forEach(shown::add);
        }
        return new MetricChart(
                form,
                aggregate,
                histograms,
                step,
                begin(form, ask, facts, step),
                sql,
                shown,
                Math.max(0, all.size() - MOST_LINES),
                Optional.empty(),
                texts.rows().stream()
                        .map(row -> new TextAt(row.text(0), row.text(1), row.text(2)))
                        .toList(),
                answer.isKnown() && texts.isKnown(),
                ask.note(facts, answer, texts, earlier));
    }

    /// A time that was chosen is kept to. In the last hour of a metric that is minutes old, the
    /// rest of the hour would be an empty frame; a hole in a metric that was there before is a
    /// hole.
    private static Instant begin(MetricForm form, Ask ask, Answer facts, long step) {
        Instant from = form.span().from();
        double first = facts.rows().getFirst().number(3);
        double late = first - from.toEpochMilli();
        if (form.span().isFixed()
                || form.offset().isPresent()
                || !(late > form.span().length().toMillis() * 0.1)) {
            return from;
        }
        Answer before = ask.rows(MetricSql.before(form));
        return before.isKnown() && before.rows().isEmpty()
                ? Instant.ofEpochMilli((long) first / step * step)
                : from;
    }

    private static String sql(
            MetricForm form, String aggregate, boolean histograms, Span when, long step) {
        return histograms
                ? MetricSql.histogramLines(form, aggregate, when, step)
                : MetricSql.lines(form, aggregate, when, step);
    }

    private static MetricChart heat(MetricForm form, Ask ask, Answer facts, long step) {
        String sql = MetricSql.heat(form, step);
        Answer answer = ask.rows(sql);
        return new MetricChart(
                form,
                MetricForm.HEAT,
                true,
                step,
                form.span().from(),
                sql,
                List.of(),
                0,
                Heat.of(answer.rows(), form.span(), step),
                List.of(),
                answer.isKnown(),
                ask.note(facts, answer));
    }

    /// `{"error":"","kind":"lines","from":ms,"to":ms,"step":ms,"sql":"…",
    /// "lines":[{"name":"…","earlier":false,"points":[[ms,v]],"gap":ms,"band":[[least,most]]}]}`,
    /// or of kind `heat` with `"times":[ms],"edges":[low, …, high],"cells":[[time,row,count]]`.
    /// Points further apart than `gap` are not joined. `band` is left out where least and most are
    /// the same, and where there are many lines.
    void json(JsonGenerator out) throws IOException {
        out.writeStringField("error", error);
        out.writeStringField("kind", heat.isPresent() ? "heat" : "lines");
        out.writeNumberField("from", begin.toEpochMilli());
        out.writeNumberField("to", form.span().to().toEpochMilli());
        out.writeNumberField("step", stepMs);
        out.writeStringField("sql", sql);
        if (heat.isPresent()) {
            heat.get().json(out);
        }
        boolean bands =
                !aggregate.equals("min") && !aggregate.equals("max") && lines.size() <= MOST_BANDS;
        out.writeArrayFieldStart("lines");
        for (Line line : lines) {
            out.writeStartObject();
            out.writeStringField("name", line.name());
            out.writeBooleanField("earlier", line.earlier());
            Reply.points(out, line.points());
            out.writeNumberField("gap", line.gapMs());
            if (bands && !line.earlier() && !line.band().isEmpty()) {
                out.writeArrayFieldStart("band");
                for (double[] pair : line.band()) {
                    out.writeStartArray();
                    Reply.number(out, pair[0]);
                    Reply.number(out, pair[1]);
                    out.writeEndArray();
                }
                out.writeEndArray();
            }
            out.writeEndObject();
        }
        out.writeEndArray();
    }
}
