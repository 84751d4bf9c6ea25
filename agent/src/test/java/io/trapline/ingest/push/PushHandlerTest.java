package io.trapline.ingest.push;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.Vectors;
import io.trapline.ingest.EntrySink;
import io.trapline.ingest.OnLoopback;
import io.trapline.ingest.Previews;
import io.trapline.journal.JournalException;
import io.trapline.journal.JournalFullException;
import io.trapline.net.BoundServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.Optional;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PushHandlerTest {
    private static final String GOOD =
            "{\"data_id\":7,\"access_token\":\"k\",\"data\":[{\"metrics\":{\"a\":1},\"target\":\"t\"}]}";

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private EntrySink sink = (_, _) -> {};
    private BoundServer server = OnLoopback.open();

    @BeforeEach
    void start() {
        PushRegistration registration =
                new PushRegistration(7, "k", "time_series", "v2", 0, -1, true);
        PushDecoder decoder =
                new PushDecoder(
                        id -> Optional.of(registration).filter(r -> r.dataId() == id),
                        PushLimits.DEFAULT,
                        InstantSource.system(),
                        System::nanoTime);
        server =
                OnLoopback.open(
                        new PushHandler(
                                decoder,
                                (source, entries) -> sink.accept(source, entries),
                                PushLimits.DEFAULT,
                                System::nanoTime,
                                Previews.NONE));
    }

    @AfterEach
    void stop() {
        server.close();
        client.close();
    }

    @Test
    void a_full_journal_is_a_503_that_says_nothing_was_kept_and_when_to_come_again()
            throws Exception {
        sink =
                (_, _) -> {
                    throw new JournalFullException("quota");
                };
        HttpResponse<String> response = post(GOOD.getBytes(StandardCharsets.UTF_8), "");
        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.headers().firstValue("Retry-After")).contains("30");
        assertThat(Vectors.JSON.readTree(response.body()).get("message").asText())
                .contains("nothing of this request was kept");
    }

    @Test
    void a_failed_write_is_a_503_that_says_when_to_come_again() throws Exception {
        sink =
                (_, _) -> {
                    throw new JournalException("disk on fire");
                };
        HttpResponse<String> response = post(GOOD.getBytes(StandardCharsets.UTF_8), "");
        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.headers().firstValue("Retry-After")).contains("5");
        assertThat(response.body()).doesNotContain("fire");
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void deflate_is_understood_with_and_without_its_zlib_wrapper(boolean bare) throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = new DeflaterOutputStream(bytes, new Deflater(9, bare))) {
            out.write(GOOD.getBytes(StandardCharsets.UTF_8));
        }
        assertThat(post(bytes.toByteArray(), "deflate").statusCode()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/v2//push/", "//v2/push/", "/v2/push//", "/v2/push/x", "/v1/push/"})
    void every_path_but_the_two_is_unknown(String path) throws IOException {
        String answer =
                raw(
                        "POST "
                                + path
                                + " HTTP/1.1\nHost: x\nConnection: close\nContent-Length: "
                                + GOOD.length()
                                + "\n\n"
                                + GOOD);
        assertThat(answer).startsWith("HTTP/1.1 404 ").contains("\"code\":\"404\"");
    }

    @Test
    void an_unknown_content_coding_is_refused_by_name() throws Exception {
        HttpResponse<String> response = post(GOOD.getBytes(StandardCharsets.UTF_8), "br");
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("br");
    }

    @Test
    void a_client_that_waits_for_100_continue_is_told_at_once_that_its_body_is_too_large()
            throws IOException {
        String answer =
                raw(
                        """
                        POST /v2/push/ HTTP/1.1
                        Host: x
                        Content-Length: 600000
                        Expect: 100-continue

                        """);
        assertThat(answer).startsWith("HTTP/1.1 413 ").doesNotContain("100 Continue");
    }

    @Test
    void a_client_that_waits_for_100_continue_gets_it_and_one_that_asks_to_close_sees_the_end()
            throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(10_000);
            String head =
                    "POST /v2/push/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: "
                            + GOOD.length()
                            + "\r\nExpect: 100-continue\r\n\r\n";
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            InputStream in = socket.getInputStream();
            assertThat(new String(in.readNBytes(12), StandardCharsets.US_ASCII))
                    .isEqualTo("HTTP/1.1 100");
            socket.getOutputStream().write(GOOD.getBytes(StandardCharsets.US_ASCII));
            assertThat(untilJsonEnds(in)).contains("HTTP/1.1 200");
            assertThat(in.read()).as("the end, because the client asked for it").isEqualTo(-1);
        }
    }

    @Test
    void a_broken_request_line_is_answered_in_json_too() throws IOException {
        String answer = raw("POST /v2/push/ HTTP/1.1\nHost: x\nno colon here\n\n");
        assertThat(answer).startsWith("HTTP/1.1 400 ").contains("\"result\":\"false\"");
    }

    /// Sends the text, and reads the answer.
    private String raw(String request) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream()
                    .write(request.replace("\n", "\r\n").getBytes(StandardCharsets.US_ASCII));
            return untilJsonEnds(socket.getInputStream());
        }
    }

    private static String untilJsonEnds(InputStream in) throws IOException {
        StringBuilder text = new StringBuilder();
        for (int c = in.read(); c >= 0 && c != '}'; c = in.read()) {
            text.append((char) c);
        }
        return text.toString();
    }

    private HttpResponse<String> post(byte[] body, String coding) throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(
                                URI.create("http://127.0.0.1:" + server.port() + "/v2/push/"))
                        .POST(HttpRequest.BodyPublishers.ofByteArray(body));
        if (!coding.isEmpty()) {
            request.header("Content-Encoding", coding);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }
}
