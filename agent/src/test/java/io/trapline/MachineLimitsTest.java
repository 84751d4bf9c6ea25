package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.machine.Machine;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineLimitsTest {
    private static final long HEAP = 384L << 20;

    @TempDir Path home;

    private static Machine machine(long files, long threads, long used, long memoryMiB) {
        return new Machine(
                files,
                80,
                new Machine.Threads(OptionalLong.of(threads), used, "/sys/fs/cgroup/pids.max"),
                new Machine.Memory(memoryMiB << 20, "/sys/fs/cgroup/memory.max"));
    }

    private Settings settings(String conf) throws IOException {
        Files.createDirectories(home.resolve("conf.d"));
        String file = conf.contains("inputs") ? "pythond.conf" : "trapline.conf";
        Files.writeString(home.resolve("conf.d").resolve(file), conf);
        return ((Settings.Loaded.Usable) Settings.load(home, Map.of())).settings();
    }

    private List<String> tooLittle(Machine machine, String conf) throws IOException {
        return MachineLimits.tooLittle(machine, settings(conf), HEAP);
    }

    @Test
    void a_machine_with_enough_of_everything_is_not_spoken_of() throws Exception {
        assertThat(tooLittle(machine(4096, 10_000, 100, 4096), "")).isEmpty();
        MachineLimits.require(machine(4096, 10_000, 100, 4096));
    }

    @Test
    void few_files_are_told_with_what_they_limit() throws Exception {
        assertThat(tooLittle(machine(512, 10_000, 100, 4096), ""))
                .singleElement()
                .asString()
                .matches(
                        "512 open files are allowed, 4096 are wanted: connections are limited to"
                                + " \\d+ at the push and trap listener and \\d+ at the agent's;"
                                + " raise LimitNOFILE of the service, or ulimit -n before the"
                                + " start");
        assertThat(tooLittle(machine(512, 10_000, 100, 4096), "role = \"agent\""))
                .singleElement()
                .asString()
                .doesNotContain("push and trap");
    }

    @Test
    void few_threads_are_told_with_how_many_are_needed() throws Exception {
        assertThat(tooLittle(machine(4096, 100, 50, 4096), ""))
                .singleElement()
                .asString()
                .startsWith(
                        "50 threads are left of the 100 that /sys/fs/cgroup/pids.max allows, about"
                                + " 64 are needed");
        assertThat(tooLittle(machine(4096, 100, 50, 4096), "[store]\nenabled = false")).isEmpty();
    }

    @Test
    void little_memory_is_told_with_who_needs_it() throws Exception {
        assertThat(tooLittle(machine(4096, 10_000, 100, 400), ""))
                .singleElement()
                .asString()
                .startsWith(
                        "400 MiB of memory are allowed (/sys/fs/cgroup/memory.max), 864 MiB may be"
                                + " needed (agent 544, store 320 with [store] memory)");
    }

    @Test
    void embedded_inputs_count_and_their_heap_is_what_is_left() throws Exception {
        String inputs =
                """
                [[inputs.pythond]]
                name = "a"
                dirs = ["a"]
                [[inputs.pythond]]
                name = "b"
                dirs = ["b"]
                isolation = "own"
                """;
        assertThat(tooLittle(machine(4096, 10_000, 100, 1300), inputs))
                .singleElement()
                .asString()
                .contains("embedded Python");
        Settings settings = settings(inputs);
        assertThat(MachineLimits.hostHeap(machine(4096, 1, 0, 1300), settings, HEAP))
                .isEqualTo(192);
        assertThat(MachineLimits.hostHeap(machine(4096, 1, 0, 1500), settings, HEAP))
                .isEqualTo(1500 - 544 - 320 - 250);
        assertThat(MachineLimits.hostHeap(machine(4096, 1, 0, 8000), settings, HEAP))
                .isEqualTo(512);
    }

    @Test
    void too_little_to_start_at_all_is_one_sentence_and_the_users_to_mend() {
        assertRefused(machine(100, 10_000, 100, 4096), "100 open files are allowed, at least 112");
        assertRefused(
                machine(4096, 60, 40, 4096),
                "60 threads are allowed by /sys/fs/cgroup/pids.max and 40 of them are taken: at"
                        + " least 32 more");
        assertRefused(
                machine(4096, 10_000, 100, 100), "100 MiB of memory are allowed (/sys/fs/cgroup");
    }

    private static void assertRefused(Machine machine, String begin) {
        assertThatThrownBy(() -> MachineLimits.require(machine))
                .isInstanceOfSatisfying(
                        StartFailure.class,
                        failure -> {
                            assertThat(failure).hasMessageStartingWith(begin);
                            assertThat(failure.getMessage())
                                    .contains("raise ")
                                    .doesNotContain("\n");
                            assertThat(failure.isConfiguration()).isTrue();
                        });
    }
}
