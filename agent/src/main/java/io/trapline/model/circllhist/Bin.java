package io.trapline.model.circllhist;

import java.math.BigDecimal;

/// A bin and how many samples are in it: two significant decimal digits and a power of ten.
///
/// | bin | val, exp | interval |
/// | --- | --- | --- |
/// | positive | 10…99, -128…127 | [val/10 · 10^exp, (val+1)/10 · 10^exp) |
/// | negative | -99…-10, -128…127 | the mirror image, closed at the end nearer to zero |
/// | zero | 0, 0 | magnitudes below 10^-128 |
/// | invalid | -1, 0 | NaN, infinities, magnitudes from 10^128 on |
///
/// A key is the bin as a short that sorts by interval, the invalid bin first.
///
/// @param count unsigned 64 bit, as its bits
public record Bin(int val, int exp, long count) {
    static final short INVALID = Short.MIN_VALUE;
    static final short ZERO = 0;

    private static final int MIN_EXP = -128;
    private static final int MAX_EXP = 127;
    private static final int PER_POWER = 90;
    private static final double[] POWERS = powers();

    public Bin {
        if (!isLegal(val, exp)) {
            throw new IllegalArgumentException("no such bin: val " + val + ", exp " + exp);
        }
    }

    /// The bin that `sample` falls into.
    public static Bin of(double sample, long count) {
        return of(keyOf(sample), count);
    }

    static Bin of(short key, long count) {
        return new Bin(val(key), exp(key), count);
    }

    short key() {
        return key(val, exp);
    }

    /// Whether samples in it bear on sum, mean and quantiles.
    public boolean isValid() {
        return val != -1;
    }

    /// The end of the interval that is nearer to minus infinity; 0 of the zero bin.
    public double left() {
        short key = key();
        if (key == ZERO || key == INVALID) {
            return 0;
        }
        return key > 0 ? nearEdge(key) : nearEdge(key) - width(key);
    }

    /// Of the interval; 0 of the zero bin.
    public double width() {
        short key = key();
        return key == ZERO || key == INVALID ? 0 : width(key);
    }

    /// `H[12]=3`, as a submission may spell it; reading it gives the same bin.
    public String toText() {
        return "H[" + edgeText() + "]=" + Long.toUnsignedString(count);
    }

    private String edgeText() {
        if (!isValid()) {
            return "NaN";
        }
        BigDecimal edge = BigDecimal.valueOf(val, 1 - exp);
        boolean readable = exp >= -6 && exp <= 18;
        return readable ? edge.stripTrailingZeros().toPlainString() : val + "e" + (exp - 1);
    }

    static boolean isLegal(int val, int exp) {
        int magnitude = Math.abs(val);
        return magnitude >= 10
                ? magnitude <= 99 && exp >= MIN_EXP && exp <= MAX_EXP
                : (val == 0 || val == -1) && exp == 0;
    }

    /// Of a legal pair.
    static short key(int val, int exp) {
        if (val == 0) {
            return ZERO;
        }
        if (val == -1) {
            return INVALID;
        }
        int rank = (exp - MIN_EXP) * PER_POWER + Math.abs(val) - 9;
        return (short) (val > 0 ? rank : -rank);
    }

    /// The bin of a value.
    ///
    /// Upstream answers the invalid bin where the logarithm of a value just below a power of ten is
    /// rounded up to a whole number; here it is the bin below that power.
    static short keyOf(double value) {
        double magnitude = Math.abs(value);
        if (magnitude == 0) {
            return ZERO;
        }
        if (!Double.isFinite(value)) {
            return INVALID;
        }
        int exp = (int) Math.floor(Math.log10(magnitude));
        if (exp > MAX_EXP) {
            return INVALID;
        }
        if (exp < MIN_EXP) {
            return ZERO;
        }
        // The addend repairs the division, so that 0.11 is in bin 11 and not in bin 10.
        int val = (int) Math.floor(magnitude / power(exp) * 10 + 1e-13);
        if (val == 100) {
            val = 10;
            exp++;
        } else if (val == 9) {
            val = 99;
            exp--;
        }
        if (exp > MAX_EXP) {
            return INVALID;
        }
        if (exp < MIN_EXP) {
            return ZERO;
        }
        return key(value < 0 ? -val : val, exp);
    }

    /// The bin of `value · 10^scale`, exactly.
    static short keyOf(long value, int scale) {
        if (value == 0) {
            return ZERO;
        }
        long magnitude = Math.abs(value); // Long.MIN_VALUE stays, which is right as unsigned
        long exp = scale + 1L;
        while (Long.compareUnsigned(magnitude, 100) >= 0) {
            magnitude = Long.divideUnsigned(magnitude, 10);
            exp++;
        }
        if (magnitude < 10) {
            magnitude *= 10;
            exp--;
        }
        if (exp > MAX_EXP) {
            return INVALID;
        }
        if (exp < MIN_EXP) {
            return ZERO;
        }
        return key((int) (value < 0 ? -magnitude : magnitude), (int) exp);
    }

    static int val(short key) {
        if (key == ZERO) {
            return 0;
        }
        if (key == INVALID) {
            return -1;
        }
        int val = (Math.abs(key) - 1) % PER_POWER + 10;
        return key > 0 ? val : -val;
    }

    static int exp(short key) {
        return key == ZERO || key == INVALID ? 0 : (Math.abs(key) - 1) / PER_POWER + MIN_EXP;
    }

    /// The end of the interval that is nearer to zero.
    static double nearEdge(short key) {
        return key == ZERO ? 0 : val(key) / 10.0 * power(exp(key));
    }

    static double width(short key) {
        return key == ZERO ? 0 : power(exp(key)) / 10.0;
    }

    /// The harmonic mean of the edges, which stands for each sample of the bin.
    static double representative(short key) {
        if (key == ZERO) {
            return 0;
        }
        double near = nearEdge(key);
        double step = key < 0 ? -width(key) : width(key);
        double far = near + step;
        return near + step * (near / (near + far));
    }

    private static double power(int exp) {
        return POWERS[exp - MIN_EXP];
    }

    private static double[] powers() {
        double[] powers = new double[MAX_EXP - MIN_EXP + 1];
        for (int i = 0; i < powers.length; i++) {
            powers[i] = Double.parseDouble("1e" + (i + MIN_EXP));
        }
        return powers;
    }
}
