package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `role = "agent"` and `role = "core"` as two processes, both killed at random moments, with a
/// connection between them that breaks half way through answers: what the agent acknowledged is at
/// the core, once.
class RolesIT {
    private static final int ROUNDS = Integer.getInteger("trapline.kill.rounds", 5);
    private static final long SEED = Long.getLong("trapline.kill.seed", System.nanoTime());
    private static final int POINTS_A_REQUEST = 20;

    @TempDir private Path folder;

    private final AtomicLong nextId = new AtomicLong();
    private final Set<Long> acknowledged = ConcurrentHashMap.newKeySet();
    private final List<RunningAgent> started = new ArrayList<>();

    @Test
    void what_an_agent_acknowledged_is_at_the_core_once() throws Exception {
        Random random = new Random(SEED);
        Path coreHome = coreHome();
        // Answers are about 180 bytes: some connections end in the first, some in a later one.
        try (CuttingProxy proxy =
                new CuttingProxy(() -> {
                    synchronized (random) {
                        return random.nextInt(3) == 0 ? -1 : 1 + random.nextInt(600);
                    }
                })) {
            Path agentHome = agentHome(proxy.port());
            RunningAgent core = startCore(coreHome, proxy);
            RunningAgent agent = start(agentHome);
            for (int round = 0; round < ROUNDS; round++) {
                CountDownLatch enough = new CountDownLatch(1 + random.nextInt(200));
                RunningAgent target = agent;
                Thread client = Thread.ofVirtual().start(() -> write(target, enough));
                enough.await();
                boolean killCore = random.nextInt(3) > 0;
                boolean killAgent = !killCore || random.nextBoolean();
                if (killCore) {
                    core.kill();
                    proxy.to(0);
                }
                if (killAgent) {
                    agent.kill();
                    client.join();
                    agent = start(agentHome);
                } else {
                    client.interrupt();
                    client.join();
                }
                if (killCore) {
                    core = startCore(coreHome, proxy);
                }
            }
            // Each cut costs the wait before the next try: how many are left is the seed's chance.
            proxy.calm();
            compare(agent, core);
        } finally {
            started.forEach(RunningAgent::close);
        }
    }

    private void compare(RunningAgent from, RunningAgent to) throws Exception {
        JsonNode runs = from.query("select count(*), max(planned) from runs");
        String until = runs.get(0).get(1).asText();
        long runsThere = from.count("select count(*) from runs where planned <= '" + until + "'");
        assertThat(runsThere).isPositive();
        await().atMost(Duration.ofMinutes(3))
                .pollInterval(Duration.ofMillis(500))
                .untilAsserted(() -> {
                    assertThat(ids(to)).as("seed %d", SEED).containsAll(acknowledged);
                    assertThat(
                                    to.count(
                                            "select count(*) from runs where planned <= '"
                                                    + until
                                                    + "'"))
                            .as("runs, seed %d", SEED)
                            .isEqualTo(runsThere);
                });
        assertThat(
                        to.query(
                                "select value, count(*) from metrics where name = 'roles.id'"
                                        + " group by value having count(*) > 1"))
                .as("doubled, seed %d", SEED)
                .isEmpty();
        assertThat(ids(to)).as("the same as the agent has, seed %d", SEED).isEqualTo(ids(from));
        assertThat(
                        to.query(
                                "select planned, count(*) from runs group by planned having"
                                        + " count(*) > 1"))
                .as("doubled runs, seed %d", SEED)
                .isEmpty();
        assertThat(to.query("select distinct host from runs").toString())
                .isEqualTo("[[\"web07\"]]");
        assertThat(to.query("select distinct tags['host'] from metrics").toString())
                .isEqualTo("[[\"web07\"]]");
    }

    private static Set<Long> ids(RunningAgent at) throws Exception {
        Set<Long> ids = new HashSet<>();
        for (JsonNode row :
                at.query("select distinct value::bigint from metrics where name = 'roles.id'")) {
            ids.add(row.get(0).asLong());
        }
        return ids;
    }

    private void write(RunningAgent to, CountDownLatch enough) {
        try {
            while (!Thread.interrupted()) {
                StringBuilder body = new StringBuilder();
                List<Long> ids = new ArrayList<>();
                for (int i = 0; i < POINTS_A_REQUEST; i++) {
                    long id = nextId.incrementAndGet();
                    ids.add(id);
                    body.append("roles id=").append(id).append('\n');
                }
                if (to.post("/v1/write/metric", body.toString()).statusCode() == 200) {
                    acknowledged.addAll(ids);
                    enough.countDown();
                }
            }
        } catch (IOException gone) {
            // The agent was killed: what was on its way is neither promised nor forbidden.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private RunningAgent startCore(Path home, CuttingProxy proxy) throws Exception {
        RunningAgent core = start(home);
        proxy.to(URI.create(core.coreAddress()).getPort());
        return core;
    }

    private RunningAgent start(Path home) throws IOException {
        RunningAgent one = RunningAgent.start(home);
        started.add(one);
        return one;
    }

    private Path coreHome() throws IOException {
        Path home = RunningAgent.home(folder.resolve("core"));
        Files.writeString(
                home.resolve("conf.d/trapline.conf"),
                """
                role = "core"
                [http]
                listen = "127.0.0.1:0"
                [core]
                listen = "127.0.0.1:0"
                token = "between-us"
                """);
        return home;
    }

    private Path agentHome(int port) throws IOException {
        Path home = RunningAgent.home(folder.resolve("agent"));
        Files.writeString(
                home.resolve("conf.d/trapline.conf"),
                """
                role = "agent"
                [http]
                listen = "127.0.0.1:0"
                request_rate = 0
                [global_tags]
                host = "web07"
                [[outputs.core]]
                name = "core"
                url = "http://127.0.0.1:%d"
                token = "between-us"
                timeout = "5s"
                max_batch_bytes = "4KiB"
                """
                        .formatted(port));
        Files.createDirectories(home.resolve("python.d/steady"));
        Files.writeString(
                home.resolve("python.d/steady/steady.py"),
                """
                from datakit_framework import DataKitFramework

                class Steady(DataKitFramework):
                    interval = 0.5
                    def run(self):
                        self.feed_metric(measurement='steady', fields={'number': 1})
                """);
        Files.writeString(
                home.resolve("conf.d/pythond.conf"),
                """
                [[inputs.pythond]]
                name = "steady"
                cmd = "python3"
                dirs = ["steady"]
                """);
        return home;
    }
}
