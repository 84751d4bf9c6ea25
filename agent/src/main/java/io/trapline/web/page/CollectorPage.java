package io.trapline.web.page;

import io.trapline.collector.CollectorStatus;
import io.trapline.collector.InputStatus;
import io.trapline.web.page.Ask.Answer;
import io.trapline.web.page.Ask.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// One collector: its runs, the one that failed, and what it reported.
///
/// @param id the name under which the ledger has it
/// @param status empty when only the ledger still knows it
/// @param chosen the run that is looked at: the one asked for, else the last that failed
/// @param runs empty when the store has not said; so with `reported` and `streams`
/// @param finding what is wrong with it, as the overview says it
/// @param error why the store's figures are not those of now, or not there; empty if nothing
/// @param older where the next page of the ledger is, empty at its end
record CollectorPage(
        String input,
        String id,
        Optional<CollectorStatus> status,
        Instant now,
        String outcome,
        List<Choice> outcomes,
        Optional<List<Run>> runs,
        String older,
        String newest,
        Optional<Run> chosen,
        List<Line> excerpt,
        Optional<List<Reported>> reported,
        Optional<List<Stream>> streams,
        String data,
        String metrics,
        String records,
        Optional<Verdict.Finding> finding,
        String error) {
    private static final int PAGE = 30;
    private static final int MOST_REPORTED = 100;
    private static final int MOST_STREAMS = 200;
    private static final int AROUND = 4;
    private static final long MOST_SOURCE = 1L << 20;
    private static final Pattern FRAME = Pattern.compile("File \"(.+)\", line (\\d+)");

    record Choice(String word, String link, boolean chosen) {}

    record Run(
            String planned,
            String link,
            String outcome,
            String tone,
            String duration,
            String late,
            long points,
            String why,
            String error) {}

    /// @param culprit whether the traceback names it
    record Line(int number, String text, boolean culprit) {}

    record Reported(String time, String name, String tags, String value) {}

    record Stream(String name, String link, long samples, String last, String value) {}

    boolean isKnown() {
        return status.isPresent() || runs.filter(List::isEmpty).isEmpty();
    }

    static CollectorPage of(List<InputStatus> inputs, Params params, Ask ask, Instant now) {
        String input = params.get("input");
        String id = params.get("collector");
        String outcome = params.get("outcome");
        Optional<CollectorStatus> status =
                inputs.stream()
                        .filter(each -> each.name().equals(input))
                        .flatMap(each -> each.collectors().stream())
                        .filter(each -> each.name().equals(id))
                        .findFirst();
        String mine = "input = " + Sql.text(input) + " AND collector = " + Sql.text(id);
        Optional<Instant> before = time(params.get("before"));
        Answer rows =
                ask.rows(
                        runs(
                                mine
                                        + (outcome.isEmpty()
                                                ? ""
                                                : " AND outcome = " + Sql.text(outcome))
                                        + before.map(t -> " AND planned < " + Sql.time(t))
                                                .orElse(""),
                                PAGE + 1));
        Optional<List<Run>> runs =
                rows.isKnown()
                        ? Optional.of(
                                rows.rows().stream()
                                        .limit(PAGE)
                                        .map(row -> run(row, params))
                                        .toList())
                        : Optional.empty();
        String older =
                rows.rows().size() > PAGE
                        ? params.with("before", rows.rows().get(PAGE - 1).text(0))
                                .at("/ui/collector")
                        : "";
        Answer chosenRow =
                ask.rows(
                        runs(
                                mine
                                        + time(params.get("run"))
                                                .map(t -> " AND planned = " + Sql.time(t))
                                                .orElse(
                                                        " AND outcome IN ('error',"
                                                                + " 'timeout', 'crashed')"),
                                1));
        Optional<Run> chosen = chosenRow.rows().stream().map(row -> run(row, params)).findFirst();
        Answer figures =
                ask.rows(
                        RunFigures.sql(
                                mine, status.map(CollectorStatus::interval).orElse(0.0), now));
        String source = "pythond/" + input + "/" + id;
        Params link = Params.of("source", source);
        Answer reported = ask.rows(reportedSql(source));
        Answer streams = ask.rows(streamsSql(source));
        List<Choice> outcomes = new ArrayList<>();
        for (String word : List.of("", "ok", "error", "timeout", "skipped", "crashed")) {
            outcomes.add(
                    new Choice(
                            word.isEmpty() ? "all" : word,
                            params.with("outcome", word).with("before", "").at("/ui/collector")
                                    + "#ledger",
                            word.equals(outcome)));
        }
        return new CollectorPage(
                input,
                id,
                status,
                now,
                outcome,
                outcomes,
                runs,
                older,
                before.isPresent() ? params.with("before", "").at("/ui/collector") : "",
                chosen,
                status.flatMap(each -> chosen.map(run -> excerpt(each.file(), run.error())))
                        .orElseGet(List::of),
                reported.isKnown()
                        ? Optional.of(
                                reported.rows().stream().map(CollectorPage::reported).toList())
                        : Optional.empty(),
                streams.isKnown()
                        ? Optional.of(
                                streams.rows().stream().map(row -> stream(row, source)).toList())
                        : Optional.empty(),
                Params.of("input", input, "collector", id).at("/ui/data/runs"),
                link.at("/ui/metrics"),
                link.at("/ui/records"),
                status.flatMap(each ->
                        Verdict.collector(
                                input,
                                each,
                                Optional.ofNullable(
                                        RunFigures.of(figures).get(RunFigures.key(input, id))),
                                now)),
                ask.note(rows, chosenRow, figures, reported, streams));
    }

    private static String runs(String where, int limit) {
        return "SELECT planned, started, duration_ms, outcome, points, error,"
                + " (epoch_us(started) - epoch_us(planned)) / 1000 FROM runs WHERE "
                + where
                + " ORDER BY planned DESC LIMIT "
                + limit;
    }

    private static Run run(Row row, Params params) {
        return new Run(
                row.text(0),
                params.with("run", row.text(0)).at("/ui/collector") + "#run",
                row.text(3),
                Overview.outcomeTone(row.text(3)),
                Show.millis(row.number(2)),
                Show.millis(row.number(6)),
                row.whole(4),
                io.trapline.model.Run.summary(row.text(5)),
                row.text(5).stripTrailing());
    }

    /// The collector's own file around the line that the traceback names last; no other file is
    /// ever opened, whatever a traceback says.
    private static List<Line> excerpt(String file, String traceback) {
        int at = 0;
        Matcher frames = FRAME.matcher(traceback);
        while (frames.find()) {
            if (frames.group(1).equals(file)) {
                at = frames.group(2).length() < 8 ? Integer.parseInt(frames.group(2)) : 0;
            }
        }
        List<Line> lines = new ArrayList<>();
        try {
            if (at == 0 || Files.size(Path.of(file)) > MOST_SOURCE) {
                return lines;
            }
            List<String> all = Files.readAllLines(Path.of(file));
            for (int i = Math.max(1, at - AROUND); i <= Math.min(all.size(), at + AROUND); i++) {
                lines.add(new Line(i, all.get(i - 1), i == at));
            }
        } catch (IOException | RuntimeException _) {
            // The traceback says enough; the file may be gone or changed by now.
            return List.of();
        }
        return lines;
    }

    private static String reportedSql(String source) {
        return """
        WITH mine AS (SELECT * FROM metrics WHERE source = %1$s),
        notes AS (SELECT * FROM records WHERE source = %1$s)
        SELECT time, name, tags, text, value, NULL, histogram IS NOT NULL FROM mine
        WHERE time > (SELECT max(time) FROM mine) - INTERVAL 1 SECOND
        UNION ALL
        SELECT time, name || ' (' || category || ')', tags, NULL, NULL, fields, false FROM notes
        WHERE time > (SELECT max(time) FROM notes) - INTERVAL 1 SECOND
        ORDER BY 1 DESC, 2 LIMIT %2$d\
        """
                .formatted(Sql.text(source), MOST_REPORTED);
    }

    private static Reported reported(Row row) {
        return new Reported(
                row.text(0),
                row.text(1),
                tags(row.cell(2)),
                row.cell(5) == null
                        ? value(row.text(3), row.text(4), Boolean.TRUE.equals(row.cell(6)))
                        : row.text(5));
    }

    /// Of a sample: its text, which has all digits where a number cannot, or its number.
    static String value(String text, String number, boolean histogram) {
        return !text.isEmpty() ? text : number.isEmpty() && histogram ? "histogram" : number;
    }

    static String tags(@org.jspecify.annotations.Nullable Object cell) {
        if (!(cell instanceof java.util.Map<?, ?> map)) {
            return "";
        }
        List<String> each = new ArrayList<>();
        map.forEach((key, value) -> each.add(key + "=" + value));
        return String.join("  ", each);
    }

    private static String streamsSql(String source) {
        return """
        SELECT stream, any_value(name), count(*), max(time), arg_max(
            {'text': text, 'value': value, 'histogram': histogram IS NOT NULL}, time_ns)
        FROM metrics WHERE source = %s GROUP BY stream ORDER BY stream LIMIT %d\
        """
                .formatted(Sql.text(source), MOST_STREAMS);
    }

    private static Stream stream(Row row, String source) {
        return new Stream(
                row.text(0),
                Params.of("source", source, "name", row.text(1)).at("/ui/metrics"),
                row.whole(2),
                row.text(3),
                row.cell(4) instanceof Map<?, ?> last
                        ? value(
                                Show.value(last.get("text")),
                                Show.value(last.get("value")),
                                Boolean.TRUE.equals(last.get("histogram")))
                        : "");
    }

    /// Durations and lateness of the newest runs, for the charts.
    static String chartSql(Params params) {
        return "SELECT epoch_ms(planned), duration_ms, (epoch_us(started) - epoch_us(planned)) /"
                + " 1000, outcome FROM (SELECT * FROM runs WHERE input = "
                + Sql.text(params.get("input"))
                + " AND collector = "
                + Sql.text(params.get("collector"))
                + " AND outcome <> 'skipped' ORDER BY planned DESC LIMIT 500) ORDER BY planned";
    }

    private static Optional<Instant> time(String text) {
        try {
            return text.isEmpty() ? Optional.empty() : Optional.of(Instant.parse(text));
        } catch (DateTimeParseException _) {
            return Optional.empty();
        }
    }
}
