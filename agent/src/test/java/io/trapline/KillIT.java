package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

/// `kill -9` of the real process under load, at random moments: nothing acknowledged is missing,
/// nothing is there twice.
class KillIT {
    private static final int ROUNDS = Integer.getInteger("trapline.kill.rounds", 8);
    private static final long SEED = Long.getLong("trapline.kill.seed", System.nanoTime());
    private static final int CLIENTS = 4;
    private static final int POINTS_A_REQUEST = 20;

    @TempDir private Path folder;

    private final AtomicLong nextId = new AtomicLong();
    private final Set<Long> acknowledged = ConcurrentHashMap.newKeySet();

    @Test
    void nothing_acknowledged_is_missing_or_doubled_after_kills_at_random_moments()
            throws Exception {
        Random random = new Random(SEED);
        Path home = RunningAgent.home(folder);
        Files.createDirectories(home.resolve("python.d/steady"));
        Files.writeString(
                home.resolve("python.d/steady/steady.py"),
                """
                from datakit_framework import DataKitFramework

                class Steady(DataKitFramework):
                    interval = 0.1
                    def run(self):
                        for number in range(7):
                            self.feed_metric(measurement='steady', fields={'number': number})
                """);
        Files.writeString(
                home.resolve("conf.d/pythond.conf"),
                """
                [[inputs.pythond]]
                name = "steady"
                cmd = "python3"
                dirs = ["steady"]
                """);
        for (int round = 0; round < ROUNDS; round++) {
            RunningAgent agent = RunningAgent.start(home);
            CountDownLatch enough = new CountDownLatch(1 + random.nextInt(300));
            List<Thread> clients = new ArrayList<>();
            for (int client = 0; client < CLIENTS; client++) {
                clients.add(Thread.ofVirtual().start(() -> writeUntilGone(agent, enough)));
            }
            enough.await();
            agent.kill();
            for (Thread client : clients) {
                client.join();
            }
        }
        try (RunningAgent agent = RunningAgent.start(home)) {
            assertThat(home.resolve("logs/trapline.log"))
                    .content()
                    .contains("did not stop by itself. Recovered: the journal with everything");
            Set<Long> stored = new HashSet<>();
            for (JsonNode row :
                    agent.query(
                            "select value::bigint as id, count(*) from metrics"
                                    + " where name = 'kill.id' group by id")) {
                assertThat(row.get(1).asLong())
                        .as("how often id %s is there (seed %d)", row.get(0), SEED)
                        .isEqualTo(1);
                stored.add(row.get(0).asLong());
            }
            assertThat(stored).as("seed %d", SEED).containsAll(acknowledged);

            // A run that ended well has a row in the ledger, together with all it reported.
            long runs = agent.count("select count(*) from runs where outcome = 'ok'");
            assertThat(runs).isPositive();
            assertThat(
                            agent.count(
                                    "select count(*) from runs where outcome = 'ok' and points <> 7"))
                    .isZero();
            assertThat(
                            agent.count(
                                    "select count(*) from metrics where name = 'steady.number'"
                                            + " and value = 6"))
                    .isGreaterThanOrEqualTo(runs);
        }
    }

    private void writeUntilGone(RunningAgent agent, CountDownLatch enough) {
        try {
            while (true) {
                StringBuilder body = new StringBuilder();
                List<Long> ids = new ArrayList<>();
                for (int i = 0; i < POINTS_A_REQUEST; i++) {
                    long id = nextId.incrementAndGet();
                    ids.add(id);
                    body.append("kill id=").append(id).append('\n');
                }
                if (agent.post("/v1/write/metric", body.toString()).statusCode() == 200) {
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
}
