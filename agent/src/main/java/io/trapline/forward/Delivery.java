package io.trapline.forward;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// What became of one request.
sealed interface Delivery {

    /// The receiver has it, or says what of it it has not.
    ///
    /// @param notice what it remarked, or empty
    /// @param lost values that it did not keep as they were sent, by reason
    /// @param passedOver so many items, from the first on, that it says it had before
    /// @param journal which journal of its own they went into, empty when it does not say
    record Accepted(String notice, Map<String, Long> lost, int passedOver, String journal)
            implements Delivery {
        static final String SAID = "not kept as sent, by the receiver's own words";
        static final String FILTERED = "filtered by the receiver's check";
        static final String UNSEEN = "not among those that the receiver says it read";

        /// What was acknowledged and is not there any more, nor here.
        static final String FORGOTTEN =
                "acknowledged, forgotten by the receiver and no longer in the journal, at most";

        public Accepted {
            lost = Map.copyOf(lost);
        }

        Accepted(String notice, Map<String, Long> lost) {
            this(notice, lost, 0, "");
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

    /// The receiver kept nothing of it, because it knows another past of this sender than the
    /// sender does.
    ///
    /// @param taken it has had positions under the name that were never sent to it
    /// @param missing what it acknowledged and has forgotten
    record Disowned(String reason, Optional<Taken> taken, List<Missing> missing)
            implements Delivery {
        public Disowned {
            missing = List.copyOf(missing);
        }
    }

    /// @param known the last position that it has had under the name
    /// @param sum CRC32C of the frame there, when it knows that
    record Taken(long known, OptionalLong sum) {}

    /// @param sender under whose name it was acknowledged
    /// @param after the last position that the receiver has
    /// @param upTo the last position that it acknowledged
    record Missing(String sender, long after, long upTo) {}

    /// The receiver will never take this as it is.
    ///
    /// @param status HTTP status
    /// @param culprit index of the item, when the receiver named it
    record Refused(int status, String reason, OptionalInt culprit) implements Delivery {}
}
