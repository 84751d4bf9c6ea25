package io.trapline.journal;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteConfig;

/// A reader with a connection of its own: it never waits for the writer, nor the writer for it.
///
/// Each [#read] is one short read transaction, so that the write-ahead log can be reset. Methods
/// that touch the connection are synchronized against [#close] from the journal.
final class SqliteReader implements JournalReader {
    private static final Logger LOG = LoggerFactory.getLogger(SqliteReader.class);

    private final String name;
    private final Path file;
    private final State state;
    private final Intake intake;
    private final Connection connection;
    private final FrameScan scan;
    private long committed;
    private long next;
    private boolean closed;

    SqliteReader(String name, Path file, State state, Intake intake, long committed)
            throws SQLException {
        this.name = name;
        this.file = file;
        this.state = state;
        this.intake = intake;
        this.committed = committed;
        next = committed + 1;
        SQLiteConfig config = new SQLiteConfig();
        config.setCacheSize(-256);
        config.setBusyTimeout(10_000);
        connection = Database.connect(file, config);
        scan = new FrameScan(connection);
    }

    @Override
    public List<Frame> read(long maxBytes, Duration wait)
            throws JournalException, InterruptedException {
        long deadline = System.nanoTime() + wait.toNanos();
        long head = state.extent().head();
        while (true) {
            List<Frame> frames = fetch(head, maxBytes);
            if (!frames.isEmpty()) {
                return frames;
            }
            long left = deadline - System.nanoTime();
            head = state.awaitHead(next, left);
            if (head < next) {
                requireOpen();
                return List.of();
            }
        }
    }

    private synchronized List<Frame> fetch(long head, long maxBytes) throws JournalException {
        requireOpen();
        if (next > head) {
            return List.of();
        }
        try {
            List<Frame> frames = scan.read(next, head, maxBytes, this::found);
            next = scan.next();
            return frames;
        } catch (SQLException e) {
            throw new JournalException(
                    "journal reader %s could not read %s from position %d: %s"
                            .formatted(name, file, next, e.getMessage()),
                    e);
        }
    }

    private void found(long first, long last, String what) {
        if (state.countDamaged(first, last - first + 1)) {
            LOG.error(
                    "journal {}: frames {} to {} are damaged ({}) and were skipped",
                    file,
                    first,
                    last,
                    what);
        }
    }

    private synchronized void requireOpen() throws JournalException {
        if (closed || state.isClosed()) {
            throw new JournalException(
                    "journal reader " + name + " of " + file + " is closed; ask for a new one");
        }
    }

    /// Reaches the disk with the writer's next transactions, within a fraction of a second. A crash
    /// before that means that frames are read again.
    @Override
    public void commit(long position) throws JournalException {
        commit(position, Map.of());
    }

    @Override
    public void commit(long position, Map<Sum, Sum.Amount> counted) throws JournalException {
        requireOpen();
        long head = state.extent().head();
        if (position > head) {
            throw new JournalException(
                    "journal reader %s cannot commit position %d of %s: the newest frame is %d"
                            .formatted(name, position, file, head));
        }
        if (position <= committed) {
            return;
        }
        committed = position;
        if (state.commit(name, position, counted)) {
            intake.nudge();
        }
    }

    /// A position that the journal never reached belongs to a journal that is gone: everything that
    /// is here is new to the reader, and it begins with the oldest frame.
    @Override
    public void seek(long position) {
        Extent extent = state.extent();
        if (position > extent.head()) {
            LOG.warn(
                    "journal reader {} asks for what follows {} but {} ends at {}: it must be"
                            + " another journal's; reading from the oldest frame, {}",
                    name,
                    position,
                    file,
                    extent.head(),
                    extent.tail());
            next = extent.tail();
        } else {
            next = position + 1;
        }
    }

    @Override
    public long committed() {
        return committed;
    }

    synchronized void close() {
        closed = true;
        try {
            connection.close();
        } catch (SQLException e) {
            LOG.warn("journal reader {} of {} was not closed cleanly", name, file, e);
        }
    }
}
