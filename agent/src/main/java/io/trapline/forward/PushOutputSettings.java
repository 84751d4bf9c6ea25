package io.trapline.forward;

import io.trapline.config.ConfTable;
import java.net.URI;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/// One `[[outputs.push]]` block: a BlueKing receiver, or another Trapline's `/v2/push/`.
///
/// @param token never shown by [#toString]
/// @param type what the receiver registered the data_id for: metrics or events go there, the rest
///   does not
/// @param rate requests a minute at most, spread evenly; 0 = as fast as the receiver answers
/// @param maxBatchBytes of a request's body
/// @param target what items get that have neither a `host` nor a `target` tag
public record PushOutputSettings(
        OutputBasics basics,
        URI url,
        long dataId,
        String token,
        Type type,
        int rate,
        int maxBatchBytes,
        String target)
        implements OutputSettings {
    static final int DEFAULT_BATCH_BYTES = 500_000;
    static final int DEFAULT_RATE = 600;
    private static final long MAX_DATA_ID = 0xFFFF_FFFFL;
    private static final int MAX_BATCH_BYTES = 512_000;
    private static final String ADDRESS = "an address such as \"http://10.0.0.1:10205/v2/push/\"";
    public static final String PATH = "/v2/push/";

    /// What a data_id takes.
    public enum Type {
        TIME_SERIES("time_series"),
        EVENT("event");

        private final String word;

        Type(String word) {
            this.word = word;
        }

        public String word() {
            return word;
        }
    }

    public PushOutputSettings {
        Objects.requireNonNull(token, "token");
        Objects.requireNonNull(type, "type");
        if (maxBatchBytes < 1024 || maxBatchBytes > MAX_BATCH_BYTES || rate < 0) {
            throw new IllegalArgumentException(
                    "maxBatchBytes %d or rate %d is out of range".formatted(maxBatchBytes, rate));
        }
        if (target.isEmpty()) {
            throw new IllegalArgumentException("target is empty");
        }
    }

    /// Reads one block; empty when something needed is missing or wrong, which is reported.
    static Optional<PushOutputSettings> read(ConfTable push, String hostName) {
        int before = push.problems().errors();
        OutputBasics basics = OutputBasics.read(push);
        push.require("url", ADDRESS);
        Optional<URI> url = push.parsed("url", ADDRESS, text -> Addresses.complete(text, PATH));
        push.require("data_id", "an integer from 1 to " + MAX_DATA_ID);
        Optional<Long> dataId = push.integer("data_id", 1, MAX_DATA_ID);
        push.require("access_token", "text");
        String token = push.secret("access_token", "text").orElse("");
        if (token.isEmpty() && push.problems().errors() == before) {
            push.error("access_token", "empty, so no receiver can take it; accepted: text");
        }
        Type type =
                push.choice("type", Map.of("time_series", Type.TIME_SERIES, "event", Type.EVENT))
                        .orElse(Type.TIME_SERIES);
        int rate =
                push.integer("rate", 0, Integer.MAX_VALUE)
                        .map(Math::toIntExact)
                        .orElse(DEFAULT_RATE);
        int bytes =
                push.size("max_batch_bytes", 1024, MAX_BATCH_BYTES)
                        .map(Math::toIntExact)
                        .orElse(DEFAULT_BATCH_BYTES);
        String target = push.text("target", "text").orElse(hostName);
        if (target.isEmpty()) {
            push.error("target", "empty; accepted: text");
        }
        push.done();
        return push.problems().errors() == before
                ? Optional.of(
                        new PushOutputSettings(
                                basics,
                                url.orElseThrow(),
                                dataId.orElseThrow(),
                                token,
                                type,
                                rate,
                                bytes,
                                target))
                : Optional.empty();
    }

    @Override
    public String kind() {
        return "push";
    }

    @Override
    public String shownAddress() {
        return url.toString();
    }

    @Override
    public String toString() {
        return "PushOutputSettings[name=%s, url=%s, dataId=%d, type=%s, enabled=%b]"
                .formatted(name(), url, dataId, type.word(), basics.enabled());
    }
}
