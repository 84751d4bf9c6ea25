package io.trapline.ingest.trap;

import io.trapline.ingest.RequestMemory;
import io.trapline.journal.JournalException;
import io.trapline.journal.Origin;
import io.trapline.model.SampleValue;
import io.trapline.period.Measurement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Collects a submission's measurements and makes them durable part by part, so that memory does
/// not grow with the body.
///
/// One that has an origin (another Trapline sent it, and may send it again) is made durable as a
/// whole, once. That has its limits: a larger one, which no Trapline sends by default, is taken
/// like any other.
final class PartBuffer implements MeasurementConsumer {
    private static final int MAX_COUNT = 5000;
    private static final int MAX_WEIGHT = 4 << 20;
    private static final int MAX_WHOLE_COUNT = 100_000;
    private static final int MAX_WHOLE_WEIGHT = 16 << 20;
    private static final int BIN_BYTES = 16;

    /// Bytes of heap of a measurement beside its texts, and how often those are there: as they
    /// came, in the frame, in the journal's hand.
    private static final int OBJECTS = 300;

    private static final int COPIES = 3;

    private final TrapCheck check;
    private final long arrivalMs;
    private final TrapSink sink;
    private final RequestMemory.Hold memory;
    private List<Measurement> part = new ArrayList<>();
    private long weight;
    private long kept;
    private Optional<Origin> origin;

    /// @param memory hears of what the measurements take
    PartBuffer(
            TrapCheck check,
            long arrivalMs,
            Optional<Origin> origin,
            TrapSink sink,
            RequestMemory.Hold memory) {
        this.memory = memory;
        this.origin = origin;
        this.check = check;
        this.arrivalMs = arrivalMs;
        this.sink = sink;
    }

    @Override
    public void accept(Measurement measurement) throws JournalException {
        long its = weight(measurement);
        memory.add(OBJECTS + COPIES * its);
        part.add(measurement);
        weight += its;
        if (origin.isPresent() && (part.size() >= MAX_WHOLE_COUNT || weight >= MAX_WHOLE_WEIGHT)) {
            origin = Optional.empty();
        }
        if (origin.isEmpty() && (part.size() >= MAX_COUNT || weight >= MAX_WEIGHT)) {
            flush();
        }
    }

    /// Whether nothing is kept before [#flush], and then all of it, once.
    boolean isWhole() {
        return origin.isPresent();
    }

    /// How many measurements are durable, the first of the submission.
    long kept() {
        return kept;
    }

    void flush() throws JournalException {
        if (part.isEmpty()) {
            return;
        }
        if (origin.isPresent()) {
            sink.acceptOnce(check, arrivalMs, part, origin.get());
            kept += part.size();
            part = new ArrayList<>();
            memory.release();
            return;
        }
        List<Measurement> full = part;
        part = new ArrayList<>();
        weight = 0;
        sink.accept(check, arrivalMs, full);
        kept += full.size();
        memory.release();
    }

    long arrivalMs() {
        return arrivalMs;
    }

    private static long weight(Measurement measurement) {
        long value =
                switch (measurement) {
                    case Measurement.Plain plain -> weight(plain.value());
                    case Measurement.Timed timed -> weight(timed.value());
                    case Measurement.Flagged _ -> 0;
                    case Measurement.Distribution samples ->
                            (long) BIN_BYTES * samples.bins().size();
                };
        return value + measurement.stream().canonical().length();
    }

    private static long weight(SampleValue value) {
        return switch (value) {
            case SampleValue.Text(String text) -> text.length();
            case SampleValue.Histogram histogram -> histogram.circllhist().size();
            case SampleValue.Real _, SampleValue.Whole _, SampleValue.Absent _ -> 0;
        };
    }
}
