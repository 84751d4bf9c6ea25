package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.trapline.RunningAgent.Ended;
import io.trapline.files.MadeElf;
import io.trapline.files.MadeElf.Entry;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What a local user can do to the agent of root through files, with the packaged program: the
/// files are given to `nobody`. Those tests need to run as root, as the build's own runs do.
class TrustIT {
    private static final int NOBODY = 65534;
    private static final boolean ROOT = io.trapline.files.Stat.isRoot();

    private Path home;

    @BeforeEach
    void make() throws Exception {
        // Not a @TempDir of JUnit's: nobody but its owner gets into that.
        home = Files.createTempDirectory("trapline-trust");
        mode(home, "rwxr-xr-x");
        RunningAgent.home(home);
        for (String folder : List.of("", "conf.d", "python.d")) {
            mode(home.resolve(folder), "rwxr-xr-x");
        }
    }

    @AfterEach
    void remove() throws Exception {
        try (Stream<Path> all = Files.walk(home)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    private Path file(String name, String text) throws IOException {
        Path file = home.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        mode(file, "rw-r--r--");
        return file;
    }

    private static void mode(Path path, String mode) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }

    private static String mode(Path path) {
        try {
            return PosixFilePermissions.toString(Files.getPosixFilePermissions(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void giveToNobody(Path path) throws IOException {
        Files.setAttribute(path, "unix:uid", NOBODY, LinkOption.NOFOLLOW_LINKS);
    }

    /// A collector that leaves a file behind when it is imported, or its import is.
    private String collector(String mark, String imports) {
        return """
        %s
        open(%s, "w").close()
        from datakit_framework import DataKitFramework
        class C(DataKitFramework):
            name = "c"
            interval = 1
            def run(self):
                self.feed_metric(measurement="up", fields={"v": 1})
        """
                .formatted(imports, "'" + home.resolve(mark) + "'");
    }

    private static String input(String name, String cmd, String more) {
        return "[[inputs.pythond]]\nname = \"%s\"\ncmd = \"%s\"\n%s\n".formatted(name, cmd, more);
    }

    private static void awaitRun(RunningAgent agent, String input) {
        await().atMost(Duration.ofMinutes(2))
                .until(() ->
                        agent.count(
                                        "select count(*) from runs where input = '"
                                                + input
                                                + "' and outcome = 'ok'")
                                > 0);
    }

    @Test
    void root_reads_no_configuration_that_others_can_write() throws Exception {
        assumeTrue(ROOT, "only root can give files away");
        file("python.d/good/good.py", collector("ran-good", ""));
        file("python.d/evil/evil.py", collector("ran-evil", ""));
        file("conf.d/good.conf", input("good", "python3", "dirs = [\"good\"]"));
        Path evil = file("conf.d/sub/in.conf", input("evil", "python3", "dirs = [\"evil\"]"));
        giveToNobody(evil);
        mode(evil, "rw-rw-rw-");

        Ended checked = RunningAgent.run(home, "check-config");
        assertThat(checked.exitCode()).isEqualTo(2);
        assertThat(checked.out())
                .contains("conf.d/sub/in.conf: is not read: the agent is root and others can write")
                .contains("owner nobody, mode 0666")
                .contains("chown root '" + evil + "' && chmod go-w '" + evil + "'");

        try (RunningAgent agent = RunningAgent.start(home)) {
            awaitRun(agent, "good");
            assertThat(home.resolve("ran-evil")).doesNotExist();
            assertThat(agent.status().toString()).contains("chmod go-w '" + evil + "'");

            // As an attacker who got at the file while the agent runs.
            Path good = home.resolve("conf.d/good.conf");
            Files.writeString(good, input("good", "python3", "dirs = [\"good\", \"evil\"]"));
            mode(good, "rw-rw-rw-");
            assertThat(agent.reload().statusCode()).isEqualTo(422);
            assertThat(home.resolve("ran-evil")).doesNotExist();
        }

        Path main = home.resolve("conf.d/trapline.conf");
        mode(main, "rw-rw-rw-");
        Ended refused = RunningAgent.run(home, "run");
        assertThat(refused.exitCode()).isEqualTo(2);
        assertThat(refused.err()).contains("chmod go-w '" + main + "'");
        mode(main, "rw-r--r--");
        mode(home.resolve("conf.d"), "rwxrwxrwx");
        assertThat(RunningAgent.run(home, "run").err())
                .contains("chmod go-w '" + home.resolve("conf.d") + "'");
    }

    @Test
    void root_runs_no_program_and_imports_nothing_that_others_can_write() throws Exception {
        assumeTrue(ROOT, "only root can give files away");
        Path theirs = Files.createDirectories(home.resolve("theirs"));
        Path evil = file("theirs/python", "#!/bin/sh\ntouch " + home + "/ran-cmd\n");
        mode(evil, "rwxr-xr-x");
        Path link = Files.createSymbolicLink(home.resolve("python"), evil);
        Path library = file("theirs/lib/nothing.py", "");
        giveToNobody(theirs);
        mode(home.resolve("theirs/lib"), "rwxrwxrwx");
        Path script = file("wrapper", "#!" + evil + "\n");
        mode(script, "rwxr-xr-x");

        file("python.d/good/good.py", collector("ran-good", ""));
        file("python.d/helped/a.py", collector("ran-helped", "import helper"));
        Path helper =
                file(
                        "python.d/helped/helper.py",
                        "open('%s', 'w').close()\n".formatted(home.resolve("ran-helper")));
        giveToNobody(helper);
        file("python.d/compiled/a.py", collector("ran-compiled", ""));
        Path cache = Files.createDirectories(home.resolve("python.d/compiled/pack/__pycache__"));
        mode(cache, "rwxrwxrwx");
        Path open = home.resolve("python.d/open");
        file("python.d/open/a.py", collector("ran-open", ""));
        mode(open, "rwxrwxrwx");
        file(
                "conf.d/in.conf",
                input("good", "python3", "dirs = [\"good\"]")
                        + input("cmd", evil.toString(), "dirs = [\"good\"]")
                        + input("link", link.toString(), "dirs = [\"good\"]")
                        + input("script", script.toString(), "dirs = [\"good\"]")
                        + input(
                                "path",
                                "python3",
                                "dirs = [\"good\"]\nenvs = [\"PYTHONPATH="
                                        + home.resolve("python.d/good")
                                        + ":"
                                        + library.getParent()
                                        + "\"]")
                        + input("helped", "graalpy", "dirs = [\"helped\"]")
                        + input("compiled", "python3", "dirs = [\"compiled\"]")
                        + input("open", "python3", "dirs = [\"open\"]"));

        Ended tried = RunningAgent.run(home, "try", "helped");
        assertThat(tried.exitCode()).isNotZero();
        assertThat(tried.out() + tried.err()).contains("chown root '" + helper + "'");
        Ended checked = RunningAgent.run(home, "check-config");
        assertThat(checked.exitCode()).isEqualTo(1);
        assertThat(checked.out())
                .contains(
                        "8 input(s), 7 cannot run (cmd, link, script, path, helped, compiled, open)")
                .doesNotContain("ok: ")
                .contains("chown root '" + helper + "'")
                .contains("chmod go-w '" + open + "'")
                .contains("chmod go-w '" + cache + "'")
                .contains("(cmd runs \"" + evil + "\")")
                .contains("(cmd runs \"" + link + "\")")
                .contains("PYTHONPATH names");

        try (RunningAgent agent = RunningAgent.start(home)) {
            awaitRun(agent, "good");
            for (String name :
                    List.of("cmd", "link", "script", "path", "helped", "compiled", "open")) {
                await(name)
                        .atMost(Duration.ofMinutes(1))
                        .until(() -> problems(agent, name).contains("the agent is root"));
            }
            assertThat(marks()).containsExactly("ran-good");
            assertThat(problems(agent, "cmd")).contains("\"state\":\"refused\"");
            // Now and then one looks again whether it may run.
            await("each is one thing")
                    .atMost(Duration.ofMinutes(1))
                    .untilAsserted(() ->
                            assertThat(RunningAgent.run(home, "status", "--check").out().lines())
                                    .hasSize(7)
                                    .allMatch(line -> line.contains(" is refused: ")));
            assertThat(occurrences(logged(), "the input cmd is not run"))
                    .as("one line for the refusal")
                    .isEqualTo(1);

            // By itself, when it looks again or when the watcher sees the change: both are told.
            mode(open, "rwxr-xr-x");
            awaitRun(agent, "open");
            assertThat(logged())
                    .containsPattern("input open: (it runs again|changed, starts anew)");
        }
    }

    private String logged() throws IOException {
        return Files.readString(home.resolve("logs/trapline.log"));
    }

    private static long occurrences(String text, String what) {
        return text.lines().filter(line -> line.contains(what)).count();
    }

    private static String problems(RunningAgent agent, String input) throws Exception {
        for (JsonNode each : agent.status().get("inputs")) {
            if (each.get("name").asText().equals(input)) {
                return each.toString();
            }
        }
        return "";
    }

    private Set<String> marks() throws IOException {
        try (Stream<Path> all = Files.list(home)) {
            return all.map(path -> path.getFileName().toString())
                    .filter(name -> name.startsWith("ran-"))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }

    @Test
    void the_agent_s_files_are_its_user_s_alone_and_scripts_files_are_as_they_were()
            throws Exception {
        for (String cmd : List.of("python3", "graalpy")) {
            file(
                    "python.d/" + cmd + "/a.py",
                    """
                    import os
                    from datakit_framework import DataKitFramework
                    class C(DataKitFramework):
                        name = "c"
                        interval = 1
                        def run(self):
                            open("%1$s/made-by-%2$s", "w").close()
                            os.makedirs("%1$s/folder-by-%2$s", exist_ok=True)
                            os.system("touch %1$s/child-of-%2$s")
                    """
                            .formatted(home, cmd));
            file("conf.d/" + cmd + ".conf", input(cmd, cmd, "dirs = [\"" + cmd + "\"]"));
        }
        // As a version before left them.
        for (String folder : List.of("data", "logs", "gitrepos/.store")) {
            mode(Files.createDirectories(home.resolve(folder)), "rwxr-xr-x");
        }
        file("data/registry.db.bak", "x");
        file("logs/old.log", "x");

        try (RunningAgent agent = RunningAgent.start(home)) {
            awaitRun(agent, "python3");
            awaitRun(agent, "graalpy");
            assertThat(Files.readString(Path.of("/proc/" + agent.pid() + "/status")))
                    .contains("Umask:\t0077");
            for (String folder : List.of("data", "logs", "gitrepos/.store", "data/native")) {
                assertThat(mode(home.resolve(folder))).as(folder).isEqualTo("rwx------");
            }
            for (String folder : List.of("data", "logs")) {
                try (Stream<Path> all = Files.list(home.resolve(folder))) {
                    assertThat(all.filter(Files::isRegularFile))
                            .isNotEmpty()
                            .allSatisfy(each ->
                                    assertThat(mode(each)).as("%s", each).isEqualTo("rw-------"));
                }
            }
            String umask = umask();
            assertThat(umask).as("of whoever runs the tests").isIn("0022", "0002");
            String file = umask.equals("0022") ? "rw-r--r--" : "rw-rw-r--";
            String folder = umask.equals("0022") ? "rwxr-xr-x" : "rwxrwxr-x";
            for (String cmd : List.of("python3", "graalpy")) {
                assertThat(mode(home.resolve("made-by-" + cmd))).as(cmd).isEqualTo(file);
                assertThat(mode(home.resolve("child-of-" + cmd))).as(cmd).isEqualTo(file);
                assertThat(mode(home.resolve("folder-by-" + cmd))).as(cmd).isEqualTo(folder);
            }
        }
    }

    private static String umask() throws Exception {
        Process shell = new ProcessBuilder("sh", "-c", "umask").start();
        return new String(
                        shell.getInputStream().readAllBytes(),
                        java.nio.charset.StandardCharsets.UTF_8)
                .strip();
    }

    @Test
    void native_libraries_are_in_the_home_and_a_kill_leaves_nothing_in_the_temporary_folder()
            throws Exception {
        file("python.d/graalpy/a.py", collector("ran-graalpy", ""));
        file("conf.d/in.conf", input("graalpy", "graalpy", "dirs = [\"graalpy\"]"));
        Path temporary = Files.createDirectories(home.resolve("tmp"));
        String option = "-Djava.io.tmpdir=" + temporary;
        RunningAgent agent =
                RunningAgent.start(
                        home, Map.of("TRAPLINE_JAVA_OPTS", option, "JDK_JAVA_OPTIONS", option));
        List<Long> processes;
        try {
            awaitRun(agent, "graalpy");
            processes =
                    Stream.concat(
                                    Stream.of(agent.pid()),
                                    ProcessHandle.of(agent.pid())
                                            .orElseThrow()
                                            .descendants()
                                            .map(ProcessHandle::pid))
                            .toList();
            assertThat(processes).as("with the hosts of store and inputs").hasSizeGreaterThan(2);
            // The Python's own lie beside the program where its start caches were made, else here.
            String own = " " + home.resolve("data/native") + "/";
            String python = " " + home.resolve("data/python/graalpy") + "/";
            for (long pid : processes) {
                assertThat(Files.readAllLines(Path.of("/proc/" + pid + "/maps")))
                        .filteredOn(line -> line.contains(" /tmp/") && line.contains(".so"))
                        .filteredOn(line -> !line.contains("/agent/target/"))
                        .allMatch(line -> line.contains(own) || line.contains(python));
            }
        } finally {
            agent.kill();
        }
        for (long pid : processes) {
            await().until(() -> ProcessHandle.of(pid).isEmpty());
        }
        assertThat(temporary).isEmptyDirectory();
        try (Stream<Path> all = Files.list(home.resolve("data/native/store-host"))) {
            assertThat(all).isEmpty();
        }

        // What another version left, or was damaged: replaced before it is loaded.
        Path unpacked;
        try (Stream<Path> all = Files.list(home.resolve("data/native"))) {
            unpacked = all.filter(Files::isRegularFile).findFirst().orElseThrow();
        }
        byte[] library = Files.readAllBytes(unpacked);
        Files.writeString(unpacked, "no library");
        Files.writeString(unpacked.resolveSibling("libold.so"), "x");
        Ended asked = RunningAgent.run(home, "query", "select count(*) from runs");
        assertThat(asked.exitCode()).as(asked.err()).isZero();
        assertThat(unpacked).hasBinaryContent(library);
        assertThat(unpacked.resolveSibling("libold.so")).doesNotExist();
    }

    @Test
    void what_others_may_have_written_is_refused_at_the_start_and_never_taken() throws Exception {
        RunningAgent.start(home).close();
        Path token = home.resolve("data/admin.token");
        Path logs = home.resolve("logs");
        mode(token, "rw-rw-rw-");
        mode(logs, "rwxrwxrwx");

        Ended refused = RunningAgent.run(home, "run");
        assertThat(refused.exitCode()).isEqualTo(1);
        assertThat(refused.err())
                .contains(token + " can be written by others (owner ")
                .contains("chmod go-w '" + token + "'")
                .contains("chmod go-w '" + logs + "'")
                .doesNotContain("Exception");
        mode(token, "rw-------");
        mode(logs, "rwx------");
        if (ROOT) {
            giveToNobody(token);
            assertThat(RunningAgent.run(home, "run").err())
                    .contains(token + " belongs to another user (owner nobody")
                    .contains("chown root '" + token + "'");
            Files.delete(token);
            giveToNobody(home.resolve("data"));
            for (String command : List.of("run", "query select", "push list")) {
                Ended ended = RunningAgent.run(home, command.split(" "));
                assertThat(ended.exitCode()).as(command).isEqualTo(1);
                assertThat(ended.err())
                        .contains("chown -hR root '" + home.resolve("data") + "'")
                        .doesNotContain("defect");
            }
            Files.setAttribute(home.resolve("data"), "unix:uid", 0);
        }
        RunningAgent.start(home).close();
    }

    @Test
    void secrets_that_others_can_read_are_warned_of_until_they_cannot() throws Exception {
        Path secret = file("the.secret", "s3cr3t");
        Path conf = home.resolve("conf.d/trapline.conf");
        Files.writeString(
                conf,
                Files.readString(conf)
                        + """
                        [[push]]
                        data_id = 1
                        access_token = "tok-visible"
                        type = "event"
                        [[push]]
                        data_id = 2
                        access_token = "ENC[file://the.secret]"
                        type = "event"
                        """);
        mode(conf, "rw-r--r--");

        String warned = RunningAgent.run(home, "check-config").out();
        assertThat(warned)
                .contains("warning: others can read this file (owner ", "mode 0644")
                .contains("access_token (line 8); run chmod go-rw '" + conf + "'")
                .contains("run chmod go-rw '" + secret + "'")
                .doesNotContain("tok-visible");
        try (RunningAgent agent = RunningAgent.start(home)) {
            assertThat(agent.status().toString()).contains("others can read this file");
            assertThat(Files.readString(home.resolve("logs/trapline.log")))
                    .contains("others can read this file");
        }
        mode(conf, "rw-------");
        mode(secret, "rw-------");
        assertThat(RunningAgent.run(home, "check-config").out()).doesNotContain("others can read");
    }

    @Test
    void root_imports_nothing_and_loads_nothing_that_files_name_elsewhere() throws Exception {
        assumeTrue(ROOT, "only root can give files away");
        Path venv = home.resolve("venv");
        assertThat(
                        new ProcessBuilder(
                                        "/usr/bin/python3",
                                        "-m",
                                        "venv",
                                        "--without-pip",
                                        venv.toString())
                                .inheritIO()
                                .start()
                                .waitFor())
                .isZero();
        Path site;
        try (Stream<Path> versions = Files.list(venv.resolve("lib"))) {
            site = versions.findFirst().orElseThrow().resolve("site-packages");
        }
        Path theirs =
                file("theirs/evil.py", "open('%s/ran-evil', 'w').close()\n".formatted(home))
                        .getParent();
        Path editable = Files.writeString(site.resolve("__editable__.evil-1.pth"), theirs + "\n");
        file("python.d/c/c.py", collector("ran-c", "import evil"));

        Path python = home.resolve("python/bin/python3");
        MadeElf.write(
                python,
                new Entry(MadeElf.RUNPATH, "$ORIGIN/../lib"),
                new Entry(MadeElf.NEEDED, "libpython3.11.so.1.0"));
        Path library = MadeElf.write(home.resolve("python/lib/libpython3.11.so.1.0"));
        file("python/pyvenv.cfg", "home = /usr/bin\n");
        file(
                "conf.d/in.conf",
                input("editable", venv.resolve("bin/python3").toString(), "dirs = [\"c\"]")
                        + input("library", python.toString(), "dirs = [\"c\"]"));
        assertThat(RunningAgent.run(home, "check-config").out()).contains("ok: 2 input");

        giveToNobody(Objects.requireNonNull(theirs));
        giveToNobody(library);
        assertThat(RunningAgent.run(home, "check-config").out())
                .contains("the input editable is not run (cmd runs ")
                .contains(": the agent is root and others can write " + theirs)
                .contains(theirs + " (owner nobody")
                .contains("\"" + editable + "\" names \"" + theirs + "\"")
                .contains("the input library is not run (cmd runs ")
                .contains(library + " (owner nobody");
        Ended tried = RunningAgent.run(home, "try", "editable");
        assertThat(tried.exitCode()).isNotZero();
        assertThat(marks()).isEmpty();
    }

    @Test
    void the_log_of_root_follows_no_link_that_another_user_planted() throws Exception {
        assumeTrue(ROOT, "only root can give files away");
        Path target = file("roots", "as it was");
        Path theirs = Files.createDirectories(home.resolve("theirs"));
        Path link = Files.createSymbolicLink(theirs.resolve("t.log"), target);
        giveToNobody(link);
        giveToNobody(theirs);
        Path conf = home.resolve("conf.d/trapline.conf");
        String before = Files.readString(conf);
        String logging = "[logging]\nfile = \"" + link + "\"\n";

        try (RunningAgent agent = RunningAgent.start(home)) {
            Files.writeString(conf, before + logging);
            assertThat(agent.reload().body()).contains(link + " is not written");
            assertThat(agent.reload().statusCode()).isEqualTo(422);
        }
        for (String command : List.of("run", "check-config")) {
            Ended ended = RunningAgent.run(home, command);
            assertThat(ended.exitCode()).as(command).isEqualTo(2);
            assertThat(ended.out() + ended.err())
                    .contains(link + " is not written: the agent is root and others can write ")
                    .contains("chown root '" + theirs + "'")
                    .contains("none for logs/trapline.log");
        }
        // DataKit's file names DataKit's log.
        Files.writeString(conf, before);
        file("conf.d/datakit.conf", "[logging]\nlog = \"" + link + "\"\n");
        RunningAgent.start(home).close();
        assertThat(Files.readString(home.resolve("logs/trapline.log")))
                .contains(link + " is not written");
        assertThat(target).hasContent("as it was");

        Files.delete(home.resolve("conf.d/datakit.conf"));
        Files.writeString(
                conf,
                before.replace(
                        "[http]\n", "[http]\nlisten_socket = \"" + theirs.resolve("s") + "\"\n"));
        assertThat(RunningAgent.run(home, "check-config").out())
                .contains(theirs.resolve("s") + " is not made: the agent is root");
    }
}
