package io.trapline.ingest.datakit;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import io.trapline.model.Category;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Tag;
import io.trapline.pipeline.Decoded.Warning;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/// Logs as Fluentd, Fluent Bit (FireLens) and Logstash send them to `POST /v1/write/logstreaming`,
/// from the bytes of a body to points of the category logging.
///
/// Source: upstream's input `logstreaming`. `type=influxdb` is line protocol, `type=firelens` are
/// JSON objects, everything else is text with one log a line. Each point gets the tags of the
/// parameter `tags`, `service` and `ip_or_hostname`, unless it has such a key itself.
///
/// Where upstream answers 200 and stores nothing or one useless log, this stores what was meant: an
/// array of JSON objects in the text form is one log an object (Fluentd's `json_array`, Logstash's
/// `json_batch`), FireLens objects may come without an array or a line each, and what is nested in
/// them is kept as JSON.
///
/// @param measurement of the logs in JSON and text: the parameter `source`, else `default`
/// @param tags for each point
/// @param notes what was asked for and is not done, for the answer
record LogStream(Form form, String measurement, List<Tag> tags, List<String> notes) {
    private static final String MESSAGE = "message";
    private static final BigDecimal SECOND = BigDecimal.valueOf(1_000_000_000L);

    /// From here on a number is no seconds any more, but as [Timestamps] guesses.
    private static final double MOST_SECONDS = 1e10;

    LogStream {
        tags = List.copyOf(tags);
        notes = List.copyOf(notes);
    }

    enum Form {
        TEXT,
        LINE_PROTOCOL,
        FIRELENS
    }

    /// @param query the first value of a parameter, or an empty text
    /// @param sender who sent the body: an address, or `localhost`
    static LogStream of(UnaryOperator<String> query, String sender) {
        String source = query.apply("source");
        String measurement = source.isEmpty() ? "default" : source;
        List<String> notes = new ArrayList<>();
        Map<String, String> tags = new LinkedHashMap<>();
        for (String pair : query.apply("tags").split(",")) {
            int equals = pair.indexOf('=');
            if (equals > 0) {
                tags.put(pair.substring(0, equals), pair.substring(equals + 1));
            } else if (!pair.isEmpty()) {
                notes.add("\"" + pair + "\" in tags is no key=value and was left out");
            }
        }
        tags.put("ip_or_hostname", sender);
        String service = query.apply("service");
        tags.put("service", service.isEmpty() ? measurement : service);
        String pipeline = query.apply("pipeline");
        if (!pipeline.isEmpty()) {
            notes.add(
                    "pipeline \""
                            + pipeline
                            + "\" was not run: Trapline has no pipelines, logs are stored as they"
                            + " come");
        }
        Form form =
                switch (query.apply("type")) {
                    case "influxdb" -> Form.LINE_PROTOCOL;
                    case "firelens" -> Form.FIRELENS;
                    default -> Form.TEXT;
                };
        return new LogStream(
                form,
                measurement,
                tags.entrySet().stream().map(tag -> new Tag(tag.getKey(), tag.getValue())).toList(),
                notes);
    }

    /// Parses a body in JSON or text; line protocol has its own parser, with [#tagged] behind it.
    ///
    /// @return what had to be mended
    List<Warning> parse(byte[] body, Timestamps times, PointSink sink) throws RefusedException {
        byte[] text = body;
        List<Warning> mended = List.of();
        if (!JsonPointsParser.isUtf8(body, 0, body.length)) {
            text = new String(body, UTF_8).getBytes(UTF_8);
            mended = List.of(new Warning(0, "invalid_utf8", "the body is no UTF-8 and was mended"));
        }
        try {
            switch (form) {
                case FIRELENS -> firelens(text, times, sink);
                case TEXT -> text(text, times, sink);
                case LINE_PROTOCOL -> throw new IllegalStateException("has a parser of its own");
            }
        } catch (IOException e) {
            throw new UncheckedIOException("reading from memory", e);
        }
        return mended;
    }

    /// The point with the tags of the stream whose keys it lacks.
    Point tagged(Point point) {
        List<Tag> all = new ArrayList<>(point.tags());
        for (Tag tag : tags) {
            if (point.tags().stream().noneMatch(own -> own.key().equals(tag.key()))
                    && point.fields().stream().noneMatch(own -> own.key().equals(tag.key()))) {
                all.add(tag);
            }
        }
        return new Point(point.category(), point.name(), all, point.fields(), point.timeNs());
    }

    private void text(byte[] body, Timestamps times, PointSink sink)
            throws RefusedException, IOException {
        if (roots(body) == Roots.ARRAY) {
            try (JsonParser json = JsonPointsParser.bytes(body)) {
                json.nextToken();
                while (json.nextToken() != JsonToken.END_ARRAY) {
                    sink.accept(log(sent(json, body), times));
                }
            }
            return;
        }
        int from = 0;
        while (from < body.length) {
            int end = from;
            while (end < body.length && body[end] != '\n') {
                end++;
            }
            int to = end > from && body[end - 1] == '\r' ? end - 1 : end;
            String line = new String(body, from, to - from, UTF_8);
            if (!line.isBlank()) {
                sink.accept(log(line, times));
            }
            from = end + 1;
        }
    }

    private Point log(String message, Timestamps times) {
        return new Point(
                Category.LOGGING,
                measurement,
                tags,
                List.of(new Field(MESSAGE, new FieldValue.Text(message))),
                times.receivedNs());
    }

    private void firelens(byte[] body, Timestamps times, PointSink sink)
            throws RefusedException, IOException {
        if (roots(body) == Roots.OTHER) {
            String whole = new String(body, UTF_8);
            if (!whole.isBlank()) {
                sink.accept(log(whole, times));
            }
            return;
        }
        try (JsonParser json = JsonPointsParser.bytes(body)) {
            for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
                if (token == JsonToken.START_OBJECT) {
                    sink.accept(tagged(event(json, body, times)));
                }
            }
        }
    }

    private Point event(JsonParser json, byte[] body, Timestamps times)
            throws RefusedException, IOException {
        Map<String, FieldValue> fields = new LinkedHashMap<>();
        long time = times.receivedNs();
        while (json.nextToken() != JsonToken.END_OBJECT) {
            String key = json.currentName();
            json.nextToken();
            if (key.equals("date")) {
                long date = date(json, times);
                if (date > 0) {
                    time = date;
                    continue;
                }
            }
            String name =
                    switch (key) {
                        case "log" -> MESSAGE;
                        case "source" -> "firelens_source";
                        default -> key;
                    };
            fields.put(name, name.equals(MESSAGE) ? message(json, body) : value(json, body));
            if (fields.size() > WriteDecoder.MOST_VALUES) {
                throw RefusedException.badRequest(
                        JsonPointsParser.CODE, "a log " + WriteDecoder.TOO_MANY_VALUES);
            }
        }
        return new Point(
                Category.LOGGING,
                measurement,
                List.of(),
                fields.entrySet().stream()
                        .map(field -> new Field(field.getKey(), field.getValue()))
                        .toList(),
                time);
    }

    /// Always a text, so that all messages can be searched: `5` is "5".
    private static FieldValue message(JsonParser json, byte[] body) throws IOException {
        return json.currentToken().isScalarValue() && json.currentToken() != JsonToken.VALUE_NULL
                ? new FieldValue.Text(json.getText())
                : value(json, body);
    }

    private static FieldValue value(JsonParser json, byte[] body) throws IOException {
        return switch (json.currentToken()) {
            case VALUE_STRING -> new FieldValue.Text(json.getText());
            case VALUE_TRUE -> new FieldValue.Bool(true);
            case VALUE_FALSE -> new FieldValue.Bool(false);
            case VALUE_NULL -> new FieldValue.Null();
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> number(json);
            default -> new FieldValue.Json(sent(json, body));
        };
    }

    /// A double, as everywhere in DataKit's JSON; what it cannot hold stays as text.
    private static FieldValue number(JsonParser json) throws IOException {
        String digits = json.getText();
        double value = json.getDoubleValue();
        if (Double.isInfinite(value)) {
            return new FieldValue.Text(digits);
        }
        boolean exact =
                json.currentToken() == JsonToken.VALUE_NUMBER_FLOAT
                        || Math.abs(value) < 0x1p53
                        || new BigDecimal(value).compareTo(new BigDecimal(digits)) == 0;
        return new FieldValue.Real(value, exact ? null : digits);
    }

    /// Nanoseconds since 1970 of seconds with a fraction or of a time in ISO 8601, else 0.
    private static long date(JsonParser json, Timestamps times) throws IOException {
        try {
            return switch (json.currentToken()) {
                case VALUE_STRING -> iso(json.getText());
                case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT -> {
                    double value = json.getDoubleValue();
                    if (!(value > 0) || value >= Long.MAX_VALUE) {
                        yield 0;
                    }
                    if (value >= MOST_SECONDS) {
                        yield Timestamps.of("", times.receivedNs()).toNs((long) value);
                    }
                    BigDecimal seconds =
                            json.getTextLength() <= 40
                                    ? new BigDecimal(json.getText())
                                    : BigDecimal.valueOf(value);
                    yield seconds.multiply(SECOND)
                            .setScale(0, RoundingMode.HALF_EVEN)
                            .longValueExact();
                }
                default -> 0;
            };
        } catch (DateTimeException | ArithmeticException | NumberFormatException _) {
            return 0;
        }
    }

    private static long iso(String text) {
        Instant time = OffsetDateTime.parse(text).toInstant();
        return Math.addExact(
                Math.multiplyExact(time.getEpochSecond(), 1_000_000_000L), time.getNano());
    }

    /// The value at hand as it stands in the body.
    private static String sent(JsonParser json, byte[] body) throws IOException {
        int from = (int) json.currentTokenLocation().getByteOffset() - 1;
        json.skipChildren();
        int to = (int) json.currentLocation().getByteOffset();
        return new String(body, from, to - from, UTF_8);
    }

    private enum Roots {
        /// One array of at least one object.
        ARRAY,
        /// Objects, one after the other.
        OBJECTS,
        OTHER
    }

    private static Roots roots(byte[] body) {
        try (JsonParser json = JsonPointsParser.bytes(body)) {
            JsonToken first = json.nextToken();
            if (first == JsonToken.START_ARRAY) {
                int objects = 0;
                for (; json.nextToken() == JsonToken.START_OBJECT; objects++) {
                    json.skipChildren();
                }
                boolean closed = json.currentToken() == JsonToken.END_ARRAY;
                return closed && objects > 0 && json.nextToken() == null
                        ? Roots.ARRAY
                        : Roots.OTHER;
            }
            JsonToken token = first;
            for (; token == JsonToken.START_OBJECT; token = json.nextToken()) {
                json.skipChildren();
            }
            return first != null && token == null ? Roots.OBJECTS : Roots.OTHER;
        } catch (JsonProcessingException _) {
            return Roots.OTHER;
        } catch (IOException e) {
            throw new UncheckedIOException("reading from memory", e);
        }
    }
}
