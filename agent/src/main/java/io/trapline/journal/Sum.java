package io.trapline.journal;

import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;

/// A sum that the journal keeps beside its frames, changed in the same transactions as they are.
///
/// @param what `appended`, `trimmed`, `lost`, `base`, or what a reader counts
/// @param door as [Weigher.Weight] has it
/// @param hour as [Weigher.Weight] has it
public record Sum(String what, String door, long hour) implements Comparable<Sum> {
    // The hashes of doors' names can be chosen: an order keeps a map of such keys fast.
    private static final Comparator<Sum> ORDER =
            Comparator.comparing(Sum::what).thenComparing(Sum::door).thenComparingLong(Sum::hour);

    static final String APPENDED = "appended";
    static final String TRIMMED = "trimmed";

    /// By damage: they were there, and are neither kept nor trimmed.
    static final String LOST = "lost";

    /// Acknowledged, as is remembered beside the database, and not there: not counted as appended,
    /// since what they were went with them.
    static final String GONE = "gone";

    /// What was trimmed before a reader was there for the first time: it is owed the rest.
    static final String BASE = "base";

    @Override
    public int compareTo(Sum other) {
        return ORDER.compare(this, other);
    }

    /// @param entries of those frames, or items that a reader made of them
    public record Amount(long frames, long entries) {
        public static final Amount NONE = new Amount(0, 0);

        public Amount plus(Amount more) {
            return new Amount(frames + more.frames, entries + more.entries);
        }

        public Amount minus(Amount less) {
            return new Amount(frames - less.frames, entries - less.entries);
        }

        public boolean isZero() {
            return frames == 0 && entries == 0;
        }
    }

    /// Sums in the making. Not thread-safe.
    public static final class Tally {
        private final Map<Sum, Amount> amounts = new HashMap<>();

        public void add(String what, Weigher.Weight of) {
            add(new Sum(what, of.door(), of.hour()), new Amount(1, of.entries()));
        }

        public void add(Sum sum, Amount amount) {
            amounts.merge(sum, amount, Amount::plus);
        }

        public void addAll(Map<Sum, Amount> all) {
            all.forEach(this::add);
        }

        public Map<Sum, Amount> amounts() {
            return Collections.unmodifiableMap(new HashMap<>(amounts));
        }

        public boolean isEmpty() {
            return amounts.isEmpty();
        }

        public void clear() {
            amounts.clear();
        }
    }
}
