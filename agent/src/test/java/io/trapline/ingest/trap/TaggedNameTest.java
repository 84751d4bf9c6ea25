package io.trapline.ingest.trap;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.model.Tag;
import io.trapline.period.StreamId;
import io.trapline.registry.Check;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HexFormat;
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

    /// Lengths as upstream makes them; of a part that was shortened stay a prefix and 46
    /// characters.
    @ParameterizedTest
    @CsvSource({
        // category and value as sent, and as kept
        "50, 300, 50, 205",
        "209, 300, 209, 46",
        "210, 300, 128, 127",
        "250, 300, 128, 127",
        "300, 300, 128, 127",
        "230, 100, 128, 100",
        "230, 127, 128, 127",
        "230, 128, 128, 127",
        "250, 10, 128, 10",
        "255, 0, 209, 0",
        "300, 1, 209, 1",
        "300, 2, 128, 2",
    })
    void what_is_left_of_which_part_is_upstreams_rule(
            int category, int value, int keptCategory, int keptValue) throws Exception {
        String key = "c".repeat(category);
        String text = "v".repeat(value);
        Tag tag = TaggedName.parse("m|ST[" + key + ":" + text + "]", List.of()).tags().getFirst();
        assertThat(tag.key()).hasSize(keptCategory);
        assertThat(tag.value()).hasSize(keptValue);
        assertShortened(key, tag.key());
        assertShortened(text, tag.value());
    }

    private static void assertShortened(String sent, String kept) throws Exception {
        if (kept.equals(sent)) {
            return;
        }
        byte[] sha1 = MessageDigest.getInstance("SHA-1").digest(sent.getBytes(UTF_8));
        assertThat(kept)
                .isEqualTo(
                        sent.substring(0, kept.length() - 46)
                                + "_tldr_"
                                + HexFormat.of().formatHex(sha1));
    }

    /// In base64 it is the length of the text in it that counts, where that may stand plain.
    @Test
    void a_long_tag_in_base64_that_fits_without_is_kept_whole() throws Exception {
        String value = "v".repeat(240);
        String sent = Base64.getEncoder().encodeToString(value.getBytes(UTF_8));
        assertThat(TaggedName.parse("m|ST[a:b\"" + sent + "\"]", List.of()).canonical())
                .isEqualTo("m|ST[a:" + value + "]");
    }

    @ParameterizedTest
    @CsvSource({"300, 300", "10, 400", "400, 10", "200, 0"})
    void shortened_parts_in_base64_fit_and_keep_whole_characters(int category, int value)
            throws Exception {
        String canonical =
                TaggedName.parse(
                                "m|ST["
                                        + encoded("{é".repeat(category / 2))
                                        + ":"
                                        + encoded("ü]".repeat(value / 2))
                                        + "]",
                                List.of())
                        .canonical();
        assertThat(canonical.length() - "m|ST[]".length()).isLessThanOrEqualTo(256);
        assertThat(TaggedName.parse(canonical, List.of()).canonical()).isEqualTo(canonical);
        assertThat(canonical).doesNotContain("\uFFFD");
    }

    private static String encoded(String text) {
        return "b\"" + Base64.getEncoder().encodeToString(text.getBytes(UTF_8)) + "\"";
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
