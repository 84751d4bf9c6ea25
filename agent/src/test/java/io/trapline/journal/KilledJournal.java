package io.trapline.journal;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.jspecify.annotations.Nullable;

/// The files of a journal as a process leaves them that is killed: with what it acknowledged in the
/// log, which nobody has moved into the database.
final class KilledJournal {
    private KilledJournal() {}

    static SqliteJournal open(Path file) throws JournalException {
        return SqliteJournal.open(file, () -> JournalSettings.DEFAULT);
    }

    /// Makes a journal in `folder`.
    ///
    /// @param database frames in the database file
    /// @param log frames after them, each of a transaction of its own, in the log
    /// @param bytes length of a frame
    static Path make(Path folder, int database, int log, int bytes) throws Exception {
        Path origin =
                folder.resolveSibling(folder.getFileName() + "-running").resolve("trapline.db");
        try (SqliteJournal journal = open(origin)) {
            append(journal, database, bytes);
        }
        try (SqliteJournal journal = open(origin)) {
            append(journal, log, bytes);
            await().atMost(Duration.ofSeconds(20))
                    .until(() -> Known.read(origin).head() == database + log);
            copy(origin.getParent(), folder);
        }
        return folder.resolve("trapline.db");
    }

    static void append(Journal journal, int frames, int bytes) throws JournalException {
        for (int i = 0; i < frames; i++) {
            byte[] frame = new byte[bytes];
            new Random(i).nextBytes(frame);
            journal.append(frame);
        }
    }

    static void copy(@Nullable Path from, @Nullable Path to) throws IOException {
        Objects.requireNonNull(from);
        Objects.requireNonNull(to);
        Files.createDirectories(to);
        try (var files = Files.list(from)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                if (!file.toString().endsWith("-shm") && !file.toString().endsWith(".lock")) {
                    Files.copy(file, to.resolve(file.getFileName()));
                }
            }
        }
    }

    static List<Long> positions(Journal journal) throws Exception {
        JournalReader reader = journal.reader("check");
        List<Long> found = new ArrayList<>();
        List<JournalReader.Frame> frames = reader.read(1 << 20, Duration.ZERO);
        while (!frames.isEmpty()) {
            frames.forEach(frame -> found.add(frame.position()));
            frames = reader.read(1 << 20, Duration.ZERO);
        }
        return found;
    }
}
