package io.trapline.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Against a made-up `/proc` and `/sys`.
class MachineTest {
    @TempDir Path root;

    @BeforeEach
    void aMachineWithoutLimits() throws IOException {
        write("proc/self/limits", limits("1024", "unlimited"));
        write("proc/self/status", "Name:\tjava\nUid:\t1000\t1000\t1000\t1000\nThreads:\t30\n");
        write("proc/self/cgroup", "0::/system.slice/trapline.service\n");
        write("proc/meminfo", "MemTotal:        8000000 kB\nMemFree: 1 kB\n");
        for (int i = 0; i < 7; i++) {
            write("proc/self/fd/" + i, "");
        }
    }

    private static String limits(String files, String processes) {
        return """
        Limit                     Soft Limit           Hard Limit           Units
        Max cpu time              unlimited            unlimited            seconds
        Max processes             %s                96364                processes
        Max open files            %s                 20000                files
        """
                .formatted(processes, files);
    }

    private void write(String file, String text) throws IOException {
        Path path = root.resolve(file);
        Files.createDirectories(path.getParent());
        Files.writeString(path, text);
    }

    private Machine machine() {
        return Machine.at(root);
    }

    @Test
    void without_limits_the_machine_itself_is_one() {
        assertThat(machine().openFiles()).isEqualTo(1024);
        assertThat(machine().usedFiles()).isEqualTo(7);
        assertThat(machine().threads().most()).isEmpty();
        assertThat(machine().threads().left()).isEqualTo(Long.MAX_VALUE);
        assertThat(machine().memory().bytes()).isEqualTo(8_000_000L << 10);
    }

    @Test
    void of_version_2_the_smallest_limit_of_the_group_and_those_above_counts() throws IOException {
        write("sys/fs/cgroup/system.slice/trapline.service/memory.max", "max\n");
        write("sys/fs/cgroup/system.slice/memory.max", "536870912\n");
        write("sys/fs/cgroup/system.slice/trapline.service/pids.max", "512\n");
        write("sys/fs/cgroup/system.slice/trapline.service/pids.current", "40\n");
        write("sys/fs/cgroup/system.slice/pids.max", "600\n");
        write("sys/fs/cgroup/system.slice/pids.current", "590\n");
        assertThat(machine().memory().mebibytes()).isEqualTo(512);
        assertThat(machine().memory().by()).endsWith("system.slice/memory.max");
        assertThat(machine().threads().left()).isEqualTo(10);
        assertThat(machine().threads().most()).isEqualTo(OptionalLong.of(600));
        assertThat(machine().threads().by()).endsWith("system.slice/pids.max");
    }

    @Test
    void in_a_container_the_mount_is_the_group_itself() throws IOException {
        write("proc/self/cgroup", "0::/../../docker/123\n");
        write("sys/fs/cgroup/memory.max", "268435456\n");
        write("sys/fs/cgroup/pids.max", "100\n");
        write("sys/fs/cgroup/pids.current", "1\n");
        assertThat(machine().memory().mebibytes()).isEqualTo(256);
        assertThat(machine().threads().left()).isEqualTo(99);
    }

    @Test
    void of_version_1_each_controller_has_a_tree_of_its_own() throws IOException {
        write("proc/self/cgroup", "9:name=systemd:/\n8:pids:/a/b\n4:cpu,memory:/c\n0::/\n");
        write("sys/fs/cgroup/pids/a/b/pids.max", "max\n");
        write("sys/fs/cgroup/pids/a/pids.max", "64\n");
        write("sys/fs/cgroup/pids/a/pids.current", "60\n");
        write("sys/fs/cgroup/memory/c/memory.limit_in_bytes", "419430400\n");
        write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        assertThat(machine().memory().mebibytes()).isEqualTo(400);
        assertThat(machine().threads().left()).isEqualTo(4);
    }

    @Test
    void the_limit_of_processes_counts_all_of_the_user_and_does_not_bind_root() throws IOException {
        write("proc/self/limits", limits("4096", "100"));
        write("proc/17/status", "Uid:\t1000\t1000\t1000\t1000\nThreads:\t60\n");
        write("proc/18/status", "Uid:\t0\t0\t0\t0\nThreads:\t1000\n");
        assertThat(machine().threads().left()).isEqualTo(40);
        assertThat(machine().threads().by()).isEqualTo("ulimit -u");
        write("proc/self/status", "Uid:\t0\t0\t0\t0\n");
        assertThat(machine().threads().most()).isEmpty();
    }

    @Test
    void unlimited_is_no_number_to_run_into() throws IOException {
        write("proc/self/limits", limits("unlimited", "unlimited"));
        assertThat(machine().openFiles()).isGreaterThan(1L << 40);
        assertThat(machine().filesForConnections()).isGreaterThan(1L << 40);
    }

    @Test
    void what_cannot_be_read_limits_nothing_but_files() {
        Machine unknown = Machine.at(root.resolve("nowhere"));
        assertThat(unknown.openFiles()).isEqualTo(1024);
        assertThat(unknown.threads().left()).isEqualTo(Long.MAX_VALUE);
        assertThat(unknown.memory().bytes()).isGreaterThan(1L << 50);
    }

    @Test
    void this_machine_can_be_read() {
        Machine here = Machine.here();
        assertThat(here.usedFiles()).isPositive();
        assertThat(here.openFiles()).isGreaterThan(here.usedFiles());
        assertThat(here.memory().bytes()).isGreaterThanOrEqualTo(Runtime.getRuntime().maxMemory());
    }

    @Test
    void what_is_available_is_what_the_fullest_group_leaves_with_read_files_counted_as_free()
            throws IOException {
        write("proc/meminfo", "MemTotal: 8000000 kB\nMemAvailable:    2000 kB\n");
        assertThat(AvailableMemory.at(root)).isEqualTo(2000L << 10);
        write("sys/fs/cgroup/system.slice/memory.max", "1000000\n");
        write("sys/fs/cgroup/system.slice/memory.current", "900000\n");
        write("sys/fs/cgroup/system.slice/memory.stat", "anon 5\ninactive_file 300000\n");
        write("sys/fs/cgroup/system.slice/trapline.service/memory.max", "max\n");
        write("sys/fs/cgroup/system.slice/trapline.service/memory.current", "800000\n");
        assertThat(AvailableMemory.at(root)).isEqualTo(400_000);
    }

    @Test
    void what_is_available_is_told_by_groups_of_version_1_as_well() throws IOException {
        write("proc/self/cgroup", "9:memory:/a\n");
        write("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "1000\n");
        write("sys/fs/cgroup/memory/a/memory.usage_in_bytes", "1500\n");
        write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
        write("sys/fs/cgroup/memory/memory.usage_in_bytes", "5000\n");
        assertThat(AvailableMemory.at(root)).isZero();
        write("sys/fs/cgroup/memory/a/memory.stat", "total_inactive_file 700\n");
        assertThat(AvailableMemory.at(root)).isEqualTo(200);
    }
}
