package io.trapline.pipeline;

import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Tag;
import java.util.ArrayList;
import java.util.List;

/// Makes of checked points what is to be stored: global tags and time correction as
/// [Pipeline#finish] says. For one batch; not thread-safe.
final class Finisher {
    private static final long CORRECTED_BEYOND_NS = 2L * 60 * 60 * 1_000_000_000;
    private static final String ORIGINAL_TIME = "__orig_time";

    private final List<Tag> globals;
    private final boolean correct;
    private final long now;

    private final TagLists<List<Tag>> merged = new TagLists<>();

    Finisher(List<Tag> globals, boolean correct, long nowNs) {
        this.globals = globals;
        this.correct = correct;
        this.now = nowNs;
    }

    @SuppressWarnings("ReferenceEquality")
    Point finish(Point point) {
        List<Tag> tags = tags(point);
        long time = point.timeNs();
        if (correct && far(time)) {
            List<Field> fields = new ArrayList<>(point.fields());
            fields.removeIf(field -> field.key().equals(ORIGINAL_TIME));
            fields.add(new Field(ORIGINAL_TIME, new FieldValue.Int(time)));
            return new Point(point.category(), point.name(), tags, fields, now);
        }
        return tags == point.tags()
                ? point
                : new Point(point.category(), point.name(), tags, point.fields(), time);
    }

    private boolean far(long time) {
        // Both are after 1970 in practice, but a point may carry any time: compare without
        // overflow.
        return time > now + CORRECTED_BEYOND_NS || time < now - CORRECTED_BEYOND_NS;
    }

    private List<Tag> tags(Point point) {
        if (globals.isEmpty()) {
            return point.tags();
        }
        for (int i = 0; i < globals.size(); i++) {
            if (hasField(point, globals.get(i).key())) {
                return merge(point);
            }
        }
        List<Tag> known = merged.get(point.tags());
        if (known == null) {
            known = merge(point);
            merged.put(point.tags(), known);
        }
        return known;
    }

    private List<Tag> merge(Point point) {
        List<Tag> all = null;
        for (Tag global : globals) {
            if (!hasTag(point, global.key()) && !hasField(point, global.key())) {
                if (all == null) {
                    all = new ArrayList<>(point.tags().size() + globals.size());
                    all.addAll(point.tags());
                }
                all.add(global);
            }
        }
        return all == null ? point.tags() : List.copyOf(all);
    }

    private static boolean hasTag(Point point, String key) {
        List<Tag> tags = point.tags();
        for (int i = 0; i < tags.size(); i++) {
            if (tags.get(i).key().equals(key)) {
                return true;
            }
        }
        return false;
    }

    private static boolean hasField(Point point, String key) {
        List<Field> fields = point.fields();
        for (int i = 0; i < fields.size(); i++) {
            if (fields.get(i).key().equals(key)) {
                return true;
            }
        }
        return false;
    }
}
