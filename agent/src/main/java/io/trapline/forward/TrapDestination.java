package io.trapline.forward;

import com.fasterxml.jackson.databind.JsonNode;
import io.trapline.journal.Origin;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.zip.GZIPOutputStream;

/// A Circonus check.
final class TrapDestination implements Destination {
    private static final int COMPRESS_FROM = 1024;

    private final TrapOutputSettings settings;
    private final HttpPoster poster;

    TrapDestination(TrapOutputSettings settings, HttpPoster poster) {
        this.settings = settings;
        this.poster = poster;
    }

    @Override
    public void encode(Selected selected, Encoding out) {
        TrapMapping.encode(selected, out);
    }

    @Override
    public int maxBytes() {
        return settings.maxBatchBytes() - 2;
    }

    @Override
    public int maxItemBytes() {
        return Integer.MAX_VALUE;
    }

    @Override
    public Delivery send(List<Item> items, Optional<String> sender) throws InterruptedException {
        ByteArrayOutputStream body = new ByteArrayOutputStream(64 << 10);
        body.write('{');
        for (int i = 0; i < items.size(); i++) {
            if (i > 0) {
                body.write(',');
            }
            body.writeBytes(items.get(i).bytes());
        }
        body.write('}');
        Map<String, String> headers = new TreeMap<>();
        headers.put("Content-Type", "application/json");
        Destination.origin(items, sender)
                .ifPresent(origin -> headers.put(Origin.HEADER, origin.toString()));
        byte[] bytes = body.toByteArray();
        if (bytes.length > COMPRESS_FROM) {
            headers.put("Content-Encoding", "gzip");
            bytes = gzip(bytes);
        }
        try {
            return verdict(poster.post(settings.url(), headers, bytes));
        } catch (IOException e) {
            return new Delivery.Later(String.valueOf(e.getMessage()), Optional.empty(), false);
        }
    }

    static Delivery verdict(HttpAnswer answer) {
        if (!answer.isSuccess()) {
            return answer.failure(OptionalInt.empty());
        }
        Optional<JsonNode> json = answer.json().filter(node -> node.path("stats").isNumber());
        if (json.isEmpty()) {
            return answer.strange();
        }
        long filtered = json.get().path("filtered").asLong(0);
        String notice = json.get().path("error").asText("");
        if (filtered > 0) {
            notice += (notice.isEmpty() ? "" : "; ") + filtered + " values filtered by the check";
        }
        return new Delivery.Accepted(notice);
    }

    static byte[] gzip(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length / 4 + 64);
        try (GZIPOutputStream gzip = new GZIPOutputStream(out, 16 << 10)) {
            gzip.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException("memory does not fail", e);
        }
        return out.toByteArray();
    }

    @Override
    public void close() {
        poster.close();
    }
}
