package io.trapline.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.trapline.bridge.WorkerListener.RunEnd;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

final class EmbeddedWorkerTest extends WorkerContract {
    private static PythonBridge bridge;

    @BeforeAll
    static void makeBridge() {
        List<Path> classPath =
                Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                        .map(Path::of)
                        .toList();
        bridge =
                new PythonBridge(
                        ExternalWorkerTest.FRAMEWORK,
                        Path.of(ProcessHandle.current().info().command().orElseThrow()),
                        classPath,
                        Path.of("target/embedded"),
                        256);
    }

    @AfterAll
    static void closeBridge() {
        bridge.close();
    }

    @Override
    Bridge bridge() {
        return bridge;
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
        String show = "print(os.getcwd(), subprocess.check_output('pwd; umask; echo $ONLY_HERE', shell=True, text=True).split())";
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
        assertThat(heard.seenLines.getLast().text())
                .endsWith("'0022']")
                .doesNotContain("/usr'");
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
        Worker other = open(heard, "other");
        assertThat(runOnce(other, "m.C")).isEqualTo(new RunEnd.Returned());
        heard.awaitLine("said"::equals);
        assertThat(open(host)).isGreaterThan(100);
        other.close();
        assertThat(open(host)).isLessThan(60);
        assertThat(ProcessHandle.of(host).orElseThrow().descendants()).isEmpty();
    }

    private static long open(long process) throws Exception {
        try (var descriptors = Files.list(Path.of("/proc/" + process + "/fd"))) {
            return descriptors.count();
        }
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
