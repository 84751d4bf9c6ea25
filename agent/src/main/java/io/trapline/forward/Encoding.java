package io.trapline.forward;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Gathers the items of some frames, and counts what has no place at the receiver, by reason.
final class Encoding {
    private final List<Item> items = new ArrayList<>();
    private final Map<String, Long> skipped = new TreeMap<>();

    void add(Item item) {
        items.add(item);
    }

    void skip(String reason) {
        skipped.merge(reason, 1L, Long::sum);
    }

    List<Item> items() {
        return items;
    }

    Map<String, Long> skipped() {
        return skipped;
    }
}
