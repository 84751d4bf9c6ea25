package io.trapline.pipeline;

import io.trapline.model.Tag;
import java.util.IdentityHashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What was found out about tag lists, by their identity: the points of one series share theirs.
/// For one batch; not thread-safe.
final class TagLists<V> {
    /// Beyond this many different ones, remembering them costs more than it brings.
    private static final int MAX = 4096;

    private final IdentityHashMap<List<Tag>, V> known = new IdentityHashMap<>();

    @Nullable V get(List<Tag> tags) {
        return known.get(tags);
    }

    void put(List<Tag> tags, V value) {
        if (known.size() < MAX) {
            known.put(tags, value);
        }
    }
}
