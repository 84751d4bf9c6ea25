package io.trapline.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TailTest {
    private static RecordEntry at(long time, String text) {
        return new RecordEntry(
                "", time, "logging", "s", "n", "", "idle", text, Map.of("message", text), Map.of());
    }

    private static List<Long> times(List<RecordEntry> records) {
        return records.stream().map(RecordEntry::timeNs).toList();
    }

    @Test
    void what_the_page_shows_already_is_not_told() {
        Tail.Told told = new Tail.Told(5);
        assertThat(times(told.fresh(List.of(at(7, "c"), at(5, "b"), at(3, "a")))))
                .containsExactly(7L);
        assertThat(told.newest()).isEqualTo(7);
    }

    @Test
    void each_is_told_once_a_late_one_too() {
        Tail.Told told = new Tail.Told(5);
        assertThat(told.fresh(List.of(at(5, "a")))).isEmpty();
        assertThat(times(told.fresh(List.of(at(8, "c"), at(5, "a"), at(4, "late")))))
                .containsExactly(8L, 4L);
        assertThat(told.fresh(List.of(at(8, "c"), at(5, "a"), at(4, "late")))).isEmpty();
    }

    @Test
    void what_is_there_twice_is_told_twice() {
        Tail.Told told = new Tail.Told(0);
        assertThat(told.fresh(List.of(at(1, "a"), at(1, "a")))).hasSize(2);
        assertThat(told.fresh(List.of(at(1, "a"), at(1, "a"), at(1, "a")))).hasSize(1);
    }
}
