package io.trapline.model;

import java.util.List;
import java.util.Objects;

/// What becomes durable together: entries of one source.
///
/// @param source `pythond/<input>/<collector>`, `http/<input>`, `push/<data_id>` or `trap/<uuid>`
/// @param acceptedNs when Trapline accepted it, nanoseconds since 1970-01-01T00:00Z
public record Batch(String source, long acceptedNs, List<Entry> entries) {
    public Batch {
        Objects.requireNonNull(source, "source");
        entries = List.copyOf(entries);
    }
}
