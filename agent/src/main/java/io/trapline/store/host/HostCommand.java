package io.trapline.store.host;

import io.trapline.store.StatementThreads;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// How store hosts are started.
///
/// @param java the executable
/// @param classPath the agent's own
/// @param cache the JVM's start cache of the same class path, if there is one
public record HostCommand(Path java, String classPath, Optional<Path> cache) {
    /// Of the JVM: decoded batches and one result at a time.
    private static final int HEAP_MIB = 128;

    /// What the JVM and the driver reserve beyond what they use: heap, metaspace, thread stacks.
    private static final long RESERVE = 1L << 30;

    /// Of statements that run at once, and as many again whose threads wait for the next one.
    private static final long STATEMENT_STACKS = 2L * Lanes.OF_ALL * StatementThreads.STACK_BYTES;

    /// What the process may have in memory beyond what the database was given: the JVM, the
    /// library, and what DuckDB does not count as its own.
    private static final long BESIDE_DATABASE = 448L << 20;

    /// The command of this very process's program.
    public static HostCommand ofThisProgram(Path java, Optional<Path> cache) {
        return new HostCommand(java, System.getProperty("java.class.path"), cache);
    }

    /// The most that a host may have in memory when its database was given `memory` bytes.
    static long mostResident(long memory) {
        return memory + memory / 2 + BESIDE_DATABASE;
    }

    /// @param temporary for the native library, which is gone from there once it is loaded
    List<String> line(Path directory, Path temporary, long memory, int earlierDeaths) {
        List<String> line = new ArrayList<>();
        line.add(java.toString());
        line.addAll(
                List.of(
                        "-XX:+UseSerialGC",
                        "-XX:+UseCompactObjectHeaders",
                        "-Xms8m",
                        "-Xmn4m",
                        "-Xmx" + HEAP_MIB + "m",
                        "-Xss512k",
                        "-XX:ReservedCodeCacheSize=48m",
                        "-XX:CompressedClassSpaceSize=64m",
                        "-XX:TrimNativeHeapInterval=3000",
                        "-XX:+ExitOnOutOfMemoryError",
                        "-XX:-UsePerfData",
                        "-XX:+DisplayVMOutputToStderr", // standard output is the protocol
                        "-Xlog:disable",
                        "-Xlog:all=error:stderr",
                        "--enable-native-access=ALL-UNNAMED",
                        "--sun-misc-unsafe-memory-access=allow",
                        "-Djava.io.tmpdir=" + temporary,
                        cache.map(file -> "-XX:AOTCache=" + file).orElse("-Xshare:auto"),
                        "-cp",
                        classPath,
                        StoreHost.class.getName(),
                        directory.toString(),
                        Long.toString(mostResident(memory) + RESERVE + STATEMENT_STACKS),
                        Integer.toString(earlierDeaths)));
        return line;
    }
}
