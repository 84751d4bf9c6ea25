package io.trapline.web.page;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.trapline.config.OutsideJson;
import io.trapline.web.page.Ask.Answer;
import io.trapline.web.page.Ask.Row;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// The answer of a query as a chart, where it looks like one: a column of times makes lines, one of
/// texts makes columns side by side; numbers are drawn.
final class ResultChart {
    private static final Pattern TIME =
            Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d(\\.\\d+)?Z");
    private static final int MOST_LINES = 20;
    private static final int MOST_POINTS = 10_000;
    private static final int MOST_COLUMNS = 60;
    private static final JsonFactory JSON = OutsideJson.factory();

    private enum Kind {
        TIME,
        NUMBER,
        TEXT,
        OTHER
    }

    private ResultChart() {}

    static Optional<String> of(Answer answer) {
        if (answer.rows().size() < 2 || answer.rows().size() > MOST_POINTS) {
            return Optional.empty();
        }
        List<Integer> times = at(answer, Kind.TIME);
        List<Integer> numbers = at(answer, Kind.NUMBER);
        List<Integer> texts = at(answer, Kind.TEXT);
        if (numbers.isEmpty()) {
            return Optional.empty();
        }
        if (!times.isEmpty()
                && (texts.isEmpty()
                        || texts.getFirst() > times.getFirst()
                        || !isEachOnce(answer, texts))) {
            return lines(answer, times.getFirst(), numbers, texts);
        }
        return texts.isEmpty() || answer.rows().size() > MOST_COLUMNS
                ? Optional.empty()
                : columns(answer, numbers, texts);
    }

    /// Rows that a text tells apart are compared by it, even when a time stands beside it.
    private static boolean isEachOnce(Answer answer, List<Integer> texts) {
        return answer.rows().stream().map(row -> label(row, texts)).distinct().count()
                == answer.rows().size();
    }

    private static List<Integer> at(Answer answer, Kind kind) {
        List<Integer> places = new ArrayList<>();
        for (int i = 0; i < answer.columns().size(); i++) {
            int at = i;
            List<Kind> kinds =
                    answer.rows().stream()
                            .map(row -> row.cell(at))
                            .filter(cell -> cell != null)
                            .map(ResultChart::kind)
                            .distinct()
                            .toList();
            if (kinds.equals(List.of(kind))) {
                places.add(i);
            }
        }
        return places;
    }

    private static Kind kind(@Nullable Object cell) {
        return switch (cell) {
            case Number _ -> Kind.NUMBER;
            case String text -> TIME.matcher(text).matches() ? Kind.TIME : Kind.TEXT;
            case null, default -> Kind.OTHER;
        };
    }

    private static String label(Row row, List<Integer> texts) {
        return String.join(" ", texts.stream().map(row::text).toList());
    }

    private static Optional<String> lines(
            Answer answer, int time, List<Integer> numbers, List<Integer> texts) {
        Map<String, List<double[]>> lines = new LinkedHashMap<>();
        for (Row row : answer.rows()) {
            if (row.text(time).isEmpty()) {
                continue;
            }
            long at = Instant.parse(row.text(time)).toEpochMilli();
            for (int number : numbers) {
                String column =
                        numbers.size() > 1 || texts.isEmpty() ? answer.columns().get(number) : "";
                lines.computeIfAbsent(
                                (label(row, texts) + " " + column).strip(), _ -> new ArrayList<>())
                        .add(new double[] {at, row.number(number)});
            }
        }
        return json(out -> {
            out.writeStringField("kind", "lines");
            out.writeArrayFieldStart("lines");
            for (var line : lines.entrySet().stream().limit(MOST_LINES).toList()) {
                line.getValue().sort(Comparator.comparingDouble(point -> point[0]));
                out.writeStartObject();
                out.writeStringField("name", line.getKey());
                Reply.points(out, line.getValue());
                out.writeEndObject();
            }
            out.writeEndArray();
        });
    }

    private static Optional<String> columns(
            Answer answer, List<Integer> numbers, List<Integer> texts) {
        return json(out -> {
            out.writeStringField("kind", "columns");
            out.writeArrayFieldStart("names");
            for (Row row : answer.rows()) {
                out.writeString(label(row, texts));
            }
            out.writeEndArray();
            out.writeArrayFieldStart("lines");
            for (int number : numbers) {
                out.writeStartObject();
                out.writeStringField("name", answer.columns().get(number));
                out.writeArrayFieldStart("points");
                for (Row row : answer.rows()) {
                    Reply.number(out, row.number(number));
                }
                out.writeEndArray();
                out.writeEndObject();
            }
            out.writeEndArray();
        });
    }

    private static Optional<String> json(Reply.Members members) {
        StringWriter text = new StringWriter();
        try (JsonGenerator out = JSON.createGenerator(text)) {
            out.writeStartObject();
            members.write(out);
            out.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory failed", e);
        }
        return Optional.of(text.toString());
    }
}
