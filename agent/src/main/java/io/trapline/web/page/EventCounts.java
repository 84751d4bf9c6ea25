package io.trapline.web.page;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import io.helidon.http.HeaderNames;
import io.helidon.webserver.http.ServerResponse;
import io.trapline.config.OutsideJson;
import io.trapline.web.page.Ask.Answer;
import io.trapline.web.page.Ask.Row;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// How many events of each kind came when, in the shape of a metric's chart:
/// `{"error":"","from":ms,"to":ms,"step":ms,"sql":"…","lines":[{"name":"…","points":[[ms,v]]}]}`. A
/// bucket without events is 0.
final class EventCounts {
    private static final JsonFactory JSON = OutsideJson.factory();
    private static final int BUCKETS = 60;

    private EventCounts() {}

    static void send(
            ServerResponse response,
            Ask ask,
            String source,
            String target,
            Duration length,
            Instant now)
            throws IOException {
        long step = Math.max(1000, length.toMillis() / BUCKETS);
        long to = now.toEpochMilli() / step * step + step;
        long from = to - length.toMillis();
        String sql = PushViewPage.countsSql(source, target, Instant.ofEpochMilli(from), step);
        Answer answer = ask.rows(sql);
        Map<String, Map<Long, Long>> lines = new TreeMap<>();
        for (Row row : answer.rows()) {
            lines.computeIfAbsent(row.text(1), _ -> new TreeMap<>())
                    .put(row.whole(0), row.whole(2));
        }
        List<Long> buckets = new ArrayList<>();
        for (long at = from / step * step; at < to; at += step) {
            buckets.add(at);
        }
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        try (JsonGenerator out = JSON.createGenerator(body)) {
            out.writeStartObject();
            out.writeStringField("error", answer.error());
            out.writeNumberField("from", from);
            out.writeNumberField("to", to);
            out.writeNumberField("step", step);
            out.writeStringField("sql", sql);
            out.writeArrayFieldStart("lines");
            for (Map.Entry<String, Map<Long, Long>> line : lines.entrySet()) {
                out.writeStartObject();
                out.writeStringField("name", line.getKey());
                out.writeArrayFieldStart("points");
                for (long at : buckets) {
                    out.writeStartArray();
                    out.writeNumber(at);
                    out.writeNumber(line.getValue().getOrDefault(at, 0L));
                    out.writeEndArray();
                }
                out.writeEndArray();
                out.writeEndObject();
            }
            out.writeEndArray();
            out.writeEndObject();
        }
        response.header(HeaderNames.CONTENT_TYPE, "application/json")
                .header(HeaderNames.CACHE_CONTROL, "no-store")
                .header(Html.NO_SNIFF, "nosniff")
                .send(body.toByteArray());
    }
}
