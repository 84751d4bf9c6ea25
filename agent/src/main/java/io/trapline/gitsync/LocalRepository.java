package io.trapline.gitsync;

import io.trapline.config.FileFailure;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// A repository on this host, named by its path. Collectors run what its commits hold, so whoever
/// can write it could run code as the agent: it has to belong to the agent's user or to root, and
/// nobody else may write it or put another folder in its place. Nothing in it is executed: JGit,
/// which reads it in this process, knows no hooks of a repository that is fetched from.
final class LocalRepository {
    private static final int ROOT = 0;
    private static final int STICKY = 01000;
    private static final int OTHERS_WRITE = 022;

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
        int me = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
        check(real, me, false);
        Path git = real.resolve(".git");
        if (Files.isDirectory(git)) {
            check(git, me, false);
        }
        for (@Nullable Path above = real.getParent(); above != null; above = above.getParent()) {
            check(above, me, true);
        }
    }

    /// @param above a folder on the way: a sticky one, such as `/tmp`, lets nobody replace what is
    ///   not theirs
    private static void check(Path folder, int me, boolean above) throws IOException {
        Map<String, Object> found = Files.readAttributes(folder, "unix:uid,mode");
        int owner = (int) Objects.requireNonNull(found.get("uid"));
        int mode = (int) Objects.requireNonNull(found.get("mode"));
        if (owner != me && owner != ROOT) {
            throw new IOException(
                    "the repository is not used: %s belongs to another user (uid %d), who could change"
                                    .formatted(folder, owner)
                            + " what the agent runs; give it to the agent's user with chown, or name"
                            + " it by ssh:// or https://");
        }
        if ((mode & OTHERS_WRITE) != 0 && !(above && (mode & STICKY) != 0)) {
            throw new IOException(
                    "the repository is not used: others can write %s and so change what the agent"
                                    .formatted(folder)
                            + " runs; run chmod go-w '"
                            + folder
                            + "'");
        }
    }
}
