package io.trapline.model;

import java.util.List;
import java.util.Objects;

/// One value of one metric stream at one time.
///
/// Tags may name a category twice; measurement tags have the prefix [Tag#MEASUREMENT_PREFIX].
///
/// @param timeNs nanoseconds since 1970-01-01T00:00Z
public record Sample(String name, List<Tag> tags, SampleValue value, long timeNs) implements Entry {
    public Sample {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(value, "value");
        tags = List.copyOf(tags);
    }
}
