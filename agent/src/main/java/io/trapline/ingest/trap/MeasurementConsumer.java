package io.trapline.ingest.trap;

import io.trapline.journal.JournalException;
import io.trapline.period.Measurement;

/// Gets measurements in the order in which the body has them, while it is still being read.
@FunctionalInterface
public interface MeasurementConsumer {

    /// @throws JournalException ends the decoding
    void accept(Measurement measurement) throws JournalException;
}
