package io.trapline.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.regex.PatternSyntaxException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PcrePatternTest {
    /// What `grep -P` says of the same.
    @ParameterizedTest
    @CsvSource(
            delimiter = '§',
            textBlock =
                    """
                    ^[[:digit:]]+$          § 123       § 12a
                    ^[[:digit:]]+$          § 0         § :dg
                    ^[[:upper:]]+$          § ABC       § abc
                    ^[[:^upper:]]+$         § abc       § aBc
                    ^[[:alpha:]_]+$         § a_b       § a1
                    ^[^[:space:]]+$         § ab        § a b
                    ^[[:word:]]+$           § a_1       § a-1
                    ^[[:alnum:].-]+$        § a-1.b     § a/b
                    ^[[:xdigit:]]{2}$       § fF        § g0
                    ^[a[b]$                 § [         § ab
                    ^[]a]+$                 § ]a        § b
                    ^[^]a]+$                § b         § ]
                    ^[a&&b]+$               § a&b       § c
                    ^[a-z&&[^b]]$           § a]        § c
                    ^a{$                    § a{        § a
                    ^a{,3}$                 § a{,3}     § aaa
                    ^a{x}$                  § a{x}      § ax
                    ^a{2,}$                 § aaa       § a
                    ^(?P<n>a)(?P=n)$        § aa        § a
                    ^a(?# no b)$            § a         § ab
                    ^(?i)AB$                § ab        § ac
                    ^(?i:A)b$               § ab        § aB
                    ^(?x) a b $             § ab        § a b
                    ^(?x)[a b]+$            § a b       § c
                    ^\\Q[a]\\E$             § [a]       § a
                    ^[\\Q^]\\E]+$           § ^]        § a
                    ^[\\w\\]]+$             § a]        § -
                    ^\\[:digit:]$           § [:digit:] § 1
                    ^(?:a|b)c(?=d)          § acd       § ab
                    """)
    void what_pcre_reads_matches_as_it_does(String regex, String yes, String no) {
        assertThat(PcrePattern.compile(regex).matcher(yes).find()).as(yes).isTrue();
        assertThat(PcrePattern.compile(regex).matcher(no).find()).as(no).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "[[:nosuch:]]",
                "[:alpha:]",
                "[[.a.]]",
                "[[=a=]]",
                "[a",
                "[",
                "(",
                "a)",
                "*a",
                "(?U)a*",
                "(?u)a",
                "(?d)a",
                "(?#",
                "(?P=n",
                "(?R)",
                "\\K",
                "a\\"
            })
    void what_java_does_not_have_is_refused(String regex) {
        assertThatThrownBy(() -> PcrePattern.compile(regex))
                .isInstanceOf(PatternSyntaxException.class);
    }
}
