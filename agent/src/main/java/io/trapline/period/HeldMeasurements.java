package io.trapline.period;

import io.trapline.model.Blob;
import io.trapline.model.HeldValue;
import io.trapline.model.HeldValue.Part;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import io.trapline.model.circllhist.Circllhist;
import io.trapline.model.circllhist.MalformedRecordException;

/// Measurements as journal entries, and back.
final class HeldMeasurements {
    private HeldMeasurements() {}

    static HeldValue hold(Measurement measurement) {
        Part part =
                switch (measurement) {
                    case Measurement.Plain plain -> new Part.Last(plain.value());
                    case Measurement.Flagged flagged ->
                            new Part.Summand(
                                    flagged.flag() == Measurement.Flag.AVERAGE,
                                    flagged.value(),
                                    flagged.numbers().whole(),
                                    flagged.numbers().real(),
                                    flagged.numbers().hasReal(),
                                    flagged.numbers().count());
                    case Measurement.Timed _ -> new Part.Presence();
                    case Measurement.Distribution distribution ->
                            new Part.Bins(
                                    distribution.cumulative(),
                                    distribution.replacesAll(),
                                    Blob.of(Circllhist.ofBins(distribution.bins()).toRecord()));
                };
        StreamId stream = measurement.stream();
        return new HeldValue(stream.name(), stream.tags(), measurement.accepted(), part);
    }

    static Measurement measurement(HeldValue held) {
        StreamId stream = StreamId.of(held.name(), held.tags());
        return switch (held.part()) {
            case Part.Presence _ -> presence(stream);
            case Part.Last(SampleValue value) ->
                    new Measurement.Plain(stream, held.accepted(), value);
            case Part.Summand sum ->
                    new Measurement.Flagged(
                            stream,
                            held.accepted(),
                            sum.average() ? Measurement.Flag.AVERAGE : Measurement.Flag.SUM,
                            sum.value(),
                            Sum.of(
                                    sum.whole(),
                                    sum.real(),
                                    sum.hasReal(),
                                    !(sum.value() instanceof SampleValue.Absent),
                                    sum.count()));
            case Part.Bins(var cumulative, var replacesAll, Blob record) -> {
                try {
                    yield new Measurement.Distribution(
                            stream,
                            held.accepted(),
                            cumulative,
                            replacesAll,
                            Circllhist.ofRecord(record.toBytes()).bins());
                } catch (MalformedRecordException e) {
                    throw new IllegalStateException("a held histogram cannot be read", e);
                }
            }
        };
    }

    /// The stream is there, and leaves nothing for the end of the period, nor changes what others
    /// left for it.
    static Measurement presence(StreamId stream) {
        return new Measurement.Timed(stream, false, new SampleValue.Absent(SampleType.INT32), 0);
    }
}
