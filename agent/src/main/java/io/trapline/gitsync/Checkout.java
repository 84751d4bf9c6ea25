package io.trapline.gitsync;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.eclipse.jgit.dircache.DirCache;
import org.eclipse.jgit.lib.Constants;
import org.eclipse.jgit.lib.ObjectInserter;
import org.eclipse.jgit.util.FS;

/// The trees of one repository, and which of them is in place.
///
/// A new tree takes the place of the old one by renaming a link. Files that are not the commit's,
/// such as state that a script writes beside itself, come along: as hard links, so that a program
/// which has one open goes on writing to the same file. Left behind are `__pycache__` (it would
/// answer for the old sources) and what a new commit's file takes the name of.
final class Checkout {
    private static final int KEPT = 2;

    private final Layout layout;

    /// Saves reading a file again that has not been touched since it was last compared.
    private final Map<Path, Seen> seen = new HashMap<>();

    private record Seen(long size, FileTime modified) {}

    Checkout(Layout layout) {
        this.layout = layout;
    }

    /// A tree that is in place.
    record InPlace(String tree, Manifest manifest) {}

    /// Empty when there is none, or none that this program made and finished.
    Optional<InPlace> current() {
        try {
            String tree = Files.readSymbolicLink(layout.link()).getFileName().toString();
            return Optional.of(new InPlace(tree, Manifest.read(layout.manifest(tree))));
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    /// Removes what a kill has left half done.
    void clean() throws IOException {
        for (String tree : layout.treeNames()) {
            if (!Files.exists(layout.manifest(tree)) && !isLinked(tree)) {
                Layout.delete(layout.trees().resolve(tree));
            }
        }
    }

    private boolean isLinked(String tree) {
        try {
            return Files.isSameFile(layout.link(), layout.trees().resolve(tree));
        } catch (IOException _) {
            return false;
        }
    }

    /// A name for one more tree of a commit.
    String freshName(String commit) throws IOException {
        int last = 0;
        for (String tree : layout.treeNames()) {
            last = Math.max(last, number(tree));
        }
        return (last + 1) + "-" + commit.substring(0, Commit.SHORT);
    }

    private static int number(String tree) {
        String digits = tree.replaceFirst("\\D.*", "");
        return digits.isEmpty() ? 0 : Integer.parseInt(digits);
    }

    /// Whether a file of the commit has been changed or removed where it is in place.
    boolean isEdited(InPlace current) throws IOException {
        Path root = layout.trees().resolve(current.tree);
        for (Map.Entry<String, String> file : current.manifest.files().entrySet()) {
            if (!isAsCommitted(root.resolve(file.getKey()), file.getValue())) {
                return true;
            }
        }
        return false;
    }

    private boolean isAsCommitted(Path file, String blob) throws IOException {
        byte[] content;
        Seen now;
        try {
            BasicFileAttributes about =
                    Files.readAttributes(
                            file, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            now = new Seen(about.size(), about.lastModifiedTime());
            if (now.equals(seen.get(file))) {
                return true;
            }
            content =
                    about.isSymbolicLink()
                            ? Files.readSymbolicLink(file)
                                    .toString()
                                    .getBytes(StandardCharsets.UTF_8)
                            : about.isRegularFile() ? Files.readAllBytes(file) : new byte[0];
        } catch (FileSystemException _) {
            return false;
        }
        try (var hash = new ObjectInserter.Formatter()) {
            boolean same = hash.idFor(Constants.OBJ_BLOB, content).name().equals(blob);
            if (same) {
                seen.put(file, now);
            }
            return same;
        }
    }

    /// Puts a finished tree in the place of what is there.
    void place(String tree) throws IOException {
        adoptFolder();
        Optional<Path> old = realTarget();
        Set<String> tracked = tracked(old);
        Path fresh = layout.trees().resolve(tree);
        if (old.isPresent()) {
            carryOver(old.get(), fresh, tracked);
        }
        Path link = layout.gitrepos().resolve("." + layout.name() + ".new");
        Files.deleteIfExists(link);
        Files.createSymbolicLink(link, layout.linkTarget(tree));
        Files.move(link, layout.link(), StandardCopyOption.ATOMIC_MOVE);
        if (old.isPresent()) {
            // What was written between the first look and the change of the link.
            carryOver(old.get(), fresh, tracked);
        }
        seen.clear();
    }

    /// Deletes trees that were in place before the last two.
    void prune() throws IOException {
        List<String> trees =
                layout.treeNames().stream()
                        .sorted((a, b) -> Integer.compare(number(b), number(a)))
                        .toList();
        for (String tree : trees.subList(Math.min(KEPT, trees.size()), trees.size())) {
            if (!isLinked(tree)) {
                discard(tree);
            }
        }
    }

    void discard(String tree) throws IOException {
        Files.deleteIfExists(layout.manifest(tree));
        Layout.delete(layout.trees().resolve(tree));
    }

    /// A real folder, such as a clone that another program made, becomes the first tree.
    private void adoptFolder() throws IOException {
        if (Files.isDirectory(layout.link(), LinkOption.NOFOLLOW_LINKS)) {
            Files.createDirectories(layout.trees());
            Files.move(layout.link(), layout.trees().resolve("0-adopted"));
            Files.createSymbolicLink(layout.link(), layout.linkTarget("0-adopted"));
        }
    }

    private Optional<Path> realTarget() {
        try {
            return Optional.of(layout.link().toRealPath());
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    private Set<String> tracked(Optional<Path> old) throws IOException {
        Optional<InPlace> current = current();
        if (current.isPresent()) {
            return current.get().manifest().files().keySet();
        }
        Path index = old.map(tree -> tree.resolve(".git/index")).orElse(layout.objects());
        if (!Files.isRegularFile(index)) {
            return Set.of();
        }
        DirCache cache = DirCache.read(index.toFile(), FS.DETECTED);
        Set<String> paths = new HashSet<>();
        for (int i = 0; i < cache.getEntryCount(); i++) {
            paths.add(cache.getEntry(i).getPathString());
        }
        return paths;
    }

    private static void carryOver(Path from, Path to, Set<String> tracked) throws IOException {
        Files.walkFileTree(
                from,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult preVisitDirectory(
                            Path folder, BasicFileAttributes about) {
                        String name = folder.getFileName().toString();
                        return !folder.equals(from)
                                        && (name.equals(".git") || name.equals("__pycache__"))
                                ? FileVisitResult.SKIP_SUBTREE
                                : FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes about)
                            throws IOException {
                        Path relative = from.relativize(file);
                        if (!tracked.contains(relative.toString())
                                && (about.isRegularFile() || about.isSymbolicLink())) {
                            carry(file, to, relative, about);
                        }
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult visitFileFailed(Path file, IOException e) {
                        // Scripts may delete their files meanwhile.
                        return FileVisitResult.CONTINUE;
                    }
                });
    }

    private static void carry(Path file, Path root, Path relative, BasicFileAttributes about)
            throws IOException {
        Path folder = root;
        for (Path part : relative) {
            if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
                if (Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
                    return;
                }
                Files.createDirectory(folder);
            }
            folder = folder.resolve(part);
        }
        try {
            if (about.isSymbolicLink()) {
                Files.createSymbolicLink(folder, Files.readSymbolicLink(file));
            } else {
                Files.createLink(folder, file);
            }
        } catch (FileAlreadyExistsException | NoSuchFileException _) {
            // The commit's own, carried already, or gone.
        } catch (UnsupportedOperationException | FileSystemException _) {
            Files.copy(file, folder, StandardCopyOption.COPY_ATTRIBUTES);
        }
    }
}
