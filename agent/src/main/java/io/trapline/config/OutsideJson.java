package io.trapline.config;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonFactoryBuilder;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.async.ByteArrayFeeder;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;

/// Jackson, set up for JSON that comes from outside.
///
/// By default one factory keeps the member names of all documents in one table, so that one sender
/// can fill it for all others: their documents then fail, or cost more (jackson-core issue 1289).
/// Here each document has its names for itself, and there may be any number of them: the limit on
/// the body bounds them. Whatever a member's value is, is the caller's to check.
public final class OutsideJson {
    private OutsideJson() {}

    /// To be set up further.
    public static JsonFactoryBuilder builder() {
        JsonFactoryBuilder builder = new JsonFactoryBuilder();
        builder.disable(JsonFactory.Feature.INTERN_FIELD_NAMES);
        builder.disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES);
        return builder;
    }

    public static JsonFactory factory() {
        return builder().build();
    }

    /// A parser of bytes in UTF-8 that tells the places of bytes and refuses what is no UTF-8. A
    /// token's location is the one after its first byte.
    ///
    /// With names of its own, a factory of Jackson reads bytes as characters, which does neither.
    /// Its parser for bytes that come in pieces keeps to bytes; here it gets one piece, the whole.
    ///
    /// @param factory from [#builder]
    /// @throws JsonProcessingException when the bytes begin with a byte order mark
    public static JsonParser parser(JsonFactory factory, byte[] json, int from, int to)
            throws IOException {
        JsonParser parser = factory.createNonBlockingByteArrayParser();
        if (to - from >= 3
                && json[from] == (byte) 0xEF
                && json[from + 1] == (byte) 0xBB
                && json[from + 2] == (byte) 0xBF) {
            throw new JsonParseException(parser, "a byte order mark");
        }
        ByteArrayFeeder feeder = (ByteArrayFeeder) parser.getNonBlockingInputFeeder();
        feeder.feedInput(json, from, to);
        feeder.endOfInput();
        return new Whole(parser);
    }

    /// At the end of its piece the parser says once that it lacks bytes, even if none can come.
    private static final class Whole extends JsonParserDelegate {
        Whole(JsonParser pieces) {
            super(pieces);
        }

        @Override
        public JsonToken nextToken() throws IOException {
            JsonToken token = delegate.nextToken();
            return token == JsonToken.NOT_AVAILABLE ? delegate.nextToken() : token;
        }

        @Override
        public JsonParser skipChildren() throws IOException {
            JsonToken current = delegate.currentToken();
            if (current == JsonToken.START_OBJECT || current == JsonToken.START_ARRAY) {
                delegate.skipChildren();
            }
            return this;
        }
    }

    /// Each caller's own, to be set up further.
    public static ObjectMapper mapper() {
        return new ObjectMapper(factory());
    }
}
