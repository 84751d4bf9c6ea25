package io.trapline.bridge;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.trapline.bridge.Worker.LoadedCollector;
import io.trapline.bridge.WorkerListener.Reply;
import io.trapline.bridge.WorkerListener.RunEnd;
import io.trapline.bridge.WorkerListener.Stream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// What both kinds of worker must do.
@Timeout(value = 120, unit = SECONDS)
abstract class WorkerContract {
    static final String IMPORT = "from datakit_framework import DataKitFramework\n";

    @TempDir Path home;

    final Heard heard = new Heard();
    private final List<Worker> workers = new ArrayList<>();
    private final List<WorkerSpec.Module> modules = new ArrayList<>();
    private long lastRun;

    abstract Bridge bridge();

    abstract Optional<Path> command();

    @AfterEach
    void end() {
        workers.forEach(Worker::close);
    }

    @Test
    void what_a_run_has_written_is_in_its_files_when_it_has_ended() {
        Path state = home.resolve("state");
        collector(
                "import gzip",
                "if not hasattr(self, 'kept'):",
                "  open('" + state + "', 'w').write('state')",
                "  gzip.open('" + state + ".gz', 'wt').write('packed')",
                "  self.kept = open('" + state + "-kept', 'w')",
                "  self.kept.write('one')",
                "else:",
                "  print(gzip.open('" + state + ".gz', 'rt').read())",
                "  self.kept.write(' two')",
                "  self.kept = None");
        Worker worker = open();
        assertThat(runOnce(worker, "m.C")).isEqualTo(new RunEnd.Returned());
        assertThat(state).hasContent("state");
        assertThat(runOnce(worker, "m.C")).isEqualTo(new RunEnd.Returned());
        heard.awaitLine("packed"::equals);
        assertThat(home.resolve("state-kept")).hasContent("one two");
    }

    @Test
    void a_breakpoint_is_passed_over_and_says_how_to_debug_outside() {
        collector("breakpoint()", "print('after')");
        Worker worker = open();

        assertThat(runOnce(worker, "m.C")).isEqualTo(new RunEnd.Returned());

        heard.awaitLine(line ->
                line.contains("breakpoint() at " + home.resolve("d/m.py") + ":5 is passed over")
                        && line.contains("python3 -c")
                        && line.contains("['C']().run()"));
        heard.awaitLine("after"::equals);
    }

    @Test
    void a_debugger_that_is_set_by_hand_says_that_there_is_no_terminal() {
        collector("import pdb", "pdb.set_trace()", "x = 1");
        Worker worker = open();

        assertThat(runOnce(worker, "m.C"))
                .isInstanceOfSatisfying(
                        RunEnd.Raised.class,
                        raised ->
                                assertThat(raised.toString())
                                        .contains("no terminal")
                                        .doesNotContain("bdb.py"));
    }

    @Test
    void a_missing_module_names_the_hosts_package_too() {
        module("d", "m", "import no_such_module.part\n");
        Worker worker = open();

        assertThat(worker.problems().toString())
                .contains("needs the Python module 'no_such_module'")
                .contains("apt-get install python3-no-such-module")
                .contains("python3 -m pip install");
    }

    // ---- helpers --------------------------------------------------------------------------------

    void module(String root, String name, String source) {
        Path folder = home.resolve(root);
        Path file = folder.resolve(name.replace('.', '/') + ".py");
        file(file, source);
        modules.add(new WorkerSpec.Module(name, file, folder));
    }

    static void file(Path file, String source) {
        try {
            Files.createDirectories(file.getParent());
            Files.writeString(file, source);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String resource(String name) {
        try (InputStream in = WorkerContract.class.getResourceAsStream("/pythond/" + name)) {
            return new String(
                    java.util.Objects.requireNonNull(in).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Those that are opened from here on have others.
    void forgetModules() {
        modules.clear();
    }

    /// A module `m` with one collector `C` whose `run()` has these lines.
    void collector(String... body) {
        module("d", "m", IMPORT + "class C(DataKitFramework):\n  interval = 1\n" + run(body));
    }

    static String run(String... body) {
        return "  def run(self):\n    " + String.join("\n    ", body) + "\n";
    }

    Worker open() {
        return open(heard, "in");
    }

    Worker open(WorkerListener listener, String input) {
        try {
            Worker worker = bridge().open(spec(input, false), listener);
            workers.add(worker);
            return worker;
        } catch (WorkerException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    WorkerSpec spec(String input, boolean ownHost) {
        return new WorkerSpec(
                input,
                command(),
                ownHost,
                modules,
                Map.of("HOME", home.toString(), "TRAPLINE_TEST", "there"),
                "127.0.0.1",
                9529);
    }

    Worker open(String input, boolean ownHost, Limits limits) {
        WorkerSpec usual = spec(input, ownHost);
        try {
            Worker worker =
                    bridge().open(
                                    new WorkerSpec(
                                            input,
                                            usual.command(),
                                            ownHost,
                                            modules,
                                            usual.environment(),
                                            usual.endpointHost(),
                                            usual.endpointPort(),
                                            limits),
                                    heard);
            workers.add(worker);
            return worker;
        } catch (WorkerException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    /// Bounded: sixty sleepers, each of which has left its parent.
    static final String TOO_MANY =
            "for i in $(seq 60); do (sleep 613 &) ; done; echo all; wait; sleep 613";

    @Test
    void too_many_processes_end_their_input_alone_and_are_all_killed() {
        module("d", "calm", IMPORT + "class Calm(DataKitFramework):\n" + run("pass"));
        Worker calm = open(heard, "calm");
        forgetModules();
        collector(
                "import subprocess, time",
                "subprocess.Popen(['sh', '-c', '" + TOO_MANY + "'])",
                "time.sleep(600)");
        start(open("bomb", false, new Limits(1024, 20)), "m.C");

        assertThat(heard.awaitDied().reason())
                .contains("started")
                .contains("processes, more than limits.processes = 20 allows");
        assertThat(runOnce(calm, "calm.Calm")).isEqualTo(new RunEnd.Returned());
        await().untilAsserted(() -> assertThat(sleepers("613")).isZero());
    }

    static long sleepers(String seconds) {
        return ProcessHandle.allProcesses()
                .filter(each ->
                        each.info()
                                .arguments()
                                .filter(given -> List.of(given).equals(List.of(seconds)))
                                .isPresent())
                .count();
    }

    long start(Worker worker, String collector) {
        long run = ++lastRun;
        try {
            worker.start(collector, run);
        } catch (WorkerException e) {
            throw new AssertionError(e);
        }
        return run;
    }

    RunEnd runOnce(Worker worker, String collector) {
        return heard.awaitEnd(start(worker, collector));
    }

    static List<String> ids(Worker worker) {
        return worker.collectors().stream().map(LoadedCollector::id).toList();
    }

    JsonNode reported(int index) {
        return heard.reports.get(index).request();
    }

    // ---- loading --------------------------------------------------------------------------------

    @Test
    void a_run_that_is_only_a_coroutine_or_generator_is_an_error_that_says_what_to_do() {
        module(
                "d",
                "m",
                IMPORT
                        + "class C(DataKitFramework):\n  interval = 1\n  async def run(self):\n    pass\n"
                        + "class G(DataKitFramework):\n  interval = 1\n  def run(self):\n    yield 1\n");
        Worker worker = open();
        for (String collector : List.of("m.C", "m.G")) {
            assertThat(runOnce(worker, collector))
                    .isInstanceOfSatisfying(
                            RunEnd.Raised.class,
                            end -> assertThat(end.traceback()).contains("make it a plain 'def'"));
        }
    }

    @Test
    void the_user_documents_examples_run_unmodified() {
        module("mytest", "test", resource("test.py"));
        module("Demo", "demo", resource("general.py"));
        module("event", "event", resource("event.py"));
        Worker worker = open();
        assertThat(worker.problems()).isEmpty();
        assertThat(ids(worker)).containsExactly("test.MyTest", "demo.Demo", "event.Demo");
        for (String id : ids(worker)) {
            assertThat(runOnce(worker, id)).isEqualTo(new RunEnd.Returned());
        }
        assertThat(heard.reports).hasSize(3);
        assertThat(reported(0).toString())
                .isEqualTo(
                        "{\"category\":\"metric\",\"input\":\"datakitpy\",\"points\":["
                                + "{\"measurement\":\"abc\",\"tags\":{\"t1\":\"b\",\"t2\":\"d\"},\"fields\":{\"f1\":123,\"f2\":3.4,\"f3\":\"strval\"}},"
                                + "{\"measurement\":\"def\",\"tags\":{\"t1\":\"b\",\"t2\":\"d\"},\"fields\":{\"f1\":123,\"f2\":3.4,\"f3\":\"strval\"}}]}");
        assertThat(reported(2).at("/category").asText()).isEqualTo("keyevent");
        assertThat(reported(2).at("/points/0/fields").toString())
                .isEqualTo(
                        "{\"df_date_range\":10,\"df_source\":\"user\",\"df_user_id\":\"user_id\",\"df_status\":\"info\",\"df_event_id\":\"event_id\",\"df_title\":\"title\",\"df_message\":\"message\",\"custom_key1\":\"custom_value1\",\"custom_key2\":\"custom_value2\",\"custom_key3\":\"custom_value3\"}");
        assertThat(heard.awaitLine("MyTest"::equals))
                .isEqualTo(new Heard.Line("test.MyTest", Stream.STDOUT, "MyTest"));
    }

    @Test
    void every_distinct_concrete_class_is_constructed_once() {
        module(
                "d",
                "base",
                IMPORT + "class Base(DataKitFramework):\n  interval = 5\n" + run("pass"));
        module(
                "d",
                "child",
                """
                from abc import ABC, ABCMeta, abstractmethod
                from base import Base, DataKitFramework
                class Child(Base):
                  interval = 0.5
                Alias = Child
                class Abstract(DataKitFramework, metaclass=ABCMeta):
                  @abstractmethod
                  def what(self): ...
                class Concrete(Abstract):
                  interval = "2"
                  def what(self): ...
                  def run(self): pass
                """);
        Worker worker = open();
        assertThat(ids(worker)).containsExactly("base.Base", "child.Child", "child.Concrete");
        assertThat(worker.collectors().stream().map(LoadedCollector::interval))
                .containsExactly(5.0, 0.5, 2.0);
        assertThat(worker.problems()).isEmpty();
    }

    @Test
    void an_odd_interval_is_ten_seconds_and_said() {
        module(
                "d",
                "m",
                IMPORT
                        + """
                        class Missing(DataKitFramework): pass
                        class Zero(DataKitFramework): interval = 0
                        class Negative(DataKitFramework): interval = -1
                        class Words(DataKitFramework): interval = "often"
                        class NotFinite(DataKitFramework): interval = float("nan")
                        class Cron(DataKitFramework): interval = "*/5 * * * *"
                        class Good(DataKitFramework):
                          def __init__(self): self.interval = 3
                        """);
        List<LoadedCollector> loaded = open().collectors();
        assertThat(loaded)
                .allSatisfy(each ->
                        assertThat(each.warning().isEmpty())
                                .isEqualTo(each.className().equals("Good")));
        assertThat(loaded.stream().map(LoadedCollector::interval))
                .containsExactly(10.0, 10.0, 10.0, 10.0, 10.0, 10.0, 3.0);
        assertThat(loaded.get(5).warning())
                .isEqualTo(
                        "interval = '*/5 * * * *' is neither a number of seconds nor a duration such"
                                + " as '1m30s', it runs every 10 s");
    }

    @Test
    void an_interval_may_be_a_duration_as_in_the_configuration() {
        module(
                "d",
                "m",
                IMPORT
                        + """
                        import datetime
                        class A(DataKitFramework): interval = "1m"
                        class B(DataKitFramework): interval = " 1h30m15s "
                        class C(DataKitFramework): interval = "250ms"
                        class D(DataKitFramework): interval = "2"
                        class E(DataKitFramework): interval = datetime.timedelta(minutes=2)
                        """);
        List<LoadedCollector> loaded = open().collectors();
        assertThat(loaded).allMatch(each -> each.warning().isEmpty());
        assertThat(loaded.stream().map(LoadedCollector::interval))
                .containsExactly(60.0, 5415.0, 0.25, 2.0, 120.0);
    }

    @Test
    void packages_and_odd_file_names_load() {
        file(home.resolve("d/sub/__init__.py"), "print('init ran')\nSHARED = 7\n");
        file(home.resolve("d/sub/near.py"), "VALUE = 35\n");
        file(home.resolve("d/json/near.py"), "VALUE = 1\n");
        String near =
                IMPORT
                        + "from .near import VALUE\nfrom . import near\nclass C(DataKitFramework):\n"
                        + run("print('value', VALUE)");
        module(
                "d",
                "sub.c",
                near.replace("VALUE)", "VALUE + SHARED)")
                        .replace("import near", "import near, SHARED"));
        module("d", "json.c", near.replace("class C", "import json\njson.loads('1')\nclass C"));
        module("d", "b-c", IMPORT + "class C(DataKitFramework):\n" + run("pass"));
        module("d", "1x", IMPORT + "class C(DataKitFramework):\n" + run("pass"));
        Path dotted = home.resolve("d/x.y.py");
        file(dotted, "");
        modules.add(new WorkerSpec.Module("x.y", dotted, home.resolve("d")));
        Worker worker = open();
        assertThat(ids(worker)).containsExactly("sub.c.C", "json.c.C", "b-c.C", "1x.C");
        assertThat(worker.problems()).hasSize(1);
        assertThat(worker.problems().getFirst().error()).contains("x.y.py can not be imported");
        assertThat(runOnce(worker, "sub.c.C")).isEqualTo(new RunEnd.Returned());
        heard.awaitLine("init ran"::equals);
        heard.awaitLine("value 42"::equals);
        runOnce(worker, "json.c.C");
        heard.awaitLine("value 1"::equals);
    }

    @Test
    void same_names_in_two_roots_each_find_their_own_neighbours() {
        for (String root : List.of("one", "two")) {
            file(home.resolve(root + "/util.py"), "WHERE = '" + root + "'\n");
            module(
                    root,
                    "k",
                    IMPORT
                            + "import util\nclass K(DataKitFramework):\n"
                            + run(
                                    "import util as again",
                                    "print(util.WHERE, again.WHERE, again is util)"));
        }
        Worker worker = open();
        assertThat(worker.problems()).isEmpty();
        assertThat(ids(worker)).containsExactly("k.K", "k.K#2");
        runOnce(worker, "k.K#2");
        heard.awaitLine("two two True"::equals);
        runOnce(worker, "k.K");
        heard.awaitLine("one one True"::equals);
    }

    @Test
    void a_script_may_be_named_like_a_library_and_import_that() {
        module(
                "d",
                "colorsys",
                IMPORT
                        + "import colorsys\nclass C(DataKitFramework):\n"
                        + run("print(colorsys.rgb_to_hsv(0, 0, 0))"));
        Worker worker = open();
        assertThat(worker.problems()).isEmpty();
        runOnce(worker, "colorsys.C");
        heard.awaitLine(line -> line.startsWith("(0.0, 0.0"));
    }

    @Test
    void a_framework_copy_beside_the_script_wins_but_not_one_in_core() {
        String copy = "class DataKitFramework:\n  whose = '%s'\n  def run(self): pass\n";
        file(home.resolve("own/datakit_framework.py"), copy.formatted("own"));
        file(home.resolve("core/datakit_framework.py"), copy.formatted("core"));
        String script =
                IMPORT
                        + "class C(DataKitFramework):\n  interval = 1\n"
                        + run("print('is', getattr(self, 'whose', 'ours'))");
        module("own", "mine", script);
        module("core", "cored", script);
        module("other", "plain", script);
        Worker worker = open();
        assertThat(worker.problems()).isEmpty();
        assertThat(ids(worker)).containsExactly("mine.C", "cored.C", "plain.C");
        runOnce(worker, "mine.C");
        assertThat(heard.awaitLine(line -> line.startsWith("is")).text()).isEqualTo("is own");
        runOnce(worker, "cored.C");
        runOnce(worker, "plain.C");
        assertThat(heard.seenLines.stream().map(Heard.Line::text))
                .containsExactly("is own", "is ours", "is ours");
    }

    @Test
    void what_does_not_load_is_told_and_leaves_the_rest_alone() {
        module("d", "syntax", "def x(:\n");
        module("d", "missing", "import no_such_thing\n");
        module("d", "raises", "def f():\n  raise RuntimeError('at import')\nf()\n");
        module("d", "exits", "import sys\nsys.exit(3)\n");
        module(
                "d",
                "ctor",
                IMPORT
                        + """
                        class Bad(DataKitFramework):
                          def __init__(self): raise KeyError('nope')
                        class Good(DataKitFramework):
                          def run(self): pass
                        """);
        Worker worker = open();
        assertThat(ids(worker)).containsExactly("ctor.Good");
        assertThat(worker.problems().stream().map(each -> each.module() + ":" + each.className()))
                .containsExactly("syntax:", "missing:", "raises:", "exits:", "ctor:Bad");
        assertThat(worker.problems().get(0).error()).contains("SyntaxError").contains("syntax.py");
        assertThat(worker.problems().get(1).error())
                .contains("'no_such_thing'")
                .contains(home.resolve("d/missing.py").toString());
        assertThat(worker.problems().get(2).error())
                .contains("Traceback")
                .contains("in f")
                .contains("RuntimeError: at import");
        assertThat(worker.problems().get(3).error()).contains("SystemExit");
        assertThat(worker.problems().get(4).error()).contains("KeyError: 'nope'");
        assertThat(runOnce(worker, "ctor.Good")).isEqualTo(new RunEnd.Returned());
    }

    // ---- running --------------------------------------------------------------------------------

    @Test
    void a_report_sends_one_request_for_each_category_and_knows_the_answer() {
        collector(
                "p = {'measurement': 'a', 'fields': {'f': 1}}",
                "r = self.report({'E': [p], 'M': [p], 'L': [p], 'R': [p], 'O': [p], 'CO': [p],",
                "    'input': 'a b&c', 'precision': 'ms', 'ignore_global_tags': True, 'version': 'v1'})",
                "print('got', repr(str(r)), r.ok, r.status_code, isinstance(r, str))",
                "r = self.report({'M': [{'measurement': 'refused'}]})",
                "print('got', repr(str(r)), r.ok, r.status_code)");
        heard.answer =
                request ->
                        request.at("/points/0/measurement").asText().equals("refused")
                                ? new Reply(400, "{\"error_code\":\"datakit.noPoints\"}")
                                : Reply.OK;
        Worker worker = open();
        long run = start(worker, "m.C");
        assertThat(heard.awaitEnd(run)).isEqualTo(new RunEnd.Returned());
        assertThat(heard.reports.stream().map(each -> each.request().at("/category").asText()))
                .containsExactly(
                        "metric",
                        "logging",
                        "rum",
                        "object",
                        "custom_object",
                        "keyevent",
                        "metric");
        assertThat(heard.reports)
                .allSatisfy(each -> {
                    assertThat(each.collector()).isEqualTo("m.C");
                    assertThat(each.run()).isEqualTo(run);
                });
        assertThat(reported(0).toString())
                .isEqualTo(
                        "{\"category\":\"metric\",\"precision\":\"ms\",\"input\":\"a b&c\",\"ignore_global_tags\":\"true\",\"version\":\"v1\",\"points\":[{\"measurement\":\"a\",\"fields\":{\"f\":1}}]}");
        heard.awaitLine("got '' True 200 True"::equals);
        heard.awaitLine("got '{\"error_code\":\"datakit.noPoints\"}' False 400"::equals);
    }

    @Test
    void every_feed_call_works_by_keyword_and_by_position() {
        collector(
                "f = {'a': 1}",
                "self.feed_metric('i', 'm', {'t': 'v'}, f, 5, b=2)",
                "self.feed_metric(measurement='m', fields=f)",
                "self.feed_logging('i', 's', {'t': 'v'}, 'hello', 5, k=1)",
                "self.feed_logging(source='s', message='hello')",
                "self.feed_object('i', 'c', 'n', {'t': 'v'}, f, 5, k=1)",
                "self.feed_object(cls='c', name='n', fields=f)",
                "self.feed_user_event('u', {'t': 'v'}, 10, 'ok', '1', 'T', 'M', k=1)",
                "self.feed_monitor_event('{}', {'t': 'v'}, 10, 'ok', '1', 'T', 'M')",
                "self.feed_system_event({'t': 'v'}, 10, 'ok', '1', 'T', 'M')",
                "self.feed_system_event(df_status='ok', df_event_id='1', df_title='T')",
                "print(f)");
        assertThat(runOnce(open(), "m.C")).isEqualTo(new RunEnd.Returned());
        assertThat(heard.reports.stream().map(each -> each.request().at("/points/0").toString()))
                .containsExactly(
                        "{\"measurement\":\"m\",\"tags\":{\"t\":\"v\"},\"fields\":{\"a\":1,\"b\":2},\"time\":5}",
                        "{\"measurement\":\"m\",\"tags\":null,\"fields\":{\"a\":1},\"time\":null}",
                        "{\"measurement\":\"s\",\"tags\":{\"t\":\"v\"},\"fields\":{\"message\":\"hello\",\"k\":1},\"time\":5}",
                        "{\"measurement\":\"s\",\"tags\":null,\"fields\":{\"message\":\"hello\"},\"time\":null}",
                        "{\"measurement\":\"c\",\"tags\":{\"t\":\"v\",\"name\":\"n\"},\"fields\":{\"a\":1,\"k\":1},\"time\":5}",
                        "{\"measurement\":\"c\",\"tags\":{\"name\":\"n\"},\"fields\":{\"a\":1},\"time\":null}",
                        "{\"measurement\":\"measurement\",\"tags\":{\"t\":\"v\"},\"fields\":{\"df_date_range\":10,\"df_source\":\"user\",\"df_user_id\":\"u\",\"df_status\":\"ok\",\"df_event_id\":\"1\",\"df_title\":\"T\",\"df_message\":\"M\",\"k\":1}}",
                        "{\"measurement\":\"measurement\",\"tags\":{\"t\":\"v\"},\"fields\":{\"df_date_range\":10,\"df_source\":\"monitor\",\"df_dimension_tags\":\"{}\",\"df_status\":\"ok\",\"df_event_id\":\"1\",\"df_title\":\"T\",\"df_message\":\"M\"}}",
                        "{\"measurement\":\"measurement\",\"tags\":{\"t\":\"v\"},\"fields\":{\"df_date_range\":10,\"df_source\":\"system\",\"df_status\":\"ok\",\"df_event_id\":\"1\",\"df_title\":\"T\",\"df_message\":\"M\"}}",
                        "{\"measurement\":\"measurement\",\"tags\":{},\"fields\":{\"df_date_range\":10,\"df_source\":\"system\",\"df_status\":\"ok\",\"df_event_id\":\"1\",\"df_title\":\"T\",\"df_message\":\"\"}}");
        heard.awaitLine("{'a': 1}"::equals);
    }

    @Test
    void a_report_from_a_constructor_or_a_scripts_thread_has_no_run() {
        module(
                "d",
                "m",
                IMPORT
                        + "import threading\nclass C(DataKitFramework):\n"
                        + "  def __init__(self):\n    self.feed_metric(measurement='c', fields={'a': 1})\n"
                        + run("t = threading.Thread(target=self.other)", "t.start()", "t.join()")
                        + "  def other(self):\n    self.feed_metric(measurement='t', fields={'a': 1})\n"
                        + "    print('from a thread')\n");
        assertThat(runOnce(open(), "m.C")).isEqualTo(new RunEnd.Returned());
        assertThat(heard.reports.stream().map(each -> each.collector() + each.run()))
                .containsExactly("m.C0", "m.C0");
        assertThat(heard.awaitLine("from a thread"::equals).collector()).isEqualTo("m.C");
    }

    @Test
    void what_run_raises_arrives_with_its_traceback_and_the_next_run_works() {
        collector(
                "self.n = getattr(self, 'n', 0) + 1",
                "if self.n == 1: raise ValueError('first')",
                "if self.n == 2: raise SystemExit(4)",
                "if self.n == 3: raise KeyboardInterrupt",
                "if self.n == 4: self.feed_metric()",
                "import os",
                "print(os.environ['TRAPLINE_TEST'])");
        Worker worker = open();
        assertThat(runOnce(worker, "m.C"))
                .isInstanceOfSatisfying(
                        RunEnd.Raised.class,
                        raised -> {
                            assertThat(raised.exit()).isFalse();
                            assertThat(raised.traceback())
                                    .startsWith("Traceback")
                                    .contains("m.py\", line 6, in run")
                                    .endsWith("ValueError: first")
                                    .doesNotContain("trapline_worker");
                        });
        assertThat(runOnce(worker, "m.C"))
                .isInstanceOfSatisfying(
                        RunEnd.Raised.class, raised -> assertThat(raised.exit()).isTrue());
        assertThat(runOnce(worker, "m.C")).isInstanceOf(RunEnd.Raised.class);
        assertThat(runOnce(worker, "m.C"))
                .isInstanceOfSatisfying(
                        RunEnd.Raised.class,
                        raised ->
                                assertThat(raised.traceback())
                                        .contains("m.py\", line 9, in run")
                                        .contains("arguments missing")
                                        .doesNotContain("datakit_framework.py"));
        assertThat(runOnce(worker, "m.C")).isEqualTo(new RunEnd.Returned());
        heard.awaitLine("there"::equals);
        assertThat(home.resolve("_datakit_pythond_cli.log"))
                .content()
                .contains("ValueError: first");
    }

    @Test
    void what_is_printed_and_logged_belongs_to_its_collector() {
        module(
                "d",
                "m",
                IMPORT
                        + "import logging, sys, datakit_framework\nclass A(DataKitFramework):\n"
                        + run(
                                "print('two', 'words')",
                                "sys.stdout.write('no end')",
                                "sys.stderr.write('error\\n')",
                                "sys.stdout.buffer.write(b'bytes\\n')",
                                "logging.warning('careful')",
                                "datakit_framework.mylog('framework %s', 'says')"));
        runOnce(open(), "m.A");
        assertThat(heard.seenLines)
                .containsExactlyInAnyOrder(
                        new Heard.Line("m.A", Stream.STDOUT, "two words"),
                        new Heard.Line("m.A", Stream.STDOUT, "no endbytes"),
                        new Heard.Line("m.A", Stream.STDERR, "error"),
                        new Heard.Line("m.A", Stream.STDERR, "WARNING:root:careful"),
                        new Heard.Line("m.A", Stream.LOG, "framework says"));
        assertThat(home.resolve("_datakit_pythond_framework_in_.log"))
                .content()
                .contains("framework says");
    }

    @Test
    void a_flood_of_output_is_cut_and_counted() {
        collector("for n in range(60000): print(n, 'x' * 200)", "print('the', 'end')");
        assertThat(runOnce(open(), "m.C")).isEqualTo(new RunEnd.Returned());
        assertThat(heard.seenLines.size()).isLessThan(40_000);
        Heard.Line note = heard.awaitLine(line -> line.contains("of output dropped"));
        assertThat(note.stream()).isEqualTo(Stream.LOG);
        assertThat(note.collector()).isEqualTo("m.C");
    }

    @Test
    void collectors_of_one_input_run_at_the_same_time() {
        module(
                "d",
                "m",
                IMPORT
                        + "import threading\nbarrier = threading.Barrier(3)\n"
                        + IntStream.range(0, 3)
                                .mapToObj(n ->
                                        "class C"
                                                + n
                                                + "(DataKitFramework):\n"
                                                + run("barrier.wait(30)"))
                                .reduce("", String::concat));
        Worker worker = open();
        ids(worker).forEach(id -> start(worker, id));
        for (int n = 0; n < 3; n++) {
            assertThat(heard.awaitFinished().end()).isEqualTo(new RunEnd.Returned());
        }
    }

    @Test
    void a_run_is_said_to_start_before_anything_of_it_is_heard() {
        collector("self.feed_metric(measurement='m', fields={'a': 1})");
        Worker worker = open();
        heard.answer =
                _ -> {
                    assertThat(heard.started).hasSize(1);
                    return Reply.OK;
                };
        long run = start(worker, "m.C");
        assertThat(heard.awaitEnd(run)).isEqualTo(new RunEnd.Returned());
        assertThat(heard.started).containsExactly(run);
    }

    @Test
    void a_name_that_is_given_by_position_is_answered_with_what_to_write() {
        collector(
                "for call in (lambda: self.feed_metric('m', fields={'a': 1}),",
                "             lambda: self.feed_logging('s', message='x'),",
                "             lambda: self.feed_object('c', name='n', fields={'a': 1}),",
                "             lambda: self.feed_metric(fields={'a': 1})):",
                "  try: call()",
                "  except ValueError as e: print(e)");
        assertThat(runOnce(open(), "m.C")).isEqualTo(new RunEnd.Returned());
        heard.awaitLine(line ->
                line.startsWith("arguments missing \"measurement\": the first parameter of")
                        && line.contains("feed_metric(measurement='m', "));
        heard.awaitLine(line -> line.contains("write feed_logging(source='s', "));
        heard.awaitLine(line -> line.contains("write feed_object(cls='c', "));
        heard.awaitLine("arguments missing \"measurement\""::equals);
    }

    // ---- interrupting ---------------------------------------------------------------------------

    @Test
    void an_endless_loop_is_interrupted_and_the_collector_runs_again() {
        collector(
                "self.n = getattr(self, 'n', 0) + 1",
                "print('round', self.n)",
                "while self.n == 1: pass");
        Worker worker = open();
        long run = start(worker, "m.C");
        heard.awaitLine("round 1"::equals);
        worker.interrupt(run);
        assertThat(heard.awaitEnd(run)).isInstanceOf(RunEnd.Interrupted.class);
        assertThat(runOnce(worker, "m.C")).isEqualTo(new RunEnd.Returned());
    }

    /// Either way is right: cut off, or the interpreter killed and the culprit named.
    void ends(String... body) {
        List<String> lines = new ArrayList<>(List.of("print('begun')"));
        lines.addAll(List.of(body));
        collector(lines.toArray(String[]::new));
        Worker worker = open();
        long run = start(worker, "m.C");
        heard.awaitLine("begun"::equals);
        worker.interrupt(run);
        switch (heard.awaitFinishedOrDied()) {
            case Heard.Finished finished -> {
                assertThat(finished.end()).isInstanceOf(RunEnd.Interrupted.class);
                assertThat(start(worker, "m.C")).isPositive();
            }
            case Heard.Died died -> {
                assertThat(mustInterrupt()).isFalse();
                assertThat(died.culprit()).isEqualTo("m.C");
                assertThat(died.reason()).contains("m.C could not be interrupted");
                assertThatThrownBy(() -> worker.start("m.C", 99))
                        .isInstanceOf(WorkerException.class);
                assertThat(ProcessHandle.of(worker.processId().orElseThrow()))
                        .matches(process -> process.isEmpty() || !process.get().isAlive());
                assertThat(runOnceInNewWorker()).isTrue();
            }
            default -> throw new AssertionError();
        }
    }

    /// An interrupt that comes before the operation has begun still works: then once more.
    Heard.Died killForLongOperation() {
        collector("print('begun')", "sum(range(10**12))");
        Worker worker = open();
        for (int attempt = 0; attempt < 20; attempt++) {
            long run = start(worker, "m.C");
            heard.awaitLine("begun"::equals);
            worker.interrupt(run);
            if (heard.awaitFinishedOrDied() instanceof Heard.Died died) {
                assertThat(died.culprit()).isEqualTo("m.C");
                assertThat(died.reason()).contains("m.C could not be interrupted");
                return died;
            }
        }
        throw new AssertionError("no interrupt came while the operation ran");
    }

    private boolean runOnceInNewWorker() {
        modules.clear();
        module("again", "ok", IMPORT + "class Ok(DataKitFramework):\n" + run("pass"));
        return runOnce(open(), "ok.Ok").equals(new RunEnd.Returned());
    }

    /// Whether Python code that waits can always be cut off.
    abstract boolean mustInterrupt();

    @Test
    void a_loop_that_swallows_every_exception_is_ended() {
        ends("while True:", "  try:", "    while True: pass", "  except BaseException: pass");
    }

    @Test
    void a_sleep_is_ended() {
        ends("import time", "time.sleep(600)");
    }

    @Test
    void a_sleep_of_a_fraction_is_ended() {
        ends("import time", "time.sleep(600.5)");
    }

    @Test
    void a_wait_for_a_connection_is_ended() {
        ends(
                "import socket",
                "s = socket.socket()",
                "s.bind(('127.0.0.1', 0))",
                "s.listen()",
                "s.accept()");
    }

    @Test
    void a_wait_for_a_child_process_is_ended() {
        ends("import subprocess", "subprocess.run(['sleep', '600'])");
    }

    @Test
    void a_wait_for_a_childs_output_is_ended() {
        ends("import subprocess", "subprocess.check_output(['sleep', '600'])");
    }

    @Test
    void a_wait_for_a_command_is_ended() {
        ends("import os", "os.system('sleep 600')");
    }

    @Test
    void a_wait_for_bytes_is_ended() {
        ends("import os", "r, w = os.pipe()", "os.read(r, 1)");
    }

    @Test
    void a_wait_for_one_of_several_is_ended() {
        ends("import os, select", "r, w = os.pipe()", "select.select([r], [], [])");
    }

    @Test
    void a_wait_for_a_thread_that_waits_for_a_connection_is_ended() {
        ends(
                "import socket, threading",
                "s = socket.socket()",
                "s.bind(('127.0.0.1', 0))",
                "s.listen()",
                "t = threading.Thread(target=s.accept, daemon=True)",
                "t.start()",
                "t.join()");
    }

    @Test
    void a_long_built_in_operation_is_ended_with_its_process() {
        killForLongOperation();
        assertThat(runOnceInNewWorker()).isTrue();
    }

    // ---- child processes ------------------------------------------------------------------------

    @Test
    void a_childs_input_and_outputs_can_be_files_pipes_and_other_children() {
        collector(
                "import os, subprocess, tempfile",
                "lines = subprocess.Popen(['printf', 'a\\nb\\nc\\n'], stdout=subprocess.PIPE)",
                "print('child', subprocess.check_output(['wc', '-l'], stdin=lines.stdout).decode().strip(), lines.wait())",
                "with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:",
                "  subprocess.call('echo out; echo err >&2', shell=True, stdout=out, stderr=err)",
                "  out.seek(0); err.seek(0)",
                "  print('files', out.read(), err.read())",
                "with tempfile.NamedTemporaryFile('w+') as file:",
                "  file.write('x\\ny\\n'); file.flush()",
                "  with open(file.name, 'a') as more: subprocess.call(['echo', 'z'], stdout=more)",
                "  with open(file.name) as back: print('file', subprocess.check_output(['cat'], stdin=back))",
                "ends = os.pipe()",
                "subprocess.call(['echo', 'piped'], stdout=ends[1]); os.close(ends[1])",
                "print('pipe', os.read(ends[0], 100)); os.close(ends[0])",
                "subprocess.call('echo NOT HEARD; echo NOT HEARD >&2', shell=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)",
                "print('null', subprocess.check_output(['cat'], stdin=subprocess.DEVNULL))",
                "print('both', subprocess.run('echo 1; echo 2 >&2', shell=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT).stdout)");
        assertThat(runOnce(open(), "m.C")).isEqualTo(new RunEnd.Returned());
        heard.awaitLine("both b'1\\n2\\n'"::equals);
        assertThat(heard.seenLines.stream().map(Heard.Line::text))
                .containsExactly(
                        "child 3 0",
                        "files b'out\\n' b'err\\n'",
                        "file b'x\\ny\\nz\\n'",
                        "pipe b'piped\\n'",
                        "null b''",
                        "both b'1\\n2\\n'");
    }

    @Test
    void a_dialogue_with_a_child_over_pipes_goes_to_and_fro() {
        collector(
                "import subprocess",
                "child = subprocess.Popen(['cat'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1)",
                "for word in ('one', 'two'):",
                "  child.stdin.write(word + '\\n')",
                "  print('answer', child.stdout.readline().strip())",
                "child.stdin.close()",
                "print('code', child.wait())");
        assertThat(runOnce(open(), "m.C")).isEqualTo(new RunEnd.Returned());
        heard.awaitLine("answer one"::equals);
        heard.awaitLine("answer two"::equals);
        heard.awaitLine("code 0"::equals);
    }

    @Test
    void asyncio_starts_children() {
        collector(
                "import asyncio",
                "async def both():",
                "  pipe = asyncio.subprocess.PIPE",
                "  one = await asyncio.create_subprocess_exec('echo', 'hi', stdout=pipe)",
                "  two = await asyncio.create_subprocess_shell('cat; exit 3', stdin=pipe, stdout=pipe)",
                "  print(await one.communicate(), await two.communicate(b'in'), one.returncode, two.returncode)",
                "asyncio.run(both())");
        assertThat(runOnce(open(), "m.C")).isEqualTo(new RunEnd.Returned());
        heard.awaitLine("(b'hi\\n', None) (b'in', None) 0 3"::equals);
    }

    @Test
    void what_child_processes_print_is_heard() {
        collector(
                "import os, subprocess, sys",
                "subprocess.run('echo on stdout; echo on stderr >&2', shell=True)",
                "os.system('echo by system')",
                "subprocess.run('echo named', shell=True, stdout=sys.stdout)",
                "os.write(1, b'by number\\n')");
        assertThat(runOnce(open(), "m.C")).isEqualTo(new RunEnd.Returned());
        for (String text : List.of("on stdout", "on stderr", "by system", "named", "by number")) {
            assertThat(heard.awaitLine(text::equals).stream())
                    .isEqualTo(text.endsWith("err") ? Stream.STDERR : Stream.STDOUT);
        }
    }

    @Test
    void a_run_that_is_cut_off_takes_its_children_along() {
        collector(
                "import subprocess, time",
                "child = subprocess.Popen('sleep 600 & echo $! $$; wait', shell=True, stdout=subprocess.PIPE, text=True)",
                "print('children', child.stdout.readline().strip())",
                "while True: time.sleep(0.01)");
        Worker worker = open();
        long run = start(worker, "m.C");
        String line = heard.awaitLine(each -> each.startsWith("children ")).text();
        List<String> children = Arrays.stream(line.split(" ")).skip(1).toList();
        assertThat(children).hasSize(2).allMatch(WorkerContract::isRunning);
        worker.interrupt(run);
        assertThat(heard.awaitEnd(run)).isInstanceOf(RunEnd.Interrupted.class);
        await().until(() -> children.stream().noneMatch(WorkerContract::isRunning));
    }

    /// A process that has ended stays in the table until its parent has asked for its exit code.
    private static boolean isRunning(String process) {
        try {
            String state = Files.readString(Path.of("/proc", process, "stat"));
            return state.charAt(state.lastIndexOf(')') + 2) != 'Z';
        } catch (IOException _) {
            return false;
        }
    }

    // ---- ending ---------------------------------------------------------------------------------

    @Test
    void os_exit_names_its_collector() {
        collector("import os", "os._exit(7)");
        Worker worker = open();
        start(worker, "m.C");
        Heard.Died died = heard.awaitDied();
        assertThat(died.culprit()).isEqualTo("m.C");
        assertThat(died.reason()).isEqualTo("m.C called os._exit(7)");
        assertThat(runOnceInNewWorker()).isTrue();
    }

    @Test
    void os_exit_while_loading_fails_the_opening() {
        module("d", "m", "import os\nos._exit(7)\n");
        assertThatThrownBy(() -> bridge().open(spec("in", false), heard))
                .isInstanceOf(WorkerException.class)
                .hasMessageContaining("input in")
                .hasMessageContaining("os._exit(7)");
    }

    @Test
    void closing_runs_exit_handlers_and_ends_children() throws IOException {
        Path left = home.resolve("left");
        collector(
                "import atexit, subprocess",
                "def bye():",
                "  with open('" + left + "', 'w') as file: file.write('bye')",
                "atexit.register(bye)",
                "p = subprocess.Popen(['sleep', '600'])",
                "print('started')",
                "p.wait()");
        Worker worker = open();
        start(worker, "m.C");
        heard.awaitLine("started"::equals);
        ProcessHandle child =
                ProcessHandle.of(worker.processId().orElseThrow())
                        .orElseThrow()
                        .descendants()
                        .filter(each -> each.info().command().orElse("").endsWith("sleep"))
                        .findAny()
                        .orElseThrow();
        worker.close();
        assertThat(Files.readString(left)).isEqualTo("bye");
        assertThat(child.onExit()).succeedsWithin(10, SECONDS);
        assertThatThrownBy(() -> worker.start("m.C", 99)).isInstanceOf(WorkerException.class);
    }

    @Test
    void a_closed_worker_is_silent() {
        collector("print('begun')", "import time", "time.sleep(600)");
        Worker worker = open();
        start(worker, "m.C");
        heard.awaitLine("begun"::equals);
        worker.close();
        int lines = heard.seenLines.size();
        worker.close();
        assertThat(heard.seenLines).hasSize(lines);
    }
}
