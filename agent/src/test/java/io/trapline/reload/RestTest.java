package io.trapline.reload;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RestTest {
    private long now;
    private final Rest<String, String> rest =
            new Rest<>(Map.of("f", "a", "g", "a"), 10, 40, () -> now);

    private Set<String> look(String f, String g) {
        return rest.look(Map.of("f", f, "g", g)).map(Rest.Due::changed).orElse(Set.of());
    }

    @Test
    void what_is_as_before_is_no_change() {
        assertThat(look("a", "a")).isEmpty();
        now = 100;
        assertThat(look("a", "a")).isEmpty();
        assertThat(rest.isRestless()).isFalse();
    }

    @Test
    void a_change_is_over_once_after_it_has_rested() {
        assertThat(look("b", "a")).isEmpty();
        assertThat(rest.isRestless()).isTrue();
        now = 9;
        assertThat(look("b", "a")).isEmpty();
        now = 10;
        assertThat(look("b", "a")).containsExactly("f");
        now = 50;
        assertThat(look("b", "a")).isEmpty();
        assertThat(rest.isRestless()).isFalse();
    }

    @Test
    void a_file_that_is_still_being_written_is_waited_for() {
        for (now = 0; now < 1000; now += 9) {
            assertThat(look("b" + now, "a")).isEmpty();
        }
        assertThat(look("whole", "a")).isEmpty();
        now += 10;
        assertThat(look("whole", "a")).containsExactly("f");
    }

    @Test
    void a_change_that_is_undone_is_none() {
        assertThat(look("b", "a")).isEmpty();
        now = 5;
        assertThat(look("a", "a")).isEmpty();
        now = 20;
        assertThat(look("a", "a")).isEmpty();
    }

    @Test
    void changes_that_come_together_are_taken_together() {
        look("b", "a");
        now = 9;
        look("b", "b");
        now = 12;
        assertThat(look("b", "b")).isEmpty();
        now = 19;
        assertThat(look("b", "b")).containsExactlyInAnyOrder("f", "g");
    }

    @Test
    void one_that_never_rests_does_not_keep_the_others_waiting() {
        for (now = 0; now < 40; now += 5) {
            assertThat(look("b", "x" + now)).isEmpty();
        }
        var due = rest.look(Map.of("f", "b", "g", "x" + now)).orElseThrow();
        assertThat(due.changed()).containsExactly("f");
        assertThat(due.restless()).containsExactly("g");
        assertThat(rest.restlessFor(40)).containsExactly("g");
        now += 10;
        assertThat(look("b", "x40")).as("it rests at last").containsExactly("g");
    }

    @Test
    void what_goes_away_and_comes_back_is_two_changes_or_none() {
        look("a", "a");
        now = 1;
        assertThat(rest.look(Map.of("f", "a"))).isEmpty();
        now = 5;
        assertThat(look("a", "a")).isEmpty();
        assertThat(rest.isRestless()).isFalse();
        now = 6;
        assertThat(rest.look(Map.of("f", "a"))).isEmpty();
        now = 16;
        assertThat(rest.look(Map.of("f", "a")).orElseThrow().changed()).containsExactly("g");
        now = 17;
        look("a", "a");
        now = 27;
        assertThat(look("a", "a")).containsExactly("g");
    }

    @Test
    void what_was_taken_otherwise_is_no_change() {
        assertThat(look("b", "a")).isEmpty();
        rest.take(Map.of("f", "b", "g", "a"));
        now = 20;
        assertThat(look("b", "a")).isEmpty();
    }
}
