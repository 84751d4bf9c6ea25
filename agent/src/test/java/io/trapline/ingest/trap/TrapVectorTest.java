package io.trapline.ingest.trap;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trapline.Vectors;
import io.trapline.ingest.OnLoopback;
import io.trapline.ingest.Previews;
import io.trapline.model.Sample;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import io.trapline.model.StreamName;
import io.trapline.model.circllhist.Circllhist;
import io.trapline.net.BoundServer;
import io.trapline.period.Accumulator;
import io.trapline.period.Measurement;
import io.trapline.period.SameTime;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/// Every vector of `httptrap.jsonl`, sent to a real server, with a clock that tests move and an
/// [Accumulator] as the period engine.
class TrapVectorTest {
    private static final UUID ID = UUID.fromString("a9856a6a-3b46-e18b-d890-acafaa955348");

    /// Where the design's rulings win over a vector: what is stored instead, and why.
    private static final Map<String, Ruling> RULINGS =
            Map.of(
                    "ht-097",
                    new Ruling(
                            List.of("a L null period_end:0"),
                            "a typed integer out of range is stored as no value and named in"
                                    + " error, not clamped"));

    private static final HttpClient CLIENT =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private static final Engine ENGINE = new Engine();
    private static @Nullable BoundServer server;

    private record Ruling(List<String> stored, String reason) {}

    @BeforeAll
    static void start() {
        server =
                OnLoopback.open(
                        new TrapHandler(
                                id -> Optional.ofNullable(ENGINE.checks.get(id)),
                                ENGINE,
                                TrapLimits.DEFAULT,
                                () -> Instant.ofEpochMilli(ENGINE.nowMs),
                                () -> ENGINE.nowMs * 1_000_000,
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
        return Vectors.tests("/httptrap/httptrap.jsonl", "name", 243, TrapVectorTest::check);
    }

    private static void check(JsonNode vector) throws Exception {
        JsonNode check = vector.get("check");
        ENGINE.reset(check);
        for (JsonNode step : vector.get("steps")) {
            if (step.has("request")) {
                ENGINE.nextRequest();
                exchange(step.get("request"), step.get("expect"));
            } else {
                ENGINE.endPeriod();
            }
        }
        checkStored(vector);
        if (vector.has("histograms")) {
            List<String> expected = new ArrayList<>();
            for (JsonNode h : vector.get("histograms")) {
                expected.add(
                        String.join(
                                " ",
                                h.get("name").asText(),
                                h.get("kind").asText(),
                                h.get("base64").asText(),
                                h.get("ts").asText()));
                assertThat(Circllhist.ofBase64(h.get("base64").asText()).binCount())
                        .isEqualTo(h.get("bins").size());
            }
            assertThat(ENGINE.histograms()).containsExactlyInAnyOrderElementsOf(expected);
        }
        List<Boolean> states = new ArrayList<>();
        for (JsonNode state : vector.path("check_state")) {
            states.add(state.get("available").booleanValue());
            assertThat(state.get("state").asText())
                    .isEqualTo(state.get("available").booleanValue() ? "good" : "bad");
        }
        if (vector.has("check_state")) {
            assertThat(ENGINE.available).isEqualTo(states);
        }
    }

    private static void checkStored(JsonNode vector) {
        List<String> stored = ENGINE.plain();
        Ruling ruling = RULINGS.get(vector.get("id").asText());
        if (ruling != null) {
            assertThat(stored)
                    .as(ruling.reason())
                    .containsExactlyInAnyOrderElementsOf(ruling.stored());
            return;
        }
        if (vector.has("stored_rule")) {
            assertThat(stored)
                    .containsExactlyInAnyOrderElementsOf(
                            IntStream.range(0, 9999)
                                    .mapToObj(i -> "m" + i + " L " + i + " period_end:0")
                                    .toList());
            return;
        }
        if (vector.get("stored").isNull()) {
            assertThat(stored).containsAll(rows(vector.get("stored_includes")));
            return;
        }
        Set<Set<String>> accepted = new HashSet<>();
        accepted.add(new HashSet<>(rows(vector.get("stored"))));
        vector.path("stored_also_accepted")
                .forEach(rows -> accepted.add(new HashSet<>(rows(rows))));
        assertThat(stored).doesNotHaveDuplicates();
        assertThat(accepted).contains(new HashSet<>(stored));
    }

    private static List<String> rows(JsonNode nodes) {
        List<String> rows = new ArrayList<>();
        for (JsonNode node : nodes) {
            JsonNode value = node.get("value");
            String type = node.get("type").asText();
            String text =
                    type.equals("n") && !value.isNull()
                            ? Double.toString(value.doubleValue())
                            : value.asText();
            rows.add(
                    String.join(
                            " ", node.get("name").asText(), type, text, node.get("ts").asText()));
        }
        return rows;
    }

    private static void exchange(JsonNode request, JsonNode expect) throws Exception {
        HttpResponse<String> response =
                CLIENT.send(build(request), HttpResponse.BodyHandlers.ofString());
        if (expect.has("status_any")) {
            assertThat(expect.get("status_any"))
                    .extracting(JsonNode::intValue)
                    .contains(response.statusCode());
        } else {
            assertThat(response.statusCode())
                    .as(response.body())
                    .isEqualTo(expect.get("status").intValue());
        }
        if (expect.path("body_empty").asBoolean()) {
            assertThat(response.body()).isEmpty();
        } else {
            assertThat(response.headers().firstValue("Content-Type")).contains("application/json");
        }
        if (expect.has("json")) {
            ObjectNode json = (ObjectNode) Vectors.JSON.readTree(response.body());
            if (response.statusCode() == 200 && !expect.get("json").has("error")) {
                json.remove("error");
            }
            assertThat(json).isEqualTo(expect.get("json"));
        }
        for (JsonNode key : expect.path("json_keys")) {
            assertThat(Vectors.JSON.readTree(response.body()).get(key.asText()).asText())
                    .isNotEmpty();
        }
        for (JsonNode key : expect.path("json_absent")) {
            assertThat(Vectors.JSON.readTree(response.body()).has(key.asText())).isFalse();
        }
        expect.path("headers")
                .properties()
                .forEach(header ->
                        assertThat(response.headers().firstValue(header.getKey()))
                                .contains(header.getValue().asText()));
        for (JsonNode header : expect.path("headers_absent")) {
            assertThat(response.headers().firstValue(header.asText())).isEmpty();
        }
    }

    private static HttpRequest build(JsonNode request) throws IOException {
        byte[] body = body(request);
        String id = ID.toString();
        if (request.path("uuid").asText().equals("upper")) {
            id = id.toUpperCase(Locale.ROOT);
        }
        int port = server == null ? 0 : server.port();
        HttpRequest.Builder builder =
                HttpRequest.newBuilder(
                        URI.create(
                                "http://127.0.0.1:"
                                        + port
                                        + request.get("path").asText().replace("{uuid}", id)));
        request.path("headers")
                .properties()
                .forEach(h -> builder.header(h.getKey(), h.getValue().asText()));
        if (request.path("gzip").asBoolean()) {
            builder.header("Content-Encoding", "gzip");
            ByteArrayOutputStream packed = new ByteArrayOutputStream();
            try (OutputStream out = new GZIPOutputStream(packed)) {
                out.write(body);
            }
            body = packed.toByteArray();
        }
        return builder.method(
                        request.get("method").asText(),
                        publisher(body, request.path("chunk").asInt()))
                .build();
    }

    private static HttpRequest.BodyPublisher publisher(byte[] body, int chunk) {
        if (chunk == 0) {
            return body.length == 0
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofByteArray(body);
        }
        return HttpRequest.BodyPublishers.ofByteArrays(
                IntStream.range(0, Math.ceilDiv(body.length, chunk))
                        .mapToObj(i ->
                                Arrays.copyOfRange(
                                        body, i * chunk, Math.min(body.length, (i + 1) * chunk)))
                        .toList());
    }

    private static byte[] body(JsonNode request) {
        if (request.has("body_b64")) {
            return Base64.getDecoder().decode(request.get("body_b64").asText());
        }
        if (request.has("body_rule")) {
            StringBuilder body = new StringBuilder("{");
            IntStream.range(0, 9999)
                    .forEach(i -> body.append("\"m").append(i).append("\":").append(i).append(','));
            return body.append("\"bad\":}").toString().getBytes(StandardCharsets.UTF_8);
        }
        return request.get("body").asText().getBytes(StandardCharsets.UTF_8);
    }

    /// One check with its period, on a clock of its own.
    private static final class Engine implements TrapSink {
        private static final long START_MS = 1_700_000_100_000L / 300_000 * 300_000;

        private final Map<UUID, TrapCheck> checks = new HashMap<>();
        private final List<Sample> stored = new ArrayList<>();
        private final Map<Long, String> times = new HashMap<>();
        private final List<Boolean> available = new ArrayList<>();
        private Accumulator accumulator = new Accumulator(true, 1);
        private long nowMs = START_MS;
        private long periodMs;
        private int requests;

        void reset(JsonNode check) {
            checks.clear();
            stored.clear();
            times.clear();
            available.clear();
            nowMs = START_MS;
            requests = 0;
            TrapCheck parsed = parse(check);
            if (check.get("exists").booleanValue()) {
                checks.put(ID, parsed);
            }
            periodMs = parsed.period().toMillis();
            accumulator = new Accumulator(parsed.async(), periodMs);
            times.put(START_MS, "window_start");
        }

        void nextRequest() {
            nowMs += 7;
            times.put(nowMs, "request:" + requests++);
        }

        void endPeriod() {
            nowMs = nowMs / periodMs * periodMs + periodMs;
            times.put(nowMs, "period_end:" + available.size());
            Accumulator.Ended ended = accumulator.endPeriod(nowMs);
            stored.addAll(ended.samples());
            stored.addAll(accumulator.endWindows(nowMs));
            available.add(ended.available());
        }

        @Override
        public void accept(TrapCheck check, long arrivalMs, List<Measurement> part) {
            List<Sample> samples = new ArrayList<>();
            part.forEach(measurement -> accumulator.feed(arrivalMs, measurement, samples::add));
            stored.addAll(samples);
        }

        @Override
        public SortedMap<String, SampleValue> running(TrapCheck check) {
            return accumulator.running();
        }

        List<String> plain() {
            return rows(false);
        }

        List<String> histograms() {
            return rows(true);
        }

        private List<String> rows(boolean histogram) {
            return SameTime.reduce(stored).stream()
                    .filter(sample -> sample.value() instanceof SampleValue.Histogram == histogram)
                    .map(this::row)
                    .toList();
        }

        private String row(Sample sample) {
            long ms = sample.timeNs() / 1_000_000;
            return String.join(
                    " ",
                    StreamName.canonical(sample.name(), sample.tags()),
                    String.valueOf(sample.value().type().letter()),
                    text(sample.value()),
                    times.getOrDefault(ms, Long.toString(ms)));
        }

        private static String text(SampleValue value) {
            return switch (value) {
                case SampleValue.Real(double number, _) -> Double.toString(number);
                case SampleValue.Whole(SampleType type, long bits) ->
                        type == SampleType.UINT64
                                ? Long.toUnsignedString(bits)
                                : Long.toString(bits);
                case SampleValue.Text(String text) -> text;
                case SampleValue.Histogram histogram -> histogram.circllhist().toBase64();
                case SampleValue.Absent _ -> "null";
            };
        }

        private static TrapCheck parse(JsonNode check) {
            JsonNode config = check.get("config");
            Set<String> histograms = new HashSet<>();
            config.path("histogram_metrics").forEach(name -> histograms.add(name.asText()));
            check.path("histogram_metrics").forEach(name -> histograms.add(name.asText()));
            return new TrapCheck(
                    ID,
                    check.get("module").asText(),
                    either(config, "secret", ""),
                    "a check",
                    "10.0.0.1",
                    Duration.ofMillis(check.get("period_ms").longValue()),
                    check.path("asynch").asBoolean(true),
                    either(config, "delimiter", "`").substring(0, 1),
                    Optional.ofNullable(config.get("cors_origin"))
                            .map(p -> Pattern.compile(p.asText())),
                    config.path("tagset").asText(""),
                    histograms,
                    false,
                    0,
                    Optional.ofNullable(check.get("filters")).map(Engine::rules));
        }

        private static String either(JsonNode config, String key, String fallback) {
            return config.path(key).asText(config.path("httptrap_" + key).asText(fallback));
        }

        private static List<TrapRule> rules(JsonNode nodes) {
            List<TrapRule> rules = new ArrayList<>();
            for (JsonNode node : nodes) {
                String[] type = node.get("type").asText().split(":", 3);
                TrapRule.Action action =
                        switch (type[0]) {
                            case "allow", "accept" -> new TrapRule.Action.Allow();
                            case "deny" -> new TrapRule.Action.Deny();
                            case "skipto" -> new TrapRule.Action.SkipTo(type[1]);
                            case "add_measurement_tag" ->
                                    new TrapRule.Action.AddTag(type[1], type[2]);
                            default -> throw new AssertionError(type[0]);
                        };
                rules.add(
                        new TrapRule(
                                action,
                                text(node, "id"),
                                text(node, "metric"),
                                Optional.ofNullable(node.get("metric_list"))
                                        .map(list ->
                                                list.valueStream().map(JsonNode::asText).toList()),
                                text(node, "stream_tags"),
                                text(node, "measurement_tags"),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                node.has("metric_auto_add")
                                        ? Map.of("metric", node.get("metric_auto_add").intValue())
                                        : Map.of()));
            }
            return rules;
        }

        private static Optional<String> text(JsonNode node, String key) {
            return Optional.ofNullable(node.get(key)).map(JsonNode::asText);
        }
    }
}
