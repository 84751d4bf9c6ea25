package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.journal.Journal;
import io.trapline.journal.JournalSettings;
import io.trapline.journal.SqliteJournal;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JournalPlacesTest {
    @TempDir Path folder;

    @Test
    void what_is_switched_off_gives_up_its_place_and_nothing_else_does() throws Exception {
        assertThat(left(true, true)).containsExactly("output core", "period", "store");
        assertThat(left(false, true)).containsExactly("output core", "period");
        assertThat(left(true, false)).containsExactly("output core", "store");
        assertThat(left(false, false)).containsExactly("output core");
    }

    private List<String> left(boolean store, boolean periods) throws Exception {
        try (SqliteJournal journal =
                SqliteJournal.open(folder.resolve("trapline.db"), () -> JournalSettings.DEFAULT)) {
            for (String name : List.of("store", "period", "output core")) {
                var _ = journal.reader(name);
            }
            JournalPlaces.giveUp(journal, store, periods);
            return journal.status().readers().stream().map(Journal.ReaderStatus::name).toList();
        }
    }
}
