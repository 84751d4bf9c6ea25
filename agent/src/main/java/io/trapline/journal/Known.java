package io.trapline.journal;

import io.trapline.files.DamagedFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// What the journal remembers of itself outside the database, in `<file>.known`: enough to notice
/// that some of it is gone, and to say how much.
///
/// Two lines of 256 bytes, written in turns, so that one is whole whatever happens; the one with
/// the larger `n` counts. Each is text, `key=value` with spaces between, filled up with spaces:
/// `n`, `identity`, `tail`, `head` (as in [Extent]), `refused` and `check`, the CRC32C of the text
/// before it. It is written without an fsync: a killed process loses nothing of it, a host that
/// goes down a few seconds.
///
/// One owner thread.
final class Known implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Known.class);
    private static final int LINE = 256;
    private static final String CHECK = " check=";

    private final Path file;
    private final FileChannel channel;
    private final String identity;
    private long number;
    private boolean failed;

    /// @param tail position of the oldest frame that was kept
    /// @param head position of the newest that was acknowledged, about
    /// @param refused what follows this position was refused, though it may be in the log; -1 for
    ///   nothing
    record Line(long number, String identity, long tail, long head, long refused) {
        static final Line NONE = new Line(0, "", 1, 0, -1);

        /// The file is there, and nothing in it can be read.
        static final Line UNREADABLE = new Line(-1, "", 1, 0, -1);

        boolean isUnreadable() {
            return number < 0;
        }

        boolean isThere() {
            return number > 0;
        }
    }

    private Known(Path file, FileChannel channel, String identity, long number) {
        this.file = file;
        this.channel = channel;
        this.identity = identity;
        this.number = number;
    }

    private static Path of(Path database) {
        return database.resolveSibling(database.getFileName() + ".known");
    }

    /// For the operator.
    static String unreadable(Path database) {
        return of(database)
                + " is damaged: whether all is there that was acknowledged, and whether something"
                + " that was refused is kept, cannot be told; it is written anew";
    }

    /// What was remembered of the journal in that file; [Line#NONE] when nothing was.
    static Line read(Path database) {
        Line newest = Line.NONE;
        try {
            if (DamagedFiles.isNoFile(of(database))) {
                Path aside = DamagedFiles.moveAside(of(database), Instant.now());
                LOG.error("{} is no file; it was moved aside to {}", of(database), aside);
                return Line.UNREADABLE;
            }
            if (!Files.exists(of(database))) {
                return newest;
            }
            byte[] all = Files.readAllBytes(of(database));
            newest = all.length == 0 ? Line.NONE : Line.UNREADABLE;
            for (int at = 0; at + LINE <= all.length && at < 2 * LINE; at += LINE) {
                Optional<Line> line = parse(new String(all, at, LINE, StandardCharsets.UTF_8));
                if (line.isPresent() && line.get().number > newest.number) {
                    newest = line.get();
                }
            }
        } catch (IOException e) {
            LOG.warn(
                    "{} cannot be read ({}): whether all is there is not known",
                    of(database),
                    e.toString());
        }
        return newest;
    }

    private static Optional<Line> parse(String text) {
        int check = text.indexOf(CHECK);
        if (check < 0 || !text.substring(check).strip().equals(check(text.substring(0, check)))) {
            return Optional.empty();
        }
        Map<String, String> values = new HashMap<>();
        for (String word : text.substring(0, check).split(" ", -1)) {
            int equals = word.indexOf('=');
            if (equals > 0) {
                values.put(word.substring(0, equals), word.substring(equals + 1));
            }
        }
        try {
            return Optional.of(
                    new Line(
                            number(values, "n"),
                            values.getOrDefault("identity", ""),
                            number(values, "tail"),
                            number(values, "head"),
                            number(values, "refused")));
        } catch (NumberFormatException _) {
            return Optional.empty();
        }
    }

    private static long number(Map<String, String> values, String key) {
        return Long.parseLong(values.getOrDefault(key, ""));
    }

    private static String check(String text) {
        CRC32C crc = new CRC32C();
        crc.update(text.getBytes(StandardCharsets.UTF_8));
        return CHECK.strip() + Long.toHexString(crc.getValue());
    }

    /// Opens the file for the journal of that identity.
    ///
    /// @param before what was read of it
    static Known open(Path database, String identity, Line before) throws IOException {
        Path file = of(database);
        return new Known(
                file,
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE),
                identity,
                Math.max(0, before.number));
    }

    /// Remembers where the journal is. A failure is logged once: appends do not depend on it.
    ///
    /// @return whether it is written
    boolean write(Extent extent, long refused) {
        String text =
                "n=%d identity=%s tail=%d head=%d refused=%d"
                        .formatted(++number, identity, extent.tail(), extent.head(), refused);
        byte[] line = new byte[LINE];
        Arrays.fill(line, (byte) ' ');
        byte[] bytes = (text + " " + check(text)).getBytes(StandardCharsets.UTF_8);
        System.arraycopy(bytes, 0, line, 0, bytes.length);
        line[LINE - 1] = '\n';
        try {
            ByteBuffer out = ByteBuffer.wrap(line);
            long at = number % 2 * LINE;
            while (out.hasRemaining()) {
                channel.write(out, at + out.position());
            }
            failed = false;
            return true;
        } catch (IOException e) {
            if (!failed) {
                failed = true;
                LOG.warn("{} cannot be written: {}", file, e.getMessage());
            }
            return false;
        }
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.warn("{} was not closed cleanly", file, e);
        }
    }
}
