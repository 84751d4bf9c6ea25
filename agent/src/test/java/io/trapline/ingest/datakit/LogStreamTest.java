package io.trapline.ingest.datakit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.ingest.HttpSettings;
import io.trapline.journal.JournalFullException;
import io.trapline.model.Point;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// `/v1/write/logstreaming` over the real listener, with bodies as Fluentd, Fluent Bit and Logstash
/// send them.
class LogStreamTest {
    private static final String PATH = "/v1/write/logstreaming";
    private static final String TAGS = ",host=my-host,ip_or_hostname=127.0.0.1,service=";
    private static final String NOW = " @" + ApiFixture.NOW_NS;

    private final ApiFixture fixture = new ApiFixture();

    @AfterEach
    void close() {
        fixture.close();
    }

    private HttpResponse<String> post(String query, byte[] body, String... headers)
            throws Exception {
        return fixture.send("POST", PATH + query, body, headers);
    }

    private void accepted(String query, String body, String... headers) throws Exception {
        HttpResponse<String> response = post(query, body.getBytes(UTF_8), headers);
        assertThat(response.statusCode()).as(response.body()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("{\"status\":\"success\"}");
    }

    private List<String> stored() {
        return fixture.journal.entries().stream().map(e -> Notation.of((Point) e)).toList();
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (var gzip = new GZIPOutputStream(out)) {
            gzip.write(text.getBytes(UTF_8));
        }
        return out.toByteArray();
    }

    @Test
    void each_line_of_text_is_a_log() throws Exception {
        accepted("", "GET / 200\r\n\n  \n\tat Main.java\nlast \"one\"");
        assertThat(stored())
                .containsExactly(
                        "default" + TAGS + "default message=\"GET / 200\",status=\"info\"" + NOW,
                        "default"
                                + TAGS
                                + "default message=\"\tat Main.java\",status=\"info\""
                                + NOW,
                        "default"
                                + TAGS
                                + "default message=\"last \\\"one\\\"\",status=\"info\""
                                + NOW);
    }

    @Test
    void parameters_name_the_source_the_service_and_tags() throws Exception {
        accepted("?source=nginx&service=web&tags=a=1,b=x=y,host=mine", "hello");
        accepted("?source=nginx&ignore_global_tags=1&tags=service=old", "again");
        assertThat(stored())
                .containsExactly(
                        "nginx,a=1,b=x=y,host=mine,ip_or_hostname=127.0.0.1,service=web"
                                + " message=\"hello\",status=\"info\""
                                + NOW,
                        "nginx,ip_or_hostname=127.0.0.1,service=nginx"
                                + " message=\"again\",status=\"info\""
                                + NOW);
        assertThat(fixture.api.feeds().all())
                .extracting(Feeds.Feed::name)
                .containsExactly("logstreaming.nginx");
    }

    @Test
    void the_index_is_in_the_name_of_the_feed() throws Exception {
        accepted("?source=nginx&storage_index=idx", "hello");
        assertThat(fixture.api.feeds().all())
                .extracting(Feeds.Feed::name, Feeds.Feed::index, Feeds.Feed::category)
                .containsExactly(
                        org.assertj.core.groups.Tuple.tuple(
                                "logstreaming.nginx.idx", "idx", "logging"));
    }

    @Test
    void a_pipeline_and_tags_that_are_no_pairs_are_named_in_the_answer() throws Exception {
        HttpResponse<String> response =
                post("?pipeline=nginx.p&tags=a=1,b", "hello".getBytes(UTF_8));
        assertThat(response.statusCode()).isEqualTo(200);
        assertThat(response.body())
                .startsWith("{\"status\":\"success\",\"note\":\"")
                .contains("\\\"b\\\" in tags is no key=value")
                .contains("pipeline \\\"nginx.p\\\" was not run");
        assertThat(stored())
                .containsExactly(
                        "default,a=1" + TAGS + "default message=\"hello\",status=\"info\"" + NOW);
    }

    /// `<match> @type http`, its default format and content type.
    @Test
    void fluentd_sends_a_json_object_a_line() throws Exception {
        accepted(
                "?source=fluentd",
                "{\"message\":\"one\",\"n\":1}\n{\"message\":\"two\",\"n\":{\"a\":[1]}}\n",
                "Content-Type",
                "application/x-ndjson");
        assertThat(stored())
                .containsExactly(
                        "fluentd"
                                + TAGS
                                + "fluentd message=\"{\\\"message\\\":\\\"one\\\",\\\"n\\\":1}\",status=\"info\""
                                + NOW,
                        "fluentd"
                                + TAGS
                                + "fluentd message=\"{\\\"message\\\":\\\"two\\\",\\\"n\\\":{\\\"a\\\":[1]}}\",status=\"info\""
                                + NOW);
    }

    /// `json_array true`, and Logstash's `format => "json_batch"`: one log an event, its text as
    /// sent.
    @Test
    void an_array_of_json_objects_is_one_log_an_object() throws Exception {
        accepted(
                "?source=logstash",
                "[{\"@timestamp\":\"2026-11-28T10:00:00.000Z\",\"message\":\"ü one\"}, {\"message\": \"two\",\n \"host\":{\"name\":\"h\"}}]",
                "Content-Type",
                "application/json");
        assertThat(stored())
                .containsExactly(
                        "logstash"
                                + TAGS
                                + "logstash message=\"{\\\"@timestamp\\\":\\\"2026-11-28T10:00:00.000Z\\\",\\\"message\\\":\\\"ü one\\\"}\",status=\"info\""
                                + NOW,
                        "logstash"
                                + TAGS
                                + "logstash message=\"{\\\"message\\\": \\\"two\\\",\\n \\\"host\\\":{\\\"name\\\":\\\"h\\\"}}\",status=\"info\""
                                + NOW);
    }

    /// `format => "json"`, one request an event, and `http_compression => true`.
    @Test
    void logstash_sends_one_event_compressed() throws Exception {
        HttpResponse<String> response =
                post(
                        "?source=logstash",
                        gzip("{\"message\":\"one\"}"),
                        "Content-Type",
                        "application/json",
                        "Content-Encoding",
                        "gzip");
        assertThat(response.body()).isEqualTo("{\"status\":\"success\"}");
        assertThat(stored())
                .containsExactly(
                        "logstash"
                                + TAGS
                                + "logstash message=\"{\\\"message\\\":\\\"one\\\"}\",status=\"info\""
                                + NOW);
    }

    @Test
    void text_that_begins_as_an_array_stays_text() throws Exception {
        accepted("", "[28/Nov/2026] GET\n[1,2]\n[{\"a\":1}] tail");
        assertThat(stored())
                .extracting(line -> line.substring(line.indexOf("message")))
                .containsExactly(
                        "message=\"[28/Nov/2026] GET\",status=\"info\"" + NOW,
                        "message=\"[1,2]\",status=\"info\"" + NOW,
                        "message=\"[{\\\"a\\\":1}] tail\",status=\"info\"" + NOW);
    }

    /// The example of upstream's documentation, shortened.
    @Test
    void firelens_logs_keep_their_time_and_their_fields() throws Exception {
        accepted(
                "?type=firelens&source=ecs&tags=container_id=never",
                "[{\"date\":1705485197.93957,\"container_id\":\"x-1\",\"source\":\"stdout\","
                        + "\"log\":\"127.0.0.1 - \\\"GET /\\\"\",\"ecs_cluster\":\"Demo\"},"
                        + "{\"date\":1705485198,\"log\":\"b\",\"n\":9007199254740993,"
                        + "\"k8s\":{\"pod\":\"p\",\"ports\":[80]},\"empty\":null}]",
                "Content-Type",
                "application/json");
        assertThat(stored())
                .containsExactly(
                        "ecs"
                                + TAGS
                                + "ecs container_id=\"x-1\",ecs_cluster=\"Demo\",firelens_source=\"stdout\","
                                + "message=\"127.0.0.1 - \\\"GET /\\\"\",status=\"info\" @1705485197939570000",
                        "ecs,container_id=never"
                                + TAGS
                                + "ecs empty=null,k8s=json({\"pod\":\"p\",\"ports\":[80]}),message=\"b\","
                                + "n=9007199254740992,status=\"info\" @1705485198000000000");
    }

    @Test
    void firelens_logs_may_come_one_by_one_or_a_line_each() throws Exception {
        accepted("?type=firelens", "{\"log\":\"a\",\"date\":\"2026-11-28T10:00:00.25+01:00\"}");
        accepted(
                "?type=firelens",
                "{\"log\":\"b\",\"date\":1795860000123}\n{\"log\":\"c\",\"date\":0}\n");
        assertThat(stored())
                .extracting(line -> line.substring(line.indexOf("message")))
                .containsExactly(
                        "message=\"a\",status=\"info\" @1795856400250000000",
                        "message=\"b\",status=\"info\" @1795860000123000000",
                        "message=\"c\",status=\"info\"" + NOW);
    }

    @Test
    void what_is_no_firelens_is_one_log_with_the_whole_body() throws Exception {
        accepted("?type=firelens", "no json\nat all");
        accepted("?type=firelens", "[1,2]");
        accepted("?type=firelens", "[{\"log\":\"a\"},{\"log\":");
        assertThat(stored())
                .extracting(line -> line.substring(line.indexOf("message")))
                .containsExactly(
                        "message=\"no json\\nat all\",status=\"info\"" + NOW,
                        "message=\"[1,2]\",status=\"info\"" + NOW,
                        "message=\"[{\\\"log\\\":\\\"a\\\"},{\\\"log\\\":\",status=\"info\"" + NOW);
    }

    @Test
    void line_protocol_keeps_its_own_name_and_tags() throws Exception {
        accepted(
                "?type=influxdb&source=ignored&service=web&tags=a=1,t=2,m=3",
                "app,t=own m=\"field\",status=\"ok\" 1700000000\nb message=\"x\" 1700000000000000007");
        accepted("?type=influxdb&precision=ms", "c message=\"x\" 7");
        assertThat(stored())
                .containsExactly(
                        "app,a=1"
                                + TAGS
                                + "web,t=own m=\"field\",status=\"ok\" @1700000000000000000",
                        "b,a=1,host=my-host,ip_or_hostname=127.0.0.1,m=3,service=web,t=2"
                                + " message=\"x\",status=\"info\" @1700000000000000007",
                        "c" + TAGS + "default message=\"x\",status=\"info\" @7000000");
    }

    @Test
    void bad_line_protocol_is_refused_as_a_whole() throws Exception {
        HttpResponse<String> response =
                post("?type=influxdb", "a f=1 7\nno fields".getBytes(UTF_8));
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(response.body()).contains("datakit.invalidLinePoint");
        assertThat(stored()).isEmpty();
    }

    @Test
    void a_body_without_a_log_is_no_failure() throws Exception {
        accepted("", "");
        accepted("", "\n \n");
        accepted("?type=firelens", " ");
        accepted("?type=influxdb", "# nothing\n");
        assertThat(fixture.journal.frames()).isEmpty();
    }

    @Test
    void bytes_that_are_no_utf8_are_mended() throws Exception {
        assertThat(post("", "a\u00ff\nb".getBytes(ISO_8859_1)).statusCode()).isEqualTo(200);
        assertThat(
                        post("?type=firelens", "[{\"log\":\"c\u00ff\"}]".getBytes(ISO_8859_1))
                                .statusCode())
                .isEqualTo(200);
        assertThat(stored())
                .extracting(
                        line -> line.substring(line.indexOf("message"), line.indexOf(",status")))
                .containsExactly("message=\"a\uFFFD\"", "message=\"b\"", "message=\"c\uFFFD\"");
    }

    @Test
    void limits_dry_and_echo_are_those_of_the_other_doors() throws Exception {
        HttpResponse<String> echo =
                post("?dry=1&echo=lp&type=firelens", "{\"log\":\"a\",\"b\":2}".getBytes(UTF_8));
        assertThat(echo.body())
                .isEqualTo(
                        "default,ip_or_hostname=127.0.0.1,service=default"
                                + " b=2,message=\"a\",status=\"info\""
                                + NOW.replace("@", ""));
        assertThat(fixture.journal.frames()).isEmpty();
        HttpSettings usual = fixture.settings;
        fixture.settings = ApiFixture.limits(Duration.ofSeconds(30), 100, 200);
        HttpResponse<String> large = post("", "x".repeat(101).getBytes(UTF_8));
        assertThat(large.statusCode()).isEqualTo(413);
        assertThat(large.body()).contains("datakit.bodyTooLarge");
        HttpResponse<String> bomb = post("", gzip("x".repeat(5000)), "Content-Encoding", "gzip");
        assertThat(bomb.statusCode()).isEqualTo(413);
        fixture.settings = usual;
        fixture.journal.fail(new JournalFullException("full"));
        HttpResponse<String> full = post("", "x".getBytes(UTF_8));
        assertThat(full.statusCode()).isEqualTo(503);
        assertThat(full.body()).contains("datakit.journalFull");
    }

    @Test
    void senders_from_elsewhere_may_write_logs_and_browsers_of_other_sites_may_not()
            throws Exception {
        assertThat(post("", "a".getBytes(UTF_8), "X-Forwarded-For", "203.0.113.9").statusCode())
                .isEqualTo(200);
        fixture.settings = ApiFixture.settings(0, 1, List.of(), List.of("http://a.example"), false);
        assertThat(post("", "a".getBytes(UTF_8), "Origin", "http://b.example").statusCode())
                .isEqualTo(403);
        assertThat(fixture.send("GET", PATH, new byte[0]).statusCode()).isEqualTo(404);
    }

    @Test
    void no_body_fails_in_a_way_that_nobody_foresaw() throws Exception {
        String[] seeds = {
            "[{\"date\":1705485197.93957,\"log\":\"a\",\"n\":1e400,\"k\":{\"p\":[1,{\"q\":null}]}}]",
            "{\"log\":\"a\",\"date\":\"2026-11-28T10:00:00Z\"}\n{\"log\":\"b\"}",
            "[{\"a\":\"b\"},{\"c\":[]}]",
            "a,b=c d=1i 7\ntext"
        };
        Random random = new Random(20261128);
        for (int i = 0; i < 4000; i++) {
            byte[] body = seeds[i % seeds.length].getBytes(UTF_8);
            for (int change = random.nextInt(4); change > 0; change--) {
                body[random.nextInt(body.length)] = (byte) random.nextInt(256);
            }
            for (LogStream.Form form : List.of(LogStream.Form.TEXT, LogStream.Form.FIRELENS)) {
                int[] points = {0};
                new LogStream(form, "m", List.of(), List.of())
                        .parse(body, Timestamps.of("", 99), _ -> points[0]++);
                assertThat(points[0]).as(new String(body, UTF_8)).isPositive();
            }
        }
    }
}
