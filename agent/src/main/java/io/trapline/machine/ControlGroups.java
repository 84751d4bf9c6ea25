package io.trapline.machine;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The control groups that limit this process, each with those above it, of version 2 or 1.
///
/// @param pids folders with `pids.max`
/// @param memory folders with `memory.max` or `memory.limit_in_bytes`
record ControlGroups(List<Path> pids, List<Path> memory) {
    /// @param root where `proc` and `sys` are: `/`, or a made-up tree
    static ControlGroups at(Path root) {
        List<Path> pids = new ArrayList<>();
        List<Path> memory = new ArrayList<>();
        Path mounts = root.resolve("sys/fs/cgroup");
        for (String line : KernelFiles.lines(root.resolve("proc/self/cgroup"))) {
            String[] parts = line.split(":", 3);
            if (parts.length == 3) {
                List<String> controllers = List.of(parts[1].split(","));
                if (parts[0].equals("0") && parts[1].isEmpty()) {
                    Path unified = mounts.resolve("unified");
                    Path mount = Files.isDirectory(unified) ? unified : mounts;
                    pids.addAll(upwards(mount, parts[2]));
                    memory.addAll(upwards(mount, parts[2]));
                }
                if (controllers.contains("pids")) {
                    pids.addAll(upwards(mounts.resolve("pids"), parts[2]));
                }
                if (controllers.contains("memory")) {
                    memory.addAll(upwards(mounts.resolve("memory"), parts[2]));
                }
            }
        }
        return new ControlGroups(pids, memory);
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
}
