package io.trapline.ingest.trap;

import io.trapline.model.Tag;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// A tag query: `and(env:prod,not(app:/^web/),or(dc:*,host))`.
///
/// ```
/// query    = ("and" | "or") "(" node ("," node)* ")" | "not(" node ")" | "hint(" query ",…)"
/// node     = query | match
/// match    = pattern (":" pattern)?          a category alone matches every value
/// pattern  = glob with * and ? | /regex/ | b"literal" | b/regex/ | [graphite]dotted.glob
/// ```
final class TagQuery {
    private static final int MAX_DEPTH = 32;

    private final String text;
    private int at;

    private TagQuery(String text) {
        this.text = text;
    }

    /// Empty when it does not parse; such a query never matches.
    static Optional<Predicate<List<Tag>>> parse(String text) {
        TagQuery parser = new TagQuery(text.strip());
        try {
            Predicate<List<Tag>> query = parser.query(0);
            return parser.at == parser.text.length() ? Optional.of(query) : Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }

    private Predicate<List<Tag>> query(int depth) {
        if (depth > MAX_DEPTH) {
            throw new IllegalArgumentException("nested too deep");
        }
        if (take("and(")) {
            List<Predicate<List<Tag>>> all = nodes(depth);
            return tags -> all.stream().allMatch(node -> node.test(tags));
        }
        if (take("or(")) {
            List<Predicate<List<Tag>>> any = nodes(depth);
            return tags -> any.stream().anyMatch(node -> node.test(tags));
        }
        if (take("not(")) {
            Predicate<List<Tag>> node = node(depth);
            expect(')');
            return node.negate();
        }
        if (take("hint(")) {
            Predicate<List<Tag>> query = query(depth + 1);
            while (take(",")) {
                match();
            }
            expect(')');
            return query;
        }
        throw new IllegalArgumentException("a bare match is no query");
    }

    private List<Predicate<List<Tag>>> nodes(int depth) {
        List<Predicate<List<Tag>>> nodes = new ArrayList<>();
        do {
            nodes.add(node(depth));
        } while (take(","));
        expect(')');
        return nodes;
    }

    private Predicate<List<Tag>> node(int depth) {
        skipSpaces();
        boolean nested =
                text.startsWith("and(", at)
                        || text.startsWith("or(", at)
                        || text.startsWith("not(", at)
                        || text.startsWith("hint(", at);
        Predicate<List<Tag>> node = nested ? query(depth + 1) : match();
        skipSpaces();
        return node;
    }

    private Predicate<List<Tag>> match() {
        Predicate<String> category = pattern(":,)");
        if (!take(":")) {
            return tags -> tags.stream().anyMatch(tag -> category.test(tag.key()));
        }
        Predicate<String> value = pattern(",)");
        return tags ->
                tags.stream().anyMatch(tag -> category.test(tag.key()) && value.test(tag.value()));
    }

    private Predicate<String> pattern(String ends) {
        boolean graphite = take("[graphite]");
        if (!graphite && take("b\"")) {
            String literal = base64(until('"'));
            return literal::equals;
        }
        if (!graphite && take("b/")) {
            return regex(base64(until('/')));
        }
        if (!graphite && take("/")) {
            return regex(untilSlash());
        }
        int from = at;
        int braces = 0;
        while (at < text.length() && (braces > 0 || ends.indexOf(text.charAt(at)) < 0)) {
            char c = text.charAt(at++);
            if (graphite && c == '{') {
                braces++;
            } else if (graphite && c == '}') {
                braces--;
            }
        }
        String glob = text.substring(from, at).strip();
        if (glob.isEmpty() && ends.indexOf(':') >= 0) {
            throw new IllegalArgumentException("an empty category");
        }
        return graphite ? dotted(glob) : glob(glob);
    }

    private static Predicate<String> glob(String glob) {
        if (glob.indexOf('*') < 0 && glob.indexOf('?') < 0) {
            return glob::equals;
        }
        StringBuilder regex = new StringBuilder();
        for (int i = 0; i < glob.length(); i++) {
            char c = glob.charAt(i);
            switch (c) {
                case '*' -> regex.append(".*");
                case '?' -> regex.append('.');
                default -> regex.append(Pattern.quote(String.valueOf(c)));
            }
        }
        return Pattern.compile(regex.toString(), Pattern.DOTALL).asMatchPredicate();
    }

    /// A star stays within one level; braces hold alternatives, brackets characters.
    private static Predicate<String> dotted(String glob) {
        StringBuilder regex = new StringBuilder();
        int braces = 0;
        for (int i = 0; i < glob.length(); i++) {
            char c = glob.charAt(i);
            switch (c) {
                case '*' -> regex.append("[^.]*");
                case '?' -> regex.append("[^.]");
                case '[', ']', '-' -> regex.append(c);
                case '{' -> {
                    braces++;
                    regex.append("(?:");
                }
                case '}' -> {
                    braces--;
                    regex.append(')');
                }
                case ',' -> regex.append(braces > 0 ? "|" : ",");
                default -> regex.append(Pattern.quote(String.valueOf(c)));
            }
        }
        return compile(regex.toString()).asMatchPredicate();
    }

    private static Predicate<String> regex(String regex) {
        return compile(regex).asPredicate();
    }

    private static Pattern compile(String regex) {
        try {
            return Pattern.compile(regex);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException("no regular expression", e);
        }
    }

    private static String base64(String text) {
        return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
    }

    /// A backslash takes the slash after it into the expression.
    private String untilSlash() {
        StringBuilder out = new StringBuilder();
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c == '/') {
                return out.toString();
            }
            if (c == '\\' && at < text.length()) {
                char escaped = text.charAt(at++);
                if (escaped != '/') {
                    out.append(c);
                }
                out.append(escaped);
            } else {
                out.append(c);
            }
        }
        throw new IllegalArgumentException("an expression that is not closed");
    }

    private String until(char end) {
        int to = text.indexOf(end, at);
        if (to < 0) {
            throw new IllegalArgumentException("a part that is not closed");
        }
        String part = text.substring(at, to);
        at = to + 1;
        return part;
    }

    private boolean take(String token) {
        skipSpaces();
        if (!text.startsWith(token, at)) {
            return false;
        }
        at += token.length();
        return true;
    }

    private void expect(char c) {
        if (!take(String.valueOf(c))) {
            throw new IllegalArgumentException("expected " + c + " at " + at);
        }
    }

    private void skipSpaces() {
        while (at < text.length() && text.charAt(at) == ' ') {
            at++;
        }
    }
}
