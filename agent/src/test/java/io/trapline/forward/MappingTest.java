package io.trapline.forward;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.ingest.push.PushDecoder;
import io.trapline.ingest.push.PushLimits;
import io.trapline.ingest.push.PushOutcome;
import io.trapline.ingest.push.PushRegistration;
import io.trapline.journal.JournalReader.Frame;
import io.trapline.model.Batch;
import io.trapline.model.Blob;
import io.trapline.model.Category;
import io.trapline.model.CheckState;
import io.trapline.model.Entry;
import io.trapline.model.Field;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Run;
import io.trapline.model.Sample;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import io.trapline.model.Tag;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// `PushMapping` and `TrapMapping`, as tables.
class MappingTest {
    private static final long MS = 1_700_000_000_123L;
    private static final String HOLE = "\u0000";
    private static final long NS = MS * 1_000_000 + 999_999;

    static Stream<Arguments> items() {
        return Stream.of(
                row(
                        "fields of a point share an item",
                        metric(
                                "abc",
                                t("host", "web01", "r", "n"),
                                f("f1", new FieldValue.Int(5)),
                                f("f2", real(0.5))),
                        "{'metrics':{'abc_f1':5,'abc_f2':0.5},'target':'web01','dimension':{'r':'n'},'timestamp':1700000000123}"),
                row(
                        "64-bit integers keep all digits",
                        metric(
                                "a",
                                t("host", "h"),
                                f("u", new FieldValue.UInt(-1)),
                                f("l", new FieldValue.Int(Long.MIN_VALUE)),
                                f("d", new FieldValue.Real(1e19, "10000000000000000001"))),
                        "{'metrics':{'a_u':18446744073709551615,'a_l':-9223372036854775808,'a_d':10000000000000000001},'target':'h','dimension':{},'timestamp':1700000000123}"),
                row(
                        "booleans are numbers",
                        metric(
                                "a",
                                t("host", "h"),
                                f("t", new FieldValue.Bool(true)),
                                f("f", new FieldValue.Bool(false))),
                        "{'metrics':{'a_t':1,'a_f':0},'target':'h','dimension':{},'timestamp':1700000000123}"),
                row(
                        "names become what the receiver takes",
                        metric("1 é", t("host", "h", "a-b", "x"), f("p.50", real(1))),
                        "{'metrics':{'_1___p_50':1.0},'target':'h','dimension':{'a_b':'x'},'timestamp':1700000000123}"),
                row(
                        "names that become the same stay apart",
                        metric("a", t("host", "h"), f("b-c", real(1)), f("b.c", real(2))),
                        "{'metrics':{'a_b_c':1.0,'a_b_c_2':2.0},'target':'h','dimension':{},'timestamp':1700000000123}"),
                row(
                        "without a host the output's own target",
                        metric("a", t("x", "1", "x", "2"), f("v", real(1))),
                        "{'metrics':{'a_v':1.0},'target':'me','dimension':{'x':'1,2'},'timestamp':1700000000123}"),
                row(
                        "a push's sample keeps its target",
                        sample("push/7", "q", real(2), t("host", "h", "target", "0:10.0.0.1")),
                        "{'metrics':{'q':2.0},'target':'0:10.0.0.1','dimension':{'host':'h'},'timestamp':1700000000123}"),
                row(
                        "elsewhere the host wins",
                        sample("trap/u", "q", real(2), t("host", "h", "target", "t")),
                        "{'metrics':{'q':2.0},'target':'h','dimension':{'target_2':'t'},'timestamp':1700000000123}"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("items")
    void push_item(String name, Batch batch, String expected) {
        assertThat(push(PushOutputSettings.Type.TIME_SERIES, batch).texts)
                .containsExactly(quoted(expected));
    }

    static Stream<Arguments> events() {
        return Stream.of(
                row(
                        "a message is the content",
                        record(
                                Category.LOGGING,
                                "nginx",
                                t("host", "h", "service", "s"),
                                f("message", text("GET /")),
                                f("status", text("info"))),
                        "{'event_name':'nginx','event':{'content':'GET /','status':'info'},'target':'h','dimension':{'service':'s'},'timestamp':1700000000123}"),
                row(
                        "a push's event comes out as it went in",
                        record(
                                Category.KEYEVENT,
                                "backup",
                                t("job", "n", "target", "10.0.0.1", "event_type", "recovery"),
                                f("content", text("ok")),
                                f("count", new FieldValue.Int(2))),
                        "{'event_name':'backup','event':{'content':'ok','count':2},'target':'10.0.0.1','dimension':{'job':'n','event_type':'recovery'},'timestamp':1700000000123}"),
                row(
                        "what is nested in an event stays nested",
                        record(
                                Category.KEYEVENT,
                                "n",
                                t("target", "t"),
                                f("content", new FieldValue.Json("{\"a\":[1,null]}"))),
                        "{'event_name':'n','event':{'content':{'a':[1,null]}},'target':'t','dimension':{},'timestamp':1700000000123}"),
                row(
                        "other fields become one text",
                        record(
                                Category.CUSTOM_OBJECT,
                                "o",
                                t(),
                                f("a", new FieldValue.Int(1)),
                                f("b", new FieldValue.Array(List.of(text("x")))),
                                f("c", new FieldValue.Null()),
                                f("d", real(Double.NaN))),
                        "{'event_name':'o','event':{'content':'{\\'a\\':1,\\'b\\':[\\'x\\'],\\'c\\':null,\\'d\\':\\'NaN\\'}'},'target':'me','dimension':{},'timestamp':1700000000123}"),
                row(
                        "a long name ends with its hash",
                        record(
                                Category.RUM,
                                "x".repeat(127) + "éé",
                                t("host", "h"),
                                f("message", text("m"))),
                        "{'event_name':'"
                                + "x".repeat(117)
                                + "_a5f8310994','event':{'content':'m'},'target':'h','dimension':{},'timestamp':1700000000123}"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("events")
    void push_event(String name, Batch batch, String expected) {
        assertThat(push(PushOutputSettings.Type.EVENT, batch).texts)
                .containsExactly(quoted(expected));
    }

    static Stream<Arguments> members() {
        return Stream.of(
                row(
                        "a field with its tags",
                        metric("abc", t("host", "w", "dc", "1"), f("f1", new FieldValue.Int(5))),
                        "'abc.f1|ST[dc:1,host:w]':{'_type':'l','_value':'5','_ts':1700000000123}"),
                row(
                        "unsigned",
                        metric("a", t(), f("u", new FieldValue.UInt(-1))),
                        "'a.u':{'_type':'L','_value':'18446744073709551615','_ts':1700000000123}"),
                row(
                        "double",
                        metric("a", t(), f("d", real(1.5))),
                        "'a.d':{'_type':'n','_value':1.5,'_ts':1700000000123}"),
                row(
                        "an exact integer",
                        metric("a", t(), f("d", new FieldValue.Real(1e19, "10000000000000000001"))),
                        "'a.d':{'_type':'n','_value':'10000000000000000001','_ts':1700000000123}"),
                row(
                        "not a number",
                        metric("a", t(), f("d", real(Double.NaN))),
                        "'a.d':{'_type':'n','_value':'nan','_ts':1700000000123}"),
                row(
                        "boolean",
                        metric("a", t(), f("b", new FieldValue.Bool(true))),
                        "'a.b':{'_type':'i','_value':1,'_ts':1700000000123}"),
                row(
                        "text",
                        metric("a", t(), f("s", text("x\"y"))),
                        "'a.s':{'_type':'s','_value':'x\\\"y','_ts':1700000000123}"),
                row(
                        "bytes",
                        metric("a", t(), f("s", new FieldValue.Bytes(Blob.of(new byte[] {1, 2})))),
                        "'a.s':{'_type':'s','_value':'AQI=','_ts':1700000000123}"),
                row(
                        "several fields are one item",
                        metric(
                                "a",
                                t(),
                                f("x", new FieldValue.Int(1)),
                                f("y", new FieldValue.Null()),
                                f("z", new FieldValue.Int(2))),
                        "'a.x':{'_type':'l','_value':'1','_ts':1700000000123},'a.z':{'_type':'l','_value':'2','_ts':1700000000123}"),
                row(
                        "a sample's type stays",
                        sample(
                                "trap/u",
                                "q`0",
                                new SampleValue.Whole(SampleType.UINT32, 7),
                                t("a b", "c")),
                        "'q`0|ST[b\\\"YSBi\\\":c]':{'_type':'I','_value':7,'_ts':1700000000123}"),
                row(
                        "no value",
                        sample("trap/u", "q", new SampleValue.Absent(SampleType.DOUBLE), t()),
                        "'q':{'_type':'n','_value':null,'_ts':1700000000123}"),
                row(
                        "a histogram",
                        sample(
                                "trap/u",
                                "q",
                                new SampleValue.Histogram(
                                        SampleType.CUMULATIVE_HISTOGRAM,
                                        Blob.of(new byte[] {0, 0})),
                                t()),
                        "'q':{'_type':'H','_value':'AAA=','_ts':1700000000123}"));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("members")
    void trap_member(String name, Batch batch, String expected) {
        assertThat(trap(batch).texts).containsExactly(quoted(expected));
    }

    static Stream<Arguments> skipped() {
        return Stream.of(
                Arguments.of(
                        "text in a push metric",
                        push(
                                PushOutputSettings.Type.TIME_SERIES,
                                metric("a", t(), f("s", text("x")))),
                        Map.of(PushMapping.TEXT_VALUE, 1L)),
                Arguments.of(
                        "infinity in a push metric",
                        push(
                                PushOutputSettings.Type.TIME_SERIES,
                                metric("a", t(), f("s", real(Double.POSITIVE_INFINITY)))),
                        Map.of(PushMapping.NOT_FINITE, 1L)),
                Arguments.of(
                        "histogram in a push",
                        push(
                                PushOutputSettings.Type.TIME_SERIES,
                                sample(
                                        "trap/u",
                                        "q",
                                        new SampleValue.Histogram(
                                                SampleType.HISTOGRAM, Blob.of(new byte[2])),
                                        t())),
                        Map.of(PushMapping.HISTOGRAM, 1L)),
                Arguments.of(
                        "a log for metrics",
                        push(
                                PushOutputSettings.Type.TIME_SERIES,
                                record(Category.LOGGING, "l", t())),
                        Map.of(PushMapping.NO_METRIC, 1L)),
                Arguments.of(
                        "a metric for events",
                        push(PushOutputSettings.Type.EVENT, metric("a", t(), f("s", real(1)))),
                        Map.of(PushMapping.NO_EVENT, 1L)),
                Arguments.of(
                        "a log for a trap",
                        trap(record(Category.LOGGING, "l", t())),
                        Map.of(TrapMapping.NO_METRIC, 1L)),
                Arguments.of(
                        "a list for a trap",
                        trap(metric("a", t(), f("s", new FieldValue.Array(List.of(text("x")))))),
                        Map.of(TrapMapping.LIST, 1L)),
                Arguments.of(
                        "tags that leave a name no room",
                        trap(metric("a".repeat(100), many("k".repeat(20), 160), f("s", real(1)))),
                        Map.of(TrapName.TOO_LONG, 1L)),
                Arguments.of(
                        "too many tags",
                        trap(metric("a", many("k", 257), f("s", real(1)), f("t", real(1)))),
                        Map.of(TrapName.TOO_MANY, 2L)),
                Arguments.of(
                        "no value in a push",
                        push(
                                PushOutputSettings.Type.TIME_SERIES,
                                sample(
                                        "trap/u",
                                        "q",
                                        new SampleValue.Absent(SampleType.DOUBLE),
                                        t())),
                        Map.of(PushMapping.NO_VALUE, 1L)),
                Arguments.of(
                        "1970",
                        trap(batch("x", new Sample("a", t(), real2(1), 999_999))),
                        Map.of(TrapMapping.TIME, 1L)),
                Arguments.of(
                        "a run and a check state",
                        trap(
                                batch(
                                        "x",
                                        new Run("i", "c", 1, 1, 1, Run.Outcome.OK, 1, ""),
                                        new CheckState(1, "trap/u", true, 1))),
                        Map.of()));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("skipped")
    void what_has_no_place_there_is_counted(
            String name, Encoded encoded, Map<String, Long> expected) {
        assertThat(encoded.texts).isEmpty();
        assertThat(encoded.skipped).isEqualTo(expected);
    }

    static Stream<Arguments> changed() {
        return Stream.of(
                Arguments.of(
                        "a name with a tag block",
                        trap(metric("rt|ST[x:y]", t("a", "b"), f("v", new FieldValue.Int(1)))),
                        "'rt_ST[x:y].v_%s|ST[a:b]':{'_type':'l','_value':'1','_ts':1700000000123}",
                        Map.of(TrapName.NAME, 1L)),
                Arguments.of(
                        "a long name",
                        trap(metric("a".repeat(4095), t(), f("s", new FieldValue.Int(1)))),
                        "'%s_tldr_%s':{'_type':'l','_value':'1','_ts':1700000000123}",
                        Map.of(TrapName.LONG_NAME, 1L)),
                Arguments.of(
                        "an integer beyond a double",
                        trap(
                                metric(
                                        "a",
                                        t(),
                                        f("d", new FieldValue.Real(1e19, "10000000000000000001")))),
                        "'a.d':{'_type':'n','_value':'10000000000000000001','_ts':1700000000123}",
                        Map.of(TrapMapping.ROUNDED, 1L)),
                Arguments.of(
                        "a long text",
                        trap(metric("a", t(), f("s", text("é".repeat(2048))))),
                        "'a.s':{'_type':'s','_value':'%s','_ts':1700000000123}",
                        Map.of(TrapMapping.LONG_TEXT, 1L)),
                Arguments.of(
                        "two dimensions of one name",
                        push(
                                PushOutputSettings.Type.TIME_SERIES,
                                metric(
                                        "m",
                                        t("host", "h", "a.b", "1", "a-b", "2", "x", "y"),
                                        f("v", real(2.5)))),
                        "{'metrics':{'m_v':2.5},'target':'h','dimension':{'a_b_2':'1','a_b':'2','x':'y'},'timestamp':1700000000123}",
                        Map.of(PushMapping.DIMENSION_NAME, 1L)),
                Arguments.of(
                        "the same in another order",
                        push(
                                PushOutputSettings.Type.TIME_SERIES,
                                metric(
                                        "m",
                                        t("a-b", "2", "x", "y", "a.b", "1", "host", "h"),
                                        f("v", real(2.5)))),
                        "{'metrics':{'m_v':2.5},'target':'h','dimension':{'a_b':'2','x':'y','a_b_2':'1'},'timestamp':1700000000123}",
                        Map.of(PushMapping.DIMENSION_NAME, 1L)),
                Arguments.of(
                        "what is called so has its name",
                        push(
                                PushOutputSettings.Type.TIME_SERIES,
                                metric(
                                        "m",
                                        t("a-b", "1", "a_b", "2", "täg", "3", "tüg", "4"),
                                        f("v", real(2.5)))),
                        "{'metrics':{'m_v':2.5},'target':'me','dimension':{'a_b_2':'1','a_b':'2','t_g':'3','t_g_2':'4'},'timestamp':1700000000123}",
                        Map.of(PushMapping.DIMENSION_NAME, 2L)),
                Arguments.of(
                        "a dimension that the receiver overwrites",
                        push(
                                PushOutputSettings.Type.TIME_SERIES,
                                sample(
                                        "trap/u",
                                        "q",
                                        real(2),
                                        t("host", "h", "target", "t", "target_2", "u"))),
                        "{'metrics':{'q':2.0},'target':'h','dimension':{'target_3':'t','target_2':'u'},'timestamp':1700000000123}",
                        Map.of(PushMapping.DIMENSION_NAME, 1L)),
                Arguments.of(
                        "an event's dimensions that mean something there",
                        push(
                                PushOutputSettings.Type.EVENT,
                                record(
                                        Category.KEYEVENT,
                                        "e",
                                        t(
                                                "host",
                                                "h",
                                                "target",
                                                "t",
                                                "event_type",
                                                "click",
                                                "event_type_2",
                                                "u"),
                                        f("message", text("m")))),
                        "{'event_name':'e','event':{'content':'m'},'target':'h','dimension':{'target_2':'t','event_type_3':'click','event_type_2':'u'},'timestamp':1700000000123}",
                        Map.of(PushMapping.DIMENSION_NAME, 2L)));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("changed")
    void what_arrives_otherwise_is_counted(
            String name, Encoded encoded, String expected, Map<String, Long> changed) {
        String text = quoted(expected).replace("%s", HOLE);
        assertThat(encoded.texts)
                .singleElement()
                .asString()
                .matches(Pattern.quote(text).replace(HOLE, "\\E[0-9a-zé]+\\Q"));
        assertThat(encoded.changed).isEqualTo(changed);
        assertThat(encoded.skipped).isEmpty();
    }

    @Test
    void values_of_one_stream_in_one_millisecond_are_counted() {
        Encoded encoded =
                trap(
                        batch(
                                "x",
                                new Sample("a", t("k", "v"), real2(1), NS),
                                new Sample("a", t("k", "v"), real2(2), NS - 1000),
                                new Sample("a", t("k", "w"), real2(2), NS),
                                new Sample("a", t("k", "v"), real2(2), NS + 1)));

        assertThat(encoded.changed).isEqualTo(Map.of(TrapMapping.SAME_TIME, 1L));
    }

    @Test
    void metrics_that_become_the_same_stay_apart_whatever_item_they_are_in() {
        PushMapping mapping = new PushMapping(PushOutputSettings.Type.TIME_SERIES, "me", List.of());
        Encoding first = new Encoding();
        mapping.encode(selected(metric("disk_io", t(), f("read", real(1)))), first);
        mapping.encode(selected(metric("disk", t(), f("io_read", real(2)))), first);
        mapping.encode(selected(metric("disk.io", t(), f("read", real(3)))), first);
        mapping.encode(selected(metric("disk_io", t(), f("read", real(4)))), first);

        assertThat(encoded(first).texts.stream().map(text -> text.replaceAll("},.*", "")))
                .containsExactly(
                        quoted("{'metrics':{'disk_io_read':1.0"),
                        quoted("{'metrics':{'disk_io_read_2':2.0"),
                        quoted("{'metrics':{'disk_io_read_3':3.0"),
                        quoted("{'metrics':{'disk_io_read':4.0"));

        // With the names of before a new one does the same, in whatever order they come.
        PushMapping restarted =
                new PushMapping(PushOutputSettings.Type.TIME_SERIES, "me", first.names());
        Encoding second = new Encoding();
        restarted.encode(selected(metric("disk.io", t(), f("read", real(5)))), second);
        restarted.encode(selected(metric("disk_io", t(), f("read", real(6)))), second);
        assertThat(encoded(second).texts.getFirst()).contains("disk_io_read_3");
        assertThat(encoded(second).texts.getLast()).contains(quoted("'disk_io_read'"));
        assertThat(second.names()).isEmpty();
    }

    @Test
    void neighbouring_samples_of_one_series_and_time_share_an_item() {
        List<Tag> a = t("target", "a");
        Encoded encoded =
                push(
                        PushOutputSettings.Type.TIME_SERIES,
                        batch(
                                "push/1",
                                new Sample("x", a, real2(1), NS),
                                new Sample("y", a, real2(2), NS),
                                new Sample("y", a, real2(3), NS),
                                new Sample("z", t("target", "b"), real2(4), NS),
                                new Sample("z", t("target", "b"), real2(5), NS + 1_000_000)));

        assertThat(encoded.parts).containsExactly(2, 3, 4, 5);
        assertThat(encoded.texts.getFirst()).startsWith("{\"metrics\":{\"x\":1.0,\"y\":2.0}");
    }

    @ParameterizedTest
    @CsvSource({"abc,abc", "_a9,_a9", "9a,_9a", "a.b-c d,a_b_c_d", "'',_", "µ,_"})
    void a_plain_name(String name, String expected) {
        assertThat(PushMapping.plainName(name)).isEqualTo(expected);
    }

    /// The receiver's own decoder is the judge: whatever comes out of the mapping passes it.
    @Test
    void every_item_of_the_tables_passes_the_receivers_checks() {
        for (PushOutputSettings.Type type : PushOutputSettings.Type.values()) {
            PushRegistration registration =
                    new PushRegistration(7, "t", type.word(), "v2", 0, -1, true);
            PushDecoder decoder =
                    new PushDecoder(
                            _ -> Optional.of(registration),
                            PushLimits.DEFAULT,
                            () -> ManualTime.START,
                            () -> 0);
            Stream<Arguments> rows =
                    type == PushOutputSettings.Type.EVENT
                            ? events()
                            : Stream.concat(items(), members());
            rows.forEach(row -> {
                Encoded encoded = push(type, (Batch) Objects.requireNonNull(row.get()[1]));
                if (!encoded.texts.isEmpty()) {
                    String body =
                            new String(PushDestination.head(7, "t"), StandardCharsets.UTF_8)
                                    + String.join(",", encoded.texts)
                                    + "]}";
                    assertThat(decoder.decode(body.getBytes(StandardCharsets.UTF_8)))
                            .as(body)
                            .isInstanceOf(PushOutcome.Accepted.class);
                }
            });
        }
    }

    record Encoded(
            List<String> texts,
            List<Integer> parts,
            Map<String, Long> skipped,
            Map<String, Long> changed) {}

    private static Encoded push(PushOutputSettings.Type type, Batch batch) {
        Encoding out = new Encoding();
        new PushMapping(type, "me", List.of()).encode(selected(batch), out);
        return encoded(out);
    }

    private static Encoded trap(Batch batch) {
        Encoding out = new Encoding();
        new TrapMapping(false).encode(selected(batch), out);
        return encoded(out);
    }

    private static Encoded encoded(Encoding out) {
        return new Encoded(
                out.items().stream()
                        .map(item -> new String(item.bytes(), StandardCharsets.UTF_8))
                        .toList(),
                out.items().stream().map(Item::part).toList(),
                out.skipped(),
                out.changed());
    }

    private static Selected selected(Batch batch) {
        List<Selected.Part> parts = new ArrayList<>();
        for (int i = 0; i < batch.entries().size(); i++) {
            parts.add(new Selected.Part(i + 1, batch.entries().get(i)));
        }
        return new Selected(new Frame(1, new byte[0]), batch, parts);
    }

    private static Arguments row(String name, Batch batch, String expected) {
        return Arguments.of(name, batch, expected);
    }

    private static String quoted(String text) {
        return text.replace('\'', '"');
    }

    private static Batch batch(String source, Entry... entries) {
        return new Batch(source, 1, List.of(entries));
    }

    private static Batch metric(String name, List<Tag> tags, Field... fields) {
        return record(Category.METRIC, name, tags, fields);
    }

    private static Batch record(Category category, String name, List<Tag> tags, Field... fields) {
        return batch("http/x", new Point(category, name, tags, List.of(fields), NS));
    }

    private static Batch sample(String source, String name, SampleValue value, List<Tag> tags) {
        return batch(source, new Sample(name, tags, value, NS));
    }

    private static Batch sample(String source, String name, FieldValue.Real value, List<Tag> tags) {
        return sample(source, name, real2(value.value()), tags);
    }

    private static List<Tag> t(String... pairs) {
        List<Tag> tags = new ArrayList<>();
        for (int i = 0; i < pairs.length; i += 2) {
            tags.add(new Tag(pairs[i], pairs[i + 1]));
        }
        return tags;
    }

    private static List<Tag> many(String key, int count) {
        List<Tag> tags = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            tags.add(new Tag(key + i, "v"));
        }
        return tags;
    }

    private static Field f(String key, FieldValue value) {
        return new Field(key, value);
    }

    private static FieldValue.Real real(double value) {
        return new FieldValue.Real(value);
    }

    private static SampleValue.Real real2(double value) {
        return new SampleValue.Real(value);
    }

    private static FieldValue text(String value) {
        return new FieldValue.Text(value);
    }
}
