package io.trapline.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.helidon.webserver.WebServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A real server; its regular looks are far apart, so that the tests say when it looks.
class ServerTlsTest {
    private static final Duration NEVER = Duration.ofDays(1);

    /// Few places, so that a test can take all of them.
    private static final ConnectionLimits LIMITS =
            new ConnectionLimits(
                    8,
                    4,
                    1,
                    ConnectionLimits.Urgent.NOTHING,
                    Duration.ofMillis(2500),
                    Duration.ofMinutes(1),
                    Duration.ofMinutes(1));

    @TempDir private Path folder;

    private final AtomicInteger changes = new AtomicInteger();
    private TlsFiles files = new TlsFiles(Path.of(""), Path.of(""));
    private ServerTls tls;
    private BoundServer server;

    @BeforeEach
    void start() throws Exception {
        files = TlsFixture.pair(folder, "ec", "ec");
        tls =
                ServerTls.open(
                        "[core] TLS",
                        () -> files,
                        InstantSource.system(),
                        NEVER,
                        changes::incrementAndGet);
        server =
                BoundServer.start(
                        WebServer.builder()
                                .routing(routing ->
                                        routing.get("/", (_, response) -> response.send("hello"))),
                        new HttpConnections(8 << 10, 16 << 10, LIMITS),
                        new ListenSettings("127.0.0.1", 0, Optional.of(files), false),
                        Optional.of(tls),
                        "core");
    }

    @AfterEach
    void stop() {
        server.close();
        tls.close();
    }

    @Test
    void new_connections_get_the_new_certificate_and_old_ones_go_on() throws Exception {
        assertThat(server.address()).startsWith("https://127.0.0.1:");
        try (Client old = new Client()) {
            assertThat(old.get()).contains("hello");
            assertThat(old.subject()).isEqualTo("CN=ec");
            String before = tls.fingerprint();

            TlsFixture.pair(folder, "rsa", "rsa");
            tls.look();
            assertThat(subject()).as("a change counts at the second look").isEqualTo("CN=ec");
            tls.look();
            assertThat(subject()).isEqualTo("CN=rsa");
            assertThat(tls.fingerprint()).isNotEqualTo(before);
            assertThat(changes).hasValue(1);

            assertThat(old.get()).contains("hello");
            assertThat(tls.problem()).isEmpty();
        }
    }

    @Test
    void a_broken_new_pair_leaves_the_old_one_in_force_until_it_is_mended() throws Exception {
        TlsFixture.copy("rsa.pem", files.certificate());
        tls.look();
        assertThat(tls.problem()).as("the key may still come").isEmpty();
        tls.look();
        assertThat(tls.problem().orElse(""))
                .startsWith("[core] TLS: ")
                .contains("pair.key is not the key of the certificate in")
                .endsWith("; the certificate from before stays in force");
        assertThat(subject()).isEqualTo("CN=ec");

        Files.delete(files.key());
        tls.lookNow();
        assertThat(tls.problem().orElse("")).contains("there is no such file");
        assertThat(subject()).isEqualTo("CN=ec");

        TlsFixture.copy("rsa-pkcs1.key", files.key());
        tls.lookNow();
        assertThat(tls.problem()).isEmpty();
        assertThat(subject()).isEqualTo("CN=rsa");
        assertThat(changes).hasValue(1);
    }

    @Test
    void what_is_back_before_the_second_look_was_never_away() throws Exception {
        TlsFixture.copy("rsa.pem", files.certificate());
        tls.look();
        TlsFixture.copy("ec.pem", files.certificate());
        tls.look();
        tls.look();
        assertThat(tls.problem()).isEmpty();
        assertThat(changes).hasValue(0);
    }

    @Test
    void other_files_can_be_named() throws Exception {
        Path other = Files.createDirectory(folder.resolve("other"));
        files = TlsFixture.pair(other, "ed25519", "ed25519");
        tls.lookNow();
        assertThat(subject()).isEqualTo("CN=ed25519");
    }

    @Test
    void an_expired_certificate_is_served_with_a_warning() throws Exception {
        TlsFixture.pair(folder, "expired", "expired");
        tls.lookNow();
        assertThat(tls.problem().orElse("")).contains("the certificate has expired, on 2020-01-31");
        assertThat(changes).hasValue(1);
    }

    @ParameterizedTest
    @CsvSource({"ec,ec", "rsa,rsa-pkcs1", "ed25519,ed25519"})
    void a_client_that_trusts_the_issuer_gets_through(String certificate, String key)
            throws Exception {
        TlsFixture.pair(folder, certificate, key);
        tls.lookNow();
        Path ca = TlsFixture.copy("ca.pem", folder.resolve("ca.pem"));
        try (Client client = new Client(Trust.authorities(ca), "localhost")) {
            assertThat(client.get()).contains("hello");
        }
    }

    @Test
    void a_client_that_trusts_somebody_else_does_not() throws Exception {
        Path other = TlsFixture.copy("self.pem", folder.resolve("self.pem"));
        assertThatThrownBy(() -> new Client(Trust.authorities(other), "localhost").close())
                .isInstanceOf(SSLHandshakeException.class);
        Path ca = TlsFixture.copy("ca.pem", folder.resolve("ca.pem"));
        assertThatThrownBy(() -> new Client(Trust.authorities(ca), "web02").close())
                .as("the name")
                .isInstanceOf(SSLHandshakeException.class);
    }

    @Test
    void a_pinned_client_takes_that_one_certificate_whatever_its_name() throws Exception {
        TlsFixture.pair(folder, "self", "self");
        tls.lookNow();
        try (Client client = new Client(Trust.exactly(tls.fingerprint()), "web99")) {
            assertThat(client.get()).contains("hello");
        }
        assertThatThrownBy(() -> new Client(Trust.exactly("00"), "web01").close())
                .isInstanceOf(SSLHandshakeException.class)
                .hasMessageContaining("not the certificate that was expected");
    }

    @Test
    void a_port_that_is_taken_is_said_with_what_to_do() {
        assertThatThrownBy(() ->
                        BoundServer.start(
                                        WebServer.builder(),
                                        new HttpConnections(8 << 10, 16 << 10, LIMITS),
                                        ListenSettings.plain("127.0.0.1", server.port()),
                                        Optional.empty(),
                                        "core")
                                .close())
                .isInstanceOf(IOException.class)
                .hasMessageContaining("cannot listen on 127.0.0.1:" + server.port())
                .hasMessageContaining("another program holds the port")
                .hasMessageContaining("below [core] in conf.d/trapline.conf");
    }

    @Test
    void handshakes_that_never_come_keep_nobody_out_and_end() throws Exception {
        try (java.net.Socket silent = silent();
                java.net.Socket _ = silent();
                java.net.Socket _ = silent();
                java.net.Socket late = silent();
                Client client = new Client()) {
            assertThat(client.get()).endsWith("hello");
            assertThat(client.get()).endsWith("hello");
            assertThat(silent.getInputStream().read()).as("made room").isEqualTo(-1);
            assertThat(late.getInputStream().read()).as("its time is over").isEqualTo(-1);
        }
    }

    private java.net.Socket silent() throws IOException {
        return new java.net.Socket(InetAddress.getLoopbackAddress(), server.port());
    }

    private String subject() throws Exception {
        try (Client client = new Client()) {
            return client.subject();
        }
    }

    /// One connection.
    private final class Client implements AutoCloseable {
        private final SSLSocket socket;
        private final BufferedReader in;

        Client() throws IOException {
            this(Trust.everybody(), "localhost");
        }

        Client(SSLContext context, String name) throws IOException {
            socket =
                    (SSLSocket)
                            context.getSocketFactory()
                                    .createSocket(
                                            new java.net.Socket(
                                                    InetAddress.getLoopbackAddress(),
                                                    server.port()),
                                            name,
                                            server.port(),
                                            true);
            var parameters = socket.getSSLParameters();
            parameters.setEndpointIdentificationAlgorithm("HTTPS");
            socket.setSSLParameters(parameters);
            socket.setSoTimeout(20_000);
            in =
                    new BufferedReader(
                            new InputStreamReader(
                                    socket.getInputStream(), StandardCharsets.ISO_8859_1));
            try {
                socket.startHandshake();
            } catch (IOException e) {
                socket.close();
                throw e;
            }
        }

        String subject() throws IOException {
            X509Certificate own = (X509Certificate) socket.getSession().getPeerCertificates()[0];
            return own.getSubjectX500Principal().getName();
        }

        /// The answer up to its body's first line.
        String get() throws IOException {
            socket.getOutputStream()
                    .write(
                            "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
                                    .getBytes(StandardCharsets.US_ASCII));
            StringBuilder answer = new StringBuilder();
            int length = 0;
            for (String line = in.readLine(); line != null && !line.isEmpty(); ) {
                if (line.toLowerCase(java.util.Locale.ROOT).startsWith("content-length:")) {
                    length = Integer.parseInt(line.substring(15).strip());
                }
                answer.append(line).append('\n');
                line = in.readLine();
            }
            char[] body = new char[length];
            int read = in.read(body);
            return answer.append(body, 0, Math.max(0, read)).toString();
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
