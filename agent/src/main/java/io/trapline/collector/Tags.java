package io.trapline.collector;

import io.trapline.model.Field;
import io.trapline.model.Point;
import io.trapline.model.Tag;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// An input's `tags` on its points, never over a point's own tag or field.
final class Tags {
    private final Map<String, String> tags;

    Tags(Map<String, String> tags) {
        this.tags = new TreeMap<>(tags);
    }

    List<Point> addTo(List<Point> points) {
        return tags.isEmpty() ? points : points.stream().map(this::addTo).toList();
    }

    private Point addTo(Point point) {
        Set<String> own = new HashSet<>();
        point.tags().stream().map(Tag::key).forEach(own::add);
        point.fields().stream().map(Field::key).forEach(own::add);
        List<Tag> all = new ArrayList<>(point.tags());
        tags.forEach((key, value) -> {
            if (!own.contains(key)) {
                all.add(new Tag(key, value));
            }
        });
        return new Point(point.category(), point.name(), all, point.fields(), point.timeNs());
    }
}
