package io.trapline.web;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.config.OutsideJson;
import io.trapline.ingest.JsonMistake;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/// A request's JSON object, read key by key. What does not fit is noted and answered as absent, so
/// that all problems come together. Asking for a key makes it a known one. A value of `null` counts
/// as absent. No message shows a value that came under a secret's key.
final class JsonBody {
    private static final ObjectMapper JSON =
            OutsideJson.mapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);
    private static final int MAX_SHOWN = 60;

    private final JsonNode object;
    private final List<String> problems = new ArrayList<>();
    private final Set<String> known = new TreeSet<>();

    private JsonBody(JsonNode object) {
        this.object = object;
    }

    /// An empty body is an empty object.
    ///
    /// @throws IllegalArgumentException when it is no JSON object
    static JsonBody parse(byte[] body) {
        try {
            JsonNode json = body.length == 0 ? JSON.createObjectNode() : JSON.readTree(body);
            if (!json.isObject()) {
                throw new IllegalArgumentException("the body is no JSON object");
            }
            return new JsonBody(json);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "the body is not JSON: "
                            + JsonMistake.explain(
                                    body, e, JSON.getFactory().streamReadConstraints()),
                    e);
        } catch (IOException e) {
            throw new IllegalArgumentException("the body is not JSON", e);
        }
    }

    Optional<JsonNode> value(String key) {
        known.add(key);
        return Optional.ofNullable(object.get(key)).filter(value -> !value.isNull());
    }

    /// Whether the key is there, if only as `null`.
    boolean has(String key) {
        known.add(key);
        return object.has(key);
    }

    Optional<String> text(String key, int maxLength) {
        return value(key)
                .flatMap(value -> {
                    if (!value.isTextual()) {
                        return wrong(key, "expected text");
                    }
                    String text = value.textValue();
                    return text.length() > maxLength
                            ? wrong(key, "longer than " + maxLength + " characters")
                            : Optional.of(text);
                });
    }

    /// @param parser throws [IllegalArgumentException] with what is wrong
    <T> Optional<T> parsed(String key, int maxLength, Function<String, T> parser) {
        return text(key, maxLength)
                .flatMap(text -> {
                    try {
                        return Optional.of(parser.apply(text));
                    } catch (IllegalArgumentException e) {
                        return wrong(key, String.valueOf(e.getMessage()));
                    }
                });
    }

    Optional<Boolean> flag(String key) {
        return value(key)
                .flatMap(value ->
                        value.isBoolean()
                                ? Optional.of(value.booleanValue())
                                : wrong(key, "expected true or false"));
    }

    Optional<Long> integer(String key, long min, long max) {
        return value(key)
                .flatMap(value ->
                        value.isIntegralNumber()
                                        && value.canConvertToLong()
                                        && value.longValue() >= min
                                        && value.longValue() <= max
                                ? Optional.of(value.longValue())
                                : wrong(key, "expected an integer from " + min + " to " + max));
    }

    Optional<List<String>> texts(String key) {
        return value(key)
                .flatMap(value -> {
                    List<String> texts = new ArrayList<>();
                    if (!value.isArray()) {
                        return wrong(key, "expected a list of texts");
                    }
                    for (JsonNode text : value) {
                        if (!text.isTextual() || text.textValue().isEmpty()) {
                            return wrong(key, "expected a list of texts, none empty");
                        }
                        texts.add(text.textValue());
                    }
                    return Optional.of(texts);
                });
    }

    <T> Optional<T> wrong(String key, String problem) {
        problems.add(key + ": " + problem);
        return Optional.empty();
    }

    List<String> problems() {
        return problems;
    }

    /// Everything that was wrong, with the keys that nobody asked for.
    List<String> done() {
        List<String> all = new ArrayList<>(problems);
        for (Map.Entry<String, JsonNode> member : object.properties()) {
            String key = member.getKey();
            if (!known.contains(key)) {
                String shown = key.length() > MAX_SHOWN ? key.substring(0, MAX_SHOWN) + "…" : key;
                all.add(shown + ": unknown key; known here are " + String.join(", ", known));
            }
        }
        return all;
    }
}
