package io.trapline.model.circllhist;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Reads `H[x]=n`: n samples in the bin of x.
public final class BinText {
    /// Possessive throughout: a text may have a million digits, and whoever gives some of them back
    /// to try again counts them as many times.
    private static final Pattern FORM =
            Pattern.compile(
                    "\\s*+H\\[\\s*+([+-]?+(?:[0-9]++\\.?+[0-9]*+|\\.[0-9]++)(?:[eE][+-]?+[0-9]++)?+|[nN]a[nN])\\s*+\\]"
                            + "\\s*+=\\s*+([0-9]{1,30}+)\\s*+");

    private BinText() {}

    /// Empty when the text has another form, or the count is beyond 64 bits.
    public static Optional<Bin> parse(String text) {
        if (text.indexOf('H') < 0) {
            return Optional.empty();
        }
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        long count;
        try {
            count = Long.parseUnsignedLong(matcher.group(2));
        } catch (NumberFormatException e) {
            return Optional.empty();
        }
        String number = matcher.group(1);
        double value = number.equalsIgnoreCase("nan") ? Double.NaN : Double.parseDouble(number);
        return Optional.of(Bin.of(Bin.keyOf(value), count));
    }
}
