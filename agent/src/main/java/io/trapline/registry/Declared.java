package io.trapline.registry;

import java.util.Objects;

/// Something that the configuration declares, and where.
///
/// @param value a [PushRegistration] or a [Check]
/// @param file as people would name it
/// @param line from 1
public record Declared<T>(T value, String file, int line) {
    public Declared {
        Objects.requireNonNull(value, "value");
        Objects.requireNonNull(file, "file");
    }
}
