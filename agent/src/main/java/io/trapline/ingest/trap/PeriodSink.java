package io.trapline.ingest.trap;

import io.trapline.journal.JournalException;
import io.trapline.journal.Origin;
import io.trapline.model.Blob;
import io.trapline.model.Entry;
import io.trapline.model.Sample;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import io.trapline.model.circllhist.Circllhist;
import io.trapline.period.Measurement;
import io.trapline.period.PeriodCheck;
import io.trapline.period.Periods;
import io.trapline.registry.Registry;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;

/// Gives measurements to the period engine, and their names to the registry.
public final class PeriodSink implements TrapSink {
    private static final long NS_PER_MS = 1_000_000;

    private final Periods periods;
    private final Registry registry;

    public PeriodSink(Periods periods, Registry registry) {
        this.periods = periods;
        this.registry = registry;
    }

    @Override
    public void accept(TrapCheck check, long arrivalMs, List<Measurement> part)
            throws JournalException {
        periods.accept(periodCheck(check), arrivalMs, part);
        seen(check, arrivalMs, part);
    }

    @Override
    public void acceptOnce(
            TrapCheck check, long arrivalMs, List<Measurement> submission, Origin origin)
            throws JournalException {
        periods.acceptOnce(periodCheck(check), arrivalMs, submission, origin);
        seen(check, arrivalMs, submission);
    }

    private void seen(TrapCheck check, long arrivalMs, List<Measurement> part) {
        List<Entry> stored = new ArrayList<>(part.size());
        List<Entry> refused = new ArrayList<>(0);
        for (Measurement measurement : part) {
            (measurement.accepted() ? stored : refused).add(seen(measurement, arrivalMs));
        }
        registry.seen(check.source(), stored, true);
        registry.seen(check.source(), refused, false);
    }

    @Override
    public SortedMap<String, SampleValue> running(TrapCheck check) {
        return periods.running(periodCheck(check));
    }

    private static PeriodCheck periodCheck(TrapCheck check) {
        return new PeriodCheck(check.id(), check.period().toMillis(), check.async());
    }

    private static Sample seen(Measurement measurement, long arrivalMs) {
        SampleValue value =
                switch (measurement) {
                    case Measurement.Plain plain -> plain.value();
                    case Measurement.Flagged flagged -> flagged.value();
                    case Measurement.Timed timed -> timed.value();
                    case Measurement.Distribution samples ->
                            new SampleValue.Histogram(
                                    samples.cumulative()
                                            ? SampleType.CUMULATIVE_HISTOGRAM
                                            : SampleType.HISTOGRAM,
                                    Blob.of(Circllhist.ofBins(samples.bins()).toRecord()));
                };
        return new Sample(
                measurement.stream().name(),
                measurement.stream().tags(),
                value,
                arrivalMs * NS_PER_MS);
    }
}
