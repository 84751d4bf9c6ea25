package io.trapline.ingest.trap;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.io.JsonEOFException;
import io.trapline.journal.JournalException;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import io.trapline.model.circllhist.Bin;
import io.trapline.net.BrokenBodyException;
import io.trapline.period.Measurement;
import io.trapline.period.StreamId;
import java.io.IOException;
import java.io.InputStream;
import java.security.SecureRandom;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// One submission while it is read: a walk over JSON tokens with the path of keys to the present
/// place. An object that turns out to be a typed value (it has a key such as `_value`) is evaluated
/// when it closes; its other keys are ordinary ones.
final class Submission {
    private static final int MAX_DEPTH = 32;
    private static final Set<String> SPECIAL = Set.of("_type", "_value", "_ts", "_fl", "_tags");

    /// Longer names are cut here, which is beyond what is stored, and refused as a whole.
    private static final int MAX_PATH = 5000;

    private static final int MAX_SENT_NAME_BYTES = 4096;
    private static final int CACHED_NAMES = 4096;
    private static final int CACHED_NAME_CHARS = 512;
    private static final long HASH_START = new SecureRandom().nextLong();

    private final TrapCheck check;
    private final TrapLimits limits;
    private final FilterSet filters;
    private final List<Tag> tagset;
    private final long nowMs;
    private final MeasurementConsumer out;

    private final Losses losses = new Losses();
    private final Map<String, Target> targets = new HashMap<>();
    private final Set<Long> streams = new HashSet<>();
    private final StringBuilder path = new StringBuilder();
    private final Frame[] frames = new Frame[MAX_DEPTH + 1];
    private int depth;
    private long stats;
    private long filtered;

    Submission(
            TrapCheck check,
            TrapLimits limits,
            FilterSet filters,
            List<Tag> tagset,
            long nowMs,
            MeasurementConsumer out) {
        this.check = check;
        this.limits = limits;
        this.filters = filters;
        this.tagset = tagset;
        this.nowMs = nowMs;
        this.out = out;
    }

    TrapResult read(JsonFactory json, InputStream body) throws JournalException {
        BodyText text = new BodyText(body);
        try (JsonParser parser = json.createParser(text)) {
            return walk(parser, text);
        } catch (BadBodyException e) {
            return new TrapResult.Malformed(stats, String.valueOf(e.getMessage()));
        } catch (IOException e) {
            return new TrapResult.Unreadable(
                    stats, BrokenBodyException.reason(e, "the body could not be read to its end"));
        }
    }

    private TrapResult walk(JsonParser parser, BodyText text)
            throws IOException, BadBodyException, JournalException {
        try {
            for (JsonToken token = parser.nextToken(); token != null; token = parser.nextToken()) {
                take(token, parser);
            }
        } catch (JsonEOFException e) {
            // A body that ends early is no error: what was complete is kept.
            return done();
        } catch (StreamConstraintsException e) {
            throw new BadBodyException(place(parser) + ": " + tooLong(e));
        } catch (JsonProcessingException e) {
            if (depth > 0 && text.isCutAt(parser.currentLocation().getCharOffset())) {
                return done();
            }
            takeZeroBefore(e, parser);
            throw new BadBodyException(place(parser) + ": " + Losses.clip(e.getOriginalMessage()));
        } catch (BadBodyException e) {
            throw new BadBodyException(place(parser) + ": " + e.getMessage());
        }
        return done();
    }

    private TrapResult done() {
        return new TrapResult.Done(stats, filtered, losses.message());
    }

    private void take(JsonToken token, JsonParser parser)
            throws IOException, BadBodyException, JournalException {
        switch (token) {
            case START_OBJECT, START_ARRAY -> open(token == JsonToken.START_OBJECT);
            case END_OBJECT, END_ARRAY -> close();
            case FIELD_NAME -> frames[depth].key = parser.currentName();
            case VALUE_STRING -> scalar(new Scalar(Scalar.Kind.TEXT, parser.getText()), parser);
            case VALUE_NUMBER_INT ->
                    scalar(new Scalar(Scalar.Kind.WHOLE, parser.getText()), parser);
            case VALUE_NUMBER_FLOAT ->
                    scalar(new Scalar(Scalar.Kind.REAL, parser.getText()), parser);
            case VALUE_TRUE -> scalar(Scalar.TRUE, parser);
            case VALUE_FALSE -> scalar(Scalar.FALSE, parser);
            case VALUE_NULL -> scalar(Scalar.NULL, parser);
            case NOT_AVAILABLE, VALUE_EMBEDDED_OBJECT ->
                    throw new IllegalStateException("a blocking parser gave " + token);
        }
    }

    private void open(boolean object) throws BadBodyException {
        if (depth == MAX_DEPTH) {
            throw new BadBodyException("more than " + MAX_DEPTH + " levels are open");
        }
        Frame parent = depth == 0 ? null : frames[depth];
        Frame frame = frames[++depth];
        if (frame == null) {
            frame = new Frame();
            frames[depth] = frame;
        }
        frame.reset(object ? Kind.OBJECT : Kind.ARRAY);
        if (parent == null) {
            path.setLength(0);
            return;
        }
        switch (parent.kind) {
            case SKIPPED -> frame.kind = Kind.SKIPPED;
            case VALUES -> {
                frame.kind = object ? Kind.SKIPPED : Kind.VALUES;
                frame.typed = parent.typed;
                noteSkippedObject(object);
            }
            case OBJECT -> openKey(parent, frame, object);
            case ARRAY -> extend(parent, Integer.toString(parent.index++));
        }
        frame.pathLength = path.length();
    }

    private void openKey(Frame parent, Frame frame, boolean object) throws BadBodyException {
        switch (parent.key) {
            case "_value" -> {
                frame.kind = object ? Kind.SKIPPED : Kind.VALUES;
                frame.typed = parent.typed();
                path.setLength(parent.pathLength);
                noteSkippedObject(object);
            }
            case "_tags" -> {
                if (object) {
                    throw new BadBodyException("_tags may not be an object");
                }
                frame.kind = Kind.SKIPPED;
            }
            case "_type", "_ts", "_fl" ->
                    throw new BadBodyException(parent.key + " may not have parts");
            default -> extend(parent, parent.key);
        }
    }

    private void noteSkippedObject(boolean object) {
        if (object) {
            losses.add(path.toString(), "an object is no _value");
        }
    }

    private void close() throws JournalException {
        Frame frame = frames[depth--];
        TypedValue typed = frame.typed;
        if (frame.kind != Kind.OBJECT || typed == null) {
            return;
        }
        frame.typed = null;
        path.setLength(frame.pathLength);
        long values = typed.stats();
        if (values == 0) {
            return;
        }
        Target target = target(values);
        if (target.stream == null) {
            return;
        }
        StreamId stream = target.stream;
        Optional<Measurement> measurement =
                typed.measure(
                        stream, target.accepted, isHistogram(stream), check.guessTypes(), losses);
        if (measurement.isPresent()) {
            out.accept(measurement.get());
        }
    }

    private void scalar(Scalar value, JsonParser parser)
            throws IOException, BadBodyException, JournalException {
        if (depth == 0) {
            boolean number = value.kind() == Scalar.Kind.WHOLE || value.kind() == Scalar.Kind.REAL;
            if (number && parser.nextToken() == null) {
                return; // a number that ends the body is ignored
            }
            throw new BadBodyException("a document is an object or an array");
        }
        Frame frame = frames[depth];
        switch (frame.kind) {
            case SKIPPED -> {}
            case VALUES -> addValue(frame, value);
            case ARRAY -> {
                extend(frame, Integer.toString(frame.index++));
                plain(value, null);
            }
            case OBJECT -> {
                switch (frame.key) {
                    case "_type" -> type(frame.typed(), value);
                    case "_value" -> {
                        path.setLength(frame.pathLength);
                        addValue(frame, value);
                    }
                    case "_ts" -> time(frame.typed(), value);
                    case "_fl" -> flags(frame.typed(), value);
                    case "_tags" -> {
                        if (value.kind() != Scalar.Kind.TEXT) {
                            throw new BadBodyException("_tags must be a text or a list of texts");
                        }
                    }
                    default -> {
                        extend(frame, frame.key);
                        plain(value, frame.typed);
                    }
                }
            }
        }
    }

    private void addValue(Frame frame, Scalar value) throws BadBodyException {
        boolean histogram = false;
        if (!check.histogramMetrics().isEmpty()) {
            StreamId stream = target(0).stream;
            histogram = stream != null && isHistogram(stream);
        }
        if (!frame.typed().add(value, histogram, path.toString(), losses)) {
            throw new BadBodyException("a _value this long must come after its _type");
        }
    }

    private static void type(TypedValue typed, Scalar value) throws BadBodyException {
        if (value.kind() == Scalar.Kind.TEXT && value.text().length() == 1) {
            char letter = value.text().charAt(0);
            for (SampleType type : SampleType.values()) {
                if (type.letter() == letter) {
                    if (!typed.type(type)) {
                        throw new BadBodyException("_type changes after a long _value");
                    }
                    return;
                }
            }
        }
        throw new BadBodyException("_type must be one of the texts i I l L n s h H");
    }

    private static void time(TypedValue typed, Scalar value) throws BadBodyException {
        switch (value.kind()) {
            case WHOLE, REAL, TEXT -> typed.time(value);
            case BOOLEAN, NULL -> throw new BadBodyException("_ts must be a number or a text");
        }
    }

    private static void flags(TypedValue typed, Scalar value) throws BadBodyException {
        switch (value.kind()) {
            case TEXT ->
                    value.text()
                            .chars()
                            .forEach(c -> {
                                if (c == '+') {
                                    typed.flag(Measurement.Flag.SUM);
                                } else if (c == '~') {
                                    typed.flag(Measurement.Flag.AVERAGE);
                                }
                            });
            case WHOLE, REAL -> {}
            case BOOLEAN, NULL -> throw new BadBodyException("_fl must be a text");
        }
    }

    /// A value without a type of its own.
    ///
    /// @param beside the object's typed keys so far: a `_ts` covers the plain keys after it
    private void plain(Scalar value, @Nullable TypedValue beside) throws JournalException {
        Target target = target(1);
        StreamId stream = target.stream;
        if (stream == null) {
            return;
        }
        String problem = beside == null ? null : beside.timeProblem();
        if (problem != null) {
            losses.add(stream.canonical(), problem);
            return;
        }
        String note = beside == null ? null : beside.timeNote();
        if (note != null) {
            losses.add(stream.canonical(), note);
        }
        long timeMs = beside == null ? 0 : beside.timeMs();
        SampleValue stored = bare(value, stream);
        if (timeMs > 0) {
            out.accept(new Measurement.Timed(stream, target.accepted, stored, timeMs));
        } else if (isHistogram(stream) && isNumber(value)) {
            Bin bin = Bin.of(Double.parseDouble(value.text()), 1);
            out.accept(
                    new Measurement.Distribution(
                            stream, target.accepted, false, false, List.of(bin)));
        } else {
            out.accept(new Measurement.Plain(stream, target.accepted, stored));
        }
    }

    private SampleValue bare(Scalar value, StreamId stream) {
        return switch (value.kind()) {
            case WHOLE, REAL -> Numbers.bare(value);
            case BOOLEAN ->
                    new SampleValue.Whole(SampleType.INT32, value.text().equals("1") ? 1 : 0);
            case NULL -> new SampleValue.Absent(SampleType.INT32);
            case TEXT -> {
                SampleValue guess = check.guessTypes() ? Numbers.guess(value.text()) : null;
                yield guess != null ? guess : TypedValue.text(value.text(), stream, losses);
            }
        };
    }

    private static boolean isNumber(Scalar value) {
        return value.kind() == Scalar.Kind.WHOLE || value.kind() == Scalar.Kind.REAL;
    }

    private boolean isHistogram(StreamId stream) {
        return check.histogramMetrics().contains(stream.name());
    }

    /// Makes the path that of a child of `frame`.
    private void extend(Frame frame, String key) {
        path.setLength(frame.pathLength);
        if (frame != frames[1]) {
            path.append(check.delimiter());
        }
        int room = MAX_PATH - path.length();
        path.append(key, 0, Math.clamp(room, 0, key.length()));
    }

    /// The stream that the path names, and counts `values` for it.
    private Target target(long values) {
        String name = path.toString();
        Target target = targets.get(name);
        if (target == null) {
            target = resolve(name);
            if (name.length() <= CACHED_NAME_CHARS) {
                if (targets.size() == CACHED_NAMES) {
                    targets.clear();
                }
                targets.put(name, target);
            }
        }
        stats += values;
        if (values > 0) {
            filtered += target.counted ? values : 0;
            if (target.problem != null) {
                losses.add(name.isEmpty() ? "\"\"" : name, target.problem);
            } else if (target.stream == null) {
                losses.nameTooLong();
            }
        }
        return target;
    }

    private Target resolve(String name) {
        if (TaggedName.utf8Length(name) > MAX_SENT_NAME_BYTES) {
            return new Target(null, true, false, null);
        }
        try {
            StreamId stream = TaggedName.parse(name, tagset);
            FilterSet.Verdict verdict = filters.judge(stream, nowMs);
            if (streams.size() >= limits.maxStreams()
                    && !streams.contains(hash(verdict.stream().canonical()))) {
                return new Target(
                        null,
                        true,
                        false,
                        "more than " + limits.maxStreams() + " streams in one submission");
            }
            streams.add(hash(verdict.stream().canonical()));
            return new Target(
                    verdict.stream(),
                    verdict.accepted(),
                    filters.counts(stream, name, verdict, nowMs),
                    null);
        } catch (TaggedName.BadNameException e) {
            return new Target(null, true, false, e.reason());
        }
    }

    /// 64 bits of FNV-1a from a start that nobody knows, so that nobody can make two names count as
    /// one: to count streams without keeping their names.
    private static long hash(String text) {
        long hash = HASH_START;
        for (int i = 0; i < text.length(); i++) {
            hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
        }
        return hash;
    }

    /// `012`: the digit 0 is a value before the error. The parser looks at a key and its value
    /// together, so that this key was not seen yet.
    private void takeZeroBefore(JsonProcessingException e, JsonParser parser)
            throws IOException, JournalException {
        String message = e.getOriginalMessage();
        if (depth == 0
                || message == null
                || !message.toLowerCase(Locale.ROOT).contains("leading zero")) {
            return;
        }
        Frame frame = frames[depth];
        String key = parser.currentName();
        if (frame.kind == Kind.OBJECT && key != null && !SPECIAL.contains(key)) {
            extend(frame, key);
            plain(new Scalar(Scalar.Kind.WHOLE, "0"), frame.typed);
        } else if (frame.kind == Kind.ARRAY) {
            extend(frame, Integer.toString(frame.index));
            plain(new Scalar(Scalar.Kind.WHOLE, "0"), null);
        }
    }

    private String tooLong(StreamConstraintsException e) {
        String inside = String.valueOf(e.getOriginalMessage());
        return (inside.contains("getMaxNumberLength") ? "a number" : "a name or text")
                + " of more than "
                + limits.maxTextChars()
                + " characters; what comes before it is kept";
    }

    private static String place(JsonParser parser) {
        var location = parser.currentLocation();
        return "line " + location.getLineNr() + ", column " + location.getColumnNr();
    }

    /// @param stream null when the name cannot be stored
    /// @param counted whether its values count as filtered
    /// @param problem why it cannot, null when it can or the name is too long
    private record Target(
            @Nullable StreamId stream,
            boolean accepted,
            boolean counted,
            @Nullable String problem) {}

    private enum Kind {
        OBJECT,
        ARRAY,
        /// A list below `_value`.
        VALUES,
        /// Read for its syntax alone.
        SKIPPED
    }

    /// An open object or array.
    private static final class Frame {
        private Kind kind = Kind.OBJECT;
        private String key = "";
        private int index;
        private int pathLength;
        private @Nullable TypedValue typed;

        void reset(Kind next) {
            kind = next;
            key = "";
            index = 0;
            pathLength = 0;
            typed = null;
        }

        TypedValue typed() {
            TypedValue now = typed;
            if (now == null) {
                now = new TypedValue();
                typed = now;
            }
            return now;
        }
    }

    /// The rest of the body cannot be read; the message says why.
    private static final class BadBodyException extends Exception {
        private static final long serialVersionUID = 1L;

        BadBodyException(String message) {
            super(message, null, false, false);
        }
    }
}
