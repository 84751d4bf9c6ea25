package io.trapline.store;

import io.trapline.model.Tag;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The streams that share source, name and tags: one for each field of a measurement, or the one of
/// a sample. Knows the number of each, once it is known.
final class Series {
    static final long UNKNOWN = -1;

    /// Up to here looking at each is faster than a map.
    private static final int MANY = 32;

    final Key key;
    private String[] fields = new String[4];
    private long[] ids = new long[4];
    private int size;
    private long ownId = UNKNOWN;

    /// The fields' places, once there are [#MANY]: a sender can make them as many as it likes.
    private @Nullable Map<String, Integer> places;

    Series(Key key) {
        this.key = key;
    }

    /// The place of a field, which is `hint` when the fields come in the order of the last time; -1
    /// when it was never seen.
    int place(String field, int hint) {
        if (hint < size && fields[hint].equals(field)) {
            return hint;
        }
        Map<String, Integer> all = places;
        if (all != null) {
            return all.getOrDefault(field, -1);
        }
        for (int i = 0; i < size; i++) {
            if (fields[i].equals(field)) {
                return i;
            }
        }
        return -1;
    }

    int add(String field) {
        if (size == fields.length) {
            fields = Arrays.copyOf(fields, 2 * size);
            ids = Arrays.copyOf(ids, 2 * size);
        }
        fields[size] = field;
        ids[size] = UNKNOWN;
        if (places != null) {
            places.put(field, size);
        } else if (size + 1 == MANY) {
            places = new HashMap<>();
            for (int i = 0; i <= size; i++) {
                places.put(fields[i], i);
            }
        }
        return size++;
    }

    long id(int place) {
        return ids[place];
    }

    void id(int place, long id) {
        ids[place] = id;
    }

    long ownId() {
        return ownId;
    }

    void ownId(long id) {
        ownId = id;
    }

    /// What names a series. The hash is kept, since a key is looked up once for each point.
    ///
    /// Comparable, as every key must be that comes from outside: texts with equal hashes are easily
    /// made, and a map whose keys have an order finds one of n of them in log n steps, not in n.
    static final class Key implements Comparable<Key> {
        final String source;
        final String name;
        final List<Tag> tags;
        private final int hash;

        Key(String source, String name, List<Tag> tags) {
            this.source = source;
            this.name = name;
            this.tags = tags;
            int h = 31 * source.hashCode() + name.hashCode();
            for (int i = 0; i < tags.size(); i++) {
                Tag tag = tags.get(i);
                h = 31 * (31 * h + tag.key().hashCode()) + tag.value().hashCode();
            }
            // Similar texts give similar sums; HashMap looks at few of the bits.
            this.hash = h * 0x9E3779B9;
        }

        @Override
        public int hashCode() {
            return hash;
        }

        @Override
        public int compareTo(Key other) {
            int order = name.compareTo(other.name);
            if (order == 0) {
                order = source.compareTo(other.source);
            }
            if (order == 0) {
                order = Integer.compare(tags.size(), other.tags.size());
            }
            for (int i = 0; order == 0 && i < tags.size(); i++) {
                Tag a = tags.get(i);
                Tag b = other.tags.get(i);
                order = a.key().compareTo(b.key());
                if (order == 0) {
                    order = a.value().compareTo(b.value());
                }
            }
            return order;
        }

        @Override
        public boolean equals(Object other) {
            if (!(other instanceof Key key)
                    || hash != key.hash
                    || tags.size() != key.tags.size()
                    || !name.equals(key.name)
                    || !source.equals(key.source)) {
                return false;
            }
            for (int i = 0; i < tags.size(); i++) {
                Tag a = tags.get(i);
                Tag b = key.tags.get(i);
                if (!a.value().equals(b.value()) || !a.key().equals(b.key())) {
                    return false;
                }
            }
            return true;
        }
    }
}
