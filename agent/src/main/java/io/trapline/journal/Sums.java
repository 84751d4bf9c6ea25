package io.trapline.journal;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;

/// The table `journal_sum`: how much was appended, how much of it was trimmed, and what readers
/// counted of what they passed.
///
/// ```
/// journal_sum
///   owner   text             '' for the journal, else the reader's name
///   what, door, hour         as in Sum
///   frames, entries integer
/// ```
///
/// Each is changed in the transaction that changes what it counts, so that at any moment, also
/// after a crash:
///
/// - appended − trimmed − lost = the frames that are kept;
/// - what a reader has passed = appended − its base − the frames after its cursor.
///
/// `gone` stands beside them: what is known to have been there, and is in none of these.
///
/// A row an hour and a door: some 44 000 rows a year, 2 MB. It costs a statement or two in a
/// transaction that waits for the disk anyway.
final class Sums {
    static final String SCHEMA =
            """
            create table if not exists journal_sum(
                owner text not null, what text not null, door text not null, hour integer not null,
                frames integer not null, entries integer not null,
                primary key(owner, what, door, hour)) without rowid;
            """;

    private static final String ADD =
            "insert into journal_sum values(?, ?, ?, ?, ?, ?) on conflict do update set"
                    + " frames = frames + excluded.frames, entries = entries + excluded.entries";

    private final Weigher weigher;
    private final Sum.Tally pending = new Sum.Tally();
    private final PreparedStatement add;
    private final PreparedStatement weighTo;
    private final PreparedStatement known;

    Sums(Connection on, Weigher weigher) throws SQLException {
        this.weigher = weigher;
        add = on.prepareStatement(ADD);
        weighTo =
                on.prepareStatement(
                        "select door, hour, count(*), sum(entries) from journal_frame"
                                + " where position <= ? group by door, hour");
        known = on.prepareStatement("select committed from journal_cursor where name = ?");
    }

    Weigher.Weight weigh(byte[] frame) {
        return weigher.weigh(frame);
    }

    void appended(Weigher.Weight weight) {
        pending.add(Sum.APPENDED, weight);
    }

    /// @param hour when it was found out
    void gone(long frames, long hour) {
        if (frames > 0) {
            pending.add(new Sum(Sum.GONE, Weigher.UNKNOWN_DOOR, hour), new Sum.Amount(frames, 0));
        }
    }

    /// Called before the frames go.
    void trimmed(long upTo) throws SQLException {
        weighTo.setLong(1, upTo);
        try (ResultSet row = weighTo.executeQuery()) {
            while (row.next()) {
                pending.add(
                        new Sum(Sum.TRIMMED, row.getString(1), row.getLong(2)),
                        new Sum.Amount(row.getLong(3), row.getLong(4)));
            }
        }
    }

    /// Before the reader's cursor is written: of one that is new everything that is kept is owed,
    /// and nothing is trimmed in a transaction that brings one.
    ///
    /// @return where its cursor is on disk, 0 when there is none
    long begin(Connection on, String reader) throws SQLException {
        known.setString(1, reader);
        try (ResultSet row = known.executeQuery()) {
            if (row.next()) {
                return row.getLong(1);
            }
        }
        forget(on, reader);
        try (PreparedStatement base =
                on.prepareStatement(
                        "insert into journal_sum select ?, '"
                                + Sum.BASE
                                + "', door, hour, sum(frames), sum(entries) from journal_sum"
                                + " where owner = '' and what in ('"
                                + Sum.TRIMMED
                                + "', '"
                                + Sum.LOST
                                + "') group by door, hour")) {
            base.setString(1, reader);
            base.executeUpdate();
        }
        return 0;
    }

    /// Takes out of the sums what was appended behind `position`, before those frames are deleted:
    /// they were refused, and are there all the same.
    void takenBack(Connection on, long position) throws SQLException {
        try (PreparedStatement weigh =
                on.prepareStatement(
                        "select door, hour, -count(*), -sum(entries) from journal_frame"
                                + " where position > ? group by door, hour")) {
            weigh.setLong(1, position);
            try (ResultSet row = weigh.executeQuery()) {
                while (row.next()) {
                    pending.add(
                            new Sum(Sum.APPENDED, row.getString(1), row.getLong(2)),
                            new Sum.Amount(row.getLong(3), row.getLong(4)));
                }
            }
        }
    }

    void forget(Connection on, String reader) throws SQLException {
        try (PreparedStatement delete =
                on.prepareStatement("delete from journal_sum where owner = ?")) {
            delete.setString(1, reader);
            delete.executeUpdate();
        }
    }

    void add(String owner, Map<Sum, Sum.Amount> amounts) throws SQLException {
        for (Map.Entry<Sum, Sum.Amount> each : amounts.entrySet()) {
            put(add, new Row(owner, each.getKey()), each.getValue());
        }
    }

    /// Writes what the transaction changed, at its end.
    void write() throws SQLException {
        if (!pending.isEmpty()) {
            add("", pending.amounts());
        }
    }

    /// The transaction is over, either way.
    void clear() {
        pending.clear();
    }

    void close() throws SQLException {
        add.close();
        weighTo.close();
        known.close();
    }

    /// Takes over the sums of a damaged database, whose readable frames and cursors `fresh` has by
    /// now, within a transaction there: what was appended and is neither trimmed nor saved is lost.
    static void carryOver(Map<Row, Sum.Amount> before, Connection fresh) throws SQLException {
        Map<Row, Sum.Amount> saved = read(fresh);
        Map<Row, Sum.Amount> after = new HashMap<>(before);
        before.forEach((row, amount) -> {
            // lost = lost before + (appended - trimmed - lost before) - saved
            if (row.is(Sum.APPENDED)) {
                after.merge(row.as(Sum.LOST), amount, Sum.Amount::plus);
            } else if (row.is(Sum.TRIMMED) || row.is(Sum.LOST)) {
                after.merge(row.as(Sum.LOST), Sum.Amount.NONE.minus(amount), Sum.Amount::plus);
            }
        });
        saved.forEach((row, amount) -> {
            if (row.is(Sum.APPENDED)) {
                after.merge(row.as(Sum.LOST), Sum.Amount.NONE.minus(amount), Sum.Amount::plus);
            }
        });
        before.forEach((row, amount) -> {
            if (row.is(Sum.LOST)) {
                after.merge(row, amount, Sum.Amount::plus);
            }
        });
        try (PreparedStatement delete = fresh.prepareStatement("delete from journal_sum");
                PreparedStatement put = fresh.prepareStatement(ADD)) {
            delete.executeUpdate();
            for (Map.Entry<Row, Sum.Amount> each : after.entrySet()) {
                if (!each.getValue().isZero()) {
                    put(put, each.getKey(), each.getValue());
                }
            }
        }
    }

    /// All sums of a database; none of one that is older than they are.
    static Map<Row, Sum.Amount> read(Connection from) throws SQLException {
        Map<Row, Sum.Amount> all = new HashMap<>();
        try (PreparedStatement select = from.prepareStatement("select * from journal_sum");
                ResultSet row = select.executeQuery()) {
            while (row.next()) {
                Sum sum = new Sum(row.getString(2), row.getString(3), row.getLong(4));
                all.put(
                        new Row(row.getString(1), sum),
                        new Sum.Amount(row.getLong(5), row.getLong(6)));
            }
        }
        return all;
    }

    private static void put(PreparedStatement into, Row row, Sum.Amount amount)
            throws SQLException {
        into.setString(1, row.owner());
        into.setString(2, row.sum().what());
        into.setString(3, row.sum().door());
        into.setLong(4, row.sum().hour());
        into.setLong(5, amount.frames());
        into.setLong(6, amount.entries());
        into.executeUpdate();
    }

    /// @param owner empty = the journal
    record Row(String owner, Sum sum) implements Comparable<Row> {
        private static final Comparator<Row> ORDER =
                Comparator.comparing(Row::owner).thenComparing(Row::sum);

        @Override
        public int compareTo(Row other) {
            return ORDER.compare(this, other);
        }

        boolean is(String what) {
            return owner.isEmpty() && sum.what().equals(what);
        }

        Row as(String what) {
            return new Row(owner, new Sum(what, sum.door(), sum.hour()));
        }
    }
}
