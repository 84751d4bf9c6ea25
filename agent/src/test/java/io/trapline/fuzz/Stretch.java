package io.trapline.fuzz;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/// Long inputs out of short ones: what stands between two bytes 0x01 is there many times.
///
/// A fuzzer hardly ever makes an input so long that squared cost or depth shows; so it need not.
public final class Stretch {
    private static final byte MARK = 1;
    private static final int ENOUGH = 256 << 10;

    /// While a fuzzer runs, so that it comes to more inputs: one in [#SELDOM] is stretched to the
    /// full length, by what is in it, and the others to a part of that.
    private static final boolean MOSTLY_SHORT = Boolean.getBoolean("trapline.fuzz.mostly-short");

    private static final int SELDOM = 1024;
    private static final int SHORT = 64;

    private Stretch() {}

    /// The input with its marked parts, which are at most two, repeated until all is about 256 KiB
    /// long; without marks, itself.
    public static byte[] of(byte[] input) {
        return of(input, ENOUGH);
    }

    /// @param length about which it becomes
    public static byte[] of(byte[] input, int length) {
        boolean full = !MOSTLY_SHORT || Arrays.hashCode(input) % SELDOM == 0;
        return stretched(input, full ? length : length / SHORT);
    }

    private static byte[] stretched(byte[] input, int length) {
        int first = next(input, 0);
        int second = next(input, first + 1);
        if (first == input.length || second == input.length) {
            return input;
        }
        int third = next(input, second + 1);
        int fourth = next(input, third + 1);
        boolean two = fourth < input.length;
        int repeated = second - first - 1 + (two ? fourth - third - 1 : 0);
        int times = repeated == 0 ? 0 : length / repeated;
        ByteArrayOutputStream out = new ByteArrayOutputStream(length + input.length);
        out.write(input, 0, first);
        for (int i = 0; i < times; i++) {
            out.write(input, first + 1, second - first - 1);
        }
        if (two) {
            out.write(input, second + 1, third - second - 1);
            for (int i = 0; i < times; i++) {
                out.write(input, third + 1, fourth - third - 1);
            }
        }
        int end = two ? fourth + 1 : second + 1;
        out.write(input, end, input.length - end);
        return out.toByteArray();
    }

    private static int next(byte[] input, int from) {
        int i = from;
        while (i < input.length && input[i] != MARK) {
            i++;
        }
        return Math.min(i, input.length);
    }
}
