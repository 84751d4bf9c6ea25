package io.trapline.bridge;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.graalvm.polyglot.io.ProcessHandler;

/// The processes that one embedded input starts. They must not inherit the host's standard input
/// and output, which are the pipe to the agent, and end with their input.
final class Children implements ProcessHandler {
    private final Set<Process> alive = ConcurrentHashMap.newKeySet();
    private final BiConsumer<WorkerListener.Stream, String> lines;

    Children(BiConsumer<WorkerListener.Stream, String> lines) {
        this.lines = lines;
    }

    @Override
    public Process start(ProcessCommand command) throws IOException {
        ProcessBuilder builder =
                new ProcessBuilder(command.getCommand())
                        .redirectErrorStream(command.isRedirectErrorStream());
        if (command.getDirectory() != null) {
            builder.directory(new File(command.getDirectory()));
        }
        builder.environment().clear();
        builder.environment().putAll(command.getEnvironment());
        if (command.getInputRedirect().equals(Redirect.INHERIT)) {
            builder.redirectInput(new File("/dev/null"));
        }
        Process process = builder.start();
        alive.add(process);
        var _ = process.onExit().thenAccept(alive::remove);
        follow(process.getInputStream(), command.getOutputRedirect(), WorkerListener.Stream.STDOUT);
        if (!command.isRedirectErrorStream()) {
            follow(
                    process.getErrorStream(),
                    command.getErrorRedirect(),
                    WorkerListener.Stream.STDERR);
        }
        return process;
    }

    private void follow(InputStream from, Redirect to, WorkerListener.Stream stream) {
        if (to.equals(Redirect.INHERIT)) {
            Thread.ofVirtual().start(() -> tell(from, stream));
        } else if (!to.equals(Redirect.PIPE)) {
            Thread.ofVirtual().start(() -> copy(from, to.getOutputStream()));
        }
    }

    private void tell(InputStream from, WorkerListener.Stream stream) {
        try (Lines each = new Lines(from)) {
            for (var line = each.next(); line.isPresent(); line = each.next()) {
                lines.accept(stream, line.get());
            }
        } catch (IOException _) {
            // it was killed
        }
    }

    private static void copy(InputStream from, OutputStream to) {
        try (from) {
            from.transferTo(to);
            to.flush();
        } catch (IOException _) {
            // it was killed, or the reader went away
        }
    }

    /// Kills them all, and what they started.
    void end() {
        for (Process process : alive) {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
    }
}
