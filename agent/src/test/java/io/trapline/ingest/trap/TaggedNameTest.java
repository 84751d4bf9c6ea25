package io.trapline.ingest.trap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.model.Tag;
import io.trapline.period.StreamId;
import io.trapline.registry.Check;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TaggedNameTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '~',
            quoteCharacter = '`',
            value = {
                "m                                ~ m",
                "a|b                              ~ a|b",
                "m|ST[b:2,a:1]                    ~ m|ST[a:1,b:2]",
                "m|ST[a:1]|MT{u:s}|ST[b:2]        ~ m|ST[a:1,b:2]|MT{u:s}",
                "m|ST[]|MT{}                      ~ m",
                "m |ST[a]                         ~ m|ST[a:]",
                "m|ST[a:b c,d:e]                  ~ m|ST[a:b\"YiBj\",d:e]",
                "m|ST[b\"YTpi\":c]                ~ m|ST[b\"YTpi\":c]",
                "m|ST[b\"YQ==\":b\"Yg==\"]        ~ m|ST[a:b]",
                "m|ST[a:b:c=d]                    ~ m|ST[a:b:c=d]",
                "日本 x|ST[a:é]                     ~ 日本 x|ST[a:b\"w6k=\"]",
            })
    void a_name_is_read_into_its_canonical_form(String raw, String canonical) throws Exception {
        assertThat(TaggedName.parse(raw, List.of()).canonical()).isEqualTo(canonical);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " \t ",
                "|ST[a:b]",
                "m|ST[:v]",
                "m|ST[a,]",
                "m|ST[,a]",
                "m|ST[a=b:c]",
                "m|ST[a:b",
                "m|ST[a:b]x",
                "m|MT{a:b",
                "m|ST[a b:c]",
                "m|ST[b\"!!\":c]",
                "m|ST[b\"\":c]",
                "m|ST[b\"YQ==:c]"
            })
    void a_malformed_name_is_refused(String raw) {
        assertThatThrownBy(() -> TaggedName.parse(raw, List.of()))
                .isInstanceOf(TaggedName.BadNameException.class);
    }

    @Test
    void tags_of_the_check_are_added_to_every_stream() throws Exception {
        List<Tag> more = TaggedName.tagset("|ST[z:9]|MT{u:s}");
        assertThat(TaggedName.parse("m|ST[a:1]", more).canonical())
                .isEqualTo("m|ST[a:1,z:9]|MT{u:s}");
        assertThat(TaggedName.parse("m", more).canonical()).isEqualTo("m|ST[z:9]|MT{u:s}");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "|ST[]",
                "|ST[a]",
                "|ST[a:1,b:]|ST[c:x y=z]",
                "|ST[b\"Zm9v\":b\"YmFy\"]",
            })
    void a_tag_set_that_may_be_configured_can_be_read(String block) throws Exception {
        assertThat(Check.isTagset(block)).isTrue();
        TaggedName.tagset(block);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "dc:1",
                "|ST[a b:c]",
                "|ST[,a:1]",
                "|ST[a:1,]",
                "|ST[:x]",
                "|ST[a:1",
                "|ST[a:1]x",
                "|ST[a:[x]]",
                "|ST[b\"Zm9v:x]",
                "|ST[b\"\":x]"
            })
    void a_tag_set_that_cannot_be_read_may_not_be_configured(String block) {
        assertThatThrownBy(() -> TaggedName.tagset(block))
                .isInstanceOf(TaggedName.BadNameException.class);
        assertThat(Check.isTagset(block)).isFalse();
    }

    @Test
    void equal_streams_have_equal_tags() throws Exception {
        StreamId a = TaggedName.parse("m|ST[b:2,a:1,b:2]", List.of());
        assertThat(a).isEqualTo(TaggedName.parse("m|ST[a:1,b:2]", List.of()));
    }

    @Test
    void shortened_tags_fit_and_stay_apart() throws Exception {
        for (int category : new int[] {1, 100, 209, 210, 253, 254, 255, 300, 1000}) {
            for (int value : new int[] {0, 1, 46, 100, 252, 253, 1000}) {
                String a = tag("c".repeat(category), "v".repeat(value) + "x");
                String b = tag("c".repeat(category), "v".repeat(value) + "y");
                assertThat(a.length()).as(category + ":" + value).isLessThanOrEqualTo(256);
                assertThat(a).isNotEqualTo(b);
                assertThat(a.indexOf(':')).isLessThanOrEqualTo(254);
            }
        }
    }

    @Test
    void more_than_256_tags_are_refused() throws Exception {
        assertThat(TaggedName.parse(tags(256), List.of()).tags()).hasSize(256);
        assertThatThrownBy(() -> TaggedName.parse(tags(257), List.of()))
                .hasMessageContaining("256");
    }

    private static String tag(String category, String value) throws Exception {
        Tag tag =
                TaggedName.parse("m|ST[" + category + ":" + value + "]", List.of())
                        .tags()
                        .getFirst();
        return tag.key() + ":" + tag.value();
    }

    private static String tags(int count) {
        StringBuilder name = new StringBuilder("m|ST[");
        for (int i = 0; i < count; i++) {
            name.append(i == 0 ? "" : ",").append('t').append(i);
        }
        return name.append(']').toString();
    }
}
