package io.trapline.store.host;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.store.host.CrashAttribution.Condemned;
import io.trapline.store.host.CrashAttribution.End;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class CrashAttributionTest {
    private final CrashAttribution attribution = new CrashAttribution();

    private void diesWith(long first, long last, End end) {
        attribution.handed(first, last, (int) (last - first + 1));
        attribution.ended(end, "it died");
    }

    /// A host that was well for as long as it had to be, and then died with the frame.
    private void diesRested(long frame, End end) {
        attribution.rested();
        diesWith(frame, frame, end);
    }

    @Test
    void a_frame_that_four_hosts_die_of_alone_is_condemned_with_how_they_died() {
        diesWith(1, 20, End.ITSELF);
        for (int i = 0; i < 3; i++) {
            diesWith(7, 7, End.ITSELF);
            assertThat(attribution.condemned()).isEmpty();
        }
        diesWith(7, 7, End.ITSELF);
        assertThat(attribution.condemned())
                .contains(
                        new Condemned(
                                7,
                                "4 processes that tried to store it, and nothing else, died; the"
                                        + " last one: it died"));
    }

    @Test
    void frames_that_were_in_hand_together_are_handed_out_alone_until_all_are_stored() {
        diesWith(5, 9, End.ITSELF);
        assertThat(attribution.isAlone(4)).isTrue();
        attribution.committed(8);
        assertThat(attribution.isAlone(8)).isTrue();
        attribution.handed(9, 9, 1);
        assertThat(attribution.isAlone(9)).as("the next one waits for it").isTrue();
        attribution.committed(9);
        assertThat(attribution.isAlone(9)).isFalse();
        assertThat(attribution.condemned()).isEmpty();
    }

    @Test
    void hosts_that_die_over_different_frames_condemn_none() {
        for (int frame = 1; frame <= 20; frame++) {
            diesRested(frame, End.SIGNAL);
            diesWith(frame, frame, End.ITSELF);
        }
        assertThat(attribution.condemned()).isEmpty();
    }

    @Test
    void hosts_that_are_killed_from_outside_at_once_condemn_no_frame() {
        for (int i = 0; i < 20; i++) {
            diesWith(7, 7, End.SIGNAL);
        }
        assertThat(attribution.condemned()).isEmpty();
        assertThat(attribution.rest()).isPositive();
    }

    @Test
    void a_frame_with_which_eight_hosts_are_killed_that_were_well_without_it_is_condemned() {
        diesWith(7, 7, End.SIGNAL);
        Duration before = Duration.ZERO;
        for (int i = 0; i < 8; i++) {
            assertThat(attribution.condemned()).isEmpty();
            assertThat(attribution.rest()).isGreaterThan(before);
            before = attribution.rest();
            diesRested(7, End.SIGNAL);
        }
        assertThat(attribution.condemned().orElseThrow().position()).isEqualTo(7);
    }

    @Test
    void a_host_that_is_killed_without_the_frame_acquits_it() {
        diesWith(7, 7, End.SIGNAL);
        for (int i = 0; i < 8; i++) {
            diesRested(7, End.SIGNAL);
        }
        assertThat(attribution.condemned()).isPresent();
        attribution.ended(End.SIGNAL, "it was killed while it rested");
        assertThat(attribution.condemned()).isEmpty();
    }

    @Test
    void ends_that_the_agent_or_a_statement_caused_count_for_nothing() {
        for (int i = 0; i < 10; i++) {
            diesWith(7, 7, End.OTHER);
        }
        assertThat(attribution.condemned()).isEmpty();
        assertThat(attribution.isAlone(6)).isFalse();
    }

    @Test
    void a_frame_that_is_stored_in_the_end_has_a_clean_slate() {
        for (int i = 0; i < 3; i++) {
            diesWith(7, 7, End.ITSELF);
        }
        attribution.handed(7, 7, 1);
        attribution.committed(7);
        diesWith(7, 7, End.ITSELF);
        assertThat(attribution.condemned()).isEmpty();
    }

    @Test
    void what_was_given_back_is_not_in_hand() {
        attribution.handed(7, 9, 3);
        attribution.released();
        attribution.ended(End.ITSELF, "it died");
        assertThat(attribution.isAlone(6)).isFalse();
    }
}
