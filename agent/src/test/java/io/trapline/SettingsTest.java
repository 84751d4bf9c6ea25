package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import io.trapline.Settings.Loaded;
import io.trapline.collector.InputSettings;
import io.trapline.config.ProblemReport;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SettingsTest {
    @TempDir Path home;

    @Test
    void a_home_without_conf_d_has_the_defaults() {
        Loaded loaded = Settings.load(home, Map.of());
        assertThat(loaded.problems()).isEmpty();
        assertThat(loaded.hasErrors()).isFalse();
        assertThat(usable(loaded).http().port()).isEqualTo(9529);
    }

    @Test
    void this_machine_has_a_name_that_is_the_host_tag() throws IOException {
        write("conf.d/trapline.conf", "[global_tags]\nid = \"$datakit_id\"\n");
        Settings settings = usable(Settings.load(home, Map.of()));
        assertThat(settings.hostName()).isNotBlank();
        assertThat(settings.pipeline().hostTags()).containsEntry("host", settings.hostName());
        assertThat(settings.pipeline().hostTags().get("id"))
                .isEqualTo(HostIdentity.ofThisMachine().id());
    }

    @Test
    void a_placeholder_that_cannot_be_filled_leaves_its_tag_out() throws IOException {
        write("conf.d/datakit.conf", "[global_host_tags]\nip = \"$datakit_ip\"\n");
        var nowhere = new HostIdentity("h1", Optional.empty(), "id");
        Loaded loaded =
                Settings.load(
                        home,
                        new Settings.Surroundings(Map.of(), nowhere, cmd -> Optional.empty()));
        assertThat(usable(loaded).pipeline().hostTags()).isEqualTo(Map.of("host", "h1"));
        assertThat(lines(loaded))
                .containsExactly(
                        "conf.d/datakit.conf:2: warning: [global_host_tags] ip = \"$datakit_ip\":"
                                + " this host has no IPv4 address; the tag is left out");
    }

    @Test
    void a_home_that_is_missing_or_no_directory_is_said_so() throws IOException {
        Path missing = home.resolve("missing");
        assertThat(Settings.load(missing, Map.of())).isInstanceOf(Loaded.Unusable.class);
        assertThat(ProblemReport.lines(missing, Settings.load(missing, Map.of()).problems()))
                .containsExactly(
                        missing
                                + ": does not exist; --home or TRAPLINE_HOME names another directory");
        write("conf.d", "");
        assertThat(lines(Settings.load(home, Map.of())))
                .containsExactly("conf.d: is not a directory; it holds the *.conf files");
    }

    @Test
    void a_main_file_that_cannot_be_read_leaves_nothing_to_start_with() throws IOException {
        Files.createDirectories(home.resolve("conf.d/trapline.conf"));
        Loaded loaded = Settings.load(home, Map.of());
        assertThat(loaded).isInstanceOf(Loaded.Unusable.class);
        assertThat(lines(loaded).getFirst()).startsWith("conf.d/trapline.conf: cannot be read: ");
    }

    @Test
    void an_input_file_that_cannot_be_read_takes_no_other_down() throws IOException {
        write("conf.d/good.conf", "[[inputs.pythond]]\nname = \"good\"\ndirs = [\"a\"]\n");
        Files.createSymbolicLink(home.resolve("conf.d/bad.conf"), home.resolve("nowhere"));
        Loaded loaded = Settings.load(home, Map.of());
        assertThat(loaded.hasErrors()).isTrue();
        assertThat(lines(loaded))
                .hasSize(1)
                .first()
                .asString()
                .startsWith("conf.d/bad.conf: cannot");
        assertThat(usable(loaded).inputs()).extracting("name").containsExactly("good");
    }

    @Test
    void a_linked_conf_d_and_linked_files_are_read() throws IOException {
        write("elsewhere/real.conf", "[[inputs.pythond]]\nname = \"linked\"\ndirs = [\"a\"]\n");
        write("file.txt", "[[inputs.pythond]]\nname = \"second\"\ndirs = [\"a\"]\n");
        Files.createSymbolicLink(home.resolve("elsewhere/x.conf"), home.resolve("file.txt"));
        Files.createSymbolicLink(home.resolve("conf.d"), home.resolve("elsewhere"));
        Settings settings = usable(Settings.load(home, Map.of()));
        assertThat(settings.inputs()).extracting("name").containsExactly("linked", "second");
        assertThat(settings.inputs().getFirst().file()).isEqualTo(home.resolve("conf.d/real.conf"));
    }

    @Test
    void secrets_are_in_no_message_and_no_text_form() throws IOException {
        write("secret.txt", "hunter2\n");
        write(
                "conf.d/trapline.conf",
                """
                [http]
                listen = "ENC[file://secret.txt]"
                [[push]]
                data_id = 1
                access_token = "hunter2"
                type = "hunter3"
                [[push]]
                data_id = 2
                access_token = "hunter2"
                type = "event"
                [[trap]]
                id = "a9856a6a-3b46-e18b-d890-acafaa955348"
                secret = "hunter2"
                [git_repos]
                [[git_repos.repo]]
                enable = true
                url = "ftp://u:hunter2@h/x"
                """);
        Loaded loaded = Settings.load(home, Map.of());
        assertThat(loaded.problems()).hasSize(3);
        assertThat(lines(loaded)).noneMatch(line -> line.contains("hunter2"));

        write(
                "conf.d/trapline.conf",
                """
                [[push]]
                data_id = 2
                access_token = "ENC[file://secret.txt]"
                type = "event"
                [[trap]]
                id = "a9856a6a-3b46-e18b-d890-acafaa955348"
                secret = "hunter2"
                [[git_repos.repo]]
                enable = true
                url = "https://u:hunter2@h/x"
                ssh_private_key_password = "hunter2"
                """);
        write(
                "gitrepos/x/conf.d/pythond.conf",
                """
                [[inputs.pythond]]
                name = "x"
                dirs = ["a"]
                envs = ["PW=hunter2"]
                """);
        Settings settings = usable(Settings.load(home, Map.of()));
        assertThat(settings.pushes().getFirst().accessToken()).isEqualTo("hunter2");
        assertThat(settings.inputs().getFirst().envs()).containsEntry("PW", "hunter2");
        assertThat(settings.toString()).contains("a9856a6a").doesNotContain("hunter2");
    }

    @Test
    void g017_g020_with_git_on_inputs_come_from_the_repositories_in_order() throws IOException {
        write(
                "conf.d/trapline.conf",
                """
                [[git_repos.repo]]
                enable = true
                url = "https://h.example/p/second-in-the-alphabet.git"
                [[git_repos.repo]]
                enable = true
                url = "https://h.example/p/a.git"
                [[git_repos.repo]]
                url = "https://h.example/p/off.git"
                """);
        String block = "[[inputs.pythond]]\nname = \"%s\"\ndirs = [\"a\"]\n";
        write("conf.d/local.conf", block.formatted("local"));
        write("gitrepos/second-in-the-alphabet/conf.d/x.conf", block.formatted("one"));
        write("gitrepos/a/conf.d/deep/y.conf", block.formatted("two"));
        write("gitrepos/off/conf.d/z.conf", block.formatted("off"));

        Loaded loaded = Settings.load(home, Map.of());

        assertThat(usable(loaded).inputs())
                .extracting(InputSettings::name)
                .containsExactly("one", "two");
        assertThat(lines(loaded))
                .singleElement()
                .asString()
                .contains("the input files here are not read");
    }

    @Test
    void config_uses_of_ours_the_files_alone() {
        var ours =
                new ClassFileImporter()
                        .withImportOption(new ImportOption.DoNotIncludeTests())
                        .importPackages("io.trapline");
        ArchRuleDefinition.noClasses()
                .that()
                .resideInAPackage("io.trapline.config")
                .should()
                .dependOnClassesThat(
                        com.tngtech.archunit.base.DescribedPredicate.describe(
                                "are ours and elsewhere",
                                type ->
                                        type.getPackageName().startsWith("io.trapline")
                                                && !type.getPackageName()
                                                        .equals("io.trapline.config")
                                                && !type.getPackageName()
                                                        .equals("io.trapline.files")))
                .check(ours);
    }

    private List<String> lines(Loaded loaded) {
        return ProblemReport.lines(home, loaded.problems());
    }

    private static Settings usable(Loaded loaded) {
        assertThat(loaded).isInstanceOf(Loaded.Usable.class);
        return ((Loaded.Usable) loaded).settings();
    }

    private void write(String name, String text) throws IOException {
        Path file = home.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
