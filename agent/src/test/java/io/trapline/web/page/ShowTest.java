package io.trapline.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ShowTest {
    @ParameterizedTest
    @CsvSource({
        "0,             0",
        "12,            12",
        "-3,            -3",
        "12345,         12345",
        "1.5,           1.5",
        "0.25,          0.25",
        "0.1234567,     0.123457",
        "1234.56,       1234.56",
        "0.00001,       0.00001",
        "12345678.9,    12345679",
        "2.527602688E10, 25276026880",
        "1.25e-9,       1.25e-9",
        "NaN,           –",
    })
    void a_number_keeps_the_digits_that_matter(double value, String shown) {
        assertThat(Show.number(value)).isEqualTo(shown);
    }

    @ParameterizedTest
    @CsvSource({"0,0 B", "1023,1023 B", "1024,1.0 KiB", "1572864,1.5 MiB", "2147483648,2.0 GiB"})
    void bytes_have_a_unit(long bytes, String shown) {
        assertThat(Show.bytes(bytes)).isEqualTo(shown);
    }

    @ParameterizedTest
    @CsvSource({
        "0,       now",
        "3,       3 s ago",
        "-20,     in 20 s",
        "150,     2 min ago",
        "7300,    2 h ago",
        "259200,  3 d ago",
    })
    void a_time_is_a_distance_from_now(long seconds, String shown) {
        Instant now = Instant.parse("2026-11-21T04:40:00Z");
        assertThat(Show.distance(now.minusSeconds(seconds), now)).isEqualTo(shown);
    }

    @ParameterizedTest
    @CsvSource({"0.5,0.50 ms", "12.4,12 ms", "1500,1.5 s", "180000,3 min", "NaN,–"})
    void a_duration_has_a_unit(double millis, String shown) {
        assertThat(Show.millis(millis)).isEqualTo(shown);
    }

    @Test
    void a_sparkline_stays_in_its_box() {
        assertThat(Show.spark(List.of(0.0, 5.0, 10.0))).isEqualTo("0.0,19.0 50.0,10.0 100.0,1.0");
        assertThat(Show.spark(List.of(3.0))).isEqualTo("50.0,1.0");
        assertThat(Show.spark(List.of(0.0, 0.0))).isEqualTo("0.0,19.0 100.0,19.0");
        assertThat(Show.spark(List.of())).isEmpty();
    }
}
