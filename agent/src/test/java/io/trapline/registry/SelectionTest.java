package io.trapline.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SelectionTest {

    /// Rules as `type:names` in short, `-` for no filter set.
    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "-                ; a          ;            ; -",
                "-                ;            ; a          ; deny=a allow",
                "-                ;            ; a b        ; deny=a,b allow",
                "-                ;            ; a|ST[x:y]  ; deny=a|ST[x:y] allow",
                "deny:^t          ; tmp        ;            ; allow=tmp deny:^t",
                "deny:^t          ;            ; a          ; deny=a deny:^t",
                "''               ; a          ;            ; allow=a",
                "''               ; a|ST[x:y]  ; a          ; deny=a",
                "''               ; a          ; a|ST[x:y]  ; deny=a|ST[x:y] allow=a",
            })
    void puts_rules_by_name_before_the_checks_own(
            String own, String on, String off, String expected) {
        Optional<List<FilterRule>> rules =
                own.equals("-") ? Optional.empty() : Optional.of(rules(own));
        assertThat(shown(Selection.change(rules, names(on), names(off)))).isEqualTo(expected);
    }

    @Test
    void what_was_switched_off_can_be_switched_on_again_and_leaves_nothing_behind() {
        Optional<List<FilterRule>> off =
                Selection.change(Optional.empty(), List.of(), List.of("a", "b|ST[c:d]"));
        Optional<List<FilterRule>> some = Selection.change(off, List.of("a"), List.of());
        assertThat(shown(some)).isEqualTo("deny=b|ST[c:d] allow=a allow");
        assertThat(Selection.change(some, List.of("b"), List.of())).isEmpty();
    }

    @Test
    void only_the_named_ones_are_stored_when_it_is_said_so() {
        Optional<List<FilterRule>> only = Optional.of(Selection.only(List.of("a", "c|ST[]")));
        assertThat(shown(only)).isEqualTo("allow=c|ST[] allow=a");
        assertThat(shown(Selection.change(only, List.of(), List.of("a"))))
                .isEqualTo("allow=c|ST[] deny=a");
        assertThat(Selection.only(List.of())).isEmpty();
    }

    private static List<String> names(String text) {
        return text == null ? List.of() : List.of(text.split(" "));
    }

    private static List<FilterRule> rules(String text) {
        return text.isEmpty()
                ? List.of()
                : List.of(
                        new FilterRule(
                                new FilterRule.Action.Deny(),
                                Optional.empty(),
                                Optional.of(text.substring("deny:".length())),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                java.util.Map.of()));
    }

    private static String shown(Optional<List<FilterRule>> rules) {
        if (rules.isEmpty()) {
            return "-";
        }
        StringBuilder out = new StringBuilder();
        for (FilterRule rule : rules.get()) {
            out.append(out.isEmpty() ? "" : " ")
                    .append(rule.action() instanceof FilterRule.Action.Deny ? "deny" : "allow");
            rule.metric().ifPresent(pattern -> out.append(':').append(pattern));
            rule.metricList().ifPresent(list -> out.append('=').append(String.join(",", list)));
        }
        return out.toString();
    }
}
