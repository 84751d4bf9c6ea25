package io.trapline.model;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.TreeSet;

/// The canonical name of a stream: `name|ST[a:b,c:d]|MT{e:f}`.
///
/// Tags are sorted by the bytes of category, 0x1F, value; equal ones appear once; a part with a
/// character outside its set is written as `b"<base64>"`, and so is one whose bytes are no UTF-8,
/// see [#isUndecoded]. Source: `contracts/httptrap.md` section 10.
public final class StreamName {
    private static final String CATEGORY_SIGNS = "`+!@#$%^&\"'/?._-";
    private static final boolean[] IN_CATEGORY = allowed(CATEGORY_SIGNS);
    private static final boolean[] IN_VALUE = allowed(CATEGORY_SIGNS + ":=");

    /// A Circonus broker's table of values has no `+` (reconnoiter `src/noit_metric.c`,
    /// `vtagmap_value`), though that of categories has: it drops the stream.
    private static final boolean[] IN_SENT_VALUE = allowed(CATEGORY_SIGNS.replace("+", "") + ":=");

    private StreamName() {}

    /// The canonical name for `tags` in any order; a name without tags is returned as it is.
    public static String canonical(String name, List<Tag> tags) {
        return render(name, tags, IN_VALUE);
    }

    /// The same stream as every receiver reads it: in values `+` goes base64 as well, which is
    /// always safe.
    public static String sent(String name, List<Tag> tags) {
        return render(name, tags, IN_SENT_VALUE);
    }

    /// Whether [#sent] writes a part of a tag as it is.
    public static boolean isSentPlain(String part, boolean category) {
        return isPlain(part, category ? IN_CATEGORY : IN_SENT_VALUE);
    }

    private static String render(String name, List<Tag> tags, boolean[] inValue) {
        if (tags.isEmpty()) {
            return name;
        }
        List<Tag> stream = new ArrayList<>(tags.size());
        List<Tag> measurement = new ArrayList<>(0);
        for (Tag tag : tags) {
            if (tag.key().startsWith(Tag.MEASUREMENT_PREFIX)) {
                String key = tag.key().substring(Tag.MEASUREMENT_PREFIX.length());
                measurement.add(new Tag(key, tag.value()));
            } else {
                stream.add(tag);
            }
        }
        StringBuilder out = new StringBuilder(name.length() + 24 * tags.size()).append(name);
        if (!stream.isEmpty()) {
            appendBlock(out.append("|ST["), stream, inValue);
            out.append(']');
        }
        if (!measurement.isEmpty()) {
            appendBlock(out.append("|MT{"), measurement, inValue);
            out.append('}');
        }
        return out.toString();
    }

    private static void appendBlock(StringBuilder out, List<Tag> tags, boolean[] inValue) {
        if (tags.size() == 1) {
            appendTag(out, tags.getFirst(), inValue);
            return;
        }
        TreeSet<Tag> sorted = new TreeSet<>(StreamName::compare);
        sorted.addAll(tags);
        boolean first = true;
        for (Tag tag : sorted) {
            if (!first) {
                out.append(',');
            }
            first = false;
            appendTag(out, tag, inValue);
        }
    }

    private static void appendTag(StringBuilder out, Tag tag, boolean[] inValue) {
        appendPart(out, tag.key(), IN_CATEGORY);
        out.append(':');
        appendPart(out, tag.value(), inValue);
    }

    private static void appendPart(StringBuilder out, String part, boolean[] allowed) {
        if (isPlain(part, allowed) || isUndecoded(part)) {
            out.append(part);
        } else {
            byte[] utf8 = part.getBytes(StandardCharsets.UTF_8);
            out.append("b\"").append(Base64.getEncoder().encodeToString(utf8)).append('"');
        }
    }

    /// Whether a category is written as it is, without base64.
    public static boolean isPlainCategory(String category) {
        return isPlain(category, IN_CATEGORY);
    }

    /// Likewise a value.
    public static boolean isPlainValue(String value) {
        return isPlain(value, IN_VALUE);
    }

    /// Whether a part of a tag is `b"…"` with base64 of what is no UTF-8: no text can hold its
    /// bytes, so it is kept and written in this form.
    public static boolean isUndecoded(String part) {
        if (part.length() < 3 || !part.startsWith("b\"") || !part.endsWith("\"")) {
            return false;
        }
        try {
            byte[] bytes = Base64.getDecoder().decode(part.substring(2, part.length() - 1));
            var _ = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return false;
        } catch (CharacterCodingException e) {
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private static boolean isPlain(String part, boolean[] allowed) {
        for (int i = 0; i < part.length(); i++) {
            char c = part.charAt(i);
            if (c >= allowed.length || !allowed[c]) {
                return false;
            }
        }
        // Plain text that looks like the base64 form would be read back as another tag.
        return !part.startsWith("b\"");
    }

    private static int compare(Tag a, Tag b) {
        int byKey = compareUtf8(a.key() + '\u001f', b.key() + '\u001f');
        return byKey != 0 ? byKey : compareUtf8(a.value(), b.value());
    }

    /// As the UTF-8 bytes compare; code points compare alike.
    private static int compareUtf8(String a, String b) {
        int length = Math.min(a.length(), b.length());
        for (int i = 0; i < length; i++) {
            char x = a.charAt(i);
            char y = b.charAt(i);
            if (x != y) {
                boolean oneSurrogate = Character.isSurrogate(x) != Character.isSurrogate(y);
                return oneSurrogate ? (Character.isSurrogate(x) ? 1 : -1) : x - y;
            }
        }
        return a.length() - b.length();
    }

    private static boolean[] allowed(String signs) {
        boolean[] allowed = new boolean[128];
        for (char c = '0'; c <= '9'; c++) {
            allowed[c] = true;
        }
        for (char c = 'A'; c <= 'Z'; c++) {
            allowed[c] = true;
            allowed[c + 32] = true;
        }
        for (int i = 0; i < signs.length(); i++) {
            allowed[signs.charAt(i)] = true;
        }
        return allowed;
    }
}
