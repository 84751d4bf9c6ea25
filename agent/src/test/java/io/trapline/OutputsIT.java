package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Two Traplines, and what of one arrives at the other through a trap and a push.
class OutputsIT {
    private static final Duration SOON = Duration.ofMinutes(3);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final String CHECK = "a9856a6a-3b46-e18b-d890-acafaa955348";

    @TempDir private Path folder;

    @Test
    void streams_arrive_under_their_names_and_what_does_not_is_told() throws Exception {
        Path there = RunningAgent.home(folder.resolve("there"));
        append(
                there,
                """
                [[trap]]
                id = "%s"
                secret = "s3cr3t"
                filters = [ { type = "deny", metric = "^drop" }, { type = "allow" } ]
                [[push]]
                data_id = 7
                access_token = "t0ken"
                type = "time_series"
                """
                        .formatted(CHECK));
        try (RunningAgent receiver = RunningAgent.start(there)) {
            Path here = RunningAgent.home(folder.resolve("here"));
            append(
                    here,
                    """
                    [global_tags]
                    host = "h1"
                    [[outputs.trap]]
                    name = "circonus"
                    url = "%1$s/module/httptrap/%2$s/s3cr3t"
                    include = { inputs = ["test"] }
                    [[outputs.push]]
                    name = "bk"
                    url = "%1$s/v2/push/"
                    data_id = 7
                    access_token = "t0ken"
                    rate = 0
                    include = { inputs = ["test"], names = ["p"] }
                    """
                            .formatted(receiver.coreAddress(), CHECK));
            try (RunningAgent sender = RunningAgent.start(here)) {
                List<Map<String, Object>> points = new ArrayList<>();
                points.add(point("le", Map.of("le", "+Inf", "zz", "last"), "bucket", 1));
                points.add(point("naïve 温", Map.of("tág", "a b,c", "e", ""), "v", 2));
                points.add(point("rt|ST[x:y]", Map.of("a", "b"), "v", 3));
                points.add(point(" pad", Map.of(), "v", 4));
                points.add(point("pad", Map.of(), "v", 5));
                points.add(point("ctl\u0001", Map.of("c", "\u0001"), "v", 6));
                points.add(point("long", Map.of("t", "+".repeat(250)), "v", 7));
                points.add(point("drop", Map.of(), "v", 8));
                points.add(point("p", Map.of("a.b", "1", "a-b", "2", "x", "y"), "v", 9));
                write(sender, JSON.writeValueAsString(points));

                String streams = "select value::int, stream from metrics where source = ";
                await().atMost(SOON)
                        .until(() ->
                                receiver.query(streams + "'trap/" + CHECK + "'").size() == 8
                                        && sender.query(streams + "'http/test'").size() == 9);
                Map<Integer, String> own = byValue(sender.query(streams + "'http/test'"));
                Map<Integer, String> arrived =
                        byValue(receiver.query(streams + "'trap/" + CHECK + "'"));
                assertThat(own)
                        .containsEntry(1, "le.bucket|ST[host:h1,le:+Inf,zz:last]")
                        .containsEntry(3, "rt|ST[x:y].v|ST[a:b,host:h1]");
                for (int same : new int[] {1, 2, 5, 9}) {
                    assertThat(arrived.get(same)).isEqualTo(own.get(same));
                }
                assertThat(arrived.get(3))
                        .matches("rt_ST\\[x:y]\\.v_[0-9a-f]{10}\\|ST\\[a:b,host:h1]");
                assertThat(arrived.get(4)).matches("_pad\\.v_[0-9a-f]{10}\\|ST\\[host:h1]");
                assertThat(arrived.get(6))
                        .matches("ctl_\\.v_[0-9a-f]{10}\\|ST\\[c:b\"AQ==\",host:h1]");
                assertThat(arrived.get(7)).contains("_tldr_").isNotEqualTo(own.get(7));
                assertThat(arrived).hasSize(8).doesNotContainKey(8);

                await().atMost(SOON)
                        .until(() ->
                                receiver.count("select count(*) from metrics where name = 'p_v'")
                                        == 1);
                assertThat(
                                receiver.query(
                                                "select tags['a_b'], tags['a_b_2'], tags['x'],"
                                                        + " tags['target'] from metrics where name = 'p_v'")
                                        .toString())
                        .isEqualTo("[[\"2\",\"1\",\"y\",\"h1\"]]");
                assertThat(RunningAgent.run(here, "outputs", "show", "circonus").out())
                        .contains("items: 9", "circonus: dropped there: 1 × ")
                        .contains("circonus: arrives changed: 3 × name that no receiver takes")
                        .contains("circonus: arrives changed: 1 × tag over 256 characters");
            }
            // What the receiver said is known after a restart; the rest is since the start.
            try (RunningAgent again = RunningAgent.start(here)) {
                RunningAgent.Ended outputs = RunningAgent.run(here, "outputs");
                assertThat(outputs.exitCode()).as(outputs.err()).isZero();
                assertThat(outputs.out())
                        .contains("circonus: dropped there: 1 × filtered by the receiver's check");
                assertThat(again.get("/ui/outputs").body())
                        .contains("1 × filtered by the receiver's check");
            }
        }
    }

    private static void write(RunningAgent to, String points) throws Exception {
        HttpRequest request =
                HttpRequest.newBuilder(URI.create(to.address() + "/v1/write/metric?input=test"))
                        .header("Content-Type", "application/json")
                        .POST(HttpRequest.BodyPublishers.ofString(points))
                        .build();
        try (HttpClient client = HttpClient.newHttpClient()) {
            HttpResponse<String> answer =
                    client.send(request, HttpResponse.BodyHandlers.ofString());
            assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        }
    }

    private static Map<String, Object> point(
            String name, Map<String, String> tags, String field, int value) {
        return Map.of(
                "measurement",
                name,
                "tags",
                tags,
                "fields",
                Map.of(field, value),
                "time",
                1_795_219_200_000_000_000L + value * 1_000_000L);
    }

    private static Map<Integer, String> byValue(JsonNode rows) {
        Map<Integer, String> streams = new TreeMap<>();
        rows.forEach(row -> streams.put(row.get(0).asInt(), row.get(1).asText()));
        return streams;
    }

    private static void append(Path home, String blocks) throws Exception {
        Path file = home.resolve("conf.d/trapline.conf");
        Files.writeString(file, Files.readString(file) + blocks);
    }
}
