package io.trapline.model;

import java.math.BigInteger;
import java.util.List;
import java.util.Objects;

/// What a check was sent and its running period keeps: durable, and no sample yet. Only the period
/// engine reads it; its batch's time is that of the arrival.
///
/// @param accepted false when the check's filters refuse it: it shows that the check is alive
public record HeldValue(String name, List<Tag> tags, boolean accepted, Part part) implements Entry {
    public HeldValue {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(part, "part");
        tags = List.copyOf(tags);
    }

    /// What it is for its period.
    public sealed interface Part {

        /// There was something, and nothing of it is to be kept.
        record Presence() implements Part {}

        /// The last one of the period stays.
        record Last(SampleValue value) implements Part {
            public Last {
                Objects.requireNonNull(value, "value");
            }
        }

        /// Adds to the period's sum, or to its average.
        ///
        /// @param value what a plain value would have stored; none when there was no number
        /// @param whole sum of the integers
        /// @param real sum of the doubles, when `hasReal`
        /// @param count how many numbers
        record Summand(
                boolean average,
                SampleValue value,
                BigInteger whole,
                double real,
                boolean hasReal,
                long count)
                implements Part {
            public Summand {
                Objects.requireNonNull(value, "value");
                Objects.requireNonNull(whole, "whole");
            }
        }

        /// Samples for the histogram of the window.
        ///
        /// @param replacesAll of a cumulative one: all other bins become empty
        record Bins(boolean cumulative, boolean replacesAll, Blob circllhist) implements Part {
            public Bins {
                Objects.requireNonNull(circllhist, "circllhist");
            }
        }
    }
}
