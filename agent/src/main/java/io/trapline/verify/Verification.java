package io.trapline.verify;

import io.trapline.forward.AsideAccount;
import io.trapline.forward.ForwardException;
import io.trapline.forward.Outputs;
import io.trapline.journal.DoorHour;
import io.trapline.journal.JournalAccount;
import io.trapline.journal.JournalException;
import io.trapline.journal.SqliteJournal;
import io.trapline.journal.Sum;
import io.trapline.journal.Weigher;
import io.trapline.store.QueryException;
import io.trapline.store.Store;
import io.trapline.store.StoreAccount;
import io.trapline.verify.Report.Compared;
import io.trapline.verify.Report.Finding;
import io.trapline.verify.Report.Flow;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/// One conservation check: see the package. Reads only; used once, by one thread.
public final class Verification {
    /// How long the store may take to catch up before its lag is told as such.
    private static final Duration CATCH_UP = Duration.ofSeconds(10);

    private static final Duration QUERY = Duration.ofSeconds(20);
    private static final int MOST_PLACES = 20;
    private static final String JOURNAL = "";

    private final SqliteJournal journal;
    private final Optional<Store> store;
    private final Outputs outputs;
    private final Optional<Instant> since;
    private final long sinceHour;

    private final List<Compared> sums = new ArrayList<>();
    private final List<Finding> findings = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();

    /// @param store empty when none is kept
    public Verification(
            SqliteJournal journal,
            Optional<Store> store,
            Outputs outputs,
            Optional<Instant> since) {
        this.journal = journal;
        this.store = store;
        this.outputs = outputs;
        this.since = since;
        sinceHour =
                since.map(at -> Math.floorDiv(at.getEpochSecond(), 3600L)).orElse(Long.MIN_VALUE);
    }

    /// @throws QueryException when the store cannot be asked
    /// @throws ForwardException when the outputs' database cannot be read
    public Report run()
            throws JournalException, QueryException, ForwardException, InterruptedException {
        Optional<StoreAccount.Position> taken = Optional.empty();
        Frames frames;
        JournalAccount account;
        if (store.isPresent()) {
            boolean _ = store.get().catchUp(CATCH_UP);
        }
        try (SqliteJournal.Hold hold = journal.hold()) {
            if (store.isPresent()) {
                taken = Optional.of(StoreAccount.position(store.get(), QUERY));
            }
            frames = new Frames(taken, hold);
            account = journal.account(frames);
        }
        Books books = new Books(account, frames, sinceHour);
        checkJournal(books);
        checkGone(books);
        checkCursors(books);
        if (taken.isPresent()) {
            checkStore(books, taken.get());
            checkRows(StoreAccount.rows(store.orElseThrow(), QUERY));
        }
        for (String reader : new TreeSet<>(account.cursors().keySet())) {
            Optional<String> output = Outputs.nameOf(reader);
            if (output.isPresent()) {
                checkOutput(books, reader, output.get());
            }
        }
        return new Report(since, account.head(), flows(books, taken), sums, findings, notes);
    }

    /// The frames in the journal's file: all of them, and those after each reader's position.
    private final class Frames implements JournalAccount.Visitor {
        private final Ledger kept = new Ledger(sinceHour);
        private final Map<String, Ledger> waiting = new HashMap<>();
        private final Map<String, Long> cursors = new HashMap<>();
        private final List<String> damaged = new ArrayList<>();
        private final List<String> gaps = new ArrayList<>();
        private final Optional<StoreAccount.Position> store;
        private final SqliteJournal.Hold hold;
        private long before;

        Frames(Optional<StoreAccount.Position> store, SqliteJournal.Hold hold) {
            this.store = store;
            this.hold = hold;
        }

        @Override
        public void begin(Map<String, Long> committed) {
            hold.close();
            cursors.putAll(committed);
            // The store itself knows better than the journal what it has.
            store.ifPresent(its -> cursors.put(Store.READER, its.position()));
            cursors.keySet().forEach(reader -> waiting.put(reader, new Ledger(sinceHour)));
        }

        @Override
        public void frame(long position, Weigher.Weight weight) {
            pass(position, position);
            kept.add(weight);
            cursors.forEach((reader, committed) -> {
                if (position > committed) {
                    after(reader).add(weight);
                }
            });
        }

        @Override
        public void damaged(long first, long last, String what) {
            pass(first, last);
            damaged.add(range(first, last) + " (" + what + ")");
        }

        private void pass(long first, long last) {
            if (before > 0 && first > before + 1 && gaps.size() < MOST_PLACES) {
                gaps.add(range(before + 1, first - 1));
            }
            before = last;
        }

        Ledger after(String reader) {
            return waiting.getOrDefault(reader, new Ledger(sinceHour));
        }
    }

    private record Books(JournalAccount account, Frames frames, long sinceHour) {
        Ledger of(String owner, String what) {
            return new Ledger(sinceHour).addAll(account.sums().getOrDefault(owner, Map.of()), what);
        }

        /// What a reader must have dealt with.
        Ledger owed(String reader) {
            return of(JOURNAL, "appended").minus(of(reader, "base")).minus(frames.after(reader));
        }
    }

    private void checkJournal(Books books) {
        Ledger lost = books.of(JOURNAL, "lost");
        Ledger owed = books.of(JOURNAL, "appended").minus(books.of(JOURNAL, "trimmed")).minus(lost);
        Frames frames = books.frames();
        List<String> places = new ArrayList<>();
        frames.damaged.stream()
                .limit(MOST_PLACES)
                .map(one -> "damaged: " + one)
                .forEach(places::add);
        frames.gaps.forEach(gap -> places.add("missing: " + gap));
        String where = String.join("; ", places);
        compare("journal, frames", owed, frames.kept, true, "the journal's file", (_, _) -> where);
        compare(
                "journal, entries",
                owed,
                frames.kept,
                false,
                "the journal's file",
                (_, _) -> where);
        if (!frames.damaged.isEmpty() && findings.isEmpty()) {
            finding(
                    "journal, frames",
                    "",
                    where,
                    "the journal has frames that cannot be read: " + where);
        }
        lost.doors()
                .forEach((door, amount) -> {
                    if (!amount.isZero()) {
                        finding(
                                "journal, lost",
                                door,
                                hours(lost, new Ledger(sinceHour), door),
                                "of the door %s %d frames with %d entries were lost when a damaged journal was saved; %s"
                                        .formatted(
                                                door,
                                                amount.frames(),
                                                amount.entries(),
                                                hours(lost, new Ledger(sinceHour), door)));
                    }
                });
    }

    /// What was acknowledged and left no sums behind.
    private void checkGone(Books books) {
        Ledger gone = books.of(JOURNAL, "gone");
        long frames = gone.doors().values().stream().mapToLong(Sum.Amount::frames).sum();
        sums.add(new Report.Compared("journal, gone", "all doors", 0, frames));
        if (frames > 0) {
            String when = hours(gone, new Ledger(sinceHour), Weigher.UNKNOWN_DOOR);
            finding(
                    "journal, gone",
                    "all doors",
                    when,
                    "%d frames were acknowledged and are not in the journal any more: its file or its log was deleted, cut, damaged or replaced by an older copy, as was found at %s (the log has the positions); what its readers had not read of them is nowhere"
                            .formatted(frames, when));
        }
    }

    private void checkCursors(Books books) {
        long head = books.account().head();
        books.frames()
                .cursors
                .forEach((reader, position) -> {
                    if (position > head) {
                        finding(
                                "positions",
                                reader,
                                range(head + 1, position),
                                "%s has what the journal does not know: it is at position %d, and the journal ends at %d: frames of the journal are gone, or it is another journal"
                                        .formatted(reader, position, head));
                    } else if (head > position) {
                        Ledger after = books.frames().after(reader);
                        long count =
                                after.doors().values().stream().mapToLong(Sum.Amount::frames).sum();
                        if (count > 0) {
                            notes.add(
                                    "%s has %d frames before it: it is at position %d of %d"
                                            .formatted(reader, count, position, head));
                        }
                    }
                });
    }

    private void checkStore(Books books, StoreAccount.Position its) {
        if (!books.account().cursors().containsKey(Store.READER)) {
            notes.add("the store has no place in the journal yet");
            return;
        }
        Ledger taken = new Ledger(sinceHour);
        Map<String, TreeMap<Long, StoreAccount.Taken>> places = new TreeMap<>();
        for (StoreAccount.Taken one : its.taken()) {
            taken.add(one.door(), one.hour(), new Sum.Amount(one.frames(), one.entries()));
            places.computeIfAbsent(one.door(), _ -> new TreeMap<>()).put(one.hour(), one);
        }
        Ledger owed = books.owed(Store.READER);
        Places where =
                (door, hours) -> {
                    List<String> all = new ArrayList<>();
                    for (long hour : hours) {
                        StoreAccount.Taken of =
                                places.getOrDefault(door, new TreeMap<>()).get(hour);
                        all.add(
                                hour(hour)
                                        + (of == null
                                                ? " (nothing taken)"
                                                : " (taken: "
                                                        + range(of.first(), of.last())
                                                        + ")"));
                    }
                    return String.join("; ", all);
                };
        compare("store, frames taken", owed, taken, true, "the store", where);
        compare("store, entries taken", owed, taken, false, "the store", where);
        long bad = its.taken().stream().mapToLong(StoreAccount.Taken::bad).sum();
        if (bad > 0) {
            notes.add(
                    bad
                            + " frames could not be stored as rows; the store keeps them in"
                            + " trapline.bad_frames until they expire");
        }
    }

    private void checkRows(List<StoreAccount.Rows> all) {
        for (StoreAccount.Rows rows : all) {
            String of = rows.kind() + (rows.name().isEmpty() ? "" : " of " + rows.name());
            long owed = rows.came() - rows.expired();
            if (rows.whole()) {
                sums.add(new Compared("store, rows", of, owed, rows.there()));
            }
            // Doors whose sources differ are told by source.
            if (owed != rows.there() && (!rows.whole() || rows.name().isEmpty())) {
                String text =
                        "the store should have %d %s: %d came and %d expired; it has %d, %s"
                                .formatted(
                                        owed,
                                        of,
                                        rows.came(),
                                        rows.expired(),
                                        rows.there(),
                                        difference(owed, rows.there()));
                if (findings.stream().noneMatch(one -> one.text().equals(text))) {
                    finding("store, rows", of, rows.name(), text);
                }
            }
        }
    }

    private void checkOutput(Books books, String reader, String output) throws ForwardException {
        Ledger passed = books.of(reader, "passed");
        Ledger owed = books.owed(reader);
        String what = "output " + output;
        compare(what + ", frames", owed, passed, true, what, this::hours);
        compare(what + ", entries", owed, passed, false, what, this::hours);
        compare(
                what + ", items",
                books.of(reader, "made"),
                books.of(reader, "sent").plus(books.of(reader, "aside")),
                false,
                what,
                this::hours);
        long aside =
                new Ledger(Long.MIN_VALUE)
                                .addAll(
                                        books.account().sums().getOrDefault(reader, Map.of()),
                                        "aside")
                                .doors()
                                .values()
                                .stream()
                                .mapToLong(Sum.Amount::entries)
                                .sum();
        long cursor = books.account().cursors().getOrDefault(reader, 0L);
        AsideAccount its = outputs.account(output, cursor);
        long known = its.there() + its.gone();
        sums.add(new Compared(what + ", aside", "items", aside, Math.min(aside, known)));
        if (known < aside) {
            finding(
                    what + ", aside",
                    "items",
                    "forward.db",
                    "%s set %d items aside; %d are in forward.db and %d were sent again, dropped or given up: %s"
                            .formatted(
                                    what,
                                    aside,
                                    its.there(),
                                    its.gone(),
                                    difference(aside, known)));
        }
    }

    private String hours(String door, SortedSet<Long> hours) {
        return String.join("; ", hours.stream().map(Verification::hour).toList());
    }

    private static String hours(Ledger one, Ledger other, String door) {
        SortedSet<Long> hours = differing(one, other, door);
        return String.join("; ", hours.stream().map(Verification::hour).toList());
    }

    private interface Places {
        String of(String door, SortedSet<Long> hours);
    }

    private void compare(
            String sum, Ledger owed, Ledger found, boolean frames, String who, Places places) {
        TreeSet<String> doors = new TreeSet<>(owed.doors().keySet());
        doors.addAll(found.doors().keySet());
        for (String door : doors) {
            Sum.Amount should = owed.doors().getOrDefault(door, Sum.Amount.NONE);
            Sum.Amount is = found.doors().getOrDefault(door, Sum.Amount.NONE);
            long expected = frames ? should.frames() : should.entries();
            long there = frames ? is.frames() : is.entries();
            sums.add(new Compared(sum, door, expected, there));
            if (!differing(owed, found, door, frames).isEmpty()) {
                String where = places.of(door, differing(owed, found, door, frames));
                finding(
                        sum,
                        door,
                        where,
                        "%s should have %d %s of the door %s and has %d, %s%s"
                                .formatted(
                                        who,
                                        expected,
                                        frames
                                                ? "frames"
                                                : sum.endsWith("items") ? "items" : "entries",
                                        door,
                                        there,
                                        difference(expected, there),
                                        where.isEmpty() ? "" : "; " + where));
            }
        }
    }

    private static SortedSet<Long> differing(Ledger one, Ledger other, String door) {
        return differing(one, other, door, false);
    }

    private static SortedSet<Long> differing(
            Ledger one, Ledger other, String door, boolean frames) {
        SortedSet<Long> hours = one.hours(door);
        hours.addAll(other.hours(door));
        hours.removeIf(hour -> {
            Sum.Amount difference =
                    one.at(new DoorHour(door, hour)).minus(other.at(new DoorHour(door, hour)));
            return (frames ? difference.frames() : difference.entries()) == 0;
        });
        return hours;
    }

    private List<Flow> flows(Books books, Optional<StoreAccount.Position> taken) {
        Map<String, Long> stored = new HashMap<>();
        Map<String, Long> bad = new HashMap<>();
        taken.ifPresent(its ->
                its.taken().stream()
                        .filter(one -> one.hour() >= sinceHour)
                        .forEach(one -> {
                            stored.merge(one.door(), one.entries(), Long::sum);
                            bad.merge(one.door(), one.bad(), Long::sum);
                        }));
        List<Flow> flows = new ArrayList<>();
        books.of(JOURNAL, "appended")
                .doors()
                .forEach((door, amount) ->
                        flows.add(
                                new Flow(
                                        door,
                                        amount.frames(),
                                        amount.entries(),
                                        books.frames()
                                                .kept
                                                .doors()
                                                .getOrDefault(door, Sum.Amount.NONE)
                                                .entries(),
                                        stored.getOrDefault(door, 0L),
                                        bad.getOrDefault(door, 0L))));
        return flows;
    }

    private void finding(String sum, String of, String where, String text) {
        findings.add(new Finding(sum, of, where, text));
    }

    private static String difference(long expected, long found) {
        return found < expected
                ? (expected - found) + " are missing"
                : found > expected ? (found - expected) + " are too many" : "in other hours";
    }

    private static String hour(long hour) {
        return hour == 0
                ? "of no known hour"
                : "accepted in the hour from " + Instant.ofEpochSecond(hour * 3600);
    }

    private static String range(long first, long last) {
        return first == last ? "position " + first : "positions " + first + " to " + last;
    }
}
