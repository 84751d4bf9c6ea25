package io.trapline.forward;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Function;
import java.util.zip.GZIPInputStream;

/// A real HTTP receiver whose behaviour is a function. It may also be cut off in the middle of an
/// answer.
final class Receiver implements AutoCloseable {
    private final HttpServer server;
    private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
    private final List<Request> requests = new CopyOnWriteArrayList<>();
    private volatile Function<Request, Reply> behaviour;

    record Request(
            String path,
            Optional<String> batch,
            String sender,
            String body,
            Optional<String> encoding) {}

    /// @param sent how many bytes of the body are sent before the connection is cut; -1 = all
    record Reply(int status, String body, Optional<String> retryAfter, int sent) {
        static Reply of(int status, String body) {
            return new Reply(status, body, Optional.empty(), -1);
        }

        Reply after(String retry) {
            return new Reply(status, body, Optional.of(retry), sent);
        }

        Reply cutAfter(int bytes) {
            return new Reply(status, body, retryAfter, bytes);
        }
    }

    static final Reply PUSH_OK =
            Reply.of(200, "{\"code\":\"200\",\"message\":\"success\",\"result\":\"true\"}");
    static final Reply TRAP_OK = Reply.of(200, "{\"stats\":1,\"filtered\":0}");

    Receiver(Function<Request, Reply> behaviour) throws IOException {
        this.behaviour = behaviour;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    void behave(Function<Request, Reply> newBehaviour) {
        behaviour = newBehaviour;
    }

    URI url(String path) {
        return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
    }

    List<Request> requests() {
        return requests;
    }

    private void handle(HttpExchange exchange) throws IOException {
        Optional<String> encoding =
                Optional.ofNullable(exchange.getRequestHeaders().getFirst("Content-Encoding"));
        String body;
        try (InputStream raw = exchange.getRequestBody();
                InputStream in = encoding.isPresent() ? new GZIPInputStream(raw) : raw) {
            body = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        Request request =
                new Request(
                        exchange.getRequestURI().getPath(),
                        Optional.ofNullable(
                                exchange.getRequestHeaders().getFirst("X-Trapline-Batch")),
                        exchange.getRequestHeaders()
                                .getOrDefault("X-Trapline-Sender", List.of(""))
                                .getFirst(),
                        body,
                        encoding);
        requests.add(request);
        Reply reply = behaviour.apply(request);
        byte[] bytes = reply.body().getBytes(StandardCharsets.UTF_8);
        if (reply.sent() == 0) {
            exchange.close();
            return;
        }
        reply.retryAfter()
                .ifPresent(text -> exchange.getResponseHeaders().add("Retry-After", text));
        exchange.sendResponseHeaders(reply.status(), bytes.length);
        exchange.getResponseBody().write(bytes, 0, reply.sent() < 0 ? bytes.length : reply.sent());
        exchange.close();
    }

    @Override
    public void close() {
        server.stop(0);
        threads.close();
    }
}
