package io.trapline.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What was refused does not come back, when the disk itself fails in a commit. The faults are made
/// by a library that is loaded before the C library's functions.
class RefusedFramesTest {
    /// `FAULT_FILE` holds how many calls of `fsync` (and, after a space, of `ftruncate`) on the
    /// journal's files are to fail.
    private static final String SHIM =
            """
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <errno.h>
            #include <stdio.h>
            #include <stdlib.h>
            #include <string.h>
            #include <unistd.h>
            static int fails(int fd, int which) {
                char link[64], path[4096];
                snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
                ssize_t length = readlink(link, path, sizeof path - 1);
                if (length < 0) return 0;
                path[length] = 0;
                if (!strstr(path, "trapline.db")) return 0;
                FILE *in = fopen(getenv("FAULT_FILE"), "r");
                if (!in) return 0;
                int left[2] = {0, 0};
                int read = fscanf(in, "%d %d", &left[0], &left[1]);
                fclose(in);
                if (read != 2 || left[which] <= 0) return 0;
                left[which]--;
                FILE *out = fopen(getenv("FAULT_FILE"), "w");
                fprintf(out, "%d %d", left[0], left[1]);
                fclose(out);
                errno = EIO;
                return 1;
            }
            #define WRAP(name, which, params, args) \\
                int name params { \\
                    static int (*real) params; \\
                    if (!real) real = dlsym(RTLD_NEXT, #name); \\
                    return fails(fd, which) ? -1 : real args; }
            WRAP(fsync, 0, (int fd), (fd))
            WRAP(fdatasync, 0, (int fd), (fd))
            WRAP(ftruncate, 1, (int fd, off_t to), (fd, to))
            WRAP(ftruncate64, 1, (int fd, off64_t to), (fd, to))
            """;

    @TempDir Path directory;

    /// Appends one frame, lets faults begin, appends another, and ends as by `kill -9`. Arguments:
    /// the journal, the file with the faults, the faults, what to do after the failure.
    static final class Appender {
        private Appender() {}

        @SuppressWarnings("SystemOut")
        static void main(String[] args) throws Exception {
            SqliteJournal journal =
                    SqliteJournal.open(Path.of(args[0]), () -> JournalSettings.DEFAULT);
            journal.append("first".getBytes(StandardCharsets.UTF_8));
            Files.writeString(Path.of(args[1]), args[2]);
            try {
                journal.append("second".getBytes(StandardCharsets.UTF_8));
                System.out.println("kept");
            } catch (JournalException e) {
                System.out.println(e.getMessage());
            }
            if (args[3].equals("again")) {
                Files.writeString(Path.of(args[1]), "0 0");
                journal.append("third".getBytes(StandardCharsets.UTF_8));
            }
            System.out.flush();
            Runtime.getRuntime().halt(9);
        }
    }

    private String run(String faults, String after) throws Exception {
        Path source = Files.writeString(directory.resolve("shim.c"), SHIM);
        Path shim = directory.resolve("shim.so");
        Process compiler =
                new ProcessBuilder(
                                "cc",
                                "-shared",
                                "-fPIC",
                                "-o",
                                shim.toString(),
                                source.toString(),
                                "-ldl")
                        .redirectErrorStream(true)
                        .start();
        String said = new String(compiler.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(compiler.waitFor()).as("cc, which this test needs: %s", said).isZero();
        Path fault = directory.resolve("fault");
        ProcessBuilder appender =
                new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "--enable-native-access=ALL-UNNAMED",
                        Appender.class.getName(),
                        file().toString(),
                        fault.toString(),
                        faults,
                        after);
        appender.environment().put("LD_PRELOAD", shim.toString());
        appender.environment().put("FAULT_FILE", fault.toString());
        appender.redirectError(directory.resolve("errors").toFile());
        Process process = appender.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as("%s", output).isEqualTo(9);
        return output;
    }

    private Path file() {
        return directory.resolve("data").resolve("trapline.db");
    }

    private List<String> found() throws Exception {
        try (SqliteJournal journal = KilledJournal.open(file())) {
            assertThat(journal.notices()).isEmpty();
            return journal.reader("r").read(1 << 20, Duration.ZERO).stream()
                    .map(frame -> new String(frame.bytes(), StandardCharsets.UTF_8))
                    .toList();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1 0, nothing was kept",
        "1000 0, whether it is kept is unknown",
        "1000 1000, whether it is kept is unknown"
    })
    void a_frame_whose_fsync_failed_is_not_there_after_a_kill(String faults, String answer)
            throws Exception {
        assertThat(run(faults, "end")).contains("SQLITE_IOERR").contains(answer);
        assertThat(found()).containsExactly("first");
    }

    @Test
    void what_is_kept_after_that_stays() throws Exception {
        assertThat(run("1000 1000", "again")).contains("SQLITE_IOERR");
        assertThat(found()).containsExactly("first", "third");
    }
}
