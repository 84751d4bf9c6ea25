package io.trapline.period;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.trapline.Vectors;
import io.trapline.ingest.OnLoopback;
import io.trapline.ingest.Previews;
import io.trapline.ingest.trap.PeriodSink;
import io.trapline.ingest.trap.TrapCheck;
import io.trapline.ingest.trap.TrapHandler;
import io.trapline.ingest.trap.TrapLimits;
import io.trapline.journal.JournalSettings;
import io.trapline.journal.SqliteJournal;
import io.trapline.net.BoundServer;
import io.trapline.registry.Registry;
import io.trapline.store.LocalStore;
import io.trapline.store.Store;
import io.trapline.store.StoreSettings;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/// Every vector of `circllhist.jsonl` as a client sends and sees it: samples, bins and records go
/// in at the trap's door within one window; the record and its quantiles come out of the store.
class HistogramsAtTheDoorTest {
    private static final long WINDOW = 1_763_700_000_000L;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir private Path home;

    @TestFactory
    Stream<DynamicTest> vectors() throws Exception {
        Map<String, List<@Nullable Object>> stored =
                stored(Vectors.read("/circllhist/circllhist.jsonl"));
        return Vectors.tests(
                "/circllhist/circllhist.jsonl",
                "title",
                232,
                vector -> compare(vector, stored.get(vector.get("id").asText())));
    }

    private static void compare(JsonNode vector, @Nullable List<@Nullable Object> row) {
        JsonNode expect = vector.get("expect");
        if (expect.path("decode").asText().equals("error") || expect.get("bins").isEmpty()) {
            assertThat(row).as("what is stored").isNull();
            return;
        }
        assertThat(row).isNotNull();
        Objects.requireNonNull(row);
        assertThat(row.get(1)).isEqualTo("h");
        byte[] record = HexFormat.of().parseHex(String.valueOf(row.get(2)));
        assertThat(Base64.getEncoder().encodeToString(record))
                .isEqualTo(expect.get("base64").asText());
        assertThat(row.get(3)).asString().isEqualTo(Long.toString(WINDOW * 1_000_000));
        List<String> names = List.of("p50", "p90", "p99", "p100");
        for (int i = 0; i < names.size(); i++) {
            String wanted = expect.get(names.get(i)).asText();
            Object found = row.get(4 + i);
            if (wanted.equals("NaN")) {
                assertThat(found == null || found.toString().equals("NaN")).isTrue();
            } else {
                assertThat(Double.parseDouble(String.valueOf(found)))
                        .as(names.get(i))
                        .isEqualTo(Double.parseDouble(wanted));
            }
        }
    }

    /// Name of a vector → its row.
    private Map<String, List<@Nullable Object>> stored(List<JsonNode> vectors) throws Exception {
        AtomicLong nowMs = new AtomicLong(WINDOW - 60_000);
        InstantSource clock = () -> Instant.ofEpochMilli(nowMs.get());
        TrapCheck check =
                new TrapCheck(
                        new UUID(1, 2),
                        "httptrap",
                        "s",
                        "name",
                        "10.0.0.1",
                        Duration.ofSeconds(60),
                        true,
                        "`",
                        Optional.empty(),
                        "",
                        Set.of(),
                        false,
                        0,
                        Optional.empty());
        PeriodCheck known = new PeriodCheck(check.id(), 60_000, true);
        Path file = home.resolve("trapline.db");
        try (SqliteJournal journal = SqliteJournal.open(file, () -> new JournalSettings(1L << 30));
                Store store =
                        LocalStore.open(
                                home,
                                () -> new StoreSettings(Duration.ofDays(36_500), 128L << 20),
                                journal,
                                clock);
                Registry registry = Registry.open(file, clock, Duration.ZERO);
                Periods periods =
                        new Periods(
                                journal,
                                () -> List.of(known),
                                clock,
                                new LastEnds(Optional.of(home.resolve("periods.state"))),
                                100_000,
                                false);
                BoundServer server =
                        OnLoopback.open(
                                new TrapHandler(
                                        id -> Optional.of(check).filter(c -> c.id().equals(id)),
                                        new PeriodSink(periods, registry),
                                        TrapLimits.DEFAULT,
                                        clock,
                                        System::nanoTime,
                                        Previews.NONE));
                HttpClient client = HttpClient.newHttpClient()) {
            periods.turn(Duration.ZERO);
            nowMs.set(WINDOW + 1000);
            String url = server.address() + "/module/httptrap/" + check.id() + "/s";
            List<String> bodies = bodies(vectors);
            for (String body : bodies) {
                HttpResponse<String> answer =
                        client.send(
                                HttpRequest.newBuilder(URI.create(url))
                                        .PUT(HttpRequest.BodyPublishers.ofString(body))
                                        .build(),
                                HttpResponse.BodyHandlers.ofString());
                assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
            }
            periods.turn(Duration.ZERO);
            nowMs.set(WINDOW + 60_000 + Running.GRACE_MS);
            periods.turn(Duration.ZERO);
            assertThat(store.catchUp(PATIENCE)).isTrue();
            Map<String, List<@Nullable Object>> rows = new HashMap<>();
            for (List<@Nullable Object> row :
                    store.query(
                                    "select m.name, m.type, hex(m.histogram), m.time_ns,"
                                            + " histogram_quantile(h.bins, 0.5),"
                                            + " histogram_quantile(h.bins, 0.9),"
                                            + " histogram_quantile(h.bins, 0.99),"
                                            + " histogram_quantile(h.bins, 1.0) from metrics m left"
                                            + " join histograms h using (source, name, time_ns)",
                                    PATIENCE)
                            .rows()) {
                assertThat(rows.put(String.valueOf(row.getFirst()), row)).isNull();
            }
            return rows;
        }
    }

    /// The first parts of all vectors, the second ones, and so on: what is merged came one after
    /// the other.
    private static List<String> bodies(List<JsonNode> vectors) {
        List<String> bodies = new ArrayList<>();
        for (int k = 0; bodies.size() == k; k++) {
            StringBuilder body = new StringBuilder("{");
            for (JsonNode vector : vectors) {
                List<String> parts = parts(vector.get("input"));
                if (k < parts.size()) {
                    body.append(body.length() == 1 ? "" : ",")
                            .append('"')
                            .append(vector.get("id").asText())
                            .append("\":{\"_type\":\"h\",\"_value\":[")
                            .append(parts.get(k))
                            .append("]}");
                }
            }
            if (body.length() > 1) {
                bodies.add(body.append('}').toString());
            }
        }
        return bodies;
    }

    /// A list of elements for each submission.
    private static List<String> parts(JsonNode input) {
        List<String> parts = new ArrayList<>();
        if (input.has("merge")) {
            input.get("merge").forEach(part -> parts.addAll(parts(part)));
            return parts;
        }
        List<String> elements = new ArrayList<>();
        input.path("samples").forEach(sample -> elements.add(sample(sample)));
        if (input.has("bins")) {
            input.get("bins")
                    .forEach(bin ->
                            elements.add(
                                    record(
                                            bin.get("val").intValue(),
                                            bin.get("exp").intValue(),
                                            bin.get("count").asText())));
        }
        input.path("h_strings").forEach(text -> elements.add(text.toString()));
        if (input.has("base64")) {
            elements.add(input.get("base64").toString());
        }
        return List.of(String.join(",", elements));
    }

    private static String sample(JsonNode sample) {
        String value = sample.get(0).asText();
        String count = sample.get(1).asText();
        if (sample.get(0).isTextual()) {
            return record(-1, 0, count); // no JSON says NaN or infinity
        }
        return count.equals("1") ? value : "\"H[" + value + "]=" + count + '"';
    }

    /// A record of one bin.
    private static String record(int val, int exp, String count) {
        long left = Long.parseUnsignedLong(count);
        int bytes = Math.max(1, (64 - Long.numberOfLeadingZeros(left) + 7) / 8);
        byte[] record = new byte[5 + bytes];
        record[1] = 1;
        record[2] = (byte) val;
        record[3] = (byte) exp;
        record[4] = (byte) (bytes - 1);
        for (int i = 0; i < bytes; i++) {
            record[5 + i] = (byte) (left >>> (8 * i));
        }
        return '"' + Base64.getEncoder().encodeToString(record) + '"';
    }
}
