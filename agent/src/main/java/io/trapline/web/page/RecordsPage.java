package io.trapline.web.page;

import com.fasterxml.jackson.core.JsonGenerator;
import io.trapline.web.page.Ask.Answer;
import io.trapline.web.page.Ask.Row;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Logs, events and RUM, newest first.
///
/// @param statuses what states there are, with their counts
/// @param open events whose last word is abnormal; of the category `keyevent` alone
/// @param known whether the store has said; if it has not, an empty list says nothing
/// @param older where the next page is, empty at the end
/// @param newest where the first page is, empty on it
/// @param tail where new records are told as they come, empty where the list is not about now
/// @param elsewhere when nothing fits: when the newest was that fits, with the page that shows it
record RecordsPage(
        Params params,
        Span span,
        List<CollectorPage.Choice> statuses,
        List<OpenEvents.Open> open,
        boolean known,
        Rows rows,
        String older,
        String newest,
        String data,
        String bare,
        String tail,
        List<Span.Link> moves,
        List<Span.Link> elsewhere,
        String error) {
    static final String PATH = "/ui/records";
    private static final int PAGE = 50;
    private static final int STEPS = 96;

    /// @param params of the page, for links that narrow the search
    record Rows(Params params, List<RecordEntry> entries) {
        String link(String field, String value) {
            String safe = value.replace("\"", "");
            String part = field + (safe.matches("[^\\s*]+") ? ":" + safe : ":\"" + safe + "\"");
            String search = params.get("q");
            return params.with("before", "")
                    .with("skip", "")
                    .with("q", search.isEmpty() ? part : search + " " + part)
                    .at(PATH);
        }
    }

    String category() {
        return params.get("category");
    }

    String search() {
        return params.get("q");
    }

    String source() {
        return params.get("source");
    }

    List<String> ranges() {
        return Span.ranges();
    }

    String heading() {
        return switch (category()) {
            case "logging" -> "Logs";
            case "keyevent" -> "Events";
            case "rum" -> "RUM";
            case "object", "custom_object" -> "Reports of objects";
            default -> "All records";
        };
    }

    /// The condition of the page except time and state.
    static String filter(Params params) {
        StringBuilder where = new StringBuilder();
        if (!params.get("category").isEmpty()) {
            where.append(" AND category = ").append(Sql.text(params.get("category")));
        }
        if (!params.get("source").isEmpty()) {
            where.append(" AND source = ").append(Sql.text(params.get("source")));
        }
        return where + Search.of(params.get("q")).sql();
    }

    /// The same, of the chosen state alone.
    static String narrow(Params params) {
        return filter(params) + status(params);
    }

    private static String status(Params params) {
        String status = params.get("status");
        return status.isEmpty()
                ? ""
                : " AND lower("
                        + Search.STATUS
                        + ") = lower("
                        + Sql.text(status.equals("none") ? "" : status)
                        + ")";
    }

    private static String within(Span span) {
        return "time >= " + Sql.time(span.from()) + " AND time <= " + Sql.time(span.to());
    }

    static RecordsPage of(Params params, Ask ask, Instant now) {
        Span span = Span.of(params, "1h", now);
        Params first = params.with("before", "").with("skip", "");
        long before = params.number("before", Long.MAX_VALUE);
        long skip = Math.max(0, params.number("skip", 0));
        String filter = narrow(params);
        Answer found =
                ask.rows(
                        "SELECT "
                                + RecordEntry.COLUMNS
                                + " FROM records WHERE "
                                + within(span)
                                + " AND time_ns <= "
                                + before
                                + filter
                                + " ORDER BY time_ns DESC, source, name, fields::VARCHAR LIMIT "
                                + (PAGE + 1)
                                + " OFFSET "
                                + skip);
        List<RecordEntry> entries = found.rows().stream().limit(PAGE).map(RecordEntry::of).toList();
        String older = "";
        if (found.rows().size() > PAGE) {
            // Records of one time may fill more than a page: those already shown are skipped.
            long last = entries.getLast().timeNs();
            long same = entries.stream().filter(entry -> entry.timeNs() == last).count();
            older =
                    params.with("before", String.valueOf(last))
                            .with("skip", String.valueOf(last == before ? skip + same : same))
                            .at(PATH);
        }
        Answer counted =
                ask.rows(
                        "SELECT lower("
                                + Search.STATUS
                                + ") AS word, count(*) FROM records WHERE "
                                + within(span)
                                + filter(first)
                                + " GROUP BY word ORDER BY count(*) DESC LIMIT 12");
        Answer open =
                params.get("category").equals("keyevent")
                        ? ask.rows(OpenEvents.sql(within(span), filter(params), span.to()))
                        : Answer.NONE;
        boolean live = before == Long.MAX_VALUE && !span.isFixed();
        return new RecordsPage(
                params,
                span,
                statuses(first, counted),
                OpenEvents.of(
                        open, new Rows(params.with("q", "").with("status", ""), List.of()), now),
                found.isKnown(),
                new Rows(first, entries),
                older,
                before == Long.MAX_VALUE ? "" : first.at(PATH),
                first.at("/ui/data/records"),
                first.with("from", "").with("to", "").with("range", "").at(PATH),
                live
                        ? first.with(
                                        "after",
                                        String.valueOf(
                                                entries.isEmpty()
                                                        ? now.getEpochSecond() * 1_000_000_000L
                                                        : entries.getFirst().timeNs()))
                                .at("/ui/tail")
                        : "",
                span.moves(first, PATH),
                entries.isEmpty() && found.error().isEmpty()
                        ? elsewhere(first, filter, ask)
                        : List.of(),
                ask.note(found, counted, open));
    }

    private static List<CollectorPage.Choice> statuses(Params params, Answer found) {
        List<CollectorPage.Choice> choices = new ArrayList<>();
        String chosen = params.get("status");
        choices.add(
                new CollectorPage.Choice(
                        "any state", params.with("status", "").at(PATH), chosen.isEmpty()));
        for (Row row : found.rows()) {
            String word = row.text(0).isEmpty() ? "none" : row.text(0);
            choices.add(
                    new CollectorPage.Choice(
                            word + " " + Show.number(row.number(1)),
                            params.with("status", word).at(PATH),
                            word.equalsIgnoreCase(chosen)));
        }
        return choices;
    }

    /// For the type-ahead of the source.
    static List<String> sources(Params params, Ask ask) {
        return ask
                .rows(
                        "SELECT DISTINCT source FROM records WHERE contains(lower(source), lower("
                                + Sql.text(params.get("source"))
                                + "))"
                                + (params.get("category").isEmpty()
                                        ? ""
                                        : " AND category = " + Sql.text(params.get("category")))
                                + " ORDER BY source LIMIT 50",
                        Ask.IMPATIENCE)
                .rows()
                .stream()
                .map(row -> row.text(0))
                .toList();
    }

    private static List<Span.Link> elsewhere(Params params, String filter, Ask ask) {
        Answer newest = ask.rows("SELECT max(time) FROM records WHERE true" + filter);
        if (newest.rows().isEmpty() || newest.rows().getFirst().text(0).isEmpty()) {
            return List.of();
        }
        Instant at = Instant.parse(newest.rows().getFirst().text(0));
        Instant to = Instant.ofEpochSecond(at.getEpochSecond() + 60);
        return List.of(
                new Span.Link(
                        Show.time(at),
                        new Span(to.minusSeconds(3600), to, "").in(params).at(PATH)));
    }

    /// Counts over time, of each state, or of each name or category where there are no states:
    /// `{"error":"","kind":"bars","from":ms,"to":ms,"step":ms,"lines":[{"name":"…","points":[[ms,n]]}]}`
    static void json(Params params, Ask ask, Instant now, JsonGenerator out) throws IOException {
        Span span = Span.of(params, "1h", now);
        long step = span.stepMs(STEPS, 1000);
        String line =
                switch (params.get("category")) {
                    case "rum" -> "name";
                    case "" -> "category";
                    default -> "lower(" + Search.STATUS + ")";
                };
        Answer found =
                ask.rows(
                        "SELECT epoch_ms(time) // %d * %d AS t, %s AS line, count(*) FROM records WHERE %s%s GROUP BY t, line ORDER BY line, t LIMIT 5000"
                                .formatted(step, step, line, within(span), narrow(params)));
        Map<String, List<Row>> lines = new LinkedHashMap<>();
        for (Row row : found.rows()) {
            lines.computeIfAbsent(row.text(1), _ -> new ArrayList<>()).add(row);
        }
        out.writeStringField("error", found.error());
        out.writeStringField("kind", "bars");
        out.writeNumberField("from", span.from().toEpochMilli() / step * step);
        out.writeNumberField("to", span.to().toEpochMilli());
        out.writeNumberField("step", step);
        out.writeArrayFieldStart("lines");
        for (Map.Entry<String, List<Row>> each : lines.entrySet()) {
            out.writeStartObject();
            out.writeStringField("name", each.getKey().isEmpty() ? "no state" : each.getKey());
            out.writeStringField("tone", RecordEntry.tone(each.getKey()));
            out.writeArrayFieldStart("points");
            for (Row row : each.getValue()) {
                out.writeStartArray();
                out.writeNumber(row.whole(0));
                out.writeNumber(row.whole(2));
                out.writeEndArray();
            }
            out.writeEndArray();
            out.writeEndObject();
        }
        out.writeEndArray();
    }
}
