package io.trapline.pipeline;

/// Lengths in UTF-8 bytes, without encoding.
final class Utf8 {
    private Utf8() {}

    static boolean fits(String text, int maxBytes) {
        // A UTF-16 unit takes at most three bytes.
        return text.length() <= maxBytes / 3 || end(text, maxBytes) == text.length();
    }

    /// The longest beginning of at most `maxBytes` bytes that splits no character.
    static String cut(String text, int maxBytes) {
        return text.substring(0, end(text, maxBytes));
    }

    private static int end(String text, int maxBytes) {
        int bytes = 0;
        int at = 0;
        while (at < text.length()) {
            int codePoint = text.codePointAt(at);
            bytes += codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
            if (bytes > maxBytes) {
                return at;
            }
            at += Character.charCount(codePoint);
        }
        return at;
    }
}
