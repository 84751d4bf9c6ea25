package io.trapline.collector;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class PatienceTest {
    private static final long S = 1_000_000_000L;

    @Test
    void by_default_a_run_is_slow_after_ten_seconds_and_over_after_five_silent_minutes() {
        Patience patience = Patience.of(S, OptionalLong.empty());
        assertThat(patience).isEqualTo(new Patience(10 * S, 300 * S, OptionalLong.empty()));
        assertThat(patience.isOver(86_400 * S, 300 * S - 1)).isFalse();
        assertThat(patience.isOver(300 * S, 300 * S)).isTrue();
        assertThat(patience.untilNews(4 * S, 4 * S)).isEqualTo(6 * S);
        assertThat(patience.untilNews(400 * S, 100 * S)).isEqualTo(200 * S);
    }

    @Test
    void a_long_interval_makes_both_longer() {
        assertThat(Patience.of(60 * S, OptionalLong.empty()))
                .isEqualTo(new Patience(60 * S, 600 * S, OptionalLong.empty()));
        assertThat(Patience.of(Long.MAX_VALUE, OptionalLong.empty()).silence()).isPositive();
    }

    @Test
    void a_timeout_that_is_set_is_all_that_counts() {
        Patience patience = Patience.of(S, OptionalLong.of(20 * S));
        assertThat(patience.isOver(20 * S - 1, 20 * S - 1)).isFalse();
        assertThat(patience.isOver(20 * S, 0)).isTrue();
        assertThat(patience.untilNews(12 * S, 0)).isEqualTo(8 * S);
        assertThat(patience.whatEndsIt())
                .isEqualTo("it is ended when it has run for 20 s, its timeout");
    }
}
