package io.trapline;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Random;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Room on the disk that is kept for a start when there is none left: `data/reserve`. An agent on a
/// full disk needs a little for locks and SQLite's shared-memory files; then it can say what is the
/// matter, let people query, and send on what it has.
final class DiskReserve {
    private static final Logger LOG = LoggerFactory.getLogger(DiskReserve.class);
    private static final int BYTES = 4 << 20;

    /// A start needs less; with less than this the reserve is given up.
    private static final long NEEDED = 2 << 20;

    /// It is not made on a disk that is nearly full.
    private static final long PLENTY = 64L << 20;

    private DiskReserve() {}

    /// Before anything is written: gives the reserve up when there is no room. Afterwards, or when
    /// there is room, see [#make].
    static void use(Path data) throws IOException {
        Path reserve = data.resolve("reserve");
        long usable = Files.getFileStore(data).getUsableSpace();
        if (usable < NEEDED && Files.deleteIfExists(reserve)) {
            LOG.warn(
                    "the disk of {} is full ({} bytes usable): the reserve that is kept for this was"
                            + " given up, so that the agent can start; writes are refused until"
                            + " there is room",
                    data,
                    usable);
        }
    }

    /// What a start that failed should say of the disk; empty when that has room.
    static String missing(Path data) {
        try {
            long usable = Files.getFileStore(data).getUsableSpace();
            return usable >= NEEDED
                    ? ""
                    : "; the disk of %s is full (%d bytes usable), and there is no %s of an earlier"
                                    .formatted(data, usable, data.resolve("reserve").getFileName())
                            + " start to give up: make %d MiB of room on it, then start again"
                                    .formatted(BYTES >> 20);
        } catch (IOException _) {
            return "";
        }
    }

    /// Makes the reserve when it is not there and the disk has plenty of room.
    static void make(Path data) {
        Path reserve = data.resolve("reserve");
        try {
            if (Files.exists(reserve) || Files.getFileStore(data).getUsableSpace() < PLENTY) {
                return;
            }
            byte[] bytes = new byte[BYTES];
            // Zeros would take no room on a disk that compresses.
            new Random(1).nextBytes(bytes);
            try (FileChannel out =
                    FileChannel.open(
                            reserve, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                ByteBuffer rest = ByteBuffer.wrap(bytes);
                while (rest.hasRemaining()) {
                    out.write(rest);
                }
            }
        } catch (IOException e) {
            LOG.warn("{} could not be made: {}", reserve, e.toString());
        }
    }
}
