package io.trapline.collector;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.bridge.WorkerSpec.Module;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DiscoveryTest {
    @TempDir Path home;
    private Path root;

    @BeforeEach
    void set() throws IOException {
        root = Files.createDirectories(home.resolve("python.d"));
    }

    private Path file(String name) throws IOException {
        Path file = home.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, "pass\n");
    }

    private Discovery.Found find(String... dirs) {
        return new Discovery(List.of(root), false).find(List.of(dirs));
    }

    private static List<String> names(Discovery.Found found) {
        return found.modules().stream().map(Module::name).toList();
    }

    @Test
    void p001_p002_p004_p005_files_of_a_folder_and_of_its_direct_subfolders() throws IOException {
        file("python.d/d/a.py");
        file("python.d/d/__init__.py");
        file("python.d/d/sub/c.py");
        file("python.d/d/sub/deep/e.py");
        file("python.d/d/pkg/__init__.py");
        file("python.d/d/pkg/s.py");
        file("python.d/d/readme.txt");
        file("python.d/d/.git/hook.py");
        Discovery.Found found = find("d");
        assertThat(names(found)).containsExactly("a", "pkg.s", "sub.c");
        assertThat(found.problems()).isEmpty();
        assertThat(found.folders()).containsExactly(root.resolve("d"));
        assertThat(found.modules().get(1).file()).isEqualTo(root.resolve("d/pkg/s.py"));
    }

    @Test
    void p007_names_that_are_no_python_names_are_fine() throws IOException {
        file("python.d/d/b-c.py");
        file("python.d/d/1x.py");
        assertThat(names(find("d"))).containsExactly("1x", "b-c");
    }

    @Test
    void p008_a_file_that_cannot_be_imported_is_named_and_the_others_are_used() throws IOException {
        file("python.d/d/x.y.py");
        file("python.d/d/.hid.py");
        file("python.d/d/X.PY");
        file("python.d/d/v1.2/b.py");
        file("python.d/d/ok.py");
        Discovery.Found found = find("d");
        assertThat(names(found)).containsExactly("ok");
        assertThat(found.problems())
                .hasSize(4)
                .allMatch(p -> p.contains("cannot be imported") && p.contains("rename"));
    }

    @Test
    void a_folder_that_cannot_be_looked_at_is_not_called_missing() throws IOException {
        Files.createSymbolicLink(root.resolve("circle"), root.resolve("circle"));
        assertThat(find("circle/d").problems())
                .singleElement()
                .asString()
                .contains("\"circle/d\" cannot be reached", root + "/circle/d");
    }

    @Test
    void p028_a_missing_folder_is_a_problem_that_names_it_and_the_others_are_used()
            throws IOException {
        file("python.d/d/a.py");
        Discovery.Found found = find("nosuch", "d", "/no/such");
        assertThat(names(found)).containsExactly("a");
        assertThat(found.problems()).hasSize(2);
        assertThat(found.problems().getFirst())
                .contains("\"nosuch\" does not exist", root + "/nosuch");
        assertThat(found.problems().get(1)).contains("/no/such", root + "/no/such");
    }

    @Test
    void p029_an_entry_may_be_a_single_file() throws IOException {
        Path file = file("python.d/d/a.py");
        file("python.d/d/b.py");
        Path elsewhere = file("opt/c.py");
        Discovery.Found found = find("d/a.py", elsewhere.toString());
        assertThat(found.modules())
                .containsExactly(
                        new Module("a", file, root.resolve("d")),
                        new Module("c", elsewhere, home.resolve("opt")));
    }

    @Test
    void an_entry_that_is_no_python_file_is_a_problem() throws IOException {
        file("python.d/d/a.txt");
        assertThat(find("d/a.txt").problems().getFirst()).contains("neither a folder nor a .py");
    }

    @Test
    void p031_an_absolute_folder_is_itself_if_it_exists_and_below_python_d_otherwise()
            throws IOException {
        file("opt/x/a.py");
        Path absolute = home.resolve("opt/x");
        file("python.d/only/here/b.py");
        assertThat(find(absolute.toString()).folders()).containsExactly(absolute);
        assertThat(names(find("/only/here"))).containsExactly("b");
    }

    @Test
    void p032_the_first_root_that_has_the_folder_wins() throws IOException {
        file("gitrepos/r/python.d/d/new.py");
        file("python.d/d/old.py");
        file("python.d/only/x.py");
        Discovery discovery =
                new Discovery(List.of(home.resolve("gitrepos/r/python.d"), root), false);
        assertThat(names(discovery.find(List.of("d", "only")))).containsExactly("new", "x");
    }

    @Test
    void p040_the_same_module_name_in_two_folders_is_taken_twice_in_the_order_written()
            throws IOException {
        file("python.d/one/k.py");
        file("python.d/two/k.py");
        assertThat(find("two", "one").modules())
                .extracting(Module::root)
                .containsExactly(root.resolve("two"), root.resolve("one"));
    }

    @Test
    void a_file_that_two_entries_reach_is_taken_once() throws IOException {
        file("python.d/d/sub/b.py");
        assertThat(names(find("d", "d/sub", "d", "d/sub/b.py"))).containsExactly("sub.b");
    }

    @Test
    void symbolic_links_are_followed_and_broken_ones_are_named() throws IOException {
        file("opt/x/a.py");
        Files.createSymbolicLink(root.resolve("link"), home.resolve("opt/x"));
        Files.createSymbolicLink(home.resolve("opt/x/broken.py"), home.resolve("nowhere.py"));
        Files.createSymbolicLink(home.resolve("opt/x/loop"), home.resolve("opt/x"));
        Discovery.Found found = find("link");
        assertThat(names(found)).containsExactly("a");
        assertThat(found.problems()).isNotEmpty().allMatch(p -> p.contains("broken.py"));
        assertThat(found.problems().getFirst()).contains("a link that leads nowhere?");
    }

    @ParameterizedTest
    @ValueSource(strings = {"..", "../opt", "d/../../opt", "/nosuch/../../opt"})
    void an_entry_that_leads_out_of_python_d_is_refused(String entry) throws IOException {
        file("opt/a.py");
        Discovery.Found found = find(entry);
        assertThat(found.modules()).isEmpty();
        assertThat(found.problems()).hasSize(1);
        assertThat(found.problems().getFirst()).contains("leads out of", "absolute path");
    }

    @Test
    void an_entry_may_go_up_within_python_d_and_the_empty_one_is_python_d_without_the_framework()
            throws IOException {
        file("python.d/d/a.py");
        file("python.d/core/datakit_framework.py");
        file("python.d/top.py");
        assertThat(names(find("x/../d"))).containsExactly("a");
        assertThat(names(find(""))).containsExactly("top", "d.a");
    }

    @Test
    void as_root_a_folder_with_one_file_that_others_can_write_is_refused_as_a_whole()
            throws IOException {
        file("python.d/good/a.py");
        file("python.d/d/a.py");
        Path bad = file("python.d/d/deep/er/helper.py");
        mode(bad, "rw-rw-rw-");

        Discovery.Found found = new Discovery(List.of(root), true).find(List.of("good", "d"));

        // Whoever else builds this owns the files, and a root agent refuses those too.
        assertThat(names(found)).isEqualTo(isRoot() ? List.of("a") : List.of());
        assertThat(found.problems())
                .filteredOn(problem -> problem.startsWith(root.resolve("d") + " is not run"))
                .singleElement()
                .asString()
                .contains(bad + " (owner ", "mode 0666", "chmod go-w", "'" + bad + "'");
        assertThat(names(find("d"))).containsExactly("a");
    }

    private boolean isRoot() throws IOException {
        return (Integer) Files.getAttribute(home, "unix:uid") == 0;
    }

    private static void mode(Path path, String mode) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }

    @Test
    void the_fingerprint_follows_content_and_not_dates() throws IOException {
        file("python.d/d/a.py");
        Path helper = file("python.d/d/deep/er/helper.py");
        String before = Fingerprint.of(find("d"));
        Files.setLastModifiedTime(helper, java.nio.file.attribute.FileTime.fromMillis(5));
        assertThat(Fingerprint.of(find("d"))).isEqualTo(before);
        Files.writeString(helper, "x = 2");
        String changed = Fingerprint.of(find("d"));
        assertThat(changed).isNotEqualTo(before);
        file("python.d/d/b.py");
        assertThat(Fingerprint.of(find("d"))).isNotEqualTo(changed);
    }
}
