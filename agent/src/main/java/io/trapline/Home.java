package io.trapline;

import io.trapline.config.FileFailure;
import io.trapline.files.Stat;
import io.trapline.gitsync.GitSettings;
import io.trapline.gitsync.GitSync;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

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

    /// Where collectors are looked for: those of the repositories before the local ones.
    List<Path> pythonRoots(GitSettings git) {
        List<Path> roots = new ArrayList<>();
        GitSync.roots(gitrepos(), git).forEach(root -> roots.add(root.resolve("python.d")));
        roots.add(python());
        return roots;
    }

    public Path logs() {
        return root.resolve("logs");
    }

    public Path data() {
        return root.resolve("data");
    }

    /// Whether the agent that lives here is another user's: its data are. Root may look at it by
    /// that one's measure; for what is run or written here this must not count, since who can move
    /// the folder decides it.
    public boolean isOfAnotherUser() {
        try {
            return Stat.of(data()).uid() != Stat.myUid();
        } catch (IOException _) {
            return false;
        }
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
                                + ": "
                                + FileFailure.reason(e)
                                + "; choose a writable folder with --home",
                        e);
            }
        }
        return this;
    }
}
