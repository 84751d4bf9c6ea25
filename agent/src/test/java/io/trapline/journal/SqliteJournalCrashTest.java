package io.trapline.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `kill -9` of a real process under load, again and again on the same file.
class SqliteJournalCrashTest {
    @TempDir Path directory;

    private Process start(Path file, int firstNumber) throws Exception {
        return new ProcessBuilder(
                        ProcessHandle.current().info().command().orElseThrow(),
                        "-cp",
                        System.getProperty("java.class.path"),
                        "--enable-native-access=ALL-UNNAMED",
                        "-Xmx128m",
                        "-Djava.io.tmpdir=" + directory,
                        JournalAppender.class.getName(),
                        file.toString(),
                        Integer.toString(firstNumber))
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    private static BufferedReader output(Process process) {
        return new BufferedReader(
                new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    }

    private static void acknowledge(String line, Map<Integer, Long> acknowledged) {
        String[] words = line.split(" ");
        // The last line may be cut off by the kill: it has no position then, or half of one.
        if (words.length == 2) {
            acknowledged.put(Integer.parseInt(words[0]), Long.parseLong(words[1]));
        }
    }

    @Test
    void what_was_acknowledged_survives_kill_9() throws Exception {
        long seed = Long.getLong("journal.seed", System.nanoTime());
        Random random = new Random(seed);
        Path file = directory.resolve("data").resolve("trapline.db");
        Map<Integer, Long> acknowledged = new TreeMap<>();
        for (int round = 0; round < 5; round++) {
            Process process = start(file, round * 10_000_000);
            int until = 1 + random.nextInt(2000);
            try (BufferedReader lines = output(process)) {
                for (int i = 0; i < until; i++) {
                    String line = lines.readLine();
                    assertThat(line).as("seed %d, round %d", seed, round).matches("\\d+ \\d+");
                    acknowledge(line, acknowledged);
                }
                process.destroyForcibly();
            } finally {
                process.destroyForcibly().waitFor();
            }
            check(file, acknowledged, seed);
        }
        try (var left = Files.list(directory)) {
            assertThat(left.filter(path -> !path.endsWith("data")))
                    .as("left in the temporary directory")
                    .isEmpty();
        }
    }

    private static void check(Path file, Map<Integer, Long> acknowledged, long seed)
            throws Exception {
        try (Journal journal = SqliteJournal.open(file, () -> JournalSettings.DEFAULT)) {
            JournalReader reader = journal.reader("check");
            reader.seek(0);
            Set<Integer> found = new HashSet<>();
            long expected = 1;
            List<JournalReader.Frame> frames = reader.read(1 << 20, Duration.ZERO);
            while (!frames.isEmpty()) {
                for (JournalReader.Frame frame : frames) {
                    assertThat(frame.position()).isEqualTo(expected++);
                    int number = ByteBuffer.wrap(frame.bytes()).getInt();
                    assertThat(found.add(number)).as("%d is new, seed %d", number, seed).isTrue();
                    Long position = acknowledged.get(number);
                    if (position != null) {
                        assertThat(frame.position()).isEqualTo(position);
                    }
                }
                frames = reader.read(1 << 20, Duration.ZERO);
            }
            assertThat(found).as("seed %d", seed).containsAll(acknowledged.keySet());
            assertThat(journal.status().damaged()).isZero();
        }
    }

    @Test
    void a_second_process_is_told_who_has_it() throws Exception {
        Path file = directory.resolve("trapline.db");
        Process process = start(file, 0);
        try (BufferedReader lines = output(process)) {
            assertThat(lines.readLine()).matches("\\d+ \\d+");
            assertThatThrownBy(() -> SqliteJournal.open(file, () -> JournalSettings.DEFAULT))
                    .isInstanceOf(JournalException.class)
                    .hasMessageContaining("in use by another process")
                    .hasMessageContaining(Long.toString(process.pid()));
        } finally {
            process.destroyForcibly().waitFor();
        }
    }
}
