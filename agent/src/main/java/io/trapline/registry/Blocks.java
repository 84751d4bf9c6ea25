package io.trapline.registry;

import io.trapline.config.ConfTable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/// Blocks of which each has an id of its own.
final class Blocks {
    private Blocks() {}

    static <T> List<T> distinct(
            List<ConfTable> blocks,
            Function<ConfTable, Optional<T>> read,
            Function<T, Object> id,
            String key) {
        List<T> found = new ArrayList<>();
        Map<Object, Integer> lines = new HashMap<>();
        for (ConfTable block : blocks) {
            Optional<T> one = read.apply(block);
            if (one.isEmpty()) {
                continue;
            }
            Integer first = lines.putIfAbsent(id.apply(one.get()), block.line());
            if (first == null) {
                found.add(one.get());
            } else {
                block.error(
                        key,
                        "the block of line "
                                + first
                                + " has it too; accepted: one that no other has");
            }
        }
        return found;
    }
}
