package io.trapline.collector;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The texts in Python code: enough of the language to read what tools generate. Source: Python's
/// reference, "String and Bytes literals".
final class PythonTexts {
    private final String code;
    private final List<String> found = new ArrayList<>();
    private int at;

    private PythonTexts(String code) {
        this.code = code;
    }

    /// @return each text, with its escapes replaced; empty when the code cannot be understood
    static Optional<List<String>> in(String code) {
        PythonTexts texts = new PythonTexts(code);
        return texts.read() ? Optional.of(texts.found) : Optional.empty();
    }

    private boolean read() {
        int word = 0; // where letters began that may be a text's prefix
        while (at < code.length()) {
            char next = code.charAt(at);
            if (next == '#') {
                int end = code.indexOf('\n', at);
                at = end < 0 ? code.length() : end;
                word = at;
            } else if (next == '"' || next == '\'') {
                String prefix = code.substring(word, at).toLowerCase(Locale.ROOT);
                boolean known = prefix.length() <= 2 && prefix.matches("[rbuft]*");
                if (!text(next, known && prefix.contains("r"))) {
                    return false;
                }
                word = at;
            } else {
                at++;
                if (!Character.isLetterOrDigit(next) && next != '_') {
                    word = at;
                }
            }
        }
        return true;
    }

    private boolean text(char quote, boolean raw) {
        String end = String.valueOf(quote);
        if (code.startsWith(end.repeat(3), at)) {
            end = end.repeat(3);
        }
        at += end.length();
        StringBuilder text = new StringBuilder();
        while (at < code.length()) {
            char next = code.charAt(at);
            if (code.startsWith(end, at)) {
                at += end.length();
                found.add(text.toString());
                return true;
            }
            if (next == '\\') {
                if (at + 1 >= code.length()) {
                    return false;
                }
                if (raw) {
                    text.append(next).append(code.charAt(at + 1));
                    at += 2;
                } else {
                    @Nullable String replaced = escape();
                    if (replaced == null) {
                        return false;
                    }
                    text.append(replaced);
                }
            } else if (next == '\n' && end.length() == 1) {
                return false;
            } else {
                text.append(next);
                at++;
            }
        }
        return false;
    }

    /// What a backslash and what follows it stand for; null = it is not known.
    private @Nullable String escape() {
        char kind = code.charAt(at + 1);
        at += 2;
        return switch (kind) {
            case '\n' -> "";
            case '\\', '\'', '"' -> String.valueOf(kind);
            case 'a' -> "\u0007";
            case 'b' -> "\b";
            case 'f' -> "\f";
            case 'n' -> "\n";
            case 'r' -> "\r";
            case 't' -> "\t";
            case 'v' -> "\u000b";
            case 'x' -> character(2, 16);
            case 'u' -> character(4, 16);
            case 'U' -> character(8, 16);
            case '0', '1', '2', '3', '4', '5', '6', '7' -> {
                at--;
                int digits = 1;
                while (digits < 3
                        && at + digits < code.length()
                        && Character.digit(code.charAt(at + digits), 8) >= 0) {
                    digits++;
                }
                yield character(digits, 8);
            }
            case 'N' -> null; // by its name
            default -> "\\" + kind;
        };
    }

    private @Nullable String character(int digits, int base) {
        if (at + digits > code.length()) {
            return null;
        }
        try {
            String read = Character.toString(Integer.parseInt(code, at, at + digits, base));
            at += digits;
            return read;
        } catch (IllegalArgumentException _) {
            return null;
        }
    }
}
