package io.trapline.journal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Whether the names of the database and its log still mean the files that are open. What is
/// written to a file that was deleted is gone with the process.
///
/// Costs three calls of `stat`. Any thread may ask.
final class Presence {
    private static final String UNKNOWN = "unknown";

    private final Path file;

    /// Device and number of each file; guarded by `this`.
    private final Map<Path, Object> keys = new LinkedHashMap<>();

    private boolean watching;

    /// Once gone, a file of that name is another one.
    private String gone = "";

    Presence(Path file) {
        this.file = file;
    }

    /// From now on the files are what they are.
    private void watch() {
        for (Path each : files()) {
            Object key = key(each);
            if (key != null) {
                keys.put(each, key);
            }
        }
        watching = true;
    }

    private Iterable<Path> files() {
        return List.of(file, WalFile.of(file), file.resolveSibling(file.getFileName() + "-shm"));
    }

    /// Null when there is no such file; a disk that does not answer says nothing about that.
    private static @Nullable Object key(Path path) {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        } catch (NoSuchFileException _) {
            return null;
        } catch (IOException _) {
            return UNKNOWN;
        }
    }

    /// Begins to watch with the first call, which comes when the files are there.
    synchronized Optional<String> check() {
        if (!watching) {
            watch();
        }
        return trouble();
    }

    /// What happened to the files, empty when they are there.
    synchronized Optional<String> trouble() {
        if (gone.isEmpty()) {
            for (Map.Entry<Path, Object> each : keys.entrySet()) {
                Object now = key(each.getKey());
                if (!each.getValue().equals(now) && !UNKNOWN.equals(now)) {
                    gone =
                            "journal %s: %s was %s while this process has it open; nothing more is"
                                            .formatted(
                                                    file,
                                                    each.getKey().getFileName(),
                                                    now == null ? "deleted" : "replaced")
                                    + " acknowledged, since it would be gone with this process;"
                                    + " what readers have not read yet they can still read until"
                                    + " it ends; then start again";
                    break;
                }
            }
        }
        return Optional.of(gone).filter(text -> !text.isEmpty());
    }
}
