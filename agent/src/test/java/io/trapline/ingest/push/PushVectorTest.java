package io.trapline.ingest.push;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trapline.Vectors;
import io.trapline.ingest.OnLoopback;
import io.trapline.ingest.Previews;
import io.trapline.model.Category;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import io.trapline.net.BoundServer;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Every vector of `bkpush.jsonl`, sent to a real server with a clock that tests move.
///
/// Overrides: none of the vectors contradicts the design's rulings. One shape differs on purpose: a
/// keyevent point has one tag `event_type`, the derived one, which takes the place of a dimension
/// of that name (design, "Stable faces": tags = dimensions, `target` and the derived `event_type`).
class PushVectorTest {
    private static final long NOW_MS = 1_763_700_000_123L;
    private static final Pattern PLACEHOLDER =
            Pattern.compile("\\$\\{(?:NOW_MS([+-][0-9]+)?|REP:(.)\\*([0-9]+))\\}");
    private static final Pattern PAD = Pattern.compile("\\$\\{PAD_TO:([0-9]+)\\}");

    private static final AtomicLong NOW = new AtomicLong(NOW_MS);
    private static final Map<Long, PushRegistration> REGISTRATIONS = new HashMap<>();
    private static final List<Entry> STORED = new ArrayList<>();
    private static final List<String> SOURCES = new ArrayList<>();
    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static @Nullable BoundServer server;
    private static volatile @Nullable PushDecoder decoder;

    @BeforeAll
    static void start() {
        server =
                OnLoopback.open(
                        new PushHandler(
                                body -> decoder().decode(body),
                                PushVectorTest::keep,
                                PushLimits.DEFAULT,
                                System::nanoTime,
                                Previews.NONE));
    }

    @AfterAll
    static void stop() {
        if (server != null) {
            server.close();
        }
        CLIENT.close();
    }

    @TestFactory
    Stream<DynamicTest> vectors() throws IOException {
        return Vectors.tests("/bkpush/bkpush.jsonl", "name", 203, PushVectorTest::check);
    }

    private static void check(JsonNode vector) throws Exception {
        REGISTRATIONS.clear();
        register(vector.get("registration"));
        vector.path("other_registrations").forEach(PushVectorTest::register);
        decoder =
                new PushDecoder(
                        id -> Optional.ofNullable(REGISTRATIONS.get(id)),
                        PushLimits.DEFAULT,
                        () -> Instant.ofEpochMilli(NOW.get()),
                        () -> NOW.get() * 1_000_000);
        if (vector.has("steps")) {
            for (JsonNode step : vector.get("steps")) {
                NOW.addAndGet(step.path("advance_ms").asLong(0));
                for (int i = 0; step.has("request") && i < step.path("repeat").asInt(1); i++) {
                    exchange(step.get("request"), step.get("expect"));
                }
            }
            return;
        }
        JsonNode expect = vector.get("expect");
        exchange(vector.get("request"), expect);
        assertThat(stored()).isEqualTo(expected(expect.get("stored")));
        assertThat(SOURCES)
                .allMatch(("push/" + vector.get("registration").get("data_id").asText())::equals);
        if (expect.has("warning")) {
            PushOutcome outcome = decoder().decode(body(vector.get("request")));
            assertThat(((PushOutcome.Accepted) outcome).warnings()).hasSize(1);
        }
    }

    private static void exchange(JsonNode request, JsonNode expect) throws Exception {
        STORED.clear();
        SOURCES.clear();
        HttpResponse<String> response =
                CLIENT.send(build(request), HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode())
                .as(response.body())
                .isEqualTo(expect.get("status").intValue());
        assertThat(response.headers().firstValue("Content-Type"))
                .contains("application/json; charset=utf-8");
        JsonNode json = Vectors.JSON.readTree(response.body());
        assertThat(json.properties().stream().map(Map.Entry::getKey))
                .containsExactly("code", "message", "request_id", "result");
        expect.get("json")
                .properties()
                .forEach(e -> assertThat(json.get(e.getKey())).isEqualTo(e.getValue()));
        assertThat(UUID.fromString(json.get("request_id").asText())).isNotNull();
        for (JsonNode part : expect.path("message_contains")) {
            assertThat(json.get("message").asText()).contains(part.asText());
        }
        for (JsonNode part : expect.path("body_not_contains")) {
            assertThat(response.body()).doesNotContain(part.asText());
        }
        for (Map.Entry<String, JsonNode> header : expect.path("response_headers").properties()) {
            String value = response.headers().firstValue(header.getKey()).orElse("");
            String wanted = header.getValue().asText();
            if (wanted.equals("1..60")) {
                assertThat(Integer.parseInt(value)).isBetween(1, 60);
            } else {
                assertThat(value).contains(wanted);
            }
        }
        if (response.statusCode() != 200) {
            assertThat(STORED).isEmpty();
        }
    }

    private static HttpRequest build(JsonNode request) {
        byte[] body = body(request);
        HttpRequest.BodyPublisher publisher =
                request.path("chunked").asBoolean()
                        ? HttpRequest.BodyPublishers.ofInputStream(
                                () -> new ByteArrayInputStream(body))
                        : HttpRequest.BodyPublishers.ofByteArray(body);
        int port = server == null ? 0 : server.port();
        HttpRequest.Builder builder =
                HttpRequest.newBuilder(
                                URI.create(
                                        "http://127.0.0.1:"
                                                + port
                                                + request.path("path").asText("/v2/push/")))
                        .method(request.path("method").asText("POST"), publisher);
        if (request.has("headers")) {
            request.get("headers")
                    .properties()
                    .forEach(e -> builder.header(e.getKey(), e.getValue().asText()));
        } else {
            builder.header("Content-Type", "application/json");
        }
        return builder.build();
    }

    private static byte[] body(JsonNode request) {
        if (request.has("body_base64")) {
            return Base64.getDecoder().decode(request.get("body_base64").asText());
        }
        String body = expand(request.get("body").asText());
        Matcher pad = PAD.matcher(body);
        if (pad.find()) {
            int size = body.getBytes(StandardCharsets.UTF_8).length - pad.group().length();
            body = pad.replaceFirst("x".repeat(Integer.parseInt(pad.group(1)) - size));
        }
        return body.getBytes(StandardCharsets.UTF_8);
    }

    private static String expand(String text) {
        return PLACEHOLDER
                .matcher(text)
                .replaceAll(match ->
                        Matcher.quoteReplacement(
                                match.group(2) != null
                                        ? match.group(2).repeat(Integer.parseInt(match.group(3)))
                                        : Long.toString(
                                                NOW.get()
                                                        + (match.group(1) == null
                                                                ? 0
                                                                : Long.parseLong(
                                                                        match.group(1))))));
    }

    private static void register(JsonNode node) {
        PushRegistration registration =
                new PushRegistration(
                        node.get("data_id").longValue(),
                        node.get("token").asText(),
                        node.get("type").asText(),
                        node.get("version").asText(),
                        node.get("rate").longValue(),
                        node.get("max_future_time_offset").longValue(),
                        node.path("enabled").asBoolean(true));
        REGISTRATIONS.put(registration.dataId(), registration);
    }

    private static PushDecoder decoder() {
        PushDecoder current = decoder;
        if (current == null) {
            throw new IllegalStateException("no vector is running");
        }
        return current;
    }

    private static void keep(String source, List<Entry> entries) {
        SOURCES.add(source);
        STORED.addAll(entries);
    }

    /// What was stored, one map a series or event.
    private static List<Map<String, Object>> stored() {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (Entry entry : STORED) {
            Map<String, Object> row = new LinkedHashMap<>();
            switch (entry) {
                case Sample sample -> {
                    row.put("metric", sample.name());
                    row.put("value", ((SampleValue.Real) sample.value()).value());
                    row.put("tags", tags(sample.tags()));
                    row.put("ms", sample.timeNs() / 1_000_000);
                }
                case Point point -> {
                    assertThat(point.category()).isEqualTo(Category.KEYEVENT);
                    row.put("event", point.name());
                    row.put("fields", fields(point.fields()));
                    row.put("tags", tags(point.tags()));
                    row.put("ms", point.timeNs() / 1_000_000);
                }
                default -> throw new AssertionError("unexpected " + entry);
            }
            rows.add(row);
        }
        return rows;
    }

    private static List<Map<String, Object>> expected(JsonNode items) {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (JsonNode item : items) {
            Map<String, String> tags = new HashMap<>();
            item.get("dimension")
                    .properties()
                    .forEach(e -> tags.put(expand(e.getKey()), expand(e.getValue().asText())));
            tags.put("target", item.get("target").asText());
            JsonNode timestamp = item.get("timestamp");
            long ms = Long.parseLong(expand(timestamp.asText()));
            for (Map.Entry<String, JsonNode> metric : item.path("metrics").properties()) {
                rows.add(
                        Map.of(
                                "metric",
                                expand(metric.getKey()),
                                "value",
                                metric.getValue().doubleValue(),
                                "tags",
                                tags,
                                "ms",
                                ms));
            }
            if (item.has("event_name")) {
                tags.put("event_type", item.get("event_type").asText());
                rows.add(
                        Map.of(
                                "event",
                                expand(item.get("event_name").asText()),
                                "fields",
                                item.get("event"),
                                "tags",
                                tags,
                                "ms",
                                ms));
            }
        }
        return rows;
    }

    private static Map<String, String> tags(List<Tag> tags) {
        Map<String, String> map = new HashMap<>();
        tags.forEach(tag -> assertThat(map.put(tag.key(), tag.value())).isNull());
        return map;
    }

    /// As JSON again.
    private static JsonNode fields(List<Field> fields) {
        ObjectNode node = Vectors.JSON.createObjectNode();
        for (Field field : fields) {
            switch (field.value()) {
                case FieldValue.Text(String text) -> node.put(field.key(), text);
                case FieldValue.Json(String text) -> node.set(field.key(), json(text));
                case FieldValue.Int(long value) -> node.put(field.key(), (int) value);
                default -> throw new AssertionError("unexpected " + field);
            }
        }
        return node;
    }

    private static JsonNode json(String text) {
        try {
            return Vectors.JSON.readTree(text);
        } catch (IOException e) {
            throw new AssertionError(text, e);
        }
    }
}
