package io.trapline.verify;

import io.trapline.journal.DoorHour;
import io.trapline.journal.Sum;
import io.trapline.journal.Weigher;
import java.util.HashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// Amounts by door and hour, from some hour on.
final class Ledger {
    private final long sinceHour;
    private final Map<DoorHour, Sum.Amount> cells = new HashMap<>();

    Ledger(long sinceHour) {
        this.sinceHour = sinceHour;
    }

    void add(String door, long hour, Sum.Amount amount) {
        if (hour >= sinceHour) {
            cells.merge(new DoorHour(door, hour), amount, Sum.Amount::plus);
        }
    }

    void add(Weigher.Weight weight) {
        add(weight.door(), weight.hour(), new Sum.Amount(1, weight.entries()));
    }

    /// Those of one kind.
    Ledger addAll(Map<Sum, Sum.Amount> sums, String what) {
        sums.forEach((sum, amount) -> {
            if (sum.what().equals(what)) {
                add(sum.door(), sum.hour(), amount);
            }
        });
        return this;
    }

    Ledger plus(Ledger more) {
        return with(more, 1);
    }

    Ledger minus(Ledger less) {
        return with(less, -1);
    }

    private Ledger with(Ledger other, long sign) {
        Ledger sum = new Ledger(sinceHour);
        sum.cells.putAll(cells);
        other.cells.forEach((cell, amount) ->
                sum.cells.merge(
                        cell,
                        new Sum.Amount(sign * amount.frames(), sign * amount.entries()),
                        Sum.Amount::plus));
        return sum;
    }

    Sum.Amount at(DoorHour cell) {
        return cells.getOrDefault(cell, Sum.Amount.NONE);
    }

    /// By door.
    SortedMap<String, Sum.Amount> doors() {
        SortedMap<String, Sum.Amount> doors = new TreeMap<>();
        cells.forEach((cell, amount) -> doors.merge(cell.door(), amount, Sum.Amount::plus));
        return doors;
    }

    SortedSet<Long> hours(String door) {
        SortedSet<Long> hours = new TreeSet<>();
        cells.keySet().stream()
                .filter(cell -> cell.door().equals(door))
                .forEach(cell -> hours.add(cell.hour()));
        return hours;
    }
}
