package io.trapline.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.trapline.model.Tag;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Each form of upstream's grammar; the base64 in the queries is of what the comment before says.
class TagQueryTest {
    private static final List<Tag> TAGS =
            List.of(
                    new Tag("env", "prod"),
                    new Tag("app", "web-1"),
                    new Tag("path", "/api/v1"),
                    new Tag("file", "/a/b.c/"),
                    new Tag("dots", "a.b1.c.d"),
                    new Tag("none", ""),
                    new Tag("url", "http://h:80/?q=1"),
                    new Tag("win", "C:\\x"),
                    new Tag("say \"hi\"", "x,y)z"),
                    new Tag("[box]", "**?"),
                    new Tag("(par)", "~(x)"),
                    new Tag("stadt", "Köln"),
                    new Tag("le", "+Inf"));

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                // operations
                "and(env:prod)                        ; true",
                "and(env:prod,app:db)                 ; false",
                "or(env:qa,app:web-1)                 ; true",
                "or(env:qa,not(app:web-1))            ; false",
                "not(env:prod)                        ; false",
                "not( or(env:qa,env:dev) )            ; true",
                "and( env:prod ,\tapp:web-? )         ; true",
                "hint(and(env:prod),index:none)       ; true",
                "hint(env:prod,x)                     ; true",
                "hint(env:qa,env:prod)                ; false",
                "and(hint(*:*,index),env:prod)        ; true",
                // a category alone, an empty value
                "and(env)                             ; true",
                "and(none)                            ; true",
                "and(none:)                           ; true",
                "and(env:)                            ; false",
                "and(none:/^$/)                       ; true",
                "not(none:)                           ; false",
                // exact and glob
                "and(env:pro)                         ; false",
                "and(e*:*)                            ; true",
                "and(app:web*)                        ; true",
                "and(app:w?b-1)                       ; true",
                "and(app:w?-1)                        ; false",
                "and(dots:a.*)                        ; true",
                "and(dots:a?*)                        ; true",
                "and(env:p.od*)                       ; false",
                "and(url:http://h:80/?q=1)            ; true",
                "and(url:http://h:80/*)               ; true",
                "and(url:[exact]http://h:80/?q=1)     ; true",
                "and(stadt:Köln)                      ; true",
                "and(le:+*)                           ; true",
                "and(le:+I?f)                         ; true",
                "and(env:+*)                          ; false",
                // with a slash in front
                "and(path:/api/v1)                    ; true",
                "and(path:/api*)                      ; true",
                "and(path:/api)                       ; false",
                "and(path:/)                          ; false",
                "and(file:/a/b.c/)                    ; true",
                "and(file:/b.c/)                      ; true",
                "and(file:/b\\.c\\/$/)                ; true",
                // regular expressions, searched
                "and(/^en/:/^p.*d$/)                  ; true",
                "and(/n/:/ro/ , env)                  ; true",
                "and(app:/b-\\d/)                     ; true",
                "and(win:/^C:\\\\\\\\x/)              ; true",
                "and(env:/(a|r)o{1}d/)                ; true",
                // base64: env, prod, p*d, p?o*, ^en, ro/
                "and(b\"ZW52\":b\"cHJvZA==\")         ; true",
                "and(b\"ZW52\":b\"cCpk\")             ; true",
                "and(env:b\"cD9vKg==\")               ; true",
                "and(b/XmVu/:prod)                    ; true",
                "and(none:b\"\")                      ; true",
                // [box] and **? : in quotes a glob, between exclamation marks exact
                "and(b\"W2JveF0=\":b!Kio/!)           ; true",
                "and(b!W2JveF0=!:*)                   ; true",
                "and(*:b!Kio=!)                       ; false",
                // (a?b) : other signs of a glob mean what they mean in an expression
                "and(b\"KHBhcik=\":b\"fih4KQ==\")     ; true",
                "and(b\"KHA/cik=\":*)                 ; false",
                // in quotes
                "and(\"say \\\"hi\\\"\":\"x,y)z\")    ; true",
                "and(win:\"C:\\\\x\")                 ; true",
                "and(\"*\":\"prod\")                  ; true",
                "and(env:\"\")                        ; false",
                // kinds
                "and([exact]\"[box]\":*)              ; true",
                "and([exact]e*:*)                     ; false",
                "and([default]env:[default]prod)      ; true",
                "and(env:[re]^pr)                     ; true",
                "and(env:[re]\"^(p|q)r\")             ; true",
                "and(env:b[re]\"XnBy\")               ; true",
                "and(b[exact]\"W2JveF0=\":*)          ; true",
                // dotted names; the last is a.{b1,x}.**
                "and(dots:[graphite]a.*.c.d)          ; true",
                "and(dots:[graphite]a.*.d)            ; false",
                "and(dots:[graphite]a.**.d)           ; true",
                "and(dots:[graphite]a.**)             ; true",
                "and(dots:[graphite]b.**.d)           ; false",
                "and(dots:[graphite]a.b1.c.d)         ; true",
                "and(dots:[graphite]a.b?.c.d)         ; true",
                "and(dots:[graphite]a.b[0-2].?.d)     ; true",
                "and(dots:[graphite]a.{b1,x}.c.{d,e}) ; true",
                "and(dots:[graphite]a.{x,b{2,1}}.c.d) ; true",
                "and(dots:[graphite]a.{x,y}.c.d)      ; false",
                "and(dots:[graphite]\"a.{b1,x}.*.d\") ; true",
                "and(dots:b[graphite]\"YS57YjEseH0uKio=\") ; true",
            })
    void a_query_matches_by_its_tags(String query, boolean matches) {
        assertThat(TagQuery.parse(query).test(TAGS)).isEqualTo(matches);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            quoteCharacter = '`',
            value = {
                "``                    ; 1  ; a query is and(…)",
                "env:prod              ; 1  ; a query is and(…)",
                "xor(a,b)              ; 1  ; a query is and(…)",
                "And(a)                ; 1  ; a query is and(…)",
                "and()                 ; 5  ; a category is missing",
                "and(:x)               ; 5  ; a category is missing",
                "and(a,)               ; 7  ; a category is missing",
                "and(env:prod          ; 13 ; expected , or )",
                "and(env:prod))        ; 14 ; the query ends before",
                "and(a:b c)            ; 9  ; expected , or )",
                "and(a:(b))            ; 7  ; expected , or )",
                "and(or (a),b)         ; 8  ; expected , or )",
                "and({a})              ; 5  ; \"{\" needs quotes or base64",
                "not(a,b)              ; 9  ; one match",
                "and(/(/:x)            ; 5  ; no regular expression",
                "and(a:/[/)            ; 7  ; no regular expression",
                "and(a:b\"KCo=\")       ; 7  ; no regular expression",
                "and(b/XA==/:x)        ; 5  ; no regular expression",
                "and(b\"!\":x)         ; 9  ; no base64",
                "and(b\"/w==\":x)      ; 12 ; no base64 of UTF-8",
                "and(b\"\":x)          ; 8  ; base64 of nothing",
                "and(b\"ZW52:x)        ; 7  ; not closed",
                "and(b/ZW52:x)         ; 7  ; not closed",
                "and(\"a:b)            ; 10 ; not closed",
                "and(\"a\\n\":b)       ; 8  ; backslash",
                "and([grahpite]a.*:x)  ; 6  ; one of exact, default, re, graphite",
                "and(b[exact]env:x)    ; 13 ; expected base64 in quotes",
                "and([graphite]a.{b:x) ; 19 ; a brace that is not closed",
            })
    void what_cannot_be_read_is_refused_with_its_place(String query, int place, String why) {
        assertThatThrownBy(() -> TagQuery.parse(query))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(why)
                .hasMessageContaining("at character " + place + ":");
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 100_000})
    void deep_nesting_is_no_query(int depth) {
        String query = "and(".repeat(depth) + "a" + ")".repeat(depth);
        assertThatThrownBy(() -> TagQuery.parse(query))
                .hasMessageContaining(depth > 10_000 ? "at most 65536 characters" : "levels");
    }

    @Test
    void what_costs_too_much_is_no_query() {
        assertThatThrownBy(() -> TagQuery.parse("and(a:/" + "x".repeat(20_000) + "/)"))
                .hasMessageContaining("20000 characters, at most 16384");
        assertThatThrownBy(() -> TagQuery.parse("and(a:[graphite]" + "{b}".repeat(5000) + ")"))
                .hasMessageContaining("more than 100 pairs of braces");
        assertThatThrownBy(() ->
                        TagQuery.parse(
                                "and(a:[graphite]" + "x".repeat(1000) + "{b,c}".repeat(12) + ")"))
                .hasMessageContaining("characters of patterns");
    }
}
