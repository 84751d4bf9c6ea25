package io.trapline.pipeline;

import io.trapline.model.Blob;
import io.trapline.model.Category;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Tag;
import io.trapline.pipeline.Decoded.Warning;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The checks on every point, as a function: what does not fit is mended and warned about, and only
/// a point of which nothing is left is dropped.
///
/// Source: `contracts/datakit.md` section 3.7 with. One ruling differs: a text or
/// bytes field of a metric point is kept, and still warned about.
public final class PointChecks {
    public static final int MAX_TAGS = 256;
    public static final int MAX_FIELDS = 1024;
    public static final int MAX_KEY_BYTES = 256;
    public static final int MAX_TAG_VALUE_BYTES = 1024;
    public static final int MAX_NAME_BYTES = 1024;
    public static final int MAX_TEXT_BYTES = 32 << 20;
    public static final String DEFAULT_NAME = "__default";

    /// The warning about a point that was dropped.
    public static final String NO_FIELD = "no_field";

    private static final String ADDED = "add_required_kv";

    private static final List<Tag> UNKNOWN_PLACE =
            List.of(
                    new Tag("city", "unknown"),
                    new Tag("country", "unknown"),
                    new Tag("ip", ""),
                    new Tag("isp", "unknown"),
                    new Tag("province", "unknown"));

    private static final Field STATUS = new Field("status", new FieldValue.Text("info"));
    private static final Field OBJECT_NAME = new Field("name", new FieldValue.Text("default"));

    /// A hostile body could make more warnings than points; more than this nobody reads.
    private static final int MAX_WARNINGS = 10_000;

    private final List<Warning> warnings = new ArrayList<>();
    private final boolean addPlace;
    private final BitSet dropped = new BitSet();

    private final TagLists<Boolean> cleanTags = new TagLists<>();

    private int seen;

    /// @param addPlace whether rum points get the tags that line protocol gives them
    public PointChecks(boolean addPlace) {
        this.addPlace = addPlace;
    }

    /// @param points what is left, in order
    /// @param warnings what was changed, the first 10 000; [Warning#point] counts the points as
    ///   they came, from 0
    /// @param dropped the numbers of the points of which nothing was left
    public record Checked(List<Point> points, List<Warning> warnings, BitSet dropped) {}

    /// @param raw points of one category
    /// @param addPlace whether rum points get the tags that line protocol gives them
    public static Checked check(List<Point> raw, boolean addPlace) {
        PointChecks checks = new PointChecks(addPlace);
        List<Point> points = new ArrayList<>(raw.size());
        for (Point point : raw) {
            Point checked = checks.check(point);
            if (checked != null) {
                points.add(checked);
            }
        }
        return new Checked(points, checks.warnings, checks.dropped);
    }

    /// Whether it only says that a record without `status` got `info`, which an author need not be
    /// told: leaving it out is the usual way.
    public static boolean isDefaultStatus(Warning warning) {
        return warning.type().equals(ADDED) && warning.message().contains('"' + STATUS.key() + '"');
    }

    /// What is to be stored of the next point, null when nothing is left of it.
    public @Nullable Point check(Point raw) {
        int index = seen++;
        Point checked = isClean(raw) ? raw : mend(index, raw);
        if (checked.fields().isEmpty() || storesNothing(checked)) {
            dropped.set(index);
            warn(index, NO_FIELD, "point \"" + checked.name() + "\" has no field to store");
            return null;
        }
        return checked;
    }

    /// Points so far.
    public int seen() {
        return seen;
    }

    /// What was changed so far, the first 10 000.
    public List<Warning> warnings() {
        return Collections.unmodifiableList(warnings);
    }

    /// The numbers of the points of which nothing was left.
    public BitSet dropped() {
        return (BitSet) dropped.clone();
    }

    /// A metric's field without value is no sample.
    private static boolean storesNothing(Point point) {
        if (point.category() != Category.METRIC) {
            return false;
        }
        List<Field> fields = point.fields();
        for (int i = 0; i < fields.size(); i++) {
            if (!(fields.get(i).value() instanceof FieldValue.Null)) {
                return false;
            }
        }
        return true;
    }

    private boolean isClean(Point point) {
        if ((addPlace && point.category() == Category.RUM)
                || point.name().isEmpty()
                || !Utf8.fits(point.name(), MAX_NAME_BYTES)
                || requiredKey(point) != null) {
            return false;
        }
        Category category = point.category();
        List<Tag> tags = point.tags();
        List<Field> fields = point.fields();
        if (tags.size() > MAX_TAGS || fields.size() > MAX_FIELDS) {
            return false;
        }
        // Comparing each with each beats a set as long as there are few.
        if (tags.size() * fields.size() > 1000) {
            return false;
        }
        if (cleanTags.get(tags) == null) {
            for (int i = 0; i < tags.size(); i++) {
                Tag tag = tags.get(i);
                if (!isCleanKey(category, tag.key())
                        || !Utf8.fits(tag.value(), MAX_TAG_VALUE_BYTES)
                        || !isCleanText(tag.value())) {
                    return false;
                }
            }
            cleanTags.put(tags, true);
        }
        for (int i = 0; i < fields.size(); i++) {
            Field field = fields.get(i);
            if (!isCleanKey(category, field.key())
                    || hasTag(tags, field.key())
                    || !isCleanValue(category, field.value())) {
                return false;
            }
        }
        return true;
    }

    private static boolean isCleanKey(Category category, String key) {
        return !key.isEmpty()
                && Utf8.fits(key, MAX_KEY_BYTES)
                && isCleanText(key)
                && !(noDots(category) && key.indexOf('.') >= 0)
                && !isReserved(category, key);
    }

    private static boolean isCleanText(String text) {
        return text.indexOf('\n') < 0 && (text.isEmpty() || text.charAt(text.length() - 1) != '\\');
    }

    private static boolean isCleanValue(Category category, FieldValue value) {
        return switch (value) {
            case FieldValue.Real(double number, var _) -> Double.isFinite(number);
            case FieldValue.Int _,
                    FieldValue.UInt _,
                    FieldValue.Bool _,
                    FieldValue.Array _,
                    FieldValue.Json _ ->
                    true;
            case FieldValue.Text(String text) ->
                    category != Category.METRIC && Utf8.fits(text, MAX_TEXT_BYTES);
            case FieldValue.Bytes(var bytes) ->
                    category != Category.METRIC && bytes.size() <= MAX_TEXT_BYTES;
            case FieldValue.Null _ -> false;
        };
    }

    private static boolean noDots(Category category) {
        return category == Category.LOGGING || category == Category.OBJECT;
    }

    private static boolean isReserved(Category category, String key) {
        return switch (category) {
            case LOGGING -> key.equals("source") || key.equals("date");
            case OBJECT -> key.equals("class") || key.equals("date");
            case METRIC, RUM, CUSTOM_OBJECT, KEYEVENT, NETWORK, TRACING, SECURITY -> false;
        };
    }

    /// The field that this category asks for and the point lacks, or null.
    private static @Nullable Field requiredKey(Point point) {
        Field required =
                switch (point.category()) {
                    case LOGGING -> STATUS;
                    case OBJECT -> OBJECT_NAME;
                    case METRIC, RUM, CUSTOM_OBJECT, KEYEVENT, NETWORK, TRACING, SECURITY -> null;
                };
        if (required == null || hasTag(point.tags(), required.key())) {
            return null;
        }
        for (Field field : point.fields()) {
            if (field.key().equals(required.key())) {
                return null;
            }
        }
        return required;
    }

    private static boolean hasTag(List<Tag> tags, String key) {
        for (int i = 0; i < tags.size(); i++) {
            if (tags.get(i).key().equals(key)) {
                return true;
            }
        }
        return false;
    }

    private Point mend(int index, Point point) {
        Category category = point.category();
        String name = mendName(index, point.name());
        Map<String, String> tags = mendTags(index, point);
        Map<String, FieldValue> fields = mendFields(index, point, tags);
        if (addPlace && category == Category.RUM) {
            for (Tag tag : UNKNOWN_PLACE) {
                if (!fields.containsKey(tag.key())) {
                    tags.putIfAbsent(tag.key(), tag.value());
                }
            }
        }
        Point mended =
                new Point(
                        category,
                        name,
                        tags.entrySet().stream()
                                .map(tag -> new Tag(tag.getKey(), tag.getValue()))
                                .toList(),
                        fields.entrySet().stream()
                                .map(field -> new Field(field.getKey(), field.getValue()))
                                .toList(),
                        point.timeNs());
        boolean nothingLeft = mended.fields().isEmpty() && mended.tags().isEmpty();
        Field required = nothingLeft ? null : requiredKey(mended);
        if (required == null) {
            return mended;
        }
        String value = ((FieldValue.Text) required.value()).value();
        warn(index, ADDED, "add required key-value \"" + required.key() + "\": \"" + value + "\"");
        List<Field> all = new ArrayList<>(mended.fields());
        all.add(required);
        return new Point(category, name, mended.tags(), all, point.timeNs());
    }

    private String mendName(int index, String name) {
        if (name.isEmpty()) {
            warn(index, "invalid_measurement", "no measurement, using \"" + DEFAULT_NAME + "\"");
            return DEFAULT_NAME;
        }
        if (!Utf8.fits(name, MAX_NAME_BYTES)) {
            warn(
                    index,
                    "invalid_measurement",
                    "measurement is longer than " + MAX_NAME_BYTES + " bytes and was cut");
            return Utf8.cut(name, MAX_NAME_BYTES);
        }
        return name;
    }

    private Map<String, String> mendTags(int index, Point point) {
        Map<String, String> tags = new LinkedHashMap<>();
        List<Tag> given = point.tags();
        if (given.size() > MAX_TAGS) {
            warn(
                    index,
                    "exceed_max_tags",
                    "has " + given.size() + " tags, the first " + MAX_TAGS + " are kept");
            given = given.subList(0, MAX_TAGS);
        }
        for (Tag tag : given) {
            String key = mendKey(index, tag.key(), true);
            if (key.isEmpty()) {
                continue;
            }
            if (isReserved(point.category(), key)) {
                warn(index, "tag_disabled", "tag \"" + key + "\" is reserved and was left out");
                continue;
            }
            String plain = undotted(index, point, key);
            if (plain == null) {
                continue;
            }
            String value = mendTagValue(index, plain, tag.value());
            if (tags.putIfAbsent(plain, value) != null) {
                warn(
                        index,
                        "invalid_tag_key",
                        "tag \"" + plain + "\" is there twice after mending");
            }
        }
        return tags;
    }

    private String mendTagValue(int index, String key, String given) {
        String value = given;
        if (!isCleanText(value)) {
            warn(
                    index,
                    "invalid_tag_value",
                    "value of tag \"" + key + "\" had line breaks or trailing backslashes");
            value = plainText(value);
        }
        if (!Utf8.fits(value, MAX_TAG_VALUE_BYTES)) {
            warn(
                    index,
                    "exceed_max_tag_value_len",
                    "value of tag \""
                            + key
                            + "\" is longer than "
                            + MAX_TAG_VALUE_BYTES
                            + " bytes and was cut");
            // The cut may lay a backslash bare at the end.
            value = plainText(Utf8.cut(value, MAX_TAG_VALUE_BYTES));
        }
        return value;
    }

    private Map<String, FieldValue> mendFields(int index, Point point, Map<String, String> tags) {
        Map<String, FieldValue> fields = new LinkedHashMap<>();
        List<Field> given = point.fields();
        if (given.size() > MAX_FIELDS) {
            warn(
                    index,
                    "exceed_max_fields",
                    "has " + given.size() + " fields, the first " + MAX_FIELDS + " are kept");
            given = given.subList(0, MAX_FIELDS);
        }
        for (Field field : given) {
            String key = mendKey(index, field.key(), false);
            if (key.isEmpty()) {
                continue;
            }
            if (isReserved(point.category(), key)) {
                warn(index, "field_disabled", "field \"" + key + "\" is reserved and was left out");
                continue;
            }
            String plain = undotted(index, point, key);
            // A tag wins over a field of its name, without a warning, as upstream.
            if (plain == null || tags.containsKey(plain)) {
                continue;
            }
            FieldValue value = mendValue(index, point.category(), plain, field.value());
            if (fields.putIfAbsent(plain, value) != null) {
                warn(
                        index,
                        "invalid_field_key",
                        "field \"" + plain + "\" is there twice after mending");
            }
        }
        return fields;
    }

    private FieldValue mendValue(int index, Category category, String key, FieldValue value) {
        if (isCleanValue(category, value)) {
            return value;
        }
        return switch (value) {
            case FieldValue.Real(double number, var _) -> {
                warn(index, "exceed_max_field_value_int", "field \"" + key + "\" is " + number);
                yield Double.isNaN(number)
                        ? new FieldValue.Null()
                        : new FieldValue.Real(number > 0 ? 0x1p64 : -0x1p63);
            }
            case FieldValue.Text(String text) -> {
                warnText(index, category, key);
                yield Utf8.fits(text, MAX_TEXT_BYTES)
                        ? value
                        : cutText(index, key, Utf8.cut(text, MAX_TEXT_BYTES));
            }
            case FieldValue.Bytes(var bytes) -> {
                warnText(index, category, key);
                if (bytes.size() <= MAX_TEXT_BYTES) {
                    yield value;
                }
                warnCut(index, key);
                yield new FieldValue.Bytes(Blob.of(Arrays.copyOf(bytes.toBytes(), MAX_TEXT_BYTES)));
            }
            case FieldValue.Null _ -> {
                warn(index, "nil_field", "field \"" + key + "\" has no value");
                yield value;
            }
            case FieldValue.Int _,
                    FieldValue.UInt _,
                    FieldValue.Bool _,
                    FieldValue.Array _,
                    FieldValue.Json _ ->
                    value;
        };
    }

    private void warnText(int index, Category category, String key) {
        if (category == Category.METRIC) {
            warn(
                    index,
                    "invalid_field_value_type",
                    "field \"" + key + "\" of a metric is text or bytes");
        }
    }

    private FieldValue cutText(int index, String key, String text) {
        warnCut(index, key);
        return new FieldValue.Text(text);
    }

    private void warnCut(int index, String key) {
        warn(
                index,
                "exceed_max_field_value_len",
                "field \"" + key + "\" is longer than " + MAX_TEXT_BYTES + " bytes and was cut");
    }

    private String mendKey(int index, String given, boolean tag) {
        String kind = tag ? "tag" : "field";
        String key = given;
        if (!isCleanText(key)) {
            warn(
                    index,
                    "invalid_" + kind + "_key",
                    kind + " key had line breaks or trailing backslashes");
            key = plainText(key);
        }
        if (!Utf8.fits(key, MAX_KEY_BYTES)) {
            warn(
                    index,
                    "exceed_max_" + kind + "_key_len",
                    kind + " key is longer than " + MAX_KEY_BYTES + " bytes and was cut");
            key = plainText(Utf8.cut(key, MAX_KEY_BYTES));
        }
        if (key.isEmpty()) {
            warn(index, "invalid_" + kind + "_key", kind + " with an empty key was left out");
        }
        return key;
    }

    /// The key without dots where dots may not be; null when that key is there already.
    private @Nullable String undotted(int index, Point point, String key) {
        if (!noDots(point.category()) || key.indexOf('.') < 0) {
            return key;
        }
        String plain = key.replace('.', '_');
        boolean taken =
                hasTag(point.tags(), plain)
                        || point.fields().stream().anyMatch(field -> field.key().equals(plain));
        warn(
                index,
                "dot_in_key",
                taken
                        ? "key \"" + key + "\" was left out, there is \"" + plain + "\" too"
                        : "key \"" + key + "\" became \"" + plain + "\"");
        return taken ? null : plain;
    }

    private static String plainText(String text) {
        String oneLine = text.replace('\n', ' ');
        int end = oneLine.length();
        while (end > 0 && oneLine.charAt(end - 1) == '\\') {
            end--;
        }
        return oneLine.substring(0, end);
    }

    private void warn(int index, String type, String message) {
        if (warnings.size() < MAX_WARNINGS) {
            warnings.add(new Warning(index, type, message));
        }
    }
}
