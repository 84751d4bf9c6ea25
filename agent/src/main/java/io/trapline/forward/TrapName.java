package io.trapline.forward;

import io.trapline.model.StreamName;
import io.trapline.model.Tag;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/// Keys of an HTTPTrap document: a stream's name as every receiver takes it, a Circonus broker and
/// Trapline.
///
/// Whatever those can say arrives as the same stream as here. What they would drop, or would make
/// another name of, which may be a stream of its own already, gets a name of its own here, which
/// they leave as it is. It depends on nothing but the stream, so that it is always the same.
///
/// | here | there |
/// | --- | --- |
/// | `\|ST[` or `\|MT{` in a name, control characters, white space other than a space, a space at an end; over 256 commas with the tags, which a broker counts anywhere | these as `_`, then `_` and 40 bits of the SHA-1 of the name |
/// | the same beyond ASCII, for a broker, which knows bytes and blanks them | likewise |
/// | a tag without category, one with U+001F in it, which divides category and value in a broker | likewise |
/// | a tag over 256 characters as it is sent | shortened with `_tldr_` and SHA-1, as a broker does it |
/// | a name over 4095 bytes with its tags | likewise, unless the tags alone leave no room |
/// | over 256 tags | none: it is skipped |
///
/// Sources: reconnoiter `src/noit_metric.c` (`noit_metric_canonicalize_ex`, `build_tags`,
/// `noit_metric_clean_name`) and `src/noit_message_decoder.c` (`noit_metric_tags_parse_one`).
final class TrapName {
    static final String NAME = "name that no receiver takes as it is";
    static final String LONG_NAME = "name over 4095 bytes";
    static final String TAG = "tag that no receiver takes as it is";
    static final String LONG_TAG = "tag over 256 characters";
    static final String TOO_LONG = "tags over 4095 bytes";
    static final String TOO_MANY = "over 256 tags";

    static final int MAX_BYTES = 4095;
    private static final int MAX_TAGS = 256;
    private static final int MAX_TAG = 256;
    private static final int MAX_CATEGORY = 254;

    /// At most, in base64: three bytes.
    private static final int SENT_PER_CHAR = 4;

    /// At the top of a document these are no names; an empty block makes them some.
    private static final Set<String> SPECIAL = Set.of("_type", "_value", "_ts", "_fl", "_tags");

    private static final String EMPTY_BLOCK = "|ST[]";

    private TrapName() {}

    /// The tags of a stream.
    ///
    /// @param text the tag blocks as they follow the name
    /// @param changes why they are not those of here
    record Block(String text, Set<String> changes, boolean tooMany) {
        Block {
            changes = Set.copyOf(changes);
        }
    }

    /// A stream's key.
    sealed interface Key {

        /// @param changes why it is not the name of here
        record Sent(String text, Set<String> changes) implements Key {}

        record Skipped(String reason) implements Key {}
    }

    static Block block(List<Tag> tags) {
        Set<String> changes = new LinkedHashSet<>();
        List<Tag> sent = new ArrayList<>(tags.size());
        for (Tag tag : tags) {
            sent.add(tag(tag, changes));
        }
        boolean tooMany = sent.size() > MAX_TAGS && different(sent) > MAX_TAGS;
        return new Block(StreamName.sent("", sent), changes, tooMany);
    }

    private static int different(List<Tag> tags) {
        Set<Tag> different =
                new TreeSet<>(Comparator.comparing(Tag::key).thenComparing(Tag::value));
        different.addAll(tags);
        return different.size();
    }

    /// @param ascii whether the receiver's names are ASCII
    static Key key(String name, Block block, boolean ascii) {
        if (block.tooMany()) {
            return new Key.Skipped(TOO_MANY);
        }
        Set<String> changes = block.changes();
        String sent = name;
        boolean manyCommas = commas(name) + commas(block.text()) > MAX_TAGS;
        if (manyCommas || !isTaken(name, ascii)) {
            String plain = plain(name, ascii);
            sent = ShortText.apart(manyCommas ? plain.replace(',', '_') : plain, name);
            changes = with(changes, NAME);
        }
        int room = MAX_BYTES - block.text().length();
        if (ShortText.utf8Length(sent) > room) {
            if (room < ShortText.MARK) {
                return new Key.Skipped(TOO_LONG);
            }
            // The hash is of the name as it is here: two that differ stay two.
            sent = ShortText.shortened(sent, name, room);
            changes = with(changes, LONG_NAME);
        }
        if (block.text().isEmpty() && SPECIAL.contains(sent)) {
            return new Key.Sent(sent + EMPTY_BLOCK, changes);
        }
        return new Key.Sent(sent + block.text(), changes);
    }

    private static Set<String> with(Set<String> changes, String more) {
        Set<String> all = new LinkedHashSet<>(changes);
        all.add(more);
        return all;
    }

    private static long commas(String text) {
        return text.chars().filter(c -> c == ',').count();
    }

    private static boolean isTaken(String name, boolean ascii) {
        if (name.isEmpty() || name.startsWith(" ") || name.endsWith(" ")) {
            return false;
        }
        return name.codePoints().allMatch(c -> isTaken(c, ascii))
                && !name.contains("|ST[")
                && !name.contains("|MT{");
    }

    private static boolean isTaken(int c, boolean ascii) {
        if (c < 0x7F) {
            return c >= ' ';
        }
        return !ascii
                && !Character.isISOControl(c)
                && !Character.isWhitespace(c)
                && !Character.isSpaceChar(c);
    }

    /// What is not taken as `_`.
    private static String plain(String name, boolean ascii) {
        StringBuilder out = new StringBuilder(name.length());
        name.codePoints().forEach(c -> out.appendCodePoint(isTaken(c, ascii) ? c : '_'));
        for (int i = 0; i < out.length() && out.charAt(i) == ' '; i++) {
            out.setCharAt(i, '_');
        }
        for (int i = out.length() - 1; i >= 0 && out.charAt(i) == ' '; i--) {
            out.setCharAt(i, '_');
        }
        return out.toString().replace("|ST[", "_ST[").replace("|MT{", "_MT{");
    }

    private static Tag tag(Tag tag, Set<String> changes) {
        boolean measurement = tag.key().startsWith(Tag.MEASUREMENT_PREFIX);
        String prefix = measurement ? Tag.MEASUREMENT_PREFIX : "";
        String category = tag.key().substring(prefix.length());
        String value = tag.value();
        String sent = category;
        if (category.isEmpty() || category.indexOf(0x1F) >= 0) {
            sent = ShortText.apart(category.replace('\u001f', '_'), category);
            changes.add(TAG);
        }
        boolean surelyFits = SENT_PER_CHAR * (sent.length() + value.length()) + 8 <= MAX_TAG;
        if (!surelyFits && !fits(sent, value)) {
            changes.add(LONG_TAG);
            return shortened(prefix, sent, value);
        }
        return new Tag(prefix + sent, value);
    }

    private static boolean fits(String category, String value) {
        int sentCategory =
                sent(ShortText.utf8Length(category), !StreamName.isSentPlain(category, true));
        int sentValue = sent(ShortText.utf8Length(value), !StreamName.isSentPlain(value, false));
        return sentCategory <= MAX_CATEGORY && sentCategory + 1 + sentValue <= MAX_TAG;
    }

    /// A category that is too long gets 254 characters, or half of a tag when it is plain and the
    /// value needs room, and always leaves room for a shortened value.
    private static Tag shortened(String prefix, String category, String value) {
        boolean base64 = !StreamName.isSentPlain(category, true);
        boolean base64Value = !StreamName.isSentPlain(value, false);
        int categoryBytes = ShortText.utf8Length(category);
        int valueBytes = ShortText.utf8Length(value);
        int mark = sent(ShortText.MARK, base64Value);
        int left = MAX_TAG - Math.min(sent(valueBytes, base64Value), mark) - 1;
        String sent = category;
        if (sent(categoryBytes, base64) > Math.min(left, MAX_CATEGORY)) {
            int room = written(MAX_CATEGORY, base64);
            if (!base64 && valueBytes + 1 > MAX_TAG - MAX_CATEGORY) {
                room = MAX_TAG / 2;
            }
            if (sent(room, base64) + mark + 1 > MAX_TAG) {
                room = written(MAX_TAG - mark - 1, base64);
            }
            sent = ShortText.shortened(category, category, room);
            categoryBytes = ShortText.utf8Length(sent);
        }
        int valueRoom = MAX_TAG - sent(categoryBytes, base64) - 1;
        String sentValue =
                sent(valueBytes, base64Value) <= valueRoom
                        ? value
                        : ShortText.shortened(value, value, written(valueRoom, base64Value));
        return new Tag(prefix + sent, sentValue);
    }

    /// Characters of so many bytes.
    private static int sent(int bytes, boolean base64) {
        return base64 ? (bytes + 2) / 3 * 4 + 3 : bytes;
    }

    /// How many bytes a broker puts into so many characters; a little fewer than would fit.
    private static int written(int characters, boolean base64) {
        return base64 ? (characters - 3) / 4 * 3 - 2 : characters;
    }
}
