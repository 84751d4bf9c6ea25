package io.trapline.ingest.datakit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.pipeline.Decoded;
import io.trapline.pipeline.Decoded.Accepted;
import io.trapline.pipeline.Decoded.Refused;
import io.trapline.pipeline.Decoded.TagChoice;
import java.time.Instant;
import java.time.InstantSource;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class ReportsTest {
    private final Reports reports = new Reports(InstantSource.fixed(Instant.ofEpochSecond(5)));

    private Decoded decode(String request) {
        return reports.decode(request.replace('\'', '"').getBytes(UTF_8));
    }

    private Accepted accepted(String request) {
        return (Accepted) decode(request);
    }

    private static String points(Accepted accepted) {
        return accepted.points().stream().map(Notation::of).collect(Collectors.joining("|"));
    }

    private String code(String request) {
        Refused refused = (Refused) decode(request);
        assertThat(refused.status()).isEqualTo(400);
        return refused.code();
    }

    @Test
    void what_feed_metric_sends_becomes_a_point() {
        Accepted accepted =
                accepted(
                        "{'category': 'metric', 'input': null, 'precision': null, 'points':"
                                + " [{'measurement': 'm', 'tags': null, 'fields': {'a': 1}, 'time':"
                                + " null}]}");
        assertThat(points(accepted)).isEqualTo("m a=1 @5000000000");
        assertThat(accepted.tags()).isEqualTo(TagChoice.HOST);
        assertThat(accepted.warnings()).isEmpty();
    }

    @Test
    void members_come_in_any_order_and_text_is_any_text() {
        Accepted accepted =
                accepted(
                        "{'points':[{'measurement':'温度','fields':{'s':'上海 ]}'},'time':3}] ,"
                                + "'precision':'ms','ignore_global_tags':'false','x':[{}],"
                                + "'category':'network'}");
        assertThat(points(accepted)).isEqualTo("温度 s=\"上海 ]}\" @3000000");
        assertThat(accepted.tags()).isEqualTo(TagChoice.NONE);
    }

    @Test
    void ignore_global_tags_counts_unless_it_is_false_null_or_empty() {
        String points = "'points':[{'fields':{'f':1}}]}";
        for (String off : new String[] {"false", "null", "''"}) {
            assertThat(
                            accepted(
                                            "{'category':'metric','ignore_global_tags':"
                                                    + off
                                                    + ","
                                                    + points)
                                    .tags())
                    .isEqualTo(TagChoice.HOST);
        }
        assertThat(accepted("{'category':'metric','ignore_global_tags':true," + points).tags())
                .isEqualTo(TagChoice.NONE);
    }

    @Test
    void a_logging_report_gets_its_status_and_a_metric_without_fields_is_dropped() {
        Accepted logging =
                accepted(
                        "{'category':'logging','points':[{'measurement':'s','fields':{'message':null}}]}");
        assertThat(points(logging)).isEqualTo("s message=null,status=\"info\" @5000000000");
        Accepted dropped = accepted("{'category':'metric','points':[{'measurement':'m'}]}");
        assertThat(dropped.points()).isEmpty();
        assertThat(dropped.dropped()).isEqualTo(1);
    }

    @Test
    void bad_reports_are_refused_as_writes_are() {
        assertThat(code("{'category':'Metric','points':[{}]}"))
                .isEqualTo("datakit.invalidCategory");
        assertThat(code("{'points':[{}]}")).isEqualTo("datakit.invalidCategory");
        assertThat(code("{'category':'metric'}")).isEqualTo("datakit.noPoints");
        assertThat(code("{'category':'metric','points':null}")).isEqualTo("datakit.noPoints");
        assertThat(code("{'category':'metric','points':[]}")).isEqualTo("datakit.noPoints");
        assertThat(code("{'category':'metric','points':{}}")).isEqualTo("datakit.invalidJsonPoint");
        assertThat(code("{'category':'metric','points':[{'tags':{'a':1}}]}"))
                .isEqualTo("datakit.invalidJsonPoint");
        assertThat(code("{'category':'metric','points':[")).isEqualTo("datakit.invalidJsonPoint");
        assertThat(code("[]")).isEqualTo("datakit.invalidJsonPoint");
    }
}
