package io.trapline.web.page;

import io.trapline.web.page.Ask.Answer;
import io.trapline.web.page.Ask.Row;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// What the store answered to pages last, for when it does not answer: the latest used, within a
/// limit of memory. Any thread may call; `this` guards all of it.
final class Memory {
    private static final long MOST_BYTES = 8L << 20;
    private static final long MOST_OF_ONE = 2L << 20;

    /// What any object takes, more or less.
    private static final int OBJECT_BYTES = 40;

    private record Kept(Answer answer, long bytes) {}

    private final Map<String, Kept> kept = new LinkedHashMap<>(16, 0.75f, true);
    private long bytes;

    synchronized void keep(String key, Answer answer) {
        forget(key);
        long size = size(key);
        for (Row row : answer.rows()) {
            size += size(row.cells());
        }
        if (size > MOST_OF_ONE) {
            return;
        }
        kept.put(key, new Kept(answer, size));
        bytes += size;
        while (bytes > MOST_BYTES) {
            forget(kept.keySet().iterator().next());
        }
    }

    synchronized Optional<Answer> of(String key) {
        return Optional.ofNullable(kept.get(key)).map(Kept::answer);
    }

    private void forget(String key) {
        Kept gone = kept.remove(key);
        if (gone != null) {
            bytes -= gone.bytes();
        }
    }

    private static long size(@Nullable Object cell) {
        return OBJECT_BYTES
                + switch (cell) {
                    case String text -> 2L * text.length();
                    case List<?> list -> list.stream().mapToLong(Memory::size).sum();
                    case Map<?, ?> map ->
                            map.entrySet().stream()
                                    .mapToLong(e -> size(e.getKey()) + size(e.getValue()))
                                    .sum();
                    case null, default -> 0L;
                };
    }
}
