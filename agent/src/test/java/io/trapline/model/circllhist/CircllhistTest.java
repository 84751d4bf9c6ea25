package io.trapline.model.circllhist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CircllhistTest {
    @Test
    void every_bin_has_a_key_of_its_own_in_the_order_of_the_intervals() {
        List<Bin> all = allBins();
        assertThat(all).hasSize(46_082);
        for (int i = 1; i < all.size(); i++) {
            assertThat(all.get(i).key()).isGreaterThan(all.get(i - 1).key());
        }
        for (Bin bin : all) {
            assertThat(Bin.of(bin.key(), 1)).isEqualTo(bin);
        }
    }

    @Test
    void every_bin_survives_its_text_form_and_its_record() throws MalformedRecordException {
        Circllhist whole = Circllhist.ofBins(allBins());
        assertThat(Circllhist.ofRecord(whole.toRecord())).isEqualTo(whole);
        for (Bin bin : allBins()) {
            assertThat(BinText.parse(bin.toText())).as(bin.toText()).contains(bin);
        }
    }

    @Test
    void a_decimal_integer_falls_into_the_bin_of_its_double() {
        Random random = new Random(7);
        for (int i = 0; i < 100_000; i++) {
            long value = random.nextLong() >> random.nextInt(64);
            int scale = random.nextInt(-60, 60);
            Circllhist exact = new Circllhist();
            exact.insert(value, scale, 1);
            // Two digits more than a bin has, so that no rounding can cross an edge.
            double near = BigDecimal.valueOf(value).scaleByPowerOfTen(scale).doubleValue();
            Bin bin = exact.bins().getFirst();
            Bin byDouble = Bin.of(Bin.keyOf(near), 1);
            if (!bin.equals(byDouble)) {
                BigDecimal edge = BigDecimal.valueOf(byDouble.val(), 1 - byDouble.exp());
                BigDecimal distance =
                        edge.subtract(BigDecimal.valueOf(value).scaleByPowerOfTen(scale)).abs();
                assertThat(distance.doubleValue())
                        .as(value + "e" + scale)
                        .isLessThan(1e-13 * Math.abs(edge.doubleValue()));
            }
        }
    }

    @Test
    void the_smallest_and_the_largest_integers_have_bins() {
        Circllhist histogram = new Circllhist();
        histogram.insert(Long.MIN_VALUE, 0, 1);
        histogram.insert(Long.MAX_VALUE, 0, 1);
        histogram.insert(5, 200, 1);
        histogram.insert(5, -200, 1);
        assertThat(histogram.bins())
                .containsExactly(
                        new Bin(-1, 0, 1),
                        new Bin(-92, 18, 1),
                        new Bin(0, 0, 1),
                        new Bin(92, 18, 1));
    }

    @Test
    void merging_gives_what_inserting_everything_into_one_gives() {
        Random random = new Random(11);
        for (int round = 0; round < 300; round++) {
            Circllhist merged = new Circllhist();
            TreeMap<Short, Long> model = new TreeMap<>();
            for (int part = random.nextInt(1, 6); part > 0; part--) {
                Circllhist histogram = new Circllhist();
                for (int i = random.nextInt(0, 200); i > 0; i--) {
                    double value = random.nextGaussian() * Math.pow(10, random.nextInt(-3, 4));
                    long count = random.nextInt(0, 5);
                    histogram.insert(value, count);
                    if (count > 0) {
                        model.merge(Bin.keyOf(value), count, Long::sum);
                    }
                }
                merged.merge(histogram);
            }
            List<Bin> expected = new ArrayList<>();
            model.forEach((key, count) -> expected.add(Bin.of(key, count)));
            assertThat(merged.bins()).isEqualTo(expected);
        }
    }

    @Test
    void merging_with_itself_doubles_every_count() {
        Circllhist histogram = Circllhist.ofBins(List.of(new Bin(10, 0, 3), new Bin(12, 1, 4)));
        histogram.merge(histogram);
        assertThat(histogram.bins()).containsExactly(new Bin(10, 0, 6), new Bin(12, 1, 8));
    }

    @Test
    void replacing_a_bin_sets_its_count_and_zero_removes_it() {
        Circllhist histogram = Circllhist.ofBins(List.of(new Bin(10, 0, 3), new Bin(12, 1, 4)));
        histogram.replace(new Bin(10, 0, 9));
        histogram.replace(new Bin(12, 1, 0));
        histogram.replace(new Bin(20, 0, 1));
        assertThat(histogram.bins()).containsExactly(new Bin(10, 0, 9), new Bin(20, 0, 1));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "H",
                "H[]=1",
                "H[1]",
                "H[1]=",
                "H[1]=-1",
                "H[1]=1.5",
                "H[x]=1",
                "h[1]=1",
                "H[1]=1x",
                "H[0x1p3]=1",
                "H[1d]=1",
                "H[1]=18446744073709551616"
            })
    void a_text_of_another_form_is_no_bin(String text) {
        assertThat(BinText.parse(text)).isEmpty();
    }

    @Test
    void a_quantile_outside_its_range_is_refused() {
        Circllhist histogram = new Circllhist();
        assertThatThrownBy(() -> histogram.quantile(1.1)).hasMessageContaining("1.1");
        assertThatThrownBy(() -> histogram.quantile(Double.NaN)).hasMessageContaining("NaN");
    }

    @ParameterizedTest
    @ValueSource(strings = {"AAQKAAABFAAAAR4AAAEoAAB4!!", "AAEKAAAé", "AAEKAAA="})
    void a_text_that_is_no_whole_record_is_refused(String text) {
        assertThatThrownBy(() -> Circllhist.ofBase64(text))
                .isInstanceOf(MalformedRecordException.class);
    }

    private static List<Bin> allBins() {
        List<Bin> bins = new ArrayList<>();
        bins.add(new Bin(-1, 0, 1));
        for (int exp = 127; exp >= -128; exp--) {
            for (int val = -99; val <= -10; val++) {
                bins.add(new Bin(val, exp, 1));
            }
        }
        bins.add(new Bin(0, 0, 1));
        for (int exp = -128; exp <= 127; exp++) {
            for (int val = 10; val <= 99; val++) {
                bins.add(new Bin(val, exp, 1));
            }
        }
        return bins;
    }
}
