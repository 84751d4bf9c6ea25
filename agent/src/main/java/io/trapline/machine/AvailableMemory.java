package io.trapline.machine;

import java.nio.file.Path;
import java.util.OptionalLong;

/// The memory that this process and its children could still have: of the machine, by the kernel's
/// own estimate, and of their control groups, where files that were read and can be read again
/// count as free.
public final class AvailableMemory {
    private AvailableMemory() {}

    /// In bytes, as it is now; no bound when the kernel does not tell.
    public static long bytes() {
        return at(Path.of("/"));
    }

    /// @param root where `proc` and `sys` are: `/`, or a made-up tree
    public static long at(Path root) {
        OptionalLong kibibytes =
                KernelFiles.named(KernelFiles.lines(root.resolve("proc/meminfo")), "MemAvailable:");
        long least = kibibytes.isPresent() ? kibibytes.getAsLong() << 10 : Long.MAX_VALUE;
        for (Path group : ControlGroups.at(root).memory()) {
            least = Math.min(least, left(group, "memory.max", "memory.current", "inactive_file "));
            least =
                    Math.min(
                            least,
                            left(
                                    group,
                                    "memory.limit_in_bytes",
                                    "memory.usage_in_bytes",
                                    "total_inactive_file "));
        }
        return least;
    }

    private static long left(Path group, String most, String used, String cached) {
        OptionalLong limit = KernelFiles.first(group.resolve(most));
        OptionalLong now = KernelFiles.first(group.resolve(used));
        if (limit.isEmpty() || now.isEmpty()) {
            return Long.MAX_VALUE;
        }
        long again =
                KernelFiles.named(KernelFiles.lines(group.resolve("memory.stat")), cached)
                        .orElse(0);
        return Math.max(0, limit.getAsLong() - Math.max(0, now.getAsLong() - again));
    }
}
