package io.trapline.ingest.datakit;

import java.nio.charset.StandardCharsets;

/// Numbers of line protocol, from their bytes.
///
/// The common ones (up to 15 digits or so, few of them after the point) are exact by one division
/// of two numbers that a double holds exactly; the rest go to the JDK.
final class Decimals {
    private static final double[] POWERS = new double[23];

    static {
        double power = 1;
        for (int i = 0; i < POWERS.length; i++) {
            POWERS[i] = power;
            power *= 10;
        }
    }

    private Decimals() {}

    /// `[-]digits[.digits][e[±]digits]` with at least one digit before the exponent. NaN when the
    /// range is no such number or is beyond a double.
    static double real(byte[] bytes, int from, int to) {
        int at = from;
        boolean negative = at < to && bytes[at] == '-';
        if (negative) {
            at++;
        }
        long mantissa = 0;
        int digits = 0;
        int significant = 0;
        int fraction = 0;
        boolean point = false;
        for (; at < to; at++) {
            int c = bytes[at];
            if (c >= '0' && c <= '9') {
                digits++;
                if (significant > 0 || c != '0') {
                    significant++;
                }
                // Meaningful only up to 18 digits; beyond that the slow path decides.
                mantissa = mantissa * 10 + (c - '0');
                if (point) {
                    fraction++;
                }
            } else if (c == '.' && !point) {
                point = true;
            } else {
                break;
            }
        }
        if (digits == 0) {
            return Double.NaN;
        }
        if (at < to) {
            return isExponent(bytes, at, to) ? slow(bytes, from, to) : Double.NaN;
        }
        if (significant > 18 || mantissa > 1L << 53 || fraction >= POWERS.length) {
            return slow(bytes, from, to);
        }
        double value = fraction == 0 ? mantissa : mantissa / POWERS[fraction];
        return negative ? -value : value;
    }

    private static boolean isExponent(byte[] bytes, int from, int to) {
        if (bytes[from] != 'e' && bytes[from] != 'E') {
            return false;
        }
        int at = from + 1;
        if (at < to && (bytes[at] == '+' || bytes[at] == '-')) {
            at++;
        }
        return at < to && isDigits(bytes, at, to);
    }

    private static double slow(byte[] bytes, int from, int to) {
        double value =
                Double.parseDouble(new String(bytes, from, to - from, StandardCharsets.ISO_8859_1));
        return Double.isInfinite(value) ? Double.NaN : value;
    }

    /// Digits alone, at least one.
    static boolean isDigits(byte[] bytes, int from, int to) {
        for (int i = from; i < to; i++) {
            if (bytes[i] < '0' || bytes[i] > '9') {
                return false;
            }
        }
        return from < to;
    }

    /// Whether a range is `[-]digits` within a signed 64-bit integer.
    static boolean isLong(byte[] bytes, int from, int to) {
        boolean negative = from < to && bytes[from] == '-';
        int start = negative ? from + 1 : from;
        if (!isDigits(bytes, start, to)) {
            return false;
        }
        if (!fitsUnsigned(bytes, start, to)) {
            return false;
        }
        long value = magnitude(bytes, start, to);
        return value >= 0 || (negative && value == Long.MIN_VALUE);
    }

    /// The value of a range for which [#isLong] holds.
    static long toLong(byte[] bytes, int from, int to) {
        boolean negative = bytes[from] == '-';
        long value = magnitude(bytes, negative ? from + 1 : from, to);
        return negative ? -value : value;
    }

    /// Whether digits stay within an unsigned 64-bit integer.
    static boolean fitsUnsigned(byte[] bytes, int from, int to) {
        if (to - from <= 18) {
            return true;
        }
        int start = from;
        while (start < to - 1 && bytes[start] == '0') {
            start++;
        }
        if (to - start > 20) {
            return false;
        }
        long value = 0;
        for (int i = start; i < to; i++) {
            int digit = bytes[i] - '0';
            if (Long.compareUnsigned(value, Long.divideUnsigned(-1L - digit, 10)) > 0) {
                return false;
            }
            value = value * 10 + digit;
        }
        return true;
    }

    /// The bits of digits for which [#fitsUnsigned] holds.
    static long magnitude(byte[] bytes, int from, int to) {
        long value = 0;
        for (int i = from; i < to; i++) {
            value = value * 10 + (bytes[i] - '0');
        }
        return value;
    }
}
