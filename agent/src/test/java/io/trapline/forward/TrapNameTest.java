package io.trapline.forward;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.StreamName;
import io.trapline.model.Tag;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrapNameTest {
    private static final String LONG_CATEGORY = "superlongtagcatthatismorethan256characterstotal";

    static Stream<Arguments> characters() {
        return IntStream.range(0, 0x180)
                .boxed()
                .flatMap(c -> Stream.of(Arguments.of(c, true), Arguments.of(c, false)));
    }

    /// All bytes as characters, and some that take two.
    @ParameterizedTest(name = "U+{0}, in a category: {1}")
    @MethodSource("characters")
    void a_character_is_plain_only_where_a_broker_takes_it(int c, boolean category) {
        String part = "a" + Character.toString(c) + "b";
        List<Tag> tags =
                List.of(
                        category ? new Tag(part, "v") : new Tag("k", part),
                        // The value of the last tag is checked by no broker.
                        new Tag("zz", "last"));
        String key = sent("m", tags);

        // It would end the category in a broker, and is renamed.
        boolean divides = category && c == 0x1F;
        assertThat(key.contains("b\"")).isEqualTo(!divides && !Broker.takes(c, category));
        assertThat(Broker.read(key))
                .hasValueSatisfying(read -> {
                    assertThat(read.name()).isEqualTo("m");
                    if (!divides) {
                        assertThat(read.tags()).isEqualTo(tags);
                    }
                });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            textBlock =
                    """
                    # category | value    | sent
                    le         | +Inf     | le:b"K0luZg=="
                    a+b        | c        | a+b:c
                    a          | ''       | a:
                    a          | b:c=d/e? | a:b:c=d/e?
                    a          | b"Zm9v"  | a:b"YiJabTl2Ig=="
                    a          | b c      | a:b"YiBj"
                    tág        | 温       | b"dMOhZw==":b"5rip"
                    """)
    void a_tag_as_it_is_sent(String category, String value, String sent) {
        String key = sent("m", List.of(new Tag(category, value)));

        assertThat(key).isEqualTo("m|ST[" + sent + "]");
        assertThat(Broker.read(key))
                .hasValueSatisfying(
                        read -> assertThat(read.tags()).containsExactly(new Tag(category, value)));
    }

    @Test
    void the_name_that_streams_have_here_stays() {
        assertThat(StreamName.canonical("m", List.of(new Tag("le", "+Inf"))))
                .isEqualTo("m|ST[le:+Inf]");
    }

    /// The three of reconnoiter's `test/test_tags.c`.
    @Test
    void long_tags_are_shortened_as_a_broker_does_it() {
        String value = "x".repeat(355);
        String cut = "_tldr_8e2bd46fa751af2d2b093c2f5465f786cbe2b8a9";
        String category = "superlongtagthatismorethan256characterstotal";
        assertThat(sent("m", List.of(new Tag(category, value))))
                .isEqualTo("m|ST[" + category + ":" + "x".repeat(211 - 46) + cut + "]");

        assertThat(sent("m", List.of(new Tag(LONG_CATEGORY + "y".repeat(220), value))))
                .isEqualTo(
                        "m|ST["
                                + LONG_CATEGORY
                                + "y".repeat(35)
                                + "_tldr_2584f4690f561d00c607ad5333d7c31a3f06664c:"
                                + "x".repeat(127 - 46)
                                + cut
                                + "]");

        assertThat(sent("m", List.of(new Tag(LONG_CATEGORY + "y".repeat(199), "x".repeat(125)))))
                .isEqualTo(
                        "m|ST["
                                + LONG_CATEGORY
                                + "y".repeat(35)
                                + "_tldr_ce6340dfd8ee2343280ad9723eb4d54d87ebc435:"
                                + "x".repeat(125)
                                + "]");
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "+", "é", "温", "😀", "\u0000"})
    void a_tag_of_any_length_fits_and_stays_apart(String unit) {
        for (int c : new int[] {1, 40, 60, 90, 128, 190, 250, 254, 255, 256, 300, 2000}) {
            for (int v :
                    new int[] {0, 1, 40, 60, 90, 127, 128, 190, 252, 254, 255, 256, 300, 2000}) {
                List<Tag> tags = List.of(new Tag("k" + unit.repeat(c), unit.repeat(v)));
                List<Tag> others = List.of(new Tag("k" + unit.repeat(c), unit.repeat(v) + "z"));
                String key = sent("m", tags);
                assertThat(Broker.read(key)).as("%d:%d", c, v).isPresent();
                assertThat(sent("m", others)).as("%d:%d", c, v).isNotEqualTo(key);
                boolean asIs = key.equals(StreamName.sent("m", tags));
                int length = StreamName.sent("m", tags).length() - "m|ST[]".length();
                int category =
                        StreamName.sent("m", List.of(new Tag("k" + unit.repeat(c), ""))).length()
                                - "m|ST[:]".length();
                assertThat(asIs).as("%d:%d", c, v).isEqualTo(length <= 256 && category <= 254);
            }
        }
    }

    static Stream<Arguments> names() {
        return Stream.of(
                name("a b", "a b"),
                name("naïve 温度", "naïve 温度"),
                name("a]b}c,d|e", "a]b}c,d|e"),
                name("_value", "_value|ST[]"),
                name("_ts", "_ts|ST[]"),
                name("rt|ST[x:y].v", "rt_ST[x:y].v_#", TrapName.NAME),
                name("rt|MT{x:y}", "rt_MT{x:y}_#", TrapName.NAME),
                name("||ST[ST[", "|_ST[ST[_#", TrapName.NAME),
                name(" a ", "_a__#", TrapName.NAME),
                name("a\tb", "a_b_#", TrapName.NAME),
                name("a\u0000b", "a_b_#", TrapName.NAME),
                name("a\u00a0b", "a_b_#", TrapName.NAME),
                name("a\u2028b\u3000", "a_b__#", TrapName.NAME),
                name("  ", "___#", TrapName.NAME),
                name("a,".repeat(128), "a,".repeat(128)),
                name("a,".repeat(257), "a_".repeat(257) + "_#", TrapName.NAME),
                name("", "_#", TrapName.NAME));
    }

    private static Arguments name(String name, String pattern, String... changes) {
        return Arguments.of(name, pattern, Set.of(changes));
    }

    @ParameterizedTest(name = "\"{0}\"")
    @MethodSource("names")
    void a_name_as_it_is_sent(String name, String pattern, Set<String> changes) {
        assertThat(TrapName.key(name, TrapName.block(List.of()), false))
                .isInstanceOfSatisfying(
                        TrapName.Key.Sent.class,
                        sent -> {
                            assertThat(sent.text().replaceFirst("_[0-9a-f]{10}$", "_#"))
                                    .isEqualTo(pattern);
                            assertThat(sent.changes()).isEqualTo(changes);
                        });
    }

    @Test
    void names_beyond_ascii_stay_apart_at_a_broker_that_blanks_them() {
        TrapName.Block none = TrapName.block(List.of());
        assertThat(TrapName.key("a.b", none, true))
                .isEqualTo(new TrapName.Key.Sent("a.b", Set.of()));
        String one = text(TrapName.key("温度", none, true));
        String other = text(TrapName.key("湿度", none, true));
        assertThat(one).matches("___[0-9a-f]{10}").isNotEqualTo(other);
        assertThat(Broker.read(one)).contains(new Broker.Metric(one, List.of()));
    }

    @Test
    void a_long_name_leaves_room_for_its_tags() {
        TrapName.Block block = TrapName.block(List.of(new Tag("le", "+Inf")));
        String fits = "é".repeat((4095 - block.text().length()) / 2);
        assertThat(TrapName.key(fits, block, false))
                .isEqualTo(new TrapName.Key.Sent(fits + block.text(), Set.of()));

        String key = text(TrapName.key(fits + "é", block, false));
        assertThat(ShortText.utf8Length(key)).isBetween(4094, 4095);
        assertThat(key).contains("_tldr_").endsWith(block.text());
        assertThat(text(TrapName.key(fits + "ü", block, false))).isNotEqualTo(key);
    }

    private static String sent(String name, List<Tag> tags) {
        return text(TrapName.key(name, TrapName.block(tags), false));
    }

    private static String text(TrapName.Key key) {
        return ((TrapName.Key.Sent) key).text();
    }
}
