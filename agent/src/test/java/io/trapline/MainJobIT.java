package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The packaged program, used as its users would.
class MainJobIT {
    private static final Duration SOON = Duration.ofMinutes(3);
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir private Path folder;

    @Test
    void the_demo_reports_what_the_host_does() throws Exception {
        Path launcher = StartCaches.launcher();
        Path home = RunningAgent.home(folder);
        Files.copy(
                launcher.resolveSibling("conf.d/pythond.conf"),
                home.resolve("conf.d/pythond.conf"));
        Files.createDirectories(home.resolve("python.d/demo"));
        Files.copy(
                launcher.resolveSibling("python.d/demo/host.py"),
                home.resolve("python.d/demo/host.py"));
        try (RunningAgent agent = RunningAgent.start(home)) {
            await().atMost(SOON)
                    .until(() ->
                            agent.count(
                                            "select count(distinct split_part(name, '.',"
                                                    + " 1)) from metrics where source like"
                                                    + " 'pythond/demo/%'")
                                    == 4);
            await().atMost(SOON).until(() -> agent.count("select count(*) from logging") > 0);
            await().atMost(SOON).until(() -> agent.count("select count(*) from object") == 1);
            assertThat(agent.count("select count(*) from runs where outcome <> 'ok'")).isZero();
            assertThat(
                            agent.query(
                                            "select value from metrics where name = 'system.cpus' limit 1")
                                    .get(0)
                                    .get(0)
                                    .asInt())
                    .isEqualTo(Runtime.getRuntime().availableProcessors());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"graalpy", "python3"})
    void one_collector_that_fails_does_not_disturb_another(String cmd) throws Exception {
        Path home = RunningAgent.home(folder);
        script(
                home,
                "bad/syntax.py",
                """
                def broken(:
                """);
        script(home, "bad/needs.py", "import no_such_module_anywhere\n");
        script(home, "bad/at_import.py", "raise ValueError('raised at import')\n");
        script(
                home,
                "bad/classes.py",
                """
                from datakit_framework import DataKitFramework
                import sys

                class InInit(DataKitFramework):
                    interval = 1
                    def __init__(self, **kwargs):
                        raise RuntimeError('raised in the constructor')
                    def run(self):
                        pass

                class InRun(DataKitFramework):
                    interval = 1
                    def run(self):
                        self.feed_metric(measurement='partly', fields={'kept': 1})
                        raise KeyError('raised in run')

                class Exits(DataKitFramework):
                    interval = 1
                    def run(self):
                        sys.exit(3)

                class Garbage(DataKitFramework):
                    interval = 1
                    def run(self):
                        return object()
                """);
        // Apart: all that share an interpreter wait for a collector that never gives it away.
        script(
                home,
                "busy/busy.py",
                """
                from datakit_framework import DataKitFramework

                class Endless(DataKitFramework):
                    interval = 1
                    def run(self):
                        while True:
                            pass

                class Prints(DataKitFramework):
                    interval = 1
                    def run(self):
                        for line in range(20000):
                            print('a flood of prints', line)
                """);
        script(
                home,
                "good/good.py",
                """
                from datakit_framework import DataKitFramework

                class Good(DataKitFramework):
                    interval = 1
                    def run(self):
                        self.feed_metric(measurement='good', fields={'beat': 1})
                """);
        Files.writeString(
                home.resolve("conf.d/pythond.conf"),
                """
                [[inputs.pythond]]
                name = "bad"
                cmd = "%s"
                dirs = ["bad"]

                [[inputs.pythond]]
                name = "busy"
                cmd = "%s"
                dirs = ["busy"]
                timeout = "2s"

                [[inputs.pythond]]
                name = "good"
                cmd = "%s"
                dirs = ["good"]
                """
                        .formatted(cmd, cmd, cmd));
        try (RunningAgent agent = RunningAgent.start(home)) {
            await().atMost(SOON).until(() -> outcomes(agent, "Endless", "timeout") > 0);
            await().atMost(SOON).until(() -> outcomes(agent, "InRun", "error") > 1);
            await().atMost(SOON).until(() -> outcomes(agent, "Exits", "error") > 1);
            await().atMost(SOON).until(() -> outcomes(agent, "Garbage", "ok") > 1);
            await().atMost(SOON).until(() -> outcomes(agent, "Good", "ok") > 5);
            assertThat(
                            agent.count(
                                    "select count(*) from runs where collector = 'Good'"
                                            + " and outcome not in ('ok', 'skipped')"))
                    .isZero();
            assertThat(
                            agent.query(
                                            "select error from runs where collector = 'InRun'"
                                                    + " and outcome = 'error' limit 1")
                                    .get(0)
                                    .get(0)
                                    .asText())
                    .contains("raised in run")
                    .contains("classes.py")
                    .contains("Traceback");
            // What it reported before it failed is kept.
            assertThat(agent.count("select count(*) from metrics where name = 'partly.kept'"))
                    .isPositive();
            String inputs = agent.status().get("inputs").toString();
            assertThat(inputs)
                    .contains("SyntaxError")
                    .contains("no_such_module_anywhere")
                    .contains("raised at import")
                    .contains("raised in the constructor");
            assertThat(Files.readString(home.resolve("logs/busy.log")))
                    .contains("a flood of prints");
        }
    }

    @Test
    void a_changed_configuration_is_applied_and_a_bad_one_is_refused() throws Exception {
        Path home = RunningAgent.home(folder);
        script(
                home,
                "one/one.py",
                """
                from datakit_framework import DataKitFramework

                class One(DataKitFramework):
                    interval = 1
                    def run(self):
                        self.feed_metric(measurement='one', fields={'beat': 1})
                """);
        try (RunningAgent agent = RunningAgent.start(home)) {
            long before = agent.status().get("config_generation").asLong();
            Files.writeString(
                    home.resolve("conf.d/pythond.conf"),
                    """
                    [[inputs.pythond]]
                    name = "one"
                    cmd = "python3"
                    dirs = ["one"]
                    """);
            HttpResponse<String> good = agent.reload();
            assertThat(good.statusCode()).as(good.body()).isEqualTo(200);
            assertThat(JSON.readTree(good.body()).get("config_generation").asLong())
                    .isGreaterThan(before);
            await().atMost(SOON).until(() -> outcomes(agent, "One", "ok") > 1);

            Files.writeString(
                    home.resolve("conf.d/trapline.conf"),
                    """
                    [http]
                    listen = "nonsense"
                    [jurnal]
                    max_bytes = "2GiB"
                    """);
            HttpResponse<String> bad = agent.reload();
            assertThat(bad.statusCode()).isEqualTo(422);
            assertThat(bad.body()).contains("nonsense").contains("jurnal").contains("journal");
            long runs = outcomes(agent, "One", "ok");
            await().atMost(SOON).until(() -> outcomes(agent, "One", "ok") > runs);
        }
    }

    @Test
    void a_block_that_cannot_run_is_shown_and_the_others_run() throws Exception {
        Path home = RunningAgent.home(folder);
        script(
                home,
                "good/good.py",
                """
                from datakit_framework import DataKitFramework

                class Good(DataKitFramework):
                    interval = 1
                    def run(self):
                        self.feed_metric(measurement='good', fields={'beat': 1})
                """);
        Files.writeString(
                home.resolve("conf.d/pythond.conf"),
                """
                [[inputs.pythond]]
                name = "bad"
                cmd = "no-such-python"
                dirs = ["good"]

                [[inputs.pythond]]
                name = "good"
                cmd = "python3"
                dirs = ["good", "nowhere", "../../escape"]
                """);
        try (RunningAgent agent = RunningAgent.start(home)) {
            await().atMost(SOON).until(() -> outcomes(agent, "Good", "ok") > 1);
            JsonNode status = agent.status();
            assertThat(status.get("config_problems").toString())
                    .contains("conf.d/pythond.conf:")
                    .contains("no-such-python");
            assertThat(status.get("inputs").toString()).contains("nowhere").contains("escape");
        }
    }

    @Test
    void reload_without_the_token_is_refused() throws Exception {
        try (RunningAgent agent = RunningAgent.start(RunningAgent.home(folder))) {
            assertThat(agent.post("/api/reload", "").statusCode()).isEqualTo(401);
        }
    }

    @Test
    void it_stops_cleanly_and_what_was_written_can_be_queried_without_it() throws Exception {
        Path home = RunningAgent.home(folder);
        try (RunningAgent agent = RunningAgent.start(home)) {
            assertThat(
                            agent.post("/v1/write/metric", "m,t=v f=1,g=\"text\" 1700000000")
                                    .statusCode())
                    .isEqualTo(200);
            assertThat(agent.stop()).isZero();
        }
        RunningAgent.Ended ended =
                RunningAgent.run(
                        home,
                        "query",
                        "--format",
                        "json",
                        "select name, tags['t'] as t, type, value, text from metrics order by name");
        assertThat(ended.exitCode()).as(ended.err()).isZero();
        assertThat(JSON.readTree(ended.out()).get("rows").toString())
                .isEqualTo("[[\"m.f\",\"v\",\"n\",1,null],[\"m.g\",\"v\",\"s\",null,\"text\"]]");
    }

    @Test
    void a_second_agent_on_the_same_home_says_who_holds_it() throws Exception {
        Path home = RunningAgent.home(folder);
        try (RunningAgent agent = RunningAgent.start(home)) {
            RunningAgent.Ended second = RunningAgent.run(home, "run");
            assertThat(second.exitCode()).isEqualTo(1);
            assertThat(second.err()).contains("process " + agent.pid()).contains("--home");
        }
    }

    @Test
    void a_port_in_use_is_said_plainly() throws Exception {
        try (RunningAgent agent = RunningAgent.start(RunningAgent.home(folder.resolve("a")))) {
            String port = agent.address().substring(agent.address().lastIndexOf(':') + 1);
            Path other = RunningAgent.home(folder.resolve("b"));
            Files.writeString(
                    other.resolve("conf.d/trapline.conf"),
                    "[http]\nlisten = \"127.0.0.1:" + port + "\"\n");
            RunningAgent.Ended second = RunningAgent.run(other, "run");
            assertThat(second.exitCode()).isEqualTo(1);
            assertThat(second.err()).contains("127.0.0.1:" + port).contains("listen");
        }
    }

    @Test
    void try_shows_what_would_be_stored_and_fails_when_a_collector_fails() throws Exception {
        Path home = RunningAgent.home(folder);
        script(
                home,
                "mine/mine.py",
                """
                from datakit_framework import DataKitFramework

                class Works(DataKitFramework):
                    interval = 10
                    def run(self):
                        print('a printed line')
                        self.feed_metric(measurement='mine', tags={'t': 'v'}, fields={'f': 2})

                class Fails(DataKitFramework):
                    interval = 10
                    def run(self):
                        raise ValueError('as expected')
                """);
        RunningAgent.Ended both = RunningAgent.run(home, "try", "mine");
        assertThat(both.exitCode()).isEqualTo(1);
        assertThat(both.out())
                .contains("a printed line")
                .contains("mine")
                .contains("as expected")
                .contains("Traceback");
        RunningAgent.Ended one =
                RunningAgent.run(home, "try", "mine", "--class", "Works", "--json");
        assertThat(one.exitCode()).as(one.err()).isZero();
        JsonNode shown = JSON.readTree(one.out());
        assertThat(shown.toString()).contains("\"mine\"").contains("\"f\"").doesNotContain("Fails");
    }

    @Test
    void check_config_lists_every_mistake_with_file_and_line() throws Exception {
        Path home = RunningAgent.home(folder);
        Files.writeString(
                home.resolve("conf.d/trapline.conf"),
                "[http]\nlisten = 9529\n[stor]\nretention = 1\n");
        Files.writeString(
                home.resolve("conf.d/pythond.conf"),
                "[[inputs.pythond]]\nname = \"x\"\ncmd = \"no-such-python\"\ndirs = []\n");
        RunningAgent.Ended ended = RunningAgent.run(home, "check-config");
        assertThat(ended.exitCode()).isEqualTo(2);
        assertThat(ended.out() + ended.err())
                .contains("conf.d/trapline.conf:2")
                .contains("conf.d/trapline.conf:3")
                .contains("conf.d/pythond.conf:")
                .contains("no-such-python");
    }

    private static long outcomes(RunningAgent agent, String collector, String outcome)
            throws IOException, InterruptedException {
        return agent.count(
                "select count(*) from runs where collector = '%s' and outcome = '%s'"
                        .formatted(collector, outcome));
    }

    private static void script(Path home, String path, String text) throws IOException {
        Path file = home.resolve("python.d").resolve(path);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
