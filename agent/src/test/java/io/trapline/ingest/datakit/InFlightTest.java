package io.trapline.ingest.datakit;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.ingest.datakit.InFlight.Reservation;
import org.junit.jupiter.api.Test;

class InFlightTest {
    private final InFlight inFlight = new InFlight(100, 1000);

    @Test
    void together_requests_hold_no_more_than_the_limit() throws RefusedException {
        Reservation first = inFlight.open();
        Reservation second = inFlight.open();
        first.add(60);
        second.add(40);
        assertThatThrownBy(() -> second.add(1)).hasMessageContaining("hold 60 of 100 bytes");
        first.close();
        second.close();
        try (Reservation third = inFlight.open()) {
            third.add(50);
            assertThatCode(() -> inFlight.open().add(50)).doesNotThrowAnyException();
        }
    }

    @Test
    void a_request_that_is_alone_may_hold_more() throws RefusedException {
        try (Reservation alone = inFlight.open()) {
            alone.add(1000);
            assertThatThrownBy(() -> inFlight.open().add(1)).isInstanceOf(RefusedException.class);
        }
    }

    @Test
    void a_request_that_is_alone_may_not_hold_more_than_one_may() throws RefusedException {
        try (Reservation alone = inFlight.open()) {
            alone.add(1000);
            assertThatThrownBy(() -> alone.add(1)).hasMessageContaining("limit of 1000 bytes");
            alone.release(1);
            alone.release(1);
            assertThatCode(() -> alone.add(1)).doesNotThrowAnyException();
        }
    }
}
