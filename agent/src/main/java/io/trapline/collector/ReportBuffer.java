package io.trapline.collector;

import io.trapline.bridge.WorkerListener.Reply;
import io.trapline.journal.JournalException;
import io.trapline.model.Entry;
import io.trapline.model.Point;
import io.trapline.model.Run;
import io.trapline.pipeline.Decoded;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/// The points of one run (or of a collector's reports outside any run) until they are durable.
///
/// They become durable together with the run's row, or earlier: when more than [#MOST_POINTS] wait,
/// in the reporting call itself, so that a collector cannot outrun the journal; or when one has
/// waited for [#LONGEST_WAIT], by whoever calls [#flush]; or in each reporting call, while
/// [#storeEach] says so. Points that the journal refused stay here and new reports are refused
/// until it takes the old ones. Any thread may call any method; `lock` guards everything and is
/// held while the journal works.
final class ReportBuffer {
    static final int MOST_POINTS = 10_000;
    static final long LONGEST_WAIT = 1_000_000_000L;
    private static final long RETRY = 1_000_000_000L;

    private final String source;
    private final Sink sink;
    private final LongSupplier nanos;
    private final ReentrantLock lock = new ReentrantLock();
    private final List<Part> parts = new ArrayList<>();
    private int waiting;
    private long durable;
    private long refusedReports;
    private long refusedPoints;
    private @Nullable String failure;
    private int failureStatus;
    private long failedAt;
    private String lastFailure = "";
    private boolean closed;
    private volatile boolean storeEach;
    private final AtomicLong taken = new AtomicLong();

    private record Part(List<Point> points, Decoded.TagChoice tags) {}

    /// What a report met here.
    ///
    /// @param reply what the collector is told
    /// @param first whether it is the first that waits, so that someone should [#flush] in time
    record Taken(Reply reply, boolean first) {}

    static ReportBuffer of(String input, String collector, Machine machine) {
        return new ReportBuffer(Ledger.source(input, collector), machine.sink(), machine.nanos());
    }

    ReportBuffer(String source, Sink sink, LongSupplier nanos) {
        this.source = source;
        this.sink = sink;
        this.nanos = nanos;
    }

    /// Whether a report is durable before it is answered: for a run that may never end, so that
    /// nobody is told that what it reported is kept.
    void storeEach(boolean each) {
        storeEach = each;
    }

    /// Points that were taken so far, durable or not.
    long taken() {
        return taken.get();
    }

    /// Takes points, or null when the run has ended already.
    @Nullable Taken add(List<Point> points, Decoded.TagChoice tags) {
        lock.lock();
        try {
            return closed ? null : take(points, tags);
        } finally {
            lock.unlock();
        }
    }

    /// Takes points if that needs neither the journal nor a wait for it; null when it does, or when
    /// the run has ended already.
    @Nullable Taken addAtOnce(List<Point> points, Decoded.TagChoice tags) {
        if (!lock.tryLock()) {
            return null;
        }
        try {
            boolean atOnce =
                    !closed
                            && !storeEach
                            && failure == null
                            && waiting + points.size() <= MOST_POINTS;
            return atOnce ? take(points, tags) : null;
        } finally {
            lock.unlock();
        }
    }

    private Taken take(List<Point> points, Decoded.TagChoice tags) {
        if (failure != null && nanos.getAsLong() - failedAt >= RETRY) {
            failure = null;
            storeWaiting();
        }
        if (failure != null) {
            refusedReports++;
            refusedPoints += points.size();
            return new Taken(refusal(failure), false);
        }
        if (points.isEmpty()) {
            return new Taken(Reply.OK, false);
        }
        boolean first = waiting == 0;
        parts.add(new Part(points, tags));
        waiting += points.size();
        taken.addAndGet(points.size());
        if (waiting > MOST_POINTS || storeEach) {
            store();
            if (failure != null) {
                // This report is the one that is told; the earlier ones were promised and stay.
                parts.removeLast();
                waiting -= points.size();
                taken.addAndGet(-points.size());
                refusedReports++;
                refusedPoints += points.size();
                return new Taken(refusal(failure), false);
            }
            return new Taken(Reply.OK, false);
        }
        return new Taken(Reply.OK, first);
    }

    /// Makes durable what waits; false when the journal refused it and it waits on.
    boolean flush() {
        lock.lock();
        try {
            storeWaiting();
            return failure == null;
        } finally {
            lock.unlock();
        }
    }

    private void storeWaiting() {
        if (waiting > 0) {
            store();
        }
    }

    /// Makes the rest durable together with the run's row, which gets the number of points, and is
    /// an error if any point of the run was refused. Nothing can be added afterwards.
    End finish(Run row) {
        lock.lock();
        try {
            closed = true;
            return storeWith(row);
        } finally {
            lock.unlock();
        }
    }

    private End storeWith(Run row) {
        Run whole = judged(row, durable + waiting);
        try {
            List<Entry> entries = finished();
            entries.add(whole);
            sink.accept(source, entries);
            return new End(whole, true, refusedReports, refusedPoints);
        } catch (JournalException | RuntimeException e) {
            remember(e);
            refusedReports += parts.size();
            refusedPoints += waiting;
            return new End(judged(row, durable), false, refusedReports, refusedPoints);
        } finally {
            parts.clear();
            waiting = 0;
        }
    }

    /// Ends a buffer that belongs to no run; returns how many points had to be given up.
    long close() {
        lock.lock();
        try {
            closed = true;
            storeWaiting();
            long lost = waiting;
            parts.clear();
            waiting = 0;
            return lost;
        } finally {
            lock.unlock();
        }
    }

    int waiting() {
        lock.lock();
        try {
            return waiting;
        } finally {
            lock.unlock();
        }
    }

    /// @param row as it stands, or should stand, in the ledger
    /// @param stored whether it does
    record End(Run row, boolean stored, long refusedReports, long refusedPoints) {}

    private void store() {
        try {
            sink.accept(source, finished());
            durable += waiting;
            parts.clear();
            waiting = 0;
            failure = null;
        } catch (JournalException | RuntimeException e) {
            remember(e);
        }
    }

    private List<Entry> finished() {
        List<Entry> entries = new ArrayList<>(waiting + 1);
        for (Part part : parts) {
            entries.addAll(sink.finish(part.points, part.tags));
        }
        return entries;
    }

    private void remember(Exception e) {
        String message = e.getMessage();
        failure = message == null ? e.toString() : message;
        lastFailure = failure;
        failureStatus = e instanceof JournalException ? 503 : 500;
        failedAt = nanos.getAsLong();
    }

    private Run judged(Run row, long points) {
        boolean whole = refusedReports == 0;
        String lost =
                refusedPoints
                        + " points in "
                        + refusedReports
                        + " reports were not kept: "
                        + lastFailure;
        return new Run(
                row.input(),
                row.collector(),
                row.plannedNs(),
                row.startedNs(),
                row.durationNs(),
                whole || row.outcome() != Run.Outcome.OK ? row.outcome() : Run.Outcome.ERROR,
                points,
                whole ? row.error() : row.error().isEmpty() ? lost : lost + "\n" + row.error());
    }

    private Reply refusal(String reason) {
        String code = failureStatus == 503 ? "datakit.journalRefused" : "datakit.internalError";
        return Replies.error(failureStatus, code, "nothing of this report was kept: " + reason);
    }
}
