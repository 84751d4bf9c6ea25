package io.trapline.ingest.trap;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.model.Tag;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TagQueryTest {
    private static final List<Tag> TAGS =
            List.of(
                    new Tag("env", "prod"),
                    new Tag("app", "web-1"),
                    new Tag("path", "a.b.c"),
                    new Tag("odd", "~(x)"));

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "and(env:prod)                        ; true",
                "and(env)                             ; true",
                "and(env:pro)                         ; false",
                "and(env:qa)                          ; false",
                "and(env:prod,app:web-*)              ; true",
                "and( env:prod , app:web-? )          ; true",
                "and(env:prod,app:db)                 ; false",
                "or(env:qa,app:web*)                  ; true",
                "or(env:qa,not(app:web*))             ; false",
                "not(env:prod)                        ; false",
                "not(or(env:qa,env:dev))              ; true",
                "and(e*:*)                            ; true",
                "and(/^en/:/^p.*d$/)                  ; true",
                "and(app:/b-\\d/)                     ; true",
                "and(path:/a\\/b/)                    ; false",
                "and(b\"ZW52\":b\"cHJvZA==\")         ; true",
                "and(odd:b\"fih4KQ==\")               ; true",
                "and(b/XmVu/:prod)                    ; true",
                "and(path:[graphite]a.*.c)            ; true",
                "and(path:[graphite]a.*)              ; false",
                "and(path:[graphite]a.{b,x}.c)        ; true",
                "hint(and(env:prod),index)            ; true",
                "and(env:)                            ; false",
            })
    void a_query_matches_by_its_tags(String query, boolean matches) {
        assertThat(TagQuery.parse(query).orElseThrow().test(TAGS)).isEqualTo(matches);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "env:prod",
                "and()",
                "and(env:prod",
                "and(env:prod))",
                "not(a,b)",
                "and(:x)",
                "and(/(/:x)",
                "and(/a)",
                "and(b\"!\":x)",
                "xor(a,b)"
            })
    void what_does_not_parse_is_no_query(String query) {
        assertThat(TagQuery.parse(query)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {40, 100_000})
    void deep_nesting_is_no_query(int depth) {
        String query = "and(".repeat(depth) + "a" + ")".repeat(depth);
        assertThat(TagQuery.parse(query)).isEmpty();
    }
}
