package io.trapline.store.host;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// What the kernel says of a process's memory, in bytes; 0 when the process is gone.
final class ProcessMemory {
    private ProcessMemory() {}

    /// What it has in memory now.
    static long resident(String pid) {
        return bytes(pid, "VmRSS:");
    }

    /// What it has mapped, used or not.
    static long addressSpace(String pid) {
        return bytes(pid, "VmSize:");
    }

    private static long bytes(String pid, String field) {
        try {
            for (String line : Files.readAllLines(Path.of("/proc", pid, "status"))) {
                if (line.startsWith(field)) {
                    return Long.parseLong(line.replaceAll("\\D", "")) << 10;
                }
            }
        } catch (IOException _) {
            // It has just ended.
        }
        return 0;
    }
}
