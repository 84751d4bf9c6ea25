package io.trapline.forward;

import io.trapline.health.PartState;
import io.trapline.health.PartStatus;
import io.trapline.health.Supervised;
import io.trapline.journal.JournalException;
import io.trapline.journal.JournalReader;
import io.trapline.journal.JournalReader.Frame;
import io.trapline.model.Batch;
import io.trapline.model.Entry;
import io.trapline.pipeline.BatchCodec;
import io.trapline.pipeline.BatchFrames;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One output's loop: cursor → encode → send → acknowledge. One thread runs it; any thread may give
/// it commands and look at it.
///
/// ## What it promises
///
/// - An item leaves the journal's reach only after the receiver acknowledged it or it was set aside
///   on disk. Items go out in the journal's order, one request at a time.
/// - What was sent without an answer is sent again. A receiver that remembers (another Trapline)
///   keeps it once: each request carries an [io.trapline.journal.Origin], the place of its last
///   item. That works because the end of each request is on disk before it goes out: after a crash
///   no request reaches over such an end, so that the receiver has all of each or nothing.
/// - That holds across a backup that is put back, and across clones, because a place is sent under
///   the name of the life in which it was appended ([SenderLife]). A receiver to which a place of
///   this life is no news, or that has less than it acknowledged, says so; then another name is
///   taken, or what the journal still has is sent again.
/// - Only what the receiver refuses as such is set aside. A refused request is divided until the
///   refused item is found; the others go on.
///
/// [#step] does one thing and says how long to wait, so that tests need neither threads nor time.
final class Forwarder implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(Forwarder.class);
    private static final Duration FOREVER = Duration.ofDays(1);
    private static final long READ_BYTES = 4L << 20;
    private static final String AGAIN = "/again";
    private static final String FORGOTTEN =
            "the receiver acknowledged it and has forgotten it; it is sent again";
    private static final String OTHER_JOURNAL = "another journal";
    private static final String UNREADABLE = "the frame cannot be decoded: ";

    private final OutputSettings settings;
    private final Destination destination;
    private final JournalReader reader;
    private final ForwardDatabase database;
    private final long asideMaxBytes;
    private final Duration pace;
    private final Duration readWait;
    private final InstantSource clock;
    private final LongSupplier nanoTicker;
    private final Backoff backoff;
    private final Tally tally;
    private final Fates fates = new Fates();
    private final Wake wake = new Wake();
    private final PartState part;
    private final Supervised supervised;

    private final SenderLives lives;
    private final Deque<List<Item>> work = new ArrayDeque<>();
    private final Set<String> warned = new HashSet<>();
    private final List<GivenName> unkept = new ArrayList<>();
    private Place done;

    /// Where requests ended that went out since `done`: the receiver may be at any of them.
    private TreeSet<Place> tried;

    /// Up to here this life has sent.
    private Place reached;

    private long read;
    private long notBefore;
    private boolean failing;

    /// The name was changed, and nothing was kept since.
    private boolean disowned;

    private volatile boolean paused;
    private volatile boolean resendWanted = true;
    private volatile boolean hurry;
    private volatile boolean closed;

    /// @param readWait how long a step may wait for frames
    Forwarder(
            OutputSettings settings,
            Destination destination,
            JournalReader reader,
            ForwardDatabase database,
            ForwardDatabase.Cursor cursor,
            SenderLives lives,
            long asideMaxBytes,
            Duration readWait,
            Outputs.Surroundings surroundings) {
        this.settings = settings;
        part = new PartState("output " + settings.name());
        supervised = new Supervised(part, () -> closed, this::loop);
        this.destination = destination;
        this.reader = reader;
        this.database = database;
        this.asideMaxBytes = asideMaxBytes;
        this.readWait = readWait;
        clock = surroundings.clock();
        nanoTicker = surroundings.nanoTicker();
        backoff = new Backoff(surroundings.random());
        tally = new Tally(nanoTicker);
        pace = pace(settings);
        paused = cursor.paused();
        done = cursor.done();
        tried = new TreeSet<>(new TreeSet<>(cursor.tried()).tailSet(done, false));
        reached = done;
        this.lives = lives;
        read = reader.committed();
        notBefore = nanoTicker.getAsLong();
    }

    private static Duration pace(OutputSettings settings) {
        return settings instanceof PushOutputSettings push && push.rate() > 0
                ? Duration.ofMinutes(1).dividedBy(push.rate())
                : Duration.ZERO;
    }

    @Override
    public void run() {
        supervised.run();
    }

    private void loop() {
        while (!closed) {
            try {
                wake.await(safeStep());
            } catch (InterruptedException e) {
                if (!closed) {
                    LOG.warn("output {} was interrupted and goes on", settings.name());
                }
            }
        }
    }

    /// How its loop is doing; that the receiver does not take anything is the tally's.
    PartStatus part() {
        return part.status();
    }

    /// The loop must outlive everything: what fails here is tried again.
    private Duration safeStep() throws InterruptedException {
        try {
            Duration wait = step();
            part.running();
            return wait;
        } catch (InterruptedException e) {
            throw e;
        } catch (Throwable e) {
            if (closed) {
                return Duration.ZERO;
            }
            part.retrying(Supervised.reason(e));
            if (!failing) {
                failing = true;
                LOG.error("output {} could not go on and tries again", settings.name(), e);
            }
            return later(new Delivery.Later(String.valueOf(e), Optional.empty(), false));
        }
    }

    /// Does the next thing that is due.
    ///
    /// @return how long there is nothing to do, unless a command comes
    Duration step() throws InterruptedException, JournalException, ForwardException {
        if (paused) {
            return FOREVER;
        }
        long left = notBefore - nanoTicker.getAsLong();
        if (hurry) {
            hurry = false;
        } else if (left > 0) {
            return Duration.ofNanos(left);
        }
        if (resendWanted) {
            Optional<AsideItem> again =
                    database.aside(settings.name(), true, 1).stream().findFirst();
            if (again.isPresent()) {
                return resend(again.get());
            }
            resendWanted = false;
        }
        if (work.isEmpty()) {
            fill();
        }
        return work.isEmpty() ? Duration.ZERO : deliver(work.getFirst());
    }

    /// Reads and encodes the next frames. When that fails they are read again.
    private void fill() throws InterruptedException, JournalException, ForwardException {
        List<Frame> frames = reader.read(READ_BYTES, readWait);
        if (frames.isEmpty()) {
            return;
        }
        boolean composed = false;
        try {
            compose(encoded(frames));
            composed = true;
        } finally {
            if (!composed) {
                reader.seek(read);
            }
        }
        read = frames.getLast().position();
        commit();
    }

    /// The items of frames that are to be sent.
    private List<Item> encoded(List<Frame> frames) throws ForwardException {
        Encoding encoding = new Encoding();
        try {
            for (Frame frame : frames) {
                encode(frame, encoding);
            }
        } finally {
            unkept.addAll(encoding.names());
        }
        // Before anything goes out under them.
        database.keepNames(settings.name(), unkept);
        unkept.clear();
        List<Item> fresh = new ArrayList<>(encoding.items().size());
        for (Item item : encoding.items()) {
            fates.made(item.position());
            if (!item.end().isAfter(done)) {
                dealtWithBefore(item);
                continue;
            }
            if (item.bytes().length > destination.maxItemBytes()) {
                setAside(item, 0, "larger than the receiver takes, not sent");
            } else {
                fresh.add(item);
            }
        }
        tally.encoded(encoding.skipped(), encoding.changed());
        return fresh;
    }

    /// An item of a former life, whose frame the journal does not know as passed.
    private void dealtWithBefore(Item item) throws ForwardException {
        if (database.isAside(settings.name(), lives.base(), item)) {
            fates.aside(item.position());
        } else {
            fates.sent(item.position());
        }
    }

    private void encode(Frame frame, Encoding encoding) throws ForwardException {
        fates.read(frame.position(), BatchCodec.weigh(frame.bytes()));
        Batch batch;
        try {
            batch = BatchCodec.decode(frame.bytes());
        } catch (IllegalStateException | IndexOutOfBoundsException e) {
            fates.made(frame.position());
            setAside(
                    new Item(frame.position(), 0, frame.bytes(), 1),
                    0,
                    UNREADABLE + e.getMessage());
            return;
        }
        List<Selected.Part> parts = new ArrayList<>(batch.entries().size());
        for (int i = 0; i < batch.entries().size(); i++) {
            int end = i + 1;
            Optional<Entry> entry =
                    settings.basics().selection().apply(batch.source(), batch.entries().get(i));
            entry.ifPresent(kept -> parts.add(new Selected.Part(end, kept)));
        }
        fates.excluded(frame.position(), batch.entries().size() - parts.size());
        destination.encode(new Selected(frame, batch, parts), encoding);
    }

    /// Cuts items into requests; one ends wherever one ended that the receiver may have, and has
    /// one name.
    private void compose(List<Item> items) {
        List<Item> request = new ArrayList<>();
        long bytes = 0;
        for (Item item : items) {
            long withItem = bytes + item.bytes().length + 1;
            if (!request.isEmpty()
                    && (withItem > destination.maxBytes()
                            || endedBetween(request.getLast(), item))) {
                work.add(request);
                request = new ArrayList<>();
                withItem = item.bytes().length + 1L;
            }
            request.add(item);
            bytes = withItem;
        }
        if (!request.isEmpty()) {
            work.add(request);
        }
    }

    private boolean endedBetween(Item before, Item after) {
        @Nullable Place end = tried.ceiling(before.end());
        return (end != null && after.end().isAfter(end))
                || !lives.name(before.position()).equals(lives.name(after.position()));
    }

    private Duration deliver(List<Item> request)
            throws InterruptedException, JournalException, ForwardException {
        Item last = request.getLast();
        // What no other life can have sent: it was appended in this one, and not sent yet.
        List<Item> fresh =
                request.stream()
                        .filter(item -> item.end().isAfter(reached) && lives.isOwn(item.position()))
                        .toList();
        if (!tried.contains(last.end())) {
            TreeSet<Place> open = new TreeSet<>(tried.tailSet(done, false));
            open.add(last.end());
            database.moved(settings.name(), done, open, lives.all());
            tried = open;
            commit();
        }
        reached = last.end().isAfter(reached) ? last.end() : reached;
        Delivery delivery =
                destination.send(
                        request,
                        new Sequence(
                                lives.name(last.position()),
                                fresh.isEmpty()
                                        ? OptionalLong.empty()
                                        : OptionalLong.of(fresh.getFirst().position()),
                                lives.acknowledged()));
        paceFromNow();
        return switch (delivery) {
            case Delivery.Accepted accepted
                    when accepted.passedOver() > request.size() - fresh.size() ->
                    passedOver(request, fresh, accepted);
            case Delivery.Accepted accepted -> {
                disowned = false;
                accepted(request, accepted);
                acknowledged(lives.name(last.position()), request, accepted);
                request.forEach(item -> fates.sent(item.position()));
                finish(last);
                yield Duration.ZERO;
            }
            case Delivery.Disowned answer -> disowned(answer);
            case Delivery.Later later -> later(later);
            case Delivery.Refused refused -> {
                if (request.size() > 1) {
                    divide(request, refused);
                } else {
                    setAside(last, refused.status(), refused.reason());
                    finish(last);
                }
                yield Duration.ZERO;
            }
        };
    }

    private void acknowledged(String name, List<Item> request, Delivery.Accepted answer) {
        Optional<SenderLife> other =
                lives.acknowledged(
                        name, request.getLast().position(), request.size(), answer.journal());
        if (other.isPresent() && warned.add(OTHER_JOURNAL)) {
            LOG.warn(
                    "output {}: another journal answers at {} than before ({} instead of {}). That"
                            + " one had acknowledged {} items, up to position {}; what is not in"
                            + " the receiver's store is lost there, and nothing is sent again",
                    settings.name(),
                    settings.shownAddress(),
                    answer.journal().isEmpty() ? "one that does not say which" : answer.journal(),
                    other.get().journal(),
                    other.get().items(),
                    other.get().upTo());
        }
    }

    /// A receiver that cannot say so beforehand had positions that were never sent to it: somebody
    /// else used the name. What it passed over goes out once more.
    private Duration passedOver(List<Item> request, List<Item> fresh, Delivery.Accepted answer)
            throws ForwardException {
        int old = request.size() - fresh.size();
        List<Item> lost = List.copyOf(request.subList(old, answer.passedOver()));
        List<Item> kept = request.subList(answer.passedOver(), request.size());
        if (!kept.isEmpty()) {
            accepted(kept, answer);
        }
        String said =
                "it says it had %d of %d frames before, from position %d on, which were never sent to it under the name %s"
                        .formatted(
                                lost.size(),
                                request.size(),
                                lost.getFirst().position(),
                                lives.name(lost.getFirst().position()));
        LOG.warn(
                "output {}: {} passed over frames: {}. Another host or an earlier state of this one"
                        + " uses that name; they are sent again under another",
                settings.name(),
                settings.shownAddress(),
                said);
        work.removeFirst();
        work.addFirst(lost);
        boolean before = disowned && kept.isEmpty();
        takeAnotherName();
        adopt();
        return before ? later(new Delivery.Later(said, Optional.empty(), true)) : Duration.ZERO;
    }

    /// The receiver kept nothing, because this sender's name does not mean the same to both.
    private Duration disowned(Delivery.Disowned answer)
            throws InterruptedException, JournalException, ForwardException {
        long again = 0;
        long lost = 0;
        for (Delivery.Missing missing : answer.missing()) {
            Optional<SenderLife> life = lives.find(missing.sender());
            if (life.isPresent()) {
                long after = Math.max(missing.after(), life.get().after());
                long upTo = Math.min(missing.upTo(), life.get().upTo());
                Gathered gathered = gather(after, Math.min(upTo, lives.end(life.get())));
                again += gathered.items();
                lost += Math.min(upTo - after - gathered.frames(), life.get().items());
                lives.setBack(life.get(), missing.after());
            }
        }
        // A clone of this host may have sent the very same; then it is there.
        boolean same = answer.taken().isPresent() && isHere(answer.taken().get());
        boolean another = answer.taken().isPresent() && !same;
        if (same) {
            reached = new Place(answer.taken().get().known(), Integer.MAX_VALUE);
            LOG.info(
                    "output {}: {} has had what comes up to position {} from a clone of this host",
                    settings.name(),
                    settings.shownAddress(),
                    answer.taken().get().known());
            if (answer.missing().isEmpty()) {
                return Duration.ZERO;
            }
        }
        if (lost > 0) {
            database.lost(
                    settings.name(),
                    Map.of(Delivery.Accepted.FORGOTTEN, lost),
                    answer.reason(),
                    clock.instant());
        }
        LOG.warn(
                "output {}: {} kept nothing: {}. The output goes on from position {}{}; of what was"
                        + " forgotten {} items are sent again, {} at most are not in the journal"
                        + " any more",
                settings.name(),
                settings.shownAddress(),
                answer.reason(),
                done.position() + 1,
                another ? ", under another name" : "",
                again,
                lost);
        tally.noticed(answer.reason());
        boolean before = disowned;
        if (another) {
            takeAnotherName();
        }
        adopt();
        resendWanted |= again > 0;
        return before
                ? later(new Delivery.Later(answer.reason(), Optional.empty(), true))
                : Duration.ZERO;
    }

    /// Whether the frame that the receiver has is the one that stands at its position here.
    private boolean isHere(Delivery.Taken taken)
            throws InterruptedException, JournalException, ForwardException {
        if (taken.sum().isEmpty()) {
            return false;
        }
        reader.seek(taken.known() - 1);
        try {
            for (Frame frame : reader.read(1, Duration.ZERO)) {
                Encoding encoding = new Encoding();
                encode(frame, encoding);
                if (frame.position() == taken.known()
                        && encoding.items().stream()
                                .anyMatch(item ->
                                        BatchFrames.sum(item.bytes()) == taken.sum().getAsLong())) {
                    return true;
                }
            }
            return false;
        } finally {
            reader.seek(read);
        }
    }

    private void takeAnotherName() {
        lives.takeAnotherName(done.position(), done.position());
        reached = done;
    }

    private void adopt() throws ForwardException {
        disowned = true;
        database.adopt(settings.name(), done, tried, lives.all(), lives::name);
    }

    /// @param frames of the journal that were still there
    /// @param items of them that are sent again
    private record Gathered(long frames, long items) {}

    /// Sets aside what the journal still has of the positions after `after`, up to `upTo`.
    private Gathered gather(long after, long upTo)
            throws InterruptedException, JournalException, ForwardException {
        long found = 0;
        long items = 0;
        reader.seek(after);
        try {
            boolean room = true;
            for (List<Frame> frames = reader.read(READ_BYTES, Duration.ZERO);
                    room && !frames.isEmpty() && frames.getFirst().position() <= upTo;
                    frames = reader.read(READ_BYTES, Duration.ZERO)) {
                Encoding encoding = new Encoding();
                long here = 0;
                for (Frame frame : frames) {
                    if (frame.position() <= upTo) {
                        encode(frame, encoding);
                        here++;
                    }
                }
                int taken =
                        database.gather(
                                settings.name(),
                                lives.base(),
                                encoding.items(),
                                FORGOTTEN,
                                clock.instant(),
                                asideMaxBytes);
                room = taken == encoding.items().size();
                items += taken;
                found += room ? here : taken;
            }
        } finally {
            reader.seek(read);
        }
        return new Gathered(found, items);
    }

    /// Writes down how far it came.
    private void save() throws ForwardException {
        tried = new TreeSet<>(tried.tailSet(done, false));
        database.moved(settings.name(), done, tried, lives.all());
    }

    private void accepted(List<Item> request, Delivery.Accepted answer) throws ForwardException {
        long bytes = 0;
        for (Item item : request) {
            bytes += item.bytes().length;
        }
        if (failing) {
            failing = false;
            LOG.info("output {} delivers again", settings.name());
        }
        backoff.reset();
        tally.sent(request.size(), bytes, answer.notice(), clock.instant());
        if (!answer.lost().isEmpty()) {
            database.lost(settings.name(), answer.lost(), answer.notice(), clock.instant());
            answer.lost().forEach(this::warnOnce);
        }
    }

    private void warnOnce(String reason, long values) {
        if (warned.add(reason)) {
            LOG.warn(
                    "output {}: {} values {}; it says: {} (later ones are counted, see `trapline"
                            + " outputs`)",
                    settings.name(),
                    values,
                    reason,
                    tally.counts().notice());
        }
    }

    /// What the journal need not keep any more is written down here first: how far the receiver has
    /// come must not be forgotten with the frames. With more to send, the next request does it.
    private void finish(Item last) throws JournalException, ForwardException {
        work.removeFirst();
        done = last.end();
        if (work.isEmpty()) {
            save();
            commit();
        }
    }

    /// The frames before the one that is next to be sent are dealt with.
    private void commit() throws JournalException {
        long upTo = work.isEmpty() ? read : work.getFirst().getFirst().position() - 1;
        if (upTo > reader.committed()) {
            reader.commit(upTo, fates.upTo(upTo));
            fates.forget(upTo);
        }
    }

    /// Replaces a refused request by smaller ones: around the culprit, or halves.
    private void divide(List<Item> request, Delivery.Refused refused) {
        work.removeFirst();
        int size = request.size();
        int culprit = refused.culprit().orElse(-1);
        if (culprit >= 0 && culprit < size) {
            push(request.subList(culprit + 1, size));
            push(request.subList(culprit, culprit + 1));
            push(request.subList(0, culprit));
        } else {
            push(request.subList(size / 2, size));
            push(request.subList(0, size / 2));
        }
    }

    private void push(List<Item> part) {
        if (!part.isEmpty()) {
            work.addFirst(List.copyOf(part));
        }
    }

    private void setAside(Item item, int status, String reason) throws ForwardException {
        int lost =
                database.setAside(
                        settings.name(),
                        lives.base(),
                        item,
                        status,
                        reason,
                        clock.instant(),
                        asideMaxBytes);
        tally.refused();
        fates.aside(item.position());
        LOG.warn(
                "output {} set an item of journal position {} aside: {}",
                settings.name(),
                item.position(),
                reason);
        if (lost > 0) {
            LOG.error(
                    "output {} gave up the {} oldest items that it had set aside: there are more"
                            + " than [outputs] aside_max_bytes = {} allows",
                    settings.name(),
                    lost,
                    asideMaxBytes);
        }
    }

    private Duration resend(AsideItem aside)
            throws InterruptedException, JournalException, ForwardException {
        if (aside.reason().startsWith(UNREADABLE)) {
            database.refusedAgain(aside.id(), 0, aside.reason(), clock.instant());
            return Duration.ZERO;
        }
        // A sequence of its own: the items' places in the journal are long passed.
        Item item = destination.again(aside);
        String name = database.againAs(aside.id()).orElse(lives.base() + AGAIN);
        Delivery delivery =
                destination.send(
                        List.of(item),
                        new Sequence(name, OptionalLong.empty(), lives.acknowledged()));
        paceFromNow();
        return switch (delivery) {
            case Delivery.Accepted accepted -> {
                accepted(List.of(item), accepted);
                disowned = false;
                acknowledged(name, List.of(item), accepted);
                database.resent(settings.name(), aside.id(), lives.all());
                yield Duration.ZERO;
            }
            case Delivery.Later later -> later(later);
            case Delivery.Disowned answer -> disowned(answer);
            case Delivery.Refused(int status, String reason, var _) -> {
                database.refusedAgain(aside.id(), status, reason, clock.instant());
                yield Duration.ZERO;
            }
        };
    }

    private void paceFromNow() {
        notBefore = nanoTicker.getAsLong() + pace.toNanos();
    }

    private Duration later(Delivery.Later later) {
        Duration wait = backoff.next(later.retryAfter(), later.slow());
        notBefore = nanoTicker.getAsLong() + wait.toNanos();
        Instant now = clock.instant();
        tally.failed(later.reason(), now, now.plus(wait));
        if (!failing) {
            failing = true;
            LOG.warn(
                    "output {} cannot deliver to {} and tries again until it can: {}",
                    settings.name(),
                    settings.shownAddress(),
                    later.reason());
        }
        return wait;
    }

    /// The name of the sequence of what is sent again.
    String againAs() {
        return lives.againAs();
    }

    OutputSettings settings() {
        return settings;
    }

    Tally.Counts counts() {
        return tally.counts();
    }

    /// When the first of the failures was that lasted until now; empty while it delivers.
    Optional<Instant> failingSince() {
        return paused ? Optional.empty() : tally.failingSince();
    }

    boolean isPaused() {
        return paused;
    }

    void pause() throws ForwardException {
        database.pause(settings.name(), true);
        paused = true;
        wake.up();
    }

    /// Goes on at once, also when it was waiting for a next try.
    void resume() throws ForwardException {
        database.pause(settings.name(), false);
        paused = false;
        tryNow();
    }

    void resendAside() {
        resendWanted = true;
        tryNow();
    }

    private void tryNow() {
        hurry = true;
        tally.tryNow();
        wake.up();
    }

    /// Makes [#run] end soon; the owner interrupts its thread.
    void close() {
        closed = true;
        wake.up();
    }

    /// Waits that a command ends early. A command that comes while nobody waits ends the next wait.
    private static final class Wake {
        private final Semaphore calls = new Semaphore(0);

        void up() {
            calls.release();
        }

        void await(Duration time) throws InterruptedException {
            if (time.isPositive() && calls.tryAcquire(time.toNanos(), TimeUnit.NANOSECONDS)) {
                calls.drainPermits();
            }
        }
    }
}
