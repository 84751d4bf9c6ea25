package io.trapline.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Batch;
import io.trapline.model.Category;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Tag;
import io.trapline.store.LocalStore;
import io.trapline.store.MemoryJournal;
import io.trapline.store.Store;
import io.trapline.store.StoreSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What people type, against records in a real store.
class SearchTest {
    private static final Instant NOW = Instant.parse("2026-11-21T04:40:00Z");

    @TempDir static Path directory;
    private static Store store;

    @BeforeAll
    static void start() throws Exception {
        MemoryJournal journal = new MemoryJournal();
        store = LocalStore.open(directory, () -> StoreSettings.DEFAULT, journal, () -> NOW);
        journal.append(
                new Batch(
                        "pythond/shop/Talk",
                        0,
                        List.of(
                                log("a", "web01", "Disk full", "error", "/var/lib"),
                                log("b", "web02", "full of disk space", "info", "100%"),
                                log(
                                        "c",
                                        "db_1",
                                        "at 12:30 see http://x.example/",
                                        "Warning",
                                        "50 %"),
                                log("d", "db11", "it's \"quoted\"", "ok", ""))));
        assertThat(store.catchUp(Duration.ofSeconds(30))).isTrue();
    }

    private static Entry log(String name, String host, String message, String status, String at) {
        return new Point(
                Category.LOGGING,
                name,
                List.of(new Tag("host", host)),
                List.of(
                        new Field("message", new FieldValue.Text(message)),
                        new Field("status", new FieldValue.Text(status)),
                        new Field("a.b/c", new FieldValue.Text(at))),
                NOW.getEpochSecond() * 1_000_000_000L);
    }

    @AfterAll
    static void stop() {
        store.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "''                       | abcd",
                "disk full                | ab",
                "\"disk full\"            | a",
                "DISK                     | ab",
                "-disk                    | cd",
                "disk -\"disk full\"      | b",
                "host:web01               | a",
                "host=web01               | a",
                "host:WEB01               | a",
                "host:web*                | ab",
                "host:db_1                | c",
                "host:db_*                | c",
                "host:*1                  | acd",
                "-host:web*               | cd",
                "host:nothing             | ''",
                "-host:nothing            | abcd",
                "nofield:x                | ''",
                "-nofield:x               | abcd",
                "status:warning           | c",
                "status:error -full       | ''",
                "name:b                   | b",
                "source:pythond/*         | abcd",
                "category:logging         | abcd",
                "category:rum             | ''",
                "a.b/c:100%               | b",
                "a.b/c:\"50 %\"           | c",
                "12:30                    | c",
                "http://x.example/        | c",
                "it's                     | d",
                "message:\"disk full      | a",
                "-                        | abcd",
            })
    void a_search_finds(String typed, String names) throws Exception {
        String search = typed.equals("''") ? "" : typed.strip();
        String sql =
                "SELECT coalesce(string_agg(name, '' ORDER BY name), '') FROM records WHERE true"
                        + Search.of(search).sql();
        assertThat(new Ask(Optional.of(store)).rows(sql).rows().getFirst().text(0))
                .isEqualTo(names.equals("''") ? "" : names);
    }
}
