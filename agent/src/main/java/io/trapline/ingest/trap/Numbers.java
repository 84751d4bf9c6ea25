package io.trapline.ingest.trap;

import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Locale;
import java.util.OptionalDouble;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// From spellings to values: sections 6 and 7 of the contract.
final class Numbers {
    private static final BigInteger UNSIGNED_MAX =
            BigInteger.ONE.shiftLeft(64).subtract(BigInteger.ONE);
    private static final BigInteger LONG_MIN = BigInteger.valueOf(Long.MIN_VALUE);
    private static final BigInteger LONG_MAX = BigInteger.valueOf(Long.MAX_VALUE);
    private static final BigInteger UNSIGNED_INT_MAX = BigInteger.valueOf(0xFFFF_FFFFL);
    private static final BigInteger INT_MIN = BigInteger.valueOf(Integer.MIN_VALUE);
    private static final BigInteger INT_MAX = BigInteger.valueOf(Integer.MAX_VALUE);

    /// More digits than any type has; longer ones need no exact value to be out of range.
    private static final int MANY_DIGITS = 40;

    private static final Pattern LEADING_WHOLE = Pattern.compile("([+-]?)0*([0-9]*)");
    private static final Pattern LEADING_REAL =
            Pattern.compile("[+-]?(?:[0-9]++\\.?+[0-9]*+|\\.[0-9]++)(?:[eE][+-]?+[0-9]++)?");
    private static final Pattern LEADING_HEX =
            Pattern.compile(
                    "[+-]?0[xX](?:[0-9a-fA-F]++\\.?+[0-9a-fA-F]*+|\\.[0-9a-fA-F]++)(?:[pP][+-]?+[0-9]++)?");
    private static final Pattern LEADING_WORD =
            Pattern.compile("([+-]?)(inf|nan)", Pattern.CASE_INSENSITIVE);
    private static final Pattern GUESS =
            Pattern.compile(
                    "([+-]?+)(0|[1-9][0-9]*+|[0-9]*+\\.[0-9]++(?:[eE][+-][0-9]++)?)%?+(?:\\s[^0-9]*+)?");

    private Numbers() {}

    /// A bare JSON number: by its spelling, whole ones clamped to their type.
    static SampleValue bare(Scalar number) {
        if (number.kind() == Scalar.Kind.REAL) {
            return new SampleValue.Real(Double.parseDouble(number.text()));
        }
        boolean negative = number.text().startsWith("-");
        BigInteger value = leadingWhole(number.text());
        if (value == null) {
            value = BigInteger.ZERO;
        }
        return negative
                ? new SampleValue.Whole(SampleType.INT64, value.max(LONG_MIN).longValue())
                : new SampleValue.Whole(SampleType.UINT64, value.min(UNSIGNED_MAX).longValue());
    }

    /// Upstream's guess at a bare text; null when it stays a text.
    static @Nullable SampleValue guess(String text) {
        Matcher matcher = GUESS.matcher(text.strip());
        if (!matcher.matches()) {
            return null;
        }
        String number = matcher.group(2);
        boolean real = number.indexOf('.') >= 0;
        String sign = matcher.group(1).equals("-") ? "-" : "";
        return bare(new Scalar(real ? Scalar.Kind.REAL : Scalar.Kind.WHOLE, sign + number));
    }

    /// @throws OutOfRangeException a whole number that its type cannot hold
    static SampleValue typed(SampleType type, Scalar value) throws OutOfRangeException {
        return switch (type) {
            case INT32, UINT32, INT64, UINT64 -> whole(type, value);
            case DOUBLE -> {
                OptionalDouble number = leadingReal(trimmed(value));
                yield number.isPresent()
                        ? new SampleValue.Real(number.getAsDouble())
                        : new SampleValue.Absent(type);
            }
            case TEXT, HISTOGRAM, CUMULATIVE_HISTOGRAM ->
                    throw new IllegalArgumentException(type + " is no numeric type");
        };
    }

    /// The whole text as a number in any decimal spelling, for samples of a histogram.
    static OptionalDouble spelledOut(String text) {
        String number = text.strip();
        return LEADING_REAL.matcher(number).matches()
                ? OptionalDouble.of(Double.parseDouble(number))
                : OptionalDouble.empty();
    }

    /// The decimal digits at the start, as milliseconds; 0 when there are none or too many.
    static long leadingMillis(String text) throws OutOfRangeException {
        BigInteger value = leadingWhole(text.strip());
        if (value == null) {
            return 0;
        }
        if (value.bitLength() > 63) {
            throw new OutOfRangeException("its _ts is beyond 64 bits");
        }
        return value.longValue();
    }

    /// Whether the whole text spells a number with an exponent.
    static boolean hasExponent(String text) {
        String number = text.strip();
        return (number.indexOf('e') >= 0 || number.indexOf('E') >= 0)
                && LEADING_REAL.matcher(number).matches();
    }

    private static SampleValue whole(SampleType type, Scalar value) throws OutOfRangeException {
        BigInteger number =
                value.kind() == Scalar.Kind.REAL
                        ? truncated(value.text())
                        : leadingWhole(trimmed(value));
        if (number == null) {
            return new SampleValue.Absent(type);
        }
        boolean fits =
                switch (type) {
                    case INT32 -> number.compareTo(INT_MIN) >= 0 && number.compareTo(INT_MAX) <= 0;
                    case UINT32 -> number.signum() >= 0 && number.compareTo(UNSIGNED_INT_MAX) <= 0;
                    case INT64 ->
                            number.compareTo(LONG_MIN) >= 0 && number.compareTo(LONG_MAX) <= 0;
                    case UINT64 -> number.signum() >= 0 && number.compareTo(UNSIGNED_MAX) <= 0;
                    case DOUBLE, TEXT, HISTOGRAM, CUMULATIVE_HISTOGRAM -> false;
                };
        if (!fits) {
            throw new OutOfRangeException(
                    Losses.clip(value.text()) + " is out of range for type " + type.letter());
        }
        return new SampleValue.Whole(type, number.longValue());
    }

    /// A JSON number with a point or an exponent, cut to a whole one: `1.9` is 1, `1e3` is 1000.
    private static BigInteger truncated(String text) {
        double near = Double.parseDouble(text);
        if (!Double.isFinite(near) || Math.abs(near) > 0x1p70) {
            return near < 0 ? LONG_MIN.shiftLeft(8) : UNSIGNED_MAX.shiftLeft(8);
        }
        if (Math.abs(near) < 0.5 || text.length() > 400) {
            return new BigDecimal(near).toBigInteger();
        }
        return new BigDecimal(text).toBigInteger();
    }

    private static @Nullable BigInteger leadingWhole(String text) {
        Matcher matcher = LEADING_WHOLE.matcher(text);
        if (!matcher.lookingAt() || matcher.end() == matcher.end(1)) {
            return null;
        }
        String digits = matcher.group(2);
        BigInteger value =
                digits.isEmpty()
                        ? BigInteger.ZERO
                        : digits.length() > MANY_DIGITS
                                ? UNSIGNED_MAX.shiftLeft(8)
                                : new BigInteger(digits);
        return matcher.group(1).equals("-") ? value.negate() : value;
    }

    private static OptionalDouble leadingReal(String text) {
        Matcher hex = LEADING_HEX.matcher(text);
        if (hex.lookingAt()) {
            String number = hex.group();
            boolean exponent = number.toLowerCase(Locale.ROOT).indexOf('p') >= 0;
            return OptionalDouble.of(Double.parseDouble(exponent ? number : number + "p0"));
        }
        Matcher decimal = LEADING_REAL.matcher(text);
        if (decimal.lookingAt()) {
            return OptionalDouble.of(Double.parseDouble(decimal.group()));
        }
        Matcher word = LEADING_WORD.matcher(text);
        if (!word.lookingAt()) {
            return OptionalDouble.empty();
        }
        if (word.group(2).equalsIgnoreCase("nan")) {
            return OptionalDouble.of(Double.NaN);
        }
        return OptionalDouble.of(
                word.group(1).equals("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY);
    }

    /// Without spaces, tabs, line ends and double quotes at both ends.
    private static String trimmed(Scalar value) {
        String text = value.text();
        int from = 0;
        int to = text.length();
        while (from < to && " \t\r\n\"".indexOf(text.charAt(from)) >= 0) {
            from++;
        }
        while (to > from && " \t\r\n\"".indexOf(text.charAt(to - 1)) >= 0) {
            to--;
        }
        return text.substring(from, to);
    }

    /// What was sent cannot be stored; the message says what and why.
    static final class OutOfRangeException extends Exception {
        private static final long serialVersionUID = 1L;

        OutOfRangeException(String message) {
            super(message, null, false, false);
        }

        String reason() {
            return String.valueOf(getMessage());
        }
    }
}
