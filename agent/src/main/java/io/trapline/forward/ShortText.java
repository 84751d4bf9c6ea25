package io.trapline.forward;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// Texts that a receiver has no room or no characters for, made into others that stay apart.
final class ShortText {
    private static final String SHORTENED = "_tldr_";

    /// Of `_tldr_` and a SHA-1 in hexadecimal.
    static final int MARK = SHORTENED.length() + 40;

    /// Characters of a SHA-1 that tell names apart.
    static final int HASH = 10;

    private ShortText() {}

    /// `text` with a part of the SHA-1 of what it stands for.
    static String apart(String text, String original) {
        return text + "_" + sha1(original).substring(0, HASH);
    }

    /// As much of `text` as leaves room for `_tldr_` and the SHA-1 of what it stands for.
    ///
    /// @param bytes of UTF-8; at least [#MARK]
    static String shortened(String text, String original, int bytes) {
        return cut(text, bytes - MARK) + SHORTENED + sha1(original);
    }

    /// The start of a text, whole characters, at most so many bytes of UTF-8.
    static String cut(String text, int bytes) {
        int end = 0;
        int used = 0;
        while (end < text.length()) {
            int c = text.codePointAt(end);
            used += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
            if (used > bytes) {
                break;
            }
            end += Character.charCount(c);
        }
        return text.substring(0, end);
    }

    static int utf8Length(String text) {
        int length = text.length();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= 0x80) {
                // The two halves of a surrogate pair make four bytes.
                length += c >= 0x800 && !Character.isSurrogate(c) ? 2 : 1;
            }
        }
        return length;
    }

    private static String sha1(String text) {
        try {
            return HexFormat.of()
                    .formatHex(
                            MessageDigest.getInstance("SHA-1")
                                    .digest(text.getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }
}
