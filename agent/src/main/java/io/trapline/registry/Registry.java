package io.trapline.registry;

import io.trapline.model.Entry;
import io.trapline.registry.Held.Origin;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The push registrations and checks in force: those that the configuration declares, and those
/// that were registered here. On a clash the declared one wins, with a warning.
///
/// Looking up is lock-free. A change is durable before it is answered, and in force at once: a
/// request that begins after the answer meets it. Any thread may call any method.
public final class Registry implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Registry.class);

    /// The first data_id that is given to a registration that asks for none.
    public static final long FIRST_DATA_ID = 1_500_000;

    private final RegistryDatabase database;
    private final InstantSource clock;
    private final MetricsLog metrics;
    private final RecentRequests requests = new RecentRequests();
    private final ScheduledExecutorService writer;

    /// Guards changes: the database's rows, `declaredPushes`, `declaredChecks`, the writing of
    /// `snapshot`.
    private final Object changes = new Object();

    private List<Declared<PushRegistration>> declaredPushes = List.of();
    private List<Declared<Check>> declaredChecks = List.of();
    private volatile Snapshot snapshot;

    private Registry(
            RegistryDatabase database,
            InstantSource clock,
            Duration flushEvery,
            MetricsLog.Limits limits)
            throws RegistryException {
        this.database = database;
        this.clock = clock;
        this.metrics = new MetricsLog(database, clock, limits);
        this.snapshot =
                Snapshot.of(
                        Snapshot.EMPTY, List.of(), List.of(), database.pushes(), database.checks());
        this.writer =
                Executors.newSingleThreadScheduledExecutor(
                        Thread.ofPlatform().daemon().name("registry-metrics").factory());
        if (flushEvery.isPositive()) {
            var _ =
                    writer.scheduleWithFixedDelay(
                            this::flushOnTime,
                            flushEvery.toMillis(),
                            flushEvery.toMillis(),
                            TimeUnit.MILLISECONDS);
        }
    }

    /// @param file the agent's SQLite database; made when missing
    /// @param flushEvery how often the metrics seen are written; zero = only by [#flush] and at the
    ///   end
    public static Registry open(Path file, InstantSource clock, Duration flushEvery)
            throws RegistryException {
        return open(file, clock, flushEvery, MetricsLog.Limits.DEFAULT);
    }

    static Registry open(
            Path file, InstantSource clock, Duration flushEvery, MetricsLog.Limits limits)
            throws RegistryException {
        RegistryDatabase database = RegistryDatabase.open(file);
        boolean good = false;
        try {
            Registry registry = new Registry(database, clock, flushEvery, limits);
            good = true;
            return registry;
        } finally {
            if (!good) {
                database.close();
            }
        }
    }

    /// As [#declare(List, List)], with what was read from `file`.
    public void declare(String file, List<PushSettings> pushes, List<CheckSettings> checks)
            throws RegistryException {
        declare(
                pushes.stream()
                        .map(push -> new Declared<>(PushRegistration.of(push), file, push.line()))
                        .toList(),
                checks.stream()
                        .map(check -> new Declared<>(Check.of(check), file, check.line()))
                        .toList());
    }

    /// What the configuration says, from now on; replaces what it said before. Of two declarations
    /// with one id the first counts.
    public void declare(List<Declared<PushRegistration>> pushes, List<Declared<Check>> checks)
            throws RegistryException {
        synchronized (changes) {
            declaredPushes = List.copyOf(pushes);
            declaredChecks = List.copyOf(checks);
            refresh();
            snapshot.warnings().forEach(LOG::warn);
        }
    }

    /// The registration of a data_id, enabled or not. Until it is changed, every answer is the same
    /// object; so for checks.
    public Optional<PushRegistration> push(long dataId) {
        return Optional.ofNullable(snapshot.pushes().get(dataId)).map(Held::value);
    }

    public Optional<Check> check(UUID id) {
        return Optional.ofNullable(snapshot.checks().get(id)).map(Held::value);
    }

    /// All registrations, by data_id.
    public List<Held<PushRegistration>> pushes() {
        return List.copyOf(snapshot.pushes().values());
    }

    public List<Held<Check>> checks() {
        return List.copyOf(snapshot.checks().values());
    }

    public Optional<Held<PushRegistration>> heldPush(long dataId) {
        return Optional.ofNullable(snapshot.pushes().get(dataId));
    }

    public Optional<Held<Check>> heldCheck(UUID id) {
        return Optional.ofNullable(snapshot.checks().get(id));
    }

    /// Registrations that a declared one hides, one line each.
    public List<String> warnings() {
        return snapshot.warnings();
    }

    /// A fresh access token: 32 hexadecimal digits.
    public static String newAccessToken() {
        return Tokens.accessToken();
    }

    /// A fresh secret for a check: letters, numbers and underscores.
    public static String newSecret() {
        return Tokens.secret();
    }

    /// @param dataId empty = the next free one from [#FIRST_DATA_ID]
    /// @param registration makes it for the data_id it gets
    public Outcome<PushRegistration> addPush(
            OptionalLong dataId, LongFunction<PushRegistration> registration)
            throws RegistryException {
        synchronized (changes) {
            long id = dataId.orElseGet(() -> snapshot.freeDataId(FIRST_DATA_ID));
            if (snapshot.pushes().containsKey(id)) {
                return new Outcome.Taken<>("data_id " + id);
            }
            PushRegistration fresh = registration.apply(id);
            if (snapshot.isNameTaken(fresh)) {
                return new Outcome.Taken<>("the name \"" + fresh.name() + "\"");
            }
            database.put(fresh, now());
            refresh();
            return new Outcome.Done<>(fresh);
        }
    }

    /// @param change keeps the data_id
    public Outcome<PushRegistration> changePush(long dataId, UnaryOperator<PushRegistration> change)
            throws RegistryException {
        synchronized (changes) {
            return switch (found(snapshot.pushes().get(dataId))) {
                case Outcome.Done<PushRegistration>(PushRegistration old) -> {
                    PushRegistration fresh = change.apply(old);
                    if (snapshot.isNameTaken(fresh)) {
                        yield new Outcome.Taken<>("the name \"" + fresh.name() + "\"");
                    }
                    database.put(fresh, now());
                    refresh();
                    yield new Outcome.Done<>(fresh);
                }
                case Outcome.Unknown<PushRegistration> unknown -> unknown;
                case Outcome.DeclaredIn<PushRegistration> declared -> declared;
                case Outcome.Taken<PushRegistration> taken -> taken;
            };
        }
    }

    public Outcome<PushRegistration> enablePush(long dataId, boolean enabled)
            throws RegistryException {
        return changePush(dataId, push -> push.withEnabled(enabled));
    }

    /// The old token is refused from now on.
    public Outcome<PushRegistration> rotateToken(long dataId) throws RegistryException {
        return changePush(dataId, push -> push.withAccessToken(Tokens.accessToken()));
    }

    /// Forgets the registration and what was seen of it; data that was taken stays.
    public Outcome<PushRegistration> removePush(long dataId) throws RegistryException {
        synchronized (changes) {
            Outcome<PushRegistration> found = found(snapshot.pushes().get(dataId));
            if (found instanceof Outcome.Done<PushRegistration>) {
                database.removePush(dataId);
                refresh();
                forget(PushRegistration.source(dataId));
            }
            return found;
        }
    }

    public Outcome<Check> addCheck(Check check) throws RegistryException {
        synchronized (changes) {
            if (snapshot.checks().containsKey(check.id())) {
                return new Outcome.Taken<>("the id " + check.id());
            }
            database.put(check, now());
            refresh();
            return new Outcome.Done<>(check);
        }
    }

    /// @param change keeps the id
    public Outcome<Check> changeCheck(UUID id, UnaryOperator<Check> change)
            throws RegistryException {
        synchronized (changes) {
            return switch (found(snapshot.checks().get(id))) {
                case Outcome.Done<Check>(Check old) -> {
                    Check fresh = change.apply(old);
                    database.put(fresh, now());
                    refresh();
                    yield new Outcome.Done<>(fresh);
                }
                case Outcome.Unknown<Check> unknown -> unknown;
                case Outcome.DeclaredIn<Check> declared -> declared;
                case Outcome.Taken<Check> taken -> taken;
            };
        }
    }

    public Outcome<Check> enableCheck(UUID id, boolean enabled) throws RegistryException {
        return changeCheck(id, check -> check.withEnabled(enabled));
    }

    /// The old secret, and with it the old submission URL, is refused from now on.
    public Outcome<Check> rotateSecret(UUID id) throws RegistryException {
        return changeCheck(id, check -> check.withSecret(Tokens.secret()));
    }

    /// @param rules empty = everything is stored
    public Outcome<Check> setFilters(UUID id, Optional<List<FilterRule>> rules)
            throws RegistryException {
        return changeCheck(id, check -> check.withFilters(rules));
    }

    /// Stores the metrics `on` from now on, and no longer those of `off`. A name without tags means
    /// every tag set of it, one with tags that stream, `name|ST[]` the one without tags.
    public Outcome<Check> select(UUID id, Collection<String> on, Collection<String> off)
            throws RegistryException {
        return changeCheck(
                id, check -> check.withFilters(Selection.change(check.filters(), on, off)));
    }

    /// Stores `names` and nothing else; replaces all rules of the check.
    public Outcome<Check> selectOnly(UUID id, Collection<String> names) throws RegistryException {
        return changeCheck(id, check -> check.withFilters(Optional.of(Selection.only(names))));
    }

    /// Forgets the check and what was seen of it; data that was taken stays.
    public Outcome<Check> removeCheck(UUID id) throws RegistryException {
        synchronized (changes) {
            Outcome<Check> found = found(snapshot.checks().get(id));
            if (found instanceof Outcome.Done<Check>) {
                database.removeCheck(id);
                refresh();
                forget(Check.source(id));
            }
            return found;
        }
    }

    /// Notes the names of what a registration sent. Cheap; for handlers, after the entries were
    /// accepted or refused. A source that is not registered is ignored.
    ///
    /// @param source `push/<data_id>` or `trap/<uuid>`
    /// @param stored false for entries that the check's filters refused
    public void seen(String source, List<Entry> entries, boolean stored) {
        if (snapshot.sources().contains(source)) {
            metrics.seen(source, entries, stored);
        }
    }

    /// What was seen from a registered source.
    public SeenMetrics metrics(String source) {
        return snapshot.sources().contains(source)
                ? metrics.of(source)
                : new SeenMetrics(List.of(), 0);
    }

    /// Whether a registered source has sent a metric, dimension or event of that name.
    public boolean isSeen(String source, SeenMetric.Kind kind, String name) {
        return snapshot.sources().contains(source) && metrics.isSeen(source, kind, name);
    }

    /// How many names of that kind a registered source has sent. Counts them one by one.
    public int seenNames(String source, SeenMetric.Kind kind) {
        return snapshot.sources().contains(source) ? metrics.names(source, kind) : 0;
    }

    /// Alias, unit and visibility of a metric, for declared registrations as well; a metric that
    /// was not seen yet is added.
    public void describe(String source, SeenMetric.Kind kind, String name, MetricSettings settings)
            throws RegistryException {
        synchronized (changes) {
            if (snapshot.sources().contains(source)) {
                metrics.settings(source, kind, name, settings);
            }
        }
    }

    /// Takes a metric from the list; it comes back when it is seen again.
    public void forgetMetric(String source, SeenMetric.Kind kind, String name)
            throws RegistryException {
        metrics.forget(source, kind, name);
    }

    /// Keeps the beginning of a request's body among the last of its source.
    ///
    /// @param body all of it, or its beginning
    /// @param bytes how long all of it was
    /// @param notes warnings, or why it was refused
    public void preview(String source, int status, byte[] body, long bytes, List<String> notes) {
        Snapshot now = snapshot;
        if (now.sources().contains(source)) {
            requests.add(source, clock.instant(), status, body, bytes, notes, now.secret(source));
        }
    }

    /// The last requests of a source, newest first, secrets masked.
    public List<RecentRequest> recent(String source) {
        return requests.of(source);
    }

    /// Writes the metrics seen since the last time.
    public void flush() {
        metrics.flush(snapshot.sources());
    }

    /// An exception would end the schedule.
    private void flushOnTime() {
        try {
            flush();
        } catch (Throwable e) { // else there would be no later time
            LOG.error("the metrics seen could not be written, tried again later", e);
        }
    }

    @Override
    public void close() throws RegistryException {
        writer.shutdown();
        try {
            if (!writer.awaitTermination(5, TimeUnit.SECONDS)) {
                LOG.warn("the metrics seen last are not written: the database takes too long");
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        flush();
        database.close();
    }

    private Instant now() {
        return clock.instant();
    }

    private void forget(String source) {
        metrics.forget(source);
        requests.forget(source);
    }

    private void refresh() throws RegistryException {
        snapshot =
                Snapshot.of(
                        snapshot,
                        declaredPushes,
                        declaredChecks,
                        database.pushes(),
                        database.checks());
    }

    private static <T> Outcome<T> found(@Nullable Held<T> held) {
        if (held == null) {
            return new Outcome.Unknown<>();
        }
        return switch (held.origin()) {
            case Origin.Configuration(String file, int line) ->
                    new Outcome.DeclaredIn<>(file, line);
            case Origin.Database _ -> new Outcome.Done<>(held.value());
        };
    }
}
