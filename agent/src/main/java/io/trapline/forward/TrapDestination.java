package io.trapline.forward;

import com.fasterxml.jackson.databind.JsonNode;
import io.trapline.journal.Origin;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPOutputStream;

/// A Circonus check.
final class TrapDestination implements Destination {
    private static final int COMPRESS_FROM = 1024;

    /// How Trapline begins what it could not keep as it was sent.
    private static final Pattern LOST = Pattern.compile("([0-9]{1,15}) values? not stored as sent");

    private final TrapOutputSettings settings;
    private final TrapMapping mapping;
    private final HttpPoster poster;

    TrapDestination(TrapOutputSettings settings, HttpPoster poster) {
        this.settings = settings;
        this.poster = poster;
        mapping = new TrapMapping(settings.asciiNames());
    }

    @Override
    public void encode(Selected selected, Encoding out) {
        mapping.encode(selected, out);
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
    public Delivery send(List<Item> items, Sequence sequence) throws InterruptedException {
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
        headers.put(Origin.HEADER, Destination.origin(items, sequence).toString());
        byte[] bytes = body.toByteArray();
        if (bytes.length > COMPRESS_FROM) {
            headers.put("Content-Encoding", "gzip");
            bytes = gzip(bytes);
        }
        try {
            return verdict(poster.post(settings.url(), headers, bytes), Destination.values(items));
        } catch (IOException e) {
            return new Delivery.Later(String.valueOf(e.getMessage()), Optional.empty(), false);
        }
    }

    /// @param sent how many values the request had
    static Delivery verdict(HttpAnswer answer, long sent) {
        if (!answer.isSuccess()) {
            return answer.failure(OptionalInt.empty());
        }
        Optional<JsonNode> json = answer.json().filter(node -> node.path("stats").isNumber());
        if (json.isEmpty()) {
            return answer.strange();
        }
        Map<String, Long> lost = new TreeMap<>();
        List<String> notices = new ArrayList<>();
        String error = json.get().path("error").asText("");
        if (!error.isEmpty()) {
            notices.add(error);
            Matcher counted = LOST.matcher(error);
            // A broker says that there was one at least.
            lost.put(
                    Delivery.Accepted.SAID, counted.find() ? Long.parseLong(counted.group(1)) : 1L);
        }
        long filtered = json.get().path("filtered").asLong(0);
        if (filtered > 0) {
            notices.add(filtered + " filtered by the check");
            lost.put(Delivery.Accepted.FILTERED, filtered);
        }
        long stats = json.get().path("stats").asLong(0);
        if (stats < sent) {
            notices.add("it read " + stats + " of " + sent + " values");
            lost.put(Delivery.Accepted.UNSEEN, sent - stats);
        }
        return new Delivery.Accepted(HttpAnswer.shown(String.join("; ", notices)), lost);
    }

    /// Each member of the object is a value.
    @Override
    public int values(byte[] payload) {
        String object = "{" + new String(payload, StandardCharsets.UTF_8) + "}";
        return new HttpAnswer(200, object, Optional.empty()).json().map(JsonNode::size).orElse(1);
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
