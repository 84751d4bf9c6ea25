package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Push and trap through the packaged program, as their clients use it.
class PushAndTrapIT {
    private static final Duration SOON = Duration.ofMinutes(3);
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir private Path folder;

    @Test
    void a_check_added_by_command_takes_the_seven_metrics_of_the_first_example() throws Exception {
        Path home = RunningAgent.home(folder);
        try (RunningAgent agent = RunningAgent.start(home)) {
            JsonNode check = addCheck(home);
            String url = check.get("submission_url").asText();
            assertThat(url).startsWith(agent.coreAddress() + "/module/httptrap/");
            HttpResponse<String> answer =
                    RunningAgent.put(
                            url,
                            """
                            {
                            "number": 1.23,
                            "bignum_as_string": "281474976710656",
                            "test": "a text string",
                            "container": { "key1": 1234 },
                            "array": [ 1234,
                            "string",
                            { "crazy": "like a fox" }
                            ]
                            }\
                            """);
            assertThat(answer.statusCode()).isEqualTo(200);
            assertThat(JSON.readTree(answer.body()))
                    .isEqualTo(JSON.readTree("{\"stats\":7,\"filtered\":0}"));
            String source = "trap/" + check.get("id").asText();
            await().atMost(SOON)
                    .untilAsserted(() ->
                            assertThat(
                                            lines(
                                                    agent,
                                                    "select name, type, value, text from metrics"
                                                            + " where source = '"
                                                            + source
                                                            + "' order by name"))
                                    .containsExactly(
                                            "array`0 L 1234 1234",
                                            "array`1 s null string",
                                            "array`2`crazy s null like a fox",
                                            "bignum_as_string s null 281474976710656",
                                            "container`key1 L 1234 1234",
                                            "number n 1.23 null",
                                            "test s null a text string"));
            assertThat(RunningAgent.put(url + "x", "{\"a\":1}").statusCode()).isEqualTo(403);
            String unknown = "/module/httptrap/00000000-0000-0000-0000-000000000001/s";
            assertThat(RunningAgent.put(agent.coreAddress() + unknown, "{\"a\":1}").statusCode())
                    .isEqualTo(404);
            assertThat(agent.get("/api/traps").body()).contains(check.get("id").asText());
        }
    }

    @Test
    void a_push_stores_its_metrics_and_is_answered_in_json() throws Exception {
        Path home = RunningAgent.home(folder);
        configure(
                home,
                """
                [[push]]
                data_id = 1500101
                access_token = "0123456789abcdef"
                type = "time_series"
                """);
        try (RunningAgent agent = RunningAgent.start(home)) {
            String url = agent.coreAddress() + "/v2/push/";
            String body =
                    """
                    {"data_id": 1500101, "access_token": "%s", "data": [{
                     "metrics": {"cpu_load": 10, "mem_load": 0.5},
                     "target": "127.0.0.1", "dimension": {"module": "db", "location": "guangdong"}
                    }]}\
                    """;
            HttpResponse<String> answer =
                    RunningAgent.postTo(url, body.formatted("0123456789abcdef"));
            assertThat(answer.statusCode()).isEqualTo(200);
            JsonNode said = JSON.readTree(answer.body());
            assertThat(said.get("code").asText()).isEqualTo("200");
            assertThat(said.get("result").asText()).isEqualTo("true");
            assertThat(said.get("message").asText()).isEqualTo("success");
            assertThat(said.get("request_id").asText()).isNotEmpty();
            await().atMost(SOON)
                    .untilAsserted(() ->
                            assertThat(
                                            lines(
                                                    agent,
                                                    "select name, value, tags['module'],"
                                                            + " tags['target'] from metrics where"
                                                            + " source = 'push/1500101' order by"
                                                            + " name"))
                                    .containsExactly(
                                            "cpu_load 10 db 127.0.0.1",
                                            "mem_load 0.5 db 127.0.0.1"));
            assertThat(RunningAgent.postTo(url, body.formatted("wrong")).statusCode())
                    .isEqualTo(401);
            assertThat(agent.get("/api/push/1500101/metrics").body()).contains("cpu_load");
            assertThat(agent.get("/api/push/1500101/requests").body())
                    .contains("cpu_load")
                    .doesNotContain("0123456789abcdef");
        }
    }

    @Test
    void sums_survive_a_kill_in_the_middle_of_their_period_and_are_stored_once() throws Exception {
        Path home = RunningAgent.home(folder);
        configure(
                home,
                """
                [[trap]]
                id = "a9856a6a-3b46-e18b-d890-acafaa955348"
                secret = "mys3cr3t"
                period = "20s"
                async_metrics = false
                """);
        String path = "/module/httptrap/a9856a6a-3b46-e18b-d890-acafaa955348/mys3cr3t";
        int sent = 0;
        for (int round = 0; round < 3; round++) {
            RunningAgent agent = RunningAgent.start(home);
            String url = agent.coreAddress() + path;
            for (int i = 0; i < 20; i++) {
                sent++;
                assertThat(RunningAgent.put(url, numbered(sent)).statusCode()).isEqualTo(200);
            }
            agent.kill();
        }
        long total = sent * (sent + 1L) / 2;
        try (RunningAgent agent = RunningAgent.start(home)) {
            // The kills may have spread over several periods: together they hold each value once.
            await().atMost(Duration.ofMinutes(3))
                    .until(() ->
                            agent.count(
                                            "select coalesce(sum(value), 0)::bigint from metrics"
                                                    + " where name = 'sum'")
                                    >= total);
            assertThat(agent.count("select sum(value)::bigint from metrics where name = 'sum'"))
                    .isEqualTo(total);
            assertThat(agent.count("select max(value)::bigint from metrics where name = 'last'"))
                    .isEqualTo(sent);
            assertThat(
                            agent.count(
                                    "select count(*) - count(distinct time) from metrics where"
                                            + " name = 'sum'"))
                    .isZero();
            await().atMost(Duration.ofMinutes(3))
                    .until(() ->
                            agent.count("select count(*) from check_states where not available")
                                    > 0);
            assertThat(agent.count("select count(*) from check_states where available"))
                    .isPositive();
        }
    }

    private static String numbered(int number) {
        return "{\"sum\":{\"_type\":\"L\",\"_value\":%d,\"_fl\":\"+\"},\"last\":%d}"
                .formatted(number, number);
    }

    private static JsonNode addCheck(Path home) throws Exception {
        RunningAgent.Ended added =
                RunningAgent.run(home, "trap", "add", "--name", "web01 app", "--json");
        assertThat(added.exitCode()).as(added.err()).isZero();
        return JSON.readTree(added.out());
    }

    private static void configure(Path home, String blocks) throws Exception {
        Path file = home.resolve("conf.d/trapline.conf");
        Files.writeString(file, Files.readString(file) + blocks);
    }

    private static List<String> lines(RunningAgent agent, String sql) throws Exception {
        List<String> lines = new ArrayList<>();
        for (JsonNode row : agent.query(sql)) {
            List<String> cells = new ArrayList<>();
            row.forEach(cell -> cells.add(cell.asText()));
            lines.add(String.join(" ", cells));
        }
        return lines;
    }
}
