package io.trapline.pipeline;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// Who sends a request of `POST /v1/batches`, and what that sender is sure of. A core that was put
/// back to an earlier state, or that hears two senders under one name, sees by it that it would
/// pass over something or that it has lost something, and keeps nothing before the sender has
/// acted.
///
/// ```
/// X-Trapline-Sender        the name of this life of the sender; positions belong to it
/// X-Trapline-New-From      from this position on, nothing was ever sent under that name
/// X-Trapline-Acknowledged  <sender>:<after>-<up to>@<journal> …, by spaces
/// ```
///
/// A receiver that does not know the last two leaves them out of account, and a sender that does
/// not know them leaves them out: then positions alone decide, as they always did.
///
/// @param name of this life; empty = keep each frame, remember nothing
/// @param newFrom the first position that was never sent under that name
/// @param acknowledged what receivers said they had kept, under this name and earlier ones
public record BatchSender(String name, OptionalLong newFrom, List<Acknowledged> acknowledged) {
    public static final String NEW_FROM_HEADER = "X-Trapline-New-From";
    public static final String ACKNOWLEDGED_HEADER = "X-Trapline-Acknowledged";
    private static final Pattern ONE =
            Pattern.compile(
                    "([\\x21-\\x7e]{1,200}):([0-9]{1,18})-([0-9]{1,18})@([0-9A-Za-z-]{1,64})");
    private static final Pattern POSITION = Pattern.compile("[0-9]{1,18}");

    public BatchSender {
        acknowledged = List.copyOf(acknowledged);
    }

    /// Somebody of whom no more than a name is known.
    public static BatchSender of(String name) {
        return new BatchSender(name, OptionalLong.empty(), List.of());
    }

    /// Frames of a sender that were acknowledged.
    ///
    /// @param after the position before the first that was sent under the name
    /// @param upTo the last position that was acknowledged
    /// @param journal the identity of the receiver's journal that they went into
    public record Acknowledged(String sender, long after, long upTo, String journal) {
        @Override
        public String toString() {
            return sender + ":" + after + "-" + upTo + "@" + journal;
        }
    }

    /// What the headers say; what cannot be read in them counts as not said.
    public static BatchSender parse(String name, String newFrom, String acknowledged) {
        OptionalLong from =
                POSITION.matcher(newFrom).matches()
                        ? OptionalLong.of(Long.parseLong(newFrom))
                        : OptionalLong.empty();
        List<Acknowledged> all = new ArrayList<>();
        for (String text : acknowledged.split(" ")) {
            Matcher one = ONE.matcher(text);
            if (one.matches()) {
                all.add(
                        new Acknowledged(
                                one.group(1),
                                Long.parseLong(one.group(2)),
                                Long.parseLong(one.group(3)),
                                one.group(4)));
            }
        }
        return new BatchSender(name, from, all);
    }

    /// The second header's value.
    public Optional<String> newFromText() {
        return newFrom.isPresent()
                ? Optional.of(Long.toString(newFrom.getAsLong()))
                : Optional.empty();
    }

    /// The third header's value.
    public Optional<String> acknowledgedText() {
        return acknowledged.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        acknowledged.stream()
                                .map(Acknowledged::toString)
                                .collect(Collectors.joining(" ")));
    }
}
