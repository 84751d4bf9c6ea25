package io.trapline.ingest.datakit;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// Remembers values by the bytes they were made of, so that what is sent again and again (keys, tag
/// values, whole series) is decoded once.
///
/// A cache that forgets: each hash has one slot, and the last one in wins. So memory is bounded and
/// chosen collisions cost nothing but a miss. Not thread-safe.
final class Symbols<T> {
    static final int MAX_BYTES = 256;

    private final byte[] @Nullable [] keys;
    private final @Nullable Object[] values;
    private final int mask;

    /// @param slots a power of two
    Symbols(int slots) {
        keys = new byte[slots][];
        values = new Object[slots];
        mask = slots - 1;
    }

    static int hash(byte[] bytes, int from, int to) {
        int hash = 0;
        for (int i = from; i < to; i++) {
            hash = 31 * hash + bytes[i];
        }
        return hash;
    }

    /// @param hash of the range, as [#hash] makes it
    @SuppressWarnings("unchecked")
    @Nullable T find(byte[] bytes, int from, int to, int hash) {
        int slot = slot(hash);
        byte[] key = keys[slot];
        return key != null && Arrays.equals(key, 0, key.length, bytes, from, to)
                ? (T) values[slot]
                : null;
    }

    void remember(byte[] bytes, int from, int to, int hash, T value) {
        if (to - from <= MAX_BYTES) {
            int slot = slot(hash);
            keys[slot] = Arrays.copyOfRange(bytes, from, to);
            values[slot] = value;
        }
    }

    private int slot(int hash) {
        return (hash ^ (hash >>> 15)) & mask;
    }

    /// The text of a range, from `symbols` when it is there.
    static String text(Symbols<String> symbols, byte[] bytes, int from, int to) {
        if (to - from > MAX_BYTES) {
            return new String(bytes, from, to - from, StandardCharsets.UTF_8);
        }
        int hash = hash(bytes, from, to);
        String known = symbols.find(bytes, from, to, hash);
        if (known == null) {
            known = new String(bytes, from, to - from, StandardCharsets.UTF_8);
            symbols.remember(bytes, from, to, hash, known);
        }
        return known;
    }
}
