package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The launcher of an installed program, with a JVM that only shows what it was given.
class LauncherTest {
    @TempDir Path root;
    private Path jar;
    private Path cache;

    @BeforeEach
    void install() throws Exception {
        Files.createDirectories(root.resolve("dev"));
        Files.createDirectories(root.resolve("jdk/bin"));
        Path lib = Files.createDirectories(root.resolve("lib"));
        script("trapline", Files.readString(Path.of("..", "trapline")));
        script("dev/jdk", "#!/bin/sh\necho '" + root.resolve("jdk") + "'\n");
        script("jdk/bin/java", "#!/bin/sh\necho \"$@\"\n");
        jar = Files.createFile(lib.resolve("trapline-agent.jar"));
        cache = Files.createFile(lib.resolve("trapline.aot"));
        Files.setLastModifiedTime(jar, FileTime.fromMillis(2_000));
    }

    private void script(String name, String text) throws Exception {
        Path file = root.resolve(name);
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private String run(Path launcher) throws Exception {
        Process process =
                new ProcessBuilder(launcher.toString(), "version")
                        .directory(Path.of("/").toFile())
                        .redirectErrorStream(true)
                        .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(out).isZero();
        return out;
    }

    @Test
    void it_finds_its_program_through_a_link_from_any_folder() throws Exception {
        Path link = Files.createSymbolicLink(root.resolve("link"), root.resolve("trapline"));

        assertThat(run(link))
                .contains("-Dtrapline.program=" + root)
                .endsWith("io.trapline.Main version\n");
    }

    @Test
    void a_start_cache_is_used_by_the_program_it_was_made_of() throws Exception {
        Files.writeString(root.resolve("lib/trained"), jar + " 0 2\n");

        assertThat(run(root.resolve("trapline"))).contains("-XX:AOTCache=" + cache);
    }

    /// Times say nothing: a copy has new ones, and a build may have old ones.
    @ParameterizedTest
    @ValueSource(longs = {1_000, 3_000})
    void a_start_cache_of_another_program_is_not_used(long time) throws Exception {
        Files.writeString(root.resolve("lib/trained"), jar + " 0 2\n");
        Files.setLastModifiedTime(jar, FileTime.fromMillis(time));

        assertThat(run(root.resolve("trapline"))).doesNotContain("AOTCache");
    }

    @Test
    void the_first_use_after_each_build_makes_the_start_caches() throws Exception {
        Path dist = root.resolve("agent/target/dist");
        Files.createDirectories(dist);
        Files.move(root.resolve("lib"), dist.resolve("lib"));
        Path built = dist.resolve("lib/trapline-agent.jar");
        Files.createFile(dist.resolve("lib/VERSION"));
        Path launcher = root.resolve("trapline");

        assertThat(run(launcher)).contains("making its start caches");
        assertThat(run(launcher)).doesNotContain("start caches");

        FileTime trained = Files.getLastModifiedTime(dist.resolve("lib/trained"));
        Files.setLastModifiedTime(built, FileTime.fromMillis(trained.toMillis() + 60_000));
        assertThat(run(launcher)).contains("making its start caches");
    }

    private String heap(String groups, String... files) throws Exception {
        Path tree = Files.createDirectories(root.resolve("groups"));
        Files.writeString(root.resolve("cgroup"), groups);
        for (int i = 0; i < files.length; i += 2) {
            Path file = tree.resolve(files[i]);
            Files.createDirectories(file.getParent());
            Files.writeString(file, files[i + 1] + "\n");
        }
        ProcessBuilder builder =
                new ProcessBuilder(root.resolve("trapline").toString(), "version")
                        .redirectErrorStream(true);
        builder.environment().put("TRAPLINE_CGROUPS", tree.toString());
        builder.environment().put("TRAPLINE_CGROUPS_OF", root.resolve("cgroup").toString());
        Process process = builder.start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(out).isZero();
        return out.replaceAll("(?s).* -Xmx([0-9a-z]+) .*", "$1");
    }

    @Test
    void the_heap_follows_the_limit_of_memory() throws Exception {
        assertThat(heap("0::/a.slice/t.service\n")).isEqualTo("384m");
        assertThat(heap("0::/a.slice/t.service\n", "a.slice/t.service/memory.max", "max"))
                .isEqualTo("384m");
        assertThat(heap("0::/a.slice/t.service\n", "a.slice/memory.max", "536870912"))
                .isEqualTo("153m");
        assertThat(heap("0::/\n", "memory.max", "134217728")).isEqualTo("64m");
        assertThat(
                        heap(
                                "8:pids:/\n4:cpu,memory:/c\n0::/\n",
                                "memory/c/memory.limit_in_bytes",
                                "419430400",
                                "memory.max",
                                "max"))
                .isEqualTo("120m");
        assertThat(
                        heap(
                                "4:memory:/d/e\n",
                                "memory/memory.limit_in_bytes",
                                "9223372036854771712",
                                "memory/d/e/memory.limit_in_bytes",
                                "9223372036854771712"))
                .isEqualTo("384m");
    }

    @Test
    void too_few_files_to_start_a_jvm_are_a_sentence_and_a_usage_error() throws Exception {
        Process process =
                new ProcessBuilder(
                                "sh",
                                "-c",
                                "ulimit -n 64 && exec \"$0\" version",
                                root.resolve("trapline").toString())
                        .redirectErrorStream(true)
                        .start();
        String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).isEqualTo(2);
        assertThat(out.lines())
                .singleElement()
                .asString()
                .startsWith("trapline: 64 open files are allowed, at least 112 are needed");
    }
}
