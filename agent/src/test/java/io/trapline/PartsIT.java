package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What the system refuses the real process for a while, and gives again: descriptors, threads,
/// room in files, a folder for libraries. Every part comes back by itself, and `/healthz` says so
/// while it does not work.
class PartsIT {
    private static final Duration LONG = Duration.ofMinutes(2);

    /// Connections of their own each time: kept ones would go on while no new one is accepted.
    private static String request(String method, String path, String body) {
        return method
                + " "
                + path
                + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: "
                + body.length()
                + "\r\n\r\n"
                + body;
    }

    @TempDir private Path folder;

    private static int status(String address, String path) {
        return ask(address, "GET", path, "");
    }

    /// The status of the answer, 0 when there was none.
    private static int ask(String address, String method, String path, String body) {
        try (Socket socket =
                new Socket(InetAddress.getLoopbackAddress(), URI.create(address).getPort())) {
            socket.setSoTimeout(5_000);
            socket.getOutputStream()
                    .write(request(method, path, body).getBytes(StandardCharsets.UTF_8));
            byte[] head = socket.getInputStream().readNBytes(12);
            return head.length < 12
                    ? 0
                    : Integer.parseInt(new String(head, 9, 3, StandardCharsets.UTF_8));
        } catch (IOException _) {
            return 0;
        }
    }

    private static int write(RunningAgent agent, String line) {
        return ask(agent.address(), "POST", "/v1/write/metric", line);
    }

    private static void awaitHealth(int status, String... addresses) {
        for (String address : addresses) {
            await().atMost(LONG).until(() -> status(address, "/healthz") == status);
        }
    }

    private static Map<String, JsonNode> parts(JsonNode status) {
        Map<String, JsonNode> all = new TreeMap<>();
        StreamSupport.stream(status.path("parts").spliterator(), false)
                .forEach(part -> all.put(part.path("name").asText(), part));
        return all;
    }

    private static JsonNode part(RunningAgent agent, String name) throws Exception {
        return parts(agent.status()).getOrDefault(name, MissingNode.getInstance());
    }

    private static void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s: %s", List.of(command), out).isZero();
    }

    /// Below which number all descriptors are open: with this limit there is not one more.
    private static long firstFree(long pid) throws IOException {
        try (Stream<Path> all = Files.list(Path.of("/proc/" + pid + "/fd"))) {
            TreeSet<Long> open = new TreeSet<>();
            all.forEach(each -> open.add(Long.parseLong(each.getFileName().toString())));
            long free = 0;
            while (open.contains(free)) {
                free++;
            }
            return free;
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {128, 256, 1024})
    void more_connections_than_there_are_descriptors_close_no_listener(int descriptors)
            throws Exception {
        try (RunningAgent agent =
                RunningAgent.start(
                        RunningAgent.home(folder),
                        "bash",
                        "-c",
                        "ulimit -n " + descriptors + "; exec \"$@\"",
                        "bash")) {
            String core = agent.coreAddress();
            for (String address : List.of(agent.address(), core)) {
                List<Socket> held = new ArrayList<>();
                try {
                    for (int i = 0; i < descriptors + 100; i++) {
                        held.add(
                                new Socket(
                                        InetAddress.getLoopbackAddress(),
                                        URI.create(address).getPort()));
                    }
                } finally {
                    for (Socket each : held) {
                        each.close();
                    }
                }
            }
            awaitHealth(200, agent.address(), core);
            assertThat(write(agent, "after f=1")).isEqualTo(200);
            String listener = "listener [core] " + core;
            // With two places it may be busy with the test's own connections: 503, ask again.
            JsonNode status =
                    await().atMost(LONG).until(agent::status, answer -> answer.has("parts"));
            assertThat(parts(status)).containsKey(listener);
            assertThat(
                            parts(status)
                                    .getOrDefault(listener, MissingNode.getInstance())
                                    .path("restarts")
                                    .asInt())
                    .isZero();
            assertThat(status.path("limits").path("open_files").asInt()).isEqualTo(descriptors);
            assertThat(Files.readString(agent.home().resolve("logs/trapline.log")))
                    .contains(descriptors + " open files are allowed, 4096 are wanted")
                    .doesNotContain("terminating now");
        }
    }

    @Test
    void all_parts_come_back_when_there_are_descriptors_again() throws Exception {
        try (RunningAgent agent = RunningAgent.start(RunningAgent.home(folder))) {
            String core = agent.coreAddress();
            String pid = Long.toString(agent.pid());
            assertThat(write(agent, "before f=1")).isEqualTo(200);
            run("prlimit", "--pid", pid, "--nofile=" + firstFree(agent.pid()) + ":");
            await().atMost(LONG)
                    .until(() ->
                            status(agent.address(), "/healthz") != 200
                                    && status(core, "/healthz") != 200);
            run("prlimit", "--pid", pid, "--nofile=4096:");
            awaitHealth(200, agent.address(), core);
            assertThat(write(agent, "after f=1")).isEqualTo(200);
            await().atMost(LONG)
                    .until(() ->
                            agent.count("select count(*) from metrics where name like '%.f'") == 2);
            assertThat(parts(agent.status()).values())
                    .allSatisfy(
                            part -> assertThat(part.path("state").asText()).isEqualTo("running"));
        }
    }

    /// The control group of version 1; `pids.max` binds root as well.
    @Test
    void all_parts_come_back_when_there_are_threads_again() throws Exception {
        Path group = Path.of("/sys/fs/cgroup/pids/trapline-it-" + ProcessHandle.current().pid());
        assertThat(Path.of("/sys/fs/cgroup/pids"))
                .as("this test needs the controller pids of control groups, version 1, and root")
                .isWritable();
        Files.createDirectory(group);
        try (RunningAgent agent =
                RunningAgent.start(
                        RunningAgent.home(folder),
                        "bash",
                        "-c",
                        "echo $$ > " + group + "/cgroup.procs; exec \"$@\"",
                        "bash")) {
            String core = agent.coreAddress();
            Files.writeString(group.resolve("pids.max"), "1");
            // Carriers of virtual threads end after half a minute without work; many requests at
            // once want one that is not there.
            List<Socket> held = new ArrayList<>();
            await().atMost(LONG).until(() -> isAiling(agent, core, held));
            for (Socket each : held) {
                each.close();
            }
            Files.writeString(group.resolve("pids.max"), "max");
            awaitHealth(200, agent.address(), core);
            assertThat(write(agent, "after f=1")).isEqualTo(200);
            await().atMost(LONG)
                    .until(() ->
                            agent.count("select count(*) from metrics where name = 'after.f'")
                                    == 1);
            assertThat(parts(agent.status()).values())
                    .allSatisfy(
                            part -> assertThat(part.path("state").asText()).isEqualTo("running"));
        } finally {
            await().atMost(LONG)
                    .until(() -> Files.readString(group.resolve("cgroup.procs")).isBlank());
            Files.delete(group);
        }
    }

    private static boolean isAiling(RunningAgent agent, String core, List<Socket> held) {
        for (String address : List.of(agent.address(), core)) {
            try {
                Socket socket =
                        new Socket(InetAddress.getLoopbackAddress(), URI.create(address).getPort());
                held.add(socket);
                socket.getOutputStream()
                        .write(
                                "POST /v1/write/metric HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\na f=1"
                                        .getBytes(StandardCharsets.UTF_8));
            } catch (IOException _) {
                return true;
            }
        }
        return write(agent, "while f=1") != 200 || status(core, "/healthz") != 200;
    }

    /// No file may grow: each write to the journal fails.
    @Test
    void healthz_says_on_both_listeners_while_the_journal_refuses_writes() throws Exception {
        try (RunningAgent agent = RunningAgent.start(RunningAgent.home(folder))) {
            String core = agent.coreAddress();
            String pid = Long.toString(agent.pid());
            awaitHealth(200, agent.address(), core);
            run("prlimit", "--pid", pid, "--fsize=1:");
            assertThat(write(agent, "refused f=1")).isGreaterThanOrEqualTo(500);
            awaitHealth(503, agent.address(), core);
            HttpResponse<String> health = agent.get("/healthz");
            assertThat(health.body()).contains("\"status\":\"ailing\"").contains("journal");
            JsonNode journal = part(agent, "journal");
            assertThat(journal.path("state").asText()).isEqualTo("retrying");
            assertThat(journal.path("why").asText()).contains("trapline.db");
            assertThat(RunningAgent.run(agent.home(), "status").out())
                    .contains("journal: retrying since ");
            RunningAgent.Ended check = RunningAgent.run(agent.home(), "status", "--check");
            assertThat(check.exitCode()).isEqualTo(1);
            assertThat(check.out()).contains("wrong: Journal: ");
            run("prlimit", "--pid", pid, "--fsize=unlimited:");
            awaitHealth(200, agent.address(), core);
            assertThat(write(agent, "after f=1")).isEqualTo(200);
        }
    }

    /// Libraries that bring native code unpack it into the temporary folder, which may be full, in
    /// memory, or forbid that code is run from it.
    @Test
    void a_temporary_folder_that_cannot_be_used_is_not_used() throws Exception {
        Path home = RunningAgent.home(folder);
        try (RunningAgent agent =
                RunningAgent.start(
                        home, Map.of("TRAPLINE_JAVA_OPTS", "-Djava.io.tmpdir=/proc/no/such"))) {
            assertThat(write(agent, "a f=1")).isEqualTo(200);
            await().atMost(LONG).until(() -> agent.count("select count(*) from metrics") == 1);
            awaitHealth(200, agent.address(), agent.coreAddress());
        }
        assertThat(home.resolve("data/tmp")).isDirectory();
    }

    /// The store's process is killed again and again, and cannot be started for a while.
    @Test
    void the_store_comes_back_and_healthz_says_while_it_is_away() throws Exception {
        Path home = RunningAgent.home(folder);
        try (RunningAgent agent = RunningAgent.start(home)) {
            assertThat(write(agent, "a f=1")).isEqualTo(200);
            await().atMost(LONG).until(() -> agent.count("select count(*) from metrics") == 1);
            // A file where it wants a folder: no process of the store can be started.
            Path inTheWay = home.resolve("data/native/store-host");
            Files.deleteIfExists(inTheWay);
            Files.createFile(inTheWay);
            ProcessHandle host =
                    ProcessHandle.of(agent.pid())
                            .orElseThrow()
                            .descendants()
                            .filter(each -> each.info().command().orElse("").endsWith("java"))
                            .findFirst()
                            .orElseThrow();
            host.destroyForcibly();
            awaitHealth(503, agent.address());
            assertThat(write(agent, "b f=1")).isEqualTo(200);
            // First that it was ended, then why none can be started.
            await().atMost(LONG)
                    .until(() -> part(agent, "store").path("why").asText().contains("store-host"));
            Files.delete(inTheWay);
            awaitHealth(200, agent.address());
            await().atMost(LONG).until(() -> agent.count("select count(*) from metrics") == 2);
        }
    }

    @Test
    void too_few_descriptors_to_start_are_one_sentence_and_a_usage_error() throws Exception {
        Process process =
                new ProcessBuilder(
                                "bash",
                                "-c",
                                "ulimit -n 64; exec \"$@\"",
                                "bash",
                                System.getProperty("trapline.launcher"),
                                "run",
                                "--home",
                                RunningAgent.home(folder).toString())
                        .redirectErrorStream(true)
                        .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isEqualTo(2);
        assertThat(out.lines())
                .singleElement()
                .asString()
                .startsWith("trapline: 64 open files are allowed, at least 112 are needed");
    }
}
