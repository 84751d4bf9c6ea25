package io.trapline.faults;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.trapline.model.Entry;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.pipeline.BatchCodec;
import io.trapline.pipeline.BatchFrames;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.zip.GZIPInputStream;

/// Takes what an output of the kind `core` sends, as a core does: each frame of a sender once. Or
/// it behaves badly.
public final class BatchReceiver implements AutoCloseable {
    /// How it answers.
    public enum Mood {
        WELL,
        /// 503.
        AWAY,
        /// Keeps what it gets and closes the connection.
        KEEPS_AND_CUTS,
        /// Keeps nothing and closes the connection.
        CUTS,
        /// 200, and what is in it says that it is none.
        ERROR_INSIDE,
        /// 200 as if it had kept all.
        LIES,
        /// Keeps all, and answers after some time.
        SLOW
    }

    private final HttpServer server;
    private final int port;

    /// How often each number of [Load] arrived and was kept.
    private final Map<Load.Id, Integer> kept = new ConcurrentHashMap<>();

    private final Map<String, Long> senders = new HashMap<>();
    private volatile Mood mood = Mood.WELL;
    private volatile long slowMillis = 1000;

    public BatchReceiver() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        port = server.getAddress().getPort();
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::answer);
        server.start();
    }

    public String url() {
        return "http://127.0.0.1:" + port + "/v1/batches";
    }

    public void mood(Mood next) {
        mood = next;
    }

    public void slowBy(long millis) {
        slowMillis = millis;
    }

    public Map<Load.Id, Integer> kept() {
        return Map.copyOf(kept);
    }

    private void answer(HttpExchange exchange) throws IOException {
        byte[] body = exchange.getRequestBody().readAllBytes();
        switch (mood) {
            case AWAY -> say(exchange, 503, "{\"error\": \"away\"}");
            case CUTS -> exchange.close();
            case ERROR_INSIDE -> say(exchange, 200, "{\"error\": \"nothing was kept\"}");
            case LIES -> {
                int frames = frames(body);
                say(exchange, 200, "{\"frames\": " + frames + ", \"kept\": " + frames + "}");
            }
            case KEEPS_AND_CUTS -> {
                keep(exchange, body);
                exchange.close();
            }
            case WELL -> say(exchange, 200, keep(exchange, body));
            case SLOW -> {
                String said = keep(exchange, body);
                pause();
                say(exchange, 200, said);
            }
        }
    }

    private void pause() {
        try {
            Thread.sleep(slowMillis);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void say(HttpExchange exchange, int status, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        exchange.getResponseHeaders().set("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private static BatchFrames open(byte[] body) throws IOException {
        try {
            return new BatchFrames(new GZIPInputStream(new java.io.ByteArrayInputStream(body)));
        } catch (BatchFrames.FormatException e) {
            throw new IOException(e);
        }
    }

    private static int frames(byte[] body) throws IOException {
        BatchFrames frames = open(body);
        int count = 0;
        try {
            while (frames.next().isPresent()) {
                count++;
            }
        } catch (BatchFrames.FormatException e) {
            throw new IOException(e);
        }
        return count;
    }

    private synchronized String keep(HttpExchange exchange, byte[] body) throws IOException {
        String sender = exchange.getRequestHeaders().getFirst(BatchFrames.SENDER_HEADER);
        BatchFrames frames = open(body);
        int count = 0;
        int fresh = 0;
        try {
            for (Optional<BatchFrames.Received> next = frames.next();
                    next.isPresent();
                    next = frames.next()) {
                count++;
                if (next.get().position() > senders.getOrDefault(sender, 0L)) {
                    senders.put(sender, next.get().position());
                    fresh++;
                    BatchCodec.decode(next.get().bytes()).entries().forEach(this::note);
                }
            }
        } catch (BatchFrames.FormatException e) {
            throw new IOException(e);
        }
        return "{\"frames\": " + count + ", \"kept\": " + fresh + "}";
    }

    private void note(Entry entry) {
        switch (entry) {
            case Point point -> {
                if (Load.NAMES.contains(point.name())
                        && point.fields().getFirst().value() instanceof FieldValue.Int(long id)) {
                    note(point.name(), id);
                } else if (Load.NAMES.contains(point.name())
                        && point.fields().getFirst().value()
                                instanceof FieldValue.Real(double id, var _)) {
                    note(point.name(), (long) id);
                }
            }
            case Sample sample -> {
                if (Load.NAMES.contains(sample.name())) {
                    switch (sample.value()) {
                        case SampleValue.Whole(var _, long id) -> note(sample.name(), id);
                        case SampleValue.Real(double id, var _) -> note(sample.name(), (long) id);
                        default -> {}
                    }
                }
            }
            default -> {}
        }
    }

    private void note(String name, long id) {
        kept.merge(new Load.Id(name, id), 1, Integer::sum);
    }

    @Override
    public void close() {
        server.stop(0);
    }
}
