package io.trapline;

import io.trapline.files.PrivateFolders;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Where this process, and the Java processes that it starts, put temporary files and the native
/// code that libraries unpack: `data/tmp`. `/tmp` may be small, full, in memory, or forbid that
/// code is run from it, and what a killed process leaves there stays.
final class TemporaryFiles {
    private static final Logger LOG = LoggerFactory.getLogger(TemporaryFiles.class);
    private static final String PROPERTY = "java.io.tmpdir";

    private TemporaryFiles() {}

    /// To be called by the process that holds the home, before anything makes a temporary file.
    /// What others have left there is deleted.
    static void moveInto(Path data) {
        Path folder = data.toAbsolutePath().resolve("tmp");
        try {
            PrivateFolders.make(folder);
            clear(folder);
            System.setProperty(PROPERTY, folder.toString());
        } catch (IOException e) {
            LOG.warn(
                    "temporary files go to {}, since {} cannot be used: {}",
                    System.getProperty(PROPERTY),
                    folder,
                    e.toString());
        }
    }

    private static void clear(Path folder) throws IOException {
        List<Path> all;
        try (Stream<Path> found = Files.walk(folder)) {
            all = found.sorted(Comparator.reverseOrder()).toList();
        }
        for (Path each : all) {
            if (!each.equals(folder) && Files.exists(each, LinkOption.NOFOLLOW_LINKS)) {
                Files.delete(each);
            }
        }
    }
}
