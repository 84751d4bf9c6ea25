package io.trapline.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.trapline.Program;
import io.trapline.StartCaches;
import io.trapline.bridge.WorkerListener.RunEnd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class EmbeddedWorkerIT extends WorkerContract {
    private static PythonBridge bridge;
    private static volatile Duration loadLimit = Session.LOAD_LIMIT;

    @BeforeAll
    static void makeBridge() {
        bridge = newBridge();
    }

    /// What hosts keep from start to start where the program has no start caches.
    static final Path DATA = Path.of("target/embedded");

    /// The packaged program's, as the agent has it.
    static List<Path> hostClassPath() {
        try {
            return new Program(ExternalWorkerTest.FRAMEWORK, StartCaches.libraries())
                    .hostClassPath();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static PythonBridge newBridge() {
        return new PythonBridge(
                ExternalWorkerTest.FRAMEWORK,
                Path.of(ProcessHandle.current().info().command().orElseThrow()),
                hostClassPath(),
                DATA,
                256,
                () -> loadLimit);
    }

    @AfterAll
    static void closeBridge() {
        bridge.close();
    }

    @AfterEach
    void resetLimit() {
        loadLimit = Session.LOAD_LIMIT;
    }

    /// Instead of the one that all tests here share.
    private Optional<PythonBridge> other = Optional.empty();

    @Override
    Bridge bridge() {
        return other.orElse(bridge);
    }

    @Override
    Optional<Path> command() {
        return Optional.empty();
    }

    @Override
    boolean mustInterrupt() {
        return true;
    }

    @Test
    void inputs_share_one_host_process() {
        collector("pass");
        Worker first = open();
        Worker second = open(new Heard(), "other");
        assertThat(second.processId()).isEqualTo(first.processId());
        assertThat(runOnce(first, "m.C")).isEqualTo(new RunEnd.Returned());
    }

    @Test
    void reports_that_need_no_waiting_keep_their_place_among_the_others() {
        heard.atOnce = report -> number(report) % 3 != 0;
        collector(
                "for number in range(300):",
                "  self.feed_metric(measurement='m', fields={'number': number})",
                "  if number % 50 == 0: print('line')");
        Worker worker = open();
        assertThat(runOnce(worker, "m.C")).isEqualTo(new RunEnd.Returned());
        assertThat(heard.reports.stream().map(report -> number(report.request())))
                .containsExactlyElementsOf(IntStream.range(0, 300).boxed().toList());
        assertThat(heard.takenAtOnce()).isPositive();
    }

    private static int number(JsonNode report) {
        return report.at("/points/0/fields/number").asInt();
    }

    @Test
    void another_input_is_told_when_the_host_is_killed_for_one() {
        Heard other = new Heard();
        module("good", "good", IMPORT + "class Good(DataKitFramework):\n" + run("pass"));
        open(other, "other");
        killForLongOperation();
        Heard.Died innocent = other.awaitDied();
        assertThat(innocent.culprit()).isEmpty();
        assertThat(innocent.reason()).contains("input in").contains("could not be interrupted");
    }

    @Test
    void a_host_has_ended_when_its_process_has_whoever_inherited_its_pipes() throws Exception {
        Path orphan = home.resolve("orphan");
        Heard other = new Heard();
        module("good", "good", IMPORT + "class Good(DataKitFramework):\n" + run("pass"));
        open(other, "other");
        forgetModules();
        collector(
                "import subprocess",
                "subprocess.Popen(['sh', '-c', 'setsid sh -c \"echo \\$\\$ > "
                        + orphan
                        + "; exec sleep 3600\" & while ! [ -s "
                        + orphan
                        + " ]; do sleep 0.05; done; kill -9 $PPID'], close_fds=False)",
                "import time",
                "time.sleep(3600)");
        start(open(), "m.C");
        assertThat(heard.awaitDied().reason()).contains("signal 9");
        assertThat(other.awaitDied().reason()).contains("signal 9");
        long pid = Long.parseLong(Files.readString(orphan).strip());
        await().until(() -> ProcessHandle.of(pid).isEmpty());
    }

    /// A run of another input that is under way while `attempt` is made, and ends well after it.
    private void whileAnotherInputRuns(Runnable attempt) {
        Heard other = new Heard();
        Path go = home.resolve("go");
        module(
                "good",
                "good",
                IMPORT
                        + "import os, time\nclass Good(DataKitFramework):\n"
                        + run(
                                "print('running')",
                                "while not os.path.exists('" + go + "'): time.sleep(0.01)"));
        Worker good = open(other, "other");
        long run = start(good, "good.Good");
        other.awaitLine("running"::equals);
        forgetModules();
        attempt.run();
        file(go, "");
        assertThat(other.awaitEnd(run)).isEqualTo(new RunEnd.Returned());
    }

    /// Gives up the loading of the modules when they have printed `loading`.
    private void assertDoesNotLoad(String input) {
        Heard loading = new Heard();
        Thread.ofVirtual()
                .start(() -> {
                    loading.awaitLine("loading"::equals);
                    loadLimit = Duration.ZERO;
                });
        assertThatThrownBy(() -> bridge().open(spec(input, false), loading))
                .isInstanceOf(WorkerException.class)
                .hasMessageContaining("input " + input + ": its modules did not load: it stood st")
                .hasMessageContaining(home.resolve("d/m.py").toString());
        loadLimit = Session.LOAD_LIMIT;
    }

    @Test
    void an_input_that_does_not_load_in_time_costs_the_others_no_run() {
        whileAnotherInputRuns(() -> {
            module("d", "m", "print('loading')\nwhile True: pass\n");
            assertDoesNotLoad("slow");
            loadLimit = Duration.ZERO;
            assertThatThrownBy(() -> bridge().open(spec("slow", false), heard))
                    .as("before its context is there")
                    .isInstanceOf(WorkerException.class);
            loadLimit = Session.LOAD_LIMIT;
        });
    }

    @Test
    void an_input_that_is_not_needed_any_more_while_it_loads_costs_the_others_no_run() {
        whileAnotherInputRuns(() -> {
            module("d", "m", "print('loading')\nwhile True: pass\n");
            Thread opener = Thread.currentThread();
            Heard loading = new Heard();
            Thread.ofVirtual()
                    .start(() -> {
                        loading.awaitLine("loading"::equals);
                        opener.interrupt();
                    });
            assertThatThrownBy(() -> bridge().open(spec("slow", false), loading))
                    .isInstanceOf(InterruptedException.class);
        });
    }

    /// It is left behind, and its next interpreter is one that can be killed.
    @Test
    @Timeout(600) // it starts two hosts
    void an_input_whose_loading_cannot_even_be_ended_costs_the_others_no_run() {
        try (PythonBridge own = newBridge()) {
            other = Optional.of(own);
            whileAnotherInputRuns(() -> {
                module("d", "m", "print('loading')\nsum(range(10**12))\n");
                assertDoesNotLoad("stuck");
                forgetModules();
                module("e", "m", IMPORT + "class C(DataKitFramework):\n" + run("pass"));
                Worker shared = open(heard, "quick");
                Worker again = open(heard, "stuck");
                assertThat(again.processId()).isNotEqualTo(shared.processId());
                assertThat(runOnce(again, "m.C")).isEqualTo(new RunEnd.Returned());
                again.close();
                shared.close();
            });
        }
    }

    @Test
    void an_interrupt_that_reaches_another_run_disturbs_it() {
        module(
                "d",
                "m",
                IMPORT
                        + "class A(DataKitFramework):\n"
                        + run("import time", "print('A begun')", "time.sleep(600)")
                        + "class B(DataKitFramework):\n"
                        + run("import time", "print('B begun')", "time.sleep(600)"));
        Worker worker = open();
        long a = start(worker, "m.A");
        long b = start(worker, "m.B");
        heard.awaitLine("A begun"::equals);
        heard.awaitLine("B begun"::equals);
        worker.interrupt(a);
        assertThat(heard.awaitEnd(a)).isInstanceOf(RunEnd.Interrupted.class);
        assertThat(heard.awaitEnd(b)).isInstanceOf(RunEnd.Disturbed.class);
    }

    @Test
    void a_collector_that_eats_memory_is_survived_or_the_end_of_the_host_and_told() {
        collector("kept = []", "while True: kept.append(bytearray(1 << 20))");
        Worker worker = open();
        start(worker, "m.C");
        switch (heard.awaitFinishedOrDied()) {
            case Heard.Finished finished ->
                    assertThat(finished.end())
                            .isInstanceOfSatisfying(
                                    RunEnd.Raised.class,
                                    raised ->
                                            assertThat(raised.traceback())
                                                    .containsIgnoringCase("memory"));
            case Heard.Died died -> assertThat(died.reason()).isNotEmpty();
            default -> throw new AssertionError();
        }
    }

    @Test
    void an_inputs_folder_umask_and_environment_are_its_own() throws Exception {
        String show =
                "print(os.getcwd(), subprocess.check_output('pwd; umask; echo $ONLY_HERE', shell=True, text=True).split())";
        module(
                "d",
                "one",
                IMPORT
                        + "import os, subprocess\nclass One(DataKitFramework):\n"
                        + run(
                                "os.chdir('/usr')",
                                "os.umask(0o77)",
                                "os.environ['ONLY_HERE'] = 'one'",
                                show));
        module(
                "d",
                "two",
                IMPORT + "import os, subprocess\nclass Two(DataKitFramework):\n" + run(show));
        Worker worker = open();
        Worker other = open(heard, "other");
        runOnce(worker, "one.One");
        heard.awaitLine("/usr ['/usr', '0077', 'one']"::equals);
        runOnce(worker, "two.Two");
        heard.awaitLine("/usr ['/usr', '0077', 'one']"::equals);
        runOnce(other, "two.Two");
        assertThat(heard.seenLines.getLast().text()).endsWith("'0022']").doesNotContain("/usr'");
    }

    @Test
    void a_closed_input_leaves_no_descriptor_and_no_child() throws Exception {
        module("d", "idle", IMPORT + "class Idle(DataKitFramework):\n" + run("pass"));
        Worker stays = open();
        runOnce(stays, "idle.Idle");
        long host = stays.processId().orElseThrow();
        module(
                "d",
                "m",
                IMPORT
                        + "import socket, subprocess\nclass C(DataKitFramework):\n"
                        + run(
                                "self.kept = [open('/etc/passwd') for _ in range(50)]",
                                "self.kept += [socket.socket() for _ in range(50)]",
                                "self.kept += [subprocess.Popen(['sleep', '600'], stdout=subprocess.PIPE) for _ in range(3)]",
                                "subprocess.call(['echo', 'said'])"));
        long before = open(host);
        Worker other = open(heard, "other");
        assertThat(runOnce(other, "m.C")).isEqualTo(new RunEnd.Returned());
        heard.awaitLine("said"::equals);
        assertThat(open(host)).isGreaterThan(before + 100);
        other.close();
        assertThat(open(host)).isLessThan(before + 20);
        assertThat(ProcessHandle.of(host).orElseThrow().descendants()).isEmpty();
    }

    private static long open(long process) throws Exception {
        try (var descriptors = Files.list(Path.of("/proc/" + process + "/fd"))) {
            return descriptors.count();
        }
    }

    /// Writes frames in another input's name to all pipes of the process, in both directions.
    private static final String[] FORGING = {
        "import os, struct",
        "own = {os.readlink('/proc/self/fd/%d' % n) for n in (0, 1, 2)}",
        "seal = struct.pack('>q', 1 << 40) + bytes(16)",
        "def frame(kind, seat, number, payload):",
        "  return struct.pack('>IBIq', 13 + 24 + len(payload), kind, seat, number) + seal + payload",
        "forged = 0",
        "for name in os.listdir('/proc/self/fd'):",
        "  path = '/proc/self/fd/' + name",
        "  try:",
        "    if os.readlink(path)[:5] != 'pipe:' or os.readlink(path) in own: continue",
        "    fd = os.open(path, os.O_WRONLY)",
        "  except OSError: continue",
        "  for seat in range(100):",
        "    os.write(fd, frame(18, seat, 0, struct.pack('>BH', 0, 0) + b'FORGED'))",
        "    os.write(fd, frame(17, seat, 1, struct.pack('>qH', 1, 0) + b'{\"forged\":1}'))",
        "    os.write(fd, frame(19, seat, 2, b'returned\\n'))",
        "    os.write(fd, frame(20, seat, 0, b'victim\\nforged'))",
        "    os.write(fd, frame(21, seat, 0, b''))",
        "    os.write(fd, frame(3, seat, 2, b''))",
        "    os.write(fd, frame(5, seat, 0, b''))",
        "  os.close(fd)",
        "  forged += 1",
        "print('forged on', forged)",
    };

    @Test
    void a_frame_in_another_inputs_name_is_refused_and_does_no_harm() {
        module("d", "calm", IMPORT + "class Calm(DataKitFramework):\n" + run("print('calm')"));
        Worker calm = open(heard, "calm");
        forgetModules();
        collector(FORGING);
        Worker forger = open(heard, "forger");

        assertThat(runOnce(forger, "m.C")).isEqualTo(new RunEnd.Returned());
        heard.awaitLine("forged on 2"::equals);
        assertThat(runOnce(calm, "calm.Calm")).isEqualTo(new RunEnd.Returned());
        heard.awaitLine("calm"::equals);
        assertThat(calm.processId()).isEqualTo(forger.processId());
        assertThat(heard.seenLines).noneMatch(line -> line.text().contains("FORGED"));
        assertThat(heard.reports).isEmpty();
        assertThat(heard.isSilent()).isTrue();
    }

    @Test
    void garbage_on_the_shared_pipe_ends_the_host_and_says_that_the_culprit_is_not_known() {
        module("d", "calm", IMPORT + "class Calm(DataKitFramework):\n" + run("pass"));
        try (PythonBridge apart = newBridge()) {
            other = Optional.of(apart);
            open(heard, "calm");
            forgetModules();
            collector(
                    "import os, time",
                    "own = {os.readlink('/proc/self/fd/%d' % n) for n in (0, 1, 2)}",
                    "for name in os.listdir('/proc/self/fd'):",
                    "  path = '/proc/self/fd/' + name",
                    "  try:",
                    "    if os.readlink(path)[:5] != 'pipe:' or os.readlink(path) in own: continue",
                    "    flags = open('/proc/self/fdinfo/' + name).read().split()[3]",
                    "    if int(flags, 8) & 3 == 0: continue # the pipe that the agent writes",
                    "    fd = os.open(path, os.O_WRONLY)",
                    "  except OSError: continue",
                    "  os.write(fd, b'no frame at all, but text')",
                    "time.sleep(600)");
            start(open(heard, "careless"), "m.C");
            assertThat(heard.awaitDied().reason())
                    .contains("it sent a frame of length")
                    .contains("which of its inputs");
            assertThat(heard.awaitDied().reason()).contains("which of its inputs");
        }
    }

    @Test
    void an_input_that_sends_a_bad_frame_of_its_own_is_closed_alone() {
        module("d", "calm", IMPORT + "class Calm(DataKitFramework):\n" + run("pass"));
        Worker calm = open(heard, "calm");
        forgetModules();
        collector(
                "import datakit_framework",
                "channel = datakit_framework._hooks.report.__self__.channel",
                "channel._host.output('m.C', 9, 'a line of no stream')",
                "import time",
                "time.sleep(600)");
        start(open(heard, "bad"), "m.C");
        assertThat(heard.awaitDied().reason()).contains("it sent a line of unknown stream 9");
        assertThat(runOnce(calm, "calm.Calm")).isEqualTo(new RunEnd.Returned());
    }

    @Test
    void open_files_are_limited_in_the_host_process() {
        collector(
                "for line in open('/proc/self/limits'):",
                "  if line.startswith('Max open files'): print('soft', line.split()[3])");
        assertThat(runOnce(open(), "m.C")).isEqualTo(new RunEnd.Returned());
        heard.awaitLine("soft 4096"::equals);
        runOnce(open("own", true, new Limits(333, 512)), "m.C");
        heard.awaitLine("soft 333"::equals);
    }

    @Test
    void an_input_may_have_a_host_of_its_own() throws Exception {
        module("d", "m", IMPORT + "class C(DataKitFramework):\n" + run("pass"));
        Worker shared = open();
        try (Worker own = bridge().open(spec("own", true), heard)) {
            assertThat(own.processId()).isNotEqualTo(shared.processId());
            assertThat(heard.awaitEnd(start(own, "m.C"))).isEqualTo(new RunEnd.Returned());
        }
    }

    @Test
    void python_sees_nothing_of_the_host_jvm() {
        collector(
                "try:",
                "  import java",
                "  java.type('java.lang.Runtime')",
                "  print('open')",
                "except BaseException as e:",
                "  print('shut')",
                "try:",
                "  import polyglot",
                "  polyglot.import_value('x')",
                "  print('open')",
                "except BaseException as e:",
                "  print('shut')");
        assertThat(runOnce(open(), "m.C")).isEqualTo(new RunEnd.Returned());
        heard.awaitLine("shut"::equals);
        heard.awaitLine("shut"::equals);
        assertThat(heard.seenLines).noneMatch(line -> line.text().equals("open"));
    }
}
