package io.trapline.journal;

import io.trapline.files.DamagedFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps a second process away: a lock on `<file>.lock`, which holds the owner's process id. The
/// kernel drops it with the process, however that ends.
///
/// A file of its own, since closing any handle on a file gives up the process's locks on it: the
/// database file must be left to SQLite. For the same reason this process asks its own list first.
final class DataLock implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(DataLock.class);
    private static final Set<Path> HELD_HERE = ConcurrentHashMap.newKeySet();

    private final Path path;
    private final FileChannel channel;

    private DataLock(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    static DataLock acquire(Path file) throws IOException, JournalException {
        Path directory = Objects.requireNonNull(file.toAbsolutePath().getParent());
        Path path = directory.toRealPath().resolve(file.getFileName() + ".lock");
        if (!HELD_HERE.add(path)) {
            throw new JournalException("journal " + file + " is already open in this process");
        }
        boolean taken = false;
        try {
            if (DamagedFiles.isNoFile(path)) {
                LOG.warn(
                        "{} is no file; it was moved aside to {}",
                        path,
                        DamagedFiles.moveAside(path, Instant.now()));
            }
            FileChannel channel =
                    FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            FileLock lock = channel.tryLock();
            if (lock == null) {
                channel.close();
                throw new JournalException(
                        "journal %s is in use by another process (%s); stop that one, or give this"
                                        .formatted(file, owner(path))
                                + " one another --home");
            }
            taken = true;
            String pid = Long.toString(ProcessHandle.current().pid());
            channel.truncate(0);
            channel.write(ByteBuffer.wrap(pid.getBytes(StandardCharsets.US_ASCII)), 0);
            return new DataLock(path, channel);
        } finally {
            if (!taken) {
                HELD_HERE.remove(path);
            }
        }
    }

    private static String owner(Path path) throws IOException {
        String pid = Files.readString(path).strip();
        return pid.isEmpty() ? "process id unknown" : "process id " + pid;
    }

    @Override
    public void close() {
        try {
            channel.close();
        } catch (IOException e) {
            LOG.warn("journal lock {} could not be released", path, e);
        } finally {
            HELD_HERE.remove(path);
        }
    }
}
