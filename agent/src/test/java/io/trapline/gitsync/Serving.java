package io.trapline.gitsync;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/// Programs of the machine that serve on a loopback port.
final class Serving {
    private Serving() {}

    static int freePort() throws IOException {
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return free.getLocalPort();
        }
    }

    /// Returns when the port answers; fails with what the program has said when it ends before.
    static void awaitAnswer(Process program, String name, int port, Path log) throws IOException {
        await("an answer of " + name)
                .atMost(Duration.ofSeconds(20))
                .pollInterval(Duration.ofMillis(25))
                .until(() -> !program.isAlive() || answers(port));
        if (!program.isAlive()) {
            throw new IOException(
                    name + " ended with " + program.exitValue() + ": " + Files.readString(log));
        }
    }

    private static boolean answers(int port) {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            return socket.isConnected();
        } catch (IOException _) {
            return false;
        }
    }
}
