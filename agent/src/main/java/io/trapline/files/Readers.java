package io.trapline.files;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Who but its owner and root can read a file.
///
/// @param shown owner and mode
/// @param cure what to do: a command after which nobody can, which ends the text; of a file of
///   somebody else's none, which could take it from the agent as well
public record Readers(String shown, String cure) {
    private static final int GROUP_READ = 040;
    private static final int OTHERS_READ = 004;
    private static final int GROUP_ENTER = 010;
    private static final int OTHERS_ENTER = 001;

    /// Empty when nobody can: its mode does not let them, or a folder on the way to it. The groups
    /// of root and of this process do not count; a file was given to them on purpose.
    public static Optional<Readers> others(Path file) {
        try {
            Path real = file.toRealPath();
            Stat stat = Stat.of(real);
            boolean group = (stat.mode() & GROUP_READ) != 0 && isForeign(stat.gid());
            boolean others = (stat.mode() & OTHERS_READ) != 0;
            for (@Nullable Path above = real.getParent();
                    above != null;
                    above = above.getParent()) {
                Stat folder = Stat.of(above);
                boolean all = (folder.mode() & OTHERS_ENTER) != 0;
                boolean some = (folder.mode() & GROUP_ENTER) != 0 && isForeign(folder.gid());
                others &= all || some;
                group &= all || some;
            }
            return group || others
                    ? Optional.of(
                            new Readers(
                                    Stat.shown(real, stat, false),
                                    stat.uid() == Stat.myUid()
                                            ? "run chmod go-rw " + Objection.quoted(real)
                                            : "it is not this user's to close: put the secret into a"
                                                    + " file of the agent's user with mode 0600"))
                    : Optional.empty();
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    private static boolean isForeign(int gid) {
        return gid != Stat.ROOT && gid != Stat.myGid();
    }
}
