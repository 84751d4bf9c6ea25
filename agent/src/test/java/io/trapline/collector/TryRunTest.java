package io.trapline.collector;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.bridge.WorkerListener.RunEnd;
import io.trapline.bridge.WorkerListener.Stream;
import io.trapline.model.Run.Outcome;
import io.trapline.model.Tag;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TryRunTest {
    @TempDir Path home;
    private Stage stage;
    private final List<String> told = new ArrayList<>();

    /// What happens while time passes, which it does at once.
    private LongConsumer passes = _ -> {};

    @BeforeEach
    void set() {
        stage = new Stage(home);
    }

    private TryRun.Result attempt(InputSettings input) throws InterruptedException {
        CollectorSettings settings =
                new CollectorSettings(
                        () -> List.of(home.resolve("python.d")),
                        home,
                        home,
                        () -> URI.create("http://127.0.0.1:9529"),
                        false);
        return new TryRun(
                        stage.bridge,
                        Stage::decode,
                        stage::finish,
                        () -> 0L,
                        settings,
                        told::add,
                        (done, nanos) -> {
                            passes.accept(nanos);
                            return done.isDone();
                        })
                .run(input, _ -> true);
    }

    @Test
    void each_collector_runs_once_and_nothing_is_stored() throws InterruptedException {
        stage.bridge.collector(
                "in",
                "A",
                60,
                (worker, run) -> {
                    worker.listener.output("A", Stream.STDOUT, "hello");
                    assertThat(worker.report(run, "2").status()).isEqualTo(200);
                    assertThat(worker.report(run, "x").status()).isEqualTo(400);
                    worker.returns(run);
                });
        stage.bridge.collector(
                "in", "B", 1, (w, run) -> w.ends(run, new RunEnd.Raised("Traceback: b", false)));
        TryRun.Result result = attempt(Stage.input("in"));
        assertThat(result.collectors()).hasSize(2);
        TryRun.Tried a = result.collectors().getFirst();
        assertThat(a.outcome()).isEqualTo(Outcome.OK);
        assertThat(a.points()).hasSize(2);
        assertThat(a.points().getFirst().tags()).containsExactly(new Tag("team", "web"));
        assertThat(a.entries()).hasSize(2);
        assertThat(a.lines()).containsExactly("hello");
        assertThat(a.refused()).containsExactly("400 datakit.invalidJsonPoint: bad \"x\"");
        TryRun.Tried b = result.collectors().get(1);
        assertThat(b.outcome()).isEqualTo(Outcome.ERROR);
        assertThat(b.error()).isEqualTo("Traceback: b");
        assertThat(result.good()).isFalse();
        assertThat(stage.stored).isEmpty();
        assertThat(stage.bridge.last().closed).isTrue();
    }

    @Test
    void one_that_ends_the_interpreter_does_not_keep_the_next_from_its_turn()
            throws InterruptedException {
        stage.bridge.collector("in", "A", 60, (w, _) -> w.dies("os._exit(2)", "A"));
        stage.bridge.collector("in", "B", 60, (w, run) -> w.returns(run));
        TryRun.Result result = attempt(Stage.input("in"));
        assertThat(result.collectors())
                .extracting(TryRun.Tried::outcome)
                .containsExactly(Outcome.CRASHED, Outcome.OK);
        assertThat(result.collectors().getFirst().error()).isEqualTo("os._exit(2)");
    }

    @Test
    void one_that_takes_too_long_is_interrupted() throws InterruptedException {
        stage.bridge.collector("in", "A", 60, (_, _) -> {});
        stage.bridge.onInterrupt =
                (worker, run) -> worker.ends(run, new RunEnd.Interrupted("Traceback: sleep"));
        InputSettings in = Stage.input("in");
        TryRun.Result result =
                attempt(
                        new InputSettings(
                                "in",
                                in.cmd(),
                                in.dirs(),
                                in.envs(),
                                in.tags(),
                                Optional.of(Duration.ofMillis(1)),
                                in.splay(),
                                false,
                                in.file(),
                                1));
        assertThat(result.collectors().getFirst().outcome()).isEqualTo(Outcome.TIMEOUT);
        assertThat(result.collectors().getFirst().error())
                .isEqualTo("timed out after 1.00 ms\nTraceback: sleep");
    }

    @Test
    void what_cannot_start_says_why() throws InterruptedException {
        stage.bridge.failOpens = 1;
        assertThat(attempt(Stage.input("in")).failure()).contains("install it");
        TryRun.Result none = attempt(Stage.input("in"));
        assertThat(none.failure()).isEqualTo("no collector could be loaded");
        assertThat(none.good()).isFalse();
    }

    @Test
    void one_that_is_slow_is_waited_for_and_told() throws InterruptedException {
        long[] passed = {0};
        long[] id = {0};
        stage.bridge.collector("in", "A", 1, (_, run) -> id[0] = run);
        passes =
                nanos -> {
                    passed[0] += nanos;
                    if (passed[0] >= 40_000_000_000L && id[0] > 0) {
                        stage.bridge.last().returns(id[0]);
                        id[0] = 0;
                    }
                };
        TryRun.Tried tried = attempt(Stage.input("in")).collectors().getFirst();
        assertThat(tried.outcome()).isEqualTo(Outcome.OK);
        assertThat(tried.warnings()).singleElement().asString().startsWith("slow: ");
        assertThat(told).singleElement().asString().startsWith("A is slow, it runs for 10 s now");
    }

    @Test
    void one_that_hangs_is_ended_when_it_has_reported_nothing_for_five_minutes()
            throws InterruptedException {
        long[] passed = {0};
        stage.bridge.collector("in", "A", 1, (_, _) -> {});
        stage.bridge.onInterrupt =
                (worker, run) -> worker.ends(run, new RunEnd.Interrupted("Traceback: sleep"));
        passes = nanos -> passed[0] += stage.bridge.last().interrupted.isEmpty() ? nanos : 0;
        TryRun.Tried tried = attempt(Stage.input("in")).collectors().getFirst();
        assertThat(tried.outcome()).isEqualTo(Outcome.TIMEOUT);
        assertThat(tried.error())
                .isEqualTo("timed out: it reported nothing for 300 s\nTraceback: sleep");
        assertThat(passed[0]).isEqualTo(300_000_000_000L);
    }

    @Test
    void one_that_serves_for_ever_is_shown_as_far_as_it_came() throws InterruptedException {
        stage.bridge.collector(
                "in", "A", 1, (worker, run) -> assertThat(worker.report(run, "2")).isNotNull());
        stage.bridge.onInterrupt =
                (worker, run) -> worker.ends(run, new RunEnd.Interrupted("Traceback: serving"));
        TryRun.Result result = attempt(Stage.input("in"));
        TryRun.Tried tried = result.collectors().getFirst();
        assertThat(result.good()).isTrue();
        assertThat(tried.entries()).hasSize(2);
        assertThat(tried.error()).isEmpty();
        assertThat(tried.warnings())
                .anyMatch(
                        warning -> warning.contains("still running, and had reported, after 30 s"));
    }
}
