package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/// `push send` and `trap send` against a real receiver.
class SendCommandsTest {
    private static final String OK =
            "{\"code\":\"200\",\"message\":\"success\",\"result\":\"true\"}";

    @TempDir Path files;
    private final List<String> bodies = new CopyOnWriteArrayList<>();
    private final List<String> batches = new CopyOnWriteArrayList<>();
    private final List<Integer> statuses = new CopyOnWriteArrayList<>();
    private HttpServer server;
    private Path token;
    private String out = "";
    private String err = "";

    @BeforeEach
    void start() throws IOException {
        token = Files.writeString(files.resolve("token"), "secret\n");
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext(
                "/",
                exchange -> {
                    bodies.add(
                            new String(
                                    exchange.getRequestBody().readAllBytes(),
                                    StandardCharsets.UTF_8));
                    batches.add(
                            String.valueOf(
                                    exchange.getRequestHeaders().getFirst("X-Trapline-Batch")));
                    int status = statuses.isEmpty() ? 200 : statuses.removeFirst();
                    boolean trap = exchange.getRequestURI().getPath().startsWith("/module/");
                    byte[] answer =
                            (status == 200
                                            ? (trap ? "{\"stats\":1,\"filtered\":0}" : OK)
                                            : "{\"message\":\"no\"}")
                                    .getBytes(StandardCharsets.UTF_8);
                    exchange.sendResponseHeaders(status, answer.length);
                    exchange.getResponseBody().write(answer);
                    exchange.close();
                });
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private int run(String... arguments) {
        StringWriter outText = new StringWriter();
        StringWriter errText = new StringWriter();
        CommandLine line = Cli.commandLine();
        line.setOut(new PrintWriter(outText, true));
        line.setErr(new PrintWriter(errText, true));
        int code = line.execute(arguments);
        out = outText.toString();
        err = errText.toString();
        return code;
    }

    private int push(String... more) {
        List<String> arguments =
                new ArrayList<>(
                        List.of(
                                "push",
                                "send",
                                "--server",
                                "127.0.0.1:" + server.getAddress().getPort(),
                                "--token-file",
                                token.toString()));
        arguments.addAll(Arrays.asList(more));
        return run(arguments.toArray(String[]::new));
    }

    @Test
    void an_event_from_options_is_sent_and_the_answer_printed() {
        assertThat(
                        push(
                                "--data-id",
                                "7",
                                "--name",
                                "backup",
                                "--content",
                                "disk full",
                                "--target",
                                "10.0.0.1",
                                "--dim",
                                "job=n",
                                "--timestamp",
                                "1700000000123"))
                .isZero();
        assertThat(bodies)
                .containsExactly(
                        "{\"data\":[{\"event_name\":\"backup\",\"event\":{\"content\":\"disk full\"},"
                                + "\"target\":\"10.0.0.1\",\"timestamp\":1700000000123,"
                                + "\"dimension\":{\"job\":\"n\"}}],\"data_id\":7,\"access_token\":\"secret\"}");
        assertThat(out.strip()).isEqualTo(OK);
        assertThat(batches.getFirst()).matches("send:[0-9a-f-]{36}:1\\.0");
    }

    @Test
    void metrics_without_a_time_get_now() {
        assertThat(
                        push(
                                "--data-id",
                                "7",
                                "--metric",
                                "a=1.50",
                                "--metric",
                                "b=2",
                                "--target",
                                "t",
                                "--quiet"))
                .isZero();
        assertThat(bodies.getFirst())
                .contains("\"metrics\":{\"a\":1.50,\"b\":2}")
                .containsPattern("\"timestamp\":1[0-9]{12}");
        assertThat(out).isEmpty();
    }

    @Test
    void a_file_is_split_below_500_kb_in_order() throws IOException {
        StringBuilder items = new StringBuilder("[");
        for (int i = 0; i < 3000; i++) {
            items.append(i == 0 ? "" : ",")
                    .append("{\"metrics\":{\"m\":")
                    .append(i)
                    .append("},\"target\":\"")
                    .append("x".repeat(300))
                    .append("\",\"timestamp\":1700000000123}");
        }
        Path file = Files.writeString(files.resolve("items.json"), items.append(']'));

        assertThat(push("--data-id", "7", "--file", file.toString())).isZero();

        assertThat(bodies).hasSize(3).allMatch(body -> body.length() <= 500_000);
        assertThat(String.join("", bodies).split("\"m\":", -1)).hasSize(3001);
        assertThat(bodies.getLast()).contains("\"m\":2999");
        assertThat(batches)
                .extracting(batch -> batch.substring(batch.lastIndexOf(':')))
                .containsExactly(":1.0", ":2.0", ":3.0");
    }

    @Test
    void every_item_is_checked_before_anything_is_sent() {
        int code =
                push(
                        "--body",
                        "{\"data_id\":7,\"data\":[{\"metrics\":{\"a\":1},\"target\":\"t\"},{\"metrics\":{\"a\":\"1\"},\"target\":\"t\"}]}");
        assertThat(code).isEqualTo(3);
        assertThat(err).contains("not sent: data[1].metrics.a: expected number, got text");
        assertThat(bodies).isEmpty();
    }

    @Test
    void an_event_that_carries_metrics_too_is_an_event() {
        assertThat(
                        push(
                                "--body",
                                "{\"data_id\":7,\"data\":[{\"event_name\":\"n\",\"event\":{\"content\":\"c\"},"
                                        + "\"metrics\":{\"a b\":1},\"target\":\"t\"}]}"))
                .isZero();
        assertThat(bodies).hasSize(1);
    }

    @Test
    void a_number_beyond_all_bounds_is_refused_before_sending() {
        assertThat(
                        push(
                                "--body",
                                "{\"data_id\":7,\"data\":[{\"metrics\":{\"a\":1e99999999999999},\"target\":\"t\"}]}"))
                .isEqualTo(3);
        assertThat(err).contains("not sent").contains("number").doesNotContain("at com.");
    }

    @Test
    void a_dry_run_sends_nothing_and_hides_the_token() {
        assertThat(push("--data-id", "7", "--metric", "a=1", "--target", "t", "--dry-run"))
                .isZero();
        assertThat(bodies).isEmpty();
        assertThat(out).contains("would send 1 items in 1 requests").doesNotContain("secret");
    }

    @ParameterizedTest
    @CsvSource({"400,3", "401,3", "429,4", "503,5"})
    void each_end_has_its_exit_code(int status, int code) {
        statuses.add(status);
        assertThat(push("--data-id", "7", "--metric", "a=1", "--target", "t", "--retry-for", "0"))
                .isEqualTo(code);
        assertThat(err).contains("status " + status).doesNotContain("secret");
    }

    @Test
    void what_may_pass_is_tried_again_with_the_same_batch() {
        statuses.add(503);
        assertThat(push("--data-id", "7", "--metric", "a=1", "--target", "t")).isZero();
        assertThat(bodies).hasSize(2);
        assertThat(bodies.get(1)).isEqualTo(bodies.get(0));
        assertThat(batches.get(1)).isEqualTo(batches.get(0));
    }

    @Test
    void where_nobody_listens_it_is_unreachable() {
        server.stop(0);
        assertThat(push("--data-id", "7", "--metric", "a=1", "--target", "t", "--retry-for", "0"))
                .isEqualTo(5);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    --data-id 7                                     | 3 | at least one item
                    --metric a=1 --target t                         | 2 | --data-id
                    --data-id 7 --metric a=x --target t             | 2 | is no number
                    --data-id 7 --kind x --metric a=1 --target t    | 2 | accepted are event and time_series
                    --data-id 7 --body [                            | 3 | is not JSON: line 1
                    --data-id 7 --body 5                            | 3 | no JSON object
                    --data-id 7 --body {} --file x                  | 2 | leave one out
                    --data-id 7 --file no-such-file                 | 2 | cannot be read
                    --no-such-option                                | 2 | Unknown option
                    """)
    void what_is_wrong_is_said(String options, int code, String message) {
        assertThat(push(options.split(" +"))).isEqualTo(code);
        assertThat(err).contains(message);
        assertThat(bodies).isEmpty();
    }

    @Test
    void standard_input_holds_one_thing() {
        assertThat(run("push", "send", "--data-id", "7", "--file", "-", "--token-file", "-"))
                .isEqualTo(2);
        assertThat(err).contains("only one");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "b|ST[k:v=w]=1            ; b|ST[k:v=w]   ; 1",
                "b|ST[k:v=w]|MT{m:=}=x=y  ; b|ST[k:v=w]|MT{m:=} ; x=y",
                "b|ST[k:v]=H[1]=3         ; b|ST[k:v]     ; H[1]=3",
                "h=H[1]=3                 ; h             ; H[1]=3",
                "h=|ST[a:b]=              ; h             ; |ST[a:b]=",
                "b|ST[k=1                 ; b|ST[k        ; 1",
                "e=                       ; e             ; ''",
            })
    void an_equals_sign_between_tags_does_not_end_the_name(
            String metric, String name, String value) {
        assertThat(run("trap", "send", "--dry-run", "--type", "s", "--metric", metric)).isZero();
        assertThat(out)
                .contains("{\"" + name + "\":{\"_type\":\"s\",\"_value\":\"" + value + "\"}}");
    }

    @Test
    void a_tag_is_sent_as_a_broker_takes_it() {
        assertThat(run("trap", "send", "--dry-run", "--metric", "a=1", "--tag", "le:+Inf"))
                .isZero();

        assertThat(out).contains("a|ST[le:b\\\"K0luZg==\\\"]");
    }

    @Test
    void a_metric_to_a_trap_needs_a_value() {
        assertThat(run("trap", "send", "--dry-run", "--metric", "a")).isEqualTo(2);
        assertThat(err).contains("--metric a: expected NAME=VALUE");
    }

    @Test
    void a_trap_gets_typed_metrics_and_the_url_stays_secret() throws IOException {
        Path url =
                Files.writeString(
                        files.resolve("url"),
                        "http://127.0.0.1:"
                                + server.getAddress().getPort()
                                + "/module/httptrap/u/s3cr3t");

        assertThat(
                        run(
                                "trap",
                                "send",
                                "--url-file",
                                url.toString(),
                                "--metric",
                                "a=5",
                                "--tag",
                                "x:y",
                                "--type",
                                "L",
                                "--timestamp",
                                "1700000000123"))
                .isZero();
        assertThat(bodies)
                .containsExactly(
                        "{\"a|ST[x:y]\":{\"_type\":\"L\",\"_value\":\"5\",\"_ts\":1700000000123}}");
        assertThat(out.strip()).isEqualTo("{\"stats\":1,\"filtered\":0}");

        statuses.add(403);
        assertThat(run("trap", "send", "--url-file", url.toString(), "--body", "{\"a\":1}"))
                .isEqualTo(3);
        assertThat(err).contains("status 403").doesNotContain("s3cr3t");
        assertThat(run("trap", "send", "--url-file", url.toString(), "--body", "{\"a\":1}}"))
                .isEqualTo(3);
        assertThat(err).contains("not sent");
        assertThat(run("trap", "send", "--body", "{\"a\":1}", "--dry-run")).isZero();
        assertThat(out).contains("would send 1 values");
        assertThat(bodies).hasSize(2);
    }
}
