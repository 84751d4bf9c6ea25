package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CommandsWithoutAnAgentTest {
    @TempDir Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return Cli.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
    }

    @Test
    void a_home_that_cannot_be_made_is_a_usage_error() throws Exception {
        Path file = Files.createFile(folder.resolve("file"));

        assertThat(run("run", "--home", file.toString())).isEqualTo(Cli.USAGE);
        assertThat(err.toString())
                .contains("cannot create " + file)
                .contains("choose a writable folder with --home");
    }

    /// After a power cut the lock file may name a number that another process has now.
    @Test
    void a_lock_file_whose_process_is_another_one_now_means_that_no_agent_runs() throws Exception {
        int port;
        try (ServerSocket closed = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = closed.getLocalPort();
        }
        Files.createDirectory(folder.resolve("data"));
        Files.writeString(
                folder.resolve("data/agent.lock"),
                "%d\nhttp://127.0.0.1:%d\n".formatted(ProcessHandle.current().pid(), port));

        assertThat(run("status", "--home", folder.toString())).isEqualTo(Cli.FAILED);
        assertThat(err.toString()).contains("no agent runs on " + folder);
    }

    @Test
    void check_config_says_that_inputs_come_from_repositories() throws Exception {
        Path conf = Files.createDirectories(folder.resolve("conf.d"));
        Files.writeString(
                conf.resolve("trapline.conf"),
                """
                [[git_repos.repo]]
                enable = true
                url = "https://ann:s3cret@git.example/team/collectors.git"
                """);

        assertThat(run("check-config", "--home", folder.toString())).isZero();
        assertThat(out.toString())
                .contains("ok: 0 input(s)")
                .contains("inputs come from git repositories alone")
                .contains("collectors (nothing fetched yet")
                .doesNotContain("s3cret");
        assertThat(run("git", "log", "--home", folder.toString())).isZero();
        assertThat(out.toString()).contains("nothing has become of a commit yet");
    }

    @Test
    void a_file_that_is_not_there_or_a_folder_is_told_in_words() throws Exception {
        Files.createDirectories(folder.resolve("conf.d/trapline.conf"));
        String home = folder.toString();
        String nowhere = folder.resolve("nowhere").toString();
        for (String line :
                List.of(
                        "check-config",
                        "push add --access-token-file " + nowhere,
                        "trap add --filters " + nowhere,
                        "push send --data-id 7 --file " + nowhere,
                        "trap send --file " + folder)) {
            err.getBuffer().setLength(0);
            out.getBuffer().setLength(0);
            assertThat(run((line + (line.contains("send") ? "" : " --home " + home)).split(" ")))
                    .as(line)
                    .isEqualTo(Cli.USAGE);
            assertThat(err.toString() + out)
                    .as(line)
                    .doesNotContain("Exception")
                    .containsPattern("cannot (be )?read");
        }
    }

    @Test
    void check_config_names_what_was_meant_and_what_is_accepted() throws Exception {
        Path conf = Files.createDirectories(folder.resolve("conf.d"));
        Files.writeString(
                conf.resolve("pythond.conf"),
                "[[inputs.pythond]]\nname = \"a\"\ndirs = [\"a\"]\nintervall = 3\n");
        run("check-config", "--home", folder.toString());
        assertThat(out.toString())
                .contains("intervall")
                .contains("the interval is an attribute of the collector's class")
                .doesNotContain("overlap");

        Files.writeString(
                conf.resolve("trapline.conf"),
                "[[git_repos.repo]]\nenable = true\nurl = \"no address\"\n");
        run("check-config", "--home", folder.toString());
        assertThat(out.toString()).contains("\"file:///path/of/repository\"");
    }

    @Test
    void without_an_agent_no_repository_is_said_to_be_starting() throws Exception {
        Path conf = Files.createDirectories(folder.resolve("conf.d"));
        Files.writeString(
                conf.resolve("trapline.conf"),
                "[[git_repos.repo]]\nenable = true\nurl = \"https://git.example/a/b.git\"\n");

        assertThat(run("git", "status", "--home", folder.toString())).isZero();
        assertThat(out.toString()).contains("no agent runs").doesNotContain("starting");
    }

    @Test
    void the_help_of_a_verb_that_there_is_not_is_a_usage_error() {
        assertThat(run("outputs", "retry", "--help")).isEqualTo(Cli.USAGE);
        assertThat(err.toString()).contains("there is no command \"retry\" in trapline outputs");
        assertThat(run("outputs", "resend", "--help")).isEqualTo(Cli.OK);
    }

    @Test
    void every_command_takes_a_home() {
        assertThat(run("version", "--home", folder.toString())).isEqualTo(Cli.OK);
    }

    @Test
    void a_query_in_two_formats_is_a_usage_error() {
        assertThat(run("query", "--json", "--format", "csv", "--home", "x", "select 1"))
                .isEqualTo(Cli.USAGE);
        assertThat(err.toString()).contains("--json and --format csv do not go together");
    }
}
