package io.trapline.period;

import java.util.Objects;
import java.util.UUID;

/// A check, as far as its periods need it.
///
/// @param periodMs from 1 s to 300 s
/// @param async samples are stored when they arrive
public record PeriodCheck(UUID id, long periodMs, boolean async) {
    private static final String PREFIX = "trap/";

    public PeriodCheck {
        Objects.requireNonNull(id, "id");
        if (periodMs <= 0) {
            throw new IllegalArgumentException("periodMs must be positive, is " + periodMs);
        }
    }

    /// `trap/<uuid>`.
    public String source() {
        return PREFIX + id;
    }

    static boolean isSource(String source) {
        return source.startsWith(PREFIX);
    }

    /// The check of a batch's source.
    static UUID idOf(String source) {
        return UUID.fromString(source.substring(PREFIX.length()));
    }
}
