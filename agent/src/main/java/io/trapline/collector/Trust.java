package io.trapline.collector;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.util.Optional;
import java.util.Set;

/// Whether a file may be run as code with the agent's rights.
sealed interface Trust {

    /// Why not, and the command that mends it; empty when it may.
    Optional<String> objection(Path path);

    /// The agent has no more rights than whoever started it.
    record Everyone() implements Trust {
        @Override
        public Optional<String> objection(Path path) {
            return Optional.empty();
        }
    }

    /// The agent is root: whoever can write the file, or put one into its folder, would be root.
    record OfRoot() implements Trust {
        private static final int ROOT = 0;

        @Override
        public Optional<String> objection(Path path) {
            try {
                PosixFileAttributes found = Files.readAttributes(path, PosixFileAttributes.class);
                Set<PosixFilePermission> rights = found.permissions();
                if (rights.contains(PosixFilePermission.GROUP_WRITE)
                        || rights.contains(PosixFilePermission.OTHERS_WRITE)) {
                    return Optional.of(
                            path
                                    + " is not run: the agent is root and others can write it; run"
                                    + " chmod go-w '"
                                    + path
                                    + "'");
                }
                if (!Files.getAttribute(path, "unix:uid").equals(ROOT)) {
                    return Optional.of(
                            path
                                    + " is not run: the agent is root and the owner is "
                                    + found.owner().getName()
                                    + "; run chown root '"
                                    + path
                                    + "'");
                }
                return Optional.empty();
            } catch (IOException | UnsupportedOperationException e) {
                return Optional.of(path + " is not run: could not find out who can write it: " + e);
            }
        }
    }
}
