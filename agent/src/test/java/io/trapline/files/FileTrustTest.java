package io.trapline.files;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// With files that really belong to somebody else: as root, which the build's own runs are.
class FileTrustTest {
    private static final int NOBODY = 65534;

    @TempDir Path folder;

    @BeforeEach
    void asRoot() {
        assumeTrue(Stat.isRoot(), "only root can give files away");
    }

    /// `home/python.d/in` with a collector, a package, a compiled file and a library in it.
    private Map<String, Path> home() throws IOException {
        Map<String, Path> all = new TreeMap<>();
        for (String name :
                new String[] {
                    "in.py",
                    "helper.py",
                    "data.csv",
                    "x.pth",
                    "native.so",
                    "pack/__init__.py",
                    "pack/deep/er/m.py",
                    "pack/deep/code.zip",
                    "__pycache__/in.cpython-311.pyc",
                    ".git/hooks/x.py",
                    "v1.2/y.py"
                }) {
            Path file = folder.resolve("python.d/in").resolve(name);
            Files.createDirectories(file.getParent());
            Files.writeString(file, "");
            all.put(name, file);
        }
        try (var walk = Files.walk(folder.resolve("python.d"))) {
            for (Path each : walk.toList()) {
                mode(each, Files.isDirectory(each) ? "rwxr-xr-x" : "rw-r--r--");
            }
        }
        return all;
    }

    private static void mode(Path path, String mode) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }

    private static void give(Path path, int uid) throws IOException {
        Files.setAttribute(path, "unix:uid", uid, LinkOption.NOFOLLOW_LINKS);
    }

    private static void change(Path path, String change) throws IOException {
        for (String one : change.split(" ")) {
            switch (one) {
                case "nobody" -> give(path, NOBODY);
                case "nogroup" -> Files.setAttribute(path, "unix:gid", NOBODY);
                default -> mode(path, one);
            }
        }
    }

    private static String message(Optional<Objection> objection) {
        return objection.map(why -> why.message("in", "run")).orElse("");
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({
        // what                          | how                     | cure
        "., rwxrwxrwx, chmod go-w",
        "., nobody, chown root",
        "., rwxrwxr-x nogroup, chmod go-w",
        ".., rwxrwxrwx, chmod go-w",
        "../.., rwxrwxrwx, chmod go-w",
        "../.., nobody, chown root",
        "in.py, rw-rw-rw-, chmod go-w",
        "in.py, nobody, chown root",
        "helper.py, rw-r--rw-, chmod go-w",
        "helper.py, rw-rw-r-- nogroup, chmod go-w",
        "x.pth, nobody, chown root",
        "native.so, rw-rw-rw-, chmod go-w",
        "pack, rwxrwxrwx, chmod go-w",
        "pack/__init__.py, nobody, chown root",
        "pack/deep, nobody, chown root",
        "pack/deep/er/m.py, rw-rw-rw-, chmod go-w",
        "pack/deep/code.zip, nobody, chown root",
        "__pycache__, rwxrwxrwx, chmod go-w",
        "__pycache__/in.cpython-311.pyc, nobody, chown root",
    })
    void a_folder_is_refused_for(String what, String how, String cure) throws IOException {
        home();
        Path in = folder.resolve("python.d/in");
        assertThat(message(FileTrust.ofRoot().objectionToTree(in))).isEmpty();
        Path changed = in.resolve(what).normalize();
        change(changed, how);

        assertThat(message(FileTrust.ofRoot().objectionToTree(in)))
                .startsWith("in is not run: the agent is root and others can write ")
                .contains(changed + " (owner ", how.contains("nobody") ? "owner nobody" : "mode 0")
                .contains(cure + " '" + changed + "'");
        assertThat(FileTrust.everyone().objectionToTree(in)).isEmpty();
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({
        "data.csv, rw-rw-rw-",
        "data.csv, nobody",
        "in.py, rw-rw-r--",
        ".git, rwxrwxrwx",
        ".git/hooks/x.py, nobody",
        "v1.2, nobody",
    })
    void a_folder_is_not_refused_for(String what, String how) throws IOException {
        home();
        Path in = folder.resolve("python.d/in");
        change(in.resolve(what), how);
        assertThat(message(FileTrust.ofRoot().objectionToTree(in))).isEmpty();
    }

    @Test
    void a_link_is_judged_at_both_ends_and_on_the_way() throws IOException {
        home();
        Path theirs = Files.createDirectories(folder.resolve("theirs"));
        Path target = Files.writeString(theirs.resolve("a.py"), "");
        Path link = folder.resolve("python.d/in/linked.py");
        Files.createSymbolicLink(link, target);
        Path in = folder.resolve("python.d/in");
        assertThat(FileTrust.ofRoot().objectionToTree(in)).isEmpty();

        mode(target, "rw-rw-rw-");
        assertThat(message(FileTrust.ofRoot().objectionToTree(in))).contains("'" + target + "'");
        mode(target, "rw-r--r--");
        mode(theirs, "rwxrwxrwx");
        assertThat(message(FileTrust.ofRoot().objectionToTree(in))).contains("'" + theirs + "'");
        mode(theirs, "rwxr-xr-x");
        give(link, NOBODY);
        assertThat(message(FileTrust.ofRoot().objectionToTree(in)))
                .contains("chown -h root '" + link + "'");
    }

    @Test
    void a_chain_of_links_is_followed_to_its_end_and_a_circle_is_refused() throws IOException {
        Path middle = Files.createDirectories(folder.resolve("middle"));
        Path program = Files.writeString(folder.resolve("python3.11"), "");
        Files.createSymbolicLink(middle.resolve("python3"), Path.of("../python3.11"));
        Path cmd = Files.createSymbolicLink(folder.resolve("python"), Path.of("middle/python3"));
        assertThat(FileTrust.ofRoot().objection(cmd)).isEmpty();
        mode(middle, "rwxrwxrwx");
        assertThat(message(FileTrust.ofRoot().objection(cmd))).contains("'" + middle + "'");
        mode(middle, "rwxr-xr-x");
        give(program, NOBODY);
        assertThat(message(FileTrust.ofRoot().objection(cmd))).contains("'" + program + "'");

        Path circle = folder.resolve("circle");
        Files.createSymbolicLink(circle, circle);
        assertThat(message(FileTrust.ofRoot().objection(circle))).contains("circle");
    }

    @Test
    void a_linked_folder_s_own_files_count_and_folders_may_link_to_each_other() throws IOException {
        home();
        Path other = Files.createDirectories(folder.resolve("other"));
        Path helper = Files.writeString(other.resolve("lib.py"), "");
        Path in = folder.resolve("python.d/in");
        Files.createSymbolicLink(in.resolve("lib"), other);
        Files.createSymbolicLink(other.resolve("back"), in);
        assertThat(FileTrust.ofRoot().objectionToTree(in)).isEmpty();
        mode(helper, "rw-rw-rw-");
        assertThat(message(FileTrust.ofRoot().objectionToTree(in))).contains("'" + helper + "'");
    }

    @Test
    void a_sticky_folder_is_safe_for_what_root_made_in_it_and_for_nothing_else()
            throws IOException {
        Path sticky = Files.createDirectories(folder.resolve("tmp"));
        Files.setAttribute(sticky, "unix:mode", 01777);
        Path ours = Files.createDirectories(sticky.resolve("ours"));
        Path theirs = Files.createDirectories(sticky.resolve("theirs"));
        give(theirs, NOBODY);
        assertThat(FileTrust.ofRoot().objection(ours)).isEmpty();
        assertThat(message(FileTrust.ofRoot().objection(theirs)))
                .contains("chown root '" + theirs + "'");
        assertThat(message(FileTrust.ofRoot().objection(sticky)))
                .as("others can add to it, and need it so")
                .contains("others need '" + sticky + "' as it is: move what is named here")
                .doesNotContain("chmod", "; run ");
        give(sticky, NOBODY);
        assertThat(message(FileTrust.ofRoot().objection(ours)))
                .as("its owner can move what is in it")
                .contains("chown root '" + sticky + "'");
    }

    @Test
    void what_is_missing_is_refused_where_others_could_make_it() throws IOException {
        Path open = Files.createDirectories(folder.resolve("open"));
        assertThat(FileTrust.ofRoot().objection(open.resolve("lib"))).isEmpty();
        Files.setAttribute(open, "unix:mode", 01777);
        assertThat(message(FileTrust.ofRoot().objection(open.resolve("lib/a"))))
                .contains(open + " (owner root, mode 01777; they could make " + open.resolve("lib"))
                .contains("others need '" + open + "' as it is")
                .doesNotContain("chmod", "; run ");
        Files.setAttribute(open, "unix:mode", 0777);
        assertThat(message(FileTrust.ofRoot().objection(open.resolve("lib/a"))))
                .contains("they could make " + open.resolve("lib"))
                .endsWith("; run chmod go-w '" + open + "'");
    }

    @Test
    void of_a_folder_that_is_everybodys_nothing_is_listed_that_others_have_in_it()
            throws IOException {
        Path sticky = Files.createDirectories(folder.resolve("tmp"));
        Files.setAttribute(sticky, "unix:mode", 01777);
        Path theirs = Files.createDirectories(sticky.resolve("hsperfdata_nobody"));
        give(theirs, NOBODY);
        for (Optional<Objection> each :
                List.of(
                        FileTrust.ofRoot().objectionToTree(sticky),
                        FileTrust.ofRoot().objectionToAll(sticky),
                        FileTrust.ofRoot().objectionToLibraries(sticky))) {
            assertThat(message(each))
                    .contains("'" + sticky + "'")
                    .doesNotContain("hsperfdata", "chown", "; run ");
        }
    }

    @Test
    void where_much_is_wrong_below_one_folder_it_is_cured_as_a_whole() throws Exception {
        home();
        Path in = folder.resolve("python.d/in");
        Path outside = Files.writeString(folder.resolve("passwd"), "");
        give(outside, NOBODY);
        try (var walk = Files.walk(in)) {
            for (Path each : walk.toList()) {
                change(each, "nobody");
            }
        }
        Files.createSymbolicLink(in.resolve("lib"), in.resolve("pack"));
        give(in.resolve("lib"), NOBODY);
        String message = message(FileTrust.ofRoot().objectionToTree(in));
        assertThat(message)
                .contains("make it anew as root", "or run the agent as nobody")
                .containsSubsequence("look at what is in it first", "; run ")
                .endsWith("; run chown -hR root '" + in + "'");
        cure(message);
        assertThat(FileTrust.ofRoot().objectionToTree(in)).isEmpty();
        assertThat(Stat.of(outside).uid()).isEqualTo(NOBODY);

        try (var walk = Files.walk(in)) {
            for (Path each : walk.filter(file -> !Files.isSymbolicLink(file)).toList()) {
                mode(each, "rwxrwxrwx");
            }
        }
        message = message(FileTrust.ofRoot().objectionToTree(in));
        assertThat(message).endsWith("; run chmod -R go-w '" + in + "'");
        cure(message);
        assertThat(FileTrust.ofRoot().objectionToTree(in)).isEmpty();
    }

    @Test
    void a_folder_that_is_everybodys_keeps_the_one_around_it_from_being_cured_as_a_whole()
            throws Exception {
        home();
        Path in = folder.resolve("python.d/in");
        try (var walk = Files.walk(in)) {
            for (Path each : walk.toList()) {
                mode(each, "rwxrwxrwx");
            }
        }
        Path sticky = in.resolve("pack/deep");
        Files.setAttribute(sticky, "unix:mode", 01777);
        String message = message(FileTrust.ofRoot().objectionToTree(in));
        assertThat(message).contains("others need '" + sticky + "'").doesNotContain(" -R ");
        cure(message);
        assertThat(Stat.of(sticky).mode() & 07777).isEqualTo(01777);
    }

    private static void cure(String message) throws Exception {
        String cure = message.substring(message.indexOf("; run ") + "; run ".length());
        assertThat(new ProcessBuilder("sh", "-c", cure).start().waitFor()).isZero();
    }

    @Test
    void what_only_data_is_in_says_why_it_counts() throws IOException {
        home();
        Path data = Files.createDirectories(folder.resolve("python.d/in/data"));
        mode(data, "rwxrwxrwx");
        assertThat(message(FileTrust.ofRoot().objectionToTree(folder.resolve("python.d/in"))))
                .contains("data (owner root, mode 0777; a folder of such a name can be imported")
                .contains("belongs elsewhere");
    }

    @Test
    void a_name_with_a_line_break_stays_on_its_line() throws Exception {
        Path evil = Files.writeString(folder.resolve("a\n; touch pwned; '.py"), "");
        mode(evil, "rw-rw-rw-");
        String message = message(FileTrust.ofRoot().objection(evil));
        assertThat(message.lines()).hasSize(1);
        String cure = message.substring(message.indexOf("; run ") + "; run ".length());
        Process shell = new ProcessBuilder("bash", "-c", cure).directory(folder.toFile()).start();
        assertThat(shell.waitFor()).isZero();
        assertThat(folder.resolve("pwned")).doesNotExist();
        assertThat(FileTrust.ofRoot().objection(evil)).isEmpty();
    }

    @Test
    void all_that_is_wrong_is_told_at_once_with_one_line_that_cures_it() throws Exception {
        home();
        Path in = folder.resolve("python.d/in");
        change(in.resolve("in.py"), "nobody rw-rw-rw-");
        change(in.resolve("pack"), "rwxrwxrwx");
        change(in.resolve("helper.py"), "nobody");
        String message = message(FileTrust.ofRoot().objectionToTree(in));
        assertThat(message).contains("(owner nobody, mode 0666)");

        String cure = message.substring(message.indexOf("; run ") + "; run ".length());
        assertThat(new ProcessBuilder("sh", "-c", cure).start().waitFor()).isZero();
        assertThat(FileTrust.ofRoot().objectionToTree(in)).isEmpty();
    }

    @Test
    void a_file_s_name_cannot_add_to_the_command_that_cures_it() throws Exception {
        Path evil = folder.resolve("a'; touch pwned; '.py");
        Files.writeString(evil, "");
        mode(evil, "rw-rw-rw-");
        String message = message(FileTrust.ofRoot().objection(evil));
        String cure = message.substring(message.indexOf("; run ") + "; run ".length());
        Process shell = new ProcessBuilder("sh", "-c", cure).directory(folder.toFile()).start();
        assertThat(shell.waitFor()).isZero();
        assertThat(folder.resolve("pwned")).doesNotExist();
        assertThat(FileTrust.ofRoot().objection(evil)).isEmpty();
    }

    @ParameterizedTest(name = "{0} {1}")
    @CsvSource({
        // what   | how                  | written | made
        "'',        rwxr-xr-x,             true,     true",
        "logs,      nobody,                false,    false",
        "logs,      rwxrwxrwx,             false,    false",
        "logs,      rwxrwxr-x nogroup,     false,    false",
        "logs/t.log, nobody,               false,    true",
        "logs/t.log, rw-rw-rw-,            false,    true",
        "link,      nobody,                false,    false",
    })
    void a_file_is_written_where_nobody_else_can_put_a_link(
            String what, String how, boolean written, boolean made) throws IOException {
        Path home = folder.toRealPath();
        Files.createDirectories(home.resolve("logs"));
        Path file = Files.writeString(home.resolve("logs/t.log"), "");
        Files.createSymbolicLink(home.resolve("link"), home.resolve("logs"));
        change(home.resolve(what), what.isEmpty() ? "rwx------" : how);
        for (Path each :
                what.equals("link")
                        ? new Path[] {home.resolve("link/t.log")}
                        : new Path[] {file, home.resolve("link/t.log")}) {
            assertThat(FileTrust.ofWriter().objectionToWriting(each).isEmpty()).isEqualTo(written);
            assertThat(FileTrust.ofWriter().objectionToPlace(each).isEmpty()).isEqualTo(made);
        }
    }

    @Test
    void a_sticky_folder_is_a_place_for_a_socket_and_none_for_a_log() {
        Path file = Path.of("/tmp/trapline-nothing-of-this-name");
        assertThat(FileTrust.ofWriter().objectionToPlace(file)).isEmpty();
        assertThat(message(FileTrust.ofWriter().objectionToWriting(file))).contains("/tmp (owner");
    }

    @Test
    void a_link_of_somebody_else_in_the_place_of_a_log_is_refused() throws IOException {
        Path home = folder.toRealPath();
        Path target = Files.writeString(home.resolve("passwd"), "");
        Path link = Files.createSymbolicLink(home.resolve("t.log"), target);
        assertThat(FileTrust.ofWriter().objectionToWriting(link)).isEmpty();
        give(link, NOBODY);
        assertThat(message(FileTrust.ofWriter().objectionToWriting(link)))
                .contains("chown -h root '" + link + "'");
    }
}
