package io.trapline.ingest.datakit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.model.Point;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.Deflater;
import java.util.zip.DeflaterOutputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/// Every H row of the contract's table, `datakit/http.md`, against the real server.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class DataKitHttpTableTest {
    /// Rows where a ruling of ours wins over the table: a text field of a metric is kept.
    private static final Map<String, String> RULINGS =
            Map.of(
                    "H001",
                            "200; `cpu,core=0,host=my-host hot=false,load=1,mode=\"eco\",temp=41.5"
                                    + " @1700000000000000000`",
                    "H109", "200; `m,host=my-host f=1,s=\"x\" @7`",
                    "H110", "200; `m,host=my-host s=\"x\" @7`");

    /// Rows whose expectation is in words, in the table's notation.
    private static final Map<String, String> IN_WORDS =
            Map.of(
                    "H071", "200; `m,host=my-host f=1 @now`",
                    "H124", "200; `m,host=my-host,t=⟨\"你\"×341⟩ f=1 @7`",
                    "H125", "200; `m,host=my-host ⟨f0000…f1023⟩ @7`",
                    "H163", "200; body `{\"timestamp_sec\":⟨now⟩}`",
                    "H170",
                            "200; body `{\"content\":{\"version\":\"1.2.3\",\"uptime\":\"3m4.5s\","
                                    + "\"host\":\"my-host\",\"commit\":\"abc\"}}`");

    private static final Pattern QUOTED = Pattern.compile("`([^`]*)`");
    private static final Pattern REPEATED = Pattern.compile("⟨\"(.+?)\"×(\\d+)⟩");
    private static final Pattern TIME = Pattern.compile("⟨now([+-]\\d+)?( s| s in ns)?⟩");
    private static final Pattern ENCODED =
            Pattern.compile("(gzip|raw deflate)⟨([^⟩]*)⟩( less its last 6 bytes)?( \\+ )?");

    private final ObjectMapper mapper = new ObjectMapper();
    private final ApiFixture fixture = new ApiFixture();
    private final ApiFixture electionOff = new ApiFixture(false, ApiFixture.SETTINGS);

    private record Row(String id, String title, String request, String body, String expected) {}

    private List<Row> rows = List.of();

    @BeforeAll
    void read() throws IOException {
        try (InputStream in =
                Objects.requireNonNull(getClass().getResourceAsStream("/datakit/http.md"))) {
            rows =
                    new String(in.readAllBytes(), UTF_8)
                            .lines()
                            .filter(line -> line.startsWith("| H"))
                            .map(line -> line.split("\\|", -1))
                            .map(c -> new Row(c[1].strip(), c[2].strip(), c[3].strip(), c[4], c[5]))
                            .toList();
        }
    }

    @AfterAll
    void close() {
        fixture.close();
        electionOff.close();
    }

    @Test
    void the_table_is_whole() {
        assertThat(rows).hasSize(115);
        assertThat(rows).extracting(Row::id).doesNotHaveDuplicates();
    }

    @TestFactory
    Stream<DynamicTest> each_row_holds() {
        return rows.stream()
                .map(row ->
                        DynamicTest.dynamicTest(row.id() + " " + row.title(), () -> check(row)));
    }

    private void check(Row row) throws IOException, InterruptedException {
        ApiFixture target = row.id().equals("H172") ? electionOff : fixture;
        target.journal.clear();
        target.correctTime = row.request().contains("*[correction on]*");
        HttpResponse<String> response = send(target, row.request(), body(row.body().strip()));
        String table = row.expected().strip().replaceAll("\\((upstream|400 |ours).*$", "");
        String expected = RULINGS.getOrDefault(row.id(), IN_WORDS.getOrDefault(row.id(), table));
        assertThat(response.statusCode()).as(response.body()).isEqualTo(status(expected));
        assertThat(response.headers().firstValue("X-Datakit")).hasValue("1.2.3/my-host");
        checkParts(expected, target, response);
        checkWords(row.id(), expected, target, response);
    }

    private static int status(String expected) {
        return Integer.parseInt(expected.substring(0, 3));
    }

    private HttpResponse<String> send(ApiFixture target, String request, byte[] body)
            throws IOException, InterruptedException {
        String method = request.startsWith("GET ") ? "GET" : "POST";
        List<String> headers = new ArrayList<>();
        if (request.contains("*JSON*")) {
            headers.addAll(List.of("Content-Type", "application/json"));
        }
        String path = "";
        Matcher quoted = QUOTED.matcher(request);
        while (quoted.find()) {
            String text = quoted.group(1);
            if (text.startsWith("/")) {
                path = text;
            } else {
                headers.addAll(List.of(text.split(": ", 2)));
            }
        }
        return target.send(method, path, body, headers.toArray(String[]::new));
    }

    /// Checks what stands in backquotes, by the word before it.
    private void checkParts(String expected, ApiFixture target, HttpResponse<String> response)
            throws IOException {
        List<String> points = new ArrayList<>();
        Matcher quoted = QUOTED.matcher(expected);
        int end = 0;
        while (quoted.find()) {
            String before = expected.substring(end, quoted.start());
            String text = quoted.group(1);
            end = quoted.end();
            if (text.startsWith("datakit.")) {
                assertThat(mapper.readTree(response.body()).get("error_code").asText())
                        .isEqualTo(text);
                assertThat(response.headers().firstValue("X-Content-Type-Options"))
                        .hasValue("nosniff");
            } else if (before.endsWith("body ")) {
                checkBody(text.replace("⟨now⟩", "" + ApiFixture.NOW.getEpochSecond()), response);
            } else if (before.endsWith("feed name ")) {
                assertThat(target.api.feeds().all()).extracting(Feeds.Feed::name).contains(text);
                assertThat(target.meters.scrape())
                        .containsPattern("datakit_io_feed_total\\{[^}]*name=\"" + text + "\"");
            } else if (before.endsWith("index ")) {
                assertThat(target.api.feeds().all()).extracting(Feeds.Feed::index).contains(text);
            } else if (before.endsWith("version ")) {
                assertThat(target.api.feeds().all()).extracting(Feeds.Feed::version).contains(text);
            } else if (text.contains(" @")) {
                points.add(generated(text, true));
            }
        }
        String stored = stored(target);
        assertThat(stored).isEqualTo(String.join("\n", points));
    }

    private void checkBody(String expected, HttpResponse<String> response) throws IOException {
        if (expected.startsWith("{") || expected.startsWith("[")) {
            assertThat(mapper.readTree(response.body())).isEqualTo(mapper.readTree(expected));
        } else {
            assertThat(response.body()).isEqualTo(expected);
        }
    }

    private void checkWords(
            String id, String expected, ApiFixture target, HttpResponse<String> response)
            throws IOException {
        if (expected.contains("counted as dropped")) {
            assertThat(response.headers().firstValue("X-Trapline-Dropped-Points")).hasValue("1");
            assertThat(target.meters.scrape()).contains("trapline_points_dropped_total");
        }
        if (status(expected) == 200 && !expected.contains("body ")) {
            assertThat(response.body()).isEmpty();
        }
        if (id.equals("H164")) {
            assertThat(target.api.lastErrors().all())
                    .contains(new LastErrors.LastError("py", "db", "boom", ApiFixture.NOW_NS));
            assertThat(target.meters.scrape())
                    .containsPattern("datakit_error_total\\{[^}]*source=\"db\"");
        }
        if (id.equals("H172")) {
            assertThat(mapper.readTree(response.body()).fieldNames())
                    .toIterable()
                    .containsExactly("message");
            assertThat(target.tags.election()).isEqualTo(Map.of("host", "my-host"));
        }
    }

    private static String stored(ApiFixture target) {
        return target.journal.entries().stream()
                .map(entry -> Notation.of((Point) entry))
                .map(text -> text.replace(" @" + ApiFixture.NOW_NS, " @now"))
                .collect(Collectors.joining("\n"));
    }

    private static String generated(String text, boolean nanoseconds) {
        String plain = text.replace("⟨f0000…f1023⟩", numberedFields(1024));
        plain = REPEATED.matcher(plain).replaceAll(m -> m.group(1).repeat(count(m.group(2))));
        return TIME.matcher(plain)
                .replaceAll(m -> {
                    long seconds =
                            ApiFixture.NOW.getEpochSecond()
                                    + (m.group(1) == null ? 0 : count(m.group(1)));
                    return seconds + (nanoseconds ? "000000000" : "");
                });
    }

    private static int count(String digits) {
        return Integer.parseInt(digits);
    }

    private static String numberedFields(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> "f%04d=1".formatted(i))
                .collect(Collectors.joining(","));
    }

    private static byte[] body(String cell) throws IOException {
        if (cell.equals("(empty)")) {
            return new byte[0];
        }
        // Only gzip rows have something after the closing backquote.
        String text = cell.substring(1, cell.length() - 1);
        if (text.equals("⟨bytes ff ff⟩")) {
            return new byte[] {-1, -1};
        }
        Matcher encoded = ENCODED.matcher(text);
        if (encoded.lookingAt()) {
            encoded.reset();
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            while (encoded.find()) {
                byte[] part = encode(encoded.group(1), literal(encoded.group(2)));
                all.write(part, 0, part.length - (encoded.group(3) == null ? 0 : 6));
            }
            return all.toByteArray();
        }
        return literal(text.replace("f0000=1,⟨…⟩,f1024=1", numberedFields(1025)));
    }

    private static byte[] literal(String text) {
        return generated(text.replace('␊', '\n').replace('␍', '\r').replace('␉', '\t'), false)
                .getBytes(UTF_8);
    }

    private static byte[] encode(String name, byte[] plain) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (var encoder =
                name.equals("gzip")
                        ? new GZIPOutputStream(out)
                        : new DeflaterOutputStream(out, new Deflater(9, true))) {
            encoder.write(plain);
        }
        return Arrays.copyOf(out.toByteArray(), out.size());
    }
}
