package io.trapline.web;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostsTest {
    @ParameterizedTest
    @CsvSource({
        "localhost,               true",
        "localhost:9529,          true",
        "LOCALHOST:9529,          true",
        "agent.localhost:9529,    true",
        "127.0.0.1,               true",
        "127.0.0.1:9529,          true",
        "192.168.1.7:9529,        true",
        "[::1]:9529,              true",
        "[fe80::1],               true",
        "web01:9529,              true",
        "Web01,                   true",
        "Metrics.example:9529,    true",
        "web01.evil.example:9529, false",
        "evil.example,            false",
        "evil.example:9529,       false",
        "127.0.0.1.evil.example,  false",
        "localhost.evil.example,  false",
        "notlocalhost,            false",
        "'',                      false",
        ":9529,                   false",
    })
    void a_name_that_somebody_else_can_own_is_not_ours(String header, boolean ours) {
        assertThat(
                        new Hosts(() -> List.of("metrics.example"), "127.0.0.1", "web01")
                                .admits(Optional.of(header)))
                .isEqualTo(ours);
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1", "0.0.0.0", "web01"})
    void a_request_without_the_header_is_not_ours(String listen) {
        assertThat(new Hosts(List::of, listen).admits(Optional.empty())).isFalse();
    }
}
