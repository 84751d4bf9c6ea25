package io.trapline.ingest.datakit;

import io.trapline.model.Blob;
import io.trapline.model.Category;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Tag;
import io.trapline.pipeline.Decoded.Warning;
import io.trapline.pipeline.PointChecks;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Line protocol in one pass over the bytes.
///
/// ```
/// measurement[,tag=value…] field=value[,field=value…] [time]⏎
/// ```
///
/// Grammar: `contracts/datakit.md` section 3.6. All or nothing: one bad line refuses the batch,
/// with a message that names up to ten of them. A line has no length limit of its own,
/// the limit on the body is one. Bytes that are no UTF-8 become U+FFFD, with a warning.
///
/// White space (spaces, tabs, NUL) is skipped before the measurement, the fields and the time; only
/// a space ends a measurement, tags or fields. A line feed after an odd number of backslashes does
/// not end a line: it belongs to the name or the tag it stands in, and so does the backslash.
/// DataKit's parser was run beside this one on generated lines; what it loses or misreads (arrays
/// of several types, bytes that are no base64, a comment that ends in a backslash) is a bad line
/// here, or is kept.
///
/// Written for speed: `measurement,tags` of a line is looked up as one piece, field keys one by
/// one, so that a known series costs no new text. Not thread-safe; keep an instance and use it
/// again, for what it remembers.
final class LineProtocolParser {
    private static final FieldValue TRUE = new FieldValue.Bool(true);
    private static final FieldValue FALSE = new FieldValue.Bool(false);
    private static final int SHOWN_LINES = 10;
    private static final int SHOWN_BYTES = 256;
    private static final int MAX_TEXT = PointChecks.MAX_TEXT_BYTES / 4 * 5;

    /// From this many tags or fields on, duplicates are looked for with a set.
    private static final int MANY = 24;

    /// What a backslash stands before in a measurement and in a field key, and in tags. Any other
    /// backslash is a character like others.
    private static final String ESCAPED_IN_NAME = ", =\"";

    private static final String ESCAPED_IN_TAG = ", =";

    private final Symbols<Series> series = new Symbols<>(4096);
    private final Symbols<String> texts = new Symbols<>(4096);
    private Field[] fields = new Field[16];
    private int fieldCount;

    /// Of the line at hand.
    private int values;

    private @Nullable Map<String, Integer> fieldPlaces;

    private byte[] body = new byte[0];
    private int at;
    private int count;
    private Mended warnings = new Mended();

    /// A text of the current series may have been mended: it is not to be remembered.
    private boolean doubtful;

    private record Series(String name, List<Tag> tags) {}

    /// Why a line is bad. Carries no stack: a body may have millions of bad lines.
    private static final class BadLine extends Exception {
        private static final long serialVersionUID = 1L;

        BadLine(String message) {
            super(message, null, false, false);
        }
    }

    /// @param sink takes the points one by one; what it took is void when the batch is refused
    /// @return what had to be mended
    List<Warning> parse(byte[] bytes, Category category, Timestamps times, PointSink sink)
            throws RefusedException {
        body = bytes;
        at = 0;
        count = 0;
        warnings = new Mended();
        try {
            BadLines bad = new BadLines(bytes);
            while (at < body.length) {
                int start = at;
                try {
                    line(category, times, sink);
                } catch (BadLine e) {
                    bad.add(start, String.valueOf(e.getMessage()));
                    at = endOfLine(at);
                }
                at++;
            }
            bad.check(count);
            return warnings.list();
        } finally {
            body = new byte[0];
        }
    }

    /// Reads one line and stops at its line feed, or at the end.
    private void line(Category category, Timestamps times, PointSink sink)
            throws BadLine, RefusedException {
        skipWhiteSpace();
        if (at == body.length || body[at] == '\n') {
            return;
        }
        if (body[at] == '#') {
            at = endOfLine(at);
            return;
        }
        values = 0;
        Series head = head();
        skipWhiteSpace();
        fields();
        skipWhiteSpace();
        long time = time(times);
        sink.accept(new Point(category, head.name(), head.tags(), fieldList(), time));
        count++;
    }

    private Series head() throws BadLine {
        int from = at;
        int hash = 0;
        int i = from;
        while (i < body.length) {
            byte c = body[i];
            if (c == ' ' || (c == '\n' && !isEscaped(from, i))) {
                break;
            }
            hash = 31 * hash + c;
            i++;
            if (c == '\\' && i < body.length && body[i] == ' ') {
                hash = 31 * hash + ' ';
                i++;
            }
        }
        at = i;
        Series known = series.find(body, from, i, hash);
        if (known != null) {
            return known;
        }
        doubtful = false;
        Series read = readHead(from, i);
        if (!doubtful) {
            series.remember(body, from, i, hash, read);
        }
        return read;
    }

    private Series readHead(int from, int to) throws BadLine {
        int i = find(from, to, ',', ESCAPED_IN_NAME);
        if (i == from) {
            throw new BadLine("no measurement");
        }
        String name = text(from, i, ESCAPED_IN_NAME);
        if (i == to) {
            return new Series(name, List.of());
        }
        List<Tag> tags = new ArrayList<>(8);
        Set<String> seen = new HashSet<>();
        while (i < to) {
            countValue();
            int keyFrom = i + 1;
            int end = find(keyFrom, to, ',', ESCAPED_IN_TAG);
            int equals = find(keyFrom, end, '=', ESCAPED_IN_TAG);
            if (equals == keyFrom) {
                throw new BadLine("a tag without a key");
            }
            if (equals >= end - 1) {
                throw new BadLine("tag \"" + shown(keyFrom, equals) + "\" has no value");
            }
            // As in InfluxDB, the first character of a value may be a bare =, and no other.
            int bareFrom = body[equals + 1] == '=' ? equals + 2 : equals + 1;
            if (find(bareFrom, end, '=', ESCAPED_IN_TAG) != end) {
                throw new BadLine(
                        "the value of tag \"" + shown(keyFrom, equals) + "\" has a bare =");
            }
            String key = text(keyFrom, equals, ESCAPED_IN_TAG);
            if (!seen.add(key)) {
                throw new BadLine("tag \"" + shown(keyFrom, equals) + "\" is there twice");
            }
            tags.add(new Tag(key, text(equals + 1, end, ESCAPED_IN_TAG)));
            i = end;
        }
        return new Series(name, List.copyOf(tags));
    }

    private void countValue() throws BadLine {
        if (++values > WriteDecoder.MOST_VALUES) {
            throw new BadLine(WriteDecoder.TOO_MANY_VALUES);
        }
    }

    private void fields() throws BadLine {
        fieldCount = 0;
        fieldPlaces = null;
        if (at >= body.length || body[at] == '\n') {
            throw new BadLine("no fields");
        }
        while (true) {
            countValue();
            String key = fieldKey();
            add(key, value());
            if (at >= body.length || body[at] == ' ' || body[at] == '\n') {
                return;
            }
            if (body[at] != ',') {
                throw new BadLine("field \"" + key + "\" goes on after its value");
            }
            at++;
        }
    }

    private String fieldKey() throws BadLine {
        int from = at;
        int hash = 0;
        boolean escapes = false;
        int i = from;
        while (true) {
            if (i >= body.length) {
                throw bareKey(from, i);
            }
            byte c = body[i];
            if (c == '=') {
                break;
            }
            if (c == ' ' || c == ',' || c == '\n') {
                throw bareKey(from, i);
            }
            hash = 31 * hash + c;
            i++;
            if (c == '\\' && i < body.length) {
                escapes = true;
                i++;
            }
        }
        if (i == from) {
            throw new BadLine("a field without a key");
        }
        if (escapes && body[i - 1] == '\\') {
            throw new BadLine("the key of field \"" + shown(from, i) + "\" ends in a backslash");
        }
        at = i + 1;
        String known = escapes ? null : texts.find(body, from, i, hash);
        return known != null ? known : text(from, i, ESCAPED_IN_NAME);
    }

    private BadLine bareKey(int from, int to) {
        at = to;
        return new BadLine("field \"" + shown(from, to) + "\" has no value");
    }

    /// The last of two fields of one key counts.
    private void add(String key, FieldValue value) {
        int place = placeOf(key);
        if (place >= 0) {
            fields[place] = new Field(key, value);
            return;
        }
        if (fieldCount == fields.length) {
            fields = Arrays.copyOf(fields, fieldCount * 2);
        }
        if (fieldPlaces != null) {
            fieldPlaces.put(key, fieldCount);
        }
        fields[fieldCount++] = new Field(key, value);
    }

    private int placeOf(String key) {
        if (fieldCount < MANY) {
            for (int i = 0; i < fieldCount; i++) {
                if (fields[i].key().equals(key)) {
                    return i;
                }
            }
            return -1;
        }
        Map<String, Integer> places = fieldPlaces;
        if (places == null) {
            places = new HashMap<>();
            for (int i = 0; i < fieldCount; i++) {
                places.put(fields[i].key(), i);
            }
            fieldPlaces = places;
        }
        return places.getOrDefault(key, -1);
    }

    private List<Field> fieldList() {
        return switch (fieldCount) {
            case 1 -> List.of(fields[0]);
            case 2 -> List.of(fields[0], fields[1]);
            default -> List.of(Arrays.copyOf(fields, fieldCount));
        };
    }

    private FieldValue value() throws BadLine {
        if (at < body.length && body[at] == '[') {
            return array();
        }
        return single(false);
    }

    private FieldValue array() throws BadLine {
        List<FieldValue> values = new ArrayList<>();
        at++;
        while (true) {
            skipBlanks();
            // After the last element there may be a comma, as DataKit has it.
            if (at < body.length && body[at] == ']') {
                at++;
                return new FieldValue.Array(values);
            }
            countValue();
            FieldValue value = single(true);
            if (!values.isEmpty() && values.getFirst().getClass() != value.getClass()) {
                throw new BadLine("an array with values of several types");
            }
            values.add(value);
            skipBlanks();
            if (at < body.length && body[at] == ',') {
                at++;
            } else if (at >= body.length || body[at] != ']') {
                throw new BadLine("an array without its ]");
            }
        }
    }

    private FieldValue single(boolean inArray) throws BadLine {
        if (at < body.length && body[at] == '"') {
            return quoted();
        }
        int from = at;
        int to = from;
        while (to < body.length) {
            byte c = body[to];
            if (c == ',' || c == ' ' || c == '\n' || (inArray && (c == ']' || c == '\t'))) {
                break;
            }
            to++;
        }
        at = to;
        if (from == to) {
            throw new BadLine("a field without a value");
        }
        byte last = body[to - 1];
        if (last == 'i') {
            if (Decimals.isLong(body, from, to - 1)) {
                return new FieldValue.Int(Decimals.toLong(body, from, to - 1));
            }
        } else if (last == 'u') {
            if (Decimals.isDigits(body, from, to - 1)
                    && Decimals.fitsUnsigned(body, from, to - 1)) {
                return new FieldValue.UInt(Decimals.magnitude(body, from, to - 1));
            }
        } else {
            double real = Decimals.real(body, from, to);
            if (!Double.isNaN(real)) {
                return new FieldValue.Real(real);
            }
            FieldValue bool = bool(from, to);
            if (bool != null) {
                return bool;
            }
        }
        throw new BadLine("\"" + shown(from, to) + "\" is no value");
    }

    private @Nullable FieldValue bool(int from, int to) {
        if (to - from > 5) {
            return null;
        }
        return switch (new String(body, from, to - from, StandardCharsets.ISO_8859_1)) {
            case "t", "T", "true", "True", "TRUE" -> TRUE;
            case "f", "F", "false", "False", "FALSE" -> FALSE;
            default -> null;
        };
    }

    private FieldValue quoted() throws BadLine {
        int from = at + 1;
        int to = from;
        boolean escapes = false;
        while (true) {
            if (to >= body.length) {
                throw new BadLine("a quote that is not closed");
            }
            byte c = body[to];
            if (c == '"') {
                break;
            }
            if (c == '\\' && to + 1 < body.length && isEscapedInString(body[to + 1])) {
                escapes = true;
                to++;
            }
            to++;
        }
        at = to + 1;
        if (at < body.length && body[at] == 'b') {
            at++;
            return base64(from, to);
        }
        // The checks cut longer ones; before that, they would take several times their length.
        to = Math.min(to, from + MAX_TEXT);
        if (escapes) {
            return new FieldValue.Text(decode(unescape(from, to, "\"\\")));
        }
        String text = new String(body, from, to - from, StandardCharsets.UTF_8);
        if (text.indexOf('\uFFFD') >= 0) {
            noteBrokenText(text, Arrays.copyOfRange(body, from, to));
        }
        return new FieldValue.Text(text);
    }

    private static boolean isEscapedInString(byte c) {
        return c == '"' || c == '\\';
    }

    private FieldValue base64(int from, int to) throws BadLine {
        if ((to - from) % 4 != 0) {
            throw new BadLine("bytes that are no base64 (its length is no multiple of four)");
        }
        try {
            return new FieldValue.Bytes(
                    Blob.of(Base64.getDecoder().decode(Arrays.copyOfRange(body, from, to))));
        } catch (IllegalArgumentException e) {
            throw new BadLine("bytes that are no base64 (" + e.getMessage() + ")");
        }
    }

    private long time(Timestamps times) throws BadLine {
        if (at >= body.length || body[at] == '\n') {
            return times.receivedNs();
        }
        int from = at;
        while (at < body.length && body[at] != ' ' && body[at] != '\n') {
            at++;
        }
        if (!Decimals.isLong(body, from, at)) {
            throw new BadLine("\"" + shown(from, at) + "\" is no time, a 64-bit integer");
        }
        long time = times.toNs(Decimals.toLong(body, from, at));
        while (at < body.length && body[at] == ' ') {
            at++;
        }
        if (at < body.length && body[at] != '\n') {
            throw new BadLine("something follows the time");
        }
        if (time == Timestamps.OUT_OF_RANGE) {
            warnings.add(Timestamps.warning(count));
            return times.receivedNs();
        }
        return time;
    }

    private void skipWhiteSpace() {
        int i = at;
        while (i < body.length && body[i] <= ' ' && isWhiteSpace(body[i])) {
            i++;
        }
        at = i;
    }

    private static boolean isWhiteSpace(byte c) {
        return c == ' ' || c == '\t' || c == 0;
    }

    private void skipBlanks() {
        while (at < body.length && (body[at] == ' ' || body[at] == '\t')) {
            at++;
        }
    }

    /// Whether an odd number of backslashes stands before `i`, from `from` on.
    private boolean isEscaped(int from, int i) {
        int run = i;
        while (run > from && body[run - 1] == '\\') {
            run--;
        }
        return ((i - run) & 1) == 1;
    }

    private int endOfLine(int from) {
        int i = from;
        while (i < body.length && body[i] != '\n') {
            i++;
        }
        return i;
    }

    /// Where `wanted` is first without a backslash before it, else `to`.
    private int find(int from, int to, char wanted, String escaped) {
        for (int i = from; i < to; i++) {
            byte c = body[i];
            if (c == wanted) {
                return i;
            }
            if (c == '\\' && i + 1 < to && escaped.indexOf(body[i + 1]) >= 0) {
                i++;
            }
        }
        return to;
    }

    private String text(int from, int to, String escaped) {
        for (int i = from; i < to - 1; i++) {
            if (body[i] == '\\' && escaped.indexOf(body[i + 1]) >= 0) {
                return decode(unescape(from, to, escaped));
            }
        }
        String text = Symbols.text(texts, body, from, to);
        if (text.indexOf('\uFFFD') >= 0) {
            noteBrokenText(text, Arrays.copyOfRange(body, from, to));
        }
        return text;
    }

    private byte[] unescape(int from, int to, String escaped) {
        byte[] plain = new byte[to - from];
        int length = 0;
        for (int i = from; i < to; i++) {
            if (body[i] == '\\' && i + 1 < to && escaped.indexOf(body[i + 1]) >= 0) {
                i++;
            }
            plain[length++] = body[i];
        }
        return Arrays.copyOf(plain, length);
    }

    private String decode(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        if (text.indexOf('\uFFFD') >= 0) {
            noteBrokenText(text, bytes);
        }
        return text;
    }

    private void noteBrokenText(String text, byte[] sent) {
        doubtful = true;
        if (!Arrays.equals(text.getBytes(StandardCharsets.UTF_8), sent)) {
            warnings.add(
                    new Warning(
                            count,
                            "invalid_utf8",
                            "text that is no UTF-8 became \"" + shortened(text) + "\""));
        }
    }

    private static String shortened(String text) {
        return text.length() <= 64 ? text : text.substring(0, 64) + "…";
    }

    private String shown(int from, int to) {
        return new String(body, from, Math.min(to - from, 64), StandardCharsets.UTF_8);
    }

    /// What the refusal says: how many lines are bad and the first few of them.
    private static final class BadLines {
        private final byte[] body;
        private final StringBuilder shown = new StringBuilder();
        private int count;
        private int line = 1;
        private int counted;

        BadLines(byte[] body) {
            this.body = body;
        }

        void add(int start, String why) {
            count++;
            if (count > SHOWN_LINES) {
                return;
            }
            for (; counted < start; counted++) {
                if (body[counted] == '\n') {
                    line++;
                }
            }
            int end = start;
            while (end < body.length && end - start < SHOWN_BYTES && body[end] != '\n') {
                end++;
            }
            shown.append("; line ")
                    .append(line)
                    .append(" at byte ")
                    .append(start)
                    .append(": ")
                    .append(why)
                    .append(" in: ")
                    .append(new String(body, start, end - start, StandardCharsets.UTF_8));
        }

        void check(int good) throws RefusedException {
            if (count > 0) {
                throw RefusedException.badRequest(
                        "datakit.invalidLinePoint",
                        count
                                + " bad and "
                                + good
                                + " good lines, nothing was stored"
                                + (count > SHOWN_LINES
                                        ? " (the first " + SHOWN_LINES + " bad ones follow)"
                                        : "")
                                + shown);
            }
        }
    }
}
