package io.trapline.ingest.push;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PushDecoderTest {
    private static final PushRegistration METRICS =
            new PushRegistration(7, "secret", "time_series", "v2", -1, -1, true);
    private static final PushRegistration EVENTS =
            new PushRegistration(8, "secret", "event", "v2", -1, -1, true);

    private final PushDecoder decoder =
            new PushDecoder(
                    id -> Optional.ofNullable(Map.of(7L, METRICS, 8L, EVENTS).get(id)),
                    PushLimits.DEFAULT,
                    () -> Instant.ofEpochMilli(1_700_000_000_000L),
                    () -> 0);

    @Test
    void a_metric_item_becomes_a_sample_for_each_metric_with_its_dimensions_and_target() {
        assertThat(
                        metric(
                                "{'metrics':{'a':1,'b':2.5},'target':'t','dimension':{'d':1.50},'timestamp':5}"))
                .containsExactly(
                        new Sample(
                                "a",
                                tags("d", "1.5", "target", "t"),
                                new SampleValue.Real(1),
                                5_000_000),
                        new Sample(
                                "b",
                                tags("d", "1.5", "target", "t"),
                                new SampleValue.Real(2.5),
                                5_000_000));
    }

    @Test
    void a_whole_number_that_a_double_cannot_hold_keeps_its_digits() {
        assertThat(
                        metric(
                                "{'metrics':{'a':9007199254740993,'b':18446744073709551616},'target':'t'}"))
                .extracting(entry -> ((Sample) entry).value())
                .containsExactly(
                        new SampleValue.Real(9007199254740992d, "9007199254740993"),
                        new SampleValue.Real(0x1p64));
    }

    @Test
    void an_exponent_beyond_all_bounds_is_a_number_like_any_other() {
        assertThat(metric("{'metrics':{'a':1e-99999999999999,'b':0e99999999999999},'target':'t'}"))
                .extracting(entry -> ((Sample) entry).value())
                .containsExactly(new SampleValue.Real(0), new SampleValue.Real(0));
        assertThat(refused(7, "{'metrics':{'a':-1e99999999999999},'target':'t'}").message())
                .isEqualTo("data[0].metrics.a: number is out of the range of a double");
        assertThat(
                        refused(7, "{'metrics':{'a':1},'target':'t','timestamp':1e99999999999999}")
                                .message())
                .startsWith("data[0].timestamp: is beyond 64 bits");
        assertThat(
                        decode(
                                "{'x':1e99999999999999,'data_id':7,'access_token':'secret',"
                                        + "'data':[{'metrics':{'a':1},'target':'t'}]}"))
                .isInstanceOf(PushOutcome.Accepted.class);
    }

    @Test
    void a_number_as_a_dimension_has_as_few_digits_as_tell_it_apart() {
        String tiny = "0." + "0".repeat(323) + "5";
        assertThat(
                        metric(
                                "{'metrics':{'a':1},'target':'t','dimension':{'d':5e-324,'e':1e23,'f':1.2}}"))
                .extracting(entry -> ((Sample) entry).tags())
                .containsExactly(
                        tags("d", tiny, "e", "1" + "0".repeat(23), "f", "1.2", "target", "t"));
    }

    @Test
    void an_events_dimension_may_have_a_name_of_any_length() {
        String name = "k".repeat(60_000);
        PushOutcome.Accepted accepted =
                accepted(
                        8,
                        "{'event_name':'n','target':'t','event':{'content':'c'},'dimension':{'"
                                + name
                                + "':'v'}}");
        assertThat(((Point) accepted.entries().getFirst()).tags())
                .isEqualTo(tags(name, "v", "target", "t", "event_type", "abnormal"));
    }

    @Test
    void the_items_target_wins_over_a_dimension_of_that_name_with_a_warning() {
        PushOutcome.Accepted accepted =
                accepted(7, "{'metrics':{'a':1},'target':'t','dimension':{'target':'x','d':'y'}}");
        assertThat(((Sample) accepted.entries().getFirst()).tags())
                .isEqualTo(tags("target", "t", "d", "y"));
        assertThat(accepted.warnings())
                .containsExactly("data[0].dimension.target: is kept as \"t\", not as sent");
    }

    @Test
    void event_fields_keep_their_types_and_what_is_no_plain_value_stays_json() {
        PushOutcome.Accepted accepted =
                accepted(
                        8,
                        "{'event_name':'n','target':'t','event':{'content':'c','i':3,'u':18446744073709551615,"
                                + "'f':1.5,'b':true,'z':null,'l':[1,2],'m':[1,'x'],'o':{'a':[null]}}}");
        Point point = (Point) accepted.entries().getFirst();
        assertThat(point.fields())
                .containsExactly(
                        new Field("content", new FieldValue.Text("c")),
                        new Field("i", new FieldValue.Int(3)),
                        new Field("u", new FieldValue.UInt(-1)),
                        new Field("f", new FieldValue.Real(1.5)),
                        new Field("b", new FieldValue.Bool(true)),
                        new Field("z", new FieldValue.Null()),
                        new Field(
                                "l",
                                new FieldValue.Array(
                                        List.of(new FieldValue.Int(1), new FieldValue.Int(2)))),
                        new Field("m", new FieldValue.Json("[1,\"x\"]")),
                        new Field("o", new FieldValue.Json("{\"a\":[null]}")));
        assertThat(point.tags()).isEqualTo(tags("target", "t", "event_type", "abnormal"));
    }

    @Test
    void a_time_beyond_what_can_be_kept_is_moved_with_a_warning() {
        PushOutcome.Accepted accepted =
                accepted(7, "{'metrics':{'a':1},'target':'t','timestamp':-9223372036854775808}");
        assertThat(((Sample) accepted.entries().getFirst()).timeNs())
                .isEqualTo(-9_223_372_036_854_000_000L);
        assertThat(accepted.warnings()).hasSize(2);
    }

    @Test
    void warnings_are_bounded() {
        String item = "{'metrics':{'a':1},'target':'t','timestamp':1700000000}";
        PushOutcome.Accepted accepted =
                accepted(7, String.join(",", Collections.nCopies(50, item)));
        assertThat(accepted.warnings()).hasSize(11).last().isEqualTo("and 40 more");
    }

    @Test
    void a_body_over_the_limit_is_refused_before_it_is_read() {
        PushOutcome outcome = decoder.decode(new byte[512_001]);
        assertThat(((PushOutcome.Refused) outcome).status()).isEqualTo(413);
    }

    @Test
    void only_a_request_that_proved_its_token_carries_a_data_id() {
        assertThat(decode("{'data_id':7,'access_token':'guess','data':[]}").dataId()).isEmpty();
        assertThat(decode("{'data_id':7,'access_token':'secret','data':[]}").dataId()).hasValue(7);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{                  | at line 1, column 2: it ends early",
                "{'a':1 # no        | at line 1, column 8: comments are not JSON",
                "{'a':1 // no       | comments are not JSON",
                "{'a':NaN}          | NaN and Infinity are not JSON",
                "{'a':-Infinity}    | NaN and Infinity are not JSON",
                "{'a':[1,]}         | a comma too many",
                "{'a':1,}           | a comma too many",
                "{'a':1} x          | is not valid JSON at line 1, column 9: something follows",
                "{'a':.75}          | a number begins with a digit: 0.75, not .75",
                "{'a':-.75}         | a number begins with a digit",
                "{'a':+1}           | a number has no leading +",
                "{'a':0x1F}         | a number is decimal",
                "{'a':007}          | a number has no leading zeros",
                "{'a':-01}          | a number has no leading zeros",
                "{'a':1.}           | digits must follow the point",
                "{'a':1e}           | digits must follow the point and the e",
                "{'a':1.e5}         | digits must follow the point",
                "{'a':12ms}         | this is no number; a text is written in double quotes",
                "{'a':1_000}        | this is no number",
                "{'a':nan}          | NaN and Infinity are not JSON",
                "{'a':True}         | true, false and null are written like this",
                "{'a':None}         | true, false and null are written like this",
                "{'a':undefined}    | undefined is not JSON",
                "{'a':high}         | texts and names are written in double quotes",
                "{a:1}              | names are written in double quotes",
                "{'a':1,b:2}        | names are written in double quotes",
                "{'a':1,2:3}        | a name in double quotes is wanted here",
                "{“a”:1}            | written in double quotes",
                "{'a':1 'b':2}      | a comma is missing",
                "{'a':[1 2]}        | a comma is missing",
                "{'a' 1}            | a colon is missing after a name",
                "{'a':}             | a value is missing",
                "{'a':,'b':1}       | a value is missing",
                "{'a'}              | a value is missing",
                "{,'a':1}           | a comma too many or a value missing",
                "{'a':[1}           | closes nothing",
                "{'a':'C:\\x'}       | a backslash inside a text is written twice",
                "{'a':1;'b':2}      | this is no number",
                "{'a':1} {}         | nothing after it, found more at line 1, column 9",
                "[1]                | expected an object, got array",
                "null               | expected an object, got null",
            })
    void a_body_that_is_no_json_object_is_refused_with_place_and_hint(String body, String message) {
        PushOutcome.Refused refused = (PushOutcome.Refused) decode(body);
        assertThat(refused.status()).isEqualTo(400);
        assertThat(refused.message()).contains(message);
    }

    @Test
    void what_is_too_deep_or_too_long_is_told_without_the_parsers_inside_words() {
        String deep = "{'a':" + "[".repeat(1001) + "]".repeat(1001) + "}";
        assertThat(((PushOutcome.Refused) decode(deep)).message())
                .isEqualTo("body cannot be taken: it is nested deeper than 1000 levels");
        assertThat(((PushOutcome.Refused) decode("{'a':" + "7".repeat(1001) + "}")).message())
                .isEqualTo("body cannot be taken: it has a number of more than 1000 digits");
        String named =
                "{'data_id':7,'access_token':'secret','data':[],'" + "n".repeat(400_000) + "':1}";
        assertThat(((PushOutcome.Refused) decode(named)).message())
                .isEqualTo("data: expected at least one item, got empty array");
    }

    @Test
    void half_a_pair_in_a_name_or_a_value_becomes_a_replacement_character() {
        PushOutcome.Accepted accepted =
                (PushOutcome.Accepted)
                        decode(
                                "{'data_id':8,'access_token':'secret','data':[{'event_name':'e\\ud83d',"
                                        + "'event':{'content':'\\udc00','k\\ud800':1,'ok':'\\ud83d\\ude00'},"
                                        + "'target':'t','dimension':{'k\\udc00':'v\\ud800'}}],"
                                        + "'x\\ud800':1}");
        Point event = (Point) accepted.entries().getFirst();
        assertThat(event.name()).isEqualTo("e\uFFFD");
        assertThat(event.fields())
                .extracting(Field::key)
                .containsExactlyInAnyOrder("content", "k\uFFFD", "ok");
        assertThat(event.fields())
                .contains(new Field("ok", new FieldValue.Text("\uD83D\uDE00")))
                .contains(new Field("content", new FieldValue.Text("\uFFFD")));
        assertThat(event.tags()).contains(new Tag("k\uFFFD", "v\uFFFD"));
    }

    @Test
    void single_quotes_and_raw_line_breaks_are_named() {
        assertThat(((PushOutcome.Refused) decoder.decode(bytes("{'a':1}"))).message())
                .contains("double quotes");
        assertThat(((PushOutcome.Refused) decode("{'a':'x\ny'}")).message())
                .contains("must be escaped");
    }

    @Test
    void control_characters_in_a_name_do_not_reach_the_message() {
        PushOutcome.Refused refused =
                (PushOutcome.Refused) outcome(7, "{'metrics':{'a\\nb':1},'target':'t'}");
        assertThat(refused.message()).startsWith("data[0].metrics.a\uFFFDb: ");
    }

    @Test
    void a_registration_does_not_show_its_token() {
        assertThat(METRICS.toString()).doesNotContain("secret");
    }

    @Test
    void a_registration_has_a_ceiling_of_names_and_the_one_too_many_is_named() {
        Set<String> seen = new TreeSet<>(Set.of("a", "b"));
        PushRegistrations registrations =
                new PushRegistrations() {
                    @Override
                    public Optional<PushRegistration> find(long dataId) {
                        return Optional.of(dataId == 7 ? METRICS : EVENTS);
                    }

                    @Override
                    public SeenNames names(PushRegistration registration) {
                        return new SeenNames() {
                            @Override
                            public boolean isKnown(String name) {
                                return seen.contains(name);
                            }

                            @Override
                            public int count() {
                                return seen.size();
                            }
                        };
                    }
                };
        PushDecoder strict =
                new PushDecoder(
                        registrations,
                        new PushLimits(500_000, 128, 3),
                        () -> Instant.ofEpochMilli(1_700_000_000_000L),
                        () -> 0);
        String item = "{'metrics':{'a':1,'%s':2,'%s':3},'target':'t'}";
        assertThat(strict.decode(request(7, item.formatted("b", "c"))))
                .isInstanceOf(PushOutcome.Accepted.class);
        assertThat(strict.decode(request(7, item.formatted("c", "c2"))))
                .isInstanceOfSatisfying(
                        PushOutcome.Refused.class,
                        refused -> {
                            assertThat(refused.status()).isEqualTo(400);
                            assertThat(refused.message())
                                    .startsWith(
                                            "data[0].metrics.c2: data_id 7 has 3 names already");
                        });
        seen.add("c");
        assertThat(strict.decode(request(7, item.formatted("b", "c"))))
                .as("known names go on")
                .isInstanceOf(PushOutcome.Accepted.class);
        String event = "{'event_name':'%s','event':{'content':'x'},'target':'t'}";
        assertThat(strict.decode(request(8, event.formatted("c"))))
                .isInstanceOf(PushOutcome.Accepted.class);
        assertThat(strict.decode(request(8, event.formatted("d"))))
                .isInstanceOfSatisfying(
                        PushOutcome.Refused.class,
                        refused ->
                                assertThat(refused.message()).startsWith("data[0].event_name: "));
    }

    private static byte[] request(int dataId, String items) {
        String body = "{'data_id':" + dataId + ",'access_token':'secret','data':[" + items + "]}";
        return bytes(body.replace('\'', '"'));
    }

    private List<Entry> metric(String item) {
        return accepted(7, item).entries();
    }

    private PushOutcome.Accepted accepted(int dataId, String items) {
        PushOutcome outcome = outcome(dataId, items);
        assertThat(outcome).isInstanceOf(PushOutcome.Accepted.class);
        return (PushOutcome.Accepted) outcome;
    }

    private PushOutcome.Refused refused(int dataId, String items) {
        PushOutcome outcome = outcome(dataId, items);
        assertThat(outcome).isInstanceOf(PushOutcome.Refused.class);
        return (PushOutcome.Refused) outcome;
    }

    private PushOutcome outcome(int dataId, String items) {
        return decode("{'data_id':" + dataId + ",'access_token':'secret','data':[" + items + "]}");
    }

    /// With single quotes for double ones.
    private PushOutcome decode(String body) {
        return decoder.decode(bytes(body.replace('\'', '"')));
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private static List<Tag> tags(String... keysAndValues) {
        return IntStream.range(0, keysAndValues.length / 2)
                .mapToObj(i -> new Tag(keysAndValues[2 * i], keysAndValues[2 * i + 1]))
                .toList();
    }
}
