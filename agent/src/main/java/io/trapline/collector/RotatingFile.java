package io.trapline.collector;

import io.trapline.files.FileTrust;
import io.trapline.files.Objection;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A text file that is renamed to `file.1`, `file.2` … before it grows past a size.
///
/// A file that cannot be written is said once in the agent's log; then text is dropped until
/// writing works again; so it is while others could have a link followed. Any thread may call any
/// method; the monitor guards everything.
final class RotatingFile implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RotatingFile.class);

    private final Path file;
    private final long maxBytes;
    private final int backups;
    private @Nullable OutputStream out;
    private long size;
    private boolean complained;

    RotatingFile(Path file, long maxBytes, int backups) {
        this.file = file;
        this.maxBytes = maxBytes;
        this.backups = backups;
    }

    /// Appends `text`, which ends its lines itself.
    synchronized void write(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        try {
            OutputStream to = out == null ? open() : out;
            if (size > 0 && size + bytes.length > maxBytes) {
                to = rotate(to);
            }
            to.write(bytes);
            size += bytes.length;
            complained = false;
        } catch (IOException e) {
            close();
            if (!complained) {
                complained = true;
                LOG.warn(
                        "Could not write the log file {}: {}. Its lines are dropped until it can be"
                                + " written again",
                        file,
                        e.toString());
            }
        }
    }

    @Override
    public synchronized void close() {
        OutputStream open = out;
        out = null;
        if (open != null) {
            try {
                open.close();
            } catch (IOException e) {
                LOG.debug("Closing {}", file, e);
            }
        }
    }

    private OutputStream open() throws IOException {
        Path folder = file.getParent();
        if (folder != null) {
            Files.createDirectories(folder);
        }
        // Each time: the home of a user may be a folder that others can write, such as /tmp.
        Optional<Objection> objection = FileTrust.ofWriter().objectionToWriting(file);
        if (objection.isPresent()) {
            throw new IOException(objection.get().because());
        }
        OutputStream opened =
                Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        size = Files.size(file);
        out = opened;
        return opened;
    }

    private OutputStream rotate(OutputStream full) throws IOException {
        out = null;
        full.close();
        for (int i = backups; i > 0; i--) {
            Path from = i == 1 ? file : numbered(i - 1);
            try {
                Files.move(from, numbered(i), StandardCopyOption.REPLACE_EXISTING);
            } catch (NoSuchFileException e) {
                LOG.trace("No {} yet", from);
            }
        }
        return open();
    }

    private Path numbered(int number) {
        return file.resolveSibling(file.getFileName() + "." + number);
    }
}
