package io.trapline.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;

/// The kernel's small files. What is not there, or not as expected, is empty: it limits nothing.
final class KernelFiles {
    /// What the kernel says when there is no limit, or one that no machine reaches.
    static final long NO_LIMIT = 1L << 60;

    private KernelFiles() {}

    static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException _) {
            return List.of(); // not there, or of a process that has ended
        }
    }

    /// The number in the first line; `max` is none, and neither is one that no machine reaches.
    static OptionalLong first(Path file) {
        List<String> lines = lines(file);
        OptionalLong found = lines.isEmpty() ? OptionalLong.empty() : number(lines.getFirst());
        return found.isPresent() && found.getAsLong() < NO_LIMIT ? found : OptionalLong.empty();
    }

    /// The number in the line that begins with `name`; a unit behind it is ignored.
    static OptionalLong named(List<String> lines, String name) {
        for (String line : lines) {
            if (line.startsWith(name)) {
                return number(line.substring(name.length()).strip().split("\\s", 2)[0]);
            }
        }
        return OptionalLong.empty();
    }

    static OptionalLong number(String text) {
        try {
            return OptionalLong.of(Long.parseLong(text.strip()));
        } catch (NumberFormatException _) {
            return OptionalLong.empty();
        }
    }
}
