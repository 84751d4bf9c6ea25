package io.trapline.period;

import io.trapline.model.SampleValue;
import io.trapline.model.circllhist.Bin;
import java.util.List;
import java.util.Objects;

/// What one value of a submission asks for. All of one submission arrive at the same millisecond.
public sealed interface Measurement {
    StreamId stream();

    /// Whether the check's filter set stores it. One that it does not store still shows that the
    /// check is alive, and which metrics there are.
    boolean accepted();

    /// Takes the place of what the stream had in the period.
    record Plain(StreamId stream, boolean accepted, SampleValue value) implements Measurement {
        public Plain {
            Objects.requireNonNull(value, "value");
        }
    }

    /// Adds to the period's sum or mean.
    ///
    /// @param value what a plain value would have stored: an average becomes that in asynch mode;
    ///   no value when `numbers` has none
    /// @param numbers all numbers of the value
    record Flagged(StreamId stream, boolean accepted, Flag flag, SampleValue value, Sum numbers)
            implements Measurement {
        public Flagged {
            if (numbers.hasNumber() == value instanceof SampleValue.Absent) {
                throw new IllegalArgumentException("value " + value + " does not go with its sum");
            }
        }
    }

    /// Has a time of its own and takes no part in the period.
    ///
    /// @param timeMs milliseconds since 1970-01-01T00:00Z
    record Timed(StreamId stream, boolean accepted, SampleValue value, long timeMs)
            implements Measurement {
        public Timed {
            Objects.requireNonNull(value, "value");
        }
    }

    /// Samples for the stream's histogram of the window.
    ///
    /// @param cumulative `bins` take the place of what their bins held; otherwise they are added
    /// @param replacesAll of a cumulative one: all other bins become empty
    record Distribution(
            StreamId stream,
            boolean accepted,
            boolean cumulative,
            boolean replacesAll,
            List<Bin> bins)
            implements Measurement {
        public Distribution {
            bins = List.copyOf(bins);
        }
    }

    /// `_fl`.
    enum Flag {
        SUM,
        AVERAGE
    }
}
