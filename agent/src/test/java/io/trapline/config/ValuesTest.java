package io.trapline.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ValuesTest {
    @ParameterizedTest
    @CsvSource({
        "60s,                  PT1M",
        "1m30s,                PT1M30S",
        "7d,                   PT168H",
        "1d2h3m4s5ms6us7ns,    PT26H3M4.005006007S",
        "250ms,                PT0.25S",
        "1.5h,                 PT1H30M",
        "0.1s,                 PT0.1S",
        "90s1m,                PT2M30S",
        "10µs,                 PT0.00001S",
        "' 5s ',               PT5S",
        "0,                    PT0S",
        "0s,                   PT0S",
    })
    void durations_are_numbers_with_units(String text, Duration expected) {
        assertThat(Durations.parse(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "'',           empty",
        "' ',          empty",
        "60,           a number without a unit",
        "s,            not a duration",
        "5 s,          not a duration",
        "-5s,          not a duration",
        "5w,           not a duration",
        "1m30,         not a duration",
        "5s!,          not a duration",
        "1e3s,         not a duration",
        "106752d,      longer than 292 years",
    })
    void other_texts_are_no_durations(String text, String reason) {
        assertThatThrownBy(() -> Durations.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(reason);
    }

    @ParameterizedTest
    @CsvSource({"PT0S, 0s", "PT1M30S, 1m30s", "PT168H, 7d", "PT0.0015S, 1ms500us", "PT1H, 1h"})
    void a_formatted_duration_reads_back(Duration duration, String text) {
        assertThat(Durations.format(duration)).isEqualTo(text);
        assertThat(Durations.parse(text)).isEqualTo(duration);
    }

    @ParameterizedTest
    @CsvSource({
        "2GiB,      2147483648",
        "512MB,     512000000",
        "64k,       65536",
        "64K,       65536",
        "64kb,      64000",
        "64kib,     65536",
        "1.5MiB,    1572864",
        "10,        10",
        "10B,       10",
        "3 GiB,     3221225472",
        "1TiB,      1099511627776",
        "0,         0",
    })
    void sizes_are_numbers_with_units(String text, long expected) {
        assertThat(Sizes.parse(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "'',              empty",
        "big,             not a size",
        "-1,              not a size",
        "1 gig,           not a size",
        "1iB,             not a size",
        "1PB,             not a size",
        "9999999TiB,      more than 8 EiB",
    })
    void other_texts_are_no_sizes(String text, String reason) {
        assertThatThrownBy(() -> Sizes.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(reason);
    }

    @ParameterizedTest
    @CsvSource({"0, 0B", "1000, 1000B", "4096, 4KiB", "2147483648, 2GiB"})
    void a_formatted_size_reads_back(long bytes, String text) {
        assertThat(Sizes.format(bytes)).isEqualTo(text);
        assertThat(Sizes.parse(text)).isEqualTo(bytes);
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1:9529,      127.0.0.1, 9529,  true",
        "localhost:9529,      127.0.0.1, 9529,  true",
        "LOCALHOST:1,         127.0.0.1, 1,     true",
        "0.0.0.0:0,           0.0.0.0,   0,     false",
        "[::1]:65535,         ::1,       65535, true",
        "[fe80::1]:1,         fe80::1,   1,     false",
        "192.168.1.2:80,      192.168.1.2, 80,  false",
    })
    void an_endpoint_is_an_address_with_a_port(
            String text, String host, int port, boolean loopback) {
        HostPort found = HostPort.parse(text);
        assertThat(found).isEqualTo(new HostPort(host, port));
        assertThat(found.isLoopback()).isEqualTo(loopback);
        assertThat(HostPort.parse(found.toString())).isEqualTo(found);
    }

    @ParameterizedTest
    @CsvSource({
        "'',                empty",
        "9529,              no port",
        ":9529,             no address before the port",
        "[]:9529,           no address before the port",
        "::1:9529,          an IPv6 address needs brackets",
        "web01:9529,        web01 is not an IP address",
        "256.0.0.1:1,       256.0.0.1 is not an IP address",
        "127.0.0.1:,        port  is not a number between 0 and 65535",
        "127.0.0.1:x,       port x is not a number between 0 and 65535",
        "127.0.0.1:-1,      port -1 is not a number between 0 and 65535",
        "127.0.0.1:65536,   port 65536 is not between 0 and 65535",
        "127.0.0.1:999999,  port 999999 is not a number between 0 and 65535",
    })
    void other_texts_are_no_endpoints(String text, String reason) {
        assertThatThrownBy(() -> HostPort.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(reason);
    }

    @ParameterizedTest
    @CsvSource({
        "listen,     listen",
        "litsen,     listen",
        "Listen,     listen",
        "lissten,    listen",
        "max-bytes,  max_bytes",
        "maxbytes,   max_bytes",
        "retain,     retention",
    })
    void the_nearest_word_is_the_one_with_the_fewest_slips(String typed, String meant) {
        List<String> known = List.of("retention", "max_bytes", "memory", "listen");
        assertThat(Nearest.of(typed, known)).contains(meant);
    }

    @Test
    void a_swap_of_neighbours_is_one_slip() {
        assertThat(Nearest.distance("litsen", "listen")).isEqualTo(1);
        assertThat(Nearest.distance("", "abc")).isEqualTo(3);
        assertThat(Nearest.distance("kitten", "sitting")).isEqualTo(3);
    }

    @ParameterizedTest
    @CsvSource({
        "$HOME/x,           /home/u/x",
        "${HOME}x,          /home/ux",
        "$HOMEx,            $HOMEx",
        "a$HOME$HOME,       a/home/u/home/u",
        "$DOLLAR,           $1\\",
        "$NO ${NO} ${,      $NO ${NO} ${",
        "$ $1 $$HOME,       $ $1 $/home/u",
        "[$EMPTY],          []",
    })
    void only_variables_that_are_set_are_replaced(String text, String expected) {
        Map<String, String> set = Map.of("HOME", "/home/u", "DOLLAR", "$1\\", "EMPTY", "");
        assertThat(Variables.replace(text, set)).isEqualTo(expected);
    }
}
