package io.trapline.ingest.trap;

import io.trapline.model.StreamName;
import io.trapline.model.Tag;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/// A tag that is too long, made to fit: of a part that gives way stay a prefix, `_tldr_` and the
/// SHA-1 of the whole part in hexadecimal, which keeps it apart from others.
///
/// What is left of which part is upstream's rule (`build_tags` in `src/noit_metric.c`), so that a
/// stream has one name there and here. It reckons with the bytes of the canonical form, where a
/// part with a character outside its set is in base64.
final class LongTag {
    private static final String MARK = "_tldr_";
    private static final int SUFFIX = MARK.length() + 40;

    private LongTag() {}

    /// @param prefix of the key, no part of the category
    static Tag shortened(String prefix, String category, String value)
            throws TaggedName.BadNameException {
        if (StreamName.isUndecoded(category) || StreamName.isUndecoded(value)) {
            throw new TaggedName.BadNameException(
                    "a tag of more than " + TaggedName.MAX_TAG + " characters that is no UTF-8");
        }
        Form keys = new Form(StreamName.isPlainCategory(category));
        Form values = new Form(StreamName.isPlainValue(value));
        String key = category;
        int keyBytes = TaggedName.utf8Length(category);
        int valueBytes = TaggedName.utf8Length(value);
        int smallestValue = Math.min(values.encoded(valueBytes), values.encoded(SUFFIX));
        if (keys.encoded(keyBytes)
                > Math.min(TaggedName.MAX_TAG - smallestValue - 1, TaggedName.MAX_CATEGORY)) {
            keyBytes = keys.decoded(TaggedName.MAX_CATEGORY);
            if (keys.plain() && valueBytes + 1 > TaggedName.MAX_TAG - TaggedName.MAX_CATEGORY) {
                keyBytes = TaggedName.MAX_TAG / 2;
            }
            int most = TaggedName.MAX_TAG - values.encoded(SUFFIX) - 1;
            if (keys.encoded(keyBytes) > most) {
                keyBytes = keys.decoded(most);
            }
            key = shortened(category, keyBytes);
        }
        int room = TaggedName.MAX_TAG - keys.encoded(keyBytes) - 1;
        return new Tag(
                prefix + key,
                values.encoded(valueBytes) > room ? shortened(value, values.decoded(room)) : value);
    }

    /// Upstream cuts within a character where it must; here the character goes as a whole.
    private static String shortened(String part, int bytes) {
        int room = bytes - SUFFIX;
        int end = 0;
        while (end < part.length()) {
            int next = part.offsetByCodePoints(end, 1);
            room -= TaggedName.utf8Length(part.substring(end, next));
            if (room < 0) {
                break;
            }
            end = next;
        }
        return part.substring(0, end) + MARK + sha1(part);
    }

    private static String sha1(String text) {
        try {
            byte[] digest =
                    MessageDigest.getInstance("SHA-1")
                            .digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-1", e);
        }
    }

    /// How a part is written, and what that makes of its length in bytes.
    private record Form(boolean plain) {
        int encoded(int bytes) {
            return plain ? bytes : (bytes + 2) / 3 * 4 + 3;
        }

        int decoded(int written) {
            return plain ? written : (written - 3) / 4 * 3 - 2;
        }
    }
}
