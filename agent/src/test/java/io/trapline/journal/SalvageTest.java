package io.trapline.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What is left of a damaged journal, whatever happens while it is saved.
class SalvageTest {
    private static final int PAGE = 8192;

    @TempDir Path directory;

    private static List<Long> upTo(long last) {
        return LongStream.rangeClosed(1, last).boxed().toList();
    }

    private static void zero(Path file, long from, int count) throws Exception {
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            out.seek(from);
            out.write(new byte[count]);
        }
    }

    private static void flip(Path file, long at) throws Exception {
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            out.seek(at);
            int before = out.read();
            out.seek(at);
            out.write(before ^ 4);
        }
    }

    private static void cut(Path file, int percent) throws Exception {
        try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
            out.setLength(out.length() * percent / 100);
        }
    }

    private List<String> names(Path file) throws Exception {
        try (var files = Files.list(file.getParent())) {
            return files.filter(Files::isRegularFile)
                    .map(path -> path.getFileName().toString())
                    .sorted()
                    .toList();
        }
    }

    /// Ends a process that opens the journal when its salvage has come to a step.
    private int openAndEnd(Path file, String step) throws Exception {
        return new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "--enable-native-access=ALL-UNNAMED",
                        "-Xmx64m",
                        Opener.class.getName(),
                        file.toString(),
                        step)
                .redirectErrorStream(true)
                .redirectOutput(directory.resolve("opener.log").toFile())
                .start()
                .waitFor();
    }

    /// The process that is ended.
    static final class Opener {
        private Opener() {}

        static void main(String[] args) throws Exception {
            Tuning tuning =
                    Tuning.DEFAULT.withStep(step -> {
                        if (step.equals(args[1])) {
                            Runtime.getRuntime().halt(9);
                        }
                    });
            SqliteJournal.open(Path.of(args[0]), () -> JournalSettings.DEFAULT, tuning).close();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"some copied", "copied", "saved", "log moved", "moved aside"})
    void an_end_at_any_step_loses_nothing(String step) throws Exception {
        Path file = KilledJournal.make(directory.resolve("data"), 300, 50, 20_000);
        // A frame's page, and the table's root: SQLite finds nothing any more.
        zero(file, 2L * PAGE, 4 * PAGE);
        KilledJournal.copy(file.getParent(), directory.resolve("reference"));
        List<Long> readable;
        try (SqliteJournal journal =
                KilledJournal.open(directory.resolve("reference").resolve("trapline.db"))) {
            readable = KilledJournal.positions(journal);
        }
        assertThat(readable).hasSizeGreaterThanOrEqualTo(348);

        assertThat(openAndEnd(file, step)).isEqualTo(9);
        assertThat(openAndEnd(file, step)).isIn(0, 9);
        try (SqliteJournal journal = KilledJournal.open(file)) {
            assertThat(KilledJournal.positions(journal)).isEqualTo(readable);
            assertThat(journal.append(new byte[1])).isGreaterThan(1L << 40);
        }
        assertThat(names(file))
                .filteredOn(name -> name.matches(".*[.](new|saved|is-damaged).*"))
                .isEmpty();
        assertThat(names(file)).filteredOn(name -> name.matches(".*damaged-[^-]*")).hasSize(1);
    }

    @ParameterizedTest
    @CsvSource({
        "10, 1500", "30, 1500", "50, 1500", "70, 1500", "90, 1500",
        "10, 120000", "30, 120000", "50, 120000", "70, 120000", "90, 120000"
    })
    void of_a_file_that_was_cut_all_frames_before_the_cut_are_there(int percent, int bytes)
            throws Exception {
        int frames = bytes > PAGE ? 120 : 600;
        Path file = KilledJournal.make(directory.resolve("data"), frames, 0, bytes);
        cut(file, percent);
        int whole = frames * percent / 100;
        try (SqliteJournal journal = KilledJournal.open(file)) {
            List<Long> found = KilledJournal.positions(journal);
            // Other tables have the first pages, as in a journal without frames.
            long others = Files.size(KilledJournal.make(directory.resolve("none"), 0, 0, bytes));
            assertThat((long) found.size()).isBetween(whole - others / bytes - 4, whole + 1L);
            assertThat(found).isEqualTo(upTo(found.size()));
            assertThat(journal.notices())
                    .singleElement()
                    .asString()
                    .contains("saved %d frames".formatted(found.size()))
                    .contains("%d frames that it had are lost".formatted(frames - found.size()))
                    .contains("positions %d to %d".formatted(found.size() + 1, frames))
                    .contains("keep the damaged file");
        }
    }

    @ParameterizedTest
    @CsvSource({"0, 100", "0, 8192", "100, 1", "8192, 8192", "16384, 40960"})
    void frames_are_found_without_the_pages_that_lead_to_them(long from, int count)
            throws Exception {
        Path file = KilledJournal.make(directory.resolve("data"), 400, 100, 1500);
        zero(file, from, count);
        Files.createFile(file.resolveSibling("trapline.db.is-damaged"));
        try (SqliteJournal journal = KilledJournal.open(file)) {
            assertThat(KilledJournal.positions(journal)).hasSizeGreaterThanOrEqualTo(475);
        }
    }

    @Test
    void what_was_trimmed_does_not_come_back() throws Exception {
        Path file = directory.resolve("data").resolve("trapline.db");
        try (SqliteJournal journal = KilledJournal.open(file)) {
            KilledJournal.append(journal, 400, 1500);
            journal.reader("r").commit(300);
            await().until(() -> journal.status().tail() == 301);
        }
        zero(file, 100, 8);
        Files.createFile(file.resolveSibling("trapline.db.is-damaged"));
        try (SqliteJournal journal = KilledJournal.open(file)) {
            assertThat(KilledJournal.positions(journal))
                    .isEqualTo(LongStream.rangeClosed(301, 400).boxed().toList());
            assertThat(journal.notices())
                    .singleElement()
                    .asString()
                    .contains("saved 100 frames")
                    .contains("no frame that it kept for its readers is lost")
                    .contains("not saved, or not all of it: ");
        }
    }

    @Test
    void without_room_for_the_copy_the_start_ends_and_everything_stays_as_it_was()
            throws Exception {
        Path file = KilledJournal.make(directory.resolve("data"), 300, 50, 20_000);
        Files.createFile(file.resolveSibling("trapline.db.is-damaged"));
        byte[] database = Files.readAllBytes(file);
        byte[] log = Files.readAllBytes(WalFile.of(file));
        assertThatThrownBy(() ->
                        SqliteJournal.open(
                                file,
                                () -> JournalSettings.DEFAULT,
                                Tuning.DEFAULT.withMaxPages(() -> 100)))
                .isInstanceOf(JournalException.class)
                .hasMessageContaining("needs up to " + (database.length + log.length) + " bytes")
                .hasMessageContaining("Nothing was changed and nothing is lost")
                .hasMessageContaining("make room");
        assertThat(Arrays.equals(Files.readAllBytes(file), database)).isTrue();
        assertThat(Arrays.equals(Files.readAllBytes(WalFile.of(file)), log)).isTrue();
        assertThat(names(file)).noneMatch(name -> name.contains(".new"));
        try (SqliteJournal journal = KilledJournal.open(file)) {
            assertThat(KilledJournal.positions(journal)).isEqualTo(upTo(350));
            assertThat(journal.notices()).isEmpty();
        }
    }

    @Test
    void a_file_system_that_is_too_small_for_the_copy_costs_nothing() throws Exception {
        Path file = KilledJournal.make(directory.resolve("data"), 300, 50, 20_000);
        Path mount = Files.createDirectory(directory.resolve("small"));
        run("mount", "-t", "tmpfs", "-o", "size=10m", "tmpfs", mount.toString());
        try {
            Path small = mount.resolve("data").resolve("trapline.db");
            KilledJournal.copy(file.getParent(), small.getParent());
            Files.createFile(small.resolveSibling("trapline.db.is-damaged"));
            assertThatThrownBy(() -> KilledJournal.open(small))
                    .isInstanceOf(JournalException.class)
                    .hasMessageContaining("nothing is lost");
            run("mount", "-o", "remount,size=40m", mount.toString());
            try (SqliteJournal journal = KilledJournal.open(small)) {
                assertThat(KilledJournal.positions(journal)).isEqualTo(upTo(350));
            }
        } finally {
            run("umount", mount.toString());
        }
    }

    private static void run(String... command) throws Exception {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor())
                .as("%s, which needs root: %s", String.join(" ", command), output)
                .isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 20, 50, 99})
    void one_flipped_bit_in_the_log_costs_what_was_in_that_page_alone(int transaction)
            throws Exception {
        Path file = KilledJournal.make(directory.resolve("data"), 50, 100, 20_000);
        WalFile wal = WalFile.read(file);
        assertThat(wal.cut()).isFalse();
        WalFile.Image last =
                wal.images().stream()
                        .filter(image -> image.transaction() == transaction)
                        .reduce((_, image) -> image)
                        .orElseThrow();
        flip(WalFile.of(file), last.at() + 5000);
        try (SqliteJournal journal = KilledJournal.open(file)) {
            List<Long> found = KilledJournal.positions(journal);
            assertThat(found).hasSizeGreaterThanOrEqualTo(148).isSorted().doesNotHaveDuplicates();
            long lost = 150L - found.size();
            if (lost > 0) {
                assertThat(journal.notices())
                        .singleElement()
                        .asString()
                        .containsPattern(
                                "%d frames?( that it had are lost|, were ack)".formatted(lost));
            }
            assertThat(journal.append(new byte[1])).isGreaterThan(found.getLast());
        }
        try (SqliteJournal journal = KilledJournal.open(file)) {
            assertThat(journal.notices()).as("said once").isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 9, 17, 25})
    void a_flipped_bit_in_the_header_of_the_log_costs_a_frame_at_most(int at) throws Exception {
        Path file = KilledJournal.make(directory.resolve("data"), 50, 100, 20_000);
        flip(WalFile.of(file), at);
        try (SqliteJournal journal = KilledJournal.open(file)) {
            assertThat(KilledJournal.positions(journal)).hasSizeBetween(149, 150);
        }
    }
}
