package io.trapline.forward;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;

/// What became of one request.
sealed interface Delivery {

    /// The receiver has all of it.
    ///
    /// @param notice what it remarked, or empty
    record Accepted(String notice) implements Delivery {}

    /// Not now: nothing is wrong with the items, or nobody knows.
    ///
    /// @param retryAfter what the receiver asked for
    /// @param slow trying soon is of no use, because the address or the receiver is the wrong one
    record Later(String reason, Optional<Duration> retryAfter, boolean slow) implements Delivery {}

    /// The receiver will never take this as it is.
    ///
    /// @param status HTTP status
    /// @param culprit index of the item, when the receiver named it
    record Refused(int status, String reason, OptionalInt culprit) implements Delivery {}
}
