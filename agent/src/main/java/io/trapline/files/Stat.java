package io.trapline.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// What the kernel says of a file: `lstat` or `stat`.
///
/// @param mode type and permission bits, as `st_mode`
public record Stat(int uid, int gid, int mode) {
    static final int ROOT = 0;
    private static final int TYPE = 0170000;
    private static final int FOLDER = 0040000;
    private static final int FILE = 0100000;
    private static final int LINK = 0120000;
    private static final int STICKY = 01000;
    private static final int GROUP_WRITE = 020;
    private static final int OTHERS_WRITE = 002;
    private static final int GROUP_AND_OTHERS = 077;
    private static final int PERMISSIONS = 07777;

    /// Of a link: what it leads to.
    ///
    /// @throws IOException also where files have no owner (no POSIX file system)
    public static Stat of(Path path) throws IOException {
        return read(path);
    }

    /// Of a link: the link itself.
    static Stat ofLink(Path path) throws IOException {
        return read(path, LinkOption.NOFOLLOW_LINKS);
    }

    private static Stat read(Path path, LinkOption... options) throws IOException {
        try {
            Map<String, Object> found = Files.readAttributes(path, "unix:uid,gid,mode", options);
            return new Stat(number(found, "uid"), number(found, "gid"), number(found, "mode"));
        } catch (UnsupportedOperationException | IllegalArgumentException e) {
            throw new IOException("this file system knows no owners and modes", e);
        }
    }

    private static int number(Map<String, Object> found, String name) {
        return (int) Objects.requireNonNull(found.get(name));
    }

    /// Of the user that this process runs as; -1 = cannot be known.
    public static int myUid() {
        return ofThisProcess().map(Stat::uid).orElse(-1);
    }

    static int myGid() {
        return ofThisProcess().map(Stat::gid).orElse(-1);
    }

    private static Optional<Stat> ofThisProcess() {
        try {
            return Optional.of(of(Path.of("/proc/self")));
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    /// Whether this process is root's, whatever root is called here.
    public static boolean isRoot() {
        return myUid() == ROOT;
    }

    boolean isFolder() {
        return (mode & TYPE) == FOLDER;
    }

    boolean isFile() {
        return (mode & TYPE) == FILE;
    }

    boolean isLink() {
        return (mode & TYPE) == LINK;
    }

    /// In such a folder only the owner of a file, or of the folder, may rename or remove it.
    boolean isSticky() {
        return (mode & STICKY) != 0;
    }

    boolean groupWrites() {
        return (mode & GROUP_WRITE) != 0;
    }

    boolean othersWrite() {
        return (mode & OTHERS_WRITE) != 0;
    }

    /// Nobody but its owner and root gets at it.
    boolean isPrivate() {
        return (mode & GROUP_AND_OTHERS) == 0;
    }

    int permissions() {
        return mode & PERMISSIONS;
    }

    /// `owner nobody, mode 0666`, for a message.
    public static String shown(Path path, Stat stat, boolean link) {
        String owner = owner(path, stat, link);
        String group = stat.groupWrites() && stat.gid != ROOT ? group(path, stat) : "";
        return "owner "
                + owner
                + group
                + (link ? "" : ", mode 0%03o".formatted(stat.permissions()));
    }

    static String owner(Path path, Stat stat, boolean link) {
        try {
            return link
                    ? Files.getOwner(path, LinkOption.NOFOLLOW_LINKS).getName()
                    : Files.getOwner(path).getName();
        } catch (IOException | UnsupportedOperationException _) {
            return "uid " + stat.uid;
        }
    }

    private static String group(Path path, Stat stat) {
        try {
            return ", group " + Files.getAttribute(path, "posix:group");
        } catch (IOException | UnsupportedOperationException _) {
            return ", gid " + stat.gid;
        }
    }
}
