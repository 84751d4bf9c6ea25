package io.trapline.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/// What this process may have of the machine, as the kernel says it: `RLIMIT_*` in
/// `/proc/self/limits`, and the control groups that `/proc/self/cgroup` names, each with those
/// above it, of version 2 (`memory.max`, `pids.max`) or 1 (`memory.limit_in_bytes`, `pids.max`).
///
/// @param openFiles `RLIMIT_NOFILE`, the soft one, which the JVM raises to the hard one as it
///   starts
/// @param usedFiles how many are open already
/// @param threads the smallest limit of threads, with what this process's groups have already;
///   empty when there is none
/// @param memory the smallest limit in bytes: of the groups, and of the machine itself
public record Machine(long openFiles, long usedFiles, Threads threads, Memory memory) {
    private static final long USUAL_OPEN_FILES = 1024;

    /// @param most that may be at a time
    /// @param used how many there are of those that count
    /// @param by what sets the limit, for people
    public record Threads(OptionalLong most, long used, String by) {
        /// How many more may be started.
        public long left() {
            return most.isPresent() ? Math.max(0, most.getAsLong() - used) : Long.MAX_VALUE;
        }
    }

    /// @param by what sets the limit, for people
    public record Memory(long bytes, String by) {
        public long mebibytes() {
            return bytes >> 20;
        }
    }

    /// What is left of the open files for connections, when journal, store, outputs, workers and
    /// files have what they need: an eighth of them all, 512 at most.
    public long filesForConnections() {
        return Math.max(0, openFiles - usedFiles - Math.clamp(openFiles / 8, 16, 512));
    }

    /// As it is now.
    public static Machine here() {
        return at(Path.of("/"));
    }

    /// @param root where `proc` and `sys` are: `/`, or a made-up tree
    public static Machine at(Path root) {
        Path proc = root.resolve("proc");
        ControlGroups groups = ControlGroups.at(root);
        return new Machine(
                openFiles(proc),
                openNow(proc),
                threads(proc, groups.pids()),
                memory(proc, groups.memory()));
    }

    private static long openFiles(Path proc) {
        return limit(proc, "Max open files").orElse(USUAL_OPEN_FILES);
    }

    /// @return empty when the line is not there
    private static OptionalLong limit(Path proc, String name) {
        for (String line : KernelFiles.lines(proc.resolve("self/limits"))) {
            if (line.startsWith(name)) {
                String soft = line.substring(name.length()).strip().split(" +", 2)[0];
                return soft.equals("unlimited")
                        ? OptionalLong.of(KernelFiles.NO_LIMIT)
                        : KernelFiles.number(soft);
            }
        }
        return OptionalLong.empty();
    }

    private static long openNow(Path proc) {
        try (Stream<Path> all = Files.list(proc.resolve("self/fd"))) {
            return all.count();
        } catch (IOException _) {
            return 0;
        }
    }

    private static Threads threads(Path proc, List<Path> groups) {
        Threads least = new Threads(OptionalLong.empty(), 0, "");
        for (Path group : groups) {
            OptionalLong most = KernelFiles.first(group.resolve("pids.max"));
            long used = KernelFiles.first(group.resolve("pids.current")).orElse(0);
            if (most.isPresent() && most.getAsLong() - used < least.left()) {
                least = new Threads(most, used, group.resolve("pids.max").toString());
            }
        }
        // Counts all processes of the user, and does not bind root.
        OptionalLong user = limit(proc, "Max processes");
        boolean root = user(proc) == 0;
        if (!root && user.isPresent() && user.getAsLong() < KernelFiles.NO_LIMIT) {
            long used = threadsOf(proc, user(proc));
            if (user.getAsLong() - used < least.left()) {
                least = new Threads(user, used, "ulimit -u");
            }
        }
        return least;
    }

    private static long user(Path proc) {
        return KernelFiles.named(KernelFiles.lines(proc.resolve("self/status")), "Uid:").orElse(0);
    }

    private static long threadsOf(Path proc, long user) {
        long sum = 0;
        try (Stream<Path> all = Files.list(proc)) {
            for (Path process : all.filter(Machine::isProcess).toList()) {
                List<String> status = KernelFiles.lines(process.resolve("status"));
                long owner = KernelFiles.named(status, "Uid:").orElse(-1);
                long threads = KernelFiles.named(status, "Threads:").orElse(0);
                sum += owner == user ? threads : 0;
            }
        } catch (IOException _) {
            return sum;
        }
        return sum;
    }

    private static boolean isProcess(Path path) {
        return path.getFileName().toString().chars().allMatch(Character::isDigit);
    }

    private static Memory memory(Path proc, List<Path> groups) {
        Memory least = new Memory(machineMemory(proc), "the machine's memory");
        for (Path group : groups) {
            for (String name : List.of("memory.max", "memory.limit_in_bytes")) {
                OptionalLong most = KernelFiles.first(group.resolve(name));
                if (most.isPresent() && most.getAsLong() < least.bytes()) {
                    least = new Memory(most.getAsLong(), group.resolve(name).toString());
                }
            }
        }
        return least;
    }

    private static long machineMemory(Path proc) {
        OptionalLong kibibytes =
                KernelFiles.named(KernelFiles.lines(proc.resolve("meminfo")), "MemTotal:");
        return kibibytes.isPresent() ? kibibytes.getAsLong() << 10 : KernelFiles.NO_LIMIT;
    }
}
