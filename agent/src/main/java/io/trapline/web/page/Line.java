package io.trapline.web.page;

import io.trapline.web.page.Ask.Answer;
import io.trapline.web.page.Ask.Row;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A line of a chart, with its figures.
///
/// @param earlier whether it is of the time that the others are compared with
/// @param points pairs of milliseconds and value, in order of time
/// @param band least and most of the samples of each point, empty where there is no difference
/// @param gapMs two points further apart are not joined: between them there were no samples
record Line(
        String name,
        boolean earlier,
        List<double[]> points,
        List<double[]> band,
        double gapMs,
        Figures figures) {

    /// Of all samples of the line, or of its points where each of them stands for a step.
    record Figures(double last, double least, double mean, double most, long values) {}

    String last() {
        return Show.number(figures.last());
    }

    String least() {
        return Show.number(figures.least());
    }

    String mean() {
        return Show.number(figures.mean());
    }

    String most() {
        return Show.number(figures.most());
    }

    String count() {
        return String.valueOf(figures.values());
    }

    Line named(String other) {
        return new Line(other, true, points, band, gapMs, figures);
    }

    /// @param answer of [MetricSql#lines] or [MetricSql#histogramLines]
    /// @param usualMs how far apart samples usually are, NaN when that is not known
    /// @param laterMs what is added to all times
    static List<Line> of(Answer answer, long stepMs, double usualMs, long laterMs) {
        Map<String, List<Row>> lines = new LinkedHashMap<>();
        for (Row row : answer.rows()) {
            lines.computeIfAbsent(row.text(1), _ -> new ArrayList<>()).add(row);
        }
        boolean ofSamples = answer.columns().size() > 3;
        return lines.entrySet().stream()
                .map(line ->
                        of(line.getKey(), line.getValue(), ofSamples, stepMs, usualMs, laterMs))
                .toList();
    }

    private static Line of(
            String name,
            List<Row> rows,
            boolean ofSamples,
            long stepMs,
            double usualMs,
            long laterMs) {
        List<double[]> points = new ArrayList<>();
        List<double[]> band = new ArrayList<>();
        double least = Double.NaN;
        double most = Double.NaN;
        double sum = 0;
        double weight = 0;
        for (Row row : rows) {
            points.add(new double[] {row.number(0) + laterMs, row.number(2)});
            double low = row.number(ofSamples ? 3 : 2);
            double high = row.number(ofSamples ? 4 : 2);
            double samples = ofSamples ? row.number(6) : 1;
            band.add(new double[] {low, high});
            least = Double.isNaN(least) ? low : Math.min(least, low);
            most = Double.isNaN(most) ? high : Math.max(most, high);
            sum += row.number(ofSamples ? 5 : 2) * samples;
            weight += samples;
        }
        boolean differs = band.stream().anyMatch(pair -> pair[1] > pair[0]);
        Row newest = rows.getLast();
        return new Line(
                name,
                false,
                points,
                ofSamples && differs ? band : List.of(),
                gap(points, stepMs, usualMs),
                new Figures(
                        newest.number(newest.cells().size() > 7 ? 7 : 2),
                        least,
                        sum / weight,
                        most,
                        Math.round(weight)));
    }

    /// Three times as long as usual without a sample is a hole. Samples of this line may come more
    /// seldom than is usual among all lines.
    private static double gap(List<double[]> points, long stepMs, double usualMs) {
        double[] distances = new double[Math.max(0, points.size() - 1)];
        for (int i = 0; i < distances.length; i++) {
            distances[i] = points.get(i + 1)[0] - points.get(i)[0];
        }
        Arrays.sort(distances);
        double own = distances.length == 0 ? stepMs : distances[distances.length / 2];
        double usual = own > 1.5 * stepMs ? own : Double.isNaN(usualMs) ? stepMs : usualMs;
        return Math.max(3 * usual, (double) stepMs) + stepMs / 2.0;
    }
}
