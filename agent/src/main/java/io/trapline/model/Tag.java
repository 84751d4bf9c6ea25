package io.trapline.model;

import java.util.Objects;

/// A key and its value, both text; the value may be empty. A measurement tag of a trap metric
/// (`|MT{…}`) has the key prefix [#MEASUREMENT_PREFIX].
public record Tag(String key, String value) {
    public static final String MEASUREMENT_PREFIX = "MT:";

    public Tag {
        Objects.requireNonNull(key, "key");
        Objects.requireNonNull(value, "value");
    }
}
