package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.RunningAgent.Ended;
import io.trapline.gitsync.GitHttpServer;
import io.trapline.gitsync.Origin;
import io.trapline.gitsync.SshServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The packaged agent and real git servers on loopback.
class GitSyncIT {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Duration SOON = Duration.ofMinutes(3);
    private static final String PASSWORD = "s3cr3t-w0rd";

    @TempDir Path folder;
    private Origin origin;
    private Path home;

    @BeforeEach
    void set() throws IOException {
        origin = new Origin(folder);
        commit("job", 1);
        home = RunningAgent.home(folder.resolve("home"));
    }

    private String commit(String input, int version) throws IOException {
        origin.write(
                "conf.d/" + input + ".conf",
                """
                [[inputs.pythond]]
                name = "%1$s"
                cmd = "python3"
                dirs = ["%1$s"]
                """
                        .formatted(input));
        origin.write(
                "python.d/" + input + "/a.py",
                """
                from datakit_framework import DataKitFramework

                class Job(DataKitFramework):
                    interval = 1
                    def run(self):
                        self.feed_metric(measurement='job', fields={'version': %d})
                """
                        .formatted(version));
        return origin.push("version " + version);
    }

    private void configure(String more) throws IOException {
        Files.writeString(
                home.resolve("conf.d/trapline.conf"),
                """
                [logging]
                level = "debug"
                [git_repos]
                pull_interval = "1s"
                %s
                """
                        .formatted(more),
                StandardOpenOption.APPEND);
    }

    private static String repository(String url) {
        return "[[git_repos.repo]]\nenable = true\nurl = \"" + url + "\"\n";
    }

    private static void awaitVersion(RunningAgent agent, int version) {
        await().atMost(SOON)
                .until(() ->
                        agent.count(
                                        "select count(*) from metrics where name = 'job.version' and value = "
                                                + version)
                                > 0);
    }

    private static JsonNode git(RunningAgent agent) throws IOException, InterruptedException {
        return agent.status().get("git").get(0);
    }

    private static void awaitState(RunningAgent agent, String state) {
        await().atMost(SOON).until(() -> git(agent).get("state").asText().equals(state));
    }

    private Ended git(String... arguments) throws IOException, InterruptedException {
        return RunningAgent.run(
                home, Stream.concat(Stream.of("git"), Stream.of(arguments)).toArray(String[]::new));
    }

    @Test
    void commits_are_followed_bad_ones_are_refused_and_the_password_shows_nowhere()
            throws Exception {
        try (GitHttpServer server = new GitHttpServer(origin.served(), "ann:" + PASSWORD, null)) {
            configure(repository("http://ann:" + PASSWORD + "@" + server.host() + "/confs.git"));
            try (RunningAgent agent = RunningAgent.start(home)) {
                awaitVersion(agent, 1);
                commit("job", 2);
                awaitVersion(agent, 2);

                origin.write("conf.d/job.conf", "[[inputs.pythond]]\nname = \"job\"\n");
                String bad = origin.push("forgets the dirs");
                awaitState(agent, "refused");
                assertThat(git(agent).get("refused").get("id").asText()).isEqualTo(bad);
                assertThat(git(agent).get("reasons").toString())
                        .contains("conf.d/job.conf:1")
                        .contains("dirs");
                Ended refused = git("status");
                assertThat(refused.exitCode()).isEqualTo(1);
                assertThat(refused.out())
                        .contains("commit " + bad.substring(0, 10) + " is refused")
                        .contains("version 2");
                long runs = agent.count("select count(*) from runs");
                await().atMost(SOON)
                        .until(() -> agent.count("select count(*) from runs") > runs + 1);

                // A script that does not load is no reason to refuse a commit; the old one goes on.
                commit("job", 2);
                origin.write("python.d/job/a.py", "class Half(").push("half a class");
                await().atMost(SOON)
                        .until(() ->
                                agent.status()
                                        .get("inputs")
                                        .toString()
                                        .contains("the one before it goes on"));
                String mended = commit("job", 3);
                Ended synced = git("sync", "--json");
                assertThat(synced.exitCode()).as(synced.err()).isZero();
                assertThat(JSON.readTree(synced.out()).get(0).get("commit").get("id").asText())
                        .isEqualTo(mended);
                awaitVersion(agent, 3);

                // Every input has another name.
                origin.git("mv", "conf.d/job.conf", "conf.d/other.conf");
                origin.git("mv", "python.d/job", "python.d/other");
                origin.write(
                        "conf.d/other.conf",
                        """
                        [[inputs.pythond]]
                        name = "other"
                        cmd = "python3"
                        dirs = ["other"]
                        """);
                origin.push("renames");
                await().atMost(SOON)
                        .until(() ->
                                agent.count(
                                                "select count(*) from runs where input = 'other' and outcome = 'ok'")
                                        > 0);
                assertThat(agent.status().get("inputs")).hasSize(1);

                Ended log = git("log", "--json", "-n", "50");
                assertThat(JSON.readTree(log.out()).findValuesAsText("kind"))
                        .contains("applied", "refused");
                assertNowhere(PASSWORD, log.out() + git("status", "--json").out());
                assertNowhere(PASSWORD, agent.get("/api/status").body() + agent.get("/").body());
                assertNowhere(PASSWORD, Files.readString(home.resolve("stderr.txt")));
            }
        }
        for (String place : List.of("logs", "data", "gitrepos")) {
            try (Stream<Path> files = Files.walk(home.resolve(place))) {
                for (Path file : files.filter(Files::isRegularFile).toList()) {
                    assertNowhere(PASSWORD, Files.readString(file, StandardCharsets.ISO_8859_1));
                }
            }
        }
    }

    private static void assertNowhere(String secret, String text) {
        assertThat(text.contains(secret)).isFalse();
    }

    @Test
    void over_ssh_the_last_good_commit_runs_at_once_when_the_server_is_away() throws Exception {
        Path keys = folder.resolve("ssh");
        SshServer server = new SshServer(keys, "ed25519", "open sesame");
        Files.writeString(home.resolve("known"), server.knownHostLine());
        configure(
                "known_hosts = \"known\"\n"
                        + repository(server.url(origin.bare()))
                        + "ssh_private_key_path = \""
                        + server.userKey()
                        + "\"\nssh_private_key_password = \"open sesame\"\n");
        try (server;
                RunningAgent agent = RunningAgent.start(home)) {
            awaitVersion(agent, 1);
            server.stop();
            agent.kill();
        }
        try (RunningAgent agent = RunningAgent.start(home)) {
            long before = agent.count("select count(*) from runs where outcome = 'ok'");
            await().atMost(SOON)
                    .until(() ->
                            agent.count("select count(*) from runs where outcome = 'ok'")
                                    > before + 1);
            awaitState(agent, "failing");
            assertThat(git(agent).get("commit").get("subject").asText()).isEqualTo("version 1");
            assertThat(git("status").exitCode()).isEqualTo(1);
        }
    }

    @Test
    void an_agent_that_is_killed_while_it_clones_clones_anew() throws Exception {
        try (GitHttpServer server = new GitHttpServer(origin.served(), "", null)) {
            configure(repository("http://" + server.host() + "/confs.git"));
            server.stallAfter(80);
            try (RunningAgent agent = RunningAgent.start(home)) {
                server.awaitStall();
                agent.kill();
            }
            assertThat(home.resolve("gitrepos/confs")).doesNotExist();
            server.stallAfter(Integer.MAX_VALUE);
            try (RunningAgent agent = RunningAgent.start(home)) {
                awaitVersion(agent, 1);
            }
        }
    }
}
