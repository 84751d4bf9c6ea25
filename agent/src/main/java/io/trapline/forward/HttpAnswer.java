package io.trapline.forward;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.config.OutsideJson;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Optional;
import java.util.OptionalInt;

/// A receiver's answer.
///
/// @param retryAfter by the `Retry-After` header, in both of its forms
public record HttpAnswer(int status, String body, Optional<Duration> retryAfter) {
    private static final ObjectMapper JSON = OutsideJson.mapper();
    private static final int SHOWN = 300;

    boolean isSuccess() {
        return status >= 200 && status < 300;
    }

    /// The body, when it is a JSON object.
    public Optional<JsonNode> json() {
        try {
            return Optional.ofNullable(JSON.readTree(body)).filter(JsonNode::isObject);
        } catch (JsonProcessingException e) {
            return Optional.empty();
        }
    }

    /// What the receiver says of it: its `message` or `error`, else the begin of the body.
    public String message() {
        Optional<JsonNode> json = json();
        String said =
                json.map(node -> node.path("message").asText(node.path("error").asText("")))
                        .filter(text -> !text.isEmpty())
                        .orElse(body.strip());
        return shown(said);
    }

    /// On one line and not too long.
    static String shown(String text) {
        StringBuilder shown = new StringBuilder();
        text.codePoints()
                .limit(SHOWN)
                .map(c -> Character.isISOControl(c) ? ' ' : c)
                .forEach(shown::appendCodePoint);
        return shown.length() < text.length() ? shown.append('…').toString() : shown.toString();
    }

    /// What to do about an answer that is no success.
    Delivery failure(OptionalInt culprit) {
        String reason = "status " + status + (message().isEmpty() ? "" : ": " + message());
        return switch (status) {
            case 401, 403, 408, 425, 429 -> new Delivery.Later(reason, retryAfter, false);
            // These speak of the address, not of what was sent to it.
            case 404, 405, 407, 410, 411, 421, 426 ->
                    new Delivery.Later(
                            reason + "; check the address of this output", retryAfter, true);
            default ->
                    status >= 400 && status < 500
                            ? new Delivery.Refused(status, reason, culprit)
                            : new Delivery.Later(reason, retryAfter, status < 500);
        };
    }

    /// A 2xx that does not look like the receiver's own.
    Delivery strange() {
        return new Delivery.Later(
                "status "
                        + status
                        + " with a body that is no receiver's ("
                        + message()
                        + "); check the address of this output",
                retryAfter,
                true);
    }

    static Optional<Duration> retryAfter(Optional<String> header, Instant now) {
        if (header.isEmpty()) {
            return Optional.empty();
        }
        String text = header.get().strip();
        if (text.matches("[0-9]{1,9}")) {
            return Optional.of(Duration.ofSeconds(Long.parseLong(text)));
        }
        try {
            Instant then =
                    ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
            return Optional.of(then.isAfter(now) ? Duration.between(now, then) : Duration.ZERO);
        } catch (DateTimeException e) {
            return Optional.empty();
        }
    }
}
