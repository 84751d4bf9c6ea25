package io.trapline.ingest;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/// What is wrong with a text that is no JSON, in the words of people who write JSON: where, and
/// which of the usual mistakes it is. Never shows anything of the text, which may hold a secret.
public final class JsonMistake {
    /// Of a longer text only the place is told.
    private static final int MAX_TEXT = 4 << 20;

    private static final String ENDS_EARLY = "it ends early";
    private static final String CONTROL =
            "a control character or line break inside a text must be escaped";
    private static final String QUOTES = "texts and names are written in double quotes";
    private static final Pattern NUMBER =
            Pattern.compile("-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?");
    private static final Pattern NO_LEADING_DIGIT = Pattern.compile("-?\\.[0-9].*");
    private static final Pattern HEXADECIMAL = Pattern.compile("[-+]?0[xX].*");
    private static final Pattern LEADING_ZERO = Pattern.compile("-?0[0-9_]+.*");
    private static final Pattern UNFINISHED =
            Pattern.compile("-?[0-9]+(?:\\.|\\.?[eE][+-]?|\\.[eE].*|\\.[0-9]+[eE][+-]?)");
    private static final Pattern NO_FINITE =
            Pattern.compile("[-+]?(?:nan|inf|infinity|1\\.#.*)", Pattern.CASE_INSENSITIVE);
    private static final Pattern NAME = Pattern.compile("[\\p{L}_$][\\p{L}\\p{N}_$.-]*");
    private static final Set<String> WORDS = Set.of("true", "false", "null");

    private final String text;
    private final Deque<Character> open = new ArrayDeque<>();
    private int at;

    /// What the last token was: `{ [ } ] , :`, `n` a name, `v` a value, or 0 before the first.
    private char before;

    private JsonMistake(String text) {
        this.text = text;
    }

    /// @param limits of the parser that gave up
    /// @return such as `line 1, column 89: a number begins with a digit: 0.75, not .75`
    public static String explain(
            String text, JsonProcessingException e, StreamReadConstraints limits) {
        if (e instanceof StreamConstraintsException) {
            return overLimit(String.valueOf(e.getOriginalMessage()), limits);
        }
        String hint = hint(text);
        JsonLocation place = e.getLocation();
        String where =
                place == null
                        ? ""
                        : "line " + place.getLineNr() + ", column " + place.getColumnNr();
        return where.isEmpty() || hint.isEmpty() ? where + hint : where + ": " + hint;
    }

    /// The same for bytes, in UTF-8.
    public static String explain(
            byte[] text, JsonProcessingException e, StreamReadConstraints limits) {
        return explain(
                text.length > MAX_TEXT ? "" : new String(text, StandardCharsets.UTF_8), e, limits);
    }

    private static String overLimit(String said, StreamReadConstraints limits) {
        // The library names the limit by its method.
        if (said.contains("getMaxNestingDepth")) {
            return "it is nested deeper than " + limits.getMaxNestingDepth() + " levels";
        }
        if (said.contains("getMaxNumberLength")) {
            return "it has a number of more than " + limits.getMaxNumberLength() + " digits";
        }
        if (said.contains("getMaxNameLength")) {
            return "it has a name of more than " + limits.getMaxNameLength() + " characters";
        }
        if (said.contains("getMaxStringLength")) {
            return "it has a text of more than " + limits.getMaxStringLength() + " characters";
        }
        return "it is too large in some way";
    }

    /// The first mistake; empty when there is no name for it.
    static String hint(String text) {
        if (text.isEmpty() || text.length() > MAX_TEXT) {
            return "";
        }
        return new JsonMistake(text).find();
    }

    private String find() {
        while (true) {
            while (at < text.length() && isBlank(text.charAt(at))) {
                at++;
            }
            if (at == text.length()) {
                return open.isEmpty() ? "" : ENDS_EARLY;
            }
            char c = text.charAt(at);
            String mistake =
                    switch (c) {
                        case '"' -> quoted();
                        case '{', '[' -> opened(c);
                        case '}', ']' -> closed(c);
                        case ',' -> comma();
                        case ':' -> colon();
                        default -> word();
                    };
            if (!mistake.isEmpty()) {
                return mistake;
            }
        }
    }

    private static boolean isBlank(char c) {
        return c == ' ' || c == '\t' || c == '\n' || c == '\r';
    }

    private boolean inObject() {
        return !open.isEmpty() && open.peek() == '{';
    }

    /// Whether a member's name must come here, or an object's end.
    private boolean isNamePlace() {
        return inObject() && (before == '{' || before == ',');
    }

    private String opened(char c) {
        String mistake = value();
        open.push(c);
        before = c;
        at++;
        return mistake;
    }

    private String closed(char c) {
        char opening = c == '}' ? '{' : '[';
        if (open.isEmpty() || open.peek() != opening) {
            return "there is a \"" + c + "\" that closes nothing";
        }
        if (before == ',') {
            return "there is a comma too many";
        }
        if (before == ':' || before == 'n') {
            return "a value is missing";
        }
        open.pop();
        before = 'v';
        at++;
        return "";
    }

    private String comma() {
        if (before == ':' || before == 'n') {
            return "a value is missing";
        }
        if (open.isEmpty() || before != 'v') {
            return "there is a comma too many or a value missing";
        }
        before = ',';
        at++;
        return "";
    }

    private String colon() {
        if (before != 'n') {
            return "there is a colon where none belongs";
        }
        before = ':';
        at++;
        return "";
    }

    /// A value begins; empty when one may stand here.
    private String value() {
        if (before == 'v') {
            return open.isEmpty() ? "something follows its end" : "a comma is missing";
        }
        if (before == 'n') {
            return "a colon is missing after a name";
        }
        return isNamePlace() ? "a name in double quotes is wanted here" : "";
    }

    private String quoted() {
        boolean name = isNamePlace();
        String mistake = name ? "" : value();
        if (!mistake.isEmpty()) {
            return mistake;
        }
        for (at++; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c == '"') {
                at++;
                before = name ? 'n' : 'v';
                return "";
            }
            if (c < ' ') {
                return CONTROL;
            }
            if (c == '\\') {
                at++;
                if (at < text.length() && !isEscape()) {
                    return "a backslash inside a text is written twice, or begins one of"
                            + " \\\" \\\\ \\/ \\b \\f \\n \\r \\t and \\u with four hexadecimal"
                            + " digits";
                }
            }
        }
        return ENDS_EARLY;
    }

    /// At the character after a backslash; goes to the last one of the escape.
    private boolean isEscape() {
        if (text.charAt(at) != 'u') {
            return "\"\\/bfnrt".indexOf(text.charAt(at)) >= 0;
        }
        int end = Math.min(at + 4, text.length() - 1);
        while (at < end) {
            at++;
            if (Character.digit(text.charAt(at), 16) < 0 || text.charAt(at) >= 0x80) {
                return false;
            }
        }
        return true;
    }

    /// Anything that is neither quoted nor a sign of JSON's: a number, a word, or a mistake.
    private String word() {
        int start = at;
        while (at < text.length()
                && !isBlank(text.charAt(at))
                && "{}[],:\"".indexOf(text.charAt(at)) < 0) {
            at++;
        }
        String word = text.substring(start, at);
        if (WORDS.contains(word) || NUMBER.matcher(word).matches()) {
            String mistake = value();
            before = 'v';
            return mistake;
        }
        return misspelt(word);
    }

    private String misspelt(String word) {
        char first = word.charAt(0);
        if (word.startsWith("//") || word.startsWith("/*") || first == '#') {
            return "comments are not JSON, remove them";
        }
        if ("'`\u2018\u2019\u201c\u201d\u201e\u00ab\u00bb".indexOf(first) >= 0) {
            return QUOTES;
        }
        if (first == '\uFEFF') {
            return "a byte order mark is not JSON, send the text without one";
        }
        if (before == 'v' || before == 'n') {
            return value();
        }
        if (NO_FINITE.matcher(word).matches()) {
            return "NaN and Infinity are not JSON, leave such a metric out";
        }
        return isNumberLike(word) ? number(word) : misspeltWord(word);
    }

    private static boolean isNumberLike(String word) {
        String digits = word.replaceFirst("^[-+]?\\.?", "");
        return !digits.isEmpty() && digits.charAt(0) >= '0' && digits.charAt(0) <= '9';
    }

    private static String number(String word) {
        if (HEXADECIMAL.matcher(word).matches()) {
            return "a number is decimal, hexadecimal is not JSON";
        }
        if (word.charAt(0) == '+') {
            return "a number has no leading +";
        }
        if (NO_LEADING_DIGIT.matcher(word).matches()) {
            return "a number begins with a digit: 0.75, not .75";
        }
        if (LEADING_ZERO.matcher(word).matches()) {
            return "a number has no leading zeros: 7, not 007";
        }
        if (UNFINISHED.matcher(word).matches()) {
            return "digits must follow the point and the e of a number: 1.0, not 1.";
        }
        return "this is no number; a text is written in double quotes";
    }

    private String misspeltWord(String word) {
        if (WORDS.contains(word.toLowerCase(Locale.ROOT)) || word.equals("None")) {
            return "true, false and null are written like this";
        }
        if (word.equals("undefined")) {
            return "undefined is not JSON, leave such a member out";
        }
        if (NAME.matcher(word).matches()) {
            return isNamePlace() ? "names are written in double quotes" : QUOTES;
        }
        char first = word.charAt(0);
        return first < ' ' ? "there is a control character outside of a text" : "";
    }
}
