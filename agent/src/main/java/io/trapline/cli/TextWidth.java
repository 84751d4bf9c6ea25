package io.trapline.cli;

import java.lang.Character.UnicodeScript;

/// How many columns of a terminal a text takes: two for a Chinese, Japanese or Korean sign, a full
/// width form or a pictograph, none for a mark that is set on the letter before.
final class TextWidth {
    private static final int FULL_WIDTH_FIRST = 0xFF01;
    private static final int FULL_WIDTH_LAST = 0xFF60;

    private TextWidth() {}

    static int of(String text) {
        return text.codePoints().map(TextWidth::of).sum();
    }

    private static int of(int sign) {
        return switch (Character.getType(sign)) {
            case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.FORMAT -> 0;
            default -> isWide(sign) ? 2 : 1;
        };
    }

    private static boolean isWide(int sign) {
        if (sign < 0x1100) {
            return false;
        }
        if ((sign >= FULL_WIDTH_FIRST && sign <= FULL_WIDTH_LAST)
                || (sign >= 0x3001 && sign <= 0x303E)
                || Character.isEmojiPresentation(sign)) {
            return true;
        }
        UnicodeScript script = UnicodeScript.of(sign);
        return script == UnicodeScript.HAN
                || script == UnicodeScript.HANGUL
                || (script == UnicodeScript.KATAKANA && (sign < 0xFF61 || sign > 0xFF9F))
                || script == UnicodeScript.HIRAGANA
                || script == UnicodeScript.BOPOMOFO;
    }

    /// `text` in at most `width` columns; what was cut ends with `mark`.
    static String cut(String text, int width, String mark) {
        if (of(text) <= width) {
            return text;
        }
        int room = width - of(mark);
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < text.length(); ) {
            int sign = text.codePointAt(i);
            room -= of(sign);
            if (room < 0) {
                break;
            }
            out.appendCodePoint(sign);
            i += Character.charCount(sign);
        }
        return out.append(mark).toString();
    }
}
