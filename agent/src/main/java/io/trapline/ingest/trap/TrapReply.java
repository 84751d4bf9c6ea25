package io.trapline.ingest.trap;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// The JSON of an answer.
///
/// @param retryAfterS 0 = no `Retry-After`
record TrapReply(int status, String json, int retryAfterS) {

    static TrapReply error(int status, String text) {
        return error(status, text, 0);
    }

    static TrapReply error(int status, String text, int retryAfterS) {
        return new TrapReply(status, "{\"error\":\"" + quoted(text) + "\"}", retryAfterS);
    }

    static TrapReply done(long stats, long filtered, Optional<String> error) {
        String lost = error.map(text -> ",\"error\":\"" + quoted(text) + "\"").orElse("");
        return new TrapReply(
                200, "{\"stats\":" + stats + ",\"filtered\":" + filtered + lost + "}", 0);
    }

    /// For `x-circonus-httptrap-debug`: the metrics of the check's running period.
    static TrapReply debug(long stats, Map<String, SampleValue> running) {
        StringBuilder json =
                new StringBuilder("{\"stats\":").append(stats).append(",\"metrics\":{");
        String separator = "";
        for (Map.Entry<String, SampleValue> metric : running.entrySet()) {
            json.append(separator)
                    .append('"')
                    .append(quoted(metric.getKey()))
                    .append("\":{\"_type\":\"")
                    .append(metric.getValue().type().letter())
                    .append("\",\"_value\":\"")
                    .append(quoted(text(metric.getValue())))
                    .append("\"}");
            separator = ",";
        }
        return new TrapReply(200, json.append("}}").toString(), 0);
    }

    /// The same when the running period is not known.
    static TrapReply noDebug(long stats, String error) {
        return new TrapReply(
                200,
                "{\"stats\":" + stats + ",\"metrics\":{},\"error\":\"" + quoted(error) + "\"}",
                0);
    }

    byte[] body() {
        return json.getBytes(StandardCharsets.UTF_8);
    }

    private static String text(SampleValue value) {
        return switch (value) {
            case SampleValue.Real(double number, _) ->
                    Double.isFinite(number)
                            ? String.format(Locale.ROOT, "%.12e", number)
                            : Double.isNaN(number) ? "nan" : number < 0 ? "-inf" : "inf";
            case SampleValue.Whole(SampleType type, long bits) ->
                    type == SampleType.UINT64 ? Long.toUnsignedString(bits) : Long.toString(bits);
            case SampleValue.Text(String text) -> text;
            case SampleValue.Absent _, SampleValue.Histogram _ -> "[[null]]";
        };
    }

    private static String quoted(String text) {
        return new String(JsonStringEncoder.getInstance().quoteAsString(text));
    }
}
