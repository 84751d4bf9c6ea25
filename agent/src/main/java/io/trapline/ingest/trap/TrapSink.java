package io.trapline.ingest.trap;

import io.trapline.journal.JournalException;
import io.trapline.journal.JournalFullException;
import io.trapline.journal.Origin;
import io.trapline.model.SampleValue;
import io.trapline.period.Measurement;
import java.util.List;
import java.util.SortedMap;

/// Where the handler puts measurements: the period engine. Any thread may call it.
public interface TrapSink {

    /// Makes the measurements durable, in whatever form the check's mode wants; returns when they
    /// are.
    ///
    /// @param arrivalMs when the submission arrived, the same for all its parts
    /// @throws JournalFullException when there is no room; nothing of this part was kept
    /// @throws JournalException when writing failed; nothing of this part was kept
    void accept(TrapCheck check, long arrivalMs, List<Measurement> part) throws JournalException;

    /// As above, for a whole submission and only once for an origin, so that another Trapline may
    /// send again what it got no answer for. A sink that cannot remember keeps it each time.
    default void acceptOnce(
            TrapCheck check, long arrivalMs, List<Measurement> submission, Origin origin)
            throws JournalException {
        accept(check, arrivalMs, submission);
    }

    /// Canonical name → value of every metric of the check's running period, for the debug answer.
    SortedMap<String, SampleValue> running(TrapCheck check);
}
