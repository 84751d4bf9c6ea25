package io.trapline.store;

import io.trapline.model.Blob;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Tag;
import java.util.List;

/// How many rows of its table a row takes, so that the database can read its own tables back within
/// the memory it has.
///
/// DuckDB reads and rewrites a table in vectors of 2048 rows and holds all texts of one at once:
/// 2048 logs of 200 kB are 400 MB, which no small memory limit takes; then no checkpoint works any
/// more, and no query that reads them. So a row wider than [#place] is followed by *fillers*, empty
/// rows that no view shows, as if it had been cut into rows of that width: a vector then holds a
/// sixteenth of the memory at most, beside one row that is wider by itself. A filler costs about a
/// bit on disk. Likewise what is appended goes to the database in steps of [#step] bytes.
///
/// @param place bytes of texts that one row may have
/// @param step bytes that are appended at once
record WideRows(int place, long step) {
    private static final int VECTOR = 2048;
    private static final int LEAST_PLACE = 512;
    private static final int MOST_PLACE = 4096;

    /// Of a list's or map's element beside its text.
    private static final int ELEMENT = 32;

    /// @param memory what the database may use, in bytes
    static WideRows within(long memory) {
        return new WideRows(
                Math.clamp(memory / 16 / VECTOR, LEAST_PLACE, MOST_PLACE),
                Math.clamp(memory / 32, 1L << 19, 4L << 20));
    }

    /// The average width from which on texts are compressed as such (zstd) and not by what they
    /// have in common: below [#place], so that fillers do not lower the average beyond it.
    int compressedFrom() {
        return place / 4;
    }

    /// How many fillers follow a row of this width.
    int fillers(long bytes) {
        return bytes <= place ? 0 : (int) ((bytes - 1) / place);
    }

    /// The width of tags, twice: as a map and in a stream's name.
    static long ofStream(List<Tag> tags) {
        return 2 * ofTags(tags);
    }

    static long ofTags(List<Tag> tags) {
        long sum = 0;
        for (int i = 0; i < tags.size(); i++) {
            Tag tag = tags.get(i);
            sum += ELEMENT + of(tag.key()) + of(tag.value());
        }
        return sum;
    }

    /// About the width of fields as JSON, before there is any.
    static long ofFields(List<Field> fields) {
        long sum = 0;
        for (int i = 0; i < fields.size(); i++) {
            Field field = fields.get(i);
            sum += 4 + field.key().length() + about(field.value());
        }
        return sum;
    }

    /// About the width of a value, before it is a text.
    static long about(FieldValue value) {
        return switch (value) {
            case FieldValue.Text(String text) -> text.length();
            case FieldValue.Json(String text) -> text.length();
            case FieldValue.Bytes(Blob bytes) -> bytes.size() * 4L / 3;
            case FieldValue.Array(List<FieldValue> elements) -> {
                long sum = 0;
                for (FieldValue element : elements) {
                    sum += 4 + about(element);
                }
                yield sum;
            }
            case FieldValue.Real _,
                    FieldValue.Int _,
                    FieldValue.UInt _,
                    FieldValue.Bool _,
                    FieldValue.Null _ ->
                    8;
        };
    }

    /// A text's width in the database.
    static long of(String text) {
        int length = text.length();
        long bytes = length;
        for (int i = 0; i < length; i++) {
            char unit = text.charAt(i);
            // Each half of a surrogate pair counts as two bytes: four for the character.
            bytes += unit < 0x80 ? 0 : unit < 0x800 || Character.isSurrogate(unit) ? 1 : 2;
        }
        return bytes;
    }
}
