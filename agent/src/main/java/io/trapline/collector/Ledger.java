package io.trapline.collector;

import io.trapline.journal.JournalException;
import io.trapline.model.Entry;
import io.trapline.model.Run;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Rows of the run ledger that have no points to go with: skipped runs, and rows that the journal
/// refused at the end of their run. They wait here until the journal takes them, at most [#MOST].
///
/// Any thread may call any method. The monitor guards all fields; the journal is never called under
/// it.
final class Ledger {
    static final int MOST = 10_000;
    static final long RETRY = 5_000_000_000L;
    private static final Logger LOG = LoggerFactory.getLogger(Ledger.class);

    private final Sink sink;
    private final Executor writer;
    private final Timeline timeline;
    private final LongSupplier nanos;
    private final ArrayDeque<Run> waiting = new ArrayDeque<>();
    private boolean writing;
    private boolean failing;
    private long lost;

    Ledger(Sink sink, Executor writer, Timeline timeline, LongSupplier nanos) {
        this.sink = sink;
        this.writer = writer;
        this.timeline = timeline;
        this.nanos = nanos;
    }

    static String source(String input, String collector) {
        return "pythond/" + input + "/" + collector;
    }

    void add(Run row) {
        synchronized (this) {
            if (waiting.size() >= MOST) {
                waiting.removeFirst();
                lost++;
            }
            waiting.addLast(row);
            if (writing) {
                return;
            }
            writing = true;
        }
        writer.execute(this::write);
    }

    /// Rows given up because too many waited for a journal that takes nothing.
    synchronized long lost() {
        return lost;
    }

    synchronized int waiting() {
        return waiting.size();
    }

    /// Tries once more to write everything, for the end.
    void flush() {
        List<Run> rows = next();
        while (!rows.isEmpty() && write(rows)) {
            rows = next();
        }
    }

    private void write() {
        for (List<Run> rows = next(); !rows.isEmpty(); rows = next()) {
            if (!write(rows)) {
                timeline.at(nanos.getAsLong() + RETRY, () -> writer.execute(this::write));
                return;
            }
        }
    }

    /// The oldest rows of one source; when there are none, writing ends.
    private synchronized List<Run> next() {
        List<Run> rows = new ArrayList<>();
        Run oldest = waiting.peekFirst();
        if (oldest == null) {
            writing = false;
            return rows;
        }
        for (Run row = oldest;
                row != null && sameSource(row, oldest) && rows.size() < 1000;
                row = waiting.peekFirst()) {
            rows.add(waiting.removeFirst());
        }
        return rows;
    }

    private static boolean sameSource(Run a, Run b) {
        return a.input().equals(b.input()) && a.collector().equals(b.collector());
    }

    private boolean write(List<Run> rows) {
        Run one = rows.getFirst();
        try {
            sink.accept(source(one.input(), one.collector()), List.<Entry>copyOf(rows));
            synchronized (this) {
                failing = false;
            }
            return true;
        } catch (JournalException
                | RuntimeException
                | Error e) { // the rows are kept whatever it is
            synchronized (this) {
                for (Run row : rows.reversed()) {
                    waiting.addFirst(row);
                }
                while (waiting.size() > MOST) {
                    waiting.removeFirst();
                    lost++;
                }
                if (!failing) {
                    failing = true;
                    LOG.warn(
                            "Could not write {} rows of the run ledger: {}. They are kept in memory"
                                    + " (at most {}) and tried again every 5 s",
                            waiting.size(),
                            e.getMessage(),
                            MOST);
                }
            }
            return false;
        }
    }
}
