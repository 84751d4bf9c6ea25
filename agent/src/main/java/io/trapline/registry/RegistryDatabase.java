package io.trapline.registry;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.trapline.registry.Held.Origin;
import io.trapline.threads.PlatformThreads;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.BusyHandler;

/// The registry's tables in the agent's database. One connection, one statement at a time; every
/// change is on disk when its method returns.
final class RegistryDatabase implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RegistryDatabase.class);
    private static final int VERSION = 1;

    /// The journal writes to the same file and holds its lock most of the time under load: ask
    /// again often, rather than with SQLite's growing pauses.
    private static final int BUSY_TRIES = 30_000;

    private static final String[] TABLES = {
        "CREATE TABLE IF NOT EXISTS registry_version(version INTEGER NOT NULL)",
        """
        CREATE TABLE IF NOT EXISTS registry_push(
            data_id INTEGER PRIMARY KEY, access_token TEXT NOT NULL, name TEXT NOT NULL,
            label TEXT NOT NULL, description TEXT NOT NULL, type TEXT NOT NULL,
            version TEXT NOT NULL, rate INTEGER NOT NULL,
            max_future_time_offset INTEGER NOT NULL, enabled INTEGER NOT NULL,
            created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS registry_checks(
            id TEXT PRIMARY KEY, secret TEXT NOT NULL, name TEXT NOT NULL, target TEXT NOT NULL,
            period_ms INTEGER NOT NULL, async_metrics INTEGER NOT NULL, delimiter TEXT NOT NULL,
            cors_origin TEXT NOT NULL, tagset TEXT NOT NULL, histogram_metrics TEXT NOT NULL,
            guess_types INTEGER NOT NULL, rate INTEGER NOT NULL, filters TEXT,
            enabled INTEGER NOT NULL,
            created_ms INTEGER NOT NULL, updated_ms INTEGER NOT NULL)
        """,
        """
        CREATE TABLE IF NOT EXISTS registry_metrics(
            source TEXT NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL,
            type TEXT NOT NULL DEFAULT '', first_ms INTEGER NOT NULL DEFAULT 0,
            last_ms INTEGER NOT NULL DEFAULT 0, count INTEGER NOT NULL DEFAULT 0,
            latest TEXT NOT NULL DEFAULT '', stored INTEGER NOT NULL DEFAULT 1,
            alias TEXT NOT NULL DEFAULT '', unit TEXT NOT NULL DEFAULT '',
            hidden INTEGER NOT NULL DEFAULT 0, disabled INTEGER NOT NULL DEFAULT 0,
            PRIMARY KEY(source, kind, name)) WITHOUT ROWID
        """,
        """
        CREATE TABLE IF NOT EXISTS registry_pins(
            id INTEGER PRIMARY KEY, place INTEGER NOT NULL, title TEXT NOT NULL,
            query TEXT NOT NULL)
        """,
    };

    private static final String PUT_SEEN =
            "INSERT INTO registry_metrics(source, kind, name, type, first_ms, last_ms, count,"
                    + " latest, stored) VALUES (?,?,?,?,?,?,?,?,?)"
                    + " ON CONFLICT DO UPDATE SET type=excluded.type, first_ms=excluded.first_ms,"
                    + " last_ms=excluded.last_ms, count=excluded.count, latest=excluded.latest,"
                    + " stored=excluded.stored";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final Path file;
    private final Connection connection;

    private RegistryDatabase(Path file, Connection connection) {
        this.file = file;
        this.connection = connection;
    }

    static RegistryDatabase open(Path file) throws RegistryException {
        try {
            Connection connection = DriverManager.getConnection("jdbc:sqlite:" + file);
            boolean good = false;
            try {
                BusyHandler.setHandler(connection, new Patience());
                RegistryDatabase database = new RegistryDatabase(file, connection);
                database.prepare();
                database.restrict();
                good = true;
                return database;
            } finally {
                if (!good) {
                    connection.close();
                }
            }
        } catch (SQLException e) {
            throw new RegistryException(
                    "cannot open the registry in " + file + ": " + e.getMessage(), e);
        }
    }

    /// The file holds secrets: it is its owner's alone, with the files that SQLite keeps beside it.
    private void restrict() {
        for (String suffix : new String[] {"", "-wal", "-shm"}) {
            Path one = file.resolveSibling(file.getFileName() + suffix);
            try {
                if (Files.exists(one)) {
                    Files.setPosixFilePermissions(
                            one, PosixFilePermissions.fromString("rw-------"));
                }
            } catch (IOException | UnsupportedOperationException e) {
                LOG.warn(
                        "{} holds secrets and others may be able to read it: {}",
                        one,
                        e.toString());
            }
        }
    }

    private void prepare() throws SQLException, RegistryException {
        try (Statement statement = connection.createStatement()) {
            // Page size and vacuum mode are the journal's: whoever comes first makes the file.
            statement.execute("PRAGMA page_size=8192");
            statement.execute("PRAGMA auto_vacuum=INCREMENTAL");
            statement.execute("PRAGMA journal_mode=WAL");
            statement.execute("PRAGMA synchronous=FULL");
            for (String table : TABLES) {
                statement.execute(table);
            }
            int version = VERSION;
            try (ResultSet row = statement.executeQuery("SELECT version FROM registry_version")) {
                version = row.next() ? row.getInt(1) : 0;
            }
            if (version == 0) {
                statement.execute("INSERT INTO registry_version VALUES (" + VERSION + ")");
            } else if (version > VERSION) {
                throw new RegistryException(
                        file
                                + " holds a registry of version "
                                + version
                                + ", this program knows "
                                + VERSION
                                + "; run the newer program that wrote it");
            }
        }
    }

    synchronized List<Held<PushRegistration>> pushes() throws RegistryException {
        List<Held<PushRegistration>> found = new ArrayList<>();
        query(
                "SELECT data_id, access_token, name, label, description, type, version, rate,"
                        + " max_future_time_offset, enabled, created_ms, updated_ms"
                        + " FROM registry_push ORDER BY data_id",
                _ -> {},
                row ->
                        found.add(
                                new Held<>(
                                        new PushRegistration(
                                                row.getLong(1),
                                                row.getString(2),
                                                row.getString(3),
                                                row.getString(4),
                                                row.getString(5),
                                                PushType.ofWord(row.getString(6)).orElseThrow(),
                                                row.getString(7),
                                                row.getInt(8),
                                                row.getLong(9),
                                                row.getBoolean(10)),
                                        new Origin.Database(
                                                Instant.ofEpochMilli(row.getLong(11)),
                                                Instant.ofEpochMilli(row.getLong(12))))));
        return found;
    }

    synchronized void put(PushRegistration push, Instant now) throws RegistryException {
        update(
                "INSERT INTO registry_push VALUES (?,?,?,?,?,?,?,?,?,?,?,?)"
                        + " ON CONFLICT(data_id) DO UPDATE SET access_token=excluded.access_token,"
                        + " name=excluded.name, label=excluded.label,"
                        + " description=excluded.description, type=excluded.type,"
                        + " version=excluded.version, rate=excluded.rate,"
                        + " max_future_time_offset=excluded.max_future_time_offset,"
                        + " enabled=excluded.enabled, updated_ms=excluded.updated_ms",
                push.dataId(),
                push.accessToken(),
                push.name(),
                push.label(),
                push.description(),
                push.type().word(),
                push.version(),
                push.rate(),
                push.maxFutureTimeOffset(),
                push.enabled(),
                now.toEpochMilli(),
                now.toEpochMilli());
    }

    synchronized void removePush(long dataId) throws RegistryException {
        transaction(() -> {
            update("DELETE FROM registry_push WHERE data_id=?", dataId);
            removeMetrics(PushRegistration.source(dataId));
        });
    }

    synchronized List<Held<Check>> checks() throws RegistryException {
        List<Held<Check>> found = new ArrayList<>();
        query(
                "SELECT id, secret, name, target, period_ms, async_metrics, delimiter, cors_origin,"
                        + " tagset, histogram_metrics, guess_types, rate, filters, enabled,"
                        + " created_ms, updated_ms FROM registry_checks ORDER BY id",
                _ -> {},
                row ->
                        found.add(
                                new Held<>(
                                        new Check(
                                                UUID.fromString(row.getString(1)),
                                                row.getString(2),
                                                row.getString(3),
                                                row.getString(4),
                                                Duration.ofMillis(row.getLong(5)),
                                                row.getBoolean(6),
                                                row.getString(7),
                                                row.getString(8),
                                                row.getString(9),
                                                texts(row.getString(10)),
                                                row.getBoolean(11),
                                                row.getInt(12),
                                                Optional.ofNullable(row.getString(13))
                                                        .map(RegistryDatabase::tree)
                                                        .map(FilterJson::stored),
                                                row.getBoolean(14)),
                                        new Origin.Database(
                                                Instant.ofEpochMilli(row.getLong(15)),
                                                Instant.ofEpochMilli(row.getLong(16))))));
        return found;
    }

    synchronized void put(Check check, Instant now) throws RegistryException {
        var histograms = JsonNodeFactory.instance.arrayNode();
        check.histogramMetrics().forEach(histograms::add);
        update(
                "INSERT INTO registry_checks VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
                        + " ON CONFLICT(id) DO UPDATE SET secret=excluded.secret,"
                        + " name=excluded.name, target=excluded.target,"
                        + " period_ms=excluded.period_ms, async_metrics=excluded.async_metrics,"
                        + " delimiter=excluded.delimiter, cors_origin=excluded.cors_origin,"
                        + " tagset=excluded.tagset, histogram_metrics=excluded.histogram_metrics,"
                        + " guess_types=excluded.guess_types, rate=excluded.rate,"
                        + " filters=excluded.filters, enabled=excluded.enabled,"
                        + " updated_ms=excluded.updated_ms",
                check.id().toString(),
                check.secret(),
                check.name(),
                check.target(),
                check.period().toMillis(),
                check.asyncMetrics(),
                check.delimiter(),
                check.corsOrigin(),
                check.tagset(),
                histograms.toString(),
                check.guessTypes(),
                check.rate(),
                check.filters().map(rules -> FilterJson.write(rules).toString()),
                check.enabled(),
                now.toEpochMilli(),
                now.toEpochMilli());
    }

    synchronized void removeCheck(UUID id) throws RegistryException {
        transaction(() -> {
            update("DELETE FROM registry_checks WHERE id=?", id.toString());
            removeMetrics(Check.source(id));
        });
    }

    synchronized List<SeenMetric> metrics(String source) throws RegistryException {
        List<SeenMetric> found = new ArrayList<>();
        query(
                "SELECT kind, name, type, first_ms, last_ms, count, latest, stored, alias, unit,"
                        + " hidden, disabled FROM registry_metrics WHERE source=?",
                statement -> statement.setString(1, source),
                row ->
                        found.add(
                                new SeenMetric(
                                        SeenMetric.Kind.valueOf(row.getString(1)),
                                        row.getString(2),
                                        row.getString(3),
                                        time(row.getLong(4)),
                                        time(row.getLong(5)),
                                        row.getLong(6),
                                        row.getString(7),
                                        row.getBoolean(8),
                                        new MetricSettings(
                                                row.getString(9),
                                                row.getString(10),
                                                row.getBoolean(11),
                                                row.getBoolean(12)))));
        return found;
    }

    /// Writes what was seen, without the settings, in one transaction.
    synchronized void putSeen(String source, Collection<SeenMetric> metrics)
            throws RegistryException {
        transaction(() -> {
            try (PreparedStatement row = connection.prepareStatement(PUT_SEEN)) {
                for (SeenMetric metric : metrics) {
                    row.setString(1, source);
                    row.setString(2, metric.kind().name());
                    row.setString(3, metric.name());
                    row.setString(4, metric.type());
                    row.setLong(5, ms(metric.firstSeen()));
                    row.setLong(6, ms(metric.lastSeen()));
                    row.setLong(7, metric.count());
                    row.setString(8, metric.latest());
                    row.setBoolean(9, metric.stored());
                    row.executeUpdate();
                }
            }
        });
    }

    private static long ms(Optional<Instant> time) {
        return time.map(Instant::toEpochMilli).orElse(0L);
    }

    synchronized void putSettings(
            String source, SeenMetric.Kind kind, String name, MetricSettings settings)
            throws RegistryException {
        update(
                "INSERT INTO registry_metrics(source, kind, name, alias, unit, hidden, disabled)"
                        + " VALUES (?,?,?,?,?,?,?) ON CONFLICT DO UPDATE SET alias=excluded.alias,"
                        + " unit=excluded.unit, hidden=excluded.hidden, disabled=excluded.disabled",
                source,
                kind.name(),
                name,
                settings.alias(),
                settings.unit(),
                settings.hidden(),
                settings.disabled());
    }

    synchronized List<Pin> pins() throws RegistryException {
        List<Pin> found = new ArrayList<>();
        query(
                "SELECT id, title, query FROM registry_pins ORDER BY place, id",
                _ -> {},
                row -> found.add(new Pin(row.getLong(1), row.getString(2), row.getString(3))));
        return found;
    }

    /// These and no others, in this order.
    synchronized void putPins(List<Pin> pins) throws RegistryException {
        transaction(() -> {
            update("DELETE FROM registry_pins");
            for (int place = 0; place < pins.size(); place++) {
                Pin pin = pins.get(place);
                update(
                        "INSERT INTO registry_pins VALUES (?,?,?,?)",
                        pin.id(),
                        place,
                        pin.title(),
                        pin.query());
            }
        });
    }

    synchronized void removeMetric(String source, SeenMetric.Kind kind, String name)
            throws RegistryException {
        update(
                "DELETE FROM registry_metrics WHERE source=? AND kind=? AND name=?",
                source,
                kind.name(),
                name);
    }

    private void removeMetrics(String source) throws RegistryException {
        update("DELETE FROM registry_metrics WHERE source=?", source);
    }

    @Override
    public synchronized void close() throws RegistryException {
        try {
            connection.close();
        } catch (SQLException e) {
            throw failed("close", e);
        }
    }

    private static Optional<Instant> time(long ms) {
        return ms == 0 ? Optional.empty() : Optional.of(Instant.ofEpochMilli(ms));
    }

    private static List<String> texts(String json) {
        List<String> texts = new ArrayList<>();
        tree(json).forEach(text -> texts.add(text.asText()));
        return texts;
    }

    private static JsonNode tree(String json) {
        try {
            return JSON.readTree(json);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("not JSON: " + e.getOriginalMessage(), e);
        }
    }

    private void query(String sql, Binding binding, RowReader reader) throws RegistryException {
        onPlatform(() -> queryHere(sql, binding, reader));
    }

    private void update(String sql, Object... values) throws RegistryException {
        onPlatform(() -> updateHere(sql, values));
    }

    private void transaction(Change change) throws RegistryException {
        onPlatform(() -> transactionHere(change));
    }

    private interface Native {
        void run() throws RegistryException;
    }

    /// Who changes the registry by a request is on a virtual thread.
    private static void onPlatform(Native work) throws RegistryException {
        boolean _ =
                PlatformThreads.<Boolean, RegistryException>call(() -> {
                    work.run();
                    return true;
                });
    }

    private void queryHere(String sql, Binding binding, RowReader reader) throws RegistryException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            binding.bind(statement);
            try (ResultSet row = statement.executeQuery()) {
                while (row.next()) {
                    reader.read(row);
                }
            }
        } catch (SQLException | RuntimeException e) {
            throw failed("read", e);
        }
    }

    private void updateHere(String sql, Object... values) throws RegistryException {
        try (PreparedStatement statement = connection.prepareStatement(sql)) {
            for (int i = 0; i < values.length; i++) {
                if (values[i] instanceof Optional<?> optional) {
                    if (optional.isPresent()) {
                        statement.setObject(i + 1, optional.get());
                    } else {
                        statement.setNull(i + 1, Types.VARCHAR);
                    }
                } else {
                    statement.setObject(i + 1, values[i]);
                }
            }
            statement.executeUpdate();
        } catch (SQLException e) {
            throw failed("write", e);
        }
    }

    private void transactionHere(Change change) throws RegistryException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("BEGIN IMMEDIATE");
            boolean done = false;
            try {
                change.run();
                statement.execute("COMMIT");
                done = true;
            } finally {
                if (!done) {
                    statement.execute("ROLLBACK");
                }
            }
        } catch (SQLException e) {
            throw failed("write", e);
        }
    }

    private RegistryException failed(String what, Exception e) {
        return new RegistryException(
                "cannot " + what + " the registry in " + file + ": " + e.getMessage(), e);
    }

    private interface Binding {
        void bind(PreparedStatement statement) throws SQLException;
    }

    private interface RowReader {
        void read(ResultSet row) throws SQLException;
    }

    private interface Change {
        void run() throws RegistryException, SQLException;
    }

    private static final class Patience extends BusyHandler {
        @Override
        protected int callback(int tries) throws SQLException {
            try {
                Thread.sleep(1);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return 0;
            }
            return tries < BUSY_TRIES ? 1 : 0;
        }
    }
}
