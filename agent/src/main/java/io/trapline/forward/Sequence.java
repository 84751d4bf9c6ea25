package io.trapline.forward;

import io.trapline.pipeline.BatchSender;
import java.util.List;
import java.util.OptionalLong;

/// What a request says of who sends it.
///
/// @param sender names the sequence of places that its items belong to
/// @param newFrom the first position, when nothing of the request was ever sent in this sequence
/// @param acknowledged what the receiver has by its own words, in this sequence and earlier ones
record Sequence(String sender, OptionalLong newFrom, List<BatchSender.Acknowledged> acknowledged) {
    Sequence {
        acknowledged = List.copyOf(acknowledged);
    }
}
