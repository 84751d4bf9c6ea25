package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;

/// `--help` and what is said of a command line that is wrong, of all commands there are.
class HelpTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int run(String... arguments) {
        return Cli.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
    }

    static Stream<String> commands() {
        List<String> all = new ArrayList<>();
        collect(Cli.commandLine(), all);
        return all.stream();
    }

    private static void collect(CommandLine command, List<String> names) {
        names.add(command.getCommandSpec().qualifiedName());
        command.getSubcommands().values().forEach(each -> collect(each, names));
    }

    private static String[] arguments(String command, String... more) {
        List<String> all = new ArrayList<>(List.of(command.split(" ")));
        all.removeFirst();
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    @Test
    void there_are_the_commands_that_people_know() {
        assertThat(commands())
                .contains(
                        "trapline",
                        "trapline run",
                        "trapline query",
                        "trapline status",
                        "trapline try",
                        "trapline check-config",
                        "trapline version",
                        "trapline git status",
                        "trapline git sync",
                        "trapline git log",
                        "trapline collectors run",
                        "trapline collectors pause",
                        "trapline collectors resume",
                        "trapline outputs list",
                        "trapline outputs aside",
                        "trapline push metrics",
                        "trapline push rotate-token",
                        "trapline trap enable",
                        "trapline trap disable",
                        "trapline trap rotate-secret",
                        "trapline trap send");
    }

    @ParameterizedTest(name = "{0} --help")
    @MethodSource("commands")
    void every_command_has_help_with_exit_code_0(String command) {
        assertThat(run(arguments(command, "--help"))).as(err.toString()).isZero();
        assertThat(out.toString()).contains("Usage: " + command);
        assertThat(err.toString()).isEmpty();
    }

    @ParameterizedTest(name = "{0} -h")
    @MethodSource("commands")
    void the_short_form_is_the_same(String command) {
        assertThat(run(arguments(command, "-h"))).isZero();
        assertThat(out.toString()).contains("Usage: " + command);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("commands")
    void every_command_option_and_parameter_is_described(String command) {
        CommandLine found = Cli.commandLine();
        for (String word : arguments(command)) {
            found = Objects.requireNonNull(found.getSubcommands().get(word), word);
        }
        assertThat(String.join(" ", found.getCommandSpec().usageMessage().description()))
                .as(command)
                .isNotBlank();
        for (ArgSpec each : found.getCommandSpec().args()) {
            assertThat(String.join(" ", each.description()))
                    .as("%s: %s", command, each)
                    .hasSizeGreaterThan(10)
                    .doesNotMatch("(?s)(Of|Over|Its|Default:|Holds) .*");
        }
    }

    @ParameterizedTest(name = "trapline {0}: {1}")
    @CsvSource({
        "trap lst,                 Did you mean: trapline trap list?",
        "pus list,                 Did you mean: trapline push?",
        "query --formt csv x,      Did you mean: --format?",
        "collectors puase mine,    Did you mean: trapline collectors pause?",
    })
    void a_slip_is_put_right(String line, String suggestion) {
        assertThat(run(line.split(" "))).isEqualTo(Cli.USAGE);
        assertThat(err.toString()).contains(suggestion).contains("Usage: trapline");
        assertThat(out.toString()).isEmpty();
    }

    @ParameterizedTest(name = "trapline {0}")
    @CsvSource({"generate-completion", "frobnicate", "push everything", "query --everything x"})
    void what_is_like_nothing_is_not_guessed_at(String line) {
        assertThat(run(line.split(" "))).isEqualTo(Cli.USAGE);
        assertThat(err.toString()).doesNotContain("Did you mean").contains("--help");
    }

    @Test
    void the_home_may_stand_before_between_and_after_the_commands(@TempDir Path folder) {
        String home = folder.toString();
        for (String line :
                List.of(
                        "--home H git status",
                        "git --home H status",
                        "git status --home H",
                        "--home /nowhere git status --home H")) {
            assertThat(run(line.replace("H", home).split(" "))).as(line + err).isZero();
            assertThat(out.toString()).contains("this home has no repositories");
            out.getBuffer().setLength(0);
        }
    }

    @Test
    void the_version_is_told_to_programs_too() throws Exception {
        assertThat(run("version", "--json")).isZero();
        JsonNode json = new ObjectMapper().readTree(out.toString());
        assertThat(json.path("version").asText()).isNotEmpty();
        assertThat(json.path("java").asText()).startsWith("2");
        assertThat(out.toString().strip()).doesNotContain("\n");
    }
}
