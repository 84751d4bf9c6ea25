package io.trapline.files;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;

/// A file of the agent that cannot be used must cost no more than what was in it: it is moved
/// aside, whatever stands there, and stays for whoever wants to look at it.
public final class DamagedFiles {
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);

    private DamagedFiles() {}

    /// Renames what stands there to `<name>.damaged-<time>`.
    ///
    /// @return where it is now
    public static Path moveAside(Path file, Instant now) throws IOException {
        String name = file.getFileName() + ".damaged-" + STAMP.format(now);
        Path aside = file.resolveSibling(name);
        for (int again = 2; Files.exists(aside, LinkOption.NOFOLLOW_LINKS); again++) {
            aside = file.resolveSibling(name + "-" + again);
        }
        return Files.move(file, aside);
    }

    /// Whether something stands there that is no file.
    public static boolean isNoFile(Path file) {
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS) && !Files.isRegularFile(file);
    }
}
