package io.trapline.collector;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.bridge.WorkerListener.RunEnd;
import io.trapline.model.Entry;
import io.trapline.model.Point;
import io.trapline.model.Run;
import io.trapline.pipeline.Decoded;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// The real threads and clocks; when something happens is tested elsewhere.
class CollectorsThreadsTest {
    @TempDir Path home;

    private final FakeBridge bridge = new FakeBridge();
    private final ConcurrentLinkedQueue<Run> rows = new ConcurrentLinkedQueue<>();
    private final CountDownLatch enough = new CountDownLatch(500);

    private final Sink sink =
            new Sink() {
                @Override
                public List<Entry> finish(List<Point> points, Decoded.TagChoice tags) {
                    return List.copyOf(points);
                }

                @Override
                public void accept(String source, List<Entry> entries) {
                    for (Entry entry : entries) {
                        if (entry instanceof Run run) {
                            rows.add(run);
                            enough.countDown();
                        }
                    }
                }
            };

    private io.trapline.collector.Collectors start() throws Exception {
        Path module = home.resolve("python.d/d/a.py");
        Files.createDirectories(home.resolve("python.d/d"));
        Files.writeString(module, "pass");
        return new io.trapline.collector.Collectors(
                bridge,
                Stage::decode,
                sink,
                System::nanoTime,
                InstantSource.system(),
                new CollectorSettings(
                        () -> List.of(home.resolve("python.d")),
                        home,
                        home,
                        () -> URI.create("http://127.0.0.1:9529"),
                        false),
                Pauses.inMemory(InstantSource.system()));
    }

    @Test
    @Timeout(60)
    void many_inputs_keep_their_grids_and_end_when_told() throws Exception {
        List<InputSettings> inputs = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            for (int c = 0; c < 10; c++) {
                bridge.collector("in" + i, "C" + c, 0.1, FakeBridge.FakeWorker::returns);
            }
            inputs.add(Stage.input("in" + i));
        }
        var collectors = start();
        collectors.apply(inputs);
        assertThat(collectors.awaitSettled(Duration.ofSeconds(30))).isTrue();
        assertThat(enough.await(30, TimeUnit.SECONDS)).isTrue();
        List<InputStatus> status = collectors.status();
        collectors.close();
        assertThat(status).hasSize(10).allMatch(i -> i.state().equals("running"));
        assertThat(status.getFirst().collectors()).hasSize(10);
        assertThat(bridge.opened).hasSize(10).allMatch(w -> w.closed);
        Map<String, List<Run>> byCollector =
                rows.stream().collect(Collectors.groupingBy(r -> r.input() + r.collector()));
        assertThat(byCollector).hasSize(100);
        for (List<Run> runs : byCollector.values()) {
            List<Long> planned = runs.stream().map(Run::plannedNs).sorted().toList();
            for (int i = 1; i < planned.size(); i++) {
                double ticks = (planned.get(i) - planned.get(i - 1)) / 1e8;
                // A step of the machine's wall clock during the test would show here.
                assertThat(ticks - Math.rint(ticks)).isBetween(-0.2, 0.2);
            }
        }
    }

    @Test
    @Timeout(60)
    void closing_writes_the_rows_of_runs_that_are_interrupted() throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        bridge.collector("in", "A", 60, (_, _) -> running.countDown());
        bridge.onInterrupt = (worker, run) -> worker.ends(run, new RunEnd.Interrupted("here"));
        var collectors = start();
        collectors.apply(List.of(Stage.input("in")));
        assertThat(running.await(30, TimeUnit.SECONDS)).isTrue();
        collectors.close();
        assertThat(rows).hasSize(1);
        assertThat(rows.element().error()).startsWith("interrupted: the agent stops");
    }

    @Test
    @Timeout(60)
    void closing_ends_the_version_before_a_change_that_still_runs_and_the_new_one()
            throws Exception {
        CountDownLatch running = new CountDownLatch(1);
        bridge.collector("in", "A", 60, (_, _) -> running.countDown());
        bridge.onInterrupt = (worker, run) -> worker.ends(run, new RunEnd.Interrupted("here"));
        var collectors = start();
        collectors.apply(List.of(Stage.input("in")));
        assertThat(running.await(30, TimeUnit.SECONDS)).isTrue();
        Files.writeString(home.resolve("python.d/d/a.py"), "changed = True");
        collectors.apply(List.of(Stage.input("in")));
        assertThat(collectors.awaitSettled(Duration.ofSeconds(30))).isTrue();
        collectors.close();
        assertThat(bridge.opened).hasSize(2).allMatch(worker -> worker.closed);
        assertThat(rows).hasSize(1);
        assertThat(rows.element().error()).startsWith("interrupted: the agent stops");
    }

    @Test
    void a_run_can_be_had_at_once_but_not_two_at_the_same_time() throws Exception {
        CountDownLatch asked = new CountDownLatch(2);
        bridge.collector("in", "A", 3600, (_, _) -> asked.countDown());
        bridge.onInterrupt = (worker, run) -> worker.ends(run, new RunEnd.Interrupted("here"));
        try (var collectors = start()) {
            collectors.apply(List.of(Stage.input("in")));
            assertThat(collectors.awaitSettled(Duration.ofSeconds(30))).isTrue();
            // Which of the two comes first, the schedule's run or this one, is left open.
            Commanded first = collectors.runNow("in", "A");
            Commanded second = collectors.runNow("in", "A");
            assertThat(second).isInstanceOf(Commanded.Refused.class);
            assertThat(((Commanded.Refused) second).message()).contains("has not ended");
            assertThat(first).isIn(new Commanded.Done(List.of("A")), second);
            assertThat(asked.getCount()).isLessThan(2);
        }
    }
}
