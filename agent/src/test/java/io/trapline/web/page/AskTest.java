package io.trapline.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.store.LocalStore;
import io.trapline.store.MemoryJournal;
import io.trapline.store.Store;
import io.trapline.store.StoreSettings;
import io.trapline.web.page.Ask.Answer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A page that asks a real store which does not answer in time.
class AskTest {
    private static final String ENDLESS =
            "SELECT count(*) FROM range(1000000000) a, range(1000000) b"
                    + " WHERE a.range % 7 = b.range % 5";
    private static final Duration SHORT = Duration.ofMillis(50);

    @TempDir private Path directory;
    private Instant now = Instant.parse("2026-11-21T04:40:00Z");
    private Store store;
    private Ask ask;

    @BeforeEach
    void start() throws Exception {
        MemoryJournal journal = new MemoryJournal();
        store = LocalStore.open(directory, () -> StoreSettings.DEFAULT, journal, () -> now);
        assertThat(store.catchUp(Duration.ofSeconds(60))).isTrue();
        ask = new Ask(Optional.of(store), () -> now);
        assertThat(ask.rows("SELECT 1").error()).as("until it is open").isEmpty();
    }

    @AfterEach
    void stop() {
        store.close();
    }

    @Test
    void somebody_who_wrote_no_statement_is_not_told_to_ask_for_less() {
        assertThat(ask.on("/").rows(ENDLESS, SHORT).error())
                .isEqualTo("The store is busy: it did not answer within 0.05 s.");
        assertThat(ask.statement(ENDLESS, SHORT, () -> false).error())
                .startsWith("the query was ended after 0.05 s; ask for less: ");
    }

    @Test
    void a_page_that_was_not_answered_once_does_not_wait_again_and_shows_what_was_said_before() {
        String moving = "SELECT 42 WHERE TIMESTAMP '%s' IS NOT NULL";
        ask.on("/ui/a").rows(moving.formatted("2026-11-21 04:40:00"));
        now = now.plusSeconds(75);

        Ask page = ask.on("/ui/a");
        Answer late = page.rows(ENDLESS, SHORT);
        assertThat(late.isKnown()).isFalse();
        Answer next = page.rows(moving.formatted("2026-11-21 04:41:15"));
        assertThat(next.isKnown()).isTrue();
        assertThat(next.rows().getFirst().text(0)).isEqualTo("42");
        assertThat(page.note(late, next))
                .isEqualTo(
                        "The store is busy: it did not answer within 0.05 s. What is shown here is"
                                + " what it answered 75 s ago.");

        assertThat(page.rows("SELECT 7").isKnown()).as("never answered").isFalse();
        Ask other = ask.on("/ui/b");
        other.rows(ENDLESS, SHORT);
        assertThat(other.rows(moving.formatted("2026-11-21 04:41:15")).isKnown())
                .as("another page")
                .isFalse();
        assertThat(ask.on("/ui/a").rows("SELECT 8").rows().getFirst().text(0))
                .as("the next time the page is asked for")
                .isEqualTo("8");
    }

    @Test
    void a_statement_that_is_wrong_does_not_silence_the_page() {
        Ask page = ask.on("/ui/a");
        assertThat(page.rows("SELECT nothing FROM nowhere").error())
                .startsWith("The store could not answer: ");
        assertThat(page.rows("SELECT 8").rows().getFirst().text(0)).isEqualTo("8");
    }

    @Test
    void what_changes_slowly_is_asked_for_now_and_then() {
        Duration fresh = Duration.ofSeconds(10);
        String sql = "SELECT nextval FROM (SELECT random() AS nextval)";
        double first = ask.on("/").rows(sql, Ask.PATIENCE, fresh).rows().getFirst().number(0);
        now = now.plusSeconds(9);
        assertThat(ask.on("/").rows(sql, Ask.PATIENCE, fresh).rows().getFirst().number(0))
                .isEqualTo(first);
        now = now.plusSeconds(2);
        assertThat(ask.on("/").rows(sql, Ask.PATIENCE, fresh).rows().getFirst().number(0))
                .isNotEqualTo(first);
    }

    @Test
    void a_store_that_is_switched_off_says_so_and_how_to_change_it() {
        assertThat(new Ask(Optional.empty()).on("/").rows("SELECT 1").error())
                .isEqualTo(
                        "The store is switched off ([store] enabled = false in"
                                + " conf.d/trapline.conf).");
    }
}
