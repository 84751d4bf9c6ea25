package io.trapline.gitsync;

import io.trapline.config.FileFailure;
import io.trapline.files.FileTrust;
import io.trapline.files.Objection;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A repository on this host, named by its path. Collectors run what its commits hold, so whoever
/// can write it could run code as the agent: it has to belong to the agent's user or to root, and
/// nobody else may write it, change what its branches name or put another folder in its place.
/// Nothing in it is executed: JGit, which reads it in this process, knows no hooks of a repository
/// that is fetched from.
final class LocalRepository {
    private LocalRepository() {}

    /// @param folder as written: a `..` after a link leads where the kernel says
    /// @return where it is, without links on the way: that is what may be read
    /// @throws IOException when it is not there or not to be trusted; the message says what to do
    static Path check(Path folder) throws IOException {
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
        List<Objection> all = new ArrayList<>();
        trust.objection(folder).ifPresent(all::add);
        Path git = Files.exists(real.resolve(".git")) ? real.resolve(".git") : real;
        if (!Files.isDirectory(git)) {
            throw new IOException(
                    "the repository "
                            + real
                            + " is a working tree of another one, which its .git names; name that"
                            + " one");
        }
        trust.objection(git).map(found -> found.within(git)).ifPresent(all::add);
        // All that says which commit is taken. The objects have names that only their content
        // gives.
        try (DirectoryStream<Path> inside = Files.newDirectoryStream(git)) {
            for (Path each : inside) {
                boolean objects = each.endsWith("objects");
                (objects ? trust.objection(each) : trust.objectionToAll(each))
                        .map(found -> found.within(git))
                        .ifPresent(all::add);
            }
        }
        if (!all.isEmpty()) {
            throw new IOException(
                    Objection.of(all)
                            .message(
                                    "the repository "
                                            + Objection.plain(real)
                                            + " (which can be named by ssh:// or https:// instead)",
                                    "used"));
        }
        return real;
    }
}
