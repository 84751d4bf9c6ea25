package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.collector.InputSettings;
import io.trapline.config.Problem;
import io.trapline.config.Problem.Severity;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class StandingInputsTest {
    private static final Path A = Path.of("conf.d/a.conf");
    private static final Path B = Path.of("conf.d/b.conf");

    private static InputSettings input(String name, Path file, String dir) {
        return new InputSettings(
                name,
                Optional.empty(),
                List.of(dir),
                Map.of(),
                Map.of(),
                Optional.empty(),
                Optional.empty(),
                false,
                file,
                1);
    }

    private static final InputSettings A1 = input("a", A, "old");
    private static final InputSettings A2 = input("a", A, "new");
    private static final InputSettings B1 = input("b", B, "old");
    private static final InputSettings B2 = input("b", B, "new");

    private static List<Problem> wrong(Path file) {
        return List.of(new Problem(Severity.ERROR, file, 1, 0, "does not parse"));
    }

    @Test
    void an_input_of_a_wrong_file_goes_on_and_the_others_change() {
        assertThat(StandingInputs.of(List.of(A1, B1), List.of(B2), wrong(A), Set.of()))
                .containsExactly(B2, A1);
    }

    @Test
    void an_input_that_is_gone_from_a_good_file_is_gone() {
        assertThat(StandingInputs.of(List.of(A1, B1), List.of(B2), wrong(B), Set.of()))
                .containsExactly(B2);
    }

    @Test
    void a_good_block_beside_a_wrong_one_is_taken() {
        InputSettings other = input("other", A, "old");
        assertThat(StandingInputs.of(List.of(A1, other), List.of(A2), wrong(A), Set.of()))
                .containsExactly(A2, other);
    }

    @Test
    void a_file_that_is_being_written_counts_as_it_was() {
        InputSettings fresh = input("fresh", A, "new");
        assertThat(StandingInputs.of(List.of(A1, B1), List.of(A2, fresh, B2), List.of(), Set.of(A)))
                .containsExactly(A1, B2);
    }

    @Test
    void a_name_that_moved_to_another_file_runs_once() {
        InputSettings moved = input("a", B, "new");
        assertThat(StandingInputs.of(List.of(A1), List.of(moved), wrong(A), Set.of()))
                .containsExactly(moved);
    }
}
