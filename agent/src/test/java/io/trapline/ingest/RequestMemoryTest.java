package io.trapline.ingest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.ingest.RequestMemory.ExhaustedException;
import java.io.ByteArrayInputStream;
import org.junit.jupiter.api.Test;

class RequestMemoryTest {
    private final RequestMemory memory = new RequestMemory(100);

    @Test
    void what_does_not_fit_beside_others_is_refused_until_they_are_done() {
        try (RequestMemory.Hold second = memory.open()) {
            try (RequestMemory.Hold first = memory.open()) {
                first.add(60);
                assertThatThrownBy(() -> second.add(41))
                        .isInstanceOf(ExhaustedException.class)
                        .hasMessage(
                                "requests hold 60 of 100 bytes of memory at this moment, try again");
                second.add(40);
            }
            second.add(60);
        }
        memory.open().add(100);
    }

    @Test
    void a_request_that_is_alone_gets_more_but_not_all_of_the_heap() {
        try (RequestMemory.Hold alone = memory.open()) {
            alone.add(300);
            assertThatThrownBy(() -> alone.add(1)).isInstanceOf(ExhaustedException.class);
        }
        memory.open().add(100);
    }

    @Test
    void a_part_that_was_dealt_with_makes_room() {
        RequestMemory.Hold other = memory.open();
        other.add(1);
        try (RequestMemory.Hold parts = memory.open()) {
            for (int i = 0; i < 10; i++) {
                parts.add(50);
                parts.add(40);
                parts.release();
            }
        }
    }

    @Test
    void a_body_counts_while_it_is_read() throws Exception {
        RequestMemory.Hold other = memory.open();
        other.add(50);
        try (RequestMemory.Hold mine = memory.open()) {
            HeldBody body = new HeldBody(new ByteArrayInputStream(new byte[200]), mine, 200);
            assertThat(body.readNBytes(50)).hasSize(50);
            assertThatThrownBy(body::read).isInstanceOf(ExhaustedException.class);
        }
        try (RequestMemory.Hold mine = memory.open()) {
            // A parser that has a part of it in hand at a time.
            HeldBody body = new HeldBody(new ByteArrayInputStream(new byte[200]), mine, 30);
            assertThat(body.readAllBytes()).hasSize(200);
        }
    }
}
