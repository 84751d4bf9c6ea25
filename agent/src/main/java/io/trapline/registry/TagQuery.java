package io.trapline.registry;

import io.trapline.model.Tag;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// A tag query: `and(env:prod,not(app:/^web/),or(dc:*,host))`. Upstream's grammar:
///
/// ```
/// query   = ("and" | "or") "(" node ("," node)* ")" | "not(" node ")" | "hint(" node ("," node)* ")"
/// node    = query | match                    white space around it is ignored
/// match   = pattern (":" pattern?)?          a category alone matches every value
/// pattern = "/" regex "/"                    searched, not anchored; \/ is a slash, \\ a backslash
///         | "b/" base64 of a regex "/"
///         | kind? ( characters               those that a tag may have plain, and * and ?
///                 | '"' characters '"'       any; \" and \\ are a quote and a backslash
///                 | "b" '"' base64 '"' )
///         | "b!" base64 "!"                  exact, whatever is in it
/// kind    = "[" ("exact" | "default" | "re" | "graphite") "]", or "b[…]" before the base64 in quotes
/// ```
///
/// Without a kind a pattern is a glob (`default`) when it has a `*` or a `?`, and exact otherwise.
/// In a glob `*` is any text, `?` any character, and other signs mean what they mean in a regular
/// expression, but for the point, and the plus of one without quotes. `graphite`: `*` and `?` stay
/// within one level of a dotted name, `**` does not, and braces hold alternatives. What begins with
/// a slash and is no expression, because no further slash ends it there, is a pattern like any
/// other: `path:/api/v1`. Of a hint the first node decides.
///
/// Also taken: letters beyond ASCII where plain characters may be, and the braces and brackets of
/// `graphite` without quotes.
public final class TagQuery {
    private static final int MAX_DEPTH = 100;
    private static final int MAX_CHARACTERS = 64 << 10;
    private static final int MAX_BRACES = 100;

    /// Of the patterns that braces stand for: how many, and their characters together.
    private static final int MAX_EXPANSIONS = 10_000;

    private static final int MAX_EXPANDED = 1 << 20;
    private static final String SIGNS = "`+!@#$%^&\"'/?._-*";
    private static final List<String> OPERATIONS = List.of("and(", "or(", "not(", "hint(");

    private final String text;
    private int at;

    private TagQuery(String text) {
        this.text = text;
    }

    /// @throws IllegalArgumentException when it cannot be read; the message says where and why
    public static Predicate<List<Tag>> parse(String text) {
        TagQuery parser = new TagQuery(text.strip());
        if (parser.text.length() > MAX_CHARACTERS) {
            throw new IllegalArgumentException(
                    "a tag query has at most "
                            + MAX_CHARACTERS
                            + " characters, this one has "
                            + parser.text.length());
        }
        if (!parser.atOperation()) {
            throw parser.wrong(
                    "a query is and(…), or(…), not(…) or hint(…), such as and(env:prod)");
        }
        Predicate<List<Tag>> query = parser.node(0);
        if (parser.at < parser.text.length()) {
            throw parser.wrong("the query ends before");
        }
        return query;
    }

    private boolean atOperation() {
        return OPERATIONS.stream().anyMatch(operation -> text.startsWith(operation, at));
    }

    private Predicate<List<Tag>> node(int depth) {
        if (depth > MAX_DEPTH) {
            throw wrong("more than " + MAX_DEPTH + " levels");
        }
        if (take("not(")) {
            List<Predicate<List<Tag>>> nodes = nodes(depth);
            if (nodes.size() > 1) {
                throw wrong("not(…) takes one match or query");
            }
            return nodes.getFirst().negate();
        }
        if (take("and(")) {
            List<Predicate<List<Tag>>> all = nodes(depth);
            return tags -> all.stream().allMatch(node -> node.test(tags));
        }
        if (take("or(")) {
            List<Predicate<List<Tag>>> any = nodes(depth);
            return tags -> any.stream().anyMatch(node -> node.test(tags));
        }
        if (take("hint(")) {
            return nodes(depth).getFirst();
        }
        return match();
    }

    /// Up to the closing parenthesis and with it.
    private List<Predicate<List<Tag>>> nodes(int depth) {
        List<Predicate<List<Tag>>> nodes = new ArrayList<>();
        do {
            skipSpaces();
            nodes.add(node(depth + 1));
            skipSpaces();
        } while (take(","));
        if (!take(")")) {
            throw wrong("expected , or )");
        }
        return nodes;
    }

    private Predicate<List<Tag>> match() {
        Predicate<String> category = pattern(true);
        if (!take(":")) {
            return tags -> tags.stream().anyMatch(tag -> category.test(tag.key()));
        }
        Predicate<String> value = pattern(false);
        return tags ->
                tags.stream().anyMatch(tag -> category.test(tag.key()) && value.test(tag.value()));
    }

    private Predicate<String> pattern(boolean category) {
        int from = at;
        if (take("b!")) {
            String literal = base64(until('!'), category);
            return literal::equals;
        }
        if (take("b/")) {
            return regex(base64(untilSlash(category), true), from);
        }
        if (take("b\"")) {
            return of("", base64(until('"'), category), from);
        }
        if (take("b[")) {
            String kind = kind();
            if (!take("\"")) {
                throw wrong("expected base64 in quotes");
            }
            return of(kind, base64(until('"'), category), from);
        }
        String kind = take("[") ? kind() : "";
        if (kind.isEmpty() && take("/")) {
            int end = endOfRegex(category);
            if (end >= 0) {
                String regex = text.substring(at, end);
                at = end + 1;
                return regex(unescaped(regex, '/'), from);
            }
            at = from;
        }
        boolean quoted = take("\"");
        String pattern = quoted ? quoted() : plain(category, kind.equals("graphite"));
        if (category && pattern.isEmpty()) {
            throw wrong(
                    at < text.length() && ",):".indexOf(text.charAt(at)) < 0
                            ? "\"" + text.charAt(at) + "\" needs quotes or base64"
                            : "a category is missing");
        }
        // A plus is a character of values here, which it is not upstream: le:+* has to find
        // le:+Inf.
        boolean glob = kind.isEmpty() && isGlob(pattern);
        return glob && !quoted ? glob(pattern.replace("+", "\\+"), from) : of(kind, pattern, from);
    }

    private static boolean isGlob(String pattern) {
        return pattern.indexOf('*') >= 0 || pattern.indexOf('?') >= 0;
    }

    private String kind() {
        int end = text.indexOf(']', at);
        String kind = end < 0 ? "" : text.substring(at, end);
        if (!List.of("exact", "default", "re", "graphite").contains(kind)) {
            throw wrong("in brackets stands one of exact, default, re, graphite");
        }
        at = end + 1;
        return kind;
    }

    /// The slash that ends an expression; -1 when none does, and it is none.
    private int endOfRegex(boolean category) {
        int end = at;
        while (end < text.length() && text.charAt(end) != '/') {
            end += text.charAt(end) == '\\' ? 2 : 1;
        }
        return isEnd(end, category) ? end : -1;
    }

    private boolean isEnd(int slash, boolean category) {
        int next = slash + 1;
        while (next < text.length() && text.charAt(next) == ' ') {
            next++;
        }
        return next < text.length() && (category ? ",):" : ",)").indexOf(text.charAt(next)) >= 0;
    }

    /// Base64 has slashes, too.
    private String untilSlash(boolean category) {
        int from = at;
        int end = text.indexOf('/', at);
        while (end >= 0 && !isEnd(end, category)) {
            end = text.indexOf('/', end + 1);
        }
        if (end < 0) {
            throw wrong("b/…/ is not closed");
        }
        at = end + 1;
        return text.substring(from, end);
    }

    private String until(char end) {
        int to = text.indexOf(end, at);
        if (to < 0) {
            throw wrong("base64 that is not closed with " + end);
        }
        String part = text.substring(at, to);
        at = to + 1;
        return part;
    }

    private String quoted() {
        int from = at;
        while (at < text.length() && text.charAt(at) != '"') {
            if (text.charAt(at) == '\\') {
                at++;
                if (at == text.length() || "\\\"".indexOf(text.charAt(at)) < 0) {
                    throw wrong("in quotes a backslash stands before a quote or a backslash");
                }
            }
            at++;
        }
        if (at >= text.length()) {
            throw wrong("quotes that are not closed");
        }
        String part = text.substring(from, at);
        at++;
        return unescaped(part, '"');
    }

    private static String unescaped(String part, char sign) {
        StringBuilder out = new StringBuilder(part.length());
        for (int i = 0; i < part.length(); i++) {
            if (part.charAt(i) == '\\'
                    && i + 1 < part.length()
                    && (part.charAt(i + 1) == sign || part.charAt(i + 1) == '\\')) {
                i++;
            }
            out.append(part.charAt(i));
        }
        return out.toString();
    }

    private String plain(boolean category, boolean dotted) {
        int from = at;
        int braces = 0;
        while (at < text.length()) {
            char c = text.charAt(at);
            boolean alternatives = dotted && (c == '{' || c == '}' || c == '[' || c == ']');
            if (!isPlain(c, category) && !alternatives && !(c == ',' && braces > 0)) {
                break;
            }
            if (dotted) {
                braces += c == '{' ? 1 : c == '}' ? -1 : 0;
            }
            at++;
        }
        return text.substring(from, at);
    }

    private static boolean isPlain(char c, boolean category) {
        if (c >= 0x80) {
            return !Character.isSpaceChar(c) && !Character.isISOControl(c);
        }
        return (c >= '0' && c <= '9')
                || (c >= 'A' && c <= 'Z')
                || (c >= 'a' && c <= 'z')
                || SIGNS.indexOf(c) >= 0
                || (!category && (c == ':' || c == '='));
    }

    private Predicate<String> of(String kind, String pattern, int from) {
        return switch (kind) {
            case "re" -> regex(pattern, from);
            case "default" -> glob(pattern, from);
            case "graphite" -> dotted(pattern, from);
            case "" -> isGlob(pattern) ? glob(pattern, from) : pattern::equals;
            default -> pattern::equals;
        };
    }

    private Predicate<String> regex(String regex, int from) {
        return PcrePattern.searching(compile(regex, 0, from));
    }

    private Predicate<String> glob(String glob, int from) {
        StringBuilder regex = new StringBuilder("^");
        for (int i = 0; i < glob.length(); i++) {
            char c = glob.charAt(i);
            switch (c) {
                case '*' -> regex.append(".*");
                case '?' -> regex.append('.');
                case '.' -> regex.append("\\.");
                default -> regex.append(c);
            }
        }
        return PcrePattern.searching(compile(regex.append('$').toString(), Pattern.DOTALL, from));
    }

    private Predicate<String> dotted(String pattern, int from) {
        if (pattern.chars().filter(c -> c == '{').count() > MAX_BRACES) {
            throw wrong("more than " + MAX_BRACES + " pairs of braces in one pattern");
        }
        List<Predicate<String>> any = new ArrayList<>();
        for (String each : expanded(pattern)) {
            boolean literal = each.chars().noneMatch(c -> c == '*' || c == '?' || c == '[');
            any.add(literal ? each::equals : level(each, from));
        }
        return name -> any.stream().anyMatch(one -> one.test(name));
    }

    private Predicate<String> level(String pattern, int from) {
        StringBuilder regex = new StringBuilder("^");
        for (int i = 0; i < pattern.length(); i++) {
            char c = pattern.charAt(i);
            if (c == '*' && i + 1 < pattern.length() && pattern.charAt(i + 1) == '*') {
                i++;
                regex.append(".*");
            } else {
                switch (c) {
                    case '*' -> regex.append("[^.]*");
                    case '?' -> regex.append("[^.]");
                    case '.' -> regex.append("\\.");
                    default -> regex.append(c);
                }
            }
        }
        return PcrePattern.searching(compile(regex.append('$').toString(), 0, from));
    }

    /// `a.{b,c{d,e}}` as `a.b`, `a.cd`, `a.ce`.
    private List<String> expanded(String pattern) {
        int open = pattern.indexOf('{');
        if (open < 0) {
            return List.of(pattern);
        }
        List<String> parts = new ArrayList<>();
        int depth = 0;
        int begin = open + 1;
        int close = -1;
        for (int i = open; i < pattern.length() && close < 0; i++) {
            char c = pattern.charAt(i);
            depth += c == '{' ? 1 : c == '}' ? -1 : 0;
            if (depth == 0 || (depth == 1 && c == ',')) {
                parts.add(pattern.substring(begin, i));
                begin = i + 1;
                close = depth == 0 ? i : -1;
            }
        }
        if (close < 0) {
            throw wrong("a brace that is not closed");
        }
        List<String> all = new ArrayList<>();
        long characters = 0;
        List<String> rests = expanded(pattern.substring(close + 1));
        for (String part : parts) {
            for (String inner : expanded(part)) {
                for (String rest : rests) {
                    String one = pattern.substring(0, open) + inner + rest;
                    all.add(one);
                    characters += one.length();
                    if (all.size() > MAX_EXPANSIONS || characters > MAX_EXPANDED) {
                        throw wrong(
                                "braces that make more than "
                                        + MAX_EXPANSIONS
                                        + " patterns, or more than "
                                        + MAX_EXPANDED
                                        + " characters of patterns");
                    }
                }
            }
        }
        return all;
    }

    private Pattern compile(String regex, int flags, int from) {
        try {
            return PcrePattern.compile(regex, flags);
        } catch (PatternSyntaxException e) {
            at = from;
            throw wrong("no regular expression: " + e.getDescription());
        }
    }

    private String base64(String part, boolean needed) {
        String decoded;
        try {
            byte[] bytes = Base64.getDecoder().decode(part);
            decoded = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (IllegalArgumentException | CharacterCodingException e) {
            throw wrong("\"" + part + "\" is no base64 of UTF-8 text");
        }
        if (needed && decoded.isEmpty()) {
            throw wrong("base64 of nothing");
        }
        return decoded;
    }

    private boolean take(String token) {
        if (!text.startsWith(token, at)) {
            return false;
        }
        at += token.length();
        return true;
    }

    private void skipSpaces() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
    }

    private IllegalArgumentException wrong(String why) {
        int place = Math.min(at, text.length());
        return new IllegalArgumentException(
                "no tag query, at character " + (place + 1) + ": " + why);
    }
}
