package io.trapline.gitsync;

import io.trapline.config.FileFailure;
import io.trapline.files.FileTrust;
import io.trapline.files.Objection;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/// A repository on this host, named by its path. Collectors run what its commits hold, so whoever
/// can write it could run code as the agent: it has to belong to the agent's user or to root, and
/// nobody else may write it, change what its branches name or put another folder in its place.
/// Nothing in it is executed: JGit, which reads it in this process, knows no hooks of a repository
/// that is fetched from.
final class LocalRepository {
    private LocalRepository() {}

    /// @throws IOException when it is not there or not to be trusted; the message says what to do
    static void check(Path folder) throws IOException {
        Path real;
        try {
            real = folder.toRealPath();
        } catch (FileSystemException e) {
            throw new IOException("the repository " + FileFailure.text(e), e);
        }
        if (!Files.isDirectory(real)) {
            throw new IOException("the repository " + real + " is not a folder");
        }
        FileTrust trust = FileTrust.ofThisUser();
        refuse(trust.objection(folder));
        Path git = Files.exists(real.resolve(".git")) ? real.resolve(".git") : real;
        refuse(trust.objection(git));
        // What says which commit is taken. The objects have names that only their content gives.
        refuse(trust.objectionToAll(git.resolve("refs")));
        for (String name : new String[] {"HEAD", "packed-refs", "config", "objects"}) {
            if (Files.exists(git.resolve(name))) {
                refuse(trust.objection(git.resolve(name)));
            }
        }
    }

    private static void refuse(Optional<Objection> objection) throws IOException {
        if (objection.isPresent()) {
            throw new IOException(
                    objection.get().message("the repository", "used")
                            + "; or name it by ssh:// or https://");
        }
    }
}
