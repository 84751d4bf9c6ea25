package io.trapline.collector;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.files.FileTrust;
import io.trapline.files.MadeElf;
import io.trapline.files.MadeElf.Entry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Where interpreters and loaders really look, in folders as they really are. What others can write
/// has mode 0777 here, so that it does not take root to run this.
class InputTrustTest {
    private static final Path PYTHON = Path.of("/usr/bin/python3");

    @TempDir Path made;
    private Path home;

    @BeforeEach
    void follow() throws IOException {
        home = made.toRealPath();
    }

    private Path file(String name) throws IOException {
        Path file = home.resolve(name);
        Files.createDirectories(file.getParent());
        return Files.writeString(file, "#\n");
    }

    private static void open(Path path) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxrwx"));
    }

    private void sticky(String folder) throws Exception {
        Path path = Files.createDirectories(home.resolve(folder));
        assertThat(new ProcessBuilder("chmod", "1777", path.toString()).start().waitFor()).isZero();
    }

    private List<String> objections(String cmd, Map<String, String> envs) {
        return new InputTrust(FileTrust.ofThisUser(), Map.of("PATH", "/usr/bin:/bin"))
                .objections(input(cmd, envs));
    }

    private static InputSettings input(String cmd, Map<String, String> envs) {
        return new InputSettings(
                "in",
                Optional.of(cmd),
                List.of("d"),
                envs,
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                false,
                Path.of("x.conf"),
                1);
    }

    private static Process python(String... arguments) throws IOException {
        String[] command = new String[arguments.length + 1];
        command[0] = PYTHON.toString();
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        return new ProcessBuilder(command).inheritIO().start();
    }

    @Test
    void the_packages_of_a_virtual_environment_are_looked_at() throws Exception {
        Path environment = home.resolve("venv");
        assertThat(python("-m", "venv", "--without-pip", environment.toString()).waitFor())
                .isZero();
        String cmd = environment.resolve("bin/python3").toString();
        assertThat(objections(cmd, Map.of())).isEmpty();
        try (var libraries = Files.newDirectoryStream(environment.resolve("lib"), "python*")) {
            Path packages = libraries.iterator().next().resolve("site-packages");
            open(Files.writeString(packages.resolve("zz.pth"), "import os\n"));
        }
        assertThat(objections(cmd, Map.of())).singleElement().asString().contains("zz.pth");
    }

    @Test
    void one_sentence_names_all_that_is_wrong_with_an_environment_and_one_command_cures_it()
            throws Exception {
        Path environment = home.resolve("venv");
        assertThat(python("-m", "venv", "--without-pip", environment.toString()).waitFor())
                .isZero();
        try (var walk = Files.walk(environment)) {
            for (Path each : walk.filter(file -> !Files.isSymbolicLink(file)).toList()) {
                open(each);
            }
        }
        String cmd = environment.resolve("bin/python3").toString();
        Path other = file("more/helper.py");
        open(other);
        Map<String, String> envs = Map.of("PYTHONPATH", home.resolve("more").toString());
        List<String> all = objections(cmd, envs);
        assertThat(all)
                .singleElement()
                .asString()
                .contains("(cmd runs \"" + cmd + "\")", "(PYTHONPATH names ")
                .endsWith(
                        "; run chmod -R go-w '" + environment + "' && chmod go-w '" + other + "'");
        String cure = all.getFirst().substring(all.getFirst().indexOf("; run ") + 6);
        assertThat(new ProcessBuilder("sh", "-c", cure).start().waitFor()).isZero();
        assertThat(objections(cmd, envs)).isEmpty();
    }

    @Test
    void a_copied_interpreter_says_which_library_others_could_put_above_it() throws Exception {
        sticky("sticky");
        Files.createDirectories(home.resolve("sticky/a/b"));
        Path copy = Files.copy(PYTHON.toRealPath(), home.resolve("sticky/a/b/py"));
        assertThat(objections(copy.toString(), Map.of()))
                .singleElement()
                .asString()
                .contains("they could make " + home.resolve("sticky/lib"))
                .contains("others need '" + home.resolve("sticky") + "'")
                .doesNotContain("chmod");
    }

    @Test
    void the_python_that_a_virtual_environment_was_made_of_is_looked_at() throws Exception {
        Path base = Files.createDirectories(home.resolve("base/bin"));
        Files.copy(PYTHON.toRealPath(), base.resolve("python3"));
        Path module = file("base/lib/python3.11/json/__init__.py");
        Path cmd = Files.createDirectories(home.resolve("venv/bin")).resolve("python3");
        Files.createSymbolicLink(cmd, base.resolve("python3"));
        Files.writeString(home.resolve("venv/pyvenv.cfg"), "home = " + base + "\n");
        Files.createDirectories(home.resolve("venv/lib"));
        assertThat(objections(cmd.toString(), Map.of()))
                .noneMatch(why -> why.contains(module.toString()));
        open(module);
        assertThat(objections(cmd.toString(), Map.of()))
                .anySatisfy(why -> assertThat(why).contains(module.toString()));
    }

    @Test
    void settings_of_an_environment_that_name_themselves_are_read_once_and_again_no_more()
            throws Exception {
        Path cmd = Files.createDirectories(home.resolve("venv/bin")).resolve("python3");
        Files.copy(PYTHON.toRealPath(), cmd);
        Files.writeString(home.resolve("venv/pyvenv.cfg"), "home = " + cmd.getParent() + "\n");
        Files.createDirectories(home.resolve("venv/lib"));
        assertThat(objections(cmd.toString(), Map.of())).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "PYTHONUSERBASE, base, base/lib/python3.11/site-packages/usercustomize.py",
        "PYTHONPLATLIBDIR, base, base/python3.11/json/__init__.py",
        "PYTHONHOME,     base, base/lib/python3.11/json/__init__.py",
        "PYTHONPATH,     base, base/pkg.libs/libe.so.1",
        "PYTHONPATH,     base, base/pkg/_x.so",
        "LD_LIBRARY_PATH, base, base/libz.so.1",
        "LD_LIBRARY_PATH, base, base/glibc-hwcaps/x86-64-v3/libz.so.1",
        "LD_LIBRARY_PATH, /usr/lib/nosuch;base, base/libz.so.1",
        "PYTHONPYCACHEPREFIX, base, base/usr/lib/x.cpython-311.pyc",
        "OPENSSL_CONF,   base/openssl.cnf, base/openssl.cnf",
        "BASH_ENV,       base/env, base/env"
    })
    void what_the_environment_has_loaded_is_looked_at(String name, String value, String culprit)
            throws IOException {
        Path file = file(culprit);
        String absolute = value.replace("base", home.resolve("base").toString());
        assertThat(objections(PYTHON.toString(), Map.of(name, absolute))).isEmpty();
        open(file);
        assertThat(objections(PYTHON.toString(), Map.of(name, absolute)))
                .singleElement()
                .asString()
                .contains(file.toString())
                .contains(name);
    }

    @Test
    void a_loaders_list_that_the_loader_expands_is_refused() {
        assertThat(objections(PYTHON.toString(), Map.of("LD_LIBRARY_PATH", "$ORIGIN/../lib")))
                .singleElement()
                .asString()
                .contains("has a $");
    }

    @Test
    void the_home_directorys_packages_are_looked_at() throws IOException {
        Path file = file("h/.local/lib/python3.11/site-packages/usercustomize.py");
        InputSettings input =
                input(PYTHON.toString(), Map.of("HOME", home.resolve("h").toString()));
        InputTrust before = new InputTrust(FileTrust.ofThisUser(), Map.of());
        assertThat(before.isUserSiteTrusted(input)).isTrue();
        open(file);
        InputTrust after = new InputTrust(FileTrust.ofThisUser(), Map.of());
        assertThat(after.isUserSiteTrusted(input)).isFalse();
    }

    @Test
    void settings_that_others_could_put_beside_an_interpreter_are_an_objection() throws Exception {
        sticky("sticky");
        Files.createSymbolicLink(home.resolve("sticky/py"), PYTHON);
        assertThat(objections(home.resolve("sticky/py").toString(), Map.of()))
                .anySatisfy(why -> assertThat(why).contains("sticky"));
    }

    @Test
    void a_library_that_others_could_put_above_a_copied_interpreter_is_an_objection()
            throws Exception {
        sticky("sticky");
        Files.createDirectories(home.resolve("sticky/tools"));
        Path copy = Files.copy(PYTHON.toRealPath(), home.resolve("sticky/tools/py"));
        assertThat(objections(copy.toString(), Map.of()))
                .anySatisfy(why -> assertThat(why).contains("sticky"));
    }

    @ParameterizedTest
    @CsvSource({
        "'#!/usr/bin/env -S -u FOO BASE/evil', true",
        "'#!BASE/env python3', true",
        "'#!BASE/evil -u', true",
        "'#!/usr/bin/env -S PYTHONPATH=BASE/evil /usr/bin/python3', true",
        "'#!/usr/bin/env -S PYTHONPATH=BASE/none /usr/bin/python3', false",
        "'#!/usr/bin/env python3', false",
        "'#!/bin/sh', false"
    })
    void the_first_line_of_a_script_is_read_as_the_kernel_and_env_read_it(
            String line, boolean refused) throws IOException {
        Path base = Files.createDirectories(home.resolve("base"));
        for (String name : List.of("evil", "env")) {
            open(Files.writeString(base.resolve(name), "x"));
        }
        Path script = home.resolve("script");
        Files.writeString(script, line.replace("BASE", base.toString()) + "\n");
        script.toFile().setExecutable(true);
        assertThat(objections(script.toString(), Map.of())).hasSize(refused ? 1 : 0);
    }

    @Test
    void a_program_that_env_finds_on_the_inputs_path_is_looked_at() throws IOException {
        Path bin = Files.createDirectories(home.resolve("bin"));
        Path script = Files.writeString(home.resolve("script"), "#!/usr/bin/env python3\n");
        Map<String, String> path = Map.of("PATH", bin + ":/usr/bin:/bin");
        assertThat(objections(script.toString(), path)).isEmpty();
        open(bin);
        assertThat(objections(script.toString(), path))
                .singleElement()
                .asString()
                .contains(bin.toString());
    }

    /// A virtual environment of a Python that is a copy, so that nothing is the system's.
    private Path packages() throws IOException {
        Path bin = Files.createDirectories(home.resolve("venv/bin"));
        Files.copy(PYTHON.toRealPath(), bin.resolve("python3"));
        Files.writeString(home.resolve("venv/pyvenv.cfg"), "home = " + bin + "\n");
        return Files.createDirectories(home.resolve("venv/lib/python3.11/site-packages"));
    }

    /// What is above is not searched for a library: it is `/tmp`.
    private void settings() throws IOException {
        Files.createDirectories(home.resolve("py/lib"));
        Files.writeString(home.resolve("py/pyvenv.cfg"), "home = /usr/bin\n");
    }

    /// `SRC` is a folder that others can write, `OWN` one that they cannot.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "__editable__.x-1.pth           | SRC",
                "x.pth                          | ../../../../src",
                "x.pth                          | # nothing@OWN@SRC",
                "x.pth                          | SRC/x.egg",
                "x.pth                          | SRC/not/there",
                "x.pth                          | import sys; sys.path.insert(0, 'SRC')",
                "x.pth                          | import site; site.addsitedir('OWN')",
                "x.egg-link                     | SRC@.",
                "__editable___x_1_finder.py     | MAPPING: dict[str, str] = {'x': 'SRC/x'}",
                "__editable___x_1_finder.py     | MAPPING = {'y': 'OWN/y', 'x': 'SRC/mod'}",
                "__editable___x_1_finder.py     | NAMESPACES = {'n': ['SRC/n']}",
                "__editable___x_1_finder.py     | MAPPING = {'x': '\\x2f' 'cut",
                "_editable_impl_x.py            | F.map_module('x', 'SRC/x/__init__.py')",
                "_x_editable_loader.py          | install('x', {'x'}, \"SRC/build\", [])",
            })
    void what_files_in_site_packages_add_to_the_path_is_looked_at(String name, String text)
            throws IOException {
        Path site = packages();
        Path src = Files.createDirectories(home.resolve("src"));
        Path own = Files.createDirectories(home.resolve("own"));
        file("src/mod.py");
        Files.writeString(own.resolve("more.pth"), src + "\n");
        Path file =
                Files.writeString(
                        site.resolve(name),
                        text.replace("SRC", src.toString())
                                .replace("OWN", own.toString())
                                .replace('@', '\n'));
        String cmd = home.resolve("venv/bin/python3").toString();
        if (!text.contains("cut")) {
            assertThat(objections(cmd, Map.of())).isEmpty();
        }
        open(src);
        assertThat(objections(cmd, Map.of()))
                .anySatisfy(why ->
                        assertThat(why)
                                .contains(
                                        text.contains("addsitedir")
                                                ? "more.pth"
                                                : file.toString()));
    }

    @Test
    void what_a_path_files_folder_has_for_site_packages_is_not_added() throws IOException {
        Path site = packages();
        Path src = Files.createDirectories(home.resolve("src"));
        open(src);
        Path own = Files.createDirectories(home.resolve("own"));
        Files.writeString(own.resolve("more.pth"), src + "\n");
        Files.writeString(site.resolve("x.pth"), own + "\n# " + src + "\n\n");
        // As setuptools and virtualenv write them.
        Files.writeString(
                site.resolve("distutils-precedence.pth"),
                "import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var,"
                        + " 'local') == 'local'; enabled and"
                        + " __import__('_distutils_hack').add_shim(); ");
        Files.writeString(site.resolve("_virtualenv.pth"), "import _virtualenv");
        assertThat(objections(home.resolve("venv/bin/python3").toString(), Map.of())).isEmpty();
    }

    @Test
    void what_a_finder_names_but_cannot_be_read_is_refused_with_a_sentence() throws IOException {
        Path site = packages();
        Path finder = Files.writeString(site.resolve("__editable___x_finder.py"), "M = {'x': '/a");
        assertThat(objections(home.resolve("venv/bin/python3").toString(), Map.of()))
                .singleElement()
                .asString()
                .contains(finder + " can have Python import from anywhere, and its code cannot be");
    }

    @Test
    void packages_that_people_add_to_the_systems_python_count_unless_the_environment_is_apart()
            throws IOException {
        Path src = Files.createDirectories(home.resolve("src"));
        open(src);
        Files.createDirectories(home.resolve("local/python3.11/dist-packages"));
        Path file = home.resolve("local/python3.11/dist-packages/__editable__.x.pth");
        Files.writeString(file, src + "\n");
        InputTrust trust =
                new InputTrust(FileTrust.ofThisUser(), Map.of(), List.of(home.resolve("local")));
        assertThat(trust.objections(input(PYTHON.toString(), Map.of())))
                .singleElement()
                .asString()
                .contains(file + "\" names \"" + src);

        Path cmd = Files.createDirectories(home.resolve("venv/bin")).resolve("python3");
        Files.createSymbolicLink(cmd, PYTHON);
        Files.createDirectories(home.resolve("venv/lib"));
        Path settings = home.resolve("venv/pyvenv.cfg");
        String text = "home = /usr/bin\ninclude-system-site-packages = ";
        Files.writeString(settings, text + "true\n");
        assertThat(trust.objections(input(cmd.toString(), Map.of()))).hasSize(1);
        Files.writeString(settings, text + "false\n");
        assertThat(trust.objections(input(cmd.toString(), Map.of()))).isEmpty();
    }

    @Test
    void a_file_beside_an_interpreter_that_replaces_its_path_is_looked_at() throws IOException {
        Path bin = Files.createDirectories(home.resolve("py/bin"));
        Path cmd = Files.copy(PYTHON.toRealPath(), bin.resolve("python3.11"));
        settings();
        Path src = Files.createDirectories(home.resolve("src"));
        Path file = Files.writeString(bin.resolve("python3.11._pth"), "../../src\nimport site\n");
        assertThat(objections(cmd.toString(), Map.of())).isEmpty();
        open(src);
        assertThat(objections(cmd.toString(), Map.of()))
                .singleElement()
                .asString()
                .contains(file.toString());
    }

    @ParameterizedTest
    @CsvSource({
        "29, $ORIGIN/../lib, py/lib/libpython3.11.so.1.0, py/lib/libpython3.11.so.1.0",
        "15, ${ORIGIN}/../lib, py/lib/libpython3.11.so.1.0, py/lib",
        "29, HOME/none:HOME/far, far/libpython3.11.so.1.0, far/libpython3.11.so.1.0",
        "29, HOME/none:HOME/far, far/libpython3.11.so.1.0, none",
        "29, HOME/far, far/glibc-hwcaps/x86-64-v3/libpython3.11.so.1.0,"
                + " far/glibc-hwcaps/x86-64-v3/libpython3.11.so.1.0",
        "1, HOME/far/libq.so, far/libq.so, far/libq.so"
    })
    void libraries_that_the_loader_takes_for_an_interpreter_are_looked_at(
            int tag, String value, String library, String culprit) throws IOException {
        Path cmd =
                MadeElf.write(
                        home.resolve("py/bin/python3"),
                        new Entry(tag, value.replace("HOME", home.toString())),
                        new Entry(MadeElf.NEEDED, "libpython3.11.so.1.0"));
        settings();
        Files.createDirectories(home.resolve("none"));
        MadeElf.write(home.resolve(library));
        assertThat(objections(cmd.toString(), Map.of())).isEmpty();
        open(home.resolve(culprit));
        assertThat(objections(cmd.toString(), Map.of()))
                .isNotEmpty()
                .allSatisfy(why -> assertThat(why).contains(home.resolve(culprit).toString()));
    }

    @Test
    void what_a_librarys_own_libraries_are_is_looked_at_too() throws IOException {
        Path cmd =
                MadeElf.write(
                        home.resolve("py/bin/python3"),
                        new Entry(MadeElf.RPATH, "$ORIGIN/../own"),
                        new Entry(MadeElf.NEEDED, "liba.so"));
        settings();
        MadeElf.write(home.resolve("py/own/liba.so"), new Entry(MadeElf.NEEDED, "libb.so"));
        Path last = MadeElf.write(home.resolve("py/own/libb.so"));
        assertThat(objections(cmd.toString(), Map.of())).isEmpty();
        open(last);
        assertThat(objections(cmd.toString(), Map.of()))
                .singleElement()
                .asString()
                .contains(last.toString());
    }

    @Test
    void libraries_beside_those_of_an_interpreter_are_looked_at() throws IOException {
        Path bin = Files.createDirectories(home.resolve("py/bin"));
        Path cmd = Files.copy(PYTHON.toRealPath(), bin.resolve("python3"));
        settings();
        Path library = file("py/lib/libssl.so.3");
        assertThat(objections(cmd.toString(), Map.of())).isEmpty();
        open(library);
        assertThat(objections(cmd.toString(), Map.of()))
                .singleElement()
                .asString()
                .contains(library.toString());
    }

    @Test
    void what_a_native_module_has_loaded_is_looked_at() throws IOException {
        Path site = packages();
        MadeElf.write(
                site.resolve("pack/_native.cpython-311-x86_64-linux-gnu.so"),
                new Entry(MadeElf.RUNPATH, home.resolve("built").toString()),
                new Entry(MadeElf.NEEDED, "libown.so.1"));
        Path library = MadeElf.write(home.resolve("built/libown.so.1"));
        String cmd = home.resolve("venv/bin/python3").toString();
        assertThat(objections(cmd, Map.of())).isEmpty();
        open(library);
        assertThat(objections(cmd, Map.of()))
                .singleElement()
                .asString()
                .contains(library.toString());
    }
}
