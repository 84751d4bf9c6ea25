package io.trapline.ingest;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.net.BoundServer;
import io.trapline.net.ListenSettings;
import io.trapline.net.Source;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressLimitsTest {
    private long nowNs;
    private double rate;
    private final AddressLimits limits =
            new AddressLimits(() -> rate, 3, () -> nowNs, (_, _) -> {});

    private int tryAcquire(InetAddress address) {
        return limits.tryAcquire(Source.of(address), address.isLoopbackAddress());
    }

    @ParameterizedTest
    @CsvSource({
        "10.0.0.1,    401, 10.0.0.1,     true",
        "10.0.0.1,    403, 10.0.0.1,     true",
        "10.0.0.1,    404, 10.0.0.1,     true",
        "10.0.0.1,    200, 10.0.0.1,     false",
        "10.0.0.1,    400, 10.0.0.1,     false",
        "10.0.0.1,    401, 10.0.0.2,     false",
        "127.0.0.1,   401, 127.0.0.1,    false",
        "2001:db8::1, 401, 2001:db8::ff, true",
        "2001:db8::1, 401, 2001:db8:1::, false"
    })
    void an_address_that_failed_too_often_waits_for_the_next_minute(
            String failing, int status, String asking, boolean refused) {
        for (int i = 0; i < 3; i++) {
            assertThat(tryAcquire(InetAddress.ofLiteral(failing))).isZero();
            limits.ended(Source.of(InetAddress.ofLiteral(failing)), status);
        }
        nowNs = TimeUnit.SECONDS.toNanos(20);
        assertThat(tryAcquire(InetAddress.ofLiteral(asking))).isEqualTo(refused ? 40 : 0);
        nowNs = TimeUnit.SECONDS.toNanos(60);
        assertThat(tryAcquire(InetAddress.ofLiteral(asking))).isZero();
    }

    @Test
    void requests_of_an_address_are_counted_when_there_is_a_limit() {
        InetAddress one = InetAddress.ofLiteral("127.0.0.1");
        for (int i = 0; i < 1000; i++) {
            assertThat(tryAcquire(one)).isZero();
        }
        rate = 0.1;
        for (int i = 0; i < 6; i++) {
            assertThat(tryAcquire(one)).isZero();
        }
        assertThat(tryAcquire(one)).isEqualTo(60);
        assertThat(tryAcquire(InetAddress.ofLiteral("10.0.0.1"))).isZero();
        rate = 0;
        assertThat(tryAcquire(one)).as("a reload takes it away").isZero();
    }

    @Test
    void the_answer_says_when_to_come_again() throws Exception {
        AddressLimits one = AddressLimits.of(() -> 1.0 / 60, () -> nowNs);
        try (BoundServer server =
                        CoreListener.open(
                                ListenSettings.plain("127.0.0.1", 0),
                                Optional.empty(),
                                one,
                                rules -> rules.get("/", (_, response) -> response.send("hello")));
                HttpClient client = HttpClient.newHttpClient()) {
            HttpRequest request =
                    HttpRequest.newBuilder(URI.create(server.address() + "/")).build();
            assertThat(client.send(request, HttpResponse.BodyHandlers.ofString()).body())
                    .isEqualTo("hello");
            var refused = client.send(request, HttpResponse.BodyHandlers.ofString());
            assertThat(refused.statusCode()).isEqualTo(429);
            assertThat(refused.headers().firstValue("Retry-After")).contains("60");
            assertThat(refused.body()).contains("too many requests from this address");
        }
    }
}
