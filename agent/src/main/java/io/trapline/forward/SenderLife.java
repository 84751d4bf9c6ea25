package io.trapline.forward;

import java.util.regex.Pattern;

/// The name under which the frames of one life of a journal are sent, and what was acknowledged
/// under it.
///
/// ## Why a sender has lives
///
/// A receiver that remembers passes over every place that is not after the last that it kept of a
/// name. That is right as long as a place means the same item for ever. It does not when the
/// sender's `data` was put back to a backup or a snapshot, or was cloned: then positions come again
/// with other frames. Nobody can see that from inside. So each start of an output takes a new name
/// for all frames that are appended from then on; frames that were there at the start keep the name
/// of the life in which they were appended, whoever sends them. A frame that two states of a host
/// have in common has one name and arrives once; frames that differ have different names.
///
/// @param sender the name
/// @param after the position before its first frame; it ends where the next life begins
/// @param from the position after which `upTo` and `items` count
/// @param upTo the last position that was acknowledged; `from` when none was
/// @param items how many items were acknowledged
/// @param journal which journal of the receiver they went into, empty when it does not say
/// @param address where the receiver was
record SenderLife(
        String sender,
        long after,
        long from,
        long upTo,
        long items,
        String journal,
        String address) {
    private static final Pattern COLON = Pattern.compile(":");

    static SenderLife begin(String sender, long after, String address) {
        return new SenderLife(sender, after, after, after, 0, "", address);
    }

    boolean hasAcknowledged() {
        return upTo > from;
    }

    /// @param receiver the identity of the receiver's journal
    SenderLife acknowledged(long position, int more, String receiver) {
        return new SenderLife(
                sender, after, from, Math.max(upTo, position), items + more, receiver, address);
    }

    /// The receiver has no more than up to `position`.
    SenderLife setBack(long position) {
        long now = Math.clamp(position, from, upTo);
        return new SenderLife(
                sender, after, from, now, Math.min(items, now - from), journal, address);
    }

    /// Counting begins anew after `position`.
    SenderLife countingFrom(long position, String receiver, String at) {
        return new SenderLife(sender, after, position, position, 0, receiver, at);
    }

    /// `id.life:output` of the cursor's `id:output`.
    static String name(String base, String life) {
        return COLON.matcher(base).replaceFirst("." + life + ":");
    }
}
