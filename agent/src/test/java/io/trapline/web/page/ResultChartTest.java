package io.trapline.web.page;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.trapline.web.page.Ask.Answer;
import io.trapline.web.page.Ask.Row;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ResultChartTest {
    private static final String NOON = "2026-11-21T12:00:00.000000Z";
    private static final String ONE = "2026-11-21T13:00:00.000000Z";

    private static Answer answer(String columns, Object[]... rows) {
        return new Answer(
                List.of(columns.split(",")),
                Arrays.stream(rows).map(row -> new Row(Arrays.asList(row))).toList(),
                "");
    }

    private static JsonNode chart(Answer answer) throws Exception {
        return new ObjectMapper().readTree(ResultChart.of(answer).orElseThrow());
    }

    @Test
    void times_and_numbers_make_a_line_for_each_text() throws Exception {
        JsonNode chart =
                chart(
                        answer(
                                "t,who,n",
                                new Object[] {ONE, "a", 2L},
                                new Object[] {NOON, "a", 1L},
                                new Object[] {NOON, "b", 1.5}));
        assertThat(chart.get("kind").asText()).isEqualTo("lines");
        assertThat(chart.get("lines").toString())
                .isEqualTo(
                        "[{\"name\":\"a\",\"points\":[[1795262400000,1.0],[1795266000000,2.0]]},"
                                + "{\"name\":\"b\",\"points\":[[1795262400000,1.5]]}]");
    }

    @Test
    void texts_and_numbers_make_columns() throws Exception {
        JsonNode chart =
                chart(
                        answer(
                                "who,n,latest",
                                new Object[] {"a", 1L, NOON},
                                new Object[] {"b", null, ONE}));
        assertThat(chart.get("kind").asText()).isEqualTo("columns");
        assertThat(chart.get("names").toString()).isEqualTo("[\"a\",\"b\"]");
        assertThat(chart.get("lines").get(0).get("points").toString()).isEqualTo("[1.0,null]");
    }

    @Test
    void what_has_no_numbers_or_a_single_row_is_not_drawn() {
        assertThat(ResultChart.of(answer("a", new Object[] {"x"}, new Object[] {"y"}))).isEmpty();
        assertThat(ResultChart.of(answer("t,n", new Object[] {NOON, 1L}))).isEmpty();
        assertThat(ResultChart.of(answer("n", new Object[] {1L}, new Object[] {2L}))).isEmpty();
    }
}
