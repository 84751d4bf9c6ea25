package io.trapline.model;

import java.util.Objects;

/// A named value of a point.
public record Field(String key, FieldValue value) {
    public Field {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(value, "value");
    }
}
