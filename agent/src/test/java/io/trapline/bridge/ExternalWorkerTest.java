package io.trapline.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.trapline.bridge.WorkerListener.RunEnd;
import java.io.DataInputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class ExternalWorkerTest extends WorkerContract {
    static final Path FRAMEWORK = Path.of("../framework-py").toAbsolutePath().normalize();

    private static PythonBridge bridge;
    private static Path python;

    @BeforeAll
    static void findPython() throws WorkerException {
        python = PythonBridge.executable("python3", System.getenv());
        bridge = new PythonBridge(FRAMEWORK, Path.of("java"), List.of(), Path.of("target"));
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
        return Optional.of(python);
    }

    /// A thread can only be interrupted between two steps of Python code.
    @Override
    boolean mustInterrupt() {
        return false;
    }

    @Test
    void an_executable_is_looked_up_and_missed_with_words() {
        assertThatThrownBy(
                        () -> PythonBridge.executable("no-such-python", Map.of("PATH", "/usr/bin")))
                .isInstanceOf(WorkerException.class)
                .hasMessageContaining("cmd = \"no-such-python\"")
                .hasMessageContaining("/usr/bin")
                .hasMessageContaining("embedded Python");
        assertThatThrownBy(() -> PythonBridge.executable("/etc/passwd", Map.of()))
                .hasMessageContaining("not an executable file");
    }

    @Test
    void a_program_that_is_no_python_fails_the_opening() {
        collector("pass");
        WorkerSpec spec =
                new WorkerSpec(
                        "odd",
                        Optional.of(Path.of("/bin/false")),
                        false,
                        List.of(),
                        Map.of(),
                        "127.0.0.1",
                        9529);
        assertThatThrownBy(() -> bridge.open(spec, heard))
                .isInstanceOf(WorkerException.class)
                .hasMessageContaining("input odd")
                .hasMessageContaining("exit code 1");
    }

    @Test
    void a_crash_brings_its_last_words() {
        collector("import ctypes", "ctypes.string_at(0)");
        start(open(), "m.C");
        Heard.Died died = heard.awaitDied();
        assertThat(died.reason())
                .contains("signal 11")
                .contains("Segmentation fault")
                .contains("m.py");
    }

    @Test
    void a_forked_child_does_not_speak_on_the_pipe() {
        collector(
                "import os",
                "pid = os.fork()",
                "if pid == 0:",
                "  print('child speaks')",
                "  os._exit(0)",
                "os.waitpid(pid, 0)");
        assertThat(runOnce(open(), "m.C")).isEqualTo(new RunEnd.Returned());
        heard.awaitLine("child speaks"::equals);
        assertThat(heard.isSilent()).isTrue();
    }

    /// Reports, and says so on the worker's standard output.
    private static final String CHILD =
            IMPORT
                    + """
                    import os
                    def report(it, name):
                      reply = it.feed_metric(measurement=name, fields={'pid': os.getpid()})
                      os.write(1, ('%s %s %r\\n' % (name, reply.ok, str(reply))).encode())
                    class Other(DataKitFramework):
                      pass
                    class C(DataKitFramework):
                    """;

    private void child(String... run) {
        module("d", "m", CHILD + run(run));
    }

    private void assertReported(long run, String... names) {
        assertThat(heard.reports)
                .extracting(each -> each.request().at("/points/0/measurement").asText())
                .containsExactlyInAnyOrder(names);
        long worker = workerPid;
        assertThat(heard.reports)
                .allSatisfy(each -> {
                    assertThat(each.collector()).isEqualTo("m.C");
                    assertThat(each.run()).isEqualTo(run);
                    assertThat(each.request().at("/points/0/fields/pid").asLong())
                            .isNotEqualTo(worker);
                });
    }

    private long workerPid;

    private long runChild() {
        Worker worker = open();
        workerPid = worker.processId().orElseThrow();
        long run = start(worker, "m.C");
        assertThat(heard.awaitEnd(run)).isEqualTo(new RunEnd.Returned());
        return run;
    }

    @Test
    void a_forked_childs_report_belongs_to_the_collector_and_its_run() {
        child(
                "pid = os.fork()",
                "if pid == 0:",
                "  report(self, 'forked')",
                "  if os.fork() == 0:",
                "    report(self, 'grandchild')",
                "    os._exit(0)",
                "  os.wait()",
                "  os._exit(0)",
                "os.waitpid(pid, 0)");
        assertReported(runChild(), "forked", "grandchild");
        heard.awaitLine("forked True ''"::equals);
    }

    @Test
    void a_worker_has_ended_when_its_process_has_and_who_keeps_its_pipe_is_ended_too()
            throws Exception {
        Path orphan = home.resolve("orphan");
        collector(
                "import os, time",
                "p = os.fork()",
                "if p == 0:",
                "  os.setsid()",
                "  if os.fork() == 0:",
                "    open('" + orphan + ".new', 'w').write(str(os.getpid()))",
                "    os.rename('" + orphan + ".new', '" + orphan + "')",
                "    time.sleep(3600)",
                "  os._exit(0)",
                "os.waitpid(p, 0)",
                "while not os.path.exists('" + orphan + "'): time.sleep(0.01)",
                "os._exit(3)");
        start(open(), "m.C");
        assertThat(heard.awaitDied().reason()).contains("os._exit(3)");
        long pid = Long.parseLong(Files.readString(orphan));
        await().until(() -> ProcessHandle.of(pid).isEmpty());
    }

    @Test
    void a_forked_child_that_goes_on_to_the_end_of_run_ends_there_and_says_nothing_more() {
        child(
                "pid = os.fork()",
                "if pid:",
                "  status = os.waitpid(pid, 0)[1]",
                "  print('child ended with', os.WEXITSTATUS(status))",
                "else:",
                "  report(self, 'forked')",
                "  import sys",
                "  sys.exit(3)");
        assertReported(runChild(), "forked");
        heard.awaitLine("child ended with 3"::equals);
        assertThat(heard.isSilent()).isTrue();
    }

    @Test
    void a_forked_child_that_fails_says_so_on_standard_error_and_ends() {
        child(
                "pid = os.fork()",
                "if pid: print('child ended with', os.WEXITSTATUS(os.waitpid(pid, 0)[1]))",
                "else: raise KeyError('in the child')");
        runChild();
        heard.awaitLine("child ended with 1"::equals);
        heard.awaitLine("KeyError: 'in the child'"::equals);
        assertThat(heard.isSilent()).isTrue();
    }

    @Test
    void a_forked_child_ends_when_it_is_terminated() {
        child(
                "import signal, time",
                "for _ in range(50):",
                "  pid = os.fork()",
                "  if pid == 0:",
                "    while True: time.sleep(600)",
                "  os.kill(pid, signal.SIGTERM)",
                "  assert os.waitpid(pid, 0)[1] == signal.SIGTERM",
                "  assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == set()",
                "print('all have ended')");
        runChild();
        heard.awaitLine("all have ended"::equals);
    }

    @Test
    void a_childs_report_that_comes_after_the_run_belongs_to_it_and_learns_what_became_of_it() {
        heard.answer = _ -> new WorkerListener.Reply(400, "{\"error_code\":\"datakit.noPoints\"}");
        child(
                "os.mkfifo('" + home.resolve("go") + "')",
                "if os.fork() == 0:",
                "  open('" + home.resolve("go") + "').read()",
                "  report(self, 'late')",
                "  os._exit(0)");
        long run = runChild();
        file(home.resolve("go"), "go");
        heard.awaitLine("late False '{\"error_code\":\"datakit.noPoints\"}'"::equals);
        assertReported(run, "late");
    }

    @ParameterizedTest
    @ValueSource(strings = {"fork", "spawn", "forkserver"})
    void reports_of_multiprocessing_belong_to_the_collector_however_it_starts_processes(
            String method) {
        child(
                "import multiprocessing",
                "from concurrent.futures import ProcessPoolExecutor",
                "context = multiprocessing.get_context('" + method + "')",
                "p = context.Process(target=report, args=(Other(), 'process'))",
                "p.start()",
                "p.join()",
                "with ProcessPoolExecutor(1, mp_context=context) as pool:",
                "  pool.submit(report, Other(), 'pool').result()");
        assertReported(runChild(), "process", "pool");
    }

    @Test
    void a_childs_large_report_arrives_whole() {
        child(
                "import multiprocessing",
                "p = multiprocessing.get_context('fork').Process(",
                "    target=lambda: self.feed_metric(measurement='big', fields={'pid': os.getpid(),",
                "        't': '\u00e9' * 3_000_000}))",
                "p.start()",
                "p.join()");
        assertReported(runChild(), "big");
        assertThat(reported(0).at("/points/0/fields/t").asText()).hasSize(3_000_000);
    }

    @Test
    void a_process_may_have_as_many_open_files_as_it_is_allowed() {
        collector(
                "import os",
                "kept = []",
                "try:",
                "  while len(kept) < 5000: kept.append(os.open('/dev/null', os.O_RDONLY))",
                "except OSError as e:",
                "  print(len(kept) > 50, e.errno)",
                "for each in kept: os.close(each)");
        Worker worker = open("files", false, new Limits(100, 512));
        assertThat(runOnce(worker, "m.C")).isEqualTo(new RunEnd.Returned());
        heard.awaitLine("True 24"::equals);
    }

    /// What a script writes to the descriptor of the pipe, which is 4.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "struct.pack('>IBIq', 500 << 20, 18, 0, 0)",
                "struct.pack('>IBIq', 0xFFFFFFFF, 18, 0, 0)",
                "struct.pack('>IBIq', 12, 18, 0, 0)",
                "struct.pack('>IBIq', 13, 99, 0, 0)",
                "struct.pack('>IBIq', 13, 2, 0, 0)",
                "struct.pack('>IBIq', 13, 22, 7, 1)",
                "struct.pack('>IBIq', 16 << 20, 18, 0, 0)",
                "struct.pack('>IBIqBH', 17, 18, 0, 0, 0, 0) + b'\\xff'",
                "struct.pack('>IBIqBH', 16, 18, 0, 0, 9, 0)",
                "struct.pack('>IBIqBH', 16, 18, 0, 0, 0, 9)",
                "struct.pack('>IBIq', 15, 18, 0, 0) + b'ab'",
                "struct.pack('>IBIq', 15, 17, 0, 0) + b'ab'",
                "struct.pack('>IBIq', 17, 19, 0, 1) + b'over'",
                "struct.pack('>IBIq', 18, 19, 0, 1) + b'over\\n'",
                "struct.pack('>IBIq', 16, 20, 0, 1) + b'abc'",
                "struct.pack('>IBIq', 16, 16, 0, 1) + b'{x}'",
                "b'Traceback (most recent call last):'",
            })
    void a_bad_frame_ends_its_worker_and_no_other(String bytes) {
        module("d", "calm", IMPORT + "class Calm(DataKitFramework):\n" + run("pass"));
        Worker calm = open(heard, "calm");
        forgetModules();
        collector("import os, struct, time", "os.write(4, " + bytes + ")", "time.sleep(600)");
        start(open(heard, "bad"), "m.C");

        assertThat(heard.awaitDied().reason())
                .contains("it sent ")
                .contains("something in it writes to the pipe")
                .contains("so it was ended");
        assertThat(runOnce(calm, "calm.Calm")).isEqualTo(new RunEnd.Returned());
    }

    @Test
    void a_report_of_nearly_the_largest_size_arrives() {
        collector(
                "self.feed_metric(measurement='big', fields={n: n * (15 << 20) for n in 'abc'})",
                "self.feed_metric(measurement='small', fields={'f': 1})");
        assertThat(runOnce(open(), "m.C")).isEqualTo(new RunEnd.Returned());
        for (String name : List.of("a", "b", "c")) {
            assertThat(reported(0).at("/points/0/fields/" + name).asText()).hasSize(15 << 20);
        }
        assertThat(reported(1).at("/points/0/measurement").asText()).isEqualTo("small");
    }

    /// Even when the interpreter itself is busy, or a child holds on.
    @Test
    void a_worker_and_its_children_end_when_the_agents_pipe_closes() throws Exception {
        Process worker =
                new ProcessBuilder(
                                python.toString(),
                                FRAMEWORK.resolve("trapline_worker.py").toString())
                        .redirectError(ProcessBuilder.Redirect.DISCARD)
                        .start();
        collector(
                "import subprocess",
                "p = subprocess.Popen(['sleep', '600'])",
                "print('child', p.pid)",
                "while True: pass");
        Frame.of(Frame.Kind.OPEN, 0, 0, Loaded.request(spec("in", false)))
                .write(worker.getOutputStream());
        DataInputStream in = new DataInputStream(worker.getInputStream());
        Frame frame = Frame.read(in).orElseThrow();
        while (frame.kind() == Frame.Kind.LOADING) {
            frame = Frame.read(in).orElseThrow();
        }
        assertThat(frame.kind()).isEqualTo(Frame.Kind.LOADED);
        Frame.of(Frame.Kind.START, 0, 1, "m.C").write(worker.getOutputStream());
        frame = Frame.read(in).orElseThrow();
        while (frame.kind() != Frame.Kind.OUTPUT) {
            frame = Frame.read(in).orElseThrow();
        }
        long child = Long.parseLong(frame.text(frame.origin().contentAt()).replace("child ", ""));
        worker.getOutputStream().close();
        assertThat(worker.waitFor()).isEqualTo(128 + 9);
        ProcessHandle.of(child).ifPresent(process -> process.onExit().join());
    }
}
