package io.trapline.forward;

import io.trapline.health.PartStatus;
import io.trapline.journal.Journal;
import io.trapline.journal.JournalException;
import io.trapline.journal.JournalReader;
import io.trapline.net.TlsException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.LongSupplier;
import java.util.random.RandomGenerator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// All outputs of an agent: each a loop on a thread of its own, with the cursor `output/<name>` in
/// the journal. Any thread may call any method; `this` guards the map of those that run.
public final class Outputs implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Outputs.class);
    private static final String READER = "output/";
    private static final Duration READ_WAIT = Duration.ofSeconds(1);
    private static final Duration CLOSE_LIMIT = Duration.ofSeconds(5);

    private final Journal journal;
    private final ForwardDatabase database;
    private final Surroundings surroundings;
    private final Map<String, Running> running = new TreeMap<>();

    private record Running(Forwarder forwarder, Destination destination, Thread thread) {}

    /// @param nanoTicker a clock that never jumps
    /// @param random spreads retries, and names sequences
    public record Surroundings(
            InstantSource clock, LongSupplier nanoTicker, RandomGenerator random) {}

    private Outputs(Journal journal, ForwardDatabase database, Surroundings surroundings) {
        this.journal = journal;
        this.database = database;
        this.surroundings = surroundings;
    }

    /// Opens `data/forward.db`; nothing runs until [#apply].
    public static Outputs open(Path data, Journal journal, Surroundings surroundings)
            throws ForwardException {
        return new Outputs(
                journal,
                ForwardDatabase.open(data.resolve("forward.db"), surroundings.clock()),
                surroundings);
    }

    /// What was wrong when they were opened, and what that costs: sentences for the operator.
    public List<String> notices() {
        return database.notice().isEmpty() ? List.of() : List.of(database.notice());
    }

    /// Makes these the outputs in force. One that did not change goes on untouched; one that is
    /// gone or off gives its cursor up, because it would keep the journal from being trimmed, and
    /// says so in the log.
    public synchronized void apply(ForwardSettings settings)
            throws JournalException, ForwardException {
        Map<String, OutputSettings> wanted = new TreeMap<>();
        for (OutputSettings output : settings.outputs()) {
            if (output.basics().enabled()) {
                wanted.put(output.name(), output);
            }
        }
        for (Running one : List.copyOf(running.values())) {
            if (!one.forwarder().settings().equals(wanted.get(one.forwarder().settings().name()))) {
                stop(one);
            }
        }
        removeCursorsBut(wanted.keySet());
        for (OutputSettings output : wanted.values()) {
            if (!running.containsKey(output.name())) {
                start(output, settings.asideMaxBytes());
            }
        }
    }

    private void removeCursorsBut(Set<String> wanted) throws JournalException, ForwardException {
        for (Journal.ReaderStatus reader : journal.status().readers()) {
            if (!reader.name().startsWith(READER)) {
                continue;
            }
            String name = reader.name().substring(READER.length());
            if (!wanted.contains(name)) {
                LOG.info(
                        "output {} is not configured any more; its place in the journal is given"
                                + " up, {} frames behind the newest",
                        name,
                        reader.lag());
                journal.removeReader(reader.name());
                database.forget(name);
            }
        }
    }

    private void start(OutputSettings output, long asideMaxBytes)
            throws JournalException, ForwardException {
        boolean known =
                journal.status().readers().stream()
                        .anyMatch(reader -> reader.name().equals(READER + output.name()));
        ForwardDatabase.Cursor cursor =
                cursor(output.name(), known, journal, database, surroundings.random());
        JournalReader reader = journal.reader(READER + output.name());
        Destination destination = destination(output);
        Forwarder forwarder =
                new Forwarder(
                        output,
                        destination,
                        reader,
                        database,
                        cursor,
                        SenderLives.begin(
                                database,
                                output.name(),
                                cursor,
                                journal.status().head(),
                                output.shownAddress(),
                                surroundings.random()),
                        asideMaxBytes,
                        READ_WAIT,
                        surroundings);
        // Of the platform: it reads the journal and writes its own database, both native.
        Thread thread =
                Thread.ofPlatform().daemon().name("output-" + output.name()).unstarted(forwarder);
        running.put(output.name(), new Running(forwarder, destination, thread));
        thread.start();
    }

    /// A cursor belongs to the journal that it was made in: in another one its places mean other
    /// frames. In the same one it may be ahead, when the journal alone was put back to an earlier
    /// state: what is there then was dealt with, what follows was not.
    ///
    /// @param known whether the journal has a place for this output
    static ForwardDatabase.Cursor cursor(
            String name,
            boolean known,
            Journal journal,
            ForwardDatabase database,
            RandomGenerator random)
            throws ForwardException {
        Optional<ForwardDatabase.Cursor> kept = database.cursor(name);
        Journal.JournalStatus now = journal.status();
        Optional<String> madeIn = database.journal(name);
        boolean same =
                kept.isPresent()
                        && (madeIn.isPresent()
                                ? madeIn.get().equals(journal.identity())
                                : known && kept.get().done().position() <= now.head());
        if (same) {
            database.journal(name, journal.identity());
            return atMost(kept.orElseThrow(), now.head());
        }
        kept.ifPresent(cursor ->
                LOG.warn(
                        "output {} had come to position {} of another journal; of this one it sends"
                                + " everything that is there, positions {} to {}",
                        name,
                        cursor.done().position(),
                        now.tail(),
                        now.head()));
        if (kept.isEmpty() && known) {
            long lag =
                    now.readers().stream()
                            .filter(reader -> reader.name().equals(READER + name))
                            .mapToLong(Journal.ReaderStatus::lag)
                            .sum();
            LOG.warn(
                    "output {}: {} does not say how far it came; it goes on after journal position"
                            + " {}, where the journal says it was, {} frames behind the newest,"
                            + " and what had arrived of these arrives twice",
                    name,
                    database.file(),
                    now.head() - lag,
                    lag);
        }
        String id = HexFormat.of().toHexDigits(random.nextLong());
        boolean paused = kept.isPresent() && kept.get().paused();
        ForwardDatabase.Cursor fresh = database.start(name, id + ":" + name, paused);
        database.journal(name, journal.identity());
        return fresh;
    }

    private static ForwardDatabase.Cursor atMost(ForwardDatabase.Cursor cursor, long head) {
        if (cursor.done().position() <= head
                && (cursor.tried().isEmpty() || cursor.tried().last().position() <= head)) {
            return cursor;
        }
        Place end = new Place(head, Integer.MAX_VALUE);
        return new ForwardDatabase.Cursor(
                cursor.sender(),
                cursor.done().isAfter(end) ? end : cursor.done(),
                new TreeSet<>(new TreeSet<>(cursor.tried()).headSet(end, true)),
                cursor.paused());
    }

    private Destination destination(OutputSettings output) throws ForwardException {
        HttpPoster poster;
        try {
            poster =
                    new HttpPoster(
                            output.basics().timeout(),
                            output.basics().trust(),
                            surroundings.clock());
        } catch (TlsException e) {
            throw new ForwardException("output " + output.name() + ": ca: " + e.getMessage(), e);
        }
        return switch (output) {
            case PushOutputSettings push ->
                    new PushDestination(push, poster, database.names(push.name()));
            case TrapOutputSettings trap -> new TrapDestination(trap, poster);
            case CoreOutputSettings core -> new CoreDestination(core, poster);
        };
    }

    private void stop(Running one) {
        String name = one.forwarder().settings().name();
        running.remove(name);
        one.forwarder().close();
        one.thread().interrupt();
        try {
            if (!one.thread().join(CLOSE_LIMIT)) {
                LOG.warn("output {} did not stop within {}; nothing is lost", name, CLOSE_LIMIT);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        one.destination().close();
    }

    /// All outputs by name, and those that are gone but left something aside.
    public List<OutputStatus> status() throws ForwardException {
        Map<String, Long> lags = new HashMap<>();
        journal.status().readers().forEach(reader -> lags.put(reader.name(), reader.lag()));
        Set<String> names = new TreeSet<>(database.outputsWithAside());
        Map<String, Forwarder> forwarders = new TreeMap<>();
        synchronized (this) {
            running.forEach((name, one) -> forwarders.put(name, one.forwarder()));
        }
        names.addAll(forwarders.keySet());
        List<OutputStatus> all = new ArrayList<>();
        for (String name : names) {
            Optional<Forwarder> forwarder = Optional.ofNullable(forwarders.get(name));
            all.add(status(name, forwarder, lags.getOrDefault(READER + name, 0L)));
        }
        return all;
    }

    /// How the loops of those that are not off are doing.
    public synchronized List<PartStatus> parts() {
        return running.values().stream().map(one -> one.forwarder().part()).toList();
    }

    /// Since when outputs cannot deliver, by name; those that can, or are paused, are not in it.
    public synchronized Map<String, Instant> failingSince() {
        Map<String, Instant> since = new TreeMap<>();
        running.forEach(
                (name, one) -> one.forwarder().failingSince().ifPresent(at -> since.put(name, at)));
        return since;
    }

    private OutputStatus status(String name, Optional<Forwarder> forwarder, long lag)
            throws ForwardException {
        ForwardDatabase.Totals totals = database.totals(name);
        Tally.Counts counts =
                forwarder
                        .map(Forwarder::counts)
                        .orElseGet(() -> new Tally(surroundings.nanoTicker()).counts());
        return new OutputStatus(
                name,
                forwarder.map(one -> one.settings().kind()).orElse(""),
                forwarder.map(one -> one.settings().shownAddress()).orElse(""),
                state(forwarder, counts),
                lag,
                counts.items(),
                counts.requests(),
                counts.bytes(),
                counts.itemsPerSecond(),
                counts.retries(),
                counts.refused(),
                counts.skipped(),
                counts.changed(),
                database.lost(name),
                counts.notice(),
                counts.error(),
                counts.errorAt(),
                counts.sentAt(),
                counts.nextTry(),
                totals.items(),
                totals.bytes(),
                totals.lostItems());
    }

    private static String state(Optional<Forwarder> forwarder, Tally.Counts counts) {
        if (forwarder.isEmpty()) {
            return "gone";
        }
        if (forwarder.get().isPaused()) {
            return "paused";
        }
        return counts.error().isEmpty() ? "running" : "failing";
    }

    /// What an output has set aside, the oldest first.
    public List<AsideItem> aside(String name, int limit) throws ForwardException {
        return database.aside(name, false, limit);
    }

    /// How much of what an output set aside is there, or known to be gone.
    ///
    /// @param position of those that are there, only those up to it
    public AsideAccount account(String name, long position) throws ForwardException {
        return database.account(name, position);
    }

    /// The output that a reader of the journal is; empty when it is none.
    public static Optional<String> nameOf(String reader) {
        return reader.startsWith(READER)
                ? Optional.of(reader.substring(READER.length()))
                : Optional.empty();
    }

    /// Keeps its place and sends nothing, also after a restart, until [#resume].
    ///
    /// @return false when there is no such output
    public boolean pause(String name) throws ForwardException {
        Optional<Forwarder> forwarder = forwarder(name);
        if (forwarder.isPresent()) {
            forwarder.get().pause();
        }
        return forwarder.isPresent();
    }

    /// Goes on; one that waits for its next try tries at once.
    ///
    /// @return false when there is no such output
    public boolean resume(String name) throws ForwardException {
        Optional<Forwarder> forwarder = forwarder(name);
        if (forwarder.isPresent()) {
            forwarder.get().resume();
        }
        return forwarder.isPresent();
    }

    /// Sends again what was set aside.
    ///
    /// @param ids empty = all
    /// @return how many will be sent, or empty when there is no such output
    public Optional<Integer> resend(String name, List<Long> ids) throws ForwardException {
        Optional<Forwarder> forwarder = forwarder(name);
        if (forwarder.isEmpty()) {
            return Optional.empty();
        }
        int found = database.resend(name, ids, forwarder.get().againAs());
        forwarder.get().resendAside();
        return Optional.of(found);
    }

    /// Deletes what was set aside, also of an output that is gone.
    ///
    /// @param ids empty = all
    /// @return how many there were
    public int drop(String name, List<Long> ids) throws ForwardException {
        return database.drop(name, ids);
    }

    private synchronized Optional<Forwarder> forwarder(String name) {
        return Optional.ofNullable(running.get(name)).map(Running::forwarder);
    }

    /// Stops all outputs; what was not acknowledged is sent after the next start.
    @Override
    public synchronized void close() {
        // All are told first, so that the slowest alone decides how long this takes.
        running.values()
                .forEach(one -> {
                    one.forwarder().close();
                    one.thread().interrupt();
                });
        List.copyOf(running.values()).forEach(this::stop);
        try {
            database.close();
        } catch (ForwardException e) {
            LOG.warn("the outputs' database was not closed cleanly; nothing is lost", e);
        }
    }
}
