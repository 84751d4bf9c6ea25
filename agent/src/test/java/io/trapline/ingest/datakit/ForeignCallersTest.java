package io.trapline.ingest.datakit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.pipeline.GlobalTags.Changes;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Who may ask the agent's listener for what: web pages, names that lead here, proxies, other
/// users.
class ForeignCallersTest {
    private static final String OWN = "Host: 127.0.0.1:1";
    private static final String NAMED = "Host: evil.example:1";
    private static final String NAMED_ORIGIN = "Origin: http://evil.example:1";
    private static final String OTHER_ORIGIN = "Origin: https://other.example";
    private static final String ADMIN = "Authorization: Bearer admin";

    private ApiFixture api;

    @BeforeEach
    void open() {
        api = new ApiFixture();
    }

    @AfterEach
    void close() {
        api.close();
    }

    private String ask(String request, String... headers) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), api.port())) {
            String head = request + " HTTP/1.1\r\n" + String.join("\r\n", headers);
            String body = request.startsWith("POST") ? "m f=1" : "";
            socket.getOutputStream()
                    .write(
                            (head
                                            + "\r\nConnection: close\r\nContent-Length: "
                                            + body.length()
                                            + "\r\n\r\n"
                                            + body)
                                    .getBytes(ISO_8859_1));
            return new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
        }
    }

    private static int status(String answer) {
        return Integer.parseInt(answer.substring(9, 12));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"POST /v1/global/host/tags?a=b", "DELETE /v1/global/host/tags?tags=host"})
    void global_tags_are_not_for_pages_to_change_whatever_they_bring(String change)
            throws IOException {
        for (String[] page :
                new String[][] {
                    {NAMED, NAMED_ORIGIN},
                    {OWN, OTHER_ORIGIN},
                    {OWN, "Origin: null"},
                    {OWN, "Origin: http://127.0.0.1:1"},
                    {OWN, "Origin: http://127.0.0.1:1", ADMIN},
                    {OWN, "Sec-Fetch-Site: same-origin"},
                    {NAMED},
                }) {
            assertThat(status(ask(change, page))).as(String.join(", ", page)).isEqualTo(403);
        }
        assertThat(api.saved).isEqualTo(Changes.NONE);

        assertThat(status(ask(change, OWN))).isEqualTo(200);
        assertThat(status(ask("POST /v1/global/host/tags?a=b", OWN))).isEqualTo(200);
        assertThat(api.saved.host().set()).containsEntry("a", "b");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "X-Forwarded-For: 10.0.0.9",
                "X-Forwarded-Host: a",
                "X-Forwarded-Proto: https",
                "X-Forwarded-Port: 80",
                "X-Forwarded-Server: a",
                "X-Forwarded: for=10.0.0.9",
                "X-Forward-For: 10.0.0.9",
                "Forwarded: for=10.0.0.9",
                "Forwarded-For: 10.0.0.9",
                "Via: 1.1 proxy",
                "X-Real-IP: 10.0.0.9",
                "X-Client-IP: 10.0.0.9",
                "Client-IP: 10.0.0.9",
                "True-Client-IP: 10.0.0.9",
                "CF-Connecting-IP: 10.0.0.9",
                "CF-Connecting-IPv6: 2001:db8::9",
                "CF-Ray: 1",
                "CDN-Loop: a",
                "X-Cluster-Client-IP: 10.0.0.9",
                "X-Original-Forwarded-For: 10.0.0.9",
                "X-Original-Host: a",
                "X-Original-URL: /",
                "Fly-Client-IP: 10.0.0.9",
                "Fastly-Client-IP: 10.0.0.9",
                "X-Azure-ClientIP: 10.0.0.9",
                "X-Envoy-External-Address: 10.0.0.9",
                "X-Appengine-User-IP: 10.0.0.9",
                "WL-Proxy-Client-IP: 10.0.0.9",
                "Ali-CDN-Real-IP: 10.0.0.9",
                "x-fOrWaRdEd-fOr: 10.0.0.9",
            })
    void what_is_forwarded_is_not_from_this_host(String header) throws IOException {
        assertThat(status(ask("GET /v1/global/host/tags", OWN, header))).isEqualTo(403);
        assertThat(status(ask("POST /v1/global/host/tags?a=b", OWN, header))).isEqualTo(403);
        assertThat(status(ask("GET /metrics", OWN, header))).isEqualTo(403);
        assertThat(api.saved).isEqualTo(Changes.NONE);
        String name = header.substring(0, header.indexOf(':')).toLowerCase(Locale.ROOT);
        for (String request : List.of("GET /metrics", "POST /v1/global/host/tags?a=b")) {
            assertThat(ask(request, OWN, header))
                    .contains("it counts as forwarded")
                    .contains("it has the header " + name + ", which proxies add");
        }

        assertThat(status(ask("POST /v1/write/metric", OWN, header))).isEqualTo(200);
        assertThat(status(ask("GET /v1/global/host/tags", OWN, header, ADMIN))).isEqualTo(200);
        assertThat(status(ask("GET /metrics", OWN, header, ADMIN))).isEqualTo(200);
        assertThat(status(ask("POST /v1/global/host/tags?a=b", OWN, header, ADMIN))).isEqualTo(200);
        assertThat(status(ask("POST /v1/global/host/tags?a=b", OWN, header, ADMIN + "x")))
                .isEqualTo(403);
    }

    @Test
    void http_1_0_is_not_from_this_host_since_proxies_speak_it() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), api.port())) {
            socket.getOutputStream()
                    .write(
                            "GET /v1/global/host/tags HTTP/1.0\r\nHost: 127.0.0.1:1\r\n\r\n"
                                    .getBytes(ISO_8859_1));
            String answer = new String(socket.getInputStream().readAllBytes(), ISO_8859_1);
            assertThat(status(answer)).isEqualTo(403);
            assertThat(answer).contains("it is HTTP/1.0, which proxies speak: send HTTP/1.1");
        }
    }

    @ParameterizedTest
    @CsvSource({
        // request,                    with a name, and with the page's Origin
        "GET /v1/ping,                    200, 403",
        "GET /v1/ntp,                     200, 403",
        "POST /v1/write/metric,           200, 403",
        "POST /v1/write/logstreaming,     200, 403",
        "OPTIONS /v1/write/metric,        204, 403",
        "POST /v1/lasterror,              403, 403",
        "GET /v1/global/host/tags,        403, 403",
        "GET /v1/global/election/tags,    403, 403",
        "GET /metrics,                    403, 403",
        "GET /page,                       403, 403",
        "GET /healthz,                    200, 200",
    })
    void a_name_of_somebody_elses_opens_what_is_open_to_programs_and_nothing_to_pages(
            String request, int program, int page) throws IOException {
        assertThat(status(ask(request, NAMED))).isEqualTo(program);
        assertThat(status(ask(request, NAMED, NAMED_ORIGIN))).isEqualTo(page);
        assertThat(status(ask(request, NAMED, OTHER_ORIGIN))).isEqualTo(page);
        assertThat(status(ask(request, "Host: my-host:1"))).isNotEqualTo(403);
    }

    @Test
    void credentials_are_for_listed_origins_alone_and_tags_for_no_other_page() throws IOException {
        assertThat(ask("POST /v1/write/metric", OWN, OTHER_ORIGIN))
                .contains("Access-Control-Allow-Origin: https://other.example\r\n")
                .doesNotContain("Allow-Credentials");
        assertThat(ask("GET /v1/global/host/tags", OWN, OTHER_ORIGIN))
                .doesNotContain("Access-Control");
        api.settings =
                ApiFixture.settings(0, 1, List.of(), List.of("https://other.example"), false);
        assertThat(ask("POST /v1/write/metric", OWN, OTHER_ORIGIN))
                .contains("Access-Control-Allow-Origin: https://other.example\r\n")
                .contains("Access-Control-Allow-Credentials: true\r\n");
    }

    @Test
    void one_user_of_this_host_does_not_use_up_the_rate_of_another() throws Exception {
        Assumptions.assumeTrue(
                (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0,
                "only root can send as somebody else");
        api.settings = ApiFixture.settings(1, 2, List.of(), List.of(), false);
        for (int i = 0; i < 2; i++) {
            assertThat(status(ask("POST /v1/write/metric", OWN))).isEqualTo(200);
        }
        assertThat(ask("POST /v1/write/metric", OWN))
                .startsWith("HTTP/1.1 429 ")
                .contains("\r\nRetry-After: 1\r\n")
                .contains("[http] request_rate");

        String script =
                "exec 3<>/dev/tcp/127.0.0.1/%d; printf 'POST /v1/write/metric HTTP/1.1\\r\\nHost: a\\r\\nConnection: close\\r\\nContent-Length: 5\\r\\n\\r\\nm f=1' >&3; cat <&3"
                        .formatted(api.port());
        Process nobody =
                new ProcessBuilder(
                                "setpriv",
                                "--reuid=65534",
                                "--regid=65534",
                                "--clear-groups",
                                "bash",
                                "-c",
                                script)
                        .start();
        assertThat(new String(nobody.getInputStream().readAllBytes(), ISO_8859_1))
                .startsWith("HTTP/1.1 200 ");
        assertThat(status(ask("POST /v1/write/metric", OWN))).isEqualTo(429);
    }
}
