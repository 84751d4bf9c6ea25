package io.trapline.reload;

import java.io.IOException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// What the watched files look like from outside: the `*.conf` and `*.py` files below some folders.
///
/// @param files size, time of change and identity of each
/// @param folders all folders, each of which can hold the next change, with their identity
record Stamps(Map<Path, Stamp> files, Map<Path, Object> folders) {
    private static final int DEEPEST = 16;
    private static final int MOST_FILES = 50_000;

    record Stamp(long size, FileTime modified, @Nullable Object key) {}

    static boolean isWatched(Path file) {
        String name = String.valueOf(file.getFileName());
        return name.endsWith(".conf") || name.endsWith(".py");
    }

    /// Folders that are missing are as if empty. Hidden folders and `__pycache__` do not count.
    static Stamps of(List<Path> roots) {
        Look look = new Look();
        for (Path root : roots) {
            look.begin(root);
        }
        return new Stamps(look.files, look.folders);
    }

    private static final class Look extends SimpleFileVisitor<Path> {
        final Map<Path, Stamp> files = new HashMap<>();
        final Map<Path, Object> folders = new HashMap<>();
        private int visited;

        void begin(Path root) {
            if (folders.containsKey(root)) {
                return;
            }
            try {
                Files.walkFileTree(root, Set.of(FileVisitOption.FOLLOW_LINKS), DEEPEST, this);
            } catch (IOException e) {
                // A folder that goes while it is read is seen as gone the next time.
            }
        }

        @Override
        public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes about) {
            String name = String.valueOf(folder.getFileName());
            if (name.startsWith(".") || name.equals("__pycache__")) {
                return FileVisitResult.SKIP_SUBTREE;
            }
            folders.put(folder, Objects.requireNonNullElse(about.fileKey(), folder));
            return FileVisitResult.CONTINUE;
        }

        @Override
        public FileVisitResult visitFile(Path file, BasicFileAttributes about) {
            if (isWatched(file)) {
                files.put(file, new Stamp(about.size(), about.lastModifiedTime(), about.fileKey()));
            }
            return ++visited < MOST_FILES ? FileVisitResult.CONTINUE : FileVisitResult.TERMINATE;
        }

        @Override
        public FileVisitResult visitFileFailed(Path file, IOException e) {
            return FileVisitResult.CONTINUE;
        }
    }
}
