package io.trapline;

import static org.awaitility.Awaitility.await;

import io.trapline.journal.JournalSettings;
import io.trapline.journal.SqliteJournal;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HealthTest {
    @Test
    void parts_are_looked_at_though_nobody_asks(@TempDir Path folder) throws Exception {
        AtomicInteger looks = new AtomicInteger();
        try (SqliteJournal journal =
                SqliteJournal.open(folder.resolve("j.db"), () -> JournalSettings.DEFAULT)) {
            Health health = new Health(journal, Optional.empty());
            health.add(() -> {
                if (looks.incrementAndGet() == 1) {
                    throw new IllegalStateException("one that cannot be asked");
                }
                return List.of();
            });
            try (AutoCloseable _ = health.watch()) {
                await().until(() -> looks.get() > 1);
            }
        }
    }
}
