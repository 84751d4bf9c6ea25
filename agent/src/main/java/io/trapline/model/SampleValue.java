package io.trapline.model;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// The value of a sample.
public sealed interface SampleValue {
    SampleType type();

    /// A double; `digits` as in [FieldValue.Real].
    record Real(double value, @Nullable String digits) implements SampleValue {
        public Real(double value) {
            this(value, null);
        }

        @Override
        public SampleType type() {
            return SampleType.DOUBLE;
        }
    }

    /// An integer of one of the four integer types; an unsigned 64-bit one as its bits.
    record Whole(SampleType type, long bits) implements SampleValue {
        public Whole {
            switch (type) {
                case INT32, UINT32, INT64, UINT64 -> {}
                case DOUBLE, TEXT, HISTOGRAM, CUMULATIVE_HISTOGRAM ->
                        throw new IllegalArgumentException(type + " is no integer type");
            }
        }
    }

    record Text(String value) implements SampleValue {
        public Text {
            Objects.requireNonNull(value, "value");
        }

        @Override
        public SampleType type() {
            return SampleType.TEXT;
        }
    }

    /// A circllhist record, decoded from base64.
    record Histogram(SampleType type, Blob circllhist) implements SampleValue {
        public Histogram {
            Objects.requireNonNull(circllhist, "circllhist");
            if (type != SampleType.HISTOGRAM && type != SampleType.CUMULATIVE_HISTOGRAM) {
                throw new IllegalArgumentException(type + " is no histogram type");
            }
        }
    }

    /// "No value": the metric was there, but null or out of its type's range.
    record Absent(SampleType type) implements SampleValue {
        public Absent {
            Objects.requireNonNull(type, "type");
        }
    }
}
