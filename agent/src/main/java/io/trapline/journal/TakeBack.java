package io.trapline.journal;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Takes frames that were refused out of the write-ahead log.
///
/// When the fsync of a commit fails, the whole transaction with its end is in the log already, and
/// SQLite would find it there at the next start, though the caller was told that it was not kept.
/// SQLite itself goes on as if it were not: the next transaction is written over it. So it may be
/// cut off while nobody writes.
final class TakeBack {
    private static final Logger LOG = LoggerFactory.getLogger(TakeBack.class);

    private TakeBack() {}

    /// Cuts the log before the first transaction with a frame behind `head`.
    ///
    /// The caller sees to it that no other connection writes.
    ///
    /// @return whether something was there
    /// @throws IOException when it could not be cut, or the disk did not confirm it
    static boolean cut(Path database, long head) throws IOException {
        WalFile wal = WalFile.read(database);
        if (wal.images().isEmpty()) {
            return false;
        }
        int first;
        try (RawFrames raw = new RawFrames(database, wal)) {
            first = raw.firstTransactionBehind(head);
        }
        if (first < 0) {
            return false;
        }
        long end =
                wal.images().stream()
                        .filter(image -> image.transaction() == first)
                        .mapToLong(image -> image.at() - WalFile.IMAGE_HEADER)
                        .min()
                        .orElseThrow();
        try (FileChannel log = FileChannel.open(wal.file(), StandardOpenOption.WRITE)) {
            log.truncate(end);
            log.force(true);
        }
        return true;
    }

    /// At a start, before SQLite has seen the log: what the process before refused and could not
    /// take back.
    static void refused(Path database, Known.Line known) throws IOException {
        if (known.refused() >= 0
                && Files.exists(WalFile.of(database))
                && cut(database, known.refused())) {
            LOG.warn(
                    "journal {}: frames behind position {} that were refused, since the disk did not"
                            + " confirm them, were in its log and were taken out",
                    database,
                    known.refused());
        }
    }
}
