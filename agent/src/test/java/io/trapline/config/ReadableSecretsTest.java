package io.trapline.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ReadableSecretsTest {
    private Path home;
    private Path file;

    @BeforeEach
    void make() throws IOException {
        // Not a @TempDir of JUnit's: nobody but its owner gets into that.
        home = Files.createTempDirectory("trapline-secrets");
        mode(home, "rwxr-xr-x");
        file = home.resolve("a.conf");
    }

    @AfterEach
    void remove() throws IOException {
        try (var all = Files.walk(home)) {
            for (Path each : all.sorted(java.util.Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    private static void mode(Path path, String mode) throws IOException {
        Files.setPosixFilePermissions(path, PosixFilePermissions.fromString(mode));
    }

    private List<String> warnings(String text, String mode) throws IOException {
        Files.writeString(file, text);
        mode(file, mode);
        Problems problems = new Problems();
        var _ =
                new ConfReader(problems, home, Problem.Severity.WARNING, Map.of(), Optional.empty())
                        .read(file);
        return problems.sorted().stream().map(Problem::message).toList();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[[push]]\naccess_token = \"S3CR3T\"",
                "[[trap]]\nsecret = \"S3CR3T\"",
                "[core]\ntoken = \"S3CR3T\"",
                "[[git_repos.repo]]\nurl = \"https://me:S3CR3T@host/x.git\"",
                "[dataway]\nurls = [\"https://gateway/?token=S3CR3T\"]",
                "[git_repos]\nssh_private_key_password = \"S3CR3T\"",
                "[crypto]\naes_key = \"S3CR3T\"",
                "[[inputs.pythond]]\nenvs = [\"A=b\", \"DB_PASSWORD=S3CR3T\"]",
                "[[outputs.push]]\nheaders = { Authorization = \"Bearer S3CR3T\" }",
            })
    void a_secret_in_a_file_that_others_can_read_is_warned_of_without_its_value(String text)
            throws IOException {
        assertThat(warnings(text, "rw-r--r--"))
                .singleElement()
                .asString()
                .contains("others can read this file", "mode 0644", "(line 2)")
                .contains("run chmod go-rw '" + file.toRealPath() + "'")
                .doesNotContain("S3CR3T");
        assertThat(warnings(text, "rw-------")).isEmpty();
        mode(home, "rwx------");
        assertThat(warnings(text, "rw-r--r--")).as("nobody gets to it").isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "role = \"all\"",
                "[[trap]]\nsecret = \"\"",
                "[[push]]\naccess_token = \"ENC[aes://abcdef]\"",
                "[[git_repos.repo]]\nurl = \"ssh://git@host:22/x.git\"",
                "[[inputs.pythond]]\nenvs = [\"PATH=/bin:/usr/bin\"]",
            })
    void a_file_without_secrets_is_not(String text) throws IOException {
        assertThat(warnings(text, "rw-r--r--")).isEmpty();
    }

    @Test
    void a_file_that_holds_the_secret_is_looked_at_instead() throws IOException {
        Path secret = Files.writeString(home.resolve("s"), "S3CR3T");
        mode(secret, "rw-r--r--");
        String text = "[[push]]\naccess_token = \"ENC[file://s]\"";
        assertThat(warnings(text, "rw-r--r--"))
                .singleElement()
                .asString()
                .contains("others can read " + secret, "chmod go-rw '" + secret.toRealPath() + "'");
        mode(secret, "rw-------");
        assertThat(warnings(text, "rw-r--r--")).isEmpty();
    }
}
