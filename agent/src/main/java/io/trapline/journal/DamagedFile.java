package io.trapline.journal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A database that SQLite calls damaged: marked while it is in use, replaced at the next start.
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

    static void unmark(Path file) throws IOException {
        Files.deleteIfExists(marker(file));
    }

    /// Where a damaged database is kept: a name without a file of that name, though perhaps with
    /// its log.
    static Path aside(Path file, Instant when) {
        String stamp = file.getFileName() + ".damaged-" + STAMP.format(when);
        Path aside = file.resolveSibling(stamp);
        for (int again = 2; Files.exists(aside); again++) {
            aside = file.resolveSibling(stamp + "-" + again);
        }
        return aside;
    }
}
