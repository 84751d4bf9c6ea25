package io.trapline.collector;

import io.trapline.threads.PlatformThreads;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConfig;

/// Which collectors somebody has paused, and since when; outlives restarts and reloads.
///
/// ```
/// collector_pauses(input text, collector text, since_ms integer, primary key(input, collector))
/// ```
///
/// `collector` is its name, as [CollectorNames] has it. Reading is from memory; a change is on disk
/// when its method returns. Any thread may call any method.
public final class Pauses implements AutoCloseable {
    private static final int BUSY_MS = 30_000;
    private static final String TABLE =
            "create table if not exists collector_pauses(input text not null, collector text not"
                    + " null, since_ms integer not null, primary key(input, collector)) without"
                    + " rowid";

    private final @Nullable Connection connection;
    private final InstantSource clock;
    private final ConcurrentHashMap<Key, Instant> since = new ConcurrentHashMap<>();

    private record Key(String input, String collector) {}

    private Pauses(@Nullable Connection connection, InstantSource clock) {
        this.connection = connection;
        this.clock = clock;
    }

    /// Forgotten at the end; for tests and tries.
    static Pauses inMemory(InstantSource clock) {
        return new Pauses(null, clock);
    }

    /// @param file the agent's SQLite database, which is there already
    /// @throws IOException naming the file
    public static Pauses open(Path file, InstantSource clock) throws IOException {
        SQLiteConfig config = new SQLiteConfig();
        config.setTempStore(SQLiteConfig.TempStore.MEMORY); // else in /tmp, which may be full
        config.setJournalMode(SQLiteConfig.JournalMode.WAL);
        config.setSynchronous(SQLiteConfig.SynchronousMode.FULL);
        config.setBusyTimeout(BUSY_MS);
        try {
            Connection connection = config.createConnection("jdbc:sqlite:" + file.toAbsolutePath());
            try (Statement statement = connection.createStatement()) {
                statement.execute(TABLE);
                Pauses pauses = new Pauses(connection, clock);
                try (ResultSet row =
                        statement.executeQuery(
                                "select input, collector, since_ms from collector_pauses")) {
                    while (row.next()) {
                        pauses.since.put(
                                new Key(row.getString(1), row.getString(2)),
                                Instant.ofEpochMilli(row.getLong(3)));
                    }
                }
                return pauses;
            } catch (SQLException | RuntimeException e) {
                connection.close();
                throw e;
            }
        } catch (SQLException e) {
            throw new IOException(
                    "cannot read from " + file + " which collectors are paused: " + e.getMessage(),
                    e);
        }
    }

    /// Since when a collector is paused; empty = it is not.
    Optional<Instant> since(String input, String collector) {
        return Optional.ofNullable(since.get(new Key(input, collector)));
    }

    /// Nothing changes when it is paused already.
    synchronized void pause(String input, String collector) throws IOException {
        Instant now = clock.instant();
        if (since(input, collector).isEmpty()) {
            change(
                    "insert into collector_pauses values (?, ?, " + now.toEpochMilli() + ")",
                    input,
                    collector);
            since.put(new Key(input, collector), now);
        }
    }

    synchronized void resume(String input, String collector) throws IOException {
        change("delete from collector_pauses where input = ? and collector = ?", input, collector);
        since.remove(new Key(input, collector));
    }

    /// The paused collectors of an input.
    List<String> of(String input) {
        return since.keySet().stream()
                .filter(key -> key.input().equals(input))
                .map(Key::collector)
                .sorted()
                .toList();
    }

    /// A paused collector is called something else now.
    ///
    /// @param to at least one; several when it is not known which of them it was
    synchronized void rename(String input, String from, List<String> to) throws IOException {
        Optional<Instant> noted = since(input, from);
        if (noted.isEmpty()) {
            return;
        }
        for (String name : to) {
            if (since(input, name).isEmpty()) {
                change(
                        "insert into collector_pauses values (?, ?, "
                                + noted.get().toEpochMilli()
                                + ")",
                        input,
                        name);
                since.put(new Key(input, name), noted.get());
            }
        }
        resume(input, from);
    }

    private void change(String sql, String input, String collector) throws IOException {
        if (connection == null) {
            return;
        }
        Connection on = connection;
        try {
            int _ = PlatformThreads.call(() -> change(on, sql, input, collector));
        } catch (SQLException e) {
            throw new IOException(
                    "cannot note in the agent's database that "
                            + input
                            + "/"
                            + collector
                            + " is paused or goes on: "
                            + e.getMessage(),
                    e);
        }
    }

    private static int change(Connection on, String sql, String input, String collector)
            throws SQLException {
        try (PreparedStatement statement = on.prepareStatement(sql)) {
            statement.setString(1, input);
            statement.setString(2, collector);
            return statement.executeUpdate();
        }
    }

    @Override
    public synchronized void close() throws SQLException {
        if (connection != null) {
            connection.close();
        }
    }
}
