package io.trapline.bridge;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// The processes of this machine at one moment, as `/proc` tells them; empty where there is none.
final class ProcessTable {
    private static final Path PROC = Path.of("/proc");

    private final Map<Long, Entry> all = new HashMap<>();
    private final Map<Long, List<Entry>> children = new HashMap<>();

    record Entry(long process, long parent, long group, long session) {}

    private ProcessTable() {}

    static ProcessTable read() {
        ProcessTable table = new ProcessTable();
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(PROC, "[1-9]*")) {
            for (Path folder : folders) {
                table.add(folder);
            }
        } catch (IOException | java.nio.file.DirectoryIteratorException _) {
            // then nothing is counted
        }
        return table;
    }

    private void add(Path folder) {
        try {
            String stat =
                    new String(
                            Files.readAllBytes(folder.resolve("stat")),
                            StandardCharsets.ISO_8859_1);
            // The name, in brackets, may hold anything: state, parent, group and session follow.
            String[] rest = stat.substring(stat.lastIndexOf(')') + 2).split(" ", 5);
            Entry entry =
                    new Entry(
                            Long.parseLong(folder.getFileName().toString()),
                            Long.parseLong(rest[1]),
                            Long.parseLong(rest[2]),
                            Long.parseLong(rest[3]));
            if (!rest[0].equals("Z")) {
                all.put(entry.process(), entry);
                children.computeIfAbsent(entry.parent(), _ -> new ArrayList<>()).add(entry);
            }
        } catch (IOException | RuntimeException _) {
            // it has ended meanwhile
        }
    }

    /// How many threads the machine has, cheaply; -1 when that cannot be told.
    static long tasks() {
        try {
            String load = Files.readString(PROC.resolve("loadavg"));
            return Long.parseLong(load.substring(load.indexOf('/') + 1).split(" ", 2)[0]);
        } catch (IOException | RuntimeException _) {
            return -1;
        }
    }

    /// The process groups that have a member.
    Set<Long> groups() {
        Set<Long> groups = new HashSet<>();
        all.values().forEach(each -> groups.add(each.group()));
        return groups;
    }

    /// The members of the groups and sessions that `roots` lead, and all that descends from them or
    /// from the roots. The roots themselves are among them when they are alive.
    List<Entry> family(Set<Long> roots) {
        Map<Long, Entry> family = new LinkedHashMap<>();
        Deque<Entry> open = new ArrayDeque<>();
        for (Entry each : all.values()) {
            if (roots.contains(each.process())
                    || roots.contains(each.group())
                    || roots.contains(each.session())) {
                open.add(each);
            }
        }
        while (!open.isEmpty()) {
            Entry each = open.remove();
            if (family.putIfAbsent(each.process(), each) == null) {
                open.addAll(children.getOrDefault(each.process(), List.of()));
            }
        }
        return List.copyOf(family.values());
    }
}
