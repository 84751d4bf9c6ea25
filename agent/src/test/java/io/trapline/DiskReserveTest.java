package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// On a file system of its own, which takes root.
class DiskReserveTest {
    private static final long MIB = 1 << 20;

    @TempDir Path disk;

    @BeforeEach
    void mount() throws Exception {
        run("mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", disk.toString());
    }

    @AfterEach
    void unmount() throws Exception {
        run("umount", disk.toString());
    }

    private static void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor())
                .as("%s, which needs root: %s", String.join(" ", command), output)
                .isZero();
    }

    private void fill() throws IOException {
        byte[] some = new byte[4096];
        try (OutputStream out = Files.newOutputStream(disk.resolve("filler"))) {
            while (Files.getFileStore(disk).getUsableSpace() > 0) {
                out.write(some);
            }
        }
    }

    @Test
    void a_full_disk_gives_a_start_the_room_that_was_kept_for_it() throws Exception {
        DiskReserve.use(disk);
        DiskReserve.make(disk);
        assertThat(Files.size(disk.resolve("reserve"))).isEqualTo(4 * MIB);
        DiskReserve.use(disk);
        assertThat(disk.resolve("reserve")).as("there is room").exists();

        assertThat(DiskReserve.missing(disk)).isEmpty();
        fill();
        assertThat(DiskReserve.missing(disk))
                .contains("is full (0 bytes usable)", "make 4 MiB of room");
        DiskReserve.use(disk);
        assertThat(DiskReserve.missing(disk)).isEmpty();
        assertThat(Files.getFileStore(disk).getUsableSpace()).isGreaterThanOrEqualTo(4 * MIB);
        DiskReserve.make(disk);
        assertThat(disk.resolve("reserve")).as("the disk is nearly full").doesNotExist();

        Files.delete(disk.resolve("filler"));
        DiskReserve.make(disk);
        assertThat(disk.resolve("reserve")).exists();
    }
}
