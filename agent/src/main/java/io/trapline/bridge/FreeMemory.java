package io.trapline.bridge;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The memory that the machine could still give to processes.
final class FreeMemory {
    private FreeMemory() {}

    /// In bytes, by the kernel's own estimate; no bound when it does not tell.
    static long bytes() {
        try {
            for (String line : Files.readAllLines(Path.of("/proc/meminfo"))) {
                if (line.startsWith("MemAvailable:")) {
                    return Long.parseLong(line.replaceAll("\\D", "")) << 10;
                }
            }
        } catch (IOException _) {
            // Not a Linux that we know: the start of the process shows.
        }
        return Long.MAX_VALUE;
    }
}
