package io.trapline.files;

import static io.trapline.files.MadeElf.NEEDED;
import static io.trapline.files.MadeElf.RPATH;
import static io.trapline.files.MadeElf.RUNPATH;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.files.MadeElf.Entry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ElfTest {
    @TempDir Path home;

    @Test
    void a_program_of_the_system_names_its_loader_and_its_libraries() throws IOException {
        Elf elf = Elf.read(Path.of("/bin/sh").toRealPath()).orElseThrow();
        assertThat(elf.interpreter().orElseThrow()).contains("ld-");
        assertThat(elf.needed()).anyMatch(name -> name.startsWith("libc."));
    }

    @Test
    void folders_and_names_are_read_as_they_were_written() throws IOException {
        Path file =
                MadeElf.write(
                        home.resolve("x"),
                        new Entry(NEEDED, "liba.so.1"),
                        new Entry(RPATH, "/r"),
                        new Entry(RUNPATH, "$ORIGIN/../lib:/o"),
                        new Entry(NEEDED, "/p/libb.so"));
        Elf elf = Elf.read(file).orElseThrow();
        assertThat(elf.needed()).containsExactly("liba.so.1", "/p/libb.so");
        assertThat(elf.rpath()).containsExactly("/r");
        assertThat(elf.runpath()).containsExactly("$ORIGIN/../lib", "/o");
        assertThat(elf.interpreter()).isEmpty();
    }

    @Test
    void what_is_cut_short_or_is_no_such_file_is_none() throws IOException {
        byte[] whole =
                Files.readAllBytes(
                        MadeElf.write(home.resolve("x"), new Entry(NEEDED, "liba.so.1")));
        for (int length = 0; length < whole.length; length++) {
            Path cut = Files.write(home.resolve("cut"), Arrays.copyOf(whole, length));
            assertThat(Elf.read(cut)).as("%d bytes", length).isEmpty();
        }
        assertThat(Elf.read(Files.writeString(home.resolve("t"), "#!/bin/sh\n"))).isEmpty();
    }

    @Test
    void no_byte_can_make_reading_fail_or_take_long() throws IOException {
        byte[] whole =
                Files.readAllBytes(
                        MadeElf.write(
                                home.resolve("x"),
                                new Entry(NEEDED, "liba.so.1"),
                                new Entry(RUNPATH, "/o")));
        for (int at = 4; at < whole.length; at++) {
            for (int value : new int[] {0, 0x7f, 0x80, 0xff}) {
                byte[] changed = whole.clone();
                changed[at] = (byte) value;
                Path file = Files.write(home.resolve("changed"), changed);
                assertThat(Elf.read(file).map(elf -> elf.needed().size()).orElse(0))
                        .as("byte %d = %d", at, value)
                        .isLessThan(10);
            }
        }
    }
}
