package io.trapline.ingest.trap;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trapline.Settings;
import io.trapline.Vectors;
import io.trapline.model.circllhist.Circllhist;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/// Every vector of `httptrap.jsonl` through the product: a `[[trap]]` block of the configuration,
/// the real listener, the period engine on a real journal, and what can be queried afterwards. Only
/// the clock is the test's.
///
/// All are sent first, one check after the other; then each is looked at.
class TrapVectorTest {
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
    private static final Map<String, Sent> SENT = new HashMap<>();

    /// A check of another kind, which no configuration can make.
    private static final Map<UUID, TrapCheck> OTHERS = new HashMap<>();

    @TempDir private static Path home;
    private static @Nullable TrapStack stack;

    private record Ruling(List<String> stored, String reason) {}

    /// @param times milliseconds → what the vector calls them
    /// @param problem what was wrong with an answer
    private record Sent(UUID id, Map<Long, String> times, Optional<AssertionError> problem) {}

    @BeforeAll
    static void sendAll() throws Exception {
        stack =
                new TrapStack(
                        home,
                        registry -> {
                            TrapChecks registered = new RegisteredChecks(registry);
                            return id ->
                                    Optional.ofNullable(OTHERS.get(id))
                                            .or(() -> registered.find(id));
                        });
        for (JsonNode vector : Vectors.read("/httptrap/httptrap.jsonl")) {
            SENT.put(vector.get("id").asText(), send(stack, vector));
        }
    }

    @AfterAll
    static void stop() {
        if (stack != null) {
            stack.close();
        }
        CLIENT.close();
    }

    @TestFactory
    Stream<DynamicTest> vectors() throws IOException {
        return Vectors.tests("/httptrap/httptrap.jsonl", "name", 243, TrapVectorTest::check);
    }

    private static Sent send(TrapStack stack, JsonNode vector) throws Exception {
        UUID id = UUID.nameUUIDFromBytes(vector.get("id").asText().getBytes(UTF_8));
        JsonNode check = vector.get("check");
        boolean other = !check.get("module").asText().equals("httptrap");
        if (other) {
            OTHERS.put(id, ofModule(id, check.get("module").asText()));
        }
        boolean declared = check.get("exists").booleanValue() && !other;
        assertThat(stack.configure(declared ? block(id, check) : ""))
                .as("configuration of %s", vector.get("id"))
                .isInstanceOf(Settings.Loaded.Usable.class);
        Map<Long, String> times = new HashMap<>();
        times.put(stack.beginPeriod(), "window_start");
        int requests = 0;
        int periods = 0;
        Optional<AssertionError> problem = Optional.empty();
        for (JsonNode step : vector.get("steps")) {
            if (!step.has("request")) {
                times.put(stack.endPeriod(), "period_end:" + periods++);
                continue;
            }
            stack.pass(7);
            times.put(stack.nowMs(), "request:" + requests++);
            try {
                exchange(stack.port(), id, step.get("request"), step.get("expect"));
            } catch (AssertionError e) {
                problem = problem.or(() -> Optional.of(e));
            }
        }
        return new Sent(id, times, problem);
    }

    private static String block(UUID id, JsonNode check) throws IOException {
        StringBuilder block = new StringBuilder("[[trap]]\nid = \"").append(id).append("\"\n");
        block.append("period = \"").append(check.get("period_ms").longValue()).append("ms\"\n");
        check.get("config")
                .properties()
                .forEach(entry -> append(block, entry.getKey(), entry.getValue()));
        if (check.has("asynch")) {
            append(block, "async_metrics", check.get("asynch"));
        }
        if (check.has("histogram_metrics")) {
            append(block, "histogram_metrics", check.get("histogram_metrics"));
        }
        if (check.has("filters")) {
            List<String> rules = new ArrayList<>();
            for (JsonNode rule : check.get("filters")) {
                List<String> keys = new ArrayList<>();
                rule.properties().forEach(key -> keys.add(key.getKey() + " = " + key.getValue()));
                rules.add("{ " + String.join(", ", keys) + " }");
            }
            block.append("filters = [").append(String.join(", ", rules)).append("]\n");
        }
        return block.toString();
    }

    /// JSON's texts, numbers, booleans and lists are TOML's, too.
    private static void append(StringBuilder block, String key, JsonNode value) {
        block.append(key).append(" = ").append(value).append('\n');
    }

    private static TrapCheck ofModule(UUID id, String module) {
        return new TrapCheck(
                id,
                module,
                "s",
                "a check",
                "10.0.0.1",
                Duration.ofMinutes(1),
                true,
                "`",
                Optional.empty(),
                "",
                Set.of(),
                false,
                0,
                Optional.empty());
    }

    private static void check(JsonNode vector) throws Exception {
        Sent sent = Objects.requireNonNull(SENT.get(vector.get("id").asText()));
        if (sent.problem().isPresent()) {
            throw sent.problem().get();
        }
        checkStored(vector, stored(sent));
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
            assertThat(histograms(sent)).containsExactlyInAnyOrderElementsOf(expected);
        }
        List<Boolean> states = new ArrayList<>();
        for (JsonNode state : vector.path("check_state")) {
            states.add(state.get("available").booleanValue());
            assertThat(state.get("state").asText())
                    .isEqualTo(state.get("available").booleanValue() ? "good" : "bad");
        }
        if (vector.has("check_state")) {
            assertThat(
                            rows(
                                    "SELECT available FROM check_states WHERE source = 'trap/"
                                            + sent.id()
                                            + "' ORDER BY time"))
                    .extracting(List::getFirst)
                    .containsExactlyElementsOf(states);
        }
    }

    private static List<List<@Nullable Object>> rows(String sql) throws Exception {
        return Objects.requireNonNull(stack).rows(sql);
    }

    private static List<String> stored(Sent sent) throws Exception {
        List<String> stored = new ArrayList<>();
        for (List<@Nullable Object> row :
                rows(
                        "SELECT stream, type, text, value, time_ns // 1000000 FROM metrics"
                                + " WHERE type NOT IN ('h', 'H') AND source = 'trap/"
                                + sent.id()
                                + "'")) {
            String text = value(String.valueOf(row.get(1)), row.get(2), row.get(3));
            stored.add(row.getFirst() + " " + row.get(1) + " " + text + " " + time(sent, row));
        }
        return stored;
    }

    /// As the vectors write it; digits beyond a double's belong to 64-bit integers and sums.
    private static String value(String type, @Nullable Object text, @Nullable Object value) {
        if (value == null || type.equals("s") || type.equals("l") || type.equals("L")) {
            return String.valueOf(text);
        }
        double number = ((Number) value).doubleValue();
        return type.equals("n") ? Double.toString(number) : Long.toString((long) number);
    }

    private static List<String> histograms(Sent sent) throws Exception {
        List<String> stored = new ArrayList<>();
        for (List<@Nullable Object> row :
                rows(
                        "SELECT stream, type, to_base64(histogram), time_ns // 1000000 FROM metrics"
                                + " WHERE type IN ('h', 'H') AND source = 'trap/"
                                + sent.id()
                                + "'")) {
            stored.add(
                    row.getFirst() + " " + row.get(1) + " " + row.get(2) + " " + time(sent, row));
        }
        return stored;
    }

    private static String time(Sent sent, List<@Nullable Object> row) {
        long ms = ((Number) Objects.requireNonNull(row.getLast())).longValue();
        return sent.times().getOrDefault(ms, Long.toString(ms));
    }

    private static void checkStored(JsonNode vector, List<String> stored) {
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

    private static void exchange(int port, UUID id, JsonNode request, JsonNode expect)
            throws Exception {
        HttpResponse<String> response =
                CLIENT.send(build(port, id, request), HttpResponse.BodyHandlers.ofString());
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

    private static HttpRequest build(int port, UUID check, JsonNode request) throws IOException {
        byte[] body = body(request);
        String id = check.toString();
        if (request.path("uuid").asText().equals("upper")) {
            id = id.toUpperCase(Locale.ROOT);
        }
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
            return body.append("\"bad\":}").toString().getBytes(UTF_8);
        }
        return request.get("body").asText().getBytes(UTF_8);
    }
}
