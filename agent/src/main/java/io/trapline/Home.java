package io.trapline;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The folder that an agent lives in: `conf.d python.d gitrepos logs data`.
public record Home(Path root) {
    public Home {
        root = root.toAbsolutePath().normalize();
    }

    public Path conf() {
        return root.resolve("conf.d");
    }

    public Path python() {
        return root.resolve("python.d");
    }

    public Path gitrepos() {
        return root.resolve("gitrepos");
    }

    public Path logs() {
        return root.resolve("logs");
    }

    public Path data() {
        return root.resolve("data");
    }

    /// Creates what is missing.
    ///
    /// @throws UncheckedIOException naming the folder that could not be made
    public Home create() {
        for (Path folder : new Path[] {root, conf(), python(), gitrepos(), logs(), data()}) {
            try {
                if (!Files.isDirectory(folder)) {
                    Files.createDirectories(folder);
                }
            } catch (IOException e) {
                throw new UncheckedIOException(
                        "cannot create "
                                + folder
                                + " ("
                                + e
                                + "); choose a writable folder with --home",
                        e);
            }
        }
        return this;
    }
}
