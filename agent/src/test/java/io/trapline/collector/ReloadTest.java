package io.trapline.collector;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.bridge.Worker.LoadProblem;
import io.trapline.bridge.WorkerListener.RunEnd;
import io.trapline.collector.FakeBridge.FakeWorker;
import io.trapline.model.Run;
import io.trapline.model.Run.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What happens to inputs whose block or files change while they run.
class ReloadTest {
    private static final long S = 1_000_000_000L;
    private static final LoadProblem SYNTAX =
            new LoadProblem("b", "/d/b.py", "", "SyntaxError: invalid syntax");

    @TempDir Path home;
    private Stage stage;
    private InputSettings changed;
    private InputSettings same;

    @BeforeEach
    void set() {
        stage = new Stage(home);
        stage.file("e/s.py", "");
        changed = Stage.input("changed");
        same = dirs("same", "e");
        stage.bridge.collector("same", "S", 1, FakeWorker::returns);
    }

    private static InputSettings dirs(String name, String... dirs) {
        InputSettings in = Stage.input(name);
        return new InputSettings(
                name,
                in.cmd(),
                List.of(dirs),
                in.envs(),
                in.tags(),
                in.timeout(),
                in.splay(),
                false,
                in.file(),
                1);
    }

    private void startBoth() {
        stage.start(same, changed);
        stage.seconds(3.2);
    }

    private void edit(String text) {
        stage.file("d/a.py", text);
        reload();
    }

    private void reload() {
        stage.collectors.apply(List.of(same, changed));
        stage.settle();
    }

    private FakeWorker opened(int number) {
        return stage.bridge.opened.get(number);
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

    private InputStatus status() {
        return stage.collectors.status().getLast();
    }

    @Test
    void an_agent_that_stops_before_a_version_has_retired_interrupts_its_run() {
        stage.bridge.collector("changed", "C", 60, (_, _) -> {});
        stage.bridge.onInterrupt = (worker, run) -> worker.ends(run, new RunEnd.Interrupted("x"));
        startBoth();
        stage.file("d/a.py", "changed = True");
        stage.collectors.apply(List.of(same, changed));
        stage.step(); // the new version has loaded
        Thread.currentThread().interrupt(); // so that close() does not wait for steps
        stage.collectors.close();
        assertThat(Thread.interrupted()).isTrue();
        stage.settle();
        assertThat(stage.runs().stream().filter(run -> run.input().equals("changed")))
                .extracting(run -> run.error().lines().findFirst().orElse(""))
                .containsExactly("interrupted: the agent stops");
        assertThat(stage.bridge.opened).allMatch(worker -> worker.closed);
    }

    @Test
    void a_changed_input_is_loaded_first_and_goes_on_upon_its_grid() {
        stage.bridge.collector("changed", "C", 1, FakeWorker::returns);
        startBoth();
        long ok = stage.collector("C").counts().ok();
        edit("new = 1");
        stage.seconds(3);
        assertThat(opened(1).closed).isTrue();
        assertThat(opened(2).closed).isFalse();
        assertThat(opened(2).started).hasSizeBetween(3, 4);
        assertThat(stage.collector("C").counts().ok()).as("its counts go on").isGreaterThan(ok + 2);
        assertThat(gaps("C")).as("no tick is missed").allMatch(gap -> gap <= S);
        assertThat(gaps("C").getLast()).isEqualTo(S);
        assertThat(gaps("S")).containsOnly(S);
        assertThat(opened(0).closed).isFalse();
        assertThat(status().problems()).isEmpty();
    }

    @Test
    void a_slow_collector_s_new_version_runs_at_once_and_then_upon_the_old_grid() {
        stage.bridge.collector("changed", "C", 60, FakeWorker::returns);
        stage.start(same, changed);
        stage.seconds(70);
        long grid =
                stage.runs().stream()
                        .filter(r -> r.collector().equals("C"))
                        .toList()
                        .getLast()
                        .plannedNs();
        stage.seconds(10);
        int before = gaps("C").size();
        edit("new = 1");
        stage.seconds(0.1);
        assertThat(opened(2).started).containsExactly("C");
        stage.seconds(130);
        List<Run> runs = stage.runs().stream().filter(r -> r.collector().equals("C")).toList();
        assertThat(runs.subList(before + 2, runs.size()))
                .hasSizeGreaterThanOrEqualTo(2)
                .allMatch(run -> (run.plannedNs() - grid) % (60 * S) == 0);
    }

    @Test
    void what_does_not_load_leaves_the_old_version_running_and_is_told() {
        stage.bridge.collector("changed", "C", 1, FakeWorker::returns);
        startBoth();
        stage.bridge.problems = List.of(SYNTAX);
        edit("def (");
        stage.seconds(3);
        assertThat(opened(1).closed).isFalse();
        assertThat(opened(2).closed).isTrue();
        assertThat(opened(2).started).isEmpty();
        assertThat(gaps("C")).containsOnly(S);
        assertThat(status().state()).isEqualTo("running");
        assertThat(status().problems())
                .singleElement()
                .asString()
                .contains("did not load, the one before it goes on", "SyntaxError", "/d/b.py");
        stage.bridge.problems = List.of();
        edit("good = 2");
        stage.seconds(2);
        assertThat(opened(1).closed).isTrue();
        assertThat(opened(3).started).isNotEmpty();
        assertThat(status().problems()).isEmpty();
        assertThat(gaps("C")).allMatch(gap -> gap <= S);
    }

    @Test
    void a_change_while_the_first_version_still_loads_does_not_take_it_away() {
        stage.bridge.collector("changed", "C", 1, FakeWorker::returns);
        stage.bridge.onOpen =
                worker -> {
                    if (stage.bridge.opened.size() == 2) {
                        stage.bridge.problems = List.of(SYNTAX);
                        stage.file("d/a.py", "def (");
                        stage.collectors.apply(List.of(same, changed));
                    }
                };
        startBoth();
        assertThat(stage.bridge.opened).hasSize(3);
        assertThat(opened(1).closed).isFalse();
        assertThat(opened(1).started).isNotEmpty();
        assertThat(status().problems()).singleElement().asString().contains("SyntaxError");
    }

    @Test
    void an_edit_that_is_taken_back_is_no_longer_told() {
        stage.bridge.collector("changed", "C", 1, FakeWorker::returns);
        startBoth();
        stage.bridge.failOpens = 1;
        edit("new = 1");
        assertThat(status().problems()).singleElement().asString().contains("python9");
        edit("pass");
        assertThat(status().problems()).isEmpty();
        assertThat(opened(1).closed).isFalse();
        assertThat(gaps("C")).containsOnly(S);
    }

    @Test
    void a_file_that_was_broken_before_keeps_no_change_out() {
        stage.bridge.collector("changed", "C", 1, FakeWorker::returns);
        stage.bridge.problems = List.of(SYNTAX);
        startBoth();
        edit("new = 1");
        stage.seconds(2);
        assertThat(opened(1).closed).isTrue();
        assertThat(opened(2).started).isNotEmpty();
        assertThat(status().problems()).singleElement().asString().contains("/d/b.py did not load");
    }

    @Test
    void a_running_run_ends_before_its_collector_starts_anew_and_the_others_do_not_wait() {
        stage.bridge.collector(
                "changed",
                "LONG",
                5,
                (worker, run) -> {
                    if (worker == opened(1)) {
                        stage.after(4, () -> worker.returns(run));
                    } else {
                        worker.returns(run);
                    }
                });
        stage.bridge.collector("changed", "QUICK", 1, FakeWorker::returns);
        stage.start(same, changed);
        while (opened(1).active.isEmpty()) {
            stage.seconds(0.1);
        }
        edit("new = 1");
        stage.seconds(2);
        FakeWorker old = opened(1);
        FakeWorker fresh = opened(2);
        assertThat(old.interrupted).isEmpty();
        assertThat(old.closed).isFalse();
        assertThat(fresh.started).contains("QUICK").doesNotContain("LONG");
        stage.seconds(2.2);
        assertThat(old.closed).isTrue();
        assertThat(stage.runs(Outcome.CRASHED)).isEmpty();
        stage.seconds(5);
        assertThat(fresh.started).contains("LONG");
        assertThat(gaps("QUICK")).allMatch(gap -> gap <= S);
        assertThat(gaps("LONG")).allMatch(gap -> gap <= 5 * S);
    }

    @Test
    void a_run_that_hangs_in_the_old_version_is_interrupted_when_it_is_slow() {
        stage.bridge.collector(
                "changed",
                "C",
                1,
                (worker, run) -> {
                    if (worker != opened(1)) {
                        worker.returns(run);
                    }
                });
        stage.bridge.onInterrupt = (worker, _) -> worker.dies("killed", "C");
        startBoth();
        edit("new = 1");
        stage.seconds(12);
        assertThat(opened(1).closed || opened(1).dead).isTrue();
        assertThat(opened(2).started).isNotEmpty();
        assertThat(stage.runs(Outcome.ERROR))
                .singleElement()
                .extracting(Run::error)
                .asString()
                .startsWith("interrupted: replaced by its changed version")
                .endsWith("killed");
        assertThat(stage.bridge.opened).as("the old version is not started again").hasSize(3);
    }

    @Test
    void a_second_change_during_a_long_run_waits_for_it_too() {
        stage.bridge.collector(
                "changed",
                "C",
                1,
                (worker, run) -> {
                    if (worker == opened(1)) {
                        stage.after(6, () -> worker.returns(run));
                    } else {
                        worker.returns(run);
                    }
                });
        stage.start(same, changed);
        stage.seconds(2.1);
        edit("new = 1");
        stage.seconds(1);
        edit("new = 2");
        stage.seconds(1);
        assertThat(opened(2).started).isEmpty();
        assertThat(opened(3).started).isEmpty();
        stage.seconds(6);
        assertThat(opened(1).closed).isTrue();
        assertThat(opened(2).closed).isTrue();
        assertThat(opened(3).started).isNotEmpty();
    }

    @Test
    void a_new_version_that_dies_before_it_takes_over_is_started_again() {
        stage.bridge.collector("changed", "C", 1, FakeWorker::returns);
        startBoth();
        stage.file("d/a.py", "new = 1");
        stage.bridge.onOpen =
                worker -> {
                    stage.bridge.onOpen = _ -> {};
                    worker.dies("it ended", "");
                };
        reload();
        stage.seconds(5);
        assertThat(status().state()).isEqualTo("running");
        assertThat(stage.bridge.opened).hasSize(4);
        assertThat(opened(3).started).isNotEmpty();
    }

    @Test
    void deleting_its_last_file_stops_an_input_and_bringing_it_back_starts_it() throws IOException {
        stage.bridge.collector("changed", "C", 1, FakeWorker::returns);
        startBoth();
        Path folder = home.resolve("python.d/d");
        Path away = home.resolve("python.d/away");
        Files.move(folder, away);
        reload();
        stage.seconds(3);
        assertThat(opened(1).closed).isTrue();
        assertThat(status().state()).isEqualTo("backing off");
        assertThat(status().reason()).contains("nothing to run");
        Files.move(away, folder);
        reload();
        stage.seconds(3);
        assertThat(status().state()).isEqualTo("running");
        assertThat(stage.bridge.opened).hasSize(3);
        assertThat(gaps("S")).containsOnly(S);
    }

    @Test
    void deleting_one_of_several_files_stops_its_collectors_alone() {
        stage.bridge.collector("changed", "C", 1, FakeWorker::returns);
        stage.bridge.collector("changed", "GONE", 1, FakeWorker::returns);
        startBoth();
        java.util.Objects.requireNonNull(stage.bridge.inputs.get("changed")).removeLast();
        edit("one class less");
        stage.seconds(3);
        assertThat(opened(2).started).contains("C").doesNotContain("GONE");
        assertThat(opened(1).closed).isTrue();
        assertThat(gaps("C")).allMatch(gap -> gap <= S);
    }

    @Test
    void renaming_every_input_stops_the_old_names_and_starts_the_new_ones() {
        stage.bridge.collector("changed", "C", 1, FakeWorker::returns);
        stage.bridge.collector("renamed", "C", 1, FakeWorker::returns);
        stage.bridge.collector("too", "S", 1, FakeWorker::returns);
        startBoth();
        stage.collectors.apply(List.of(dirs("too", "e"), dirs("renamed", "d")));
        stage.seconds(3);
        assertThat(opened(0).closed).isTrue();
        assertThat(opened(1).closed).isTrue();
        assertThat(stage.collectors.status())
                .extracting(InputStatus::name, InputStatus::state)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple("too", "running"),
                        org.assertj.core.groups.Tuple.tuple("renamed", "running"));
    }

    @Test
    void a_file_that_does_not_rest_is_left_alone_and_what_rests_is_not() {
        stage.bridge.collector("changed", "C", 1, FakeWorker::returns);
        startBoth();
        stage.file("d/a.py", "half wri");
        stage.file("e/s.py", "new = 1");
        stage.collectors.apply(List.of(same, changed), Set.of(home.resolve("python.d/d/a.py")));
        stage.settle();
        stage.seconds(2);
        assertThat(opened(1).closed).isFalse();
        assertThat(opened(0).closed).isTrue();
        assertThat(gaps("C")).containsOnly(S);
    }

    @Test
    void a_single_file_belongs_to_its_input_with_what_it_imports_and_nothing_else() {
        stage.bridge.collector("changed", "C", 1, FakeWorker::returns);
        stage.file("f/one.py", "from helpers.text import trim\nimport os, two_things as t\n");
        stage.file("f/two_things.py", "def go():\n    from .lazy import x\n");
        stage.file("f/lazy.py", "");
        stage.file("f/helpers/__init__.py", "");
        stage.file("f/helpers/text.py", "");
        stage.file("f/other.py", "");
        changed = dirs("changed", "f/one.py");
        startBoth();
        stage.file("f/other.py", "not = mine");
        reload();
        assertThat(stage.bridge.opened).as("not imported").hasSize(2);
        int opened = 2;
        for (String file :
                List.of("one", "helpers/text", "helpers/__init__", "two_things", "lazy")) {
            stage.file(
                    "f/" + file + ".py",
                    file.equals("one")
                            ? "from helpers.text import trim\nimport os, two_things as t #\n"
                            : file.equals("two_things") ? "import lazy # now" : "new = 1");
            reload();
            opened++;
            assertThat(stage.bridge.opened).as(file).hasSize(opened);
        }
    }

    @Test
    void fifty_changes_of_one_input_move_no_tick_of_another() {
        stage.bridge.collector("changed", "C", 1, FakeWorker::returns);
        startBoth();
        for (int i = 0; i < 50; i++) {
            edit("version = " + i);
            stage.seconds(0.7);
        }
        assertThat(stage.bridge.opened).hasSize(52);
        assertThat(stage.bridge.opened.stream().filter(worker -> !worker.closed)).hasSize(2);
        assertThat(gaps("S")).containsOnly(S);
        assertThat(gaps("C")).allMatch(gap -> gap <= S);
    }

    @Test
    void a_step_of_the_wall_clock_moves_no_grid_over_a_change() {
        stage.bridge.collector("changed", "C", 1, FakeWorker::returns);
        startBoth();
        stage.wall = stage.wall.plusSeconds(86_400);
        edit("new = 1");
        stage.seconds(3);
        stage.wall = stage.wall.minusSeconds(2 * 86_400);
        edit("new = 2");
        stage.seconds(3);
        assertThat(opened(2).started).hasSizeBetween(3, 5);
        assertThat(opened(3).started).hasSizeBetween(3, 4);
        assertThat(stage.runs(Outcome.SKIPPED)).isEmpty();
    }
}
