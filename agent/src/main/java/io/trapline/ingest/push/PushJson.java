package io.trapline.ingest.push;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.trapline.config.OutsideJson;
import io.trapline.ingest.JsonMistake;
import io.trapline.ingest.LoneSurrogates;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/// A body as a tree, or why not: where it breaks, never the text around that place, which may hold
/// the token.
final class PushJson {
    private static final int MAX_NESTING = 1000;
    private static final JsonMapper MAPPER =
            JsonMapper.builder(
                            OutsideJson.builder()
                                    .streamReadConstraints(
                                            StreamReadConstraints.builder()
                                                    .maxNestingDepth(MAX_NESTING)
                                                    .maxNameLength(Integer.MAX_VALUE)
                                                    .build())
                                    .build())
                    .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                    .build();

    private PushJson() {}

    /// Of duplicate keys the last one is in the tree.
    static JsonNode parse(byte[] body) throws PushRefusal {
        String text = utf8(body);
        if (text.isBlank()) {
            throw new PushRefusal("body is empty, expected one JSON object");
        }
        try (JsonParser parser = new AnyExponent(MAPPER.createParser(text))) {
            JsonNode root = MAPPER.readTree(parser);
            if (parser.nextToken() != null) {
                throw new PushRefusal(
                        "body: expected one JSON object and nothing after it, found more"
                                + place(
                                        parser.currentTokenLocation().getLineNr(),
                                        parser.currentTokenLocation().getColumnNr()));
            }
            if (!root.isObject()) {
                throw new PushRefusal("body: expected an object, got " + kind(root));
            }
            return root;
        } catch (JsonProcessingException e) {
            throw new PushRefusal(explain(text, e));
        } catch (IOException e) {
            throw new UncheckedIOException("reading JSON from memory", e);
        }
    }

    /// What a value is, as messages name it.
    static String kind(@Nullable JsonNode node) {
        if (node == null) {
            return "nothing";
        }
        return switch (node.getNodeType()) {
            case STRING -> node.textValue().isEmpty() ? "empty text" : "text";
            case NUMBER -> "number";
            case BOOLEAN -> "boolean";
            case NULL -> "null";
            case ARRAY -> "array";
            case OBJECT -> "object";
            case BINARY, POJO, MISSING -> "nothing";
        };
    }

    /// Text as it is kept: a lone surrogate, which UTF-8 cannot hold, becomes U+FFFD.
    static String wellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                return replaceLoneSurrogates(text);
            }
        }
        return text;
    }

    /// The value as plain decimal text: whole numbers with all their digits, others in the shortest
    /// form that reads back as the same double; null when a double cannot hold it.
    static @Nullable String plainNumber(JsonNode number) {
        if (number.isIntegralNumber()) {
            return number.asText();
        }
        double value = number.doubleValue();
        if (!Double.isFinite(value)) {
            return null;
        }
        BigDecimal plain = new BigDecimal(Double.toString(value)).stripTrailingZeros();
        if (plain.precision() == 2) {
            // Double.toString has two digits where one is enough: 4.9E-324.
            BigDecimal shorter = plain.round(new MathContext(1));
            plain = shorter.doubleValue() == value ? shorter.stripTrailingZeros() : plain;
        }
        return plain.signum() == 0 ? "0" : plain.toPlainString();
    }

    private static String utf8(byte[] body) throws PushRefusal {
        try {
            return LoneSurrogates.replaced(
                    StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString());
        } catch (CharacterCodingException e) {
            throw new PushRefusal("body is not valid UTF-8; send JSON in UTF-8");
        }
    }

    private static String explain(String text, JsonProcessingException e) {
        String mistake = JsonMistake.explain(text, e, MAPPER.getFactory().streamReadConstraints());
        return e instanceof StreamConstraintsException
                ? "body cannot be taken: " + mistake
                : "body is not valid JSON at " + mistake;
    }

    private static String place(int line, int column) {
        return " at line " + line + ", column " + column;
    }

    private static String replaceLoneSurrogates(String text) {
        StringBuilder out = new StringBuilder(text.length());
        text.codePoints()
                .forEach(c ->
                        out.appendCodePoint(
                                c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE
                                        ? 0xFFFD
                                        : c));
        return out.toString();
    }

    /// Takes numbers whose exponent no [BigDecimal] has for the nearest thing that is as good: 0,
    /// or one that no double holds.
    private static final class AnyExponent extends JsonParserDelegate {
        AnyExponent(JsonParser parser) {
            super(parser);
        }

        @Override
        public BigDecimal getDecimalValue() throws IOException {
            try {
                return super.getDecimalValue();
            } catch (NumberFormatException e) {
                double near = Double.parseDouble(getText());
                return Double.isFinite(near)
                        ? new BigDecimal(near)
                        : BigDecimal.valueOf(near < 0 ? -1 : 1, -Integer.MAX_VALUE);
            }
        }
    }
}
