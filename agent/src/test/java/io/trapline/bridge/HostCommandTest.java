package io.trapline.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HostCommandTest {
    @TempDir Path lib;
    private Path one;
    private Path two;
    private Path cache;

    @BeforeEach
    void files() throws Exception {
        one = Files.createFile(lib.resolve("one.jar"));
        two = Files.createFile(lib.resolve("two.jar"));
        cache = lib.resolve("host.aot");
        Files.setLastModifiedTime(one, FileTime.fromMillis(1_000));
        Files.setLastModifiedTime(two, FileTime.fromMillis(2_000));
    }

    private List<String> command() {
        return new HostCommand(Path.of("java"), List.of(one, two), lib, 256)
                .builder(Path.of("framework-py"), 1024)
                .command();
    }

    @Test
    void the_start_cache_is_used_when_it_is_not_older_than_a_library() throws Exception {
        Files.setLastModifiedTime(Files.createFile(cache), FileTime.fromMillis(2_000));

        assertThat(command()).contains("-XX:AOTCache=" + cache).doesNotContain("-Xshare:auto");
    }

    @Test
    void without_a_start_cache_or_with_one_of_before_a_build_a_host_starts_without()
            throws Exception {
        assertThat(command()).contains("-Xshare:auto");

        Files.setLastModifiedTime(Files.createFile(cache), FileTime.fromMillis(1_500));

        assertThat(command()).contains("-Xshare:auto").doesNotContain("-XX:AOTCache=" + cache);
    }
}
