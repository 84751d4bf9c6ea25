package io.trapline.web.page;

import com.fasterxml.jackson.core.JsonGenerator;
import io.trapline.web.page.Ask.Row;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/// Histograms over time: columns are steps of time, rows are stretches of value, each cell the
/// count in it. The bins of the histograms are of many widths; a bin that lies in several rows is
/// shared out among them by its width.
///
/// @param edges of the rows, ascending, one more than rows
/// @param cells column, row, count
/// @param bins all of the time together: lower edge, width, count
record Heat(
        long fromMs,
        long stepMs,
        int columns,
        List<Double> edges,
        List<double[]> cells,
        List<double[]> bins) {
    private static final int ROWS = 36;

    /// Above this ratio of the largest to the smallest value, rows grow with the value.
    private static final double WIDE = 50;

    /// @param rows t in ms, bin, width, count
    static Optional<Heat> of(List<Row> rows, Span span, long step) {
        if (rows.isEmpty()) {
            return Optional.empty();
        }
        double low = Double.POSITIVE_INFINITY;
        double high = Double.NEGATIVE_INFINITY;
        TreeMap<Double, double[]> together = new TreeMap<>();
        for (Row row : rows) {
            double bin = row.number(1);
            low = Math.min(low, bin);
            high = Math.max(high, bin + row.number(2));
            together.computeIfAbsent(bin, _ -> new double[] {bin, row.number(2), 0})[2] +=
                    row.number(3);
        }
        List<Double> edges = edges(low, high);
        long from = span.from().toEpochMilli() / step * step;
        int columns = (int) ((span.to().toEpochMilli() - 1 - from) / step) + 1;
        double[][] counts = new double[columns][edges.size() - 1];
        for (Row row : rows) {
            int column = (int) ((row.whole(0) - from) / step);
            if (column >= 0 && column < columns) {
                share(row.number(1), row.number(2), row.number(3), edges, counts[column]);
            }
        }
        List<double[]> cells = new ArrayList<>();
        for (int x = 0; x < columns; x++) {
            for (int y = 0; y < edges.size() - 1; y++) {
                if (counts[x][y] > 0) {
                    cells.add(new double[] {x, y, counts[x][y]});
                }
            }
        }
        return Optional.of(
                new Heat(from, step, columns, edges, cells, List.copyOf(together.values())));
    }

    private static List<Double> edges(double low, double high) {
        double top = high > low ? high : low + 1;
        List<Double> edges = new ArrayList<>();
        boolean grows = low > 0 && top / low > WIDE;
        for (int i = 0; i <= ROWS; i++) {
            double part = (double) i / ROWS;
            edges.add(grows ? low * Math.pow(top / low, part) : low + (top - low) * part);
        }
        return edges;
    }

    private static void share(
            double bin, double width, double count, List<Double> edges, double[] rows) {
        for (int y = 0; y < rows.length; y++) {
            double from = Math.max(bin, edges.get(y));
            double to = Math.min(bin + width, edges.get(y + 1));
            if (to > from) {
                rows[y] += count * (to - from) / width;
            } else if (width == 0
                    && bin >= edges.get(y)
                    && (bin < edges.get(y + 1) || y == rows.length - 1)) {
                rows[y] += count;
                return;
            }
        }
    }

    String total() {
        return Show.number(bins.stream().mapToDouble(bin -> bin[2]).sum());
    }

    String least() {
        return Show.number(bins.getFirst()[0]);
    }

    String most() {
        return Show.number(bins.getLast()[0] + bins.getLast()[1]);
    }

    /// The value below which a part of all lies, evenly spread within its bin.
    String quantile(double part) {
        double wanted = part * bins.stream().mapToDouble(bin -> bin[2]).sum();
        double below = 0;
        for (double[] bin : bins) {
            if (below + bin[2] >= wanted) {
                return Show.number(bin[0] + bin[1] * (bin[2] == 0 ? 0 : (wanted - below) / bin[2]));
            }
            below += bin[2];
        }
        return most();
    }

    void json(JsonGenerator out) throws IOException {
        out.writeArrayFieldStart("times");
        for (int x = 0; x < columns; x++) {
            out.writeNumber(fromMs + x * stepMs);
        }
        out.writeEndArray();
        out.writeArrayFieldStart("edges");
        for (double edge : edges) {
            Reply.number(out, edge);
        }
        out.writeEndArray();
        out.writeArrayFieldStart("cells");
        for (double[] cell : cells) {
            out.writeStartArray();
            for (double value : cell) {
                Reply.number(out, value);
            }
            out.writeEndArray();
        }
        out.writeEndArray();
    }
}
