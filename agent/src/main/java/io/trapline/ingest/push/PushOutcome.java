package io.trapline.ingest.push;

import io.trapline.model.Entry;
import java.util.List;
import java.util.OptionalLong;

/// What became of a request: all of it is taken, or nothing.
public sealed interface PushOutcome {

    /// The registration that the request belongs to; empty when its token did not prove that.
    /// Labels and logs use this one, never the number that a client claims.
    OptionalLong dataId();

    /// To be made durable before the answer.
    ///
    /// @param source `push/<data_id>`
    /// @param entries a sample for each metric, a point of category keyevent for each event
    /// @param warnings what was taken although the sender probably meant something else
    record Accepted(long id, String source, List<Entry> entries, List<String> warnings)
            implements PushOutcome {
        public Accepted {
            entries = List.copyOf(entries);
            warnings = List.copyOf(warnings);
        }

        @Override
        public OptionalLong dataId() {
            return OptionalLong.of(id);
        }
    }

    /// @param status HTTP status
    /// @param message for the sender; never holds a token
    /// @param retryAfterS seconds for `Retry-After`, 0 = without
    record Refused(int status, String message, int retryAfterS, OptionalLong dataId)
            implements PushOutcome {}
}
