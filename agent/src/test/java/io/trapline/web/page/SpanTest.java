package io.trapline.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpanTest {
    private static final Instant NOW = Instant.parse("2026-11-21T04:40:00Z");

    private static Span span(String... params) {
        return Span.of(Params.of(params), "1h", NOW);
    }

    @ParameterizedTest
    @CsvSource({
        "range=15m,                                         PT15M, false",
        "range=nonsense,                                    PT1H,  false",
        "from=2026-11-21T01:00&to=2026-11-21T02:30,         PT1H30M, true",
        "from=2026-11-21T01:00:00Z&to=2026-11-21T01:00:20Z, PT20S, true",
        "from=2026-11-21T02:00&to=2026-11-21T01:00,         PT1H,  false",
        "from=2026-11-21T02:00,                             PT1H,  false",
        "from=x&to=y&range=6h,                              PT6H,  false",
        "from=0001-01-01T00:00&to=2026-11-21T01:00,         PT8784H, true",
    })
    void a_time_is_read_from_the_address(String query, Duration length, boolean fixed) {
        Span span = Span.of(Params.parse(query), "1h", NOW);
        assertThat(span.length()).isEqualTo(length);
        assertThat(span.isFixed()).isEqualTo(fixed);
        assertThat(span.isFixed() || span.to().equals(NOW)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        "1h,240,1000,15000",
        "7d,240,1000,3600000",
        "5m,240,1000,2000",
        "5m,240,10000,10000"
    })
    void steps_are_lengths_that_people_count_in(String range, int most, long atLeast, long step) {
        assertThat(span("range", range).stepMs(most, atLeast)).isEqualTo(step);
    }

    @Test
    void links_go_through_time_and_back() {
        Span span = span("from", "2026-11-21T01:00:00", "to", "2026-11-21T03:00:00");
        assertThat(span.moves(Params.of("name", "x"), "/p"))
                .extracting(link -> link.word() + " " + link.address().replace("%3A", ":"))
                .containsExactly(
                        "◀ earlier /p?name=x&from=2026-11-21T00:00:00&to=2026-11-21T02:00:00",
                        "later ▶ /p?name=x&from=2026-11-21T02:00:00&to=2026-11-21T04:00:00",
                        "zoom in /p?name=x&from=2026-11-21T01:30:00&to=2026-11-21T02:30:00",
                        "zoom out /p?name=x&from=2026-11-21T00:00:00&to=2026-11-21T04:00:00",
                        "now /p?name=x");
    }
}
