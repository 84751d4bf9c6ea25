package io.trapline.journal;

import java.util.Objects;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Where a frame was before: how far its sender had come with it. A sender that sends again after a
/// lost answer names the same place again, and [Journal#appendOnce] then keeps nothing.
///
/// As a header, `X-Trapline-Batch: <sender>:<position>.<part>`.
///
/// @param sender names one sequence of one sender for ever; never used for another
/// @param position in the sender's journal; with `part` it only grows
/// @param part how far within that position
public record Origin(String sender, long position, int part) {
    public static final String HEADER = "X-Trapline-Batch";
    private static final int MAX_SENDER = 200;
    private static final Pattern TEXT =
            Pattern.compile("([\\x21-\\x7e]{1,200}):([0-9]{1,18})\\.([0-9]{1,9})");

    public Origin {
        Objects.requireNonNull(sender, "sender");
        if (sender.isEmpty() || sender.length() > 2 * MAX_SENDER || position < 0 || part < 0) {
            throw new IllegalArgumentException(
                    "origin %s:%d.%d is out of range".formatted(sender, position, part));
        }
    }

    /// Empty when the text is no such header.
    public static Optional<Origin> parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        return matcher.matches()
                ? Optional.of(
                        new Origin(
                                matcher.group(1),
                                Long.parseLong(matcher.group(2)),
                                Integer.parseInt(matcher.group(3))))
                : Optional.empty();
    }

    /// The same place of a sender who is only known to be `scope`: what one writes into the header
    /// cannot disturb another's sequence.
    public Origin within(String scope) {
        return new Origin(scope + " " + sender, position, part);
    }

    public boolean isAfter(long otherPosition, int otherPart) {
        return position > otherPosition || (position == otherPosition && part > otherPart);
    }

    /// As the header has it.
    @Override
    public String toString() {
        return sender + ":" + position + "." + part;
    }
}
