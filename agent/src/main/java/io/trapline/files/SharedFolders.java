package io.trapline.files;

import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/// Folders that a command must not take from those who use them.
final class SharedFolders {
    /// Distributions let groups or everybody write to these, sticky or not.
    private static final Set<Path> OF_MANY =
            Set.of(
                    Path.of("/tmp"),
                    Path.of("/var/tmp"),
                    Path.of("/var/log"),
                    Path.of("/var/mail"),
                    Path.of("/var/crash"),
                    Path.of("/var/lock"));

    private static final Set<Path> OF_MANY_WITH_ALL =
            Set.of(
                    Path.of("/dev"),
                    Path.of("/proc"),
                    Path.of("/run"),
                    Path.of("/var/run"),
                    Path.of("/sys"),
                    Path.of("/var/spool"));

    /// In these the system has its own; a folder of somebody's starts two levels below.
    private static final Set<String> SYSTEM =
            Set.of(
                    "bin", "boot", "dev", "etc", "home", "lib", "lib32", "lib64", "mnt", "media",
                    "proc", "root", "run", "sbin", "snap", "sys", "usr", "var");

    private SharedFolders() {}

    /// Whether others are meant to write to it: sticky, or known for it.
    static boolean isShared(Path path, Stat stat) {
        return OF_MANY.contains(path)
                || OF_MANY_WITH_ALL.stream().anyMatch(path::startsWith)
                || (stat.isFolder() && stat.isSticky());
    }

    /// Whether it is somebody's home directory or in one.
    ///
    /// @param homes of the users that are known
    static boolean isInHome(Path path, List<Path> homes) {
        return (path.startsWith("/home") && path.getNameCount() > 1)
                || homes.stream().anyMatch(path::startsWith);
    }

    /// Whether a command for all that is in it would go far beyond what was refused.
    static boolean isOfSystem(Path folder) {
        int names = folder.getNameCount();
        return names == 0
                || (names < 3 && SYSTEM.contains(folder.getName(0).toString()))
                || names < 2
                || OF_MANY.contains(folder);
    }
}
