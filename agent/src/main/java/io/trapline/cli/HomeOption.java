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

    @Option(
            names = "--home",
            paramLabel = "DIR",
            defaultValue = "${env:TRAPLINE_HOME}",
            description =
                    "Folder with conf.d, python.d, logs, data (default: $TRAPLINE_HOME, else the"
                            + " launcher's folder).")
    private @Nullable Path home;

    Home home() {
        if (home != null && !home.toString().isEmpty()) {
            return new Home(home);
        }
        return new Home(programRoot());
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
