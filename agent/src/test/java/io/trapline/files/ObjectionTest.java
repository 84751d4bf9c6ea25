package io.trapline.files;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.files.Objection.Offence;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Cures for what no test can have on the machine that it runs on.
class ObjectionTest {
    private static Offence foreign(String path, boolean home) {
        return new Offence(
                Path.of(path),
                "owner deploy, mode 0755",
                "deploy",
                false,
                true,
                false,
                false,
                false,
                home,
                "",
                "");
    }

    @Test
    void nothing_is_taken_out_of_a_home_directory() {
        Objection found =
                new Objection(
                        List.of(
                                foreign("/home/deploy", true),
                                foreign("/home/deploy/venv", true),
                                foreign("/home/deploy/venv/bin/python3", true)),
                        List.of(Path.of("/home/deploy/venv")),
                        "the agent is root");
        assertThat(found.because())
                .contains("/home/deploy/venv (owner deploy", "run the agent as deploy")
                .contains("home directory, which stays its user's")
                .doesNotContain("chown", "; run ");
    }

    @Test
    void what_stands_elsewhere_keeps_its_command() {
        Objection found =
                new Objection(
                        List.of(foreign("/home/deploy", true), foreign("/opt/x.py", false)),
                        List.of(),
                        "the agent is root");
        assertThat(found.because())
                .contains("look at what is in it first")
                .endsWith("; run chown root '/opt/x.py'");
    }

    @ParameterizedTest
    @CsvSource({
        "/home/deploy/venv, true",
        "/home/deploy, true",
        "/home, false",
        "/var/lib/app/x, true",
        "/var/lib, false",
        "/opt/home/x, false"
    })
    void a_home_directory_is_known_by_its_place_or_by_the_list_of_users(String path, boolean home) {
        assertThat(SharedFolders.isInHome(Path.of(path), List.of(Path.of("/var/lib/app"))))
                .isEqualTo(home);
    }

    @ParameterizedTest
    @CsvSource({"/", "/usr", "/usr/lib", "/var/log", "/etc", "/home/x", "/opt", "/tmp"})
    void a_folder_of_the_systems_is_not_cured_as_a_whole(String folder) {
        assertThat(SharedFolders.isOfSystem(Path.of(folder))).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"/opt/app", "/srv/venv", "/usr/local/venv", "/tmp/venv"})
    void a_folder_of_somebodys_is(String folder) {
        assertThat(SharedFolders.isOfSystem(Path.of(folder))).isFalse();
    }
}
