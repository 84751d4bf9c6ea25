package io.trapline.config;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Sizes in bytes as people write them: `2GiB` and `64k` count in 1024, `512MB` in 1000, letter
/// case does not matter; without a unit, bytes.
public final class Sizes {
    private static final Pattern SIZE =
            Pattern.compile("(\\d+(?:\\.\\d+)?)\\s*([KMGT]?)(I?B)?", Pattern.CASE_INSENSITIVE);

    private Sizes() {}

    /// @throws IllegalArgumentException with what is wrong with it
    public static long parse(String text) {
        Matcher size = SIZE.matcher(text.strip());
        if (!size.matches()) {
            throw new IllegalArgumentException(text.isBlank() ? "empty" : "not a size");
        }
        String letter = size.group(2).toUpperCase(Locale.ROOT);
        boolean decimal = "B".equalsIgnoreCase(size.group(3));
        if (letter.isEmpty() && "IB".equalsIgnoreCase(size.group(3))) {
            throw new IllegalArgumentException("not a size");
        }
        int power = letter.isEmpty() ? 0 : "KMGT".indexOf(letter) + 1;
        BigDecimal bytes =
                new BigDecimal(size.group(1))
                        .multiply(BigDecimal.valueOf(decimal ? 1000 : 1024).pow(power));
        if (bytes.compareTo(BigDecimal.valueOf(Long.MAX_VALUE)) > 0) {
            throw new IllegalArgumentException("more than 8 EiB");
        }
        return bytes.setScale(0, RoundingMode.HALF_UP).longValueExact();
    }

    /// With the largest unit of 1024 that divides it: `2GiB`, `1000B`.
    public static String format(long bytes) {
        String[] units = {"B", "KiB", "MiB", "GiB", "TiB"};
        int unit = 0;
        while (bytes != 0 && bytes % 1024 == 0 && unit < units.length - 1) {
            bytes /= 1024;
            unit++;
        }
        return bytes + units[unit];
    }
}
