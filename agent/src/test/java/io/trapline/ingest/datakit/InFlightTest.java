package io.trapline.ingest.datakit;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.ingest.datakit.InFlight.Reservation;
import io.trapline.net.Source;
import org.junit.jupiter.api.Test;

class InFlightTest {
    private final InFlight inFlight = new InFlight(100, 1000);
    private int senders;

    /// Another one each time.
    private Source sender() {
        senders++;
        return new Source("user " + senders);
    }

    @Test
    void one_sender_leaves_room_for_the_others() throws RefusedException {
        Source slow = sender();
        Reservation first = inFlight.open(slow);
        first.add(75);
        Reservation second = inFlight.open(slow);
        assertThatThrownBy(() -> second.add(1))
                .hasMessageContaining("of the same sender hold 75 of 75 bytes");
        second.close();
        Reservation other = inFlight.open(sender());
        assertThatCode(() -> other.add(25)).doesNotThrowAnyException();
        first.close();
        Reservation third = inFlight.open(slow);
        assertThatCode(() -> third.add(75)).doesNotThrowAnyException();
    }

    @Test
    void together_requests_hold_no_more_than_the_limit() throws RefusedException {
        Reservation first = inFlight.open(sender());
        Reservation second = inFlight.open(sender());
        first.add(60);
        second.add(40);
        assertThatThrownBy(() -> second.add(1)).hasMessageContaining("hold 60 of 100 bytes");
        first.close();
        second.close();
        try (Reservation third = inFlight.open(sender())) {
            third.add(50);
            assertThatCode(() -> inFlight.open(sender()).add(50)).doesNotThrowAnyException();
        }
    }

    @Test
    void a_request_that_is_alone_may_hold_more() throws RefusedException {
        try (Reservation alone = inFlight.open(sender())) {
            alone.add(1000);
            assertThatThrownBy(() -> inFlight.open(sender()).add(1))
                    .isInstanceOf(RefusedException.class);
        }
    }

    @Test
    void a_request_that_is_alone_may_not_hold_more_than_one_may() throws RefusedException {
        try (Reservation alone = inFlight.open(sender())) {
            alone.add(1000);
            assertThatThrownBy(() -> alone.add(1)).hasMessageContaining("limit of 1000 bytes");
            alone.release(1);
            alone.release(1);
            assertThatCode(() -> alone.add(1)).doesNotThrowAnyException();
        }
    }
}
