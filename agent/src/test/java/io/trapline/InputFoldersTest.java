package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.Settings.Loaded;
import io.trapline.config.ProblemReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InputFoldersTest {
    @TempDir Path root;

    private List<String> warnings(String... dirs) throws IOException {
        StringBuilder conf = new StringBuilder();
        for (String each : dirs) {
            conf.append("[[inputs.pythond]]\nname = \"in")
                    .append(conf.length())
                    .append("\"\ndirs = ")
                    .append(each)
                    .append('\n');
        }
        Files.createDirectories(root.resolve("conf.d"));
        Files.writeString(root.resolve("conf.d/p.conf"), conf);
        if (!(Settings.load(root, Map.of()) instanceof Loaded.Usable(var settings, _))) {
            throw new AssertionError("the configuration is fine");
        }
        return ProblemReport.lines(
                root,
                InputFolders.check(
                                new Home(root),
                                settings,
                                new Program(Path.of("../framework-py"), root),
                                _ -> Optional.of(Path.of("/usr/bin/python3")))
                        .problems());
    }

    @Test
    void what_cannot_be_used_is_named_with_the_block_that_names_it() throws IOException {
        Files.createDirectories(root.resolve("python.d/empty"));
        Files.createDirectories(root.resolve("python.d/good"));
        Files.writeString(root.resolve("python.d/good/a.py"), "");
        assertThat(warnings("[\"good\"]", "[\"nosuch\", \"good\"]", "[\"../..\"]", "[\"empty\"]"))
                .satisfiesExactly(
                        line ->
                                assertThat(line)
                                        .startsWith("conf.d/p.conf:4: warning: input in")
                                        .contains("dirs entry \"nosuch\" does not exist")
                                        .doesNotContain("nothing to run"),
                        line ->
                                assertThat(line)
                                        .startsWith("conf.d/p.conf:7: warning: ")
                                        .contains("leads out of")
                                        .contains(": it has nothing to run: "),
                        line ->
                                assertThat(line)
                                        .startsWith("conf.d/p.conf:10: warning: ")
                                        .contains("no .py file in dirs [empty]"));
    }

    @Test
    void an_interval_that_is_none_is_named_with_its_line() throws IOException {
        Files.createDirectories(root.resolve("python.d/odd"));
        Files.writeString(
                root.resolve("python.d/odd/a.py"),
                """
                from datakit_framework import DataKitFramework
                interval = "not a class's"
                class A(DataKitFramework):
                    \"""
                    interval = "in a text"
                    LONG\"""
                    interval = "*/5 * * * *"  # cron
                    def run(self):
                        interval = "a variable"
                class B(DataKitFramework):
                    def __init__(self):
                        self.interval = -1
                class C(DataKitFramework):
                    interval: float = None
                class Good(DataKitFramework):
                    interval = "1m"
                    interval = '1h30m' # as in the configuration
                    interval = "10"
                    interval = 0.5
                    interval = 60 * 5
                    interval = os.environ["X"]
                    interval == 0
                """
                        .replace("LONG", "long ".repeat(20_000)));
        assertThat(warnings("[\"odd\"]"))
                .satisfiesExactly(
                        line ->
                                assertThat(line)
                                        .startsWith("python.d/odd/a.py:7: warning: input in")
                                        .contains("collector A: interval = \"*/5 * * * *\" is nei")
                                        .endsWith("runs every 10 s"),
                        line ->
                                assertThat(line)
                                        .startsWith("python.d/odd/a.py:12: warning: ")
                                        .contains("collector B: interval = -1 is neither"),
                        line ->
                                assertThat(line)
                                        .startsWith("python.d/odd/a.py:14: warning: ")
                                        .contains("collector C: interval = None is neither"));
    }

    @Test
    void a_script_that_does_not_compile_is_named_with_its_line() throws IOException {
        Path scripts = Files.createDirectories(root.resolve("python.d/broken"));
        Files.writeString(scripts.resolve("a.py"), "import os\nif True\n    pass\n");
        Files.writeString(scripts.resolve("b.py"), "raise SystemExit('is not run')\n");
        Files.writeString(scripts.resolve("c.py"), "x = 'a\0b'\n");
        Files.writeString(scripts.resolve("d.py"), "# coding: nosuch\n");
        assertThat(warnings("[\"broken\"]"))
                .satisfiesExactlyInAnyOrder(
                        line ->
                                assertThat(line)
                                        .startsWith("python.d/broken/a.py:2: warning: input in")
                                        .contains("SyntaxError")
                                        .contains("; it will not load")
                                        .contains("the embedded one"),
                        line ->
                                assertThat(line)
                                        .startsWith("python.d/broken/c.py")
                                        .contains("null"),
                        line ->
                                assertThat(line)
                                        .startsWith("python.d/broken/d.py")
                                        .contains("nosuch"));
        assertThat(scripts.resolve("__pycache__")).doesNotExist();
    }
}
