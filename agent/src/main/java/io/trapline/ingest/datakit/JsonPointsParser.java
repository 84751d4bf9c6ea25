package io.trapline.ingest.datakit;

import static io.trapline.ingest.datakit.RefusedException.badRequest;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import io.trapline.config.OutsideJson;
import io.trapline.ingest.JsonMistake;
import io.trapline.ingest.LoneSurrogates;
import io.trapline.model.Blob;
import io.trapline.model.Category;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Tag;
import io.trapline.pipeline.Decoded.Warning;
import io.trapline.pipeline.PointChecks;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A JSON array of points, each in the simple form or the typed one ("pbjson"), as a stream.
///
/// Source: `contracts/datakit.md` section 3.5. What tells the forms apart is `fields`: an object in
/// the simple form, an array in the typed one; without `fields`, a `name` without `measurement` and
/// `tags` means typed. Numbers of the simple form are doubles; an integer that a double cannot hold
/// keeps its digits. Nested values are skipped, up to 100 levels deep. Bytes that are no UTF-8
/// become U+FFFD, with a warning, as upstream.
final class JsonPointsParser {
    static final String CODE = "datakit.invalidJsonPoint";
    static final int MAX_DEPTH = 100;

    /// More than the checks leave of a text; a longer one takes too much memory to be cut.
    private static final int MAX_TEXT = PointChecks.MAX_TEXT_BYTES / 4 * 5;

    /// Names are not kept from one body to the next and not limited: the limit on the body is one,
    /// and long keys are cut by the checks.
    static final JsonFactory JSON =
            OutsideJson.builder()
                    .disable(JsonFactory.Feature.CHARSET_DETECTION)
                    .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
                    .streamReadConstraints(
                            StreamReadConstraints.builder()
                                    .maxNestingDepth(MAX_DEPTH)
                                    .maxStringLength(MAX_TEXT)
                                    .maxNameLength(Integer.MAX_VALUE)
                                    .build())
                    .build();

    private final JsonParser json;
    private final Category category;
    private final Timestamps times;
    private final PointSink sink;
    private final Mended warnings = new Mended();

    /// Points so far.
    private int count;

    /// Of the point at hand.
    private int values;

    private JsonPointsParser(JsonParser json, Category category, Timestamps times, PointSink sink) {
        this.json = json;
        this.category = category;
        this.times = times;
        this.sink = sink;
    }

    /// Parses a whole body: an array of points, or null.
    ///
    /// @param sink takes the points one by one; what it took is void when the batch is refused
    /// @return what had to be mended
    static List<Warning> parse(byte[] body, Category category, Timestamps times, PointSink sink)
            throws RefusedException {
        return parse(body, 0, body.length, category, times, sink);
    }

    static List<Warning> parse(
            byte[] body, int from, int to, Category category, Timestamps times, PointSink sink)
            throws RefusedException {
        int taken = 0;
        try (JsonParser json = bytes(body, from, to)) {
            JsonPointsParser parser = new JsonPointsParser(json, category, times, sink);
            try {
                return parser.all();
            } finally {
                taken = parser.count;
            }
        } catch (JsonProcessingException e) {
            boolean utf8 = isUtf8(body, from, to);
            if (utf8 && !isLoneSurrogate(e)) {
                throw badJson(body, from, to, e);
            }
            Warning why =
                    utf8
                            ? new Warning(
                                    0,
                                    "invalid_utf8",
                                    "half of a surrogate pair in a name became U+FFFD")
                            : new Warning(0, "invalid_utf8", "the body is no UTF-8 and was mended");
            return again(body, from, to, category, times, new After(taken, sink), why);
        } catch (IOException e) {
            throw new UncheckedIOException("reading from memory", e);
        }
    }

    static JsonParser bytes(byte[] body) throws IOException {
        return bytes(body, 0, body.length);
    }

    private static JsonParser bytes(byte[] body, int from, int to) throws IOException {
        return OutsideJson.parser(JSON, body, from, to);
    }

    /// Passes on what comes after the points that the sink has already.
    private static final class After implements PointSink {
        private final PointSink sink;
        private int left;

        After(int taken, PointSink sink) {
            this.left = taken;
            this.sink = sink;
        }

        @Override
        public void accept(Point point) throws RefusedException {
            if (left > 0) {
                left--;
            } else {
                sink.accept(point);
            }
        }
    }

    /// The parser takes half of a pair in a value, and refuses it in a name.
    private static boolean isLoneSurrogate(JsonProcessingException e) {
        return String.valueOf(e.getOriginalMessage()).contains("surrogate");
    }

    /// The body is no UTF-8, or has half of a surrogate pair, and perhaps only therefore no JSON.
    private static List<Warning> again(
            byte[] body,
            int from,
            int to,
            Category category,
            Timestamps times,
            PointSink sink,
            Warning why)
            throws RefusedException {
        Reader mended =
                LoneSurrogates.replacing(
                        new InputStreamReader(
                                new ByteArrayInputStream(body, from, to - from),
                                StandardCharsets.UTF_8));
        try (JsonParser json = JSON.createParser(mended)) {
            List<Warning> warnings = new JsonPointsParser(json, category, times, sink).all();
            warnings.addFirst(why);
            return warnings;
        } catch (JsonProcessingException e) {
            throw badJson(body, from, to, e);
        } catch (IOException e) {
            throw new UncheckedIOException("reading from memory", e);
        }
    }

    /// UTF-8 cannot hold half of a surrogate pair; it would become a question mark.
    private String text() throws IOException {
        return LoneSurrogates.inText(json.getText());
    }

    static boolean isUtf8(byte[] body, int from, int to) {
        CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
        ByteBuffer bytes = ByteBuffer.wrap(body, from, to - from);
        CharBuffer piece = CharBuffer.allocate(8192);
        while (true) {
            CoderResult result = decoder.decode(bytes, piece, true);
            if (!result.isOverflow()) {
                return result.isUnderflow();
            }
            piece.clear();
        }
    }

    private static RefusedException badJson(
            byte[] body, int from, int to, JsonProcessingException e) {
        return badRequest(CODE, noJson(Arrays.copyOfRange(body, from, to), e));
    }

    /// The same without lone surrogates, byte for byte; itself when there are none.
    static byte[] wellFormed(byte[] json) {
        for (int i = 0; i + 2 < json.length; i++) {
            if (json[i] == '\\' && json[i + 1] == 'u' && (json[i + 2] | 0x20) == 'd') {
                // Escapes are ASCII: the other bytes need not be understood, and stay.
                return LoneSurrogates.replaced(new String(json, StandardCharsets.ISO_8859_1))
                        .getBytes(StandardCharsets.ISO_8859_1);
            }
        }
        return json;
    }

    static String noJson(byte[] text, JsonProcessingException e) {
        String mistake = JsonMistake.explain(text, e, JSON.streamReadConstraints());
        return e instanceof StreamConstraintsException
                ? "this JSON cannot be taken: " + mistake
                : "no JSON at " + mistake;
    }

    private List<Warning> all() throws IOException, RefusedException {
        JsonToken first = json.nextToken();
        if (first == null) {
            throw badRequest(CODE, "no JSON, the body is blank");
        }
        if (first == JsonToken.START_ARRAY) {
            while (json.nextToken() != JsonToken.END_ARRAY) {
                sink.accept(point());
                count++;
            }
        } else if (first != JsonToken.VALUE_NULL) {
            throw badRequest(CODE, "an array of points is wanted, found " + found());
        }
        if (json.nextToken() != null) {
            throw badRequest(CODE, "something follows the points: " + found());
        }
        return warnings.list();
    }

    private Point point() throws IOException, RefusedException {
        if (json.currentToken() != JsonToken.START_OBJECT) {
            throw bad("is no object but " + found());
        }
        Members members = new Members();
        values = 0;
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String member = json.currentName();
            json.nextToken();
            switch (member) {
                case "measurement" -> members.measurement = simpleText(member);
                case "tags" -> members.tags = tags();
                case "fields" -> fields(members);
                case "time" -> time(members);
                case "name" -> members.name = anyText();
                default -> anyCase(member, members);
            }
        }
        return members.isTyped() ? typed(members) : simple(members);
    }

    private void anyCase(String member, Members members) throws IOException, RefusedException {
        switch (member.toLowerCase(Locale.ROOT)) {
            case "measurement" -> members.measurement = simpleText(member);
            case "tags" -> members.tags = tags();
            case "fields" -> fields(members);
            case "time" -> time(members);
            case "name" -> members.name = anyText();
            default -> json.skipChildren();
        }
    }

    private void countValue() throws RefusedException {
        if (++values > WriteDecoder.MOST_VALUES) {
            throw bad(WriteDecoder.TOO_MANY_VALUES);
        }
    }

    /// The members of one point, before it is known which form it has.
    private static final class Members {
        @Nullable String measurement;
        @Nullable List<Tag> tags;
        @Nullable List<Field> fields;
        @Nullable String name;
        @Nullable List<Tag> typedTags;
        @Nullable List<Field> typedFields;
        @Nullable String time;
        boolean timeIsText;

        boolean isTyped() {
            if (typedFields != null || fields != null) {
                return typedFields != null;
            }
            return name != null && measurement == null && tags == null;
        }
    }

    private Point simple(Members members) throws RefusedException {
        if (members.timeIsText) {
            throw bad("has a text as its time, an integer is wanted");
        }
        return new Point(
                category,
                members.measurement == null ? "" : members.measurement,
                members.tags == null ? List.of() : members.tags,
                members.fields == null ? List.of() : members.fields,
                timeOf(members));
    }

    private Point typed(Members members) throws RefusedException {
        return new Point(
                category,
                members.name == null ? "" : members.name,
                members.typedTags == null ? List.of() : members.typedTags,
                members.typedFields == null ? List.of() : members.typedFields,
                timeOf(members));
    }

    private long timeOf(Members members) throws RefusedException {
        if (members.time == null) {
            return times.receivedNs();
        }
        long time;
        try {
            time = times.toNs(Long.parseLong(members.time));
        } catch (NumberFormatException e) {
            throw bad("has the time " + shortened(members.time) + ", a 64-bit integer is wanted");
        }
        if (time == Timestamps.OUT_OF_RANGE) {
            warnings.add(Timestamps.warning(count));
            return times.receivedNs();
        }
        return time;
    }

    private void time(Members members) throws IOException, RefusedException {
        members.timeIsText = json.currentToken() == JsonToken.VALUE_STRING;
        members.time =
                switch (json.currentToken()) {
                    case VALUE_NULL -> null;
                    case VALUE_NUMBER_INT, VALUE_STRING -> json.getText();
                    default -> throw bad("has " + found() + " as its time, an integer is wanted");
                };
    }

    private @Nullable String simpleText(String member) throws IOException, RefusedException {
        return switch (json.currentToken()) {
            case VALUE_NULL -> null;
            case VALUE_STRING -> text();
            default -> throw bad("has " + found() + " as " + member + ", a text is wanted");
        };
    }

    /// `name` means nothing in the simple form, where it may be anything.
    private @Nullable String anyText() throws IOException {
        if (json.currentToken() == JsonToken.VALUE_STRING) {
            return text();
        }
        json.skipChildren();
        return null;
    }

    private @Nullable List<Tag> tags() throws IOException, RefusedException {
        if (json.currentToken() == JsonToken.VALUE_NULL) {
            return null;
        }
        if (json.currentToken() != JsonToken.START_OBJECT) {
            throw bad("has " + found() + " as tags, an object is wanted");
        }
        Unique<Tag> tags = new Unique<>();
        while (json.nextToken() != JsonToken.END_OBJECT) {
            countValue();
            String key = json.currentName();
            String value =
                    switch (json.nextToken()) {
                        case VALUE_STRING -> text();
                        case VALUE_NULL -> "";
                        default ->
                                throw bad(
                                        "has "
                                                + found()
                                                + " as the tag \""
                                                + shortened(key)
                                                + "\", a text is wanted");
                    };
            tags.put(key, new Tag(key, value));
        }
        return tags.list();
    }

    private void fields(Members members) throws IOException, RefusedException {
        members.fields = null;
        members.typedFields = null;
        members.typedTags = null;
        switch (json.currentToken()) {
            case VALUE_NULL -> {}
            case START_OBJECT -> members.fields = simpleFields();
            case START_ARRAY -> typedFields(members);
            default -> throw bad("has " + found() + " as fields, an object is wanted");
        }
    }

    private List<Field> simpleFields() throws IOException, RefusedException {
        Unique<Field> fields = new Unique<>();
        while (json.nextToken() != JsonToken.END_OBJECT) {
            countValue();
            String key = json.currentName();
            JsonToken token = json.nextToken();
            FieldValue value = token == JsonToken.START_ARRAY ? array() : scalar(key);
            fields.put(key, new Field(key, value));
        }
        return fields.list();
    }

    private FieldValue scalar(String key) throws IOException, RefusedException {
        return switch (json.currentToken()) {
            case VALUE_STRING -> new FieldValue.Text(text());
            case VALUE_TRUE -> new FieldValue.Bool(true);
            case VALUE_FALSE -> new FieldValue.Bool(false);
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> number(key);
            default -> {
                json.skipChildren();
                yield new FieldValue.Null();
            }
        };
    }

    private FieldValue number(String key) throws IOException, RefusedException {
        if (json.currentToken() == JsonToken.VALUE_NUMBER_INT
                && json.getNumberType() != JsonParser.NumberType.BIG_INTEGER) {
            long whole = json.getLongValue();
            double value = whole == 0 ? zero() : whole;
            boolean exact = value < 0x1p63 && (long) value == whole;
            return new FieldValue.Real(value, exact ? null : Long.toString(whole));
        }
        double value = json.getDoubleValue();
        if (Double.isInfinite(value)) {
            throw bad(
                    "has a number beyond a double as the field \""
                            + shortened(key)
                            + "\": "
                            + shortened(json.getText()));
        }
        if (json.currentToken() == JsonToken.VALUE_NUMBER_INT) {
            boolean exact = new BigDecimal(value).compareTo(json.getDecimalValue()) == 0;
            return new FieldValue.Real(value, exact ? null : json.getText());
        }
        return new FieldValue.Real(value);
    }

    /// The integer `-0` is a negative zero where numbers are doubles, as `-0.0` is.
    private double zero() throws IOException {
        return json.getText().startsWith("-") ? -0.0 : 0.0;
    }

    /// An array of one basic type; any other array is a field without value.
    private FieldValue array() throws IOException, RefusedException {
        List<FieldValue> values = new ArrayList<>();
        boolean mixed = false;
        while (json.nextToken() != JsonToken.END_ARRAY) {
            countValue();
            FieldValue value = scalar("an array's element");
            mixed |=
                    value instanceof FieldValue.Null
                            || (!values.isEmpty()
                                    && values.getFirst().getClass() != value.getClass());
            if (!mixed) {
                values.add(value);
            }
        }
        return mixed ? new FieldValue.Null() : new FieldValue.Array(values);
    }

    private void typedFields(Members members) throws IOException, RefusedException {
        Unique<Tag> tags = new Unique<>();
        Unique<Field> fields = new Unique<>();
        while (json.nextToken() != JsonToken.END_ARRAY) {
            typedField(tags, fields);
        }
        members.typedTags = tags.list();
        members.typedFields = fields.list();
    }

    private void typedField(Unique<Tag> tags, Unique<Field> fields)
            throws IOException, RefusedException {
        if (json.currentToken() != JsonToken.START_OBJECT) {
            throw bad("has " + found() + " among its fields, an object is wanted");
        }
        countValue();
        String key = "";
        boolean isTag = false;
        FieldValue value = new FieldValue.Null();
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String member = json.currentName();
            JsonToken token = json.nextToken();
            switch (member) {
                case "key" -> key = String.valueOf(typedText(member));
                case "is_tag", "isTag" -> isTag = typedFlag(member, token);
                case "i", "u", "f", "b", "s", "d", "a" -> value = typedValue(member);
                default -> json.skipChildren();
            }
        }
        if (!isTag) {
            fields.put(key, new Field(key, value));
        } else if (value instanceof FieldValue.Text(String text)) {
            tags.put(key, new Tag(key, text));
        } else if (value instanceof FieldValue.Null) {
            tags.put(key, new Tag(key, ""));
        } else {
            throw bad("has a tag \"" + shortened(key) + "\" that is no text");
        }
    }

    private boolean typedFlag(String member, JsonToken token) throws IOException, RefusedException {
        return switch (token) {
            case VALUE_TRUE -> true;
            case VALUE_FALSE, VALUE_NULL -> false;
            default ->
                    throw bad(
                            "has "
                                    + found()
                                    + " as \""
                                    + member
                                    + "\" of a field, true or false is wanted");
        };
    }

    private String typedText(String member) throws IOException, RefusedException {
        if (json.currentToken() != JsonToken.VALUE_STRING) {
            throw bad("has " + found() + " as \"" + member + "\" of a field, a text is wanted");
        }
        return text();
    }

    private FieldValue typedValue(String member) throws IOException, RefusedException {
        if (json.currentToken() == JsonToken.VALUE_NULL) {
            return new FieldValue.Null();
        }
        try {
            return switch (member) {
                case "i" -> new FieldValue.Int(Long.parseLong(typedInteger()));
                case "u" -> new FieldValue.UInt(Long.parseUnsignedLong(typedInteger()));
                case "f" -> typedReal();
                case "b" -> typedBool();
                case "s" -> new FieldValue.Text(typedText(member));
                case "d" -> new FieldValue.Bytes(Blob.of(json.getBinaryValue()));
                default -> typedArray();
            };
        } catch (NumberFormatException e) {
            throw bad(
                    "has "
                            + shortened(json.getText())
                            + " as \""
                            + member
                            + "\" of a field, a 64-bit integer is wanted");
        }
    }

    private String typedInteger() throws IOException {
        return switch (json.currentToken()) {
            case VALUE_NUMBER_INT, VALUE_STRING -> json.getText();
            default -> throw new NumberFormatException("no integer");
        };
    }

    private FieldValue typedReal() throws IOException, RefusedException {
        if (!json.currentToken().isNumeric()) {
            throw bad("has " + found() + " as \"f\" of a field, a number is wanted");
        }
        double value = json.getDoubleValue();
        if (value == 0) {
            return new FieldValue.Real(zero());
        }
        if (Double.isInfinite(value)) {
            throw bad("has a number beyond a double: " + shortened(json.getText()));
        }
        return new FieldValue.Real(value);
    }

    private FieldValue typedBool() throws IOException, RefusedException {
        if (!json.currentToken().isBoolean()) {
            throw bad("has " + found() + " as \"b\" of a field, true or false is wanted");
        }
        return new FieldValue.Bool(json.currentToken() == JsonToken.VALUE_TRUE);
    }

    /// Plain values, or upstream's `{"arr":[{"i":"1"},…]}`.
    private FieldValue typedArray() throws IOException, RefusedException {
        if (json.currentToken() == JsonToken.START_ARRAY) {
            return array();
        }
        if (json.currentToken() != JsonToken.START_OBJECT) {
            throw bad("has " + found() + " as \"a\" of a field, an array is wanted");
        }
        FieldValue array = new FieldValue.Null();
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String member = json.currentName();
            if (json.nextToken() == JsonToken.START_ARRAY && member.equals("arr")) {
                Unique<Tag> noTags = new Unique<>();
                List<FieldValue> values = new ArrayList<>();
                while (json.nextToken() != JsonToken.END_ARRAY) {
                    Unique<Field> element = new Unique<>();
                    typedField(noTags, element);
                    element.list().forEach(field -> values.add(field.value()));
                }
                boolean plain =
                        values.stream()
                                .noneMatch(value ->
                                        value.getClass() != values.getFirst().getClass()
                                                || value instanceof FieldValue.Null
                                                || value instanceof FieldValue.Array);
                array = plain ? new FieldValue.Array(values) : new FieldValue.Null();
            } else {
                json.skipChildren();
            }
        }
        return array;
    }

    /// Keeps the last value of a key, at the place of the first.
    private static final class Unique<T> {
        private static final int MANY = 16;

        private final List<String> keys = new ArrayList<>(4);
        private final List<T> values = new ArrayList<>(4);
        private @Nullable Map<String, Integer> places;

        void put(String key, T value) {
            int place = place(key);
            if (place >= 0) {
                values.set(place, value);
                return;
            }
            if (places != null) {
                places.put(key, keys.size());
            }
            keys.add(key);
            values.add(value);
        }

        private int place(String key) {
            if (keys.size() < MANY) {
                return keys.indexOf(key);
            }
            if (places == null) {
                places = new LinkedHashMap<>();
                for (int i = 0; i < keys.size(); i++) {
                    places.put(keys.get(i), i);
                }
            }
            return places.getOrDefault(key, -1);
        }

        List<T> list() {
            return List.copyOf(values);
        }
    }

    private String found() throws IOException {
        JsonToken token = json.currentToken();
        return switch (token) {
            case START_OBJECT -> "an object";
            case START_ARRAY -> "an array";
            case VALUE_STRING -> "the text \"" + shortened(json.getText()) + "\"";
            case null -> "nothing";
            default -> shortened(json.getText());
        };
    }

    private static String shortened(@Nullable String text) {
        String shown = String.valueOf(text);
        return shown.length() <= 64 ? shown : shown.substring(0, 64) + "…";
    }

    private RefusedException bad(String why) {
        return badRequest(CODE, "point " + count + " (counted from 0) " + why);
    }
}
