package io.trapline.collector;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PausesTest {
    private static final Instant NOW = Instant.parse("2026-11-21T08:00:00.123Z");

    @TempDir Path data;

    @Test
    void a_pause_outlives_a_restart_with_its_time() throws Exception {
        Path file = data.resolve("trapline.db");
        try (Pauses pauses = Pauses.open(file, () -> NOW)) {
            pauses.pause("in", "A");
            pauses.pause("in", "B/é'");
            pauses.resume("in", "A");
        }
        try (Pauses pauses = Pauses.open(file, () -> NOW.plusSeconds(60))) {
            assertThat(pauses.since("in", "A")).isEmpty();
            assertThat(pauses.since("in", "B/é'")).contains(NOW);
            pauses.pause("in", "B/é'");
            assertThat(pauses.since("in", "B/é'")).contains(NOW);
            assertThat(pauses.since("other", "B/é'")).isEmpty();
        }
    }
}
