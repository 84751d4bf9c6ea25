package io.trapline.collector;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/// Finds the program that `cmd` names.
@FunctionalInterface
public interface ExecutableLookup {

    /// The program's absolute path, or empty when there is none that may be executed.
    Optional<Path> find(String cmd);

    /// As a shell does: a name without `/` is looked up in the directories of `path` (the agent's
    /// `PATH`), anything else is a path, a relative one starting at `home`.
    static ExecutableLookup on(String path, Path home) {
        return cmd -> {
            try {
                if (cmd.contains("/")) {
                    return executable(home.resolve(cmd));
                }
                for (String directory : path.split(File.pathSeparator)) {
                    Optional<Path> found =
                            directory.isEmpty()
                                    ? Optional.empty()
                                    : executable(Path.of(directory).resolve(cmd));
                    if (found.isPresent()) {
                        return found;
                    }
                }
                return Optional.empty();
            } catch (InvalidPathException _) {
                return Optional.empty();
            }
        };
    }

    private static Optional<Path> executable(Path file) {
        return Files.isRegularFile(file) && Files.isExecutable(file)
                ? Optional.of(file.toAbsolutePath().normalize())
                : Optional.empty();
    }
}
