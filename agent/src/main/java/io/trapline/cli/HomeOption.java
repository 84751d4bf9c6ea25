package io.trapline.cli;

import io.trapline.Home;
import io.trapline.Program;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// `--home DIR`, for every command.
final class HomeOption {
    /// The launcher's folder, which it passes on.
    private static final String PROGRAM_PROPERTY = "trapline.program";

    /// `--home` before the command's name, as [Cli] keeps it.
    static final String BEFORE_COMMAND = "trapline.home";

    @Option(
            names = "--home",
            paramLabel = "DIR",
            description =
                    "Folder with conf.d, python.d, logs, data (default: $TRAPLINE_HOME, else the"
                            + " launcher's folder).")
    private @Nullable Path home;

    Home home() {
        String before = System.getProperty(BEFORE_COMMAND, "");
        String environment = System.getenv().getOrDefault("TRAPLINE_HOME", "");
        if (home != null) {
            return new Home(home);
        }
        if (!before.isEmpty()) {
            return new Home(Path.of(before));
        }
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
