package io.trapline.bridge;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// How a host JVM is started.
final class HostCommand {
    private final Path java;
    private final String classPath;
    private final Path dataDir;
    private final int heapMiB;

    HostCommand(Path java, List<Path> classPath, Path dataDir, int heapMiB) {
        this.java = java;
        this.classPath =
                classPath.stream()
                        .map(Path::toString)
                        .collect(Collectors.joining(File.pathSeparator));
        this.dataDir = dataDir;
        this.heapMiB = heapMiB;
    }

    ProcessBuilder builder(Path frameworkDir) {
        return new ProcessBuilder(command(List.of(), frameworkDir.toString()));
    }

    private List<String> command(List<String> options, String... arguments) {
        List<String> command = new ArrayList<>();
        command.add(java.toString());
        command.addAll(
                List.of(
                        "-Xmx" + heapMiB + "m",
                        "-XX:+UseSerialGC",
                        "-XX:+UseCompactObjectHeaders",
                        "-XX:+DisplayVMOutputToStderr", // standard output is the protocol
                        "-Xshare:auto",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-Dpolyglot.engine.WarnInterpreterOnly=false",
                        "-Dpolyglot.engine.userResourceCache=" + dataDir.resolve("graalpy")));
        command.addAll(options);
        command.addAll(List.of("-cp", classPath, GraalHost.class.getName()));
        command.addAll(List.of(arguments));
        return command;
    }
}
