package io.trapline.collector;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.bridge.WorkerListener.Stream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OutputLogTest {
    @TempDir Path logs;
    private long now;

    private OutputLog log(String input) {
        return new OutputLog(logs, input, () -> Instant.parse("2026-03-01T00:00:00Z"), () -> now);
    }

    @Test
    void a_line_has_time_stream_collector_and_message() throws IOException {
        try (OutputLog log = log("in")) {
            log.line("A", Stream.STDERR, "hello \u001b[2J there");
            log.line("", Stream.LOG, "x");
            assertThat(Files.readAllLines(logs.resolve("in.log")))
                    .containsExactly(
                            "2026-03-01T00:00:00Z stderr A hello \uFFFD[2J there",
                            "2026-03-01T00:00:00Z log - x");
        }
    }

    @Test
    void the_last_two_hundred_lines_of_each_collector_are_kept_in_memory() {
        try (OutputLog log = log("in")) {
            log.line("B", Stream.STDOUT, "early");
            for (int i = 0; i < 500; i++) {
                log.line("A", Stream.STDOUT, "line " + i);
            }
            List<String> lines = log.lastLines("A");
            assertThat(lines).hasSize(200);
            assertThat(lines.getFirst()).endsWith(" line 300");
            assertThat(log.lastLines("B")).hasSize(1);
            assertThat(log.lastLines("C")).isEmpty();
        }
    }

    @Test
    void a_flood_is_cut_and_its_size_is_written() throws IOException {
        try (OutputLog log = log("in")) {
            for (int i = 0; i < 7000; i++) {
                log.line("A", Stream.STDOUT, "x");
            }
            log.line("A", Stream.STDOUT, "y".repeat(100_000));
            now = 1_000_000_001L;
            log.line("A", Stream.STDOUT, "y".repeat(100_000));
        }
        List<String> lines = Files.readAllLines(logs.resolve("in.log"));
        assertThat(lines).hasSize(5002);
        assertThat(lines.get(5000)).contains("2001 lines dropped");
        assertThat(lines.get(5001)).hasSizeLessThan(9000).endsWith("(91808 more characters)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../../etc/x", "a/b", "..", ".", ".hidden", "温度", "a\nb"})
    void no_name_of_an_input_leads_to_another_folder(String input) throws IOException {
        try (OutputLog log = log(input)) {
            log.line("A", Stream.STDOUT, "x");
        }
        try (var files = Files.list(logs)) {
            assertThat(files.toList())
                    .hasSize(1)
                    .allMatch(f -> !f.getFileName().toString().startsWith("."));
        }
    }

    @Test
    void different_names_have_different_files() {
        assertThat(OutputLog.fileName("a/b")).isNotEqualTo(OutputLog.fileName("a_b"));
        assertThat(OutputLog.fileName("a/b")).isNotEqualTo(OutputLog.fileName("a:b"));
        assertThat(OutputLog.fileName("my-py_1.x")).isEqualTo("my-py_1.x.log");
    }

    @Test
    void a_file_rotates_before_it_grows_past_its_size_and_keeps_so_many() throws IOException {
        Path file = logs.resolve("sub/x.log");
        try (RotatingFile rotating = new RotatingFile(file, 10, 2)) {
            for (String text :
                    List.of("aaaa\n", "bbbb\n", "cccc\n", "dddd\n", "eeee\n", "ffff\n", "g\n")) {
                rotating.write(text);
            }
        }
        assertThat(file).hasContent("g");
        assertThat(logs.resolve("sub/x.log.1")).hasContent("eeee\nffff");
        assertThat(logs.resolve("sub/x.log.2")).hasContent("cccc\ndddd");
        assertThat(logs.resolve("sub/x.log.3")).doesNotExist();
        try (RotatingFile again = new RotatingFile(file, 10, 2)) {
            again.write("123456789\n");
        }
        assertThat(logs.resolve("sub/x.log.1")).hasContent("g");
    }

    @Test
    void a_file_that_cannot_be_written_stops_nobody_and_is_used_once_it_can() throws IOException {
        Path blocked = logs.resolve("blocked");
        Files.writeString(blocked, "a file where a folder should be");
        try (RotatingFile rotating = new RotatingFile(blocked.resolve("x.log"), 100, 1)) {
            rotating.write("lost\n");
            Files.delete(blocked);
            rotating.write("kept\n");
        }
        assertThat(blocked.resolve("x.log")).hasContent("kept");
    }
}
