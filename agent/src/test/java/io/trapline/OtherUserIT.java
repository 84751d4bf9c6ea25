package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.RunningAgent.Ended;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Commands of a user who may not read the home: as root those of `nobody`, else one's own on a
/// folder without rights.
class OtherUserIT {
    private static final boolean ROOT = "root".equals(System.getProperty("user.name"));

    private Path home;

    @BeforeEach
    void make() throws Exception {
        // Not a @TempDir of JUnit's: nobody but its owner gets into that.
        home = Files.createTempDirectory("trapline-other");
        Files.setPosixFilePermissions(home, PosixFilePermissions.fromString("rwxr-xr-x"));
        RunningAgent.home(home);
        assertThat(RunningAgent.run(home, "push", "add").exitCode()).isZero();
        rights("---------");
    }

    @AfterEach
    void remove() throws Exception {
        rights("rwx------");
        try (var all = Files.walk(home)) {
            for (Path each : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    private void rights(String text) throws Exception {
        Files.setPosixFilePermissions(home.resolve("data"), PosixFilePermissions.fromString(text));
    }

    private Ended asAnother(String command) throws Exception {
        List<String> line = new ArrayList<>();
        if (ROOT) {
            line.addAll(List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"));
        }
        line.add(StartCaches.launcher().toString());
        line.addAll(List.of(command.split(" ")));
        line.addAll(List.of("--home", home.toString()));
        ProcessBuilder builder = new ProcessBuilder(line).directory(Path.of("/").toFile());
        Path err = Files.createTempFile("trapline", ".err");
        Process process = builder.redirectError(err.toFile()).start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        Ended ended = new Ended(process.waitFor(), out, Files.readString(err));
        Files.delete(err);
        return ended;
    }

    @ParameterizedTest(name = "{0}")
    @ValueSource(
            strings = {
                "push add",
                "push list",
                "trap list",
                "query select",
                "status",
                "outputs",
                "collectors run mine",
                "git status",
                "run",
            })
    void a_command_says_what_it_may_not_read_and_as_whom_to_run_it(String command)
            throws Exception {
        Ended ended = asAnother(command);

        assertThat(ended.exitCode()).as(ended.err()).isEqualTo(1);
        assertThat(ended.err())
                .contains(home.resolve("data").toString())
                .contains("permission denied")
                .doesNotContain("Exception")
                .doesNotContain("defect")
                .doesNotContain("\tat ");
        if (ROOT) {
            assertThat(ended.err())
                    .contains("belongs to root, this is nobody")
                    .contains("run this as root");
        }
    }
}
