package io.trapline.period;

import io.trapline.model.StreamName;
import io.trapline.model.Tag;
import java.util.List;
import java.util.Objects;

/// A metric stream of a check.
///
/// @param name without tags
/// @param tags stream tags and measurement tags, these with their key prefix
/// @param canonical name and tags in canonical form: equal for the same stream, however it was sent
public record StreamId(String name, List<Tag> tags, String canonical) {
    public StreamId {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(canonical, "canonical");
        tags = List.copyOf(tags);
    }

    public static StreamId of(String name, List<Tag> tags) {
        return new StreamId(name, tags, StreamName.canonical(name, tags));
    }
}
