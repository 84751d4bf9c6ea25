package io.trapline.ingest.trap;

import io.trapline.journal.JournalException;
import io.trapline.model.PlainNumber;
import io.trapline.model.SampleValue;
import io.trapline.period.Measurement;
import io.trapline.period.StreamId;
import io.trapline.registry.Check;
import java.io.ByteArrayInputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/// Reads a submission as a check would, with its decoder and its filter rules, and stores nothing.
/// Lists of rules that learn (`_auto_add`) begin empty.
public final class TrapTrial {
    private static final int MOST_ROWS = 1000;
    private static final int MOST_TEXT = 200;

    private final TrapDecoder decoder;

    public TrapTrial(Check check) {
        decoder = new TrapDecoder(RegisteredChecks.trapCheck(check), TrapLimits.DEFAULT);
    }

    /// @param rows in the order of the body
    /// @param more rows that are left out
    /// @param problem what cannot be read or kept, empty if nothing
    public record Result(List<Row> rows, int more, String problem) {
        public Result {
            rows = List.copyOf(rows);
        }
    }

    /// @param stream canonical, with its tags
    /// @param type the letter, as it is stored
    /// @param value for people
    /// @param rule the index of the filter rule that decided
    public record Row(String stream, char type, String value, boolean stored, OptionalInt rule) {}

    public Result read(byte[] body, Instant now) {
        List<Row> rows = new ArrayList<>();
        int[] more = new int[1];
        try {
            TrapResult result =
                    decoder.decode(
                            new ByteArrayInputStream(body),
                            now.toEpochMilli(),
                            measurement -> {
                                if (rows.size() < MOST_ROWS) {
                                    rows.add(row(measurement, now));
                                } else {
                                    more[0]++;
                                }
                            });
            return new Result(
                    rows,
                    more[0],
                    switch (result) {
                        case TrapResult.Malformed(_, String message) -> message;
                        case TrapResult.Unreadable(_, String message) -> message;
                        case TrapResult.Done(_, _, var lost) -> lost.orElse("");
                    });
        } catch (JournalException e) {
            throw new IllegalStateException("nothing is stored here", e);
        }
    }

    /// Whether a stream would be stored.
    ///
    /// @param canonical `name|ST[a:b]`
    public boolean stores(String canonical, Instant now) {
        try {
            StreamId stream = TaggedName.parse(canonical, List.of());
            return decoder.judge(stream, now.toEpochMilli()).accepted();
        } catch (TaggedName.BadNameException _) {
            return false;
        }
    }

    private Row row(Measurement measurement, Instant now) {
        FilterSet.Verdict verdict = decoder.judge(measurement.stream(), now.toEpochMilli());
        OptionalInt rule =
                verdict.rule() == FilterSet.NO_RULE
                        ? OptionalInt.empty()
                        : OptionalInt.of(verdict.rule());
        String stream = measurement.stream().canonical();
        boolean stored = measurement.accepted();
        return switch (measurement) {
            case Measurement.Plain(_, _, SampleValue value) ->
                    new Row(stream, value.type().letter(), text(value), stored, rule);
            case Measurement.Flagged(_, _, Measurement.Flag flag, SampleValue value, _) ->
                    new Row(
                            stream,
                            value.type().letter(),
                            text(value)
                                    + (flag == Measurement.Flag.SUM
                                            ? ", added to the period's sum"
                                            : ", part of the period's average"),
                            stored,
                            rule);
            case Measurement.Timed(_, _, SampleValue value, long timeMs) ->
                    new Row(
                            stream,
                            value.type().letter(),
                            text(value) + " at " + Instant.ofEpochMilli(timeMs),
                            stored,
                            rule);
            case Measurement.Distribution(_, _, boolean cumulative, _, var bins) ->
                    new Row(
                            stream,
                            cumulative ? 'H' : 'h',
                            bins.size() + (bins.size() == 1 ? " bin" : " bins") + " of a histogram",
                            stored,
                            rule);
        };
    }

    private static String text(SampleValue value) {
        return switch (value) {
            case SampleValue.Real(double number, var digits) ->
                    digits == null ? PlainNumber.of(number) : digits;
            case SampleValue.Whole(var type, long bits) ->
                    switch (type) {
                        case UINT64 -> Long.toUnsignedString(bits);
                        case INT32, UINT32, INT64, DOUBLE, TEXT, HISTOGRAM, CUMULATIVE_HISTOGRAM ->
                                Long.toString(bits);
                    };
            case SampleValue.Text(String words) ->
                    words.length() > MOST_TEXT ? words.substring(0, MOST_TEXT) + "…" : words;
            case SampleValue.Histogram _ -> "a histogram";
            case SampleValue.Absent _ -> "no value";
        };
    }
}
