package io.trapline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.trapline.net.TlsFixture;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Both listeners with TLS, the commands that talk to them, and new certificates while they run.
class TlsIT {
    private static final Duration SOON = Duration.ofMinutes(3);

    @TempDir private Path folder;

    @Test
    void commands_find_and_trust_an_agent_with_tls_also_after_its_certificate_was_renewed()
            throws Exception {
        Path home = RunningAgent.home(folder);
        // For a name that is not this address: the commands trust the certificate, not its name.
        TlsFixture.pair(home.resolve("conf.d"), "self", "self");
        Files.writeString(
                home.resolve("conf.d/trapline.conf"),
                """
                [http]
                listen = "127.0.0.1:0"
                tls_cert = "conf.d/pair.pem"
                tls_key = "conf.d/pair.key"
                [core]
                listen = "127.0.0.1:0"
                tls_cert = "conf.d/pair.pem"
                tls_key = "conf.d/pair.key"
                [[push]]
                data_id = 1500101
                access_token = "t"
                type = "time_series"
                """);
        try (RunningAgent agent = RunningAgent.start(home)) {
            assertThat(agent.address()).startsWith("https://");
            assertThat(agent.coreAddress()).startsWith("https://");
            String body =
                    "{\"data_id\":1500101,\"access_token\":\"t\","
                            + "\"data\":[{\"metrics\":{\"a\":1},\"target\":\"t\"}]}";
            assertThat(RunningAgent.postTo(agent.coreAddress() + "/v2/push/", body).statusCode())
                    .isEqualTo(200);
            assertThat(ok(home, "status")).contains("role");
            assertThat(ok(home, "push", "list", "--json")).contains("1500101");
            await().atMost(SOON)
                    .until(() -> ok(home, "query", "--format", "csv", QUERY).contains("\n1\r"));

            TlsFixture.copy("rsa.pem", home.resolve("conf.d/pair.pem"));
            await().atMost(SOON)
                    .untilAsserted(() ->
                            assertThat(problems(agent))
                                    .contains("[http] TLS: ")
                                    .contains("[core] TLS: ")
                                    .contains("is not the key of"));
            assertThat(ok(home, "status")).contains("is not the key of the certificate");
            assertThat(RunningAgent.run(home, "check-config").exitCode()).isEqualTo(2);

            TlsFixture.copy("rsa.key", home.resolve("conf.d/pair.key"));
            await().atMost(SOON).until(() -> problems(agent).equals("[]"));
            assertThat(ok(home, "query", "--format", "csv", QUERY)).contains("\n1\r");
            assertThat(Files.readString(home.resolve("logs/trapline.log")))
                    .contains("is in force for new connections");
        }
    }

    private static final String QUERY = "select value from metrics where name = 'a'";

    private static String problems(RunningAgent agent) throws Exception {
        JsonNode found = agent.status().get("config_problems");
        return found.toString();
    }

    private static String ok(Path home, String... arguments) throws Exception {
        RunningAgent.Ended ended = RunningAgent.run(home, arguments);
        assertThat(ended.exitCode()).as(ended.err()).isZero();
        return ended.out();
    }
}
