package io.trapline.registry;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecentRequestsTest {
    private final RecentRequests requests = new RecentRequests();

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '~',
            value = {
                "{\"access_token\":\"hunter22\",\"data\":[]}      ; {\"access_token\":\"***\",\"data\":[]}",
                "{\"access_token\" : \"another\"}                 ; {\"access_token\" : \"***\"}",
                "{\"access\\u005ftoken\":\"another\"}             ; {\"access\\u005ftoken\":\"***\"}",
                "{\"access_token\":\"cut off                      ; {\"access_token\":\"***\"",
                "{\"access_token\":\"cut off\\                    ; {\"access_token\":\"***\"",
                "{\"a\":\"b\",\"target\":\"x\"}                   ; {\"a\":\"b\",\"target\":\"x\"}",
                "{\"note\":\"is hunter22, ok\"}                   ; {\"note\":\"***\"}",
                "{\"note\":\"hunter2\\u0032\"}                    ; {\"note\":\"***\"}",
                "not json hunter22 at all                         ; not json *** at all",
                "cut in the middle hunter                         ; cut in the middle ***",
            })
    void shows_no_secret_however_it_is_spelled(String body, String shown) {
        assertThat(RecentRequests.masked(body, "hunter22")).isEqualTo(shown);
    }

    @Test
    void a_registration_without_a_secret_masks_by_key_alone() {
        assertThat(RecentRequests.masked("{\"secret\":\"x\",\"y\":\"z\"}", ""))
                .isEqualTo("{\"secret\":\"***\",\"y\":\"z\"}");
    }

    @Test
    void keeps_the_last_ten_newest_first_and_the_beginning_of_each() {
        for (int i = 0; i < 25; i++) {
            byte[] body = (i + "-" + "x".repeat(10_000)).getBytes(StandardCharsets.UTF_8);
            requests.add(
                    "push/7",
                    Instant.ofEpochSecond(i),
                    200,
                    body,
                    body.length,
                    List.of("n" + i),
                    "secret-token");
        }
        List<RecentRequest> kept = requests.of("push/7");
        assertThat(kept.stream().map(request -> request.notes().getFirst()))
                .containsExactly(
                        "n24", "n23", "n22", "n21", "n20", "n19", "n18", "n17", "n16", "n15");
        assertThat(kept.getFirst().bytes()).isEqualTo(10_003);
        assertThat(kept.getFirst().body()).hasSize(RecentRequests.MAX_BYTES).startsWith("24-x");
    }

    @Test
    void a_body_full_of_backslashes_is_shown_in_time() {
        String body = "{\"a\":\"" + "\\\\".repeat(4000);
        assertThat(RecentRequests.masked(body, "hunter22")).hasSize(body.length());
    }

    @Test
    void notes_are_masked_and_bounded_too() {
        requests.add(
                "push/7",
                Instant.EPOCH,
                400,
                new byte[0],
                0,
                java.util.Collections.nCopies(100, "near hunter22 " + "y".repeat(1000)),
                "hunter22");
        RecentRequest request = requests.of("push/7").getFirst();
        assertThat(request.notes()).hasSize(RecentRequests.MAX_NOTES);
        assertThat(request.notes().getFirst()).startsWith("near *** y").hasSizeLessThan(510);
    }
}
