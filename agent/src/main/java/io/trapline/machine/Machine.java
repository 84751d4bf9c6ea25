package io.trapline.machine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
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
    /// What the kernel says when there is no limit, or one that no machine reaches.
    private static final long NO_LIMIT = 1L << 60;

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
        List<Path> pids = new ArrayList<>();
        List<Path> memory = new ArrayList<>();
        for (String line : lines(proc.resolve("self/cgroup"))) {
            String[] parts = line.split(":", 3);
            if (parts.length == 3) {
                Path groups = root.resolve("sys/fs/cgroup");
                List<String> controllers = List.of(parts[1].split(","));
                if (parts[0].equals("0") && parts[1].isEmpty()) {
                    Path unified =
                            Files.isDirectory(groups.resolve("unified"))
                                    ? groups.resolve("unified")
                                    : groups;
                    pids.addAll(upwards(unified, parts[2]));
                    memory.addAll(upwards(unified, parts[2]));
                }
                if (controllers.contains("pids")) {
                    pids.addAll(upwards(groups.resolve("pids"), parts[2]));
                }
                if (controllers.contains("memory")) {
                    memory.addAll(upwards(groups.resolve("memory"), parts[2]));
                }
            }
        }
        return new Machine(
                openFiles(proc), openNow(proc), threads(proc, pids), memory(proc, memory));
    }

    /// A group and those above it. Inside a container the path may be the host's, and the mount the
    /// group itself: what is not there is left out.
    private static List<Path> upwards(Path mount, String path) {
        List<Path> all = new ArrayList<>();
        Path relative = Path.of("/").relativize(Path.of("/").resolve(path)).normalize();
        for (Path each = relative;
                each != null && !each.startsWith("..");
                each = each.getParent()) {
            all.add(mount.resolve(each));
        }
        all.add(mount);
        return all;
    }

    private static long openFiles(Path proc) {
        return limit(proc, "Max open files").orElse(USUAL_OPEN_FILES);
    }

    /// @return empty when the line is not there
    private static OptionalLong limit(Path proc, String name) {
        for (String line : lines(proc.resolve("self/limits"))) {
            if (line.startsWith(name)) {
                String soft = line.substring(name.length()).strip().split(" +", 2)[0];
                return soft.equals("unlimited") ? OptionalLong.of(NO_LIMIT) : number(soft);
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
            OptionalLong most = first(group.resolve("pids.max"));
            long used = first(group.resolve("pids.current")).orElse(0);
            if (most.isPresent() && most.getAsLong() - used < least.left()) {
                least = new Threads(most, used, group.resolve("pids.max").toString());
            }
        }
        // Counts all processes of the user, and does not bind root.
        OptionalLong user = limit(proc, "Max processes");
        boolean root = user(proc) == 0;
        if (!root && user.isPresent() && user.getAsLong() < NO_LIMIT) {
            long used = threadsOf(proc, user(proc));
            if (user.getAsLong() - used < least.left()) {
                least = new Threads(user, used, "ulimit -u");
            }
        }
        return least;
    }

    private static long user(Path proc) {
        for (String line : lines(proc.resolve("self/status"))) {
            if (line.startsWith("Uid:")) {
                return number(line.substring("Uid:".length()).strip().split("\\s+")[0]).orElse(0);
            }
        }
        return 0;
    }

    private static long threadsOf(Path proc, long user) {
        long sum = 0;
        try (Stream<Path> all = Files.list(proc)) {
            for (Path process : all.filter(Machine::isProcess).toList()) {
                long owner = -1;
                long threads = 0;
                for (String line : lines(process.resolve("status"))) {
                    if (line.startsWith("Uid:")) {
                        owner = number(line.substring(4).strip().split("\\s+")[0]).orElse(-1);
                    } else if (line.startsWith("Threads:")) {
                        threads = number(line.substring(8).strip()).orElse(0);
                    }
                }
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
                OptionalLong most = first(group.resolve(name));
                if (most.isPresent() && most.getAsLong() < least.bytes()) {
                    least = new Memory(most.getAsLong(), group.resolve(name).toString());
                }
            }
        }
        return least;
    }

    private static long machineMemory(Path proc) {
        for (String line : lines(proc.resolve("meminfo"))) {
            if (line.startsWith("MemTotal:")) {
                String kibibytes = line.substring("MemTotal:".length()).strip().split(" ", 2)[0];
                OptionalLong found = number(kibibytes);
                return found.isPresent() ? found.getAsLong() << 10 : NO_LIMIT;
            }
        }
        return NO_LIMIT;
    }

    /// `max` is no limit.
    private static OptionalLong first(Path file) {
        List<String> lines = lines(file);
        OptionalLong found = lines.isEmpty() ? OptionalLong.empty() : number(lines.getFirst());
        return found.isPresent() && found.getAsLong() < NO_LIMIT ? found : OptionalLong.empty();
    }

    private static OptionalLong number(String text) {
        try {
            return OptionalLong.of(Long.parseLong(text.strip()));
        } catch (NumberFormatException _) {
            return OptionalLong.empty();
        }
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException _) {
            return List.of(); // not there, or of a process that has ended
        }
    }
}
