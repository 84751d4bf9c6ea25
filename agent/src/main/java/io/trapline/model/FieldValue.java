package io.trapline.model;

import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/// What a field may hold. The set is closed: DataKit's point types, and what a push event may hold
/// beyond them.
public sealed interface FieldValue {

    /// A double. `digits` keeps the decimal digits of an integer that the double cannot hold
    /// exactly (a JSON number beyond 2^53), else it is null.
    record Real(double value, @Nullable String digits) implements FieldValue {
        public Real(double value) {
            this(value, null);
        }
    }

    /// A signed 64-bit integer.
    record Int(long value) implements FieldValue {}

    /// An unsigned 64-bit integer, as its bits.
    record UInt(long bits) implements FieldValue {}

    record Bool(boolean value) implements FieldValue {}

    record Text(String value) implements FieldValue {
        public Text {
            Objects.requireNonNull(value, "value");
        }
    }

    record Bytes(Blob value) implements FieldValue {
        public Bytes {
            Objects.requireNonNull(value, "value");
        }
    }

    /// Values of one type; never an array or [Null] inside.
    record Array(List<FieldValue> values) implements FieldValue {
        public Array {
            values = List.copyOf(values);
            for (FieldValue value : values) {
                if (value instanceof Array) {
                    throw new IllegalArgumentException("an array in an array");
                }
            }
        }
    }

    /// A JSON value that none of the others says, as its text: an object, or a list of different
    /// things. Push events and FireLens logs have it; a place that knows no nesting takes the text.
    record Json(String text) implements FieldValue {
        public Json {
            Objects.requireNonNull(text, "text");
        }
    }

    /// A field that was named without a value; it is kept in records and skipped in metrics.
    record Null() implements FieldValue {}
}
