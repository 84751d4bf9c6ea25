package io.trapline.web.page;

import com.fasterxml.jackson.core.JsonGenerator;
import io.trapline.web.page.Ask.Answer;
import io.trapline.web.page.Ask.Row;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// What is drawn: lines, or the heat map of histograms, with the statement that gives it.
///
/// @param aggregate what was chosen, or what suits the metric
/// @param histograms whether the metric is made of histograms
/// @param lines at most [#MOST_LINES]; those of an earlier time come after the others
/// @param left how many lines more there are
record MetricChart(
        MetricForm form,
        String aggregate,
        boolean histograms,
        long stepMs,
        String sql,
        List<LineOf> lines,
        int left,
        Optional<Heat> heat,
        List<TextAt> texts,
        String error) {
    private static final int MOST_LINES = 20;
    private static final int STEPS = 240;
    private static final int HEAT_STEPS = 96;

    record TextAt(String time, String stream, String text) {}

    /// @param points pairs of milliseconds and value, in order of time
    /// @param earlier whether it is of the time that the others are compared with
    record LineOf(String name, boolean earlier, List<double[]> points) {
        String last() {
            return Show.number(points.getLast()[1]);
        }

        String least() {
            return Show.number(points.stream().mapToDouble(p -> p[1]).min().orElse(Double.NaN));
        }

        double average() {
            return points.stream().mapToDouble(p -> p[1]).average().orElse(Double.NaN);
        }

        String mean() {
            return Show.number(average());
        }

        String most() {
            return Show.number(points.stream().mapToDouble(p -> p[1]).max().orElse(Double.NaN));
        }

        int count() {
            return points.size();
        }
    }

    boolean isEmpty() {
        return lines.isEmpty() && heat.isEmpty();
    }

    static MetricChart draw(MetricForm form, Ask ask) {
        Answer answer = ask.rows(MetricSql.facts(form));
        if (!answer.error().isEmpty() || answer.rows().isEmpty()) {
            return new MetricChart(
                    form,
                    form.aggregate(),
                    false,
                    1000,
                    "",
                    List.of(),
                    0,
                    Optional.empty(),
                    List.of(),
                    answer.error());
        }
        Row facts = answer.rows().getFirst();
        boolean numbers = Boolean.TRUE.equals(facts.cell(2));
        boolean histograms = !numbers && Boolean.TRUE.equals(facts.cell(3));
        double distance = facts.number(1);
        long atLeast =
                Double.isNaN(distance)
                        ? 1000
                        : (long) Math.min(distance, form.span().length().toMillis() / 10.0);
        String suits = histograms ? MetricForm.HEAT : "avg";
        String aggregate =
                form.aggregate().isEmpty()
                                || (!histograms && form.aggregate().equals(MetricForm.HEAT))
                        ? suits
                        : form.aggregate();
        if (aggregate.equals(MetricForm.HEAT)) {
            return heat(form, ask, form.span().stepMs(HEAT_STEPS, atLeast));
        }
        return lines(form, ask, aggregate, histograms, form.span().stepMs(STEPS, atLeast));
    }

    private static MetricChart lines(
            MetricForm form, Ask ask, String aggregate, boolean histograms, long step) {
        String sql = sql(form, aggregate, histograms, form.span(), step);
        Answer answer = ask.rows(sql);
        List<LineOf> all = collected(answer, 0);
        List<LineOf> shown = new ArrayList<>(all);
        shown.sort(Comparator.comparingDouble((LineOf line) -> -Math.abs(line.average())));
        shown = new ArrayList<>(shown.stream().limit(MOST_LINES).toList());
        shown.sort(Comparator.comparing(LineOf::name));
        List<TextAt> texts =
                all.isEmpty()
                        ? ask.rows(MetricSql.texts(form)).rows().stream()
                                .map(row -> new TextAt(row.text(0), row.text(1), row.text(2)))
                                .toList()
                        : List.of();
        String error = answer.error();
        if (form.offset().isPresent() && !shown.isEmpty()) {
            Duration offset = form.offset().get();
            Answer earlier =
                    ask.rows(sql(form, aggregate, histograms, form.span().before(offset), step));
            List<String> names = shown.stream().map(LineOf::name).toList();
            collected(earlier, offset.toMillis()).stream()
                    .filter(line -> names.contains(line.name()))
                    .map(line ->
                            new LineOf(
                                    line.name() + ", " + form.earlierWords(), true, line.points()))
                    .forEach(shown::add);
            error = error.isEmpty() ? earlier.error() : error;
        }
        return new MetricChart(
                form,
                aggregate,
                histograms,
                step,
                sql,
                shown,
                Math.max(0, all.size() - MOST_LINES),
                Optional.empty(),
                texts,
                error);
    }

    private static String sql(
            MetricForm form, String aggregate, boolean histograms, Span when, long step) {
        return histograms
                ? MetricSql.histogramLines(form, aggregate, when, step)
                : MetricSql.lines(form, aggregate, when, step);
    }

    private static List<LineOf> collected(Answer answer, long laterMs) {
        Map<String, List<double[]>> lines = new LinkedHashMap<>();
        for (Row row : answer.rows()) {
            lines.computeIfAbsent(row.text(1), _ -> new ArrayList<>())
                    .add(new double[] {row.number(0) + laterMs, row.number(2)});
        }
        return lines.entrySet().stream()
                .map(line -> new LineOf(line.getKey(), false, line.getValue()))
                .toList();
    }

    private static MetricChart heat(MetricForm form, Ask ask, long step) {
        String sql = MetricSql.heat(form, step);
        Answer answer = ask.rows(sql);
        return new MetricChart(
                form,
                MetricForm.HEAT,
                true,
                step,
                sql,
                List.of(),
                0,
                Heat.of(answer.rows(), form.span(), step),
                List.of(),
                answer.error());
    }

    /// `{"error":"","kind":"lines","from":ms,"to":ms,"step":ms,"sql":"…",
    /// "lines":[{"name":"…","earlier":false,"points":[[ms,v]]}]}`, or of kind `heat` with
    /// `"times":[ms],"edges":[low, …, high],"cells":[[time,row,count]]`.
    void json(JsonGenerator out) throws IOException {
        out.writeStringField("error", error);
        out.writeStringField("kind", heat.isPresent() ? "heat" : "lines");
        out.writeNumberField("from", form.span().from().toEpochMilli());
        out.writeNumberField("to", form.span().to().toEpochMilli());
        out.writeNumberField("step", stepMs);
        out.writeStringField("sql", sql);
        if (heat.isPresent()) {
            heat.get().json(out);
        }
        out.writeArrayFieldStart("lines");
        for (LineOf line : lines) {
            out.writeStartObject();
            out.writeStringField("name", line.name());
            out.writeBooleanField("earlier", line.earlier());
            Reply.points(out, line.points());
            out.writeEndObject();
        }
        out.writeEndArray();
    }
}
