package io.trapline.gitsync;

import java.io.IOException;
import java.nio.file.Path;

/// The machine's `git daemon` on a loopback port.
final class GitDaemon implements AutoCloseable {
    private final int port;
    private final Process process;

    GitDaemon(Path root) throws IOException, InterruptedException {
        port = Serving.freePort();
        Path log = root.resolveSibling("daemon.log");
        ProcessBuilder builder =
                new ProcessBuilder(
                                "git",
                                "daemon",
                                "--listen=127.0.0.1",
                                "--port=" + port,
                                "--reuseaddr",
                                "--export-all",
                                "--informative-errors",
                                "--base-path=" + root)
                        .redirectErrorStream(true)
                        .redirectOutput(log.toFile());
        builder.environment().put("GIT_CONFIG_COUNT", "1");
        builder.environment().put("GIT_CONFIG_KEY_0", "safe.directory");
        builder.environment().put("GIT_CONFIG_VALUE_0", "*");
        process = builder.start();
        Serving.awaitAnswer(process, "git daemon", port, log);
    }

    String url(String path) {
        return "git://127.0.0.1:" + port + "/" + path;
    }

    @Override
    public void close() {
        stop();
    }

    void stop() {
        // `git daemon` is a child of `git`.
        process.descendants().forEach(ProcessHandle::destroy);
        process.destroy();
    }
}
