package io.trapline.model;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PlainNumberTest {
    @ParameterizedTest
    @CsvSource({
        "0, 0",
        "-0.0, 0",
        "1, 1",
        "64037, 64037",
        "8.95131648E9, 8951316480",
        "999999999999999, 999999999999999",
        "1e15, 1e15",
        "-1.25e15, -1.25e15",
        "1.5E300, 1.5e300",
        "0.1, 0.1",
        "0.30000000000000004, 0.30000000000000004",
        "1.1081058803174246, 1.1081058803174246",
        "123456.75, 123456.75",
        "1e-6, 0.000001",
        "1e-7, 1e-7",
        "4.9E-324, 4.9e-324",
        "NaN, NaN",
        "-Infinity, -Infinity",
    })
    void all_digits_that_name_the_value_and_no_more(double value, String text) {
        assertThat(PlainNumber.of(value)).isEqualTo(text);
        assertThat(Double.valueOf(text)).isEqualTo(Double.valueOf(value == 0 ? 0.0 : value));
    }

    @ParameterizedTest
    @CsvSource({
        "1.1081058803174246, 1.10811",
        "43680.7261, 43680.7",
        "4368072.61, 4368073",
        "4127531008, 4127531008",
        "0.00012345678, 0.000123457",
        "9.99999999, 10",
        "NaN, NaN",
    })
    void a_computed_number_is_rounded_and_keeps_its_whole_digits(double value, String text) {
        assertThat(PlainNumber.rounded(value, 6)).isEqualTo(text);
    }
}
