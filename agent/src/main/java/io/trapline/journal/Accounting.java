package io.trapline.journal;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.sqlite.SQLiteConfig;

/// Reads a journal's file for [SqliteJournal#account].
final class Accounting {
    private static final long STEP_BYTES = 4 << 20;

    private Accounting() {}

    static JournalAccount read(Path file, Weigher weigher, JournalAccount.Visitor visitor)
            throws SQLException {
        SQLiteConfig config = new SQLiteConfig();
        config.setCacheSize(-1024);
        config.setBusyTimeout(10_000);
        try (Connection connection = Database.connect(file, config);
                Statement statement = connection.createStatement()) {
            statement.execute("begin");
            Map<String, Map<Sum, Sum.Amount>> sums = new HashMap<>();
            // The first look at the file is the one that counts for all that follow.
            Sums.read(connection)
                    .forEach((row, amount) ->
                            sums.computeIfAbsent(row.owner(), _ -> new HashMap<>())
                                    .put(row.sum(), amount));
            Map<String, Long> cursors = cursors(statement);
            visitor.begin(cursors);
            long newest = number(statement, "select coalesce(max(position), 0) from journal_frame");
            long head =
                    Math.max(
                            newest,
                            number(
                                    statement,
                                    "select coalesce(max(value), 0) from journal_meta"
                                            + " where key = 'head'"));
            long tail =
                    number(
                            statement,
                            "select coalesce(min(position), "
                                    + (head + 1)
                                    + ") from journal_frame");
            scan(connection, tail, newest, weigher, visitor);
            statement.execute("commit");
            return new JournalAccount(head, tail, cursors, sums);
        }
    }

    private static void scan(
            Connection connection,
            long first,
            long last,
            Weigher weigher,
            JournalAccount.Visitor visitor)
            throws SQLException {
        FrameScan scan = new FrameScan(connection);
        long next = first;
        while (next <= last) {
            List<JournalReader.Frame> frames = scan.read(next, last, STEP_BYTES, visitor::damaged);
            for (JournalReader.Frame frame : frames) {
                visitor.frame(frame.position(), weigher.weigh(frame.bytes()));
            }
            next = scan.next();
        }
    }

    private static Map<String, Long> cursors(Statement statement) throws SQLException {
        Map<String, Long> cursors = new TreeMap<>();
        try (ResultSet row = statement.executeQuery("select name, committed from journal_cursor")) {
            while (row.next()) {
                cursors.put(row.getString(1), row.getLong(2));
            }
        }
        return cursors;
    }

    private static long number(Statement statement, String sql) throws SQLException {
        try (ResultSet row = statement.executeQuery(sql)) {
            return row.next() ? row.getLong(1) : 0;
        }
    }
}
