package io.trapline.web.page;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.trapline.web.page.Ask.Row;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class HeatTest {
    private static final Instant FROM = Instant.ofEpochSecond(1_000_000);
    private static final Span SPAN = new Span(FROM, FROM.plusSeconds(100), "");

    private static Row row(long second, double bin, double width, double count) {
        return new Row(List.of((1_000_000 + second) * 1000, bin, width, count));
    }

    @Test
    void every_count_is_drawn_once_whatever_the_bins_widths_are() {
        Heat heat =
                Heat.of(
                                List.of(
                                        row(0, 1, 0.1, 5),
                                        row(0, 90, 10, 7),
                                        row(10, 0.5, 0.01, 2),
                                        row(10, 900, 100, 11)),
                                SPAN,
                                10_000)
                        .orElseThrow();
        assertThat(heat.columns()).isEqualTo(10);
        assertThat(heat.cells().stream().mapToDouble(cell -> cell[2]).sum())
                .isCloseTo(25, within(1e-9));
        assertThat(heat.cells().stream().filter(cell -> cell[0] == 0).mapToDouble(c -> c[2]).sum())
                .isCloseTo(12, within(1e-9));
        assertThat(heat.edges().getFirst()).isEqualTo(0.5);
        assertThat(heat.edges().getLast()).isCloseTo(1000, within(1e-6));
        assertThat(heat.edges()).isSorted().doesNotHaveDuplicates();
    }

    @Test
    void a_bin_without_width_is_one_value() {
        Heat heat = Heat.of(List.of(row(0, 0, 0, 3)), SPAN, 10_000).orElseThrow();
        assertThat(heat.cells()).hasSize(1);
        assertThat(heat.cells().getFirst()[2]).isEqualTo(3);
        assertThat(heat.quantile(0.5)).isEqualTo("0");
    }

    @Test
    void negative_values_have_rows_too() {
        Heat heat =
                Heat.of(List.of(row(0, -10, 1, 1), row(0, 10, 1, 1)), SPAN, 10_000).orElseThrow();
        assertThat(heat.edges().getFirst()).isEqualTo(-10);
        assertThat(heat.cells().stream().mapToDouble(cell -> cell[2]).sum())
                .isCloseTo(2, within(1e-9));
    }

    @Test
    void quantiles_lie_within_their_bin() {
        Heat heat =
                Heat.of(List.of(row(0, 10, 1, 50), row(20, 20, 1, 50)), SPAN, 10_000).orElseThrow();
        assertThat(heat.quantile(0.25)).isEqualTo("10.5");
        assertThat(heat.quantile(0.99)).isEqualTo("20.98");
        assertThat(heat.total()).isEqualTo("100");
    }

    @Test
    void nothing_is_no_map() {
        assertThat(Heat.of(List.of(), SPAN, 10_000)).isEmpty();
    }
}
