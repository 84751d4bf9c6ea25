package io.trapline.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

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
    void the_start_cache_is_used_when_it_was_made_of_these_libraries() throws Exception {
        Files.createFile(cache);
        Files.writeString(lib.resolve("trained"), "%s 0 2\n%s 0 1\n".formatted(two, one));

        assertThat(command()).contains("-XX:AOTCache=" + cache).doesNotContain("-Xshare:auto");
    }

    @ParameterizedTest
    @ValueSource(strings = {"%2$s 0 2\n%1$s 0 3\n", "%2$s 0 2\n%1$s 1 1\n", "%2$s 0 2\n", ""})
    void without_a_start_cache_or_with_one_of_other_libraries_a_host_starts_without(String of)
            throws Exception {
        assertThat(command()).contains("-Xshare:auto");

        Files.createFile(cache);
        assertThat(command()).contains("-Xshare:auto");

        Files.writeString(lib.resolve("trained"), of.formatted(one, two));
        assertThat(command()).contains("-Xshare:auto").doesNotContain("-XX:AOTCache=" + cache);
    }
}
