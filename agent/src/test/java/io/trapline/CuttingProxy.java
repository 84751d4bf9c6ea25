package io.trapline;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntSupplier;

/// Stands between a client and a server that may move, passes bytes both ways, and cuts some
/// connections in the middle of what the server answers.
final class CuttingProxy implements AutoCloseable {
    private final ServerSocket listener;
    private final IntSupplier answerBytes;
    private final Set<Socket> open = ConcurrentHashMap.newKeySet();
    private volatile int target;
    private volatile boolean calm;

    /// @param answerBytes asked for each connection: after so many bytes of answers it is cut; -1 =
    ///   never
    CuttingProxy(IntSupplier answerBytes) throws IOException {
        this.answerBytes = answerBytes;
        listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Thread.ofVirtual().start(this::accept);
    }

    int port() {
        return listener.getLocalPort();
    }

    /// 0 = nobody is there.
    void to(int port) {
        target = port;
    }

    /// From now on no new connection is cut.
    void calm() {
        calm = true;
    }

    private void accept() {
        while (!listener.isClosed()) {
            try {
                Socket client = listener.accept();
                Thread.ofVirtual().start(() -> connect(client));
            } catch (IOException e) {
                return;
            }
        }
    }

    private void connect(Socket client) {
        open.add(client);
        try (client;
                Socket server = new Socket(InetAddress.getLoopbackAddress(), target)) {
            open.add(server);
            Thread up = Thread.ofVirtual().start(() -> copy(client, server, -1));
            copy(server, client, calm ? -1 : answerBytes.getAsInt());
            cut(server);
            cut(client);
            up.join();
            open.remove(server);
        } catch (IOException e) {
            // Nobody is there: the client sees its connection closed.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            open.remove(client);
        }
    }

    private static void cut(Socket socket) throws IOException {
        socket.close();
    }

    private static void copy(Socket from, Socket to, int limit) {
        byte[] buffer = new byte[8192];
        int left = limit < 0 ? Integer.MAX_VALUE : limit;
        try {
            InputStream in = from.getInputStream();
            OutputStream out = to.getOutputStream();
            while (left > 0) {
                int read = in.read(buffer, 0, Math.min(buffer.length, left));
                if (read < 0) {
                    return;
                }
                out.write(buffer, 0, read);
                left -= limit < 0 ? 0 : read;
            }
        } catch (IOException e) {
            // One side is gone: the other one is told by closing it.
        }
    }

    @Override
    public void close() throws IOException {
        listener.close();
        for (Socket socket : open) {
            socket.close();
        }
    }
}
