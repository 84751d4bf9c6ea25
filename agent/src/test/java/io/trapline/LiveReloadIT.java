package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Files that change while the packaged agent runs, `[reload] watch = true`.
class LiveReloadIT {
    private static final Duration SOON = Duration.ofMinutes(3);

    @TempDir Path folder;

    private Path home(String cmd, String... inputs) throws IOException {
        Path home = RunningAgent.home(folder);
        Files.writeString(
                home.resolve("conf.d/trapline.conf"),
                "[reload]\nwatch = true\n",
                StandardOpenOption.APPEND);
        for (String input : inputs) {
            version(home, input, 1);
            Files.writeString(home.resolve("conf.d/" + input + ".conf"), block(input, cmd));
        }
        return home;
    }

    private static String block(String input, String cmd) {
        return """
        [[inputs.pythond]]
        name = "%1$s"
        cmd = "%2$s"
        dirs = ["%1$s"]
        """
                .formatted(input, cmd);
    }

    /// A collector that reports which version of the file it is.
    private static String script(String input, int version) {
        return """
        from datakit_framework import DataKitFramework

        class %1$s(DataKitFramework):
            interval = 1
            def run(self):
                self.feed_metric(measurement='%1$s', fields={'version': %2$d})
        """
                .formatted(input, version);
    }

    private static void version(Path home, String input, int version) throws IOException {
        Path file = home.resolve("python.d").resolve(input).resolve("a.py");
        Files.createDirectories(file.getParent());
        Files.writeString(file, script(input, version));
    }

    private static long newest(RunningAgent agent, String input)
            throws IOException, InterruptedException {
        JsonNode rows =
                agent.query(
                        "select value from metrics where name = '%s.version' order by time desc limit 1"
                                .formatted(input));
        return rows.isEmpty() ? 0 : rows.get(0).get(0).asLong();
    }

    private static void awaitVersion(RunningAgent agent, String input, long version) {
        await().atMost(SOON).until(() -> newest(agent, input) == version);
    }

    private static long outcomes(RunningAgent agent, String condition)
            throws IOException, InterruptedException {
        return agent.count("select count(*) from runs where " + condition);
    }

    /// Ticks that are missing between the first and the last run.
    private static long missing(RunningAgent agent, String collector)
            throws IOException, InterruptedException {
        return agent.count(
                """
                select count(*) from (select planned - lag(planned) over (order by planned) as gap
                from runs where collector = '%s') where gap > interval 1100 milliseconds
                """
                        .formatted(collector));
    }

    @ParameterizedTest
    @ValueSource(strings = {"python3", "graalpy"})
    void a_saved_script_runs_soon_and_nobody_else_misses_a_tick(String cmd) throws Exception {
        Path home = home(cmd, "Edited", "Still");
        try (RunningAgent agent = RunningAgent.start(home)) {
            awaitVersion(agent, "Edited", 1);
            awaitVersion(agent, "Still", 1);
            long process = pid(agent, "Still");
            for (int version = 2; version < 5; version++) {
                version(home, "Edited", version);
                awaitVersion(agent, "Edited", version);
            }
            assertThat(missing(agent, "Still")).isZero();
            assertThat(missing(agent, "Edited")).isZero();
            assertThat(outcomes(agent, "outcome <> 'ok'")).isZero();
            assertThat(pid(agent, "Still")).isEqualTo(process);
        }
    }

    private static JsonNode input(RunningAgent agent, String name)
            throws IOException, InterruptedException {
        for (JsonNode input : agent.status().get("inputs")) {
            if (input.get("name").asText().equals(name)) {
                return input;
            }
        }
        return com.fasterxml.jackson.databind.node.MissingNode.getInstance();
    }

    private static long pid(RunningAgent agent, String name)
            throws IOException, InterruptedException {
        return input(agent, name).path("pid").asLong();
    }

    @Test
    void what_does_not_load_is_told_and_the_version_before_goes_on_until_it_is_mended()
            throws Exception {
        Path home = home("python3", "Edited");
        try (RunningAgent agent = RunningAgent.start(home)) {
            awaitVersion(agent, "Edited", 1);
            Path file = home.resolve("python.d/Edited/a.py");
            Files.writeString(file, "class Half(");
            await().atMost(SOON).until(() -> input(agent, "Edited").get("problems").size() == 1);
            String told = input(agent, "Edited").get("problems").toString();
            assertThat(told).contains("the one before it goes on").contains("SyntaxError");
            assertThat(agent.get("/").body()).contains("did not load");
            assertThat(Files.readString(home.resolve("logs/Edited.log"))).contains("SyntaxError");
            assertThat(Files.readString(home.resolve("logs/trapline.log"))).contains("SyntaxError");
            long runs = outcomes(agent, "outcome = 'ok'");
            await().atMost(SOON).until(() -> outcomes(agent, "outcome = 'ok'") > runs + 1);

            version(home, "Edited", 2);
            awaitVersion(agent, "Edited", 2);
            assertThat(input(agent, "Edited").get("problems")).isEmpty();
            assertThat(missing(agent, "Edited")).isZero();
        }
    }

    @Test
    void a_block_that_does_not_parse_leaves_its_input_and_the_others_follow_their_changes()
            throws Exception {
        Path home = home("python3", "Broken", "Good");
        try (RunningAgent agent = RunningAgent.start(home)) {
            awaitVersion(agent, "Broken", 1);
            awaitVersion(agent, "Good", 1);
            Path conf = home.resolve("conf.d/Broken.conf");
            Files.writeString(conf, "[[inputs.pythond]\nname = ");
            await().atMost(SOON)
                    .until(() ->
                            agent.status()
                                    .get("config_problems")
                                    .toString()
                                    .contains("conf.d/Broken.conf"));
            version(home, "Good", 2);
            awaitVersion(agent, "Good", 2);
            assertThat(input(agent, "Broken").get("state").asText()).isEqualTo("running");
            assertThat(agent.reload().statusCode()).as("a reload by hand is strict").isEqualTo(422);

            Files.writeString(conf, block("Broken", "python3"));
            await().atMost(SOON).until(() -> agent.status().get("config_problems").isEmpty());
            assertThat(missing(agent, "Broken")).isZero();

            Files.delete(conf);
            await().atMost(SOON).until(() -> input(agent, "Broken").isMissingNode());
            assertThat(missing(agent, "Good")).isZero();
        }
    }

    @Test
    void a_file_that_changes_all_the_time_waits_until_it_rests_and_holds_up_nobody()
            throws Exception {
        Path home = home("python3", "Restless", "Good");
        try (RunningAgent agent = RunningAgent.start(home)) {
            awaitVersion(agent, "Restless", 1);
            awaitVersion(agent, "Good", 1);
            long process = pid(agent, "Restless");
            boolean[] enough = {false};
            Path file = home.resolve("python.d/Restless/a.py");
            Thread writer =
                    Thread.ofPlatform()
                            .start(() -> {
                                try {
                                    for (int i = 100; !Thread.interrupted(); i++) {
                                        Files.writeString(file, script("Restless", i));
                                        Thread.sleep(10);
                                    }
                                } catch (IOException | InterruptedException e) {
                                    enough[0] = true;
                                }
                            });
            version(home, "Good", 2);
            awaitVersion(agent, "Good", 2);
            assertThat(pid(agent, "Restless")).isEqualTo(process);
            assertThat(newest(agent, "Restless")).isEqualTo(1);
            writer.interrupt();
            writer.join();
            assertThat(enough[0]).isTrue();
            version(home, "Restless", 3);
            awaitVersion(agent, "Restless", 3);
            assertThat(missing(agent, "Restless")).isZero();
            assertThat(missing(agent, "Good")).isZero();
        }
    }

    @Test
    void a_folder_that_is_moved_away_stops_and_starts_again_when_it_comes_back() throws Exception {
        Path home = home("python3", "Moved", "Good");
        try (RunningAgent agent = RunningAgent.start(home)) {
            awaitVersion(agent, "Moved", 1);
            Path here = home.resolve("python.d/Moved");
            Path away = home.resolve("elsewhere");
            Files.move(here, away);
            await().atMost(SOON)
                    .until(() -> input(agent, "Moved").get("state").asText().equals("backing off"));
            Files.move(away, here);
            await().atMost(SOON)
                    .until(() -> input(agent, "Moved").get("state").asText().equals("running"));
            version(home, "Moved", 2);
            awaitVersion(agent, "Moved", 2);
            assertThat(missing(agent, "Good")).isZero();
        }
    }

    @Test
    void a_module_that_a_script_imports_belongs_to_it() throws Exception {
        Path home = home("python3", "Good");
        Path lib = home.resolve("python.d/Lib");
        Files.createDirectories(lib.resolve("parts/deep"));
        Files.writeString(lib.resolve("parts/deep/number.py"), "N = 1\n");
        Files.writeString(
                lib.resolve("a.py"),
                """
                from datakit_framework import DataKitFramework
                from parts.deep import number

                class Lib(DataKitFramework):
                    interval = 1
                    def run(self):
                        self.feed_metric(measurement='Lib', fields={'version': number.N})
                """);
        Files.writeString(home.resolve("conf.d/Lib.conf"), block("Lib", "python3"));
        try (RunningAgent agent = RunningAgent.start(home)) {
            awaitVersion(agent, "Lib", 1);
            Files.writeString(lib.resolve("parts/deep/number.py"), "N = 2  # more\n");
            awaitVersion(agent, "Lib", 2);
        }
    }

    @Test
    void a_filter_that_cannot_be_read_leaves_the_rules_of_before() throws Exception {
        Path home = home("python3", "Good");
        Path conf = home.resolve("conf.d/trapline.conf");
        String block =
                Files.readString(conf)
                        + """

                        [[trap]]
                        id = "a9856a6a-3b46-e18b-d890-acafaa955348"
                        secret = "s"
                        filters = [ { type = "deny", metric = "%s" }, { type = "allow" } ]
                        """;
        Files.writeString(conf, block.formatted("^x"));
        try (RunningAgent agent = RunningAgent.start(home)) {
            Files.writeString(conf, block.formatted("("));
            await().atMost(SOON)
                    .until(() ->
                            Files.readString(home.resolve("logs/trapline.log"))
                                    .contains("reload refused"));
            String url =
                    agent.coreAddress() + "/module/httptrap/a9856a6a-3b46-e18b-d890-acafaa955348/s";
            assertThat(RunningAgent.put(url, "{\"x\":1,\"y\":2}").body())
                    .isEqualTo("{\"stats\":2,\"filtered\":1}");
        }
    }

    @Test
    void listeners_move_and_limits_and_registrations_change_while_requests_are_answered()
            throws Exception {
        Path home = home("python3", "Good");
        int http = free();
        int core = free();
        try (RunningAgent agent = RunningAgent.start(home);
                Socket slow = new Socket()) {
            awaitVersion(agent, "Good", 1);
            String oldCore = agent.coreAddress();
            assertThat(agent.get("/metrics").statusCode()).isEqualTo(200);
            slow.connect(
                    new InetSocketAddress(
                            InetAddress.getLoopbackAddress(),
                            URI.create(agent.address()).getPort()));
            String body = "moved value=1";
            slow.getOutputStream()
                    .write(
                            ("POST /v1/write/metric HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: "
                                            + body.length()
                                            + "\r\n\r\n"
                                            + body.substring(0, 5))
                                    .getBytes(StandardCharsets.UTF_8));
            Files.writeString(
                    home.resolve("conf.d/trapline.conf"),
                    """
                    [http]
                    listen = "127.0.0.1:%d"
                    request_rate = 0
                    max_body = "1KiB"
                    [core]
                    listen = "127.0.0.1:%d"
                    [reload]
                    watch = true
                    [global_tags]
                    moved = "yes"
                    [journal]
                    max_bytes = "77MiB"
                    [logging]
                    level = "debug"
                    [[push]]
                    data_id = 4711
                    access_token = "some-token"
                    type = "time_series"
                    """
                            .formatted(http, core));
            String fresh = "http://127.0.0.1:" + http;
            String freshCore = "http://127.0.0.1:" + core;
            await().atMost(SOON).until(() -> answers(http) && answers(core));
            await().atMost(SOON).until(() -> !answers(URI.create(agent.address()).getPort()));
            await().atMost(SOON).until(() -> !answers(URI.create(oldCore).getPort()));

            slow.getOutputStream().write(body.substring(5).getBytes(StandardCharsets.UTF_8));
            byte[] answer = new byte[200];
            int read = slow.getInputStream().read(answer);
            assertThat(new String(answer, 0, Math.max(0, read), StandardCharsets.UTF_8))
                    .as("the request that was on its way")
                    .startsWith("HTTP/1.1 200");

            RunningAgent.Ended status = RunningAgent.run(home, "status", "--json");
            assertThat(status.exitCode()).as(status.err()).isZero();
            assertThat(status.out()).contains(freshCore).contains("\"max_bytes\":" + (77L << 20));
            assertThat(RunningAgent.getFrom(fresh + "/metrics").body())
                    .contains("trapline_journal{what=\"max_bytes\"} " + (double) (77L << 20));
            assertThat(
                            RunningAgent.postTo(
                                            fresh + "/v1/write/metric",
                                            "m f=1," + "g=1,".repeat(500) + "h=1")
                                    .statusCode())
                    .isEqualTo(413);
            assertThat(
                            RunningAgent.postTo(
                                            freshCore + "/v2/push/",
                                            """
                                            {"data_id": 4711, "access_token": "some-token", "data":
                                            [{"metrics": {"a": 1}, "target": "t"}]}
                                            """)
                                    .body())
                    .contains("\"200\"");
            assertThat(RunningAgent.postTo(fresh + "/v1/write/metric", "m f=1").statusCode())
                    .isEqualTo(200);
            await().atMost(SOON)
                    .until(() ->
                            RunningAgent.run(
                                            home,
                                            "query",
                                            "--format",
                                            "csv",
                                            "select count(*) from metrics where name = 'm.f' and tags['moved'] = 'yes'")
                                    .out()
                                    .contains("1"));
            assertThat(
                            RunningAgent.run(
                                            home,
                                            "query",
                                            "--format",
                                            "csv",
                                            "select count(*) from runs where outcome <> 'ok'")
                                    .out())
                    .isEqualToNormalizingNewlines("count_star()\n0\n");
        }
    }

    private static int free() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private static boolean answers(int port) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }
}
