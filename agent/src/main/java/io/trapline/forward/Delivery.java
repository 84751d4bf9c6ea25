package io.trapline.forward;

import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/// What became of one request.
sealed interface Delivery {

    /// The receiver has it, or says what of it it has not.
    ///
    /// @param notice what it remarked, or empty
    /// @param lost values that it did not keep as they were sent, by reason
    record Accepted(String notice, Map<String, Long> lost) implements Delivery {
        static final String SAID = "not kept as sent, by the receiver's own words";
        static final String FILTERED = "filtered by the receiver's check";
        static final String UNSEEN = "not among those that the receiver says it read";

        public Accepted {
            lost = Map.copyOf(lost);
        }

        static Accepted whole() {
            return new Accepted("", Map.of());
        }
    }

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
