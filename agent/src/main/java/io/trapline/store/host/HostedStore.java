package io.trapline.store.host;

import io.trapline.files.PrivateFolders;
import io.trapline.files.UnsafeFilesException;
import io.trapline.health.PartState;
import io.trapline.health.PartStatus;
import io.trapline.health.Supervised;
import io.trapline.journal.Journal;
import io.trapline.journal.NativeLibrary;
import io.trapline.store.QueryException;
import io.trapline.store.QueryException.Reason;
import io.trapline.store.QueryResult;
import io.trapline.store.Store;
import io.trapline.store.StoreSettings;
import io.trapline.store.StoreStatus;
import io.trapline.store.host.Message.Kind;
import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/// A [Store] whose database is in a process of its own, which is started, watched, ended when a
/// statement does not end or takes too much memory, and started again. Meanwhile the journal keeps
/// what arrives, and the store goes on from there.
///
/// `lock` guards `host` and whether it is open, `position`, `peopleFrom` and `strikes`.
public final class HostedStore implements Store {
    private static final Logger LOG = LoggerFactory.getLogger(HostedStore.class);
    private static final Duration CLOSE_WITHIN = Duration.ofMillis(2500);
    private static final long LOOK_WHILE_ASKED_MS = 100;
    private static final long LOOK_MS = 1000;
    private static final long FIRST_PAUSE_MS = 100;
    private static final long LONGEST_PAUSE_MS = 10_000;
    private static final long LONGEST_PAUSE_BY_US_MS = 1_000;

    /// A host that lived as long was well.
    private static final long GOOD_LIFE_NANOS = TimeUnit.SECONDS.toNanos(20);

    /// A host says something every second. After this time of silence it is said that it does not
    /// answer, and after the second one it is ended.
    private static final Duration SILENT = Duration.ofSeconds(5);

    private static final Duration STUCK = Duration.ofSeconds(20);

    /// After a host had to be ended because of people's statements they wait: as often as it
    /// happened, up to half a minute, so that the store gets on between.
    private static final long PEOPLE_WAIT_NANOS = TimeUnit.SECONDS.toNanos(2);

    private static final int MOST_STRIKES = 15;
    private static final long SAY_AGAIN_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final Level[] LEVELS = {Level.DEBUG, Level.INFO, Level.WARN, Level.ERROR};

    private static final StoreStatus NOTHING =
            new StoreStatus(
                    StoreStatus.State.OPENING, 0, 0, 0, 0, 0, 0, 0, 0, Optional.empty(), "");

    private final Path directory;
    private final Path temporary;
    private final Supplier<StoreSettings> settings;
    private final Journal journal;
    private final HostCommand command;
    private final JournalFeed feed;
    private final Lanes lanes = new Lanes();
    private final PartState keeping = new PartState("keeper of the store's process");
    private final PartState watching = new PartState("watch over the store's process");
    private final Thread keeper;
    private final Thread watch;

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private @Nullable HostProcess host;
    private long position;
    private long peopleFrom = System.nanoTime();
    private int strikes;

    private volatile StoreStatus last;
    private volatile boolean closing;
    private volatile boolean loaded;
    private volatile StoreSettings told;

    private HostedStore(
            Path directory,
            Supplier<StoreSettings> settings,
            Journal journal,
            HostCommand command) {
        this.directory = directory;
        this.temporary = directory.resolve(NativeLibrary.FOLDER).resolve("store-host");
        this.settings = settings;
        this.journal = journal;
        this.command = command;
        this.told = settings.get();
        feed = new JournalFeed(journal);
        last = NOTHING;
        keeper =
                Thread.ofPlatform()
                        .daemon()
                        .name("store-host")
                        .unstarted(new Supervised(keeping, () -> closing, this::keep));
        watch =
                Thread.ofPlatform()
                        .daemon()
                        .name("store-host-watch")
                        .unstarted(new Supervised(watching, () -> closing, this::watch));
    }

    /// Returns at once; queries wait for the host. What goes wrong there is logged, shown by
    /// [#status] and tried again. From here on the journal keeps what it accepts for the store.
    ///
    /// @param directory holds the database's files; made when it is not there
    /// @param settings asked when a host is started (memory), and passed on when they change
    public static HostedStore open(
            Path directory,
            Supplier<StoreSettings> settings,
            Journal journal,
            HostCommand command) {
        HostedStore store = new HostedStore(directory, settings, journal, command);
        store.keeper.start();
        store.watch.start();
        return store;
    }

    // Keeping a host alive.

    private void keep() {
        CrashAttribution attribution = feed.attribution();
        int quickEnds = 0;
        String said = "";
        long saidAt = 0;
        while (!closing) {
            long started = System.nanoTime();
            String how;
            HostProcess now = null;
            try {
                now = start();
                how = now.follow(new Hearing(now));
            } catch (InterruptedException _) {
                return;
            } catch (Throwable e) { // whatever it is, another host is started
                how =
                        (now == null ? "it could not be started: " : "the agent failed with it: ")
                                + (e instanceof UnsafeFilesException
                                        ? e.getMessage() // with the cures, a line each
                                        : Supervised.reason(e));
                if (now != null) {
                    now.kill(how);
                }
            }
            boolean byUs = now != null && now.killedBecause().isPresent();
            if (now != null) {
                attribution.ended(now.end(), how);
            }
            gone();
            if (closing) {
                return;
            }
            boolean quick = System.nanoTime() - started < GOOD_LIFE_NANOS;
            quickEnds = quick ? quickEnds + 1 : 0;
            // What does not pass is said once a minute, not at each attempt.
            boolean news = !how.equals(said) || System.nanoTime() - saidAt > SAY_AGAIN_NANOS;
            if (news) {
                said = how;
                saidAt = System.nanoTime();
            }
            LOG.atLevel(news ? Level.ERROR : Level.DEBUG)
                    .log(
                            "the store's process{} is gone: {}. Nothing is lost, the journal keeps"
                                    + " what arrives; another is started",
                            now == null ? "" : " " + now.pid(),
                            how);
            last =
                    last.with(
                            StoreStatus.State.FAILING,
                            0,
                            "the store's process is being started again: " + how);
            pause(quickEnds, byUs ? LONGEST_PAUSE_BY_US_MS : LONGEST_PAUSE_MS);
        }
    }

    private void pause(int quickEnds, long longestMillis) {
        if (quickEnds == 0) {
            return;
        }
        long millis = Math.min(FIRST_PAUSE_MS << Math.min(quickEnds - 1, 10), longestMillis);
        lock.lock();
        try {
            long left = TimeUnit.MILLISECONDS.toNanos(millis);
            while (left > 0 && !closing) {
                left = changed.awaitNanos(left);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        } finally {
            lock.unlock();
        }
    }

    private HostProcess start() throws IOException {
        Files.createDirectories(directory);
        clear(directory.resolve("store-host")); // where it was before
        Files.deleteIfExists(directory.resolve("store-host"));
        PrivateFolders.make(directory.resolve(NativeLibrary.FOLDER));
        PrivateFolders.make(temporary);
        clear(temporary);
        loaded = false;
        StoreSettings now = settings.get();
        HostProcess started =
                HostProcess.start(
                        command.line(
                                directory,
                                temporary,
                                now.memoryBytes(),
                                feed.attribution().condemned()));
        tell(started, now);
        lock.lock();
        try {
            host = started;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        if (closing) {
            started.tell(Message.of(Kind.CLOSE));
        }
        return started;
    }

    private void tell(HostProcess started, StoreSettings now) {
        told = now;
        started.tell(Message.of(Kind.SETTINGS, now.retention().toMillis(), now.memoryBytes()));
    }

    private void gone() {
        lock.lock();
        try {
            host = null;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// The native library needs no name once it is loaded.
    private static void clear(Path folder) throws IOException {
        if (Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    private final class Hearing implements HostProcess.Listener {
        private final HostProcess from;

        Hearing(HostProcess from) {
            this.from = from;
        }

        @Override
        public void heard(Message message) throws IOException {
            if (feed.take(from, message)) {
                return;
            }
            switch (message.kind()) {
                case STATE -> state(from, StateCodec.decode(message));
                case LOG -> log(message);
                default -> throw new IOException("a message of kind " + message.kind());
            }
        }
    }

    private void state(HostProcess from, StoreStatus now) throws IOException {
        if (now.state() == StoreStatus.State.OPENING) {
            // Its figures are not known yet; those of before are the best there are.
            last = last.with(now.state(), 0, now.error());
            return;
        }
        last = now;
        if (!loaded) {
            loaded = true;
            try {
                clear(temporary);
            } catch (IOException e) {
                LOG.debug("the library's file stays until the next start of a host", e);
            }
        }
        lock.lock();
        try {
            position = now.position();
            from.opened();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    private static void log(Message message) throws IOException {
        try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(message.body()))) {
            Level level = LEVELS[Math.clamp(in.readUnsignedByte(), 0, LEVELS.length - 1)];
            Logger logger = LoggerFactory.getLogger(in.readUTF());
            logger.atLevel(level).log(new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    CrashAttribution attribution() {
        return feed.attribution();
    }

    // Watching it.

    private void watch() throws InterruptedException {
        while (!closing) {
            HostProcess now = current();
            Thread.sleep(now != null && now.isAsked() ? LOOK_WHILE_ASKED_MS : LOOK_MS);
            now = current();
            if (now != null) {
                look(now);
            }
        }
    }

    /// How the threads are doing that keep the store's process; [#status] is the store's own.
    public List<PartStatus> parts() {
        return List.of(keeping.status(), watching.status());
    }

    private void look(HostProcess now) {
        Duration silence = now.silence();
        if (silence.compareTo(STUCK) > 0) {
            now.killSilent();
            return;
        }
        if (silence.toMillis() >= LOOK_MS) {
            now.ping();
        }
        StoreSettings wanted = settings.get();
        // What does not read must not hold this thread.
        if (!wanted.equals(told) && silence.compareTo(SILENT) < 0) {
            tell(now, wanted);
        }
        long most = HostCommand.mostResident(told.memoryBytes());
        long has = ProcessMemory.resident(Long.toString(now.pid()));
        if (has > most) {
            now.killForMemory(
                    "it had "
                            + (has >> 20)
                            + " MiB in memory, "
                            + (most >> 20)
                            + " MiB are the limit ([store] memory = "
                            + (told.memoryBytes() >> 20)
                            + " MiB and what the process needs beside)");
        }
    }

    private @Nullable HostProcess current() {
        lock.lock();
        try {
            return host;
        } finally {
            lock.unlock();
        }
    }

    // Asking it.

    @Override
    public QueryResult query(String sql, Duration timeout, Asker asker, BooleanSupplier cancelled)
            throws QueryException {
        long deadline = System.nanoTime() + timeout.toNanos();
        try {
            lanes.enter(asker, timeout.toNanos());
            try {
                return ask(sql, timeout, deadline, asker, cancelled);
            } finally {
                lanes.leave(asker);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new QueryException("the query was interrupted", e);
        }
    }

    private QueryResult ask(
            String sql, Duration timeout, long deadline, Asker asker, BooleanSupplier cancelled)
            throws QueryException, InterruptedException {
        while (true) {
            HostProcess now = await(deadline, asker);
            try {
                return now.query(sql, timeout, deadline, asker, cancelled);
            } catch (HostEndedException e) {
                if (closing) {
                    throw new QueryException(
                            Reason.NOT_OPEN,
                            "the query was ended because the store is being closed");
                }
                if (asker == Asker.PEOPLE) {
                    throw new QueryException(
                            now.isCulpritKnown() ? Reason.STATEMENT : Reason.NOT_OPEN,
                            "the store's process ended while the query ran: "
                                    + e.getMessage()
                                    + ". It is started again; "
                                    + (now.isCulpritKnown()
                                            ? "ask for less"
                                            : "ask once more, and for less if it ends again"));
                }
            } finally {
                if (asker == Asker.PEOPLE && now.hasEnded() && !closing) {
                    strike();
                }
            }
        }
    }

    private void strike() {
        lock.lock();
        try {
            long now = System.nanoTime();
            strikes = now - peopleFrom > GOOD_LIFE_NANOS ? 1 : Math.min(strikes + 1, MOST_STRIKES);
            peopleFrom = now + strikes * PEOPLE_WAIT_NANOS;
        } finally {
            lock.unlock();
        }
    }

    /// Statements go to an open database only: a host that is still opening it could not end one in
    /// time, and must not be ended for it.
    private HostProcess await(long deadline, Asker asker)
            throws QueryException, InterruptedException {
        lock.lockInterruptibly();
        try {
            while (true) {
                HostProcess now = host;
                long current = System.nanoTime();
                long barred = asker == Asker.PEOPLE ? peopleFrom - current : 0;
                boolean open = now != null && now.isOpen();
                long left = deadline - current;
                if (now != null && open && barred <= 0 && left > 0) {
                    return now;
                }
                if (left <= 0 || closing) {
                    throw new QueryException(
                            Reason.NOT_OPEN,
                            "the store is not open (yet); see the status for what it waits for");
                }
                long _ = changed.awaitNanos(open ? Math.min(left, Math.max(barred, 1)) : left);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean awaitPosition(long wanted, Duration wait) throws InterruptedException {
        long deadline = System.nanoTime() + wait.toNanos();
        long hurriedAt = -1;
        while (true) {
            HostProcess behind;
            lock.lockInterruptibly();
            try {
                while (position < wanted && (host == null || position == hurriedAt)) {
                    long left = deadline - System.nanoTime();
                    if (left <= 0) {
                        return false;
                    }
                    long _ = changed.awaitNanos(left);
                }
                if (position >= wanted) {
                    return true;
                }
                hurriedAt = position;
                behind = host;
            } finally {
                lock.unlock();
            }
            if (behind != null) {
                behind.tell(Message.of(Kind.HURRY));
            }
        }
    }

    @Override
    public boolean catchUp(Duration wait) throws InterruptedException {
        return awaitPosition(journal.status().head(), wait);
    }

    @Override
    public CompletableFuture<Long> retain() {
        HostProcess now = current();
        return now == null
                ? CompletableFuture.failedFuture(
                        new HostEndedException("the store's process is being started"))
                : now.retain();
    }

    @Override
    public StoreStatus status() {
        StoreStatus now = last;
        long lag = Math.max(0, journal.status().head() - now.position());
        HostProcess asked = current();
        if (asked != null && asked.silence().compareTo(SILENT) > 0) {
            String error =
                    "the store's process %d has not answered for %d s; it is ended after %d s of silence"
                            .formatted(asked.pid(), asked.silence().toSeconds(), STUCK.toSeconds());
            return now.with(StoreStatus.State.FAILING, lag, error);
        }
        return now.with(now.state(), lag, now.error());
    }

    @Override
    public void close() {
        closing = true;
        HostProcess now;
        lock.lock();
        try {
            now = host;
            changed.signalAll();
        } finally {
            lock.unlock();
        }
        watch.interrupt();
        try {
            if (now != null) {
                now.tell(Message.of(Kind.CLOSE));
                if (!now.awaitEnd(CLOSE_WITHIN)) {
                    now.kill("it did not close in time");
                }
            }
            keeper.join(CLOSE_WITHIN);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        feed.close();
        last = last.with(StoreStatus.State.CLOSED, 0, "");
    }
}
