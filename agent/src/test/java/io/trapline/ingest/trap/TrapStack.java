package io.trapline.ingest.trap;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.Settings;
import io.trapline.Vectors;
import io.trapline.ingest.OnLoopback;
import io.trapline.ingest.Previews;
import io.trapline.journal.JournalException;
import io.trapline.journal.JournalSettings;
import io.trapline.journal.Origin;
import io.trapline.journal.SqliteJournal;
import io.trapline.model.SampleValue;
import io.trapline.model.circllhist.Circllhist;
import io.trapline.model.circllhist.MalformedRecordException;
import io.trapline.net.BoundServer;
import io.trapline.period.Measurement;
import io.trapline.period.PeriodCheck;
import io.trapline.period.Periods;
import io.trapline.period.SteppedPeriods;
import io.trapline.registry.Registry;
import io.trapline.registry.RegistryException;
import io.trapline.store.LocalStore;
import io.trapline.store.Store;
import io.trapline.store.StoreSettings;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Everything between the trap's door and what people query, as the core wires it: configuration,
/// registry, listener, period engine, journal and store, on a clock that the test moves.
final class TrapStack implements AutoCloseable {
    static final UUID ID = UUID.fromString("a9856a6a-3b46-e18b-d890-acafaa955348");

    /// A full five minutes, so that periods and windows of any check begin here.
    static final long START_MS = 1_700_000_100_000L / 300_000 * 300_000;

    private static final Duration PATIENCE = Duration.ofSeconds(30);
    private static final long MINUTE_MS = 60_000;

    private final Path home;
    private final SqliteJournal journal;
    private final Registry registry;
    private final Store store;
    private final BoundServer server;
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final AtomicLong nowMs = new AtomicLong(START_MS - MINUTE_MS);
    private volatile Periods periods;

    TrapStack(Path home) throws Exception {
        this(home, registry -> new RegisteredChecks(registry));
    }

    TrapStack(Path home, Doors doors) throws Exception {
        this.home = home;
        Files.createDirectories(home);
        InstantSource clock = () -> Instant.ofEpochMilli(nowMs.get());
        Path file = home.resolve("trapline.db");
        journal = SqliteJournal.open(file, () -> new JournalSettings(1L << 30));
        store =
                LocalStore.open(
                        home,
                        () -> new StoreSettings(Duration.ofDays(36_500), 128L << 20),
                        journal,
                        clock);
        registry = Registry.open(file, clock, Duration.ZERO);
        periods = engine();
        server =
                OnLoopback.open(
                        new TrapHandler(
                                doors.checks(registry),
                                new SteppedSink(),
                                TrapLimits.DEFAULT,
                                clock,
                                () -> nowMs.get() * 1_000_000,
                                Previews.NONE));
    }

    @FunctionalInterface
    interface Doors {
        TrapChecks checks(Registry registry);
    }

    private Periods engine() throws JournalException {
        return SteppedPeriods.open(
                journal,
                this::periodChecks,
                () -> Instant.ofEpochMilli(nowMs.get()),
                home.resolve("periods.state"));
    }

    private Collection<PeriodCheck> periodChecks() {
        return registry.checks().stream()
                .map(held -> held.value())
                .map(check ->
                        new PeriodCheck(
                                check.id(), check.period().toMillis(), check.asyncMetrics()))
                .toList();
    }

    /// What `trapline.conf` says from now on.
    Settings.Loaded configure(String blocks) throws Exception {
        Files.createDirectories(home.resolve("conf.d"));
        Files.writeString(home.resolve("conf.d/trapline.conf"), blocks);
        Settings.Loaded loaded = Settings.load(home, Map.of());
        if (loaded instanceof Settings.Loaded.Usable(Settings settings, _)) {
            registry.declare("conf.d/trapline.conf", settings.pushes(), settings.checks());
        }
        return loaded;
    }

    /// Waits out the rest of the period that nobody reports, and a little of the next.
    ///
    /// @return when that next one began
    long beginPeriod() {
        turn();
        return endPeriod();
    }

    long nowMs() {
        return nowMs.get();
    }

    void pass(long ms) {
        nowMs.addAndGet(ms);
    }

    /// @return the end of the period
    long endPeriod() {
        long end = nowMs.get() / MINUTE_MS * MINUTE_MS + MINUTE_MS;
        turn();
        nowMs.set(end + SteppedPeriods.graceMs());
        turn();
        return end;
    }

    /// The engine as `kill -9` leaves it, and its next start.
    void kill() throws JournalException {
        periods = engine();
        turn();
    }

    private void turn() {
        SteppedPeriods.turn(periods);
    }

    int port() {
        return server.port();
    }

    HttpResponse<String> put(String body) throws Exception {
        return put(body.getBytes(StandardCharsets.UTF_8), "");
    }

    HttpResponse<String> put(byte[] body, String coding) throws Exception {
        pass(7);
        HttpRequest.Builder request =
                HttpRequest.newBuilder(
                                URI.create(
                                        "http://127.0.0.1:"
                                                + port()
                                                + "/module/httptrap/"
                                                + ID
                                                + "/s"))
                        .PUT(HttpRequest.BodyPublishers.ofByteArray(body));
        if (!coding.isEmpty()) {
            request.header("Content-Encoding", coding);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    /// The rows of a query that sees everything accepted so far.
    List<List<@Nullable Object>> rows(String sql) throws Exception {
        assertThat(store.catchUp(PATIENCE)).as("caught up: %s", store.status()).isTrue();
        return store.query(sql, PATIENCE).rows();
    }

    /// `name type value` of the check's plain samples in order of time and name; integers exact, no
    /// value as `null`.
    List<String> stored() throws Exception {
        return rows(
                        "SELECT concat_ws(' ', stream, type, coalesce(text, value::varchar, 'null'))"
                                + " FROM metrics WHERE type NOT IN ('h', 'H') AND source = 'trap/"
                                + ID
                                + "' ORDER BY time_ns, stream")
                .stream()
                .map(row -> String.valueOf(row.getFirst()))
                .toList();
    }

    /// `name type bin×count …` of its histograms, a bin as `12e1`.
    List<String> histograms() throws Exception {
        return rows(
                        "SELECT concat_ws(' ', stream, type), to_base64(histogram) FROM metrics"
                                + " WHERE type IN ('h', 'H') AND source = 'trap/"
                                + ID
                                + "' ORDER BY time_ns, stream")
                .stream()
                .map(row -> row.getFirst() + bins(String.valueOf(row.getLast())))
                .toList();
    }

    private static String bins(String record) {
        try {
            return Circllhist.ofBase64(record).bins().stream()
                    .map(bin -> " " + bin.val() + "e" + bin.exp() + "×" + bin.count())
                    .collect(Collectors.joining());
        } catch (MalformedRecordException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    public void close() {
        server.close();
        client.close();
        store.close();
        periods.close();
        try {
            registry.close();
        } catch (RegistryException e) {
            throw new AssertionError(e);
        }
        journal.close();
    }

    /// The engine has read all that was accepted whenever somebody asks for it.
    private final class SteppedSink implements TrapSink {
        @Override
        public void accept(TrapCheck check, long arrivalMs, List<Measurement> part)
                throws JournalException {
            turn();
            now().accept(check, arrivalMs, part);
        }

        @Override
        public void acceptOnce(
                TrapCheck check, long arrivalMs, List<Measurement> submission, Origin origin)
                throws JournalException {
            turn();
            now().acceptOnce(check, arrivalMs, submission, origin);
        }

        @Override
        public SortedMap<String, SampleValue> running(TrapCheck check) {
            turn();
            return now().running(check);
        }

        private PeriodSink now() {
            return new PeriodSink(periods, registry);
        }
    }

    static Optional<String> error(HttpResponse<String> response) throws Exception {
        return Optional.ofNullable(
                Vectors.JSON.readTree(response.body()).path("error").textValue());
    }
}
