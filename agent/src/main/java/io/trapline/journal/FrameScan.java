package io.trapline.journal;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Reads frames in order over one connection, past damage. One owner thread.
///
/// Two kinds of damage: a frame whose checksum does not match, and rows that SQLite itself cannot
/// read because a page is torn. Both are handed to [Damage] and skipped.
final class FrameScan {
    private static final String AFTER =
            "select position, checksum, length(bytes), bytes from journal_frame"
                    + " where position >= ? order by position";

    private final Connection connection;
    private PreparedStatement after;
    private final FrameSum sum = new FrameSum();
    private long next;

    /// Hears of positions that could not be read.
    @FunctionalInterface
    interface Damage {
        void found(long first, long last, String what);
    }

    FrameScan(Connection connection) throws SQLException {
        this.connection = connection;
        after = connection.prepareStatement(AFTER);
    }

    /// The driver gives up a statement that failed.
    private void prepareAnew() throws SQLException {
        after.close();
        after = connection.prepareStatement(AFTER);
    }

    /// Where the next [#read] that follows on should begin.
    long next() {
        return next;
    }

    /// The readable frames of `first` to `last`, until `maxBytes` are reached: always one, when
    /// there is one. After that, [#next] is behind all that was looked at.
    List<JournalReader.Frame> read(long first, long last, long maxBytes, Damage damage)
            throws SQLException {
        List<JournalReader.Frame> frames = new ArrayList<>();
        next = first;
        while (next <= last) {
            try {
                collect(frames, last, maxBytes, damage);
                return frames;
            } catch (SQLException e) {
                prepareAnew();
                if (!SqlErrors.isDamage(e)) {
                    throw e;
                }
                if (!frames.isEmpty()) {
                    return frames;
                }
                long unreadable = next;
                next = firstReadable(unreadable, last);
                damage.found(unreadable, next - 1, "unreadable, " + SqlErrors.codeName(e));
            }
        }
        return frames;
    }

    private void collect(List<JournalReader.Frame> frames, long last, long maxBytes, Damage damage)
            throws SQLException {
        long bytes = 0;
        after.setLong(1, next);
        try (ResultSet row = after.executeQuery()) {
            while (row.next()) {
                long position = row.getLong(1);
                if (position > last) {
                    return;
                }
                next = position;
                if (!frames.isEmpty() && bytes + row.getLong(3) > maxBytes) {
                    return;
                }
                byte @Nullable [] frame = row.getBytes(4);
                if (frame == null) {
                    // So the driver says that a further page of the row is not there.
                    damage.found(position, position, "a part of it is missing");
                } else if (sum.of(position, frame) == row.getLong(2)) {
                    frames.add(new JournalReader.Frame(position, frame));
                    bytes += frame.length;
                } else {
                    damage.found(position, position, "checksum does not match");
                }
                next = position + 1;
                if (!frames.isEmpty() && bytes >= maxBytes) {
                    return;
                }
            }
        }
        next = last + 1;
    }

    /// The first position after `bad` that can be read, `last + 1` when none can. A torn page hides
    /// one contiguous range, so this gallops over it and then halves its way back.
    private long firstReadable(long bad, long last) throws SQLException {
        long unreadable = bad;
        long step = 1;
        while (step <= last - unreadable && !isReadable(unreadable + step)) {
            unreadable += step;
            step *= 2;
        }
        long readable = step <= last - unreadable ? unreadable + step : last + 1;
        while (readable - unreadable > 1) {
            long middle = unreadable + (readable - unreadable) / 2;
            if (isReadable(middle)) {
                readable = middle;
            } else {
                unreadable = middle;
            }
        }
        return readable;
    }

    private boolean isReadable(long position) throws SQLException {
        after.setLong(1, position);
        try (ResultSet row = after.executeQuery()) {
            return row.next() && row.getBytes(4) != null;
        } catch (SQLException e) {
            prepareAnew();
            if (SqlErrors.isDamage(e)) {
                return false;
            }
            throw e;
        }
    }
}
