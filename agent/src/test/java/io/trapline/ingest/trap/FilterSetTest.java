package io.trapline.ingest.trap;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class FilterSetTest {
    private static final long MINUTE_MS = 60_000;

    @Test
    void a_list_learns_the_first_names_and_forgets_them_after_five_minutes() throws Exception {
        FilterSet filters = filters(Optional.empty());

        assertThat(accepts(filters, "a", 0)).isTrue();
        assertThat(accepts(filters, "b", 0)).isFalse();
        assertThat(accepts(filters, "a", 5 * MINUTE_MS - 1)).isTrue();
        assertThat(accepts(filters, "b", 5 * MINUTE_MS)).isTrue();
        assertThat(accepts(filters, "a", 5 * MINUTE_MS)).isFalse();
    }

    @Test
    void a_list_learns_nothing_that_another_condition_of_its_rule_refuses() throws Exception {
        FilterSet filters = filters(Optional.of("and(env:prod)"));

        assertThat(accepts(filters, "a|ST[env:qa]", 0)).isFalse();
        assertThat(accepts(filters, "b|ST[env:prod]", 0)).isTrue();
        assertThat(accepts(filters, "c|ST[env:prod]", 0)).isFalse();
    }

    @Test
    void a_name_on_which_an_expression_would_run_for_ever_does_not_match_it() throws Exception {
        FilterSet filters = matching("^(a|aa)+$");

        assertThat(accepts(filters, "a".repeat(40), 0)).isTrue();
        assertThat(accepts(filters, "a".repeat(4000) + "b", 0)).isFalse();
    }

    @Test
    void a_name_on_which_an_expression_would_fill_the_stack_does_not_match_it() throws Exception {
        FilterSet filters = matching("^(x|y|[a-w]|z?)*!$");

        assertThat(accepts(filters, "x!", 0)).isTrue();
        Thread small =
                new Thread(
                        null,
                        () -> {
                            try {
                                refused = !accepts(filters, "xy".repeat(2000), 0);
                            } catch (TaggedName.BadNameException e) {
                                throw new IllegalStateException(e);
                            }
                        },
                        "with a small stack",
                        200 << 10);
        small.start();
        small.join();
        assertThat(refused).isTrue();
    }

    private volatile boolean refused;

    private static FilterSet matching(String metric) {
        TrapRule rule =
                new TrapRule(
                        new TrapRule.Action.Allow(),
                        Optional.empty(),
                        Optional.of(metric),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Map.of());
        return new FilterSet(TrapDecoderTest.check(false, List.of(rule)));
    }

    private static boolean accepts(FilterSet filters, String name, long nowMs)
            throws TaggedName.BadNameException {
        return filters.judge(TaggedName.parse(name, List.of()), nowMs).accepted();
    }

    /// One rule, whose list of metrics learns one name.
    private static FilterSet filters(Optional<String> streamTags) {
        TrapRule rule =
                new TrapRule(
                        new TrapRule.Action.Allow(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        streamTags,
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Map.of("metric", 1));
        return new FilterSet(TrapDecoderTest.check(false, List.of(rule)));
    }
}
