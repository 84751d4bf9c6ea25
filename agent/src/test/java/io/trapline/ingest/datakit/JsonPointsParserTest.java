package io.trapline.ingest.datakit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.model.Category;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class JsonPointsParserTest {
    private static RawPoints parse(String body) throws RefusedException {
        return parse(body.getBytes(StandardCharsets.UTF_8));
    }

    private static RawPoints parse(byte[] body) throws RefusedException {
        return RawPoints.ofJson(body, Category.NETWORK, Timestamps.of("n", 99));
    }

    private static FieldValue onlyField(String json) throws RefusedException {
        return parse("[{\"measurement\":\"m\",\"fields\":{\"f\":" + json + "}}]")
                .points()
                .getFirst()
                .fields()
                .getFirst()
                .value();
    }

    @TestFactory
    Stream<DynamicTest> good_bodies_become_points() {
        return Stream.of(
                        good("[{'measurement':'m','fields':{'f':1,'f':2},'time':7}]", "m f=2 @7"),
                        good(
                                "[{'fields':{'f':1},'measurement':'a','measurement':'b'}]",
                                "b f=1 @99"),
                        good(
                                "[{'measurement':'m','x':{'y':[1,{}]},'fields':{'f':1},'name':3}]",
                                "m f=1 @99"),
                        good(
                                "[{'measurement':'m','fields':{'a':[1,'x'],'b':[null],'c':[[1]],'d':{},'e':null}}]",
                                "m a=null,b=null,c=null,d=null,e=null @99"),
                        good("[{'measurement':'m','fields':{'a':[]}}]", "m a=[] @99"),
                        good(
                                "[{'name':'m','fields':[{'key':'k','i':'42'},{'key':'t','s':'v','is_tag':true}],"
                                        + "'time':'1700000000000000000'}]",
                                "m,t=v k=42i @1700000000000000000"),
                        good(
                                "[{'name':'m','fields':[{'key':'a','a':[1,2]},{'key':'b','a':{'arr':[{'i':'1'}]}}]}]",
                                "m a=[1,2],b=[1i] @99"),
                        good(
                                "[{'name':'m','fields':[{'key':'f','f':1.5,'unit':'B','type':'GAUGE'}],'time':5},"
                                        + "{'measurement':'n','fields':{'f':1},'time':6}]",
                                "m f=1.5 @5|n f=1 @6"))
                .map(row ->
                        DynamicTest.dynamicTest(
                                row[0],
                                () ->
                                        assertThat(
                                                        parse(row[0]).points().stream()
                                                                .map(Notation::of)
                                                                .collect(Collectors.joining("|")))
                                                .isEqualTo(row[1])));
    }

    private static String[] good(String body, String points) {
        return new String[] {body.replace('\'', '"'), points};
    }

    @TestFactory
    Stream<DynamicTest> bad_bodies_are_refused() {
        return Stream.of(
                        "",
                        " ",
                        "{",
                        "[",
                        "[{'measurement':'m','fields':{'f':1}}",
                        "[null]",
                        "[1]",
                        "'x'",
                        "1",
                        "[{'measurement':1}]",
                        "[{'measurement':['m']}]",
                        "[{'tags':[]}]",
                        "[{'tags':'x'}]",
                        "[{'tags':{'t':1}}]",
                        "[{'tags':{'t':['x']}}]",
                        "[{'fields':1}]",
                        "[{'fields':'x'}]",
                        "[{'fields':{'f':NaN}}]",
                        "[{'fields':{'f':Infinity}}]",
                        "[{'fields':{'f':1e400}}]",
                        "[{'fields':{'f':-1e400}}]",
                        "[{'fields':{'f':" + "9".repeat(400) + "}}]",
                        "[{'fields':{'f':01}}]",
                        "[{'fields':{'f':+1}}]",
                        "[{'fields':{'f':[1e400]}}]",
                        "[{'time':1.5}]",
                        "[{'time':1e3}]",
                        "[{'time':'7'}]",
                        "[{'time':true}]",
                        "[{'time':9223372036854775808}]",
                        "[{'measurement':'m'}/*c*/]",
                        "\uFEFF[]",
                        "[] []",
                        "[],",
                        "[{'name':'m','fields':[{'key':'k','i':'x'}]}]",
                        "[{'name':'m','fields':[{'key':'k','i':1.5}]}]",
                        "[{'name':'m','fields':[{'key':'k','u':-1}]}]",
                        "[{'name':'m','fields':[7]}]",
                        "[{'name':'m','fields':[{'key':'k','b':1}]}]",
                        "[{'name':'m','fields':[{'key':'k','d':'*'}]}]",
                        "[{'name':'m','fields':[{'key':'k','i':'1','is_tag':true}]}]",
                        "[{'name':'m','fields':[{'key':'k','s':'v','is_tag':[{'a':1}]}]}]",
                        "[{'name':'m','fields':[{'key':'k','s':'v','isTag':{}}]}]",
                        "[{'name':'m','fields':[{'key':'k','s':'v','is_tag':'true'}]}]",
                        "[{'fields':{'f':" + "[".repeat(200) + "]".repeat(200) + "}}]")
                .map(text -> text.replace('\'', '"'))
                .map(body ->
                        DynamicTest.dynamicTest(
                                "body " + body,
                                () ->
                                        assertThatThrownBy(() -> parse(body))
                                                .isInstanceOfSatisfying(
                                                        RefusedException.class,
                                                        e ->
                                                                assertThat(e.refused().code())
                                                                        .isEqualTo(
                                                                                JsonPointsParser
                                                                                        .CODE))));
    }

    @Test
    void numbers_are_doubles_and_keep_the_digits_that_a_double_cannot_hold()
            throws RefusedException {
        assertThat(onlyField("1")).isEqualTo(new FieldValue.Real(1));
        assertThat(onlyField("9007199254740992")).isEqualTo(new FieldValue.Real(0x1p53));
        assertThat(onlyField("9007199254740993"))
                .isEqualTo(new FieldValue.Real(0x1p53, "9007199254740993"));
        assertThat(onlyField("9223372036854775807"))
                .isEqualTo(new FieldValue.Real(0x1p63, "9223372036854775807"));
        assertThat(onlyField("9223372036854775808")).isEqualTo(new FieldValue.Real(0x1p63));
        assertThat(onlyField("18446744073709551615"))
                .isEqualTo(new FieldValue.Real(0x1p64, "18446744073709551615"));
        assertThat(onlyField("-0")).isEqualTo(new FieldValue.Real(-0.0));
        assertThat(onlyField("-9007199254740993"))
                .isEqualTo(new FieldValue.Real(-0x1p53, "-9007199254740993"));
    }

    @Test
    void bytes_that_are_no_utf8_are_mended_with_a_warning() throws RefusedException {
        RawPoints read =
                parse(
                        "[{\"measurement\":\"m\",\"fields\":{\"s\":\"a\u00ff\"}}]"
                                .getBytes(StandardCharsets.ISO_8859_1));
        assertThat(Notation.of(read.points().getFirst())).isEqualTo("m s=\"a\uFFFD\" @99");
        assertThat(read.warnings()).extracting("type").containsExactly("invalid_utf8");
    }

    @Test
    void half_of_a_surrogate_pair_is_replaced_in_names_and_in_values() throws RefusedException {
        RawPoints values =
                parse(
                        "[{'measurement':'m@','tags':{'t':'v@'},'fields':{'s':'a@\\ude00'}}]"
                                .replace("@", "\\ud83d")
                                .replace('\'', '"'));
        assertThat(Notation.of(values.points().getFirst()))
                .isEqualTo("m\uFFFD,t=v\uFFFD s=\"a\uD83D\uDE00\" @99");
        RawPoints names =
                parse(
                        "[{'measurement':'a'},{'measurement':'m','tags':{'t@':'v'},'fields':{'@f':1,'later':2}}]"
                                .replace("@", "\\ud83d")
                                .replace('\'', '"'));
        assertThat(names.points()).extracting(Point::name).containsExactly("a", "m");
        assertThat(Notation.of(names.points().getLast()))
                .isEqualTo("m,t\uFFFD=v later=2,\uFFFDf=1 @99");
        assertThat(names.warnings()).extracting("type").containsExactly("invalid_utf8");
    }

    @Test
    void many_fields_of_one_point_are_read_in_linear_time() throws RefusedException {
        StringBuilder body = new StringBuilder("[{\"measurement\":\"m\",\"fields\":{");
        for (int i = 0; i < 100_000; i++) {
            body.append("\"f").append(i).append("\":1,");
        }
        assertThat(parse(body.append("\"f5\":2}}]").toString()).points().getFirst().fields())
                .hasSize(100_000);
    }

    @Test
    void what_was_read_before_a_byte_that_is_no_utf8_is_not_read_twice() throws RefusedException {
        byte[] body =
                "[{'measurement':'a'},{'measurement':'b'},{'measurement':'\u00ff'},{'measurement':'d'}]"
                        .replace('\'', '"')
                        .getBytes(StandardCharsets.ISO_8859_1);
        RawPoints read = parse(body);
        assertThat(read.points()).extracting(Point::name).containsExactly("a", "b", "\uFFFD", "d");
        assertThat(read.warnings()).hasSize(1);
    }

    @Test
    void a_point_has_no_more_values_than_memory_is_good_for() {
        String values = "1,".repeat(500_000);
        assertThatThrownBy(() -> parse("[{\"fields\":{\"a\":[" + values + "1]}}]"))
                .hasMessageContaining("more than 500000");
    }
}
