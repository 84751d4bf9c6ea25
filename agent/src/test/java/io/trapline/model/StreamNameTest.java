package io.trapline.model;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class StreamNameTest {
    @Test
    void a_name_without_tags_stays_as_it_is() {
        assertThat(StreamName.canonical("abc.f1", List.of())).isEqualTo("abc.f1");
    }

    @Test
    void tags_are_sorted_by_bytes_and_appear_once() {
        assertThat(canonical("ab:1", "a:2", "A:3", "a-b:4", "a:1", "a:2"))
                .isEqualTo("m|ST[A:3,a:1,a:2,a-b:4,ab:1]");
    }

    @Test
    void parts_outside_the_character_set_are_written_in_base64() {
        assertThat(canonical("~(bar):<quux>")).isEqualTo("m|ST[b\"fihiYXIp\":b\"PHF1dXg+\"]");
    }

    @Test
    void measurement_tags_follow_in_a_block_of_their_own() {
        assertThat(canonical("MT:unit:s", "a:b")).isEqualTo("m|ST[a:b]|MT{unit:s}");
    }

    private static String canonical(String... tags) {
        return StreamName.canonical("m", List.of(tags).stream().map(StreamNameTest::tag).toList());
    }

    private static Tag tag(String text) {
        int colon = text.lastIndexOf(':');
        return new Tag(text.substring(0, colon), text.substring(colon + 1));
    }
}
