package io.trapline.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class FrameworkTest {
    @Test
    void the_frameworks_own_tests_pass() throws Exception {
        Path python = PythonBridge.executable("python3", System.getenv());
        Process tests =
                new ProcessBuilder(python.toString(), "-m", "unittest", "tests/test_framework.py")
                        .directory(ExternalWorkerTest.FRAMEWORK.toFile())
                        .redirectErrorStream(true)
                        .start();
        String output = new String(tests.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(tests.waitFor()).as(output).isZero();
        assertThat(output).containsPattern("Ran [2-9][0-9] tests");
    }
}
