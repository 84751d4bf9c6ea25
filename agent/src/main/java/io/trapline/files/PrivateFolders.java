package io.trapline.files;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

/// Folders that nobody but this user gets at: what is of somebody else in them, or could have been
/// put there by others, is refused; what is merely readable by others is closed to them.
public final class PrivateFolders {
    private static final int MOST_SHOWN = 20;

    /// As many are cured one by one.
    private static final int FEW = 3;

    private static final int MOST_ENTRIES = 100_000;

    private final int me = Stat.myUid();
    private final List<Bad> bad = new ArrayList<>();
    private final List<Path> tops = new ArrayList<>();
    private final List<Path> loose = new ArrayList<>();
    private int entries;

    private record Bad(Path path, String what, String cure) {}

    private PrivateFolders() {}

    /// Makes a folder for this user alone, or takes the one that is there if nobody else can write
    /// to it.
    ///
    /// @throws IOException also when it belongs to somebody else or others can write to it; the
    ///   message says the cure
    public static void make(Path folder) throws IOException {
        try {
            Files.createDirectories(folder.toAbsolutePath().getParent());
            Files.createDirectory(
                    folder,
                    PosixFilePermissions.asFileAttribute(
                            PosixFilePermissions.fromString("rwx------")));
        } catch (FileAlreadyExistsException _) {
            enter(List.of(folder), List.of());
        }
    }

    /// Looks at folders of the agent that may be missing, and closes to others what was open.
    ///
    /// @param strict folders in which nothing may be writable by others, however well the folder
    ///   itself is closed
    /// @param lenient folders into which scripts write as well: in a closed one, modes do not count
    /// @throws IOException with all that is wrong and its cure; nothing was changed then. As any
    ///   reader would get it when this user may not look into a folder
    public static void enter(List<Path> strict, List<Path> lenient) throws IOException {
        PrivateFolders look = new PrivateFolders();
        if (look.me < 0) {
            return; // no POSIX system
        }
        for (Path folder : strict) {
            look.top(folder, true);
        }
        for (Path folder : lenient) {
            look.top(folder, false);
        }
        look.refuse();
        for (Path each : look.loose) {
            close(each);
        }
    }

    private void top(Path folder, boolean strict) throws IOException {
        Stat stat;
        try {
            stat = Stat.of(folder);
        } catch (NoSuchFileException _) {
            return;
        }
        boolean mine;
        if (me == Stat.ROOT) {
            FileTrust.ofRoot()
                    .objection(folder)
                    .ifPresent(objection ->
                            objection.offences().forEach(each -> offence(each, folder)));
            mine = stat.uid() == me;
        } else {
            mine = judge(folder, stat, true);
        }
        if (stat.uid() != me && !Files.isReadable(folder)) {
            throw new AccessDeniedException(folder.toString());
        }
        if (!mine) {
            return;
        }
        if (!stat.isPrivate()) {
            loose.add(folder);
        }
        tops.add(folder);
        inside(folder, strict || !stat.isPrivate(), 1);
    }

    /// Root is particular about the way to a folder as well.
    ///
    /// @param folder of the agent's own, that way leads to it
    private void offence(Objection.Offence offence, Path folder) {
        if (!offence.unknown().isEmpty()) {
            bad.add(new Bad(offence.path(), offence.unknown(), ""));
        }
        if (!offence.isCurable()) {
            if (offence.unknown().isEmpty()) {
                bad.add(
                        new Bad(
                                offence.path(),
                                "is not for the agent of root to be in ("
                                        + offence.shown()
                                        + "), and others need it as it is: take another --home, in"
                                        + " a folder that only root can write"
                                        + (offence.home() ? ", or run this as its owner" : ""),
                                ""));
            }
            return;
        }
        if (offence.foreign()) {
            foreign(
                    offence.path(),
                    offence.shown(),
                    offence.link(),
                    offence.path().equals(folder.toAbsolutePath().normalize()));
        }
        if (offence.writable()) {
            writable(
                    offence.path(),
                    offence.shown(),
                    offence.listed() ? "setfacl -b " : "chmod go-w ");
        }
    }

    /// @param depth 1 = in the folder itself, whose files are closed to others as well
    private void inside(Path folder, boolean strict, int depth) throws IOException {
        try (DirectoryStream<Path> all = Files.newDirectoryStream(folder)) {
            for (Path entry : all) {
                if (++entries > MOST_ENTRIES) {
                    return;
                }
                entry(entry, strict, depth);
            }
        } catch (NoSuchFileException _) {
            // gone meanwhile
        } catch (DirectoryIteratorException e) {
            throw e.getCause();
        }
    }

    private void entry(Path entry, boolean strict, int depth) throws IOException {
        Stat stat;
        try {
            stat = Stat.ofLink(entry);
        } catch (NoSuchFileException _) {
            return;
        }
        boolean mine = judge(entry, stat, strict);
        if (mine && depth == 1 && !stat.isPrivate() && (stat.isFile() || stat.isFolder())) {
            loose.add(entry);
        }
        // Nobody else gets into a private folder, so that what is in it is as this user left it.
        if (mine && stat.isFolder() && !stat.isPrivate()) {
            inside(entry, strict, depth + 1);
        }
    }

    /// @return whether it is as it should be, or can be made so
    private boolean judge(Path path, Stat stat, boolean strict) {
        if (stat.uid() != me && stat.uid() != Stat.ROOT) {
            foreign(
                    path,
                    Stat.shown(path, stat, stat.isLink()),
                    stat.isLink(),
                    stat.isFolder() && !stat.isLink());
            return false;
        }
        if (strict && !stat.isLink() && isWritable(stat)) {
            boolean shared = SharedFolders.isShared(path, stat);
            writable(path, Stat.shown(path, stat, false), shared ? "" : "chmod go-w ");
        }
        return stat.uid() == me;
    }

    private boolean isWritable(Stat stat) {
        return stat.othersWrite()
                || (stat.groupWrites()
                        && stat.gid() != Stat.ROOT
                        && !(me != Stat.ROOT && Accounts.isPrivateGroup(stat.gid(), me)));
    }

    /// @param whole a folder that is the agent's with all that is in it: one cure for all
    private void foreign(Path path, String shown, boolean link, boolean whole) {
        boolean deep = whole && !link && !SharedFolders.isOfSystem(path);
        bad.add(
                new Bad(
                        path,
                        "belongs to another user (" + shown + "; this is " + me() + ")",
                        "chown "
                                + (deep ? "-hR " : link ? "-h " : "")
                                + me()
                                + " "
                                + Objection.quoted(path)));
    }

    private void writable(Path path, String shown, String cure) {
        bad.add(
                new Bad(
                        path,
                        "can be written by others ("
                                + shown
                                + ")"
                                + (cure.isEmpty()
                                        ? ", who may need it as it is: take another folder"
                                        : ""),
                        cure.isEmpty() ? "" : cure + Objection.quoted(path)));
    }

    private static String me() {
        return System.getProperty("user.name", "uid " + Stat.myUid());
    }

    private void refuse() throws IOException {
        List<Bad> all = bad.stream().distinct().toList();
        if (all.isEmpty()) {
            return;
        }
        String lines =
                all.stream()
                        .limit(MOST_SHOWN)
                        .map(each ->
                                "\n  "
                                        + Objection.plain(each.path)
                                        + " "
                                        + each.what
                                        + (each.cure.isEmpty() ? "" : "; run " + each.cure))
                        .collect(Collectors.joining());
        int more = Math.max(0, all.size() - MOST_SHOWN);
        String folders = tops.stream().map(Objection::quoted).collect(Collectors.joining(" "));
        throw new UnsafeFilesException(
                all.getFirst().path,
                "the agent's own files are not safe to use: whoever else can write them decides what"
                        + " the agent does. What somebody else may have written is better removed"
                        + " than cured (admin.token is made anew when it is not there):"
                        + lines
                        + (more > 0 ? "\n  and " + more + " more" : "")
                        + (all.size() > FEW && tops.stream().noneMatch(SharedFolders::isOfSystem)
                                ? "\n  all at once, when you know that they are yours: chown -hR %s %s && chmod -R go-w %s"
                                        .formatted(me(), folders, folders)
                                : ""));
    }

    /// What others may read or enter is for this user alone from now on.
    private static void close(Path path) throws IOException {
        try {
            Set<PosixFilePermission> rights = Files.getPosixFilePermissions(path);
            rights.removeIf(right -> !right.name().startsWith("OWNER_"));
            Files.setPosixFilePermissions(path, rights);
        } catch (NoSuchFileException _) {
            // gone meanwhile
        }
    }
}
