package io.trapline.collector;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.bridge.WorkerListener.Reply;
import io.trapline.bridge.WorkerListener.RunEnd;
import io.trapline.collector.FakeBridge.FakeWorker;
import io.trapline.model.Point;
import io.trapline.model.Run;
import io.trapline.model.Run.Outcome;
import io.trapline.model.Tag;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InputRunnerTest {
    private static final long S = 1_000_000_000L;

    @TempDir Path home;
    private Stage stage;

    @BeforeEach
    void set() {
        stage = new Stage(home);
    }

    private static void hangs(FakeWorker worker, long run) {
        assertThat(worker.active).containsKey(run);
    }

    @SuppressWarnings("UnnecessaryLambda") // each use has a time of its own
    private BiConsumer<FakeWorker, Long> takes(double seconds) {
        return (worker, run) -> stage.after(seconds, () -> worker.returns(run));
    }

    private List<Long> gaps(String collector) {
        List<Run> runs =
                stage.runs().stream().filter(r -> r.collector().equals(collector)).toList();
        List<Long> gaps = new ArrayList<>();
        for (int i = 1; i < runs.size(); i++) {
            gaps.add(runs.get(i).plannedNs() - runs.get(i - 1).plannedNs());
        }
        return gaps;
    }

    // ---- pace

    @Test
    void p001_a_collector_runs_at_once_and_every_second() {
        stage.bridge.collector("in", "A", 1, FakeWorker::returns);
        stage.start(Stage.input("in"));
        stage.seconds(10);
        assertThat(stage.runs()).hasSize(10);
        assertThat(gaps("A")).containsOnly(S);
        assertThat(stage.runs()).allMatch(r -> r.startedNs() == r.plannedNs());
    }

    @Test
    void p013_a_fractional_interval_is_kept() {
        stage.bridge.collector("in", "A", 0.5, FakeWorker::returns);
        stage.start(Stage.input("in"));
        stage.seconds(10);
        assertThat(stage.runs()).hasSize(20);
        assertThat(gaps("A")).containsOnly(S / 2);
    }

    @Test
    void p019_a_run_s_length_does_not_move_the_next_start() {
        stage.bridge.collector("in", "A", 2, takes(1));
        stage.start(Stage.input("in"));
        stage.seconds(22);
        assertThat(stage.runs(Outcome.OK)).hasSizeBetween(10, 11);
        assertThat(gaps("A")).containsOnly(2 * S);
        assertThat(stage.runs()).allMatch(r -> r.durationNs() == S);
    }

    @Test
    void p020_a_tick_during_a_run_is_skipped_counted_and_written() {
        stage.bridge.collector("in", "A", 1, takes(2.5));
        stage.start(Stage.input("in"));
        stage.seconds(31);
        assertThat(gaps("A")).doesNotContain(0L);
        assertThat(stage.runs(Outcome.OK)).hasSize(10);
        assertThat(stage.runs(Outcome.SKIPPED)).hasSizeBetween(20, 21);
        assertThat(stage.runs(Outcome.SKIPPED).getFirst().error()).contains("has not ended");
        CollectorStatus status = stage.collector("A");
        assertThat(status.counts().skipped()).isEqualTo(stage.runs(Outcome.SKIPPED).size());
        assertThat(status.skippedInARow()).isLessThanOrEqualTo(2);
    }

    @Test
    void a_paused_collector_has_no_runs_and_no_rows_until_it_is_resumed() throws Exception {
        stage.bridge.collector("in", "A", 1, FakeWorker::returns);
        stage.bridge.collector("in", "B", 1, FakeWorker::returns);
        stage.start(Stage.input("in"));
        stage.seconds(5);
        assertThat(stage.collectors.pause("in", "A")).isEqualTo(new Commanded.Done(List.of("A")));
        int before = stage.runs().size();
        stage.seconds(5);
        assertThat(stage.runs().subList(before, stage.runs().size()))
                .hasSize(5)
                .allMatch(run -> run.collector().equals("B"));
        CollectorStatus paused = stage.collector("A");
        assertThat(paused.state()).isEqualTo("paused");
        assertThat(paused.reason()).startsWith("paused by hand since 2026-03-01T00:00:0");
        assertThat(paused.next()).isEmpty();
        assertThat(stage.collectors.resume("in", ""))
                .isEqualTo(new Commanded.Done(List.of("A", "B")));
        stage.seconds(5);
        assertThat(stage.runs()).hasSize(10 + 5 + 10);
        assertThat(stage.runs(Outcome.SKIPPED)).isEmpty();
        assertThat(stage.collector("A").state()).isEqualTo("waiting");
    }

    @Test
    void what_is_not_there_cannot_be_told_anything() throws Exception {
        stage.bridge.collector("in", "A", 1, FakeWorker::returns);
        stage.start(Stage.input("in"));
        assertThat(stage.collectors.pause("other", ""))
                .isEqualTo(new Commanded.Unknown("there is no input other"));
        assertThat(stage.collectors.pause("in", "B"))
                .isEqualTo(new Commanded.Unknown("input in has no collector B; it has A"));
    }

    @Test
    void ten_thousand_ticks_stay_on_the_grid() {
        stage.bridge.collector("in", "A", 1, takes(0.3));
        stage.start(Stage.input("in"));
        stage.seconds(10_000);
        assertThat(stage.runs(Outcome.OK)).hasSizeBetween(9_999, 10_000);
        assertThat(Set.copyOf(gaps("A"))).containsExactly(S);
        assertThat(stage.collector("A").lateness().maxMs()).isZero();
        assertThat(stage.collectors.lateness().count()).isBetween(9_999L, 10_000L);
    }

    @Test
    void a_step_of_the_wall_clock_causes_neither_a_burst_nor_a_gap() {
        List<Long> starts = new ArrayList<>();
        stage.bridge.collector(
                "in",
                "A",
                1,
                (worker, run) -> {
                    starts.add(stage.now);
                    worker.returns(run);
                });
        stage.start(Stage.input("in"));
        stage.seconds(5);
        stage.wall = stage.wall.plusSeconds(86_400);
        stage.seconds(5);
        stage.wall = stage.wall.minusSeconds(2 * 86_400);
        stage.seconds(5);
        assertThat(starts).hasSize(15);
        for (int i = 1; i < starts.size(); i++) {
            assertThat(starts.get(i) - starts.get(i - 1)).isEqualTo(S);
        }
        assertThat(stage.runs()).allMatch(r -> r.startedNs() == r.plannedNs());
    }

    @Test
    void after_a_stall_missed_ticks_are_written_and_not_caught_up() {
        stage.bridge.collector("in", "A", 1, FakeWorker::returns);
        stage.start(Stage.input("in"));
        stage.seconds(3);
        int before = stage.bridge.last().started.size();
        stage.advance(5 * S);
        stage.seconds(0);
        assertThat(stage.bridge.last().started).hasSize(before + 1);
        assertThat(stage.runs(Outcome.SKIPPED)).hasSize(4);
        assertThat(new HashSet<>(gapsSorted())).containsExactly(S);
        stage.advance(5_000 * S);
        stage.seconds(0);
        assertThat(stage.runs(Outcome.SKIPPED)).hasSize(104);
        assertThat(stage.runs(Outcome.SKIPPED).getLast().error()).contains("4899 more");
    }

    private List<Long> gapsSorted() {
        List<Long> planned = stage.runs().stream().map(Run::plannedNs).sorted().toList();
        List<Long> gaps = new ArrayList<>();
        for (int i = 1; i < planned.size(); i++) {
            gaps.add(planned.get(i) - planned.get(i - 1));
        }
        return gaps;
    }

    // ---- failures of runs

    @Test
    void p016_a_run_that_raises_is_logged_with_its_traceback_and_keeps_its_schedule()
            throws IOException {
        String traceback = "Traceback (most recent call last):\n  File x\nValueError: no";
        stage.bridge.collector(
                "in", "A", 1, (w, run) -> w.ends(run, new RunEnd.Raised(traceback, false)));
        stage.start(Stage.input("in"));
        stage.seconds(5);
        assertThat(stage.runs(Outcome.ERROR)).hasSize(5);
        assertThat(stage.runs().getFirst().error()).isEqualTo(traceback);
        assertThat(gaps("A")).containsOnly(S);
        assertThat(stage.collector("A").lastError()).isEqualTo(traceback);
        assertThat(Files.readString(home.resolve("logs/in.log")))
                .contains("agent A   File x", "agent A ValueError: no");
        assertThat(Files.readString(home.resolve("user/_datakit_pythond_cli.log")))
                .contains("input in: A error: ValueError: no");
    }

    @Test
    void the_log_of_an_input_is_there_before_anything_is_printed() throws IOException {
        stage.bridge.collector("in", "A", 1, (_, _) -> {});
        stage.start(Stage.input("in"));
        assertThat(Files.readString(home.resolve("logs/in.log")))
                .isEqualTo(
                        "2026-03-01T00:00:00Z agent - what the collectors of input in print and"
                                + " log:\n");
    }

    @Test
    void the_files_that_datakit_names_can_be_switched_off() {
        stage.userFiles = false;
        stage.bridge.collector(
                "in", "A", 1, (w, run) -> w.ends(run, new RunEnd.Raised("ValueError: no", false)));
        stage.start(Stage.input("in"));
        stage.seconds(2);
        assertThat(stage.runs(Outcome.ERROR)).hasSize(2);
        assertThat(home.resolve("user/_datakit_pythond_cli.log")).doesNotExist();
        assertThat(stage.bridge.specs.getLast().environment())
                .containsEntry("TRAPLINE_DATAKIT_FILES", "no");
    }

    @Test
    void the_files_that_datakit_names_are_not_written_into_a_home_that_others_can_write()
            throws IOException {
        stage.bridge.collector("in", "A", 1, (_, _) -> {});
        Path theirs = Files.createDirectories(home.resolve("theirs"));
        Files.setPosixFilePermissions(theirs, PosixFilePermissions.fromString("rwxrwxrwx"));
        InputSettings in = Stage.input("in");
        stage.start(
                new InputSettings(
                        "in",
                        in.cmd(),
                        in.dirs(),
                        Map.of("HOME", theirs.toString()),
                        in.tags(),
                        in.timeout(),
                        in.splay(),
                        in.ownHost(),
                        in.file(),
                        in.line()));
        assertThat(stage.bridge.specs.getLast().environment())
                .containsEntry("TRAPLINE_DATAKIT_FILES", "no");
    }

    @Test
    void p017_system_exit_is_an_error_and_nothing_more() {
        stage.bridge.collector(
                "in", "A", 1, (w, run) -> w.ends(run, new RunEnd.Raised("SystemExit: 3", true)));
        stage.start(Stage.input("in"));
        stage.seconds(3);
        assertThat(stage.runs(Outcome.ERROR)).hasSize(3);
        assertThat(stage.bridge.opened).hasSize(1);
    }

    // ---- runs that take long

    private InputSettings withTimeout(String name, Duration timeout) {
        InputSettings in = Stage.input(name);
        return new InputSettings(
                name,
                in.cmd(),
                in.dirs(),
                in.envs(),
                in.tags(),
                Optional.of(timeout),
                in.splay(),
                in.ownHost(),
                in.file(),
                in.line());
    }

    /// Reports one point every so many seconds, for ever, and remembers the answers.
    private BiConsumer<FakeWorker, Long> serves(double every, List<Reply> replies) {
        return (worker, run) -> stage.after(every, () -> serve(worker, run, every, replies));
    }

    private void serve(FakeWorker worker, long run, double every, List<Reply> replies) {
        if (worker.active.containsKey(run)) {
            long before = stage.points();
            replies.add(worker.report(run, "1"));
            durableAtOnce.add(stage.points() > before);
            stage.after(every, () -> serve(worker, run, every, replies));
        }
    }

    private final List<Boolean> durableAtOnce = new ArrayList<>();

    @Test
    void a_run_that_takes_longer_than_its_interval_ends_well_with_its_points() throws IOException {
        stage.bridge.collector(
                "in",
                "A",
                10,
                (worker, run) ->
                        stage.after(
                                32,
                                () -> {
                                    assertThat(worker.report(run, "3")).isEqualTo(Reply.OK);
                                    worker.returns(run);
                                }));
        stage.start(Stage.input("in"));
        stage.seconds(0.5);
        assertThat(stage.collector("A").word()).isEqualTo("running");
        stage.seconds(25);
        CollectorStatus slow = stage.collector("A");
        assertThat(slow.state()).isEqualTo("running");
        assertThat(slow.slow()).isTrue();
        assertThat(slow.word()).isEqualTo("slow");
        assertThat(slow.reason())
                .startsWith("its run has gone on for 25 s")
                .contains("2 ticks were skipped", "reported nothing for 300 s");
        stage.seconds(300);
        assertThat(stage.bridge.last().interrupted).isEmpty();
        assertThat(stage.runs(Outcome.OK)).hasSizeBetween(7, 9).allMatch(r -> r.points() == 3);
        assertThat(stage.points()).isEqualTo(3L * stage.runs(Outcome.OK).size());
        assertThat(stage.collector("A").slowRuns()).isGreaterThanOrEqualTo(8);
        assertThat(Files.readAllLines(home.resolve("logs/in.log")))
                .filteredOn(line -> line.contains("is slow"))
                .as("told once, with what to set")
                .singleElement()
                .asString()
                .contains("timeout = \"10s\"", "x.conf:1");
    }

    @Test
    void the_ticks_that_a_slow_run_skips_are_counted_and_have_one_row() {
        stage.bridge.collector("in", "A", 10, takes(95));
        stage.start(Stage.input("in"));
        stage.seconds(90);
        assertThat(stage.runs(Outcome.SKIPPED)).hasSize(1);
        assertThat(stage.collector("A").skippedInARow()).isBetween(8L, 9L);
        assertThat(stage.collector("A").counts().skipped()).isBetween(8L, 9L);
        stage.seconds(100);
        assertThat(stage.runs(Outcome.OK)).hasSize(1);
        assertThat(stage.runs(Outcome.SKIPPED)).as("and one of the next run").hasSize(2);
    }

    @Test
    void a_run_that_reports_nothing_ends_after_the_larger_of_ten_intervals_and_five_minutes() {
        stage.bridge.collector("in", "A", 1, InputRunnerTest::hangs);
        stage.bridge.collector("in", "B", 60, InputRunnerTest::hangs);
        stage.start(Stage.input("in"));
        stage.seconds(299);
        FakeWorker worker = stage.bridge.last();
        assertThat(worker.interrupted).isEmpty();
        stage.seconds(3);
        assertThat(worker.interrupted).hasSize(1);
        worker.ends(worker.interrupted.getFirst(), new RunEnd.Interrupted("Traceback: here"));
        stage.seconds(0);
        Run run = stage.runs(Outcome.TIMEOUT).getFirst();
        assertThat(run.collector()).isEqualTo("A");
        assertThat(run.error())
                .contains("reported nothing for 300 s", "`timeout`", "Traceback: here");
        int before = worker.started.size();
        stage.seconds(1);
        assertThat(worker.started).as("the next tick runs again").hasSize(before + 1);
        stage.seconds(290);
        assertThat(worker.interrupted).as("B has ten minutes").hasSize(1);
        stage.seconds(12);
        assertThat(worker.interrupted).hasSize(3);
    }

    @Test
    void a_run_that_serves_for_ever_goes_on_as_long_as_it_reports_and_each_report_is_durable() {
        List<Reply> replies = new ArrayList<>();
        stage.bridge.collector("in", "A", 10, serves(290, replies));
        stage.start(Stage.input("in"));
        stage.seconds(86_400);
        assertThat(stage.bridge.last().interrupted).isEmpty();
        assertThat(stage.runs()).as("one skipped row, no end").hasSize(1);
        assertThat(replies).hasSizeBetween(297, 298).containsOnly(Reply.OK);
        assertThat(durableAtOnce).as("before it is answered").containsOnly(true);
        assertThat(stage.points()).isEqualTo(replies.size());
        assertThat(stage.collector("A").points()).isEqualTo(replies.size());
    }

    @Test
    void what_the_journal_does_not_take_of_a_run_that_serves_for_ever_is_told_to_that_report() {
        List<Reply> replies = new ArrayList<>();
        stage.bridge.collector("in", "A", 10, serves(20, replies));
        stage.start(Stage.input("in"));
        stage.seconds(25);
        stage.full = true;
        stage.seconds(20);
        stage.full = false;
        stage.seconds(20);
        assertThat(replies).extracting(Reply::status).containsExactly(200, 503, 200);
        assertThat(stage.points()).isEqualTo(2);
        assertThat(stage.collector("A").points()).isEqualTo(2);
    }

    @Test
    void reports_of_a_threads_and_children_keep_a_run_alive_and_are_durable_too() {
        byte[] one = {'1'};
        stage.bridge.collector("in", "A", 10, InputRunnerTest::hangs);
        stage.start(Stage.input("in"));
        for (int i = 0; i < 10; i++) {
            stage.seconds(200);
            long before = stage.points();
            assertThat(stage.bridge.last().listener.report("A", 0, one)).isEqualTo(Reply.OK);
            assertThat(stage.points()).isEqualTo(before + 1);
        }
        assertThat(stage.bridge.last().interrupted).isEmpty();
        assertThat(stage.collector("A").points()).isEqualTo(10);
        stage.seconds(301);
        assertThat(stage.bridge.last().interrupted).hasSize(1);
    }

    @Test
    void a_timeout_that_is_set_is_kept_to_exactly_also_by_who_reports() {
        stage.bridge.collector("in", "A", 10, serves(2, new ArrayList<>()));
        stage.bridge.onInterrupt =
                (worker, run) -> worker.ends(run, new RunEnd.Interrupted("Traceback: here"));
        stage.start(withTimeout("in", Duration.ofSeconds(45)));
        stage.seconds(47.5);
        Run run = stage.runs(Outcome.TIMEOUT).getFirst();
        assertThat(run.durationNs()).isEqualTo(45 * S);
        assertThat(run.error()).startsWith("timed out after 45.0 s");
        assertThat(run.points()).isEqualTo(22);
    }

    private BiConsumer<FakeWorker, Long> returnsUnlessHeld(List<Long> waiting) {
        return (worker, run) -> {
            if (stage.bridge.held) {
                waiting.add(run);
            } else {
                worker.returns(run);
            }
        };
    }

    @Test
    void who_holds_the_interpreter_so_that_others_cannot_start_is_ended_early_and_named()
            throws IOException {
        stage.bridge.collector("in", "Holder", 1, (_, _) -> stage.bridge.held = true);
        stage.bridge.collector("in", "Sleeper", 1, returnsUnlessHeld(new ArrayList<>()));
        stage.bridge.onInterrupt =
                (worker, _) -> {
                    stage.bridge.held = false;
                    worker.dies("m.Holder could not be interrupted, so it was killed", "Holder");
                };
        stage.start(Stage.input("in"));
        stage.seconds(6.5);
        CollectorStatus waiting = stage.collector("Sleeper");
        assertThat(waiting.heldUpBy()).isEqualTo("Holder");
        assertThat(waiting.word()).isEqualTo("held up");
        assertThat(waiting.reason()).contains("cannot start: Holder holds the interpreter");
        FakeWorker worker = stage.bridge.last();
        assertThat(worker.interrupted).isEmpty();
        stage.seconds(4.9);
        assertThat(worker.interrupted).hasSize(1);
        Run run = stage.runs(Outcome.TIMEOUT).getFirst();
        assertThat(run.collector()).isEqualTo("Holder");
        assertThat(run.durationNs()).isEqualTo(10 * S);
        assertThat(run.error())
                .contains("timed out after 10.0 s", "so that Sleeper could not start");
        assertThat(stage.collector("Holder").state()).isEqualTo("backing off");
        assertThat(stage.runs(Outcome.CRASHED))
                .extracting(Run::collector)
                .containsExactly("Sleeper");
        assertThat(stage.runs().getLast().outcome()).isEqualTo(Outcome.OK);
        assertThat(Files.readString(home.resolve("logs/in.log")))
                .contains("agent Sleeper Sleeper cannot start: Holder holds the interpreter");
    }

    @Test
    void who_holds_the_interpreter_within_a_timeout_that_is_set_is_named_and_goes_on() {
        stage.bridge.collector("in", "Holder", 1, (_, _) -> stage.bridge.held = true);
        stage.bridge.collector("in", "Waiter", 1, returnsUnlessHeld(new ArrayList<>()));
        stage.start(withTimeout("in", Duration.ofSeconds(40)));
        stage.seconds(35);
        FakeWorker worker = stage.bridge.last();
        assertThat(worker.interrupted).isEmpty();
        assertThat(stage.collector("Waiter").heldUpBy()).isEqualTo("Holder");
        stage.seconds(7);
        assertThat(worker.interrupted).extracting(worker.active::get).containsExactly("Holder");
    }

    @Test
    void a_run_that_starts_late_has_its_whole_time_from_then_on() {
        List<Long> waiting = new ArrayList<>();
        stage.bridge.collector("in", "Holder", 60, (_, _) -> stage.bridge.held = true);
        stage.bridge.collector("in", "Waiter", 1, returnsUnlessHeld(waiting));
        stage.start(withTimeout("in", Duration.ofSeconds(20)));
        stage.seconds(15);
        FakeWorker worker = stage.bridge.last();
        worker.returns(
                worker.active.entrySet().stream()
                        .filter(run -> run.getValue().equals("Holder"))
                        .findFirst()
                        .orElseThrow()
                        .getKey());
        worker.listener.started(waiting.getFirst());
        stage.seconds(19);
        assertThat(worker.interrupted).isEmpty();
        assertThat(stage.collector("Waiter").heldUpBy()).isEmpty();
        stage.seconds(2);
        assertThat(worker.interrupted).isEqualTo(waiting);
    }

    @Test
    void a_run_that_its_interpreter_never_comes_to_is_ended() {
        stage.bridge.held = true;
        stage.bridge.collector("in", "A", 1, InputRunnerTest::hangs);
        stage.start(Stage.input("in"));
        stage.seconds(12);
        FakeWorker worker = stage.bridge.last();
        assertThat(worker.interrupted).hasSize(1);
        worker.dies("m.A could not be interrupted, so its process was killed", "A");
        stage.seconds(0);
        assertThat(stage.runs(Outcome.TIMEOUT).getFirst().error())
                .contains("the interpreter did not come to it");
    }

    @Test
    void a_run_that_serves_for_ever_is_interrupted_by_a_stop_which_says_so() {
        stage.bridge.collector("in", "A", 10, serves(5, new ArrayList<>()));
        stage.bridge.onInterrupt =
                (worker, run) -> worker.ends(run, new RunEnd.Interrupted("Traceback: here"));
        stage.start(Stage.input("in"));
        stage.seconds(60);
        long points = stage.points();
        stage.collectors.apply(List.of());
        stage.settle();
        Run run = stage.runs(Outcome.ERROR).getFirst();
        assertThat(run.error()).startsWith("interrupted: the input is no longer configured");
        assertThat(run.points()).isEqualTo(points).isPositive();
        assertThat(stage.points()).isEqualTo(points);
    }

    @Test
    void a_run_that_serves_for_ever_is_interrupted_by_a_changed_version_which_goes_on() {
        stage.bridge.collector("in", "A", 10, serves(5, new ArrayList<>()));
        stage.bridge.onInterrupt =
                (worker, run) -> worker.ends(run, new RunEnd.Interrupted("Traceback: here"));
        stage.start(Stage.input("in"));
        stage.seconds(60);
        stage.file("d/a.py", "changed = True");
        stage.collectors.apply(List.of(Stage.input("in")));
        stage.settle();
        assertThat(stage.runs(Outcome.ERROR).getFirst().error())
                .startsWith("interrupted: replaced by its changed version");
        assertThat(stage.bridge.opened.getFirst().closed).isTrue();
        assertThat(stage.bridge.last().started).hasSize(1);
        stage.file("d/a.py", "changed = 'again'");
        stage.collectors.apply(List.of(Stage.input("in")));
        stage.seconds(8);
        assertThat(stage.runs(Outcome.ERROR)).as("it may end by itself first").hasSize(1);
        stage.seconds(3);
        assertThat(stage.runs(Outcome.ERROR)).hasSize(2);
        assertThat(stage.bridge.last().started).hasSize(1);
    }

    // ---- classes of one name

    @Test
    void classes_of_one_name_are_told_apart_by_their_modules() throws Exception {
        stage.bridge.collector("in", "docker.Docker", 1, InputRunnerTest::reportsAndReturns);
        stage.bridge.collector("in", "b.Docker", 1, InputRunnerTest::reportsAndReturns);
        stage.bridge.collector("in", "m.Other", 1, InputRunnerTest::reportsAndReturns);
        stage.start(Stage.input("in"));
        stage.seconds(3.5);
        assertThat(stage.inputStatus().collectors())
                .extracting(CollectorStatus::name)
                .containsExactly("docker.Docker", "b.Docker", "Other");
        assertThat(stage.stored)
                .extracting(Stage.Stored::source)
                .containsOnly(
                        "pythond/in/docker.Docker", "pythond/in/b.Docker", "pythond/in/Other");
        assertThat(stage.runs())
                .extracting(Run::collector)
                .containsOnly("docker.Docker", "b.Docker", "Other");
        assertThat(stage.collectors.pause("in", "Docker"))
                .isEqualTo(
                        new Commanded.Unknown(
                                "input in has several collectors of the name Docker; say which:"
                                        + " docker.Docker, b.Docker"));
        assertThat(stage.collectors.pause("in", "b.Docker"))
                .isEqualTo(new Commanded.Done(List.of("b.Docker")));
        assertThat(stage.collectors.pause("in", "m.Other"))
                .isEqualTo(new Commanded.Done(List.of("Other")));
        assertThat(stage.collector("docker.Docker").state()).isEqualTo("waiting");
        assertThat(stage.collector("b.Docker").state()).isEqualTo("paused");
        assertThat(stage.collector("m.Other").state()).isEqualTo("paused");
    }

    private static void reportsAndReturns(FakeWorker worker, long run) {
        assertThat(worker.report(run, "1")).isEqualTo(Reply.OK);
        worker.returns(run);
    }

    @Test
    void a_second_class_of_a_name_renames_the_first_which_keeps_its_ticks_and_its_pause()
            throws Exception {
        stage.bridge.collector("in", "docker.Docker", 1, FakeWorker::returns);
        stage.start(Stage.input("in"));
        stage.seconds(3.5);
        assertThat(stage.collectors.pause("in", "Docker"))
                .isEqualTo(new Commanded.Done(List.of("Docker")));
        long before = stage.collector("docker.Docker").counts().ok();
        stage.bridge.collector("in", "b.Docker", 1, FakeWorker::returns);
        stage.file("d/b.py", "");
        stage.collectors.apply(List.of(Stage.input("in")));
        stage.seconds(3);
        assertThat(stage.collector("docker.Docker").state()).isEqualTo("paused");
        assertThat(stage.collector("docker.Docker").counts().ok()).isEqualTo(before);
        assertThat(stage.collector("b.Docker").counts().ok()).isGreaterThan(1);
        assertThat(stage.pauses.of("in")).containsExactly("docker.Docker");
        stage.bridge.inputs.remove("in");
        stage.bridge.collector("in", "docker.Docker", 1, FakeWorker::returns);
        stage.file("d/b.py", "pass");
        stage.collectors.apply(List.of(Stage.input("in")));
        stage.seconds(3);
        assertThat(stage.collector("docker.Docker").name()).isEqualTo("Docker");
        assertThat(stage.collector("docker.Docker").state()).isEqualTo("paused");
        assertThat(stage.pauses.of("in")).containsExactly("Docker");
        assertThat(stage.collectors.resume("in", ""))
                .isEqualTo(new Commanded.Done(List.of("Docker")));
        stage.seconds(2);
        assertThat(stage.collector("docker.Docker").counts().ok()).isGreaterThan(before);
    }

    @Test
    void after_a_start_a_pause_of_a_name_that_two_have_now_holds_for_both() throws Exception {
        stage.pauses.pause("in", "Docker");
        stage.bridge.collector("in", "docker.Docker", 1, FakeWorker::returns);
        stage.bridge.collector("in", "b.Docker", 1, FakeWorker::returns);
        stage.start(Stage.input("in"));
        stage.seconds(3);
        assertThat(stage.runs()).isEmpty();
        assertThat(stage.pauses.of("in")).containsExactly("b.Docker", "docker.Docker");
    }

    @Test
    void a_configured_timeout_wins() {
        InputSettings in = Stage.input("in");
        stage.bridge.collector("in", "A", 60, InputRunnerTest::hangs);
        stage.start(
                new InputSettings(
                        in.name(),
                        in.cmd(),
                        in.dirs(),
                        in.envs(),
                        in.tags(),
                        Optional.of(Duration.ofMillis(300)),
                        in.splay(),
                        in.ownHost(),
                        in.file(),
                        in.line()));
        stage.seconds(2.4);
        assertThat(stage.bridge.last().interrupted).hasSize(1);
    }

    @Test
    void a_collector_that_cannot_be_interrupted_pauses_and_the_others_go_on_at_once() {
        stage.bridge.collector("in", "Hung", 1, InputRunnerTest::hangs);
        stage.bridge.collector("in", "Good", 1, FakeWorker::returns);
        stage.start(withTimeout("in", Duration.ofSeconds(10)));
        stage.seconds(11.5);
        FakeWorker first = stage.bridge.last();
        assertThat(first.interrupted).isNotEmpty();
        first.dies("killed: a run could not be interrupted", "Hung");
        stage.seconds(0);
        assertThat(stage.bridge.opened).hasSize(2);
        Run run = stage.runs(Outcome.TIMEOUT).getFirst();
        assertThat(run.error()).contains("timed out", "could not be interrupted");
        assertThat(stage.collector("Hung").state()).isEqualTo("backing off");
        assertThat(stage.collector("Hung").reason()).contains("could not be interrupted");
        stage.seconds(5);
        List<Run> good = stage.runs().stream().filter(r -> r.collector().equals("Good")).toList();
        assertThat(good).allMatch(r -> r.outcome() == Outcome.OK);
        assertThat(gaps("Good")).containsOnly(S);
    }

    @Test
    void a_collector_that_crashes_its_worker_again_and_again_pauses_longer_each_time() {
        List<Long> starts = new ArrayList<>();
        stage.bridge.collector(
                "in",
                "Bad",
                0.1,
                (worker, _) -> {
                    starts.add(stage.now);
                    worker.dies("os._exit(3)", "Bad");
                });
        stage.bridge.collector("in", "Good", 1, FakeWorker::returns);
        stage.start(Stage.input("in"));
        stage.seconds(70);
        List<Long> waits = new ArrayList<>();
        for (int i = 1; i < starts.size(); i++) {
            waits.add((starts.get(i) - starts.get(i - 1)) / S);
        }
        assertThat(waits).containsExactly(1L, 2L, 4L, 8L, 16L, 32L);
        assertThat(stage.runs(Outcome.CRASHED)).allMatch(r -> r.collector().equals("Bad"));
        assertThat(gaps("Good")).containsOnly(S);
        assertThat(stage.inputStatus().restarts()).isEqualTo(7);
    }

    @Test
    void a_run_ended_by_another_s_crash_is_run_again_at_once_but_only_once() {
        stage.bridge.collector("in", "Bad", 60, InputRunnerTest::hangs);
        stage.bridge.collector("in", "Other", 60, InputRunnerTest::hangs);
        stage.start(Stage.input("in"));
        stage.seconds(2);
        stage.bridge.last().dies("os._exit(1)", "Bad");
        stage.settle();
        assertThat(stage.bridge.last().started).containsExactly("Other");
        stage.bridge.last().dies("os._exit(1)", "Bad");
        stage.settle();
        assertThat(stage.bridge.last().started).isEmpty();
        assertThat(stage.runs(Outcome.CRASHED)).hasSize(3);
    }

    @Test
    void a_disturbed_run_is_run_again_at_once() {
        List<Long> runs = new ArrayList<>();
        stage.bridge.collector("in", "A", 60, (_, run) -> runs.add(run));
        stage.start(Stage.input("in"));
        stage.seconds(2);
        stage.bridge.last().ends(runs.getFirst(), new RunEnd.Disturbed("B was interrupted"));
        stage.settle();
        assertThat(runs).hasSize(2);
        stage.bridge.last().returns(runs.get(1));
        stage.settle();
        assertThat(stage.runs())
                .extracting(Run::outcome)
                .containsExactly(Outcome.CRASHED, Outcome.OK);
    }

    @Test
    void who_runs_each_time_that_its_own_process_dies_is_the_culprit() {
        stage.bridge.collector("in", "A", 1, takes(0.9));
        stage.bridge.collector("in", "Segfaults", 1, takes(0.9));
        stage.start(Stage.input("in"));
        stage.seconds(2);
        while (stage.bridge.last().active.size() < 2) {
            stage.seconds(0.01);
        }
        stage.bridge.last().dies("signal 11", "");
        stage.seconds(1);
        while (!stage.bridge.last().active.values().stream()
                .toList()
                .equals(List.of("Segfaults"))) {
            stage.seconds(0.01);
        }
        stage.bridge.last().dies("signal 11", "");
        stage.seconds(0.001);
        assertThat(stage.collector("Segfaults").reason()).isEqualTo("signal 11");
        assertThat(stage.collector("A").reason()).isEmpty();
    }

    @Test
    void an_input_whose_host_was_killed_for_another_s_hang_goes_on_at_once() {
        stage.bridge.collector("hung", "H", 1, InputRunnerTest::hangs);
        stage.bridge.collector("fine", "F", 1, FakeWorker::returns);
        stage.start(embedded("hung"), embedded("fine"));
        for (int i = 0; i < 3; i++) {
            FakeWorker hung = worker("hung");
            while (hung.interrupted.isEmpty()) {
                stage.seconds(0.5);
            }
            worker("fine").dies("the interpreter is gone: killed", "");
            hung.dies("killed: H could not be interrupted", "H");
            stage.settle();
            assertThat(stage.collectors.status())
                    .extracting(InputStatus::state)
                    .containsOnly("running");
        }
        assertThat(gaps("F")).containsOnly(S);
        assertThat(stage.collector("F").counts().skipped()).isZero();
        assertThat(stage.collector("H").counts().timeout()).isEqualTo(3);
    }

    private static InputSettings embedded(String name) {
        InputSettings in = Stage.input(name);
        return new InputSettings(
                name,
                Optional.empty(),
                in.dirs(),
                in.envs(),
                in.tags(),
                in.timeout(),
                in.splay(),
                false,
                in.file(),
                1);
    }

    private FakeWorker worker(String input) {
        for (int i = stage.bridge.specs.size() - 1; i >= 0; i--) {
            if (stage.bridge.specs.get(i).input().equals(input)) {
                return stage.bridge.opened.get(i);
            }
        }
        throw new AssertionError("no worker of " + input);
    }

    @Test
    void a_worker_that_is_gone_when_a_run_starts_is_replaced_even_if_it_never_says_goodbye() {
        stage.bridge.collector("in", "A", 1, FakeWorker::returns);
        stage.start(Stage.input("in"));
        stage.seconds(2);
        stage.bridge.last().dead = true;
        stage.seconds(5);
        assertThat(stage.bridge.opened).hasSize(2);
        assertThat(stage.bridge.opened.getFirst().closed).isTrue();
        assertThat(stage.runs(Outcome.CRASHED)).hasSize(1);
        assertThat(stage.runs().getLast().outcome()).isEqualTo(Outcome.OK);
    }

    // ---- failures of inputs

    @Test
    void an_input_that_cannot_start_is_tried_again_with_growing_waits_and_recovers() {
        stage.bridge.failOpens = 5;
        stage.bridge.collector("in", "A", 1, FakeWorker::returns);
        stage.start(Stage.input("in"));
        assertThat(stage.inputStatus().state()).isEqualTo("backing off");
        assertThat(stage.inputStatus().reason()).contains("install it");
        stage.seconds(40);
        List<Long> times = stage.bridge.openTimes;
        List<Long> waits = new ArrayList<>();
        for (int i = 1; i < times.size(); i++) {
            waits.add((times.get(i) - times.get(i - 1)) / S);
        }
        assertThat(waits).containsExactly(1L, 2L, 4L, 8L, 16L);
        assertThat(stage.inputStatus().state()).isEqualTo("running");
        assertThat(stage.inputStatus().reason()).isEmpty();
        assertThat(stage.runs(Outcome.OK)).hasSizeBetween(7, 9);
    }

    @Test
    void an_input_that_dies_soon_for_unknown_reasons_waits_and_a_healthy_minute_forgives() {
        stage.bridge.collector("in", "A", 600, FakeWorker::returns);
        stage.start(Stage.input("in"));
        stage.seconds(5);
        stage.bridge.last().dies("out of memory", "");
        stage.seconds(0.5);
        assertThat(stage.inputStatus().state()).isEqualTo("backing off");
        stage.seconds(0.6);
        assertThat(stage.bridge.opened).hasSize(2);
        stage.seconds(61);
        stage.bridge.last().dies("out of memory", "");
        stage.settle();
        assertThat(stage.bridge.opened).hasSize(3);
    }

    @Test
    void p028_a_missing_folder_is_named_and_starts_no_process_until_it_is_there() {
        InputSettings in = Stage.input("in");
        stage.bridge.collector("in", "A", 1, FakeWorker::returns);
        stage.start(
                new InputSettings(
                        "in",
                        in.cmd(),
                        List.of("nosuch"),
                        in.envs(),
                        in.tags(),
                        in.timeout(),
                        in.splay(),
                        false,
                        in.file(),
                        1));
        assertThat(stage.bridge.opened).isEmpty();
        assertThat(stage.inputStatus().reason()).contains("nothing to run", "nosuch");
        stage.file("nosuch/x.py", "");
        stage.seconds(2);
        assertThat(stage.bridge.opened).hasSize(1);
    }

    @Test
    void an_input_that_hangs_does_not_delay_another() {
        stage.bridge.collector("hung", "H", 1, InputRunnerTest::hangs);
        stage.bridge.collector("fine", "F", 1, FakeWorker::returns);
        stage.bridge.collector("dying", "D", 1, (w, _) -> w.dies("gone", "D"));
        stage.start(Stage.input("hung"), Stage.input("fine"), Stage.input("dying"));
        stage.seconds(30);
        assertThat(gaps("F")).containsOnly(S);
        assertThat(stage.collector("F").counts().ok()).isBetween(29L, 31L);
    }

    // ---- reports

    @Test
    void a_run_s_points_and_its_row_become_durable_in_one_batch_with_the_input_s_tags() {
        stage.bridge.collector(
                "in",
                "A",
                60,
                (worker, run) -> {
                    assertThat(worker.report(run, "2")).isEqualTo(Reply.OK);
                    assertThat(worker.report(run, "3")).isEqualTo(Reply.OK);
                    assertThat(stage.stored).isEmpty();
                    worker.returns(run);
                });
        stage.start(Stage.input("in"));
        stage.seconds(2);
        assertThat(stage.stored).hasSize(1);
        Stage.Stored batch = stage.stored.getFirst();
        assertThat(batch.source()).isEqualTo("pythond/in/A");
        assertThat(batch.entries()).hasSize(6);
        assertThat(((Point) batch.entries().getFirst()).tags())
                .containsExactly(new Tag("team", "web"));
        assertThat(((Run) batch.entries().getLast()).points()).isEqualTo(5);
        assertThat(stage.collector("A").points()).isEqualTo(5);
    }

    @Test
    void points_that_waited_for_a_second_become_durable_before_the_run_ends() {
        List<Long> runs = new ArrayList<>();
        stage.bridge.collector(
                "in",
                "A",
                60,
                (worker, run) -> {
                    var _ = worker.report(run, "4");
                    runs.add(stage.now);
                });
        stage.start(Stage.input("in"));
        stage.seconds(5);
        assertThat(stage.stored).hasSize(1);
        assertThat(stage.stored.getFirst().at() - runs.getFirst()).isEqualTo(S);
        assertThat(stage.points()).isEqualTo(4);
    }

    @Test
    void more_than_ten_thousand_points_become_durable_at_once() {
        List<Integer> after = new ArrayList<>();
        stage.bridge.collector(
                "in",
                "A",
                60,
                (worker, run) -> {
                    var _ = worker.report(run, "10000");
                    after.add(stage.stored.size());
                    var _ = worker.report(run, "1");
                    after.add(stage.stored.size());
                    worker.returns(run);
                });
        stage.start(Stage.input("in"));
        stage.seconds(2);
        assertThat(after).containsExactly(0, 1);
        assertThat(stage.runs().getFirst().points()).isEqualTo(10_001);
    }

    @Test
    void a_refused_report_is_answered_as_upstream_does_and_the_run_is_well() {
        List<Reply> replies = new ArrayList<>();
        stage.bridge.collector(
                "in",
                "A",
                60,
                (worker, run) -> {
                    replies.add(worker.report(run, "x"));
                    worker.returns(run);
                });
        stage.start(Stage.input("in"));
        stage.seconds(2);
        assertThat(replies)
                .containsExactly(
                        new Reply(
                                400,
                                "{\"error_code\":\"datakit.invalidJsonPoint\","
                                        + "\"message\":\"bad \\\"x\\\"\"}"));
        assertThat(stage.runs(Outcome.OK)).hasSize(1);
        assertThat(stage.collector("A").refusedReports()).isEqualTo(1);
        assertThat(stage.collector("A").lines()).anyMatch(l -> l.contains("invalidJsonPoint"));
    }

    @Test
    void points_of_which_nothing_is_stored_are_told_in_the_collectors_log() {
        List<Reply> replies = new ArrayList<>();
        stage.bridge.collector(
                "in",
                "A",
                60,
                (worker, run) -> {
                    replies.add(worker.report(run, "-3"));
                    worker.returns(run);
                });
        stage.start(Stage.input("in"));
        stage.seconds(2);
        assertThat(replies).containsExactly(Reply.OK);
        assertThat(stage.collector("A").lines())
                .anyMatch(l -> l.contains("3 points of a report were dropped: point \"m\" has no"));
    }

    @Test
    void a_full_journal_is_told_to_the_next_report_and_promised_points_wait_for_room() {
        List<Reply> replies = new ArrayList<>();
        List<Long> runs = new ArrayList<>();
        stage.full = true;
        stage.bridge.collector(
                "in",
                "A",
                60,
                (worker, run) -> {
                    runs.add(run);
                    replies.add(worker.report(run, "5"));
                });
        stage.start(Stage.input("in"));
        stage.seconds(3.2);
        FakeWorker worker = stage.bridge.last();
        replies.add(worker.report(runs.getFirst(), "1"));
        stage.full = false;
        stage.seconds(2);
        assertThat(stage.points()).as("promised with 200, so kept").isEqualTo(5);
        replies.add(worker.report(runs.getFirst(), "2"));
        worker.returns(runs.getFirst());
        stage.settle();
        assertThat(replies).extracting(Reply::status).containsExactly(200, 503, 200);
        assertThat(replies.get(1).body()).contains("\"error_code\":\"datakit.", "10 bytes");
        Run row = stage.runs().getFirst();
        assertThat(row.outcome()).isEqualTo(Outcome.ERROR);
        assertThat(row.points()).isEqualTo(7);
        assertThat(row.error()).contains("1 points in 1 reports were not kept", "10 bytes");
    }

    @Test
    void a_run_that_ends_while_the_journal_is_full_is_an_error_whose_row_is_written_later() {
        stage.full = true;
        stage.bridge.collector(
                "in",
                "A",
                60,
                (worker, run) -> {
                    var _ = worker.report(run, "5");
                    worker.returns(run);
                });
        stage.start(Stage.input("in"));
        stage.seconds(3);
        assertThat(stage.collectors.ledger().waiting()).isEqualTo(1);
        assertThat(stage.collector("A").refusedPoints()).isEqualTo(5);
        stage.full = false;
        stage.seconds(10);
        Run row = stage.runs().getFirst();
        assertThat(row.outcome()).isEqualTo(Outcome.ERROR);
        assertThat(row.points()).isZero();
        assertThat(row.error()).contains("5 points in 1 reports were not kept", "10 bytes");
        assertThat(stage.collectors.ledger().waiting()).isZero();
    }

    @Test
    void a_report_from_outside_of_a_run_is_durable_within_a_second() {
        stage.bridge.collector("in", "A", 60, FakeWorker::returns);
        stage.start(Stage.input("in"));
        stage.seconds(3);
        int before = stage.stored.size();
        byte[] body = {'3'};
        assertThat(stage.bridge.last().listener.report("A", 0, body)).isEqualTo(Reply.OK);
        stage.seconds(1);
        assertThat(stage.stored).hasSize(before + 1);
        assertThat(stage.stored.getLast().source()).isEqualTo("pythond/in/A");
    }

    @Test
    void a_report_of_a_run_that_is_over_is_not_lost() {
        List<Long> runs = new ArrayList<>();
        stage.bridge.collector(
                "in",
                "A",
                60,
                (worker, run) -> {
                    runs.add(run);
                    worker.returns(run);
                });
        stage.start(Stage.input("in"));
        stage.seconds(3);
        byte[] body = {'3'};
        assertThat(stage.bridge.last().listener.report("A", runs.getFirst(), body))
                .isEqualTo(Reply.OK);
        stage.seconds(1);
        assertThat(stage.points()).isEqualTo(3);
    }

    // ---- changes and the end

    @Test
    void a_reload_leaves_unchanged_inputs_on_their_ticks_and_replaces_changed_ones() {
        stage.bridge.collector("same", "S", 1, FakeWorker::returns);
        stage.bridge.collector("other", "O", 1, FakeWorker::returns);
        stage.bridge.collector("gone", "G", 1, FakeWorker::returns);
        stage.bridge.collector("new", "N", 1, FakeWorker::returns);
        stage.file("e/b.py", "");
        InputSettings other = dirs("other", "e");
        stage.start(Stage.input("same"), other, Stage.input("gone"));
        stage.seconds(3.5);
        FakeWorker same = stage.bridge.opened.get(0);
        FakeWorker old = stage.bridge.opened.get(1);
        stage.file("e/b.py", "changed = True");
        stage.collectors.apply(List.of(moved(Stage.input("same")), other, Stage.input("new")));
        stage.settle();
        stage.seconds(3.5);
        assertThat(old.closed).isTrue();
        assertThat(stage.bridge.opened.get(2).closed).isTrue();
        assertThat(same.closed).isFalse();
        assertThat(gaps("S")).containsOnly(S);
        assertThat(stage.collector("S").counts().ok()).isBetween(6L, 8L);
        assertThat(stage.bridge.specs).hasSize(5);
        assertThat(stage.collectors.status())
                .extracting(InputStatus::name)
                .containsExactly("same", "other", "new");
        stage.collectors.apply(List.of(Stage.input("same"), other, Stage.input("new")));
        stage.settle();
        assertThat(stage.bridge.specs).as("nothing changed").hasSize(5);
    }

    private static InputSettings dirs(String name, String dir) {
        InputSettings in = Stage.input(name);
        return new InputSettings(
                name,
                in.cmd(),
                List.of(dir),
                in.envs(),
                in.tags(),
                in.timeout(),
                in.splay(),
                false,
                in.file(),
                1);
    }

    private static InputSettings moved(InputSettings in) {
        return new InputSettings(
                in.name(),
                in.cmd(),
                in.dirs(),
                in.envs(),
                in.tags(),
                in.timeout(),
                in.splay(),
                false,
                Path.of("other.conf"),
                77);
    }

    @Test
    void stopping_interrupts_what_runs_and_writes_its_points_and_its_row() {
        stage.bridge.collector(
                "in",
                "A",
                60,
                (worker, run) -> assertThat(worker.report(run, "5").status()).isEqualTo(200));
        stage.start(Stage.input("in"));
        stage.seconds(2.0);
        FakeWorker worker = stage.bridge.last();
        long run = worker.active.keySet().iterator().next();
        stage.collectors.apply(List.of());
        stage.settle();
        assertThat(worker.interrupted).containsExactly(run);
        worker.ends(run, new RunEnd.Interrupted("KeyboardInterrupt"));
        stage.settle();
        assertThat(stage.points()).isEqualTo(5);
        assertThat(stage.runs(Outcome.ERROR).getFirst().error())
                .startsWith("interrupted: the input is no longer configured");
        assertThat(worker.closed).isTrue();
    }

    @Test
    void stopping_does_not_wait_longer_than_three_seconds_for_a_run() {
        stage.bridge.collector("in", "A", 60, InputRunnerTest::hangs);
        stage.start(Stage.input("in"));
        stage.seconds(2);
        stage.collectors.apply(List.of());
        stage.seconds(2.9);
        assertThat(stage.bridge.last().closed).isFalse();
        stage.seconds(0.2);
        assertThat(stage.bridge.last().closed).isTrue();
        assertThat(stage.runs(Outcome.CRASHED)).hasSize(1);
        int starts = stage.bridge.last().started.size();
        stage.seconds(120);
        assertThat(stage.bridge.last().started).hasSize(starts);
        assertThat(stage.bridge.opened).hasSize(1);
    }
}
