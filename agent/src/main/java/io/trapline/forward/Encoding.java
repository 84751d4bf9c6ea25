package io.trapline.forward;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Gathers the items of some frames, and counts by reason what has no place at the receiver, and
/// what will be there otherwise than it is here.
final class Encoding {
    private final List<Item> items = new ArrayList<>();
    private final Map<String, Long> skipped = new TreeMap<>();
    private final Map<String, Long> changed = new TreeMap<>();
    private final List<GivenName> names = new ArrayList<>();

    void add(Item item) {
        items.add(item);
    }

    void skip(String reason) {
        skipped.merge(reason, 1L, Long::sum);
    }

    void change(String reason) {
        changed.merge(reason, 1L, Long::sum);
    }

    /// A name was given that has to be the same after a restart.
    void keep(GivenName name) {
        names.add(name);
    }

    List<Item> items() {
        return items;
    }

    Map<String, Long> skipped() {
        return skipped;
    }

    Map<String, Long> changed() {
        return changed;
    }

    List<GivenName> names() {
        return names;
    }
}
