package io.trapline.bridge;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;

/// How a host JVM is started.
///
/// Beside the last library of the class path lie the JVM's start cache (`host.aot`: what a host
/// loads, links and learns in a first run) and Python's standard library, unpacked (`home`); beside
/// the first one lies what the cache was made of (`trained`). Without the first, or with one of
/// another JDK, a host starts slower and works the same; the JVM does not notice that a library has
/// changed since, so one of other libraries is not used. Without the last, or for a user who may
/// not write there (GraalPy insists), the standard library is unpacked into the data folder.
final class HostCommand {
    private static final String CACHE = "host.aot";
    private static final String OF = "trained";
    private static final String UNPACKED = "home";

    /// The JVM's own choice, a 64th of the machine's memory, is filled with garbage before the
    /// first collection.
    private static final int START_HEAP_MIB = 64;

    private final Path java;
    private final List<Path> libraries;
    private final String classPath;
    private final Path cache;
    private final Path unpacked;
    private final Path of;
    private final Path dataDir;
    private final int heapMiB;

    HostCommand(Path java, List<Path> classPath, Path dataDir, int heapMiB) {
        this.java = java;
        libraries = List.copyOf(classPath);
        this.classPath =
                classPath.stream()
                        .map(Path::toString)
                        .collect(Collectors.joining(File.pathSeparator));
        Path beside = classPath.isEmpty() ? dataDir.resolve(CACHE) : classPath.getLast();
        this.cache = beside.resolveSibling(CACHE);
        this.unpacked = beside.toAbsolutePath().resolveSibling(UNPACKED);
        this.of = (classPath.isEmpty() ? cache : classPath.getFirst()).resolveSibling(OF);
        this.dataDir = dataDir;
        this.heapMiB = heapMiB;
    }

    /// @param openFiles soft limit of the process
    ProcessBuilder builder(Path frameworkDir, int openFiles) {
        List<String> options =
                List.of(
                        isCurrent() ? "-XX:AOTCache=" + cache : "-Xshare:auto",
                        "-D" + GraalHost.OPEN_FILES + "=" + openFiles);
        Path home = Files.isWritable(unpacked) ? unpacked : dataDir.resolve("graalpy");
        return new ProcessBuilder(command(options, home, frameworkDir.toString()));
    }

    /// Whether the libraries are those of which the launcher has made the caches, by their names,
    /// sizes and times.
    private boolean isCurrent() {
        try {
            Set<String> program = new HashSet<>();
            for (Path library : libraries) {
                program.add(
                        "%s %d %d"
                                .formatted(
                                        library,
                                        Files.size(library),
                                        Files.getLastModifiedTime(library).to(TimeUnit.SECONDS)));
            }
            return Files.exists(cache) && program.equals(Set.copyOf(Files.readAllLines(of)));
        } catch (IOException _) {
            return false;
        }
    }

    /// A host that unpacks the standard library and, when its input has ended, writes the start
    /// cache.
    ProcessBuilder training(Path frameworkDir) {
        return new ProcessBuilder(
                command(
                        List.of("-XX:AOTCacheOutput=" + cache),
                        unpacked,
                        frameworkDir.toString(),
                        GraalHost.TRAIN));
    }

    private List<String> command(List<String> options, Path home, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(java.toString());
        command.addAll(
                List.of(
                        // Each is measured in docs/performance.md, "What the JVM's switches bring".
                        "-Xms" + Math.min(heapMiB, START_HEAP_MIB) + "m",
                        "-Xmx" + heapMiB + "m",
                        "-XX:MetaspaceSize=160m",
                        "-XX:TrimNativeHeapInterval=3000",
                        "-XX:+UseSerialGC",
                        "-XX:+UseCompactObjectHeaders",
                        "-XX:-UsePerfData", // a file in /tmp
                        "-XX:+DisplayVMOutputToStderr", // standard output is the protocol
                        "-Xlog:disable",
                        "-Xlog:all=error:stderr",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-Dpolyglot.engine.WarnInterpreterOnly=false",
                        "-Dpolyglot.engine.userResourceCache=" + home));
        command.add("-Djava.io.tmpdir=" + System.getProperty("java.io.tmpdir"));
        command.addAll(options);
        command.addAll(List.of("-cp", classPath, GraalHost.class.getName()));
        command.addAll(List.of(arguments));
        return command;
    }
}
