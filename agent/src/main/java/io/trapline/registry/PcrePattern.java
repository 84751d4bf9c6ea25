package io.trapline.registry;

import java.util.Map;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// Regular expressions as upstream reads them (PCRE), compiled for Java.
///
/// What both write alike stays; what Java writes otherwise is rewritten (`[[:digit:]]`, a `[`, `&&`
/// or space within a class, a brace that repeats nothing, `(?P<name>…)`, comments); what Java would
/// silently read as something else (`(?U)`, `(?u)`, `(?d)`) or does not have is refused.
public final class PcrePattern {
    private static final Map<String, String> CLASSES =
            Map.ofEntries(
                    Map.entry("alpha", "Alpha"),
                    Map.entry("digit", "Digit"),
                    Map.entry("alnum", "Alnum"),
                    Map.entry("upper", "Upper"),
                    Map.entry("lower", "Lower"),
                    Map.entry("punct", "Punct"),
                    Map.entry("graph", "Graph"),
                    Map.entry("print", "Print"),
                    Map.entry("blank", "Blank"),
                    Map.entry("cntrl", "Cntrl"),
                    Map.entry("xdigit", "XDigit"),
                    Map.entry("space", "Space"),
                    Map.entry("ascii", "ASCII"));
    private static final Pattern REPEATS = Pattern.compile("\\{[0-9]+(,[0-9]*)?}");
    private static final Pattern JAVA_FLAGS = Pattern.compile("\\(\\?[a-zA-Z]*-?[a-zA-Z]*[:)]");

    /// A search ends without a match when it has looked at so many characters: one expression can
    /// take longer than the world has lasted over forty of them, and names come from outside. PCRE
    /// has such a limit, too.
    private static final int MOST_STEPS = 10_000_000;

    private static final String SHARED_FLAGS = "imsx-:)";

    /// What compiling costs, here and in Java, grows with the square of the length.
    private static final int MOST_CHARACTERS = 16 << 10;

    private final String regex;
    private final StringBuilder java = new StringBuilder();
    private int at;

    private PcrePattern(String regex) {
        this.regex = regex;
    }

    /// @throws PatternSyntaxException when it is none, or uses what Java's expressions lack
    public static Pattern compile(String regex) {
        return compile(regex, 0);
    }

    /// Lines end with a line feed alone, as they do upstream.
    static Pattern compile(String regex, int flags) {
        if (regex.length() > MOST_CHARACTERS) {
            throw new PatternSyntaxException(
                    "it has "
                            + regex.length()
                            + " characters, at most "
                            + MOST_CHARACTERS
                            + " are taken",
                    regex.substring(0, 80) + "…",
                    -1);
        }
        String java = new PcrePattern(regex).translated();
        try {
            return Pattern.compile(java, flags | Pattern.UNIX_LINES);
        } catch (PatternSyntaxException e) {
            throw new PatternSyntaxException(e.getDescription(), regex, -1);
        }
    }

    /// Whether it is somewhere in the text. A search that takes too many steps, or too much of the
    /// stack, has found nothing.
    public static Predicate<String> searching(Pattern pattern) {
        return text -> isFound(pattern, text);
    }

    public static boolean isFound(Pattern pattern, String text) {
        try {
            return pattern.matcher(new Steps(text)).find();
        } catch (TooManyStepsException | StackOverflowError e) {
            return false;
        }
    }

    /// Counts the characters that are looked at. For one search.
    private static final class Steps implements CharSequence {
        private final String text;
        private int taken;

        Steps(String text) {
            this.text = text;
        }

        @Override
        public char charAt(int index) {
            if (++taken > MOST_STEPS) {
                throw new TooManyStepsException();
            }
            return text.charAt(index);
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public CharSequence subSequence(int from, int to) {
            return text.subSequence(from, to);
        }

        @Override
        public String toString() {
            return text;
        }
    }

    private static final class TooManyStepsException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        TooManyStepsException() {
            super("too many steps", null, false, false);
        }
    }

    private String translated() {
        while (at < regex.length()) {
            char c = regex.charAt(at);
            switch (c) {
                case '\\' -> escape();
                case '[' -> characterClass();
                case '(' -> group();
                case '{' -> {
                    if (!REPEATS.matcher(regex).region(at, regex.length()).lookingAt()) {
                        java.append('\\');
                    }
                    take(1);
                }
                default -> take(1);
            }
        }
        return java.toString();
    }

    private void take(int count) {
        java.append(regex, at, at + count);
        at += count;
    }

    private void escape() {
        if (regex.startsWith("\\Q", at)) {
            int end = regex.indexOf("\\E", at + 2);
            java.append(Pattern.quote(regex.substring(at + 2, end < 0 ? regex.length() : end)));
            at = end < 0 ? regex.length() : end + 2;
        } else {
            take(Math.min(2, regex.length() - at));
        }
    }

    private void group() {
        if (regex.startsWith("(?#", at)) {
            int end = regex.indexOf(')', at);
            if (end < 0) {
                throw wrong("a comment that is not closed");
            }
            at = end + 1;
        } else if (regex.startsWith("(?P<", at)) {
            java.append("(?<");
            at += 4;
        } else if (regex.startsWith("(?P=", at)) {
            int end = regex.indexOf(')', at);
            if (end < 0) {
                throw wrong("a reference that is not closed");
            }
            java.append("\\k<").append(regex, at + 4, end).append('>');
            at = end + 1;
        } else if (JAVA_FLAGS.matcher(regex).region(at, regex.length()).lookingAt()) {
            take(2);
            while (SHARED_FLAGS.indexOf(regex.charAt(at)) >= 0) {
                take(1);
                char taken = regex.charAt(at - 1);
                if (taken == ':' || taken == ')') {
                    return;
                }
            }
            throw wrong("the option \"" + regex.charAt(at) + "\" is not supported");
        } else {
            take(1);
        }
    }

    private void characterClass() {
        int open = at;
        if (isNamed()) {
            throw wrong("\"[:name:]\" is read within a class only: [[:name:]]");
        }
        take(1);
        if (regex.startsWith("^", at)) {
            take(1);
        }
        boolean first = true;
        while (at < regex.length() && (first || regex.charAt(at) != ']')) {
            first = false;
            char c = regex.charAt(at);
            if (c == '\\') {
                escapeInClass();
            } else if (c == '[' && isNamed()) {
                named();
            } else {
                // Within a class these mean themselves, and to Java something else.
                if ("[]&^# ".indexOf(c) >= 0) {
                    java.append('\\');
                }
                take(1);
            }
        }
        if (at == regex.length()) {
            at = open;
            throw wrong("Unclosed character class");
        }
        take(1);
    }

    private void escapeInClass() {
        if (!regex.startsWith("\\Q", at)) {
            take(Math.min(2, regex.length() - at));
            return;
        }
        int end = regex.indexOf("\\E", at + 2);
        int until = end < 0 ? regex.length() : end;
        for (at += 2; at < until; at++) {
            char c = regex.charAt(at);
            if (c < 0x80 && !Character.isLetterOrDigit(c)) {
                java.append('\\');
            }
            java.append(c);
        }
        at = end < 0 ? until : end + 2;
    }

    /// `[:name:]`, `[.x.]` or `[=x=]`.
    private boolean isNamed() {
        if (at + 1 >= regex.length()) {
            return false;
        }
        char kind = regex.charAt(at + 1);
        if (kind != ':' && kind != '.' && kind != '=') {
            return false;
        }
        int end = regex.indexOf(kind + "]", at + 2);
        return end > 0 && regex.substring(at + 2, end).chars().noneMatch(c -> c == ']' || c == '[');
    }

    private void named() {
        char kind = regex.charAt(at + 1);
        int end = regex.indexOf(kind + "]", at + 2);
        String name = regex.substring(at + 2, end);
        boolean negated = name.startsWith("^");
        String plain = negated ? name.substring(1) : name;
        if (kind != ':') {
            throw wrong("collating elements are not supported");
        }
        if (plain.equals("word")) {
            java.append(negated ? "\\W" : "\\w");
        } else if (CLASSES.containsKey(plain)) {
            java.append(negated ? "\\P{" : "\\p{").append(CLASSES.get(plain)).append('}');
        } else {
            throw wrong(
                    "there is no class \"[:"
                            + name
                            + ":]\"; accepted: "
                            + String.join(", ", CLASSES.keySet().stream().sorted().toList())
                            + ", word");
        }
        at = end + 2;
    }

    private PatternSyntaxException wrong(String what) {
        return new PatternSyntaxException(what, regex, at);
    }
}
