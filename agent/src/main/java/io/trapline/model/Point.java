package io.trapline.model;

import java.util.List;
import java.util.Objects;

/// What a report consists of.
///
/// Tags and fields keep the order in which they were sent; keys are unique within each.
///
/// @param name the measurement
/// @param timeNs nanoseconds since 1970-01-01T00:00Z
public record Point(Category category, String name, List<Tag> tags, List<Field> fields, long timeNs)
        implements Entry {
    public Point {
        Objects.requireNonNull(category, "category");
        Objects.requireNonNull(name, "name");
        tags = List.copyOf(tags);
        fields = List.copyOf(fields);
    }
}
