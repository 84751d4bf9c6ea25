package io.trapline.ingest.trap;

import io.trapline.model.Tag;
import io.trapline.period.StreamId;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/// Reads `name|ST[cat:val,…]|MT{…}`; rendering is [io.trapline.model.StreamName]'s.
///
/// ```
/// name     = text block*
/// block    = "|ST[" tags? "]" | "|MT{" tags? "}"      blocks of a kind are merged
/// tags     = tag ("," tag)*
/// tag      = category (":" value?)?
/// category = character of the set, at least one | b"base64"
/// value    = any character but "," and the block's end | b"base64"
/// ```
final class TaggedName {
    static final int MAX_NAME_BYTES = 4095;
    private static final int MAX_TAGS = 256;
    static final int MAX_TAG = 256;
    static final int MAX_CATEGORY = 254;
    private static final String SIGNS = "`+!@#$%^&\"'/?._-";

    private TaggedName() {}

    /// @param more tags that every stream of the check gets
    static StreamId parse(String raw, List<Tag> more) throws BadNameException {
        String whole = clean(raw);
        int blocks = firstBlock(whole);
        String name = (blocks < 0 ? whole : whole.substring(0, blocks)).strip();
        if (name.isEmpty()) {
            throw new BadNameException("the name is empty");
        }
        List<Tag> tags = blocks < 0 ? more : blocks(whole, blocks, more);
        StreamId stream = StreamId.of(name, sorted(tags));
        if (utf8Length(stream.canonical()) > MAX_NAME_BYTES) {
            throw new BadNameException("the name has more than " + MAX_NAME_BYTES + " bytes");
        }
        return stream;
    }

    /// A tag block that stands alone, such as a check's `tagset`.
    static List<Tag> tagset(String block) throws BadNameException {
        if (block.isEmpty()) {
            return List.of();
        }
        if (firstBlock(block) != 0) {
            throw new BadNameException("a tag set begins with |ST[ or |MT{");
        }
        return blocks(block, 0, List.of());
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

    /// Control characters and white space become spaces, those at the ends go.
    private static String clean(String raw) {
        for (int i = 0; i < raw.length(); i++) {
            char c = raw.charAt(i);
            if (c <= ' ' || c >= 0x7F) {
                return cleanSlowly(raw);
            }
        }
        return raw;
    }

    private static String cleanSlowly(String raw) {
        StringBuilder out = new StringBuilder(raw.length());
        raw.codePoints().map(TaggedName::cleaned).forEach(out::appendCodePoint);
        return out.toString().strip();
    }

    private static int cleaned(int c) {
        if (Character.isISOControl(c) || Character.isWhitespace(c) || Character.isSpaceChar(c)) {
            return ' ';
        }
        return c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE ? 0xFFFD : c;
    }

    private static int firstBlock(String name) {
        int stream = name.indexOf("|ST[");
        int measurement = name.indexOf("|MT{");
        if (stream < 0 || measurement < 0) {
            return Math.max(stream, measurement);
        }
        return Math.min(stream, measurement);
    }

    private static List<Tag> blocks(String name, int from, List<Tag> more) throws BadNameException {
        List<Tag> tags = new ArrayList<>(more);
        int at = from;
        while (at < name.length()) {
            boolean stream = name.startsWith("|ST[", at);
            if (!stream && !name.startsWith("|MT{", at)) {
                throw new BadNameException("a tag block must end the name");
            }
            int end = name.indexOf(stream ? ']' : '}', at);
            if (end < 0) {
                throw new BadNameException("the tag block is not closed");
            }
            String content = name.substring(at + 4, end);
            if (!content.isEmpty()) {
                for (String tag : content.split(",", -1)) {
                    tags.add(tag(tag, stream ? "" : Tag.MEASUREMENT_PREFIX));
                    if (tags.size() > MAX_TAGS) {
                        throw new BadNameException("more than " + MAX_TAGS + " tags");
                    }
                }
            }
            at = end + 1;
        }
        return tags;
    }

    private static Tag tag(String text, String prefix) throws BadNameException {
        int colon = colon(text);
        String category = decode(text.substring(0, colon), true);
        String value = colon == text.length() ? "" : decode(text.substring(colon + 1), false);
        if (category.isEmpty()) {
            throw new BadNameException("a tag without category");
        }
        return text.length() > MAX_TAG / 4
                        && (utf8Length(text) > MAX_TAG
                                || utf8Length(text.substring(0, colon)) > MAX_CATEGORY)
                ? LongTag.shortened(prefix, category, value)
                : new Tag(prefix + category, value);
    }

    /// The first colon that is not within base64 quotes, else the end.
    private static int colon(String text) throws BadNameException {
        int from = 0;
        if (text.startsWith("b\"")) {
            from = text.indexOf('"', 2);
            if (from < 0) {
                throw new BadNameException("a base64 part is not closed");
            }
        }
        int colon = text.indexOf(':', from);
        return colon < 0 ? text.length() : colon;
    }

    private static String decode(String part, boolean category) throws BadNameException {
        if (part.startsWith("b\"")) {
            if (part.length() < 3 || !part.endsWith("\"")) {
                throw new BadNameException("a base64 part is not closed");
            }
            return base64(part);
        }
        for (int i = 0; category && i < part.length(); i++) {
            if (!isPlain(part.charAt(i))) {
                throw new BadNameException(
                        "character \"" + part.charAt(i) + "\" in a tag's category");
            }
        }
        return part;
    }

    /// What is not UTF-8 stays as it was sent, with its quotes: no text can hold it, and any other
    /// reading could make one stream of two.
    private static String base64(String part) throws BadNameException {
        try {
            byte[] bytes = Base64.getDecoder().decode(part.substring(2, part.length() - 1));
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            return part;
        } catch (IllegalArgumentException e) {
            throw new BadNameException("a part in b\"…\" is no base64");
        }
    }

    private static boolean isPlain(char c) {
        return (c >= '0' && c <= '9')
                || (c >= 'A' && c <= 'Z')
                || (c >= 'a' && c <= 'z')
                || SIGNS.indexOf(c) >= 0;
    }

    /// So that equal streams have equal tags, too; duplicates go.
    private static List<Tag> sorted(List<Tag> tags) {
        return tags.size() < 2
                ? tags
                : tags.stream()
                        .distinct()
                        .sorted((a, b) -> {
                            int byKey = a.key().compareTo(b.key());
                            return byKey != 0 ? byKey : a.value().compareTo(b.value());
                        })
                        .toList();
    }

    /// The stream has to be dropped; the message says why.
    static final class BadNameException extends Exception {
        private static final long serialVersionUID = 1L;

        BadNameException(String message) {
            super(message, null, false, false);
        }

        String reason() {
            return String.valueOf(getMessage());
        }
    }
}
