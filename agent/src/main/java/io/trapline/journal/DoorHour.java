package io.trapline.journal;

import java.util.Comparator;

/// What sums are kept by. Doors may have names that senders choose: the order keeps a hash map of
/// them fast, however their hashes collide.
///
/// @param door as [Weigher.Weight] has it
/// @param hour as [Weigher.Weight] has it
public record DoorHour(String door, long hour) implements Comparable<DoorHour> {
    private static final Comparator<DoorHour> ORDER =
            Comparator.comparing(DoorHour::door).thenComparingLong(DoorHour::hour);

    public static DoorHour of(Weigher.Weight weight) {
        return new DoorHour(weight.door(), weight.hour());
    }

    @Override
    public int compareTo(DoorHour other) {
        return ORDER.compare(this, other);
    }
}
