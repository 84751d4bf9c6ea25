package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.RunningAgent.Ended;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What people type, on one packaged agent with a good and a bad collector and an output whose
/// receiver is not there.
class CommandsIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir private static Path folder;
    private static Path home;
    private static RunningAgent agent;

    @BeforeAll
    static void start() throws Exception {
        home = RunningAgent.home(folder.resolve("home"));
        Files.writeString(
                home.resolve("conf.d/trapline.conf"),
                Files.readString(home.resolve("conf.d/trapline.conf"))
                        + """
                        [[outputs.trap]]
                        name = "nowhere"
                        url = "http://127.0.0.1:1/module/httptrap/a9856a6a-3b46-e18b-d890-acafaa955348/s"
                        """);
        Files.writeString(
                home.resolve("conf.d/pythond.conf"),
                """
                [[inputs.pythond]]
                name = "mine"
                dirs = ["mine"]
                cmd = "python3"
                """);
        Files.createDirectories(home.resolve("python.d/mine"));
        Files.writeString(
                home.resolve("python.d/mine/two.py"),
                """
                from datakit_framework import DataKitFramework

                class Good(DataKitFramework):
                    interval = 3600

                    def run(self):
                        self.feed_metric(measurement="queue", fields={"bytes": 8951316480.0})

                class Bad(DataKitFramework):
                    interval = 3600

                    def run(self):
                        raise ValueError("the queue " + "is very long " * 20)
                """);
        agent = RunningAgent.start(home);
    }

    @AfterAll
    static void stop() throws Exception {
        agent.close();
    }

    private static Ended run(String... arguments) throws Exception {
        return RunningAgent.run(home, arguments);
    }

    /// The command's output when it is a terminal of that width.
    private static String onTerminal(
            int columns, Map<String, String> environment, String... arguments) throws Exception {
        ProcessBuilder builder =
                new ProcessBuilder(
                        "python3",
                        "-c",
                        """
                        import fcntl, os, pty, struct, sys, termios
                        child, terminal = pty.fork()
                        if child == 0:
                            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
                            os.execv(sys.argv[2], sys.argv[2:])
                        while True:
                            try:
                                data = os.read(terminal, 65536)
                            except OSError:
                                break
                            if not data:
                                break
                            sys.stdout.buffer.write(data)
                        os.waitpid(child, 0)
                        """,
                        String.valueOf(columns),
                        StartCaches.launcher().toString());
        builder.command().addAll(List.of(arguments));
        builder.command().addAll(List.of("--home", home.toString()));
        builder.environment().keySet().removeAll(List.of("COLUMNS", "NO_COLOR"));
        builder.environment().put("TERM", "xterm");
        builder.environment().putAll(environment);
        Process process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    @Test
    void a_run_that_is_waited_for_tells_what_became_of_it() throws Exception {
        Ended good = run("collectors", "run", "mine", "Good", "--wait");
        assertThat(good.out()).matches("mine/Good: ok in [0-9.]+ m?s, 1 point\n");
        assertThat(good.exitCode()).isZero();

        Ended bad = run("collectors", "run", "mine", "Bad", "--wait");
        assertThat(bad.out())
                .startsWith("mine/Bad: error in ")
                .contains("two.py")
                .contains("ValueError");
        assertThat(bad.exitCode()).isEqualTo(1);

        JsonNode both = JSON.readTree(run("collectors", "--json", "run", "mine", "--wait").out());
        assertThat(both.path("collectors")).hasSize(2);
        assertThat(both.path("runs")).hasSize(2);
    }

    @Test
    void the_verbs_of_collectors_and_outputs_work_in_every_spelling() throws Exception {
        assertThat(run("collectors", "pause", "mine", "Good").out())
                .isEqualTo("paused mine: Good\n");
        assertThat(JSON.readTree(run("collectors", "resume", "mine", "Good", "--json").out()))
                .isEqualTo(JSON.readTree("{\"input\":\"mine\",\"collectors\":[\"Good\"]}"));
        assertThat(run("collectors", "run", "nobody").exitCode()).isEqualTo(1);

        JsonNode all = JSON.readTree(run("outputs", "--json").out());
        assertThat(all.at("/outputs/0/name").asText()).isEqualTo("nowhere");
        assertThat(JSON.readTree(run("outputs", "list", "--json").out()).path("outputs"))
                .hasSize(1);
        assertThat(run("outputs").out()).startsWith("NAME ").contains("nowhere");
        assertThat(run("outputs", "show", "nowhere").out()).contains("kind: trap\n");
        assertThat(run("outputs", "pause", "nowhere").out()).isEqualTo("state: paused\n");
        assertThat(run("outputs", "resume", "nowhere", "--json").out()).startsWith("{\"state\":");
        assertThat(run("outputs", "aside", "nowhere", "--json").out())
                .isEqualTo("{\"aside\":[]}\n");
        assertThat(run("outputs", "drop", "nowhere").exitCode()).isEqualTo(2);
    }

    @Test
    void status_names_the_page_the_outputs_and_what_is_wrong() throws Exception {
        run("collectors", "run", "mine", "--wait");
        Ended status = run("status");
        assertThat(status.exitCode()).isZero();
        assertThat(status.out())
                .contains("page: " + agent.address() + "/\n")
                .containsPattern("output nowhere to .*: (failing|running)")
                .doesNotContain("frame")
                .doesNotContain("p99")
                .doesNotContain("\u001b");

        Ended check = run("status", "--check");
        assertThat(check.exitCode()).isEqualTo(1);
        assertThat(check.out())
                .containsPattern("wrong: Collector mine/Bad failed.*: ValueError: the queue is");
        assertThat(JSON.readTree(run("status", "--json").out()).path("outputs")).hasSize(1);
    }

    @Test
    void the_check_says_what_the_first_page_says_and_nothing_else() throws Exception {
        run("collectors", "run", "mine", "Bad", "--wait");
        assertThat(
                        agent.post(
                                        "/v1/write/keyevent",
                                        "disk,df_event_id=d1,df_status=critical"
                                                + " df_title=\"the disk is full\"")
                                .statusCode())
                .isEqualTo(200);
        await().atMost(Duration.ofMinutes(3))
                .untilAsserted(
                        () -> assertThat(shown()).anyMatch(line -> line.contains("disk is full")));
        for (int i = 0; i < 2; i++) {
            Ended check = run("status", "--check");
            assertThat(check.exitCode()).isEqualTo(1);
            assertThat(check.out().lines().map(line -> line.replaceFirst(", since .*", "")))
                    .allMatch(line -> line.matches("(wrong|to look at): .*"))
                    .extracting(line -> line.replaceFirst("^[a-z ]+: ", ""))
                    .allMatch(line -> shown().stream().anyMatch(it -> same(it, line)))
                    .hasSameSizeAs(shown());
        }
        JsonNode all = JSON.readTree(run("status", "--check", "--json").out());
        assertThat(all.path("findings").findValuesAsText("text"))
                .anyMatch(text -> text.contains("the disk is full"));
        assertThat(all.path("inputs")).hasSize(1);
    }

    /// Ages move on between two looks.
    private static boolean same(String one, String other) {
        String ages = "[0-9]+ (s|min|batch(es)?) .*|now$|just now$";
        return one.replaceFirst(ages, "").startsWith(other.replaceFirst(ages, ""));
    }

    private static List<String> shown() {
        try {
            return org.jsoup.Jsoup.parse(agent.get("/").body()).select(".ailments li").eachText();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void a_terminal_gets_what_fits_it_and_colours_a_pipe_gets_everything() throws Exception {
        run("collectors", "run", "mine", "--wait");
        String sql = "select time, collector, outcome, error from runs order by time desc limit 5";
        String shown = onTerminal(70, Map.of(), "query", sql);
        assertThat(shown.lines())
                .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(70));
        assertThat(shown).contains("…").contains("collector | outcome");
        assertThat(run("query", sql).out())
                .contains("is very long is very long")
                .doesNotContain("…");

        String status = onTerminal(100, Map.of(), "status");
        assertThat(status).contains("\u001b[31merror\u001b[0m").contains("\u001b[32mok\u001b[0m");
        assertThat(onTerminal(100, Map.of("NO_COLOR", "1"), "status")).doesNotContain("\u001b");
        assertThat(onTerminal(60, Map.of("COLUMNS", "200"), "query", sql).lines().toList())
                .anySatisfy(line -> assertThat(line.length()).isGreaterThan(100));
        assertThat(onTerminal(60, Map.of(), "query", "select nonsense"))
                .contains("\u001b[31mtrapline:\u001b[0m");
    }

    @Test
    void the_first_collector_of_the_README_is_tried_without_a_warning() throws Exception {
        String readme = Files.readString(Path.of("..", "README.md"));
        int begin = readme.indexOf("```python");
        String script =
                readme.substring(begin + "```python".length(), readme.indexOf("```", begin + 3))
                        .stripIndent();
        Path first = Files.createDirectories(home.resolve("python.d/first"));
        Files.writeString(first.resolve("queue.py"), script);

        Ended tried = run("try", "first");

        assertThat(tried.out()).contains("Queue (").contains("length=3").doesNotContain("warning");
        assertThat(tried.exitCode()).isZero();
        assertThat(tried.out()).containsPattern("@\\d{4}-\\d\\d-\\d\\dT[0-9:]{8}([.]\\d{3})?Z\n");
    }

    @Test
    void a_path_below_the_home_is_tried_wherever_one_stands() throws Exception {
        // `run` stands in the home, this elsewhere.
        assertThat(onTerminal(80, Map.of(), "try", "python.d/mine/two.py", "--class", "Good"))
                .contains("Good (")
                .contains("bytes=8951316480 @");
    }

    @Test
    void a_reload_that_changes_nothing_says_so_and_the_log_of_an_input_is_there() throws Exception {
        new ProcessBuilder("kill", "-HUP", String.valueOf(agent.pid())).start().waitFor();
        await().atMost(Duration.ofMinutes(3))
                .untilAsserted(() ->
                        assertThat(Files.readString(home.resolve("logs/trapline.log")))
                                .contains("reloaded, nothing changed"));
        assertThat(Files.readString(home.resolve("logs/mine.log")))
                .contains("what the collectors of input mine print and log:");
    }

    @Test
    void a_reload_by_command_says_what_became_of_it_and_the_log_names_the_inputs()
            throws Exception {
        assertThat(run("reload").out()).matches("configuration [0-9]+ is in force\n");
        Path wrong = home.resolve("conf.d/z.conf");
        Files.writeString(wrong, "[[inputs.pythond]]\nname = \"z\"\ndirs = 7\n");
        try {
            Ended refused = run("reload");
            assertThat(refused.exitCode()).isEqualTo(2);
            assertThat(refused.out()).contains("conf.d/z.conf:3: ").contains("refused: ");
            assertThat(JSON.readTree(run("reload", "--json").out()).path("problems")).hasSize(1);
        } finally {
            Files.delete(wrong);
        }
        Path script = home.resolve("python.d/mine/two.py");
        Files.writeString(script, Files.readString(script) + "\n# changed\n");
        run("reload");
        await().atMost(Duration.ofMinutes(3))
                .untilAsserted(() ->
                        assertThat(Files.readString(home.resolve("logs/trapline.log")))
                                .containsPattern(
                                        "in force: 1 input; new, gone or with changed scripts: mine"));
    }

    @Test
    void under_nohup_the_agent_says_that_a_signal_does_not_reload_and_the_command_does()
            throws Exception {
        Path other = RunningAgent.home(folder.resolve("nohup"));
        try (RunningAgent under = RunningAgent.start(other, "nohup")) {
            assertThat(Files.readString(other.resolve("logs/trapline.log")))
                    .contains("SIGHUP is ignored")
                    .contains("`trapline reload`");
            assertThat(RunningAgent.run(other, "reload").exitCode()).isZero();
            assertThat(under.get("/").statusCode()).isEqualTo(200);
        }
        assertThat(Files.readString(home.resolve("logs/trapline.log")))
                .doesNotContain("SIGHUP is ignored");
    }

    @Test
    void numbers_have_one_format_in_json_and_are_never_cut_on_a_terminal() throws Exception {
        assertThat(
                        agent.post(
                                        "/v1/write/metric",
                                        "big.number.of.things,region=eu-central-1,zone=a"
                                                + " up=89513163801234,few=[1.0,2.0]")
                                .statusCode())
                .isEqualTo(200);
        String sql = "select * from metrics where name = 'big.number.of.things.up'";
        await().atMost(Duration.ofMinutes(3))
                .untilAsserted(() ->
                        assertThat(JSON.readTree(run("query", "--json", sql).out()).path("rows"))
                                .hasSize(1));
        assertThat(run("query", "--json", sql).out()).contains("89513163801234,");
        assertThat(
                        run(
                                        "query",
                                        "--json",
                                        "select 64037.0::double, 1e15, 2.5e20, [1.0::double]")
                                .out())
                .contains("[64037,1e15,2.5e20,[1]]");
        assertThat(run("query", "--json", "select text from metrics where name like '%.few'").out())
                .contains("[\"[1,2]\"]");

        String narrow = onTerminal(80, Map.of(), "query", sql);
        assertThat(narrow)
                .contains("value: 89513163801234")
                .contains("name: big.number.of.things.up")
                .doesNotContain("…");
        String status = onTerminal(80, Map.of(), "status");
        assertThat(status)
                .contains("collector")
                .containsPattern("[0-9.]+ (ms|s) ")
                .doesNotContain("colle…");
        assertThat(run("status").out().lines().filter(line -> line.contains("nowhere")))
                .as("the lag of an output, once")
                .hasSize(1);
    }

    @Test
    void an_output_is_shown_with_its_units() throws Exception {
        assertThat(run("outputs", "show", "nowhere").out())
                .containsPattern("(?m)^lag: [0-9]+ batch(es)?$");
    }

    @Test
    void a_choice_of_a_metric_that_never_came_is_told() throws Exception {
        String uuid =
                JSON.readTree(run("trap", "add", "--name", "mine", "--json").out())
                        .path("id")
                        .asText();
        Ended chosen = run("trap", "metrics", uuid, "--select", "nosuch");
        assertThat(chosen.out())
                .contains("no metric named \"nosuch\" has arrived at this check; nothing changed");
        String id =
                JSON.readTree(run("push", "add", "--name", "mine", "--json").out())
                        .path("data_id")
                        .asText();
        assertThat(run("push", "show", id).out())
                .contains("rate: 1000/min\n")
                .contains("max_future_time_offset: 3600 s\n");
    }

    @Test
    void a_long_value_is_shown_whole_in_line_mode() throws Exception {
        run("collectors", "run", "mine", "--wait");
        String sql =
                "select collector, error from runs where outcome = 'error' order by time desc limit 1";
        String lines = run("query", sql + "\\G").out();
        assertThat(lines)
                .startsWith("-- row 1 --\ncollector: Bad\n")
                .contains("\n             File \"")
                .endsWith("(1 row)\n");
        assertThat(run("query", "--format", "line", sql).out()).isEqualTo(lines);
        assertThat(run("query", "select 8951316480.0::double as a, 0.5 as b").out())
                .contains("8951316480 | 0.5");
        assertThat(run("query", "--format", "csv", "select 64037.0::double as a").out())
                .isEqualTo("a\r\n64037\r\n");
    }
}
