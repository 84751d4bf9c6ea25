package io.trapline.journal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A database that SQLite calls damaged: marked while it is in use, moved aside at the next start.
final class DamagedFile {
    private static final Logger LOG = LoggerFactory.getLogger(DamagedFile.class);
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    private DamagedFile() {}

    private static Path marker(Path file) {
        return file.resolveSibling(file.getFileName() + ".is-damaged");
    }

    /// Remembers across a restart that the running writer met damage.
    static void mark(Path file, SQLException found) {
        try {
            if (!Files.exists(marker(file))) {
                Files.createFile(marker(file));
                LOG.error(
                        "journal {} is damaged ({}); it goes on as far as it can, and at the next"
                                + " start what is readable is saved into a new file",
                        file,
                        found.getMessage());
            }
        } catch (IOException e) {
            LOG.error("journal {} is damaged ({}), and could not be marked", file, found, e);
        }
    }

    static boolean isMarked(Path file) {
        return Files.exists(marker(file));
    }

    /// Renames the database with its write-ahead log, which SQLite finds by name.
    ///
    /// @return where it is now
    static Path moveAside(Path file, InstantSource clock) throws IOException {
        String stamp = file.getFileName() + ".damaged-" + STAMP.format(clock.instant());
        Path aside = file.resolveSibling(stamp);
        for (int again = 2; Files.exists(aside); again++) {
            aside = file.resolveSibling(stamp + "-" + again);
        }
        Path log = file.resolveSibling(file.getFileName() + "-wal");
        if (Files.exists(log)) {
            Files.move(log, aside.resolveSibling(aside.getFileName() + "-wal"));
        }
        Files.deleteIfExists(file.resolveSibling(file.getFileName() + "-shm"));
        Files.move(file, aside);
        Files.deleteIfExists(marker(file));
        return aside;
    }
}
