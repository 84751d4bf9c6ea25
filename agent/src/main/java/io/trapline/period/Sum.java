package io.trapline.period;

import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import java.math.BigDecimal;
import java.math.BigInteger;
import org.jspecify.annotations.Nullable;

/// A sum of numbers and how many they were; integers are added exactly, however large. Not
/// thread-safe.
public final class Sum {
    private long small;
    private BigInteger large = BigInteger.ZERO;
    private double real;
    private boolean hasReal;
    private boolean hasNumber;
    private long count;

    /// As [#whole], [#real], [#hasReal], [#hasNumber] and [#count] of another one say.
    static Sum of(BigInteger whole, double real, boolean hasReal, boolean hasNumber, long count) {
        Sum sum = new Sum();
        sum.hasNumber = hasNumber;
        if (whole.bitLength() < Long.SIZE) {
            sum.small = whole.longValue();
        } else {
            sum.large = whole;
        }
        sum.real = real;
        sum.hasReal = hasReal;
        sum.count = count;
        return sum;
    }

    public void addSigned(long value) {
        count++;
        hasNumber = true;
        addWhole(value);
    }

    public void addUnsigned(long bits) {
        count++;
        hasNumber = true;
        if (bits >= 0) {
            addWhole(bits);
        } else {
            large = large.add(new BigInteger(Long.toUnsignedString(bits)));
        }
    }

    public void addReal(double value) {
        count++;
        hasNumber = true;
        hasReal = true;
        real += value;
    }

    /// Values that are no numbers: they weigh, and add nothing.
    public void addNothing(long times) {
        count += times;
    }

    public void add(Sum other) {
        addWhole(other.small);
        large = large.add(other.large);
        real += other.real;
        hasReal |= other.hasReal;
        hasNumber |= other.hasNumber;
        count += other.count;
    }

    /// Adds a stored value as one number; one without a number adds nothing and does not weigh.
    public void add(SampleValue value) {
        switch (value) {
            case SampleValue.Real(double number, String digits) -> {
                if (digits == null) {
                    addReal(number);
                } else {
                    count++;
                    hasNumber = true;
                    large = large.add(new BigInteger(digits));
                }
            }
            case SampleValue.Whole whole -> {
                switch (whole.type()) {
                    case UINT64 -> addUnsigned(whole.bits());
                    default -> addSigned(whole.bits());
                }
            }
            case SampleValue.Text _, SampleValue.Histogram _, SampleValue.Absent _ -> {}
        }
    }

    public long count() {
        return count;
    }

    /// Whether any number was added: the sum of what is no number is no 0.
    public boolean hasNumber() {
        return hasNumber;
    }

    /// As a double, with its digits when it is whole and no double holds it; no value without a
    /// number.
    public SampleValue total() {
        if (!hasNumber) {
            return new SampleValue.Absent(SampleType.DOUBLE);
        }
        double total = toDouble();
        return new SampleValue.Real(total, hasReal ? null : digitsBeyond(total));
    }

    /// The arithmetic mean; no value without a number.
    public SampleValue mean() {
        return hasNumber
                ? new SampleValue.Real(toDouble() / count)
                : new SampleValue.Absent(SampleType.DOUBLE);
    }

    double real() {
        return real;
    }

    boolean hasReal() {
        return hasReal;
    }

    private double toDouble() {
        if (large.signum() == 0) {
            return hasReal ? real + small : small;
        }
        return real + whole().doubleValue();
    }

    BigInteger whole() {
        return large.add(BigInteger.valueOf(small));
    }

    private @Nullable String digitsBeyond(double total) {
        if (large.signum() == 0 && Math.abs(small) <= 1L << 53) {
            return null;
        }
        BigInteger whole = whole();
        return new BigDecimal(total).compareTo(new BigDecimal(whole)) == 0
                ? null
                : whole.toString();
    }

    private void addWhole(long value) {
        long sum = small + value;
        if (((small ^ sum) & (value ^ sum)) < 0) {
            large = large.add(BigInteger.valueOf(small));
            sum = value;
        }
        small = sum;
    }
}
