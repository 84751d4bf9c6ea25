package io.trapline;

import io.trapline.files.DamagedFiles;
import io.trapline.journal.NativeLibrary;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One process a home: an exclusive lock on `data/agent.lock`, which the kernel takes back when its
/// holder dies. The file says who holds it: the process id, and once it serves, its address and,
/// with TLS, the SHA-256 of its certificate, a line each.
public final class HomeLock implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(HomeLock.class);

    private final FileChannel channel;
    private final OptionalLong leftBehind;

    private HomeLock(FileChannel channel, OptionalLong leftBehind) {
        this.channel = channel;
        this.leftBehind = leftBehind;
    }

    /// From here on the home is this process's: its files are nobody else's, and SQLite's native
    /// library is in place.
    ///
    /// @throws HeldException when another process holds it
    /// @throws IOException also when files of the agent are not its user's alone
    public static HomeLock acquire(Home home) throws IOException, HeldException {
        HomeSafety.enter(home);
        if (DamagedFiles.isNoFile(file(home))) {
            // Nobody can hold a lock on it.
            Path aside = DamagedFiles.moveAside(file(home), Instant.now());
            LOG.warn("{} is no file; it was moved aside to {}", file(home), aside);
        }
        FileChannel channel = open(home);
        boolean locked = false;
        try {
            // Held until the process ends or close() closes the channel.
            @Nullable FileLock lock = channel.tryLock();
            if (lock == null) {
                throw new HeldException(
                        holder(home)
                                        .map(holder -> "process " + holder.pid())
                                        .orElse("another process")
                                + " already runs on "
                                + home.root()
                                + "; stop it first, or choose another folder with --home");
            }
            locked = true;
            DiskReserve.use(home.data());
            HomeLock held = new HomeLock(channel, writtenBy(channel));
            held.write(ProcessHandle.current().pid() + "\n");
            NativeLibrary.prepare(home.data());
            return held;
        } finally {
            if (!locked) {
                channel.close();
            }
        }
    }

    private static FileChannel open(Home home) throws IOException {
        return FileChannel.open(
                file(home),
                StandardOpenOption.CREATE,
                StandardOpenOption.READ,
                StandardOpenOption.WRITE);
    }

    /// The process that held it before and did not let go of it: it was killed, or the host went
    /// down.
    OptionalLong leftBehind() {
        return leftBehind;
    }

    /// Reads by the channel that holds the lock: closing another one on the file would let go of
    /// it.
    private static OptionalLong writtenBy(FileChannel channel) throws IOException {
        ByteBuffer begin = ByteBuffer.allocate(32);
        channel.read(begin, 0);
        String text = new String(begin.array(), 0, begin.position(), StandardCharsets.UTF_8);
        try {
            return OptionalLong.of(Long.parseLong(text.lines().findFirst().orElse("")));
        } catch (NumberFormatException _) {
            return OptionalLong.empty();
        }
    }

    /// Whether nobody holds it. Only for whom has reason to think so: it is held for a moment.
    public static boolean isFree(Home home) {
        // What a killed agent wrote stays there for the next one to find.
        try (FileChannel channel = open(home)) {
            return channel.tryLock() != null;
        } catch (IOException | OverlappingFileLockException e) {
            return false;
        }
    }

    /// Tells other processes where this one serves.
    ///
    /// @param certificate SHA-256 in hexadecimal; empty = no TLS
    public void publish(String address, String certificate) throws IOException {
        String tls = certificate.isEmpty() ? "" : certificate + "\n";
        write(ProcessHandle.current().pid() + "\n" + address + "\n" + tls);
    }

    /// Readers do not lock: they must not find the file empty in between.
    private void write(String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
            channel.write(bytes, bytes.position());
        }
        channel.truncate(bytes.limit());
    }

    /// The running agent of that home, if there is one.
    ///
    /// @throws IOException when that cannot be known: the file is there and may not be read
    public static Optional<Holder> holder(Home home) throws IOException {
        try {
            List<String> lines = Files.readAllLines(file(home), StandardCharsets.ISO_8859_1);
            if (lines.isEmpty()) {
                return Optional.empty();
            }
            long pid = Long.parseLong(lines.getFirst());
            String address = lines.size() > 1 && isAddress(lines.get(1)) ? lines.get(1) : "";
            String certificate = lines.size() > 2 ? lines.get(2) : "";
            // A file left by a killed agent names a process that is gone.
            return ProcessHandle.of(pid)
                    .filter(ProcessHandle::isAlive)
                    .map(process -> new Holder(pid, address, certificate));
        } catch (NoSuchFileException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    /// What is in a damaged file is none.
    private static boolean isAddress(String text) {
        try {
            URI address = new URI(text);
            return address.getHost() != null && address.getPort() > 0;
        } catch (URISyntaxException _) {
            return false;
        }
    }

    @Override
    public void close() throws IOException {
        channel.truncate(0);
        channel.close();
    }

    private static Path file(Home home) {
        return home.data().resolve("agent.lock");
    }

    /// @param address `http://host:port` or `https://host:port`, empty until the agent serves
    /// @param certificate SHA-256 of its certificate in hexadecimal; empty = no TLS
    public record Holder(long pid, String address, String certificate) {}

    /// Somebody else holds the home; the message says who and what to do.
    public static final class HeldException extends Exception {
        private static final long serialVersionUID = 1L;

        HeldException(String message) {
            super(message);
        }
    }
}
