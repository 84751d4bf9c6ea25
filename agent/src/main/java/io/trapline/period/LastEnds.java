package io.trapline.period;

import io.trapline.files.DamagedFiles;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Which period of each check was the last whose state was stored, so that those that pass while
/// nothing runs can be told from those that were before the check was there. In a file of lines
/// `<check> <end in ms>`, replaced as a whole.
///
/// It is written after the states are in the journal and before the reader's cursor passes them:
/// what is in neither place was not stored. Without it, or when it cannot be read, only periods
/// that pass unseen are missing. Not thread-safe.
final class LastEnds {
    private static final Logger LOG = LoggerFactory.getLogger(LastEnds.class);

    /// The year 9999.
    private static final long MAX_SHOWN_MS = 253_402_300_799_000L;

    private final Optional<Path> file;
    private final Map<UUID, Long> ends = new TreeMap<>();
    private boolean changed;
    private boolean failing;

    /// @param file empty = kept in memory alone
    LastEnds(Optional<Path> file) {
        this.file = file;
        file.ifPresent(this::read);
    }

    private void read(Path from) {
        if (!Files.exists(from, LinkOption.NOFOLLOW_LINKS)) {
            return; // The first start.
        }
        String found;
        try {
            String text = Files.readString(from, StandardCharsets.ISO_8859_1);
            for (String line : text.lines().toList()) {
                String[] parts = line.split(" ", 2);
                ends.put(UUID.fromString(parts[0]), Long.parseLong(parts[1]));
            }
            // A number that was cut off is another number.
            if (text.endsWith("\n")) {
                return;
            }
            found = text.isEmpty() ? "it is empty" : "it ends within a line";
        } catch (IOException | IllegalArgumentException | IndexOutOfBoundsException e) {
            found = e.toString();
        }
        ends.clear();
        LOG.warn(
                "{} cannot be read ({}): periods that passed while nothing ran stay unreported{}",
                from,
                found,
                aside(from));
    }

    private static String aside(Path from) {
        try {
            return "; it was moved aside to " + DamagedFiles.moveAside(from, Instant.now());
        } catch (IOException e) {
            return "; it could not be moved aside: " + e;
        }
    }

    /// Gives up ends that the clock cannot have come to.
    void refuseAfter(long limitMs, long nowMs) {
        ends.entrySet()
                .removeIf(each -> {
                    boolean refused = each.getValue() > limitMs;
                    if (refused) {
                        LOG.warn(
                                "{} says that check {} had reported its periods up to {}, and it is {} now:"
                                        + " that is not believed; the check goes on with its running"
                                        + " period, and periods that passed while nothing ran stay"
                                        + " unreported",
                                file.map(Path::toString).orElse("the memory"),
                                each.getKey(),
                                each.getValue() > MAX_SHOWN_MS
                                        ? each.getValue() + " ms"
                                        : Instant.ofEpochMilli(each.getValue()),
                                Instant.ofEpochMilli(nowMs));
                        changed = true;
                    }
                    return refused;
                });
    }

    /// Milliseconds.
    OptionalLong of(UUID check) {
        Long end = ends.get(check);
        return end == null ? OptionalLong.empty() : OptionalLong.of(end);
    }

    void note(UUID check, long endMs) {
        Long before = ends.get(check);
        if (before == null || before < endMs) {
            ends.put(check, endMs);
            changed = true;
        }
    }

    /// The check begins anew: with another period, or after it was off.
    void forget(UUID check) {
        changed |= ends.remove(check) != null;
    }

    void keepOnly(Set<UUID> checks) {
        changed |= ends.keySet().retainAll(checks);
    }

    /// Writes the file when something has changed. That it fails is logged once: it is tried again
    /// with the next period.
    void save() {
        if (!changed || file.isEmpty()) {
            return;
        }
        if (ends.isEmpty()) {
            remove(file.get());
            return;
        }
        StringBuilder text = new StringBuilder();
        ends.forEach((check, end) -> text.append(check).append(' ').append(end).append('\n'));
        Path fresh = file.get().resolveSibling(file.get().getFileName() + ".new");
        try {
            try (FileChannel channel =
                    FileChannel.open(
                            fresh,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.TRUNCATE_EXISTING,
                            StandardOpenOption.WRITE)) {
                ByteBuffer bytes =
                        ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.US_ASCII));
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
                channel.force(false);
            }
            Files.move(fresh, file.get(), StandardCopyOption.ATOMIC_MOVE);
            changed = false;
            failing = false;
        } catch (IOException e) {
            if (!failing) {
                failing = true;
                LOG.warn("{} cannot be written", file.get(), e);
            }
        }
    }

    /// With nothing to remember there is no file: an empty one has lost something.
    private void remove(Path from) {
        try {
            Files.deleteIfExists(from);
            changed = false;
        } catch (IOException e) {
            LOG.debug("{} cannot be removed", from, e);
        }
    }
}
