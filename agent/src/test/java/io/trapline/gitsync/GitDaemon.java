package io.trapline.gitsync;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;

/// The machine's `git daemon` on a loopback port.
final class GitDaemon implements AutoCloseable {
    private final int port;
    private final Process process;

    GitDaemon(Path root) throws IOException, InterruptedException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
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
                        .redirectOutput(root.resolveSibling("daemon.log").toFile());
        builder.environment().put("GIT_CONFIG_COUNT", "1");
        builder.environment().put("GIT_CONFIG_KEY_0", "safe.directory");
        builder.environment().put("GIT_CONFIG_VALUE_0", "*");
        process = builder.start();
        for (int i = 0; i < 400 && !answers(); i++) {
            if (!process.isAlive()) {
                throw new IOException("git daemon ended with " + process.exitValue());
            }
            Thread.sleep(25);
        }
    }

    private boolean answers() {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
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
