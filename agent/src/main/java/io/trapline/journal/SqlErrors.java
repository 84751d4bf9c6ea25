package io.trapline.journal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import org.sqlite.SQLiteErrorCode;

/// What SQLite's result codes mean to the journal.
final class SqlErrors {
    private static final int CORRUPT = 11;
    private static final int FULL = 13;
    private static final int IOERR = 10;

    /// No such table, or column.
    private static final int NOT_THERE = 1;

    private static final int NOT_A_DATABASE = 26;
    private static final long NEXT_TO_NOTHING = 1 << 20;

    private SqlErrors() {}

    /// Extended result codes keep the primary one in their low byte.
    private static int primary(SQLException e) {
        return e.getErrorCode() & 0xFF;
    }

    static boolean isDamage(SQLException e) {
        return primary(e) == CORRUPT || primary(e) == NOT_A_DATABASE;
    }

    /// What is asked for is not in the file, or the disk cannot give it: it is lost to whoever
    /// reads. Everything else (no memory, no room for the shared-memory file) may go by.
    static boolean isUnreadable(SQLException e, Path file) {
        return isDamage(e) || primary(e) == NOT_THERE || (primary(e) == IOERR && !isFull(e, file));
    }

    /// No room: SQLite says so itself, or cannot write on a file system that has none left (some
    /// paths, as growing the shared-memory file, report that as an I/O error).
    static boolean isFull(SQLException e, Path file) {
        return primary(e) == FULL || (primary(e) == IOERR && usableBytes(file) < NEXT_TO_NOTHING);
    }

    static String codeName(SQLException e) {
        SQLiteErrorCode code = SQLiteErrorCode.getErrorCode(e.getErrorCode());
        return code == SQLiteErrorCode.UNKNOWN_ERROR ? "code " + e.getErrorCode() : code.name();
    }

    /// Room on the disk for this user, -1 when that cannot be told.
    static long usableBytes(Path file) {
        try {
            return Files.getFileStore(file).getUsableSpace();
        } catch (IOException _) {
            return -1;
        }
    }
}
