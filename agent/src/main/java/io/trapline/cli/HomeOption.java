package io.trapline.cli;

import io.trapline.Home;
import io.trapline.Program;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `--home DIR`, which every command takes, and every command above it: `trapline --home DIR
/// status` is `trapline status --home DIR`. The one that stands last counts.
final class HomeOption {
    /// The launcher's folder, which it passes on.
    private static final String PROGRAM_PROPERTY = "trapline.program";

    private static final String NAME = "--home";

    @Spec(Spec.Target.MIXEE)
    private CommandSpec command;

    @Option(
            names = NAME,
            paramLabel = "DIR",
            description =
                    "Folder with conf.d, python.d, logs, data (default: $TRAPLINE_HOME, else the"
                            + " launcher's folder).")
    @SuppressWarnings("UnusedVariable") // read by its name, here and in the commands above
    private @Nullable Path home;

    Home home() {
        for (@Nullable CommandSpec each = command; each != null; each = each.parent()) {
            @Nullable OptionSpec option = each.optionsMap().get(NAME);
            if (option != null && option.getValue() instanceof Path folder) {
                return new Home(folder);
            }
        }
        String environment = System.getenv().getOrDefault("TRAPLINE_HOME", "");
        return new Home(environment.isEmpty() ? programRoot() : Path.of(environment));
    }

    /// The program's own files, as the launcher names them.
    static Program program() {
        return new Program(
                programRoot().resolve("framework-py"),
                Path.of(System.getProperty("trapline.lib", "lib")));
    }

    private static Path programRoot() {
        return Path.of(System.getProperty(PROGRAM_PROPERTY, "."));
    }
}
