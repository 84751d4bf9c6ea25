package io.trapline.collector;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RotatingFileTest {
    @TempDir Path made;

    private static void mode(Path path, String mode) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }

    @Test
    void nothing_is_written_where_others_could_have_a_link_followed() throws IOException {
        Path folder = Files.createDirectories(made.toRealPath().resolve("home"));
        Path other = Files.writeString(made.resolve("other"), "as it was");
        Path file = folder.resolve("x.log");
        Files.createSymbolicLink(file, other.toRealPath());
        mode(folder, "rwxrwxrwx");
        try (RotatingFile log = new RotatingFile(file, 100, 2)) {
            log.write("line\n");
            assertThat(other).hasContent("as it was");
            mode(folder, "rwxr-xr-x");
            Files.delete(file);
            log.write("another\n");
            assertThat(file).hasContent("another\n");
        }
    }

    @Test
    void a_full_file_is_not_made_anew_once_others_could_be_there_sooner() throws IOException {
        Path folder = Files.createDirectories(made.toRealPath().resolve("home"));
        Path file = folder.resolve("x.log");
        try (RotatingFile log = new RotatingFile(file, 10, 2)) {
            log.write("12345678\n");
            mode(folder, "rwxrwxrwx");
            log.write("another\n");
            assertThat(file).doesNotExist();
            assertThat(folder.resolve("x.log.1")).hasContent("12345678\n");
        }
    }
}
