package io.trapline.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.trapline.cli.TextTable.Shaded;
import io.trapline.store.QueryResult;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TextTableTest {
    private static String printed(TextTable table, Terminal terminal) {
        StringWriter out = new StringWriter();
        table.print(new PrintWriter(out), terminal);
        return out.toString();
    }

    @Test
    void numbers_stand_at_the_right_and_have_one_format() {
        TextTable table = TextTable.ruled(List.of("name", "value", "tags"));
        table.row("a", 64037.0, Map.of("x", 2.0));
        table.row("b", 3235390464L, List.of(2.527602688E10));
        table.row("c", new BigDecimal("8.95131648E+9"), null);
        table.row("d", null, "é, \"x\"\n");

        assertThat(printed(table, Terminal.NONE))
                .isEqualTo(
                        """
                        name |      value | tags
                        -----+------------+--------------
                        a    |      64037 | {"x":2}
                        b    | 3235390464 | [25276026880]
                        c    | 8951316480 |
                        d    |            | é, "x"\\n
                        """);
    }

    @Test
    void on_a_terminal_the_widest_columns_are_shortened_until_a_row_fits() {
        TextTable table = TextTable.ruled(List.of("time", "error", "n"));
        table.row("2026-11-28T23:24:11Z", "Traceback (most recent call last): a long story", 1L);
        String shown = printed(table, new Terminal(50, false));

        assertThat(shown.lines())
                .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(50));
        assertThat(shown)
                .contains("2026-11-28T23:24:11Z | Traceback (most recent…| 1".replace("…|", "… |"));
        assertThat(printed(table, Terminal.NONE)).contains("a long story");
    }

    @Test
    void no_column_is_shortened_to_nothing() {
        TextTable table = new TextTable("A", "B");
        table.row("a123456789abcdef", "a123456789abcdef");

        assertThat(printed(table, new Terminal(5, false))).contains("a123456789a…  a123456789a…");
    }

    @Test
    void numbers_times_names_and_titles_are_never_cut() {
        TextTable table =
                TextTable.ruled(List.of("time", "name", "stream", "value", "late", "a long title"));
        table.row(
                "2026-11-28T23:24:11.123456Z",
                "big.number.of.things",
                "big.number.of.things|ST[a:b,c:d,e:f,g:h]",
                8951316480123.0,
                "49.5 s",
                "x");
        String shown = printed(table, new Terminal(110, false));

        assertThat(shown)
                .contains("2026-11-28T23:24:11.123456Z", "| big.number.of.things |")
                .contains("| 8951316480123 | 49.5 s | ")
                .contains("a long title")
                .contains("…");
        assertThat(table.fits(new Terminal(110, false))).isTrue();
        assertThat(table.fits(new Terminal(80, false))).isFalse();
        assertThat(printed(table, new Terminal(60, false)))
                .contains("2026-11-28T23:24:11.123456Z", "8951316480123", "49.5 s");
    }

    @Test
    void signs_of_two_columns_are_counted_as_two() {
        TextTable table = TextTable.ruled(List.of("name", "n"));
        table.row("支付服务", 1L);
        table.row("e\u0301", 2L);

        assertThat(printed(table, Terminal.NONE))
                .contains("支付服务 | 1\n")
                .contains("e\u0301        | 2\n");
        assertThat(TextWidth.cut("支付服务", 5, "…")).isEqualTo("支付…");
    }

    @Test
    void states_have_colours_on_a_terminal_only_and_columns_stay_aligned() {
        TextTable table = new TextTable("STATE", "NAME");
        table.row(new Shaded("error", "error"), "a");
        table.row(new Shaded("ok", "ok"), "b");

        assertThat(printed(table, new Terminal(80, true)))
                .isEqualTo(
                        "STATE  NAME\n\u001b[31merror\u001b[0m  a\n\u001b[32mok\u001b[0m     b\n");
        assertThat(printed(table, Terminal.NONE)).isEqualTo("STATE  NAME\nerror  a\nok     b\n");
    }

    @Test
    void control_characters_do_not_reach_the_terminal() {
        TextTable table = new TextTable("A");
        table.row("\u001b[2J");

        assertThat(printed(table, Terminal.NONE)).isEqualTo("A\n\uFFFD[2J\n");
    }

    @Test
    void the_environment_decides_on_colours_and_width() {
        assertThat(Terminal.of(Map.of("TERM", "xterm"), () -> 132))
                .isEqualTo(new Terminal(132, true));
        assertThat(Terminal.of(Map.of("TERM", "xterm", "NO_COLOR", "1"), () -> 132).colours())
                .isFalse();
        assertThat(Terminal.of(Map.of("TERM", "dumb"), () -> 132).colours()).isFalse();
        assertThat(Terminal.of(Map.of(), () -> 132).colours()).isFalse();
        assertThat(Terminal.of(Map.of("COLUMNS", "40"), () -> 132).columns()).isEqualTo(40);
        assertThat(Terminal.of(Map.of("COLUMNS", "wide"), () -> 132).columns()).isEqualTo(132);
    }

    @Test
    void in_line_mode_a_value_keeps_its_lines() {
        StringWriter out = new StringWriter();
        LineFormat.print(
                new QueryResult(
                        List.of("collector", "error", "n"),
                        List.of(
                                Arrays.asList(
                                        "Queue", "Traceback:\n  File \"q.py\"\n\u001b[2J", 2.0),
                                Arrays.asList("Other", null, 3L))),
                new PrintWriter(out, true));

        assertThat(out)
                .hasToString(
                        """
                        -- row 1 --
                        collector: Queue
                            error: Traceback:
                                     File "q.py"
                                   \uFFFD[2J
                                n: 2
                        -- row 2 --
                        collector: Other
                            error:
                                n: 3
                        (2 rows)
                        """);
    }
}
