package io.trapline.ingest.trap;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.ingest.OnLoopback;
import io.trapline.ingest.Previews;
import io.trapline.journal.JournalException;
import io.trapline.journal.JournalFullException;
import io.trapline.journal.Origin;
import io.trapline.model.SampleValue;
import io.trapline.net.BoundServer;
import io.trapline.period.BehindException;
import io.trapline.period.Measurement;
import java.io.ByteArrayOutputStream;
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
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TrapHandlerTest implements TrapSink {
    private TrapCheck check = TrapDecoderTest.check(false, null);
    private final ConcurrentLinkedQueue<List<Measurement>> parts = new ConcurrentLinkedQueue<>();
    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final List<Origin> origins = new ArrayList<>();
    private int partsThatFit = Integer.MAX_VALUE;
    private boolean behind;
    private boolean debugBehind;
    private BoundServer server = OnLoopback.open();

    @Override
    public void accept(TrapCheck to, long arrivalMs, List<Measurement> part)
            throws JournalException {
        if (behind) {
            throw new BehindException(9);
        }
        if (parts.size() >= partsThatFit) {
            throw new JournalFullException("quota");
        }
        parts.add(part);
    }

    @Override
    public void acceptOnce(
            TrapCheck to, long arrivalMs, List<Measurement> submission, Origin origin) {
        origins.add(origin);
        parts.add(submission);
    }

    @Override
    public SortedMap<String, SampleValue> running(TrapCheck of) {
        if (debugBehind) {
            throw new BehindException(9);
        }
        return new TreeMap<>(Map.of());
    }

    @BeforeEach
    void start() {
        server =
                OnLoopback.open(
                        new TrapHandler(
                                id -> Optional.of(check).filter(c -> c.id().equals(id)),
                                this,
                                TrapLimits.DEFAULT,
                                InstantSource.system(),
                                System::nanoTime,
                                Previews.NONE));
    }

    @AfterEach
    void stop() {
        server.close();
        client.close();
    }

    @Test
    void a_long_body_is_made_durable_part_by_part_before_the_answer() throws Exception {
        HttpResponse<String> response = put(documents(12_000), "");
        assertThat(response.body()).isEqualTo("{\"stats\":12000,\"filtered\":0}");
        assertThat(parts).extracting(List::size).containsExactly(5000, 5000, 2000);
    }

    @Test
    void without_room_the_answer_is_503_and_what_fitted_stays() throws Exception {
        partsThatFit = 1;
        HttpResponse<String> response = put(documents(12_000), "");
        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.headers().firstValue("Retry-After")).contains("30");
        assertThat(response.body()).contains("its first 5000 metrics are kept, the rest is not");
        assertThat(parts).hasSize(1);
    }

    @Test
    void a_gzip_body_that_ends_half_way_is_unreadable_and_the_answer_says_what_of_it_is_kept()
            throws Exception {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(packed)) {
            out.write(documents(50_000));
        }
        byte[] half = Arrays.copyOf(packed.toByteArray(), packed.size() / 2);
        HttpResponse<String> response = put(half, "gzip");
        assertThat(response.statusCode()).isEqualTo(406);
        int kept = parts.stream().mapToInt(List::size).sum();
        assertThat(kept).isBetween(5000, 49_999);
        assertThat(response.body())
                .startsWith("{\"error\":\"Unable to read incoming payload: ")
                .contains("its first " + kept + " metrics are kept, the rest is not");
    }

    @Test
    void a_debug_answer_that_does_not_know_the_running_period_says_so() throws Exception {
        debugBehind = true;
        HttpRequest request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path()))
                        .header("x-circonus-httptrap-debug", "true")
                        .PUT(HttpRequest.BodyPublishers.ofByteArray(documents(3)))
                        .build();
        HttpResponse<String> response = client.send(request, HttpResponse.BodyHandlers.ofString());
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body())
                .isEqualTo(
                        "{\"stats\":3,\"metrics\":{},\"error\":\"all of it is kept, but the running"
                                + " period is not known yet: the period engine has 9 frames of the"
                                + " journal to read before\"}");
        assertThat(parts).hasSize(1);
    }

    @Test
    void a_sum_whose_period_is_not_known_yet_is_refused_for_the_moment() throws Exception {
        behind = true;
        HttpResponse<String> response = put(documents(1), "");
        assertThat(response.statusCode()).isEqualTo(503);
        assertThat(response.headers().firstValue("Retry-After")).contains("5");
        assertThat(response.body()).contains("nothing of it was kept; try again");
    }

    @Test
    void what_is_no_gzip_is_unreadable() throws Exception {
        HttpResponse<String> response = put(documents(1), "gzip");
        assertThat(response.statusCode()).isEqualTo(406);
        assertThat(response.body())
                .isEqualTo(
                        "{\"error\":\"Unable to read incoming payload: it is not compressed as its"
                                + " Content-Encoding says; nothing of it was kept\"}");
    }

    @ParameterizedTest
    @CsvSource({
        "br, 406, 'Content-Encoding \"\"br\"\" is not understood'",
        "'identity, gzip', 406, it is not compressed as its Content-Encoding says",
        "'gzip, gzip', 406, is not understood",
        "identity, 200, stats",
        "'identity, ', 200, stats"
    })
    void an_encoding_that_is_not_understood_is_named(String coding, int status, String said)
            throws Exception {
        HttpResponse<String> response = put(documents(1), coding);
        assertThat(response.statusCode()).isEqualTo(status);
        assertThat(response.body().replace("\\", "")).contains(said.replace("\"\"", "\""));
    }

    @ParameterizedTest
    @CsvSource({"6000, 5000, its first 5000 metrics are kept", "60, 0, nothing of it was kept"})
    void of_a_connection_that_breaks_off_the_answer_says_what_is_kept(
            int sent, int kept, String said) throws Exception {
        byte[] documents = documents(sent);
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(10_000);
            String head =
                    "PUT "
                            + path()
                            + " HTTP/1.1\r\nHost: x\r\nContent-Length: "
                            + (documents.length + 1000)
                            + "\r\n\r\n";
            socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
            socket.getOutputStream().write(documents);
            socket.shutdownOutput();
            InputStream in = socket.getInputStream();
            assertThat(new String(in.readAllBytes(), StandardCharsets.US_ASCII))
                    .startsWith("HTTP/1.1 406")
                    .contains("broke off after " + documents.length + " of ")
                    .contains(said);
        }
        assertThat(parts.stream().mapToInt(List::size).sum()).isEqualTo(kept);
    }

    @Test
    void what_another_trapline_sends_is_kept_as_a_whole_with_its_origin() throws Exception {
        HttpResponse<String> response = put(documents(12_000), "", "life:out:7.3");
        assertThat(response.body()).isEqualTo("{\"stats\":12000,\"filtered\":0}");
        assertThat(parts).extracting(List::size).containsExactly(12_000);
        assertThat(origins).containsExactly(new Origin("trap/" + check.id() + " life:out", 7, 3));
    }

    @Test
    void what_another_trapline_sends_and_breaks_off_is_not_kept_at_all() throws Exception {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(packed)) {
            out.write(documents(50_000));
        }
        byte[] half = Arrays.copyOf(packed.toByteArray(), packed.size() / 2);
        assertThat(put(half, "gzip", "life:out:7.3").statusCode()).isEqualTo(503);
        assertThat(put("{\"a\":1}]".getBytes(StandardCharsets.UTF_8), "", "life:out:7.3"))
                .satisfies(response -> assertThat(response.statusCode()).isEqualTo(406));
        assertThat(parts).isEmpty();
    }

    @Test
    void one_that_is_too_long_to_be_kept_as_a_whole_is_taken_like_any_other() throws Exception {
        HttpResponse<String> response = put(documents(120_000), "", "life:out:7.3");
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(parts.stream().mapToInt(List::size).sum()).isEqualTo(120_000);
        assertThat(origins).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"a+b, a+b, 200", "a+b, a%2Bb, 200", "a b, a+b, 403", "a b, a%20b, 200"})
    void a_plus_in_the_secret_is_a_plus(String secret, String sent, int status) throws Exception {
        check = TrapDecoderTest.check(secret, false, null);
        URI uri =
                URI.create(
                        "http://127.0.0.1:"
                                + server.port()
                                + "/module/httptrap/"
                                + check.id()
                                + "/"
                                + sent);
        HttpRequest request =
                HttpRequest.newBuilder(uri).PUT(HttpRequest.BodyPublishers.ofString("{}")).build();
        assertThat(client.send(request, HttpResponse.BodyHandlers.ofString()).statusCode())
                .isEqualTo(status);
    }

    @Test
    void the_rate_of_a_check_is_not_limited_by_default() throws Exception {
        for (int i = 0; i < 20; i++) {
            assertThat(put(documents(1), "").statusCode()).isEqualTo(200);
        }
    }

    private HttpResponse<String> put(byte[] body, String coding) throws Exception {
        return put(body, coding, "");
    }

    private HttpResponse<String> put(byte[] body, String coding, String batch) throws Exception {
        HttpRequest.Builder request =
                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path()))
                        .PUT(HttpRequest.BodyPublishers.ofByteArray(body));
        if (!coding.isEmpty()) {
            request.header("Content-Encoding", coding);
        }
        if (!batch.isEmpty()) {
            request.header("X-Trapline-Batch", batch);
        }
        return client.send(request.build(), HttpResponse.BodyHandlers.ofString());
    }

    private String path() {
        return "/module/httptrap/" + check.id() + "/s";
    }

    private static byte[] documents(int count) {
        StringBuilder body = new StringBuilder();
        for (int i = 0; i < count; i++) {
            body.append("{\"m")
                    .append(i % 100)
                    .append("\":")
                    .append(i * 7919L % 104729)
                    .append("}\n");
        }
        return body.toString().getBytes(StandardCharsets.UTF_8);
    }
}
