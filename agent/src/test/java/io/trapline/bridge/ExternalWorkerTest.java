package io.trapline.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.bridge.WorkerListener.RunEnd;
import java.io.DataInputStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

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
