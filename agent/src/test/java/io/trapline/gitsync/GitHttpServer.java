package io.trapline.gitsync;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import org.jspecify.annotations.Nullable;

/// `git http-backend` behind the JDK's server, with basic authentication when a user is given.
public final class GitHttpServer implements AutoCloseable {
    private final Path root;
    private final String expected;
    private final HttpServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private volatile int cutAfter = Integer.MAX_VALUE;
    private volatile int stallAfter = Integer.MAX_VALUE;
    private final CountDownLatch stalled = new CountDownLatch(1);
    private final CountDownLatch closed = new CountDownLatch(1);

    /// @param user `name:password`, or empty for anonymous
    /// @param tls null for plain HTTP
    public GitHttpServer(Path root, String user, @Nullable SSLContext tls) throws IOException {
        this.root = root;
        this.expected =
                user.isEmpty()
                        ? ""
                        : "Basic "
                                + Base64.getEncoder()
                                        .encodeToString(user.getBytes(StandardCharsets.UTF_8));
        InetSocketAddress any = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        if (tls == null) {
            server = HttpServer.create(any, 0);
        } else {
            HttpsServer secure = HttpsServer.create(any, 0);
            secure.setHttpsConfigurator(new HttpsConfigurator(tls));
            server = secure;
        }
        server.setExecutor(threads);
        server.createContext("/", this::handle);
        server.start();
    }

    /// `host:port`.
    public String host() {
        return "127.0.0.1:" + server.getAddress().getPort();
    }

    /// From now on connections are cut after so many bytes of a pack.
    void cutAfter(int bytes) {
        cutAfter = bytes;
    }

    /// From now on connections fall silent after so many bytes of a pack.
    public void stallAfter(int bytes) {
        stallAfter = bytes;
    }

    public void awaitStall() throws InterruptedException {
        if (!stalled.await(60, TimeUnit.SECONDS)) {
            throw new IllegalStateException("nobody fetched a pack");
        }
    }

    List<String> requests() {
        return requests;
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            requests.add(exchange.getRequestMethod() + " " + exchange.getRequestURI());
            String given = exchange.getRequestHeaders().getFirst("Authorization");
            if (!expected.isEmpty() && !expected.equals(given)) {
                exchange.getResponseHeaders().set("WWW-Authenticate", "Basic realm=\"git\"");
                exchange.sendResponseHeaders(401, -1);
                return;
            }
            backend(exchange);
        }
    }

    private void backend(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        ProcessBuilder builder = new ProcessBuilder("git", "http-backend");
        Map<String, String> env = builder.environment();
        env.put("GIT_PROJECT_ROOT", root.toString());
        env.put("GIT_HTTP_EXPORT_ALL", "1");
        env.put("GIT_CONFIG_COUNT", "1");
        env.put("GIT_CONFIG_KEY_0", "safe.directory");
        env.put("GIT_CONFIG_VALUE_0", "*");
        env.put("PATH_INFO", exchange.getRequestURI().getPath());
        env.put(
                "QUERY_STRING",
                Objects.requireNonNullElse(exchange.getRequestURI().getQuery(), ""));
        env.put("REQUEST_METHOD", exchange.getRequestMethod());
        env.put("CONTENT_LENGTH", String.valueOf(body.length));
        exchange.getRequestHeaders()
                .forEach((name, values) -> {
                    String key = name.toUpperCase(java.util.Locale.ROOT).replace('-', '_');
                    env.put(key.equals("CONTENT_TYPE") ? key : "HTTP_" + key, values.getFirst());
                });
        Process process = builder.start();
        try (OutputStream in = process.getOutputStream()) {
            in.write(body);
        }
        try (InputStream out = process.getInputStream()) {
            int status = 200;
            for (String line = line(out); !line.isEmpty(); line = line(out)) {
                int colon = line.indexOf(':');
                String value = line.substring(colon + 1).strip();
                if (line.substring(0, colon).equalsIgnoreCase("Status")) {
                    status = Integer.parseInt(value.substring(0, 3));
                } else {
                    exchange.getResponseHeaders().add(line.substring(0, colon), value);
                }
            }
            byte[] answer = out.readAllBytes();
            exchange.sendResponseHeaders(status, answer.length == 0 ? -1 : answer.length);
            boolean isPack = new String(answer, StandardCharsets.ISO_8859_1).contains("PACK");
            int sent = isPack ? Math.min(answer.length, cutAfter) : answer.length;
            if (isPack && stallAfter < sent) {
                exchange.getResponseBody().write(answer, 0, stallAfter);
                exchange.getResponseBody().flush();
                stalled.countDown();
                awaitClose();
            } else {
                exchange.getResponseBody().write(answer, 0, sent);
            }
        }
    }

    private void awaitClose() {
        try {
            closed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static String line(InputStream in) throws IOException {
        StringBuilder text = new StringBuilder();
        for (int c = in.read(); c >= 0 && c != '\n'; c = in.read()) {
            text.append((char) c);
        }
        return text.toString().strip();
    }

    @Override
    public void close() {
        closed.countDown();
        server.stop(0);
        threads.shutdownNow();
    }
}
