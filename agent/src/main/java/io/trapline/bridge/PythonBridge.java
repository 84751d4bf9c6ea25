package io.trapline.bridge;

import io.trapline.machine.AvailableMemory;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;

/// Opens both kinds of workers: [WorkerSpec#command] says which.
public final class PythonBridge implements Bridge {
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(8);

    /// Heap of a host JVM when nothing else is said.
    public static final int DEFAULT_HOST_HEAP_MIB = 512;

    private final ExternalWorkers external;
    private final EmbeddedWorkers embedded;
    private final Set<Session> open = ConcurrentHashMap.newKeySet();
    private volatile boolean closed;

    /// @param frameworkDir the folder `framework-py`
    /// @param java the executable for the embedded Python's host JVM, a 25 or newer
    /// @param hostClassPath of that JVM: this program's classes and the polyglot libraries
    /// @param dataDir where the embedded Python unpacks its standard library and keeps its caches
    public PythonBridge(Path frameworkDir, Path java, List<Path> hostClassPath, Path dataDir) {
        this(frameworkDir, java, hostClassPath, dataDir, DEFAULT_HOST_HEAP_MIB);
    }

    /// @param hostHeapMiB most memory that the Java heap of a host JVM may have
    public PythonBridge(
            Path frameworkDir, Path java, List<Path> hostClassPath, Path dataDir, int hostHeapMiB) {
        this(frameworkDir, java, hostClassPath, dataDir, hostHeapMiB, () -> Session.LOAD_LIMIT);
    }

    /// @param loadLimit how long loading may stand still; asked again and again
    PythonBridge(
            Path frameworkDir,
            Path java,
            List<Path> hostClassPath,
            Path dataDir,
            int hostHeapMiB,
            Supplier<Duration> loadLimit) {
        Path framework = frameworkDir.toAbsolutePath().normalize();
        FrameBudget budget = new FrameBudget();
        this.external = new ExternalWorkers(framework, loadLimit, budget);
        this.embedded =
                new EmbeddedWorkers(
                        framework,
                        java,
                        hostClassPath,
                        dataDir.toAbsolutePath(),
                        hostHeapMiB,
                        loadLimit,
                        budget,
                        AvailableMemory::bytes);
    }

    /// Unpacks the embedded Python's standard library beside the class path's last file and makes
    /// the start cache for hosts of embedded inputs, which are then up in about half the time;
    /// takes half a minute.
    ///
    /// @throws IOException when the JVM could not be started or failed
    public static void train(Path frameworkDir, Path java, List<Path> hostClassPath, Path dataDir)
            throws IOException, InterruptedException {
        Path framework = frameworkDir.toAbsolutePath().normalize();
        HostCommand command =
                new HostCommand(
                        java, hostClassPath, dataDir.toAbsolutePath(), DEFAULT_HOST_HEAP_MIB);
        try {
            Training.run(command, framework);
        } catch (WorkerException e) {
            throw new IOException("the start cache of embedded inputs: " + e.getMessage(), e);
        }
    }

    @Override
    public Worker open(WorkerSpec spec, WorkerListener listener)
            throws WorkerException, InterruptedException {
        if (closed) {
            throw new WorkerException("input " + spec.input() + ": the agent stops");
        }
        open.removeIf(Session::isOver);
        Session session =
                spec.command().isPresent()
                        ? external.open(spec, spec.command().get(), listener)
                        : embedded.open(spec, listener);
        open.add(session);
        if (closed) { // meanwhile
            session.close();
        }
        return session;
    }

    @Override
    public void close() {
        closed = true;
        List<Thread> closing =
                open.stream().map(each -> Thread.ofVirtual().start(each::close)).toList();
        try {
            for (Thread each : closing) {
                each.join(CLOSE_LIMIT);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        embedded.close();
    }

    /// The file that a `cmd` means: a path as it is, a bare name looked up on the `PATH`.
    ///
    /// @param environment the agent's
    /// @throws WorkerException when there is no such executable; the message says what to do
    public static Path executable(String cmd, Map<String, String> environment)
            throws WorkerException {
        String path = environment.getOrDefault("PATH", "");
        if (cmd.indexOf(File.separatorChar) >= 0) {
            Path file = Path.of(cmd);
            if (Files.isExecutable(file) && !Files.isDirectory(file)) {
                return file.toAbsolutePath();
            }
            throw new WorkerException(
                    "cmd = \""
                            + cmd
                            + "\": "
                            + (Files.exists(file) ? "is not an executable file" : "no such file")
                            + wayOut());
        }
        for (String folder : path.split(File.pathSeparator)) {
            Path file = Path.of(folder.isEmpty() ? "." : folder, cmd);
            if (Files.isExecutable(file) && !Files.isDirectory(file)) {
                return file.toAbsolutePath();
            }
        }
        throw new WorkerException(
                "cmd = \""
                        + cmd
                        + "\": there is no such program on the PATH ("
                        + path
                        + ")"
                        + wayOut());
    }

    private static String wayOut() {
        return "; install it (Debian: apt-get install python3), write its absolute path, or leave cmd"
                + " out to use the embedded Python";
    }
}
