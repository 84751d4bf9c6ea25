package io.trapline.journal;

import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The one thread that writes: takes whoever waits, gives them one transaction and so one fsync.
///
/// The same transactions carry the cursors and the trimming, a little at a time. `extent` is the
/// truth on disk; it moves after a commit only.
final class Writer implements Runnable {
    private static final Logger LOG = LoggerFactory.getLogger(Writer.class);
    private static final long FOREVER = Long.MAX_VALUE;
    private static final long RETRY_NANOS = 1_000_000_000L;

    /// Frames that one transaction deletes at least, when there are so many; costs well under 1 ms.
    private static final int TRIM_FRAMES = 256;

    /// A file with less free room than this is left as it is: the room will be used again.
    private static final long SPARE_BYTES = 64 << 20;

    private static final long GIVE_BACK_STEP = 2 << 20;

    private static final String DAMAGED =
            "the journal's file is damaged: restart, and what is readable is saved";

    private final Path file;
    private final Database database;
    private final State state;
    private final Origins origins;
    private final Intake intake;

    /// What this process appends; on disk with the first frame of it.
    private final Lineage.Life life;

    private boolean lifeIsWritten;
    private boolean headIsWritten;

    /// A commit was tried and has not succeeded.
    private boolean committing;

    private final Known known;
    private boolean knownIsOld;

    /// What is behind `extent` in the log was refused and may still be there.
    private boolean leftInLog;

    private final Presence presence;
    private final Supplier<JournalSettings> settings;
    private final Tuning tuning;
    private Extent extent;
    private long cursorsWrittenAt;
    private long troubleUntil;

    /// Why the last write failed; empty when it did not.
    private String trouble = "";

    /// Said in the log once; taken back when a tenth of the quota is free again.
    private boolean saidFull;

    private boolean trimBroken;
    private boolean mayGiveBack = true;
    private boolean gaveBack;

    Writer(
            Path file,
            Database database,
            State state,
            Origins origins,
            Intake intake,
            Lineage.Life life,
            Known known,
            Presence presence,
            Supplier<JournalSettings> settings,
            Tuning tuning) {
        this.file = file;
        this.database = database;
        this.state = state;
        this.origins = origins;
        this.intake = intake;
        this.life = life;
        this.known = known;
        this.presence = presence;
        this.settings = settings;
        this.tuning = tuning;
        this.extent = state.extent();
        this.cursorsWrittenAt = tuning.ticker().getAsLong();
    }

    @Override
    public void run() {
        List<Request> group = new ArrayList<>();
        while (intake.take(group, tuning.groupBytes(), tuning.groupFrames(), idleNanos())) {
            if (!group.isEmpty()) {
                serve(group);
                group.clear();
            } else if (!isHeldUp()) {
                keepHouse();
            }
        }
        if (!state.cursorChanges().isEmpty()) {
            serve(List.of());
        }
        if (knownIsOld) {
            remember();
        }
        known.close();
        try {
            database.close();
        } catch (SQLException e) {
            LOG.warn("journal {} was not closed cleanly; nothing is lost", file, e);
        }
    }

    /// How long the writer may sleep: until cursors are due, not at all while there is something to
    /// trim or to give back.
    private long idleNanos() {
        if (!trouble.isEmpty()) {
            return Math.max(0, troubleUntil - tuning.ticker().getAsLong());
        }
        if (trimTarget(State.CursorChanges.NONE) >= extent.tail() || mayGiveBack) {
            return 0;
        }
        return state.cursorChanges().isEmpty() ? FOREVER : Math.max(0, nanosUntilCursorsAreDue());
    }

    /// Costs microseconds, beside a commit that waits for the disk.
    private void remember() {
        knownIsOld = !known.write(extent, leftInLog ? extent.head() : -1);
    }

    private long nanosUntilCursorsAreDue() {
        return cursorsWrittenAt + tuning.cursorDelay().toNanos() - tuning.ticker().getAsLong();
    }

    /// After a failure, work that nobody waits for rests for a moment.
    private boolean isHeldUp() {
        return !trouble.isEmpty() && troubleUntil - tuning.ticker().getAsLong() > 0;
    }

    private void keepHouse() {
        if (!trouble.isEmpty()) {
            // Also when nobody appends it must be known whether writes work again.
            serve(List.of());
            return;
        }
        boolean trim = trimTarget(State.CursorChanges.NONE) >= extent.tail();
        boolean cursors = !state.cursorChanges().isEmpty() && nanosUntilCursorsAreDue() <= 0;
        if (trim || cursors) {
            serve(List.of());
        } else if (mayGiveBack) {
            giveBack();
        }
    }

    private void giveBack() {
        try {
            long free = database.freeBytes();
            mayGiveBack = free > SPARE_BYTES && free > extent.bytes();
            if (mayGiveBack) {
                database.giveBack(GIVE_BACK_STEP);
                gaveBack = true;
            } else if (gaveBack) {
                gaveBack = false;
                // The file gets shorter when the log is moved into it.
                database.checkpoint();
            }
        } catch (SQLException e) {
            mayGiveBack = false;
            LOG.warn("journal {} could not give free pages back to the file system", file, e);
        }
    }

    /// Writes a group and completes every request of it, whatever happens.
    private void serve(List<Request> group) {
        try {
            write(group);
        } catch (SQLException e) {
            fail(group, e);
        } catch (RuntimeException | Error e) {
            database.rollback();
            String uncertain = takeBack();
            holdUp("journal " + file + " failed: " + e);
            LOG.error("journal {}: the writer failed on {} requests", file, group.size(), e);
            refuseAll(
                    group,
                    new Request.Failure(
                            false,
                            !uncertain.isEmpty(),
                            "journal "
                                    + file
                                    + " failed: "
                                    + e
                                    + (uncertain.isEmpty()
                                            ? "; nothing was kept"
                                            : "; whether it is kept is unknown"),
                            e));
        }
        for (int i = 0; i < group.size(); i++) {
            group.get(i).complete();
        }
    }

    private void write(List<Request> group) throws SQLException {
        try {
            writeTransaction(group);
        } catch (SQLException e) {
            if (!SqlErrors.isDamage(e) || trimBroken) {
                throw e;
            }
            // Perhaps only the old end is damaged: going on without trimming keeps appends alive.
            database.rollback();
            trimBroken = true;
            DamagedFile.mark(file, e);
            writeTransaction(group);
        }
    }

    private void writeTransaction(List<Request> group) throws SQLException {
        committing = false;
        Optional<String> lost = presence.trouble();
        if (lost.isPresent()) {
            throw new SQLException(lost.get());
        }
        JournalSettings limits = settings.get();
        long maxBytes = limits.maxBytes();
        long groupCost = 0;
        boolean flush = nanosUntilCursorsAreDue() <= 0 || group.isEmpty();
        for (Request request : group) {
            groupCost += request.cost();
            flush |= !request.isAppend();
        }
        flush |= extent.bytes() + groupCost > maxBytes;
        State.CursorChanges changes = flush ? state.cursorChanges() : State.CursorChanges.NONE;

        database.begin();
        if (!changes.isEmpty()) {
            database.putCursors(changes);
        }
        if (group.isEmpty() && !trouble.isEmpty()) {
            // Something must be written, or the commit proves nothing.
            database.putProbe(tuning.ticker().getAsLong());
        }
        Extent now = trim(group.size(), groupCost, maxBytes, changes);
        long tailAfterTrim = now.tail();
        long refused = 0;
        origins.begin();
        for (Request request : group) {
            if (request.isAppend()) {
                long limit = maxBytes + (request.isReserved() ? limits.reserveBytes() : 0);
                if (now.bytes() + cost(request) > limit) {
                    request.refuse(overQuota(request, now, limit));
                    refused++;
                } else {
                    now = append(request, now);
                }
            }
        }
        origins.write(now.head());
        if (!headIsWritten) {
            // It may be ahead of the newest frame, and what is remembered of it beside is not to
            // be ahead of the database.
            database.putHead(now.head(), now.end());
        }
        if (!lifeIsWritten && now.head() > extent.head()) {
            database.putLife(life);
        }
        committing = true;
        database.commit();
        committing = false;
        Optional<String> gone = presence.check();
        if (gone.isPresent()) {
            throw new SQLException(gone.get());
        }
        headIsWritten = true;
        lifeIsWritten |= now.head() > extent.head();
        origins.commit();
        if (flush) {
            cursorsWrittenAt = tuning.ticker().getAsLong();
        }
        mayGiveBack |= tailAfterTrim > extent.tail();
        boolean takes = refused == 0 && now.head() > extent.head();
        if (saidFull && takes && now.bytes() < maxBytes - maxBytes / 10) {
            saidFull = false;
            LOG.info("journal {} has room again", file);
        }
        knownIsOld |= now.head() != extent.head() || now.tail() != extent.tail();
        extent = now;
        if (leftInLog || knownIsOld) {
            // What was left there is overwritten by now.
            leftInLog = false;
            remember();
        }
        if (!trouble.isEmpty()) {
            trouble = "";
            LOG.info("journal {} takes writes again", file);
        }
        state.trouble(trimBroken ? DAMAGED : "");
        state.publish(now, changes, refused);
    }

    /// A repetition takes no room: what it repeats is there.
    private long cost(Request request) {
        if (!request.isOnce()) {
            return request.cost();
        }
        for (int i = 0; i < request.frames(); i++) {
            if (origins.isNew(request.origin(i))) {
                return request.cost();
            }
        }
        return 0;
    }

    private Extent append(Request request, Extent before) throws SQLException {
        Extent now = before;
        for (int i = 0; i < request.frames(); i++) {
            if (request.isOnce()) {
                if (!origins.isNew(request.origin(i))) {
                    continue;
                }
                origins.put(request.origin(i), request.frame(i));
            }
            now = database.append(now, now.head() + 1, request.frame(i));
        }
        request.result(request.isOnce() ? now.head() - before.head() : now.head());
        return now;
    }

    private Extent trim(int frames, long groupCost, long maxBytes, State.CursorChanges changes)
            throws SQLException {
        Extent now = extent;
        long target = trimTarget(changes);
        long step = Math.max(TRIM_FRAMES, 2L * frames);
        while (target >= now.tail()) {
            now = database.trim(now, Math.min(target, now.tail() + step - 1));
            if (now.bytes() + groupCost <= maxBytes) {
                break;
            }
        }
        return now;
    }

    /// The last position that no reader needs any more; below the tail when there is none.
    private long trimTarget(State.CursorChanges changes) {
        return trimBroken ? 0 : Math.min(extent.head(), state.trimmable(changes));
    }

    private Request.Failure overQuota(Request request, Extent now, long maxBytes) {
        String message =
                "journal "
                        + file
                        + " refused a frame of "
                        + request.bytes()
                        + " bytes: it keeps "
                        + now.bytes()
                        + " of at most "
                        + maxBytes
                        + " bytes ([journal] max_bytes); "
                        + slowest();
        if (!saidFull) {
            saidFull = true;
            LOG.error("{}. What does not fit is refused until there is room", message);
        }
        return new Request.Failure(true, false, message, null);
    }

    /// Who keeps the frames from being trimmed, and what to do about it.
    private String slowest() {
        Journal.ReaderStatus slowest = null;
        for (Journal.ReaderStatus reader : state.status(0).readers()) {
            if (slowest == null || reader.lag() > slowest.lag()) {
                slowest = reader;
            }
        }
        return slowest == null
                ? "no reader is registered, so nothing is ever trimmed; configure a store or an"
                        + " output, or raise the quota"
                : "the slowest reader is "
                        + slowest.name()
                        + ", "
                        + slowest.lag()
                        + " frames behind; get it going again, remove it, or raise the quota";
    }

    private void fail(List<Request> group, SQLException e) {
        database.rollback();
        boolean wasInTrouble = !trouble.isEmpty();
        Request.Failure failure = failure(group, e, takeBack());
        holdUp(failure.message());
        if (SqlErrors.isDamage(e)) {
            DamagedFile.mark(file, e);
        } else if (!wasInTrouble) {
            LOG.error("{}", failure.message(), e);
        }
        refuseAll(group, failure);
    }

    /// Sees to it that nothing of a transaction that failed comes back.
    ///
    /// @return why that is not certain, empty when it is
    private String takeBack() {
        if (!committing || presence.trouble().isPresent()) {
            return "";
        }
        try {
            // So that no other connection writes.
            database.begin();
            try {
                if (database.newest() > extent.head()) {
                    database.deleteAfter(extent.head());
                    database.commit();
                } else {
                    boolean _ = TakeBack.cut(file, extent.head());
                }
            } finally {
                database.rollback();
            }
            committing = false;
            return "";
        } catch (SQLException | IOException e) {
            // The next start does it, and the next write, which goes over it.
            leftInLog = true;
            remember();
            return String.valueOf(e.getMessage());
        }
    }

    private Request.Failure failure(List<Request> group, SQLException e, String uncertain) {
        Optional<String> gone = presence.trouble();
        if (gone.isPresent()) {
            return new Request.Failure(false, false, gone.get() + "; nothing was kept", e);
        }
        boolean full = SqlErrors.isFull(e, file);
        long bytes = 0;
        for (Request request : group) {
            bytes += request.bytes();
        }
        String tried =
                "journal %s could not write %d frames of %d bytes: "
                        .formatted(file, group.size(), bytes);
        String kept =
                uncertain.isEmpty()
                        ? "nothing was kept"
                        : "whether it is kept is unknown, since the disk did not confirm that it was"
                                + " taken back ("
                                + uncertain
                                + "): it is not, unless this host loses its power before a write"
                                + " succeeds";
        if (full) {
            return new Request.Failure(
                    true,
                    !uncertain.isEmpty(),
                    tried
                            + "the disk is full ("
                            + SqlErrors.usableBytes(file)
                            + " bytes usable); "
                            + kept
                            + "; make room on it, and writes are taken again by themselves",
                    e);
        }
        return new Request.Failure(
                false,
                !uncertain.isEmpty(),
                tried
                        + SqlErrors.codeName(e)
                        + "; "
                        + kept
                        + (SqlErrors.isDamage(e)
                                ? "; the file is damaged: restart, and what is readable is saved"
                                : "; the next append tries again"),
                e);
    }

    private void refuseAll(List<Request> group, Request.@Nullable Failure failure) {
        long refused = 0;
        for (Request request : group) {
            // One that the quota refused before keeps its reason.
            if (!request.isRefused() && failure != null) {
                request.refuse(failure);
            }
            refused += request.isAppend() && failure != null && failure.full() ? 1 : 0;
        }
        state.countRefused(refused);
    }

    private void holdUp(String why) {
        trouble = why;
        state.trouble(why);
        troubleUntil = tuning.ticker().getAsLong() + RETRY_NANOS;
    }
}
