package io.trapline.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.OptionalLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LineageTest {

    /// What the store remembers, its position; the journal, its head; where it goes on (none = from
    /// the beginning).
    @ParameterizedTest
    @CsvSource(
            textBlock =
                    """
                    j a:1,             30,  j a:1 b:51,        90,   30
                    j a:1 b:51,        90,  j a:1 c:21,        200,  20
                    j a:1 b:51,        90,  j a:1 b:51 c:71,   200,  70
                    j a:1 b:51,        90,  j a:1,             40,   40
                    j a:1,             90,  j a:1 b:51,        200,  50
                    j a:1 b:51,        40,  j a:1 c:61,        70,   40
                    j a:1,             30,  k x:1,             100,
                    j a:1,             30,  j x:200,           250,  30
                    j a:1,             30,  j x:1,             20,
                    '',                30,  k x:1,             100,  30
                    '',                30,  k x:1,             20,
                    """)
    void a_reader_goes_on_where_the_ways_part(
            String before, long position, String journal, long head, Long expected) {
        OptionalLong found = Lineage.parse(journal).resume(Lineage.parse(before), position, head);
        assertThat(found)
                .isEqualTo(expected == null ? OptionalLong.empty() : OptionalLong.of(expected));
        assertThat(Lineage.parse(journal).toString()).isEqualTo(journal);
    }
}
