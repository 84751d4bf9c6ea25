package io.trapline.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.store.LocalStore;
import io.trapline.store.MemoryJournal;
import io.trapline.store.Store;
import io.trapline.store.StoreSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The literals mean to the database what the text was.
class SqlTest {
    private static final List<String> HOSTILE =
            List.of(
                    "",
                    "'",
                    "''",
                    "it's",
                    "\\'",
                    "\\",
                    "'; DROP VIEW metrics; --",
                    "' OR 1=1 --",
                    "/* */ -- \n next line",
                    "$$ $tag$ ${x} %s ? :a",
                    "E'\\n'",
                    "null\0inside",
                    "\0",
                    "' || chr(0) || '",
                    "ünï©ode 🐍 \u202E",
                    "\"quoted\"");

    @TempDir private Path directory;

    @Test
    void every_text_comes_back_as_it_was() throws Exception {
        try (Store store =
                LocalStore.open(
                        directory,
                        () -> StoreSettings.DEFAULT,
                        new MemoryJournal(),
                        InstantSource.system())) {
            for (String text : HOSTILE) {
                var rows =
                        store.query(
                                        "SELECT "
                                                + Sql.text(text)
                                                + " AS a, "
                                                + Sql.text(text)
                                                + " IN "
                                                + Sql.texts(List.of("x", text)),
                                        Duration.ofSeconds(30))
                                .rows();
                assertThat(rows).as(text).containsExactly(List.of(text, true));
            }
            Instant time = Instant.parse("2026-11-21T04:40:00.123456Z");
            assertThat(store.query("SELECT " + Sql.time(time), Duration.ofSeconds(30)).rows())
                    .containsExactly(List.of("2026-11-21T04:40:00.123456Z"));
        }
    }
}
