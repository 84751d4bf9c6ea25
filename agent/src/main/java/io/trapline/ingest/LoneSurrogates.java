package io.trapline.ingest;

import java.io.IOException;
import java.io.Reader;

/// JSON text without lone surrogates: an escape of a code unit from D800 to DFFF that is no half of
/// a pair becomes the escape of U+FFFD, in names and in values.
///
/// UTF-8 cannot hold a lone surrogate, and Jackson refuses one in a name, and the body with it,
/// while it takes one in a value. Senders make them when they cut a text in the middle of a pair.
/// The text is changed before the parser reads it, character for character, so that the places in
/// its messages stay true. Backslashes outside of strings, as in comments, do no harm: one row of
/// backslashes never crosses the border of a string.
public final class LoneSurrogates {
    private static final int ESCAPE = 6;
    private static final int CHUNK = 8192;

    private LoneSurrogates() {}

    /// The text itself when there is nothing to replace.
    ///
    /// @param json a whole JSON text
    public static String replaced(String json) {
        if (!json.contains("\\ud") && !json.contains("\\uD")) {
            return json;
        }
        char[] text = json.toCharArray();
        replace(text, text.length, true);
        return new String(text);
    }

    /// The same while the text arrives: at most the 11 characters of an unfinished pair are held
    /// back. Not thread-safe; closing it closes `json`.
    public static Reader replacing(Reader json) {
        return new Replacing(json);
    }

    /// The same for a text that was read already: the text itself when there is nothing to replace.
    public static String inText(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                StringBuilder out = new StringBuilder(text.length());
                text.codePoints()
                        .map(c -> c <= 0xFFFF && Character.isSurrogate((char) c) ? 0xFFFD : c)
                        .forEach(out::appendCodePoint);
                return out.toString();
            }
        }
        return text;
    }

    /// @param whole whether nothing follows
    /// @return up to where it is decided; what is left begins with a backslash
    private static int replace(char[] text, int length, boolean whole) {
        int at = 0;
        while (at < length) {
            if (text[at] != '\\') {
                at++;
                continue;
            }
            if (at + 1 == length) {
                return whole ? length : at;
            }
            if (text[at + 1] != 'u') {
                at += 2;
                continue;
            }
            if (at + ESCAPE > length) {
                return whole ? length : at;
            }
            int unit = unit(text, at);
            if (unit < Character.MIN_SURROGATE || unit > Character.MAX_SURROGATE) {
                at += 2;
                continue;
            }
            if (unit <= Character.MAX_HIGH_SURROGATE) {
                int next = at + ESCAPE;
                if (!whole && mayBeEscape(text, next, length)) {
                    return at;
                }
                if (next + ESCAPE <= length && isLowEscape(text, next)) {
                    at = next + ESCAPE;
                    continue;
                }
            }
            "fffd".getChars(0, 4, text, at + 2);
            at += ESCAPE;
        }
        return at;
    }

    /// Whether the text ends before it shows if an escape stands there.
    private static boolean mayBeEscape(char[] text, int at, int length) {
        return at + ESCAPE > length
                && (at >= length || text[at] == '\\')
                && (at + 1 >= length || text[at + 1] == 'u');
    }

    private static boolean isLowEscape(char[] text, int at) {
        int unit = text[at] == '\\' && text[at + 1] == 'u' ? unit(text, at) : -1;
        return unit >= Character.MIN_LOW_SURROGATE && unit <= Character.MAX_LOW_SURROGATE;
    }

    /// The code unit of the escape there; -1 when its digits are none.
    private static int unit(char[] text, int at) {
        int unit = 0;
        for (int i = at + 2; i < at + ESCAPE; i++) {
            int digit = text[i] < 0x80 ? Character.digit(text[i], 16) : -1;
            if (digit < 0) {
                return -1;
            }
            unit = unit << 4 | digit;
        }
        return unit;
    }

    private static final class Replacing extends Reader {
        private final Reader in;
        private final char[] chunk = new char[CHUNK];
        private int given;
        private int decided;
        private int filled;
        private boolean ended;

        Replacing(Reader in) {
            this.in = in;
        }

        @Override
        public int read(char[] buffer, int offset, int count) throws IOException {
            if (count == 0) {
                return 0;
            }
            while (given == decided) {
                if (ended) {
                    return -1;
                }
                fill();
            }
            int now = Math.min(count, decided - given);
            System.arraycopy(chunk, given, buffer, offset, now);
            given += now;
            return now;
        }

        private void fill() throws IOException {
            filled -= decided;
            System.arraycopy(chunk, decided, chunk, 0, filled);
            given = 0;
            decided = 0;
            int read = in.read(chunk, filled, chunk.length - filled);
            if (read < 0) {
                ended = true;
            } else {
                filled += read;
            }
            decided = replace(chunk, filled, ended);
        }

        @Override
        public void close() throws IOException {
            in.close();
        }
    }
}
