package io.trapline.fuzz;

import io.trapline.model.Batch;
import io.trapline.model.Entry;
import io.trapline.model.FieldValue;
import io.trapline.model.Point;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import io.trapline.pipeline.BatchCodec;
import java.util.List;

/// What holds for everything that is accepted, wherever it came from.
public final class Promises {
    private static final long ACCEPTED_NS = 1_790_000_000_000_000_000L;

    private Promises() {}

    /// The journal gives back what was written into it, and no number is without a value.
    public static void keep(List<? extends Entry> entries) {
        entries.forEach(Promises::hasFiniteNumbers);
        isKept(entries);
    }

    /// The same where a broker keeps what is beyond a double as an infinity, and so do we.
    public static void isKept(List<? extends Entry> entries) {
        Batch batch = new Batch("fuzz", ACCEPTED_NS, List.copyOf(entries));
        same(batch, BatchCodec.decode(BatchCodec.encode(batch)), "the journal changed it");
    }

    public static void same(Object expected, Object actual, String what) {
        if (!expected.equals(actual)) {
            throw new AssertionError(what + ":\n  " + expected + "\nis now\n  " + actual);
        }
    }

    public static void holds(boolean promise, String what) {
        if (!promise) {
            throw new AssertionError(what);
        }
    }

    private static void hasFiniteNumbers(Entry entry) {
        if (entry instanceof Sample sample
                && sample.value() instanceof SampleValue.Real(double number, var _)) {
            holds(Double.isFinite(number), sample + " has no finite value");
        }
        if (entry instanceof Point point) {
            point.fields().forEach(field -> hasFiniteNumbers(point, field.value()));
        }
    }

    private static void hasFiniteNumbers(Point point, FieldValue value) {
        switch (value) {
            case FieldValue.Real(double number, var _) ->
                    holds(Double.isFinite(number), point + " has a value that is not finite");
            case FieldValue.Array(var values) -> values.forEach(v -> hasFiniteNumbers(point, v));
            case FieldValue.Int _,
                    FieldValue.UInt _,
                    FieldValue.Bool _,
                    FieldValue.Text _,
                    FieldValue.Bytes _,
                    FieldValue.Json _,
                    FieldValue.Null _ -> {}
        }
    }
}
