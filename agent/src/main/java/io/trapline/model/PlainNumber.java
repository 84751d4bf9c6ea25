package io.trapline.model;

import java.math.BigDecimal;
import java.math.MathContext;

/// A number as people read it: the one format of all tables, pages and messages.
///
/// The fewest digits that name the value exactly, without an exponent between a millionth and
/// 10^15, without `.0` for a whole number: `64037`, `3235390464`, `0.1`, `1.5e300`, `NaN`. Machine
/// formats (JSON, line protocol, the bodies of outputs) have rules of their own.
public final class PlainNumber {
    private static final int WHOLE_DIGITS = 15;
    private static final int ZEROS_AFTER_POINT = 5;

    private PlainNumber() {}

    /// All digits of `value`.
    public static String of(double value) {
        return Double.isFinite(value)
                ? text(new BigDecimal(Double.toString(value)))
                : Double.toString(value);
    }

    /// All digits of a decimal number, without zeros at its end.
    public static String of(BigDecimal value) {
        return text(value);
    }

    /// At most `digits` significant digits, for what was computed (a mean, a rate); a whole number
    /// keeps all of its own.
    public static String rounded(double value, int digits) {
        if (!Double.isFinite(value)) {
            return Double.toString(value);
        }
        BigDecimal exact = new BigDecimal(Double.toString(value));
        return value == Math.rint(value)
                ? text(exact)
                : text(exact.round(new MathContext(Math.max(digits, wholeDigits(exact)))));
    }

    private static int wholeDigits(BigDecimal number) {
        return Math.min(number.precision() - number.scale(), WHOLE_DIGITS);
    }

    private static String text(BigDecimal exact) {
        BigDecimal number = exact.stripTrailingZeros();
        if (number.signum() == 0) {
            return "0";
        }
        int whole = number.precision() - number.scale();
        if (whole <= WHOLE_DIGITS && whole >= -ZEROS_AFTER_POINT) {
            return number.toPlainString();
        }
        return number.movePointLeft(whole - 1).toPlainString() + "e" + (whole - 1);
    }
}
