package io.trapline.gitsync;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Where one repository lives:
///
/// ```
/// gitrepos/<repo>                            a link to the tree that is in place
/// gitrepos/.store/<repo>/objects.git         what was fetched: a bare, shallow repository
/// gitrepos/.store/<repo>/trees/<n>-<commit>/ one commit's files, and what scripts wrote beside them
/// gitrepos/.store/<repo>/trees/<n>-<commit>.files   its Manifest, written last: without it a tree is cut off
/// gitrepos/.store/<repo>/log.jsonl           what happened, see History
/// ```
///
/// The link says what is in force; renaming a new link over it is the one step that changes that,
/// so a reader sees the old files or the new ones and a kill leaves one of them.
record Layout(Path gitrepos, String name) {
    private static final String STORE = ".store";
    static final String MANIFEST = ".files";

    Path link() {
        return gitrepos.resolve(name);
    }

    Path store() {
        return gitrepos.resolve(STORE).resolve(name);
    }

    Path objects() {
        return store().resolve("objects.git");
    }

    Path trees() {
        return store().resolve("trees");
    }

    Path history() {
        return store().resolve("log.jsonl");
    }

    /// Relative, so that the home can be moved.
    Path linkTarget(String tree) {
        return Path.of(STORE, name, "trees", tree);
    }

    Path manifest(String tree) {
        return trees().resolve(tree + MANIFEST);
    }

    /// The names of all trees, whole or cut off.
    List<String> treeNames() throws IOException {
        if (!Files.isDirectory(trees())) {
            return List.of();
        }
        try (Stream<Path> inside = Files.list(trees())) {
            return inside.filter(path -> Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                    .map(path -> path.getFileName().toString())
                    .toList();
        }
    }

    /// A folder with everything in it, or one file; links are not followed.
    static void delete(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        Files.walkFileTree(
                path,
                new SimpleFileVisitor<>() {
                    @Override
                    public FileVisitResult visitFile(Path file, BasicFileAttributes about)
                            throws IOException {
                        Files.deleteIfExists(file);
                        return FileVisitResult.CONTINUE;
                    }

                    @Override
                    public FileVisitResult postVisitDirectory(Path folder, @Nullable IOException e)
                            throws IOException {
                        Files.deleteIfExists(folder);
                        return FileVisitResult.CONTINUE;
                    }
                });
    }
}
