package io.trapline.model;

import java.util.Objects;

/// One ended period of an HTTPTrap check.
///
/// @param timeNs the period's end, nanoseconds since 1970-01-01T00:00Z
/// @param available whether anything was submitted in the period
/// @param metrics how many streams were seen in it
public record CheckState(long timeNs, String source, boolean available, long metrics)
        implements Entry {
    public CheckState {
        Objects.requireNonNull(source, "source");
    }
}
