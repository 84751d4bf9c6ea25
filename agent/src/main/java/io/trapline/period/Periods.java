package io.trapline.period;

import io.trapline.health.PartState;
import io.trapline.health.PartStatus;
import io.trapline.health.Supervised;
import io.trapline.journal.Journal;
import io.trapline.journal.JournalException;
import io.trapline.journal.JournalFullException;
import io.trapline.journal.JournalReader;
import io.trapline.journal.Origin;
import io.trapline.model.Batch;
import io.trapline.model.CheckState;
import io.trapline.model.Entry;
import io.trapline.model.PeriodEnd;
import io.trapline.model.SampleValue;
import io.trapline.pipeline.BatchCodec;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The period engine: takes what checks are sent, and stores what their periods make of it.
///
/// [#accept] writes one frame and returns: samples where the value is known (asynch mode, or a time
/// of its own), [io.trapline.model.HeldValue]s for the rest. One thread reads these frames back, in
/// order, and builds the running periods from nothing else; when one is over, a single frame gets
/// its samples, its [CheckState], and the [PeriodEnd] that says which frames they were made of. So
/// a crash loses nothing and doubles nothing: the reader's cursor stays before the oldest frame
/// that a running period is made of, and what a `PeriodEnd` in the journal covers is passed over
/// when it is read again.
public final class Periods implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Periods.class);

    /// Its name among the journal's readers.
    public static final String READER = "period";

    private static final int MAX_STREAMS = 100_000;
    private static final long READ_BYTES = 4 << 20;
    private static final Duration TURN = Duration.ofMillis(100);

    /// How long an answer waits for the engine to read what was written before it: as long as it
    /// reads on, within reason.
    private static final Duration READ_BACK = Duration.ofSeconds(20);

    private static final Duration STALLED = Duration.ofSeconds(5);

    /// What is made durable at a time.
    private static final int GROUP = 64;

    /// How far the end of a period may lie ahead of the clock to be believed.
    private static final Duration AHEAD = Duration.ofDays(1);

    private static final Duration PAUSE = Duration.ofSeconds(1);
    private static final Duration CLOSE = Duration.ofSeconds(2);
    private static final long NS_PER_MS = 1_000_000;

    /// What the frames of a check that nobody knows any more are held in.
    private static final long ORPHAN_PERIOD_MS = 60_000;

    private final Journal journal;
    private final JournalReader reader;
    private final Supplier<Collection<PeriodCheck>> checks;
    private final InstantSource clock;
    private final LastEnds lastEnds;
    private final int maxStreams;
    private final Map<UUID, Marks> marks = new HashMap<>();
    private final Map<UUID, Intake> intakes = new ConcurrentHashMap<>();
    private final @Nullable Thread thread;

    /// Of the engine's thread: made, and not durable yet.
    private final Deque<Running.Output> outbox = new ArrayDeque<>();

    private final long headAtStart;
    private final PartState part = new PartState("periods");
    private String trouble = "";

    /// Opened by [#close].
    private final CountDownLatch stop = new CountDownLatch(1);

    /// Guards `running` and `readTo`.
    private final ReentrantLock lock = new ReentrantLock();

    private final Condition advanced = lock.newCondition();
    private final Map<UUID, Running> running = new HashMap<>();
    private long readTo;

    /// The newest frame of a check, and the lock for running sums: read, add, append.
    private static final class Intake {
        private final ReentrantLock sums = new ReentrantLock();
        private long newest;
        private long arrivalMs = Long.MIN_VALUE;

        synchronized void appended(long position, long newArrivalMs) {
            newest = Math.max(newest, position);
            arrivalMs = Math.max(arrivalMs, newArrivalMs);
        }

        synchronized long arrivalMs() {
            return arrivalMs;
        }

        synchronized long newest() {
            return newest;
        }
    }

    /// Starts the engine's thread.
    ///
    /// @param checks those that are registered and enabled, at any moment
    /// @param memory a file that remembers which periods were reported
    public static Periods open(
            Journal journal,
            Supplier<Collection<PeriodCheck>> checks,
            InstantSource clock,
            Path memory)
            throws JournalException {
        LastEnds lastEnds = new LastEnds(Optional.of(memory));
        Periods periods = new Periods(journal, checks, clock, lastEnds, MAX_STREAMS, true);
        if (periods.thread != null) {
            periods.thread.start();
        }
        return periods;
    }

    Periods(
            Journal journal,
            Supplier<Collection<PeriodCheck>> checks,
            InstantSource clock,
            LastEnds lastEnds,
            int maxStreams,
            boolean withThread)
            throws JournalException {
        this.journal = journal;
        this.checks = checks;
        this.clock = clock;
        this.lastEnds = lastEnds;
        this.maxStreams = maxStreams;
        reader = journal.reader(READER);
        headAtStart = journal.status().head();
        readTo = reader.committed();
        long now = clock.millis();
        lastEnds.refuseAfter(now + AHEAD.toMillis(), now);
        collectMarks();
        thread = withThread ? Thread.ofPlatform().name(READER).daemon().unstarted(this::run) : null;
    }

    /// The first of two readings: what lies behind the cursor may be used up already, which is said
    /// further on.
    private void collectMarks() throws JournalException {
        long at = readTo;
        try {
            while (at < headAtStart) {
                List<JournalReader.Frame> frames = reader.read(READ_BYTES, Duration.ZERO);
                if (frames.isEmpty()) {
                    break;
                }
                for (JournalReader.Frame frame : frames) {
                    Batch batch = decode(frame);
                    if (batch != null) {
                        note(batch, frame.position());
                    }
                }
                at = frames.getLast().position();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new JournalException("interrupted while the periods were read back", e);
        }
        reader.seek(readTo);
    }

    private void note(Batch batch, long position) {
        for (Entry entry : batch.entries()) {
            if (entry instanceof PeriodEnd end) {
                UUID id = PeriodCheck.idOf(batch.source());
                marks.computeIfAbsent(id, _ -> new Marks()).note(end, position);
            } else if (entry instanceof CheckState state) {
                note(batch, state);
            }
        }
    }

    private void note(Batch batch, CheckState state) {
        lastEnds.note(PeriodCheck.idOf(batch.source()), Math.floorDiv(state.timeNs(), NS_PER_MS));
    }

    /// Makes a part of a submission durable; returns when it is. Any thread may call it.
    ///
    /// @param arrivalMs when the submission arrived, the same for all its parts
    /// @throws StreamLimitException when the check has too many streams; nothing was kept
    /// @throws BehindException when sums go on from values that are not known yet; nothing was kept
    /// @throws JournalFullException when there is no room; nothing was kept
    /// @throws JournalException when writing failed; nothing was kept
    public void accept(PeriodCheck check, long arrivalMs, List<Measurement> part)
            throws JournalException {
        accept(check, arrivalMs, part, Optional.empty());
    }

    /// As above, unless that was done for this origin before.
    public void acceptOnce(
            PeriodCheck check, long arrivalMs, List<Measurement> submission, Origin origin)
            throws JournalException {
        accept(check, arrivalMs, submission, Optional.of(origin));
    }

    private void accept(
            PeriodCheck check, long arrivalMs, List<Measurement> part, Optional<Origin> origin)
            throws JournalException {
        requireRoom(check, arrivalMs, part);
        Intake intake = intakes.computeIfAbsent(check.id(), _ -> new Intake());
        if (!check.async()) {
            List<Entry> entries = new ArrayList<>(part.size());
            for (Measurement measurement : part) {
                entries.add(syncEntry(measurement));
            }
            append(check, arrivalMs, entries, origin, intake);
            return;
        }
        List<StreamId> summed =
                part.stream()
                        .filter(one ->
                                one instanceof Measurement.Flagged flagged
                                        && flagged.flag() == Measurement.Flag.SUM)
                        .map(Measurement::stream)
                        .distinct()
                        .toList();
        Accumulator values = new Accumulator(true, check.periodMs());
        if (summed.isEmpty()) {
            append(check, arrivalMs, asyncEntries(values, arrivalMs, part), origin, intake);
            return;
        }
        intake.sums.lock();
        try {
            seed(values, check, arrivalMs, summed, intake.newest());
            append(check, arrivalMs, asyncEntries(values, arrivalMs, part), origin, intake);
        } finally {
            intake.sums.unlock();
        }
    }

    private void append(
            PeriodCheck check,
            long arrivalMs,
            List<Entry> entries,
            Optional<Origin> origin,
            Intake intake)
            throws JournalException {
        byte[] frame = BatchCodec.encode(new Batch(check.source(), arrivalMs * NS_PER_MS, entries));
        if (origin.isEmpty()) {
            intake.appended(journal.append(frame), arrivalMs);
        } else if (journal.appendOnce(List.of(new Journal.Arrival(origin.get(), frame))) > 0) {
            // At its own place, or a little after it.
            intake.appended(journal.status().head(), arrivalMs);
        }
    }

    private static Entry syncEntry(Measurement measurement) {
        return measurement instanceof Measurement.Timed timed && timed.accepted()
                ? Accumulator.sample(timed.stream(), timed.value(), timed.timeMs())
                : HeldMeasurements.hold(measurement);
    }

    private static List<Entry> asyncEntries(
            Accumulator values, long arrivalMs, List<Measurement> part) {
        List<Entry> entries = new ArrayList<>(part.size());
        for (Measurement measurement : part) {
            if (measurement.accepted() && !(measurement instanceof Measurement.Distribution)) {
                values.feed(arrivalMs, measurement, entries::add);
            } else {
                entries.add(HeldMeasurements.hold(measurement));
            }
        }
        return entries;
    }

    /// Running sums go on from what the period has.
    private void seed(
            Accumulator values,
            PeriodCheck check,
            long arrivalMs,
            List<StreamId> streams,
            long newest) {
        lock.lock();
        try {
            awaitRead(newest);
            Running its = running.get(check.id());
            for (StreamId stream : streams) {
                SampleValue before = its == null ? null : its.stored(stream, arrivalMs);
                if (before != null) {
                    values.feed(arrivalMs, new Measurement.Plain(stream, true, before), _ -> {});
                }
            }
        } finally {
            lock.unlock();
        }
    }

    private void requireRoom(PeriodCheck check, long arrivalMs, List<Measurement> part)
            throws StreamLimitException {
        lock.lock();
        try {
            Running its = running.get(check.id());
            if (its != null && its.streamsWith(part, arrivalMs, maxStreams) > maxStreams) {
                throw new StreamLimitException(check, maxStreams);
            }
        } finally {
            lock.unlock();
        }
    }

    /// Canonical name → value of every metric of the check's running period, with what was accepted
    /// before the call.
    ///
    /// @throws BehindException when that is not known in time
    public SortedMap<String, SampleValue> running(PeriodCheck check) {
        Intake intake = intakes.get(check.id());
        lock.lock();
        try {
            if (intake != null) {
                awaitRead(intake.newest());
            }
            Running its = running.get(check.id());
            if (its == null) {
                return Collections.emptySortedMap();
            }
            // A period may have ended while this was waited for; its values count until it is
            // closed.
            return its.values(intake == null ? clock.millis() : intake.arrivalMs());
        } finally {
            lock.unlock();
        }
    }

    private void awaitRead(long position) {
        long end = System.nanoTime() + READ_BACK.toNanos();
        long stalled = System.nanoTime() + STALLED.toNanos();
        long seen = readTo;
        try {
            while (readTo < position) {
                long now = System.nanoTime();
                if (readTo != seen) {
                    seen = readTo;
                    stalled = now + STALLED.toNanos();
                }
                long left = Math.min(end, stalled) - now;
                if (left <= 0) {
                    throw new BehindException(position - readTo);
                }
                long _ = advanced.awaitNanos(left);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BehindException(position - readTo);
        }
    }

    private void run() {
        while (!isStopping()) {
            try {
                turn(TURN);
                part.running();
            } catch (InterruptedException e) {
                return;
            } catch (Throwable e) { // whatever it is, the next turn begins where this one did
                if (!isStopping()) {
                    part.retrying(Supervised.reason(e));
                    trouble(e);
                    pause();
                }
            }
        }
    }

    /// How the engine's thread is doing.
    public PartStatus part() {
        return part.status();
    }

    private boolean isStopping() {
        return stop.getCount() == 0;
    }

    private void pause() {
        try {
            boolean _ = stop.await(PAUSE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            stop.countDown();
        }
    }

    private void trouble(Throwable e) {
        String text = String.valueOf(e.getMessage());
        if (!text.equals(trouble)) {
            trouble = text;
            LOG.error("the period engine failed, it goes on trying; nothing is lost", e);
        }
    }

    /// Reads what there is, ends what is over, and moves the cursor. The engine's thread alone may
    /// call it.
    void turn(Duration wait) throws JournalException, InterruptedException {
        List<JournalReader.Frame> frames = reader.read(READ_BYTES, wait);
        List<Batch> batches = new ArrayList<>(frames.size());
        List<Long> positions = new ArrayList<>(frames.size());
        for (JournalReader.Frame frame : frames) {
            Batch batch = decode(frame);
            if (batch != null) {
                batches.add(batch);
                positions.add(frame.position());
            }
        }
        long firstHeld;
        lock.lock();
        try {
            long now = clock.millis();
            reconcile(now);
            for (int i = 0; i < batches.size(); i++) {
                take(positions.get(i), batches.get(i), now);
            }
            if (!frames.isEmpty()) {
                readTo = frames.getLast().position();
            }
            if (readTo >= headAtStart || frames.isEmpty()) {
                for (Running each : running.values()) {
                    each.due(now, readTo).ifPresent(outbox::add);
                }
            }
            firstHeld = Long.MAX_VALUE;
            for (Running each : running.values()) {
                firstHeld = Math.min(firstHeld, each.firstPosition());
            }
            advanced.signalAll();
        } finally {
            lock.unlock();
        }
        send(firstHeld);
    }

    /// Frames of others, and of no use, are null.
    private static @Nullable Batch decode(JournalReader.Frame frame) {
        try {
            String source = BatchCodec.sourceOf(frame.bytes());
            if (!PeriodCheck.isSource(source)) {
                return null;
            }
            UUID _ = PeriodCheck.idOf(source);
            return BatchCodec.decode(frame.bytes());
        } catch (RuntimeException e) {
            LOG.error("frame {} of the journal cannot be read by the periods", frame.position(), e);
            return null;
        }
    }

    private void reconcile(long now) {
        Map<UUID, PeriodCheck> present = new HashMap<>();
        checks.get().forEach(check -> present.put(check.id(), check));
        Iterator<Running> each = running.values().iterator();
        while (each.hasNext()) {
            Running its = each.next();
            PeriodCheck check = present.get(its.check().id());
            boolean stays =
                    its.isRegistered()
                            ? its.check().equals(check)
                            : check == null && !its.isEmpty();
            if (!stays) {
                its.flush(now, readTo).ifPresent(outbox::add);
                lastEnds.forget(its.check().id());
                each.remove();
            }
        }
        for (PeriodCheck check : present.values()) {
            running.computeIfAbsent(
                    check.id(), id -> new Running(check, true, marksOf(id), now, lastEnds.of(id)));
        }
        lastEnds.keepOnly(present.keySet());
        intakes.keySet().removeIf(id -> !present.containsKey(id) && !running.containsKey(id));
    }

    private Marks marksOf(UUID id) {
        return marks.getOrDefault(id, new Marks());
    }

    private void take(long position, Batch batch, long now) {
        if (batch.entries().stream().anyMatch(PeriodEnd.class::isInstance)
                || batch.entries().stream().allMatch(CheckState.class::isInstance)) {
            return;
        }
        UUID id = PeriodCheck.idOf(batch.source());
        Running its =
                running.computeIfAbsent(
                        id,
                        _ ->
                                new Running(
                                        new PeriodCheck(id, ORPHAN_PERIOD_MS, false),
                                        false,
                                        marksOf(id),
                                        now,
                                        OptionalLong.empty()));
        its.take(position, batch, position <= headAtStart);
    }

    private void send(long firstHeld) throws JournalException {
        try {
            while (!outbox.isEmpty()) {
                sendGroup();
            }
            trouble = "";
        } finally {
            lastEnds.save();
            long needed = firstHeld;
            for (Running.Output waiting : outbox) {
                needed = Math.min(needed, waiting.firstPosition());
            }
            reader.commit(Math.min(readTo, needed - 1));
        }
    }

    /// Many checks end at the same moment. One fsync serves all that wait for one, and so they wait
    /// together: else the engine would read nothing for as many fsyncs as there are checks.
    private void sendGroup() throws JournalException {
        List<Running.Output> group = new ArrayList<>();
        Set<String> sources = new HashSet<>();
        // Of one check, the earlier goes first.
        while (!outbox.isEmpty()
                && group.size() < GROUP
                && sources.add(outbox.getFirst().batch().source())) {
            group.add(outbox.removeFirst());
        }
        List<Future<Long>> positions = new ArrayList<>(group.size());
        try (ExecutorService each = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Running.Output output : group) {
                positions.add(
                        each.submit(
                                () -> journal.appendReserved(BatchCodec.encode(output.batch()))));
            }
        }
        Throwable failure = null;
        for (int i = group.size() - 1; i >= 0; i--) {
            Future<Long> position = positions.get(i);
            if (position.state() == Future.State.SUCCESS) {
                written(group.get(i), position.resultNow());
            } else {
                outbox.addFirst(group.get(i));
                failure = position.exceptionNow();
            }
        }
        if (failure instanceof JournalException e) {
            throw e;
        }
        if (failure != null) {
            throw new JournalException("what the periods made could not be written", failure);
        }
    }

    private void written(Running.Output output, long position) {
        for (Entry entry : output.batch().entries()) {
            if (entry instanceof CheckState state) {
                note(output.batch(), state);
            }
        }
        lock.lock();
        try {
            Running its = running.get(PeriodCheck.idOf(output.batch().source()));
            if (its != null) {
                its.written(output, position);
            }
        } finally {
            lock.unlock();
        }
    }

    boolean isRunning() {
        return thread != null && thread.isAlive();
    }

    /// What the running periods hold is in the journal, for the next start.
    @Override
    public void close() {
        stop.countDown();
        if (thread != null) {
            try {
                if (!thread.join(CLOSE)) {
                    LOG.warn("the period engine did not stop within {} s", CLOSE.toSeconds());
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
