package io.trapline.ingest.trap;

import io.trapline.fuzz.Promises;
import io.trapline.fuzz.Stretch;
import io.trapline.journal.JournalException;
import io.trapline.model.Blob;
import io.trapline.model.Sample;
import io.trapline.model.SampleType;
import io.trapline.model.SampleValue;
import io.trapline.model.circllhist.Circllhist;
import io.trapline.period.Measurement;
import io.trapline.period.StreamId;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/// A submission to a check ends as it should, in whatever pieces it arrives, and each name that is
/// taken reads as itself.
public final class TrapBodyFuzz {
    private static final long NOW_MS = 1_790_000_000_000L;
    private static final TrapDecoder PLAIN = decoder("", Set.of(), false, Optional.empty());
    private static final TrapDecoder RICH =
            decoder(
                    "|ST[dc:1]|MT{unit:s}",
                    Set.of("h", "a`0"),
                    true,
                    Optional.of(
                            List.of(
                                    rule(
                                            new TrapRule.Action.AddTag("seen", "yes"),
                                            "^a",
                                            Optional.empty()),
                                    rule(
                                            new TrapRule.Action.Deny(),
                                            "^tmp",
                                            Optional.of("and(a:b*)")),
                                    rule(new TrapRule.Action.Allow(), "", Optional.empty()))));

    private TrapBodyFuzz() {}

    private static TrapDecoder decoder(
            String tagset, Set<String> histograms, boolean guess, Optional<List<TrapRule>> rules) {
        return new TrapDecoder(
                new TrapCheck(
                        new UUID(1, 2),
                        "httptrap",
                        "s",
                        "fuzz",
                        "127.0.0.1",
                        Duration.ofMinutes(1),
                        true,
                        "`",
                        Optional.empty(),
                        tagset,
                        histograms,
                        guess,
                        0,
                        rules),
                TrapLimits.DEFAULT);
    }

    private static TrapRule rule(
            TrapRule.Action action, String metric, Optional<String> streamTags) {
        return new TrapRule(
                action,
                Optional.empty(),
                Optional.of(metric),
                Optional.empty(),
                streamTags,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Map.of());
    }

    public static void fuzzerTestOneInput(byte[] data) {
        byte[] body = Stretch.of(data);
        Read plain = read(PLAIN, new ByteArrayInputStream(body));
        Promises.same(
                withoutPlace(plain),
                withoutPlace(read(PLAIN, new Pieces(body))),
                "arrived in pieces");
        keep(plain);
        keep(read(RICH, new ByteArrayInputStream(body)));
    }

    private record Read(TrapResult result, List<String> measurements, List<Sample> samples) {}

    private static Read read(TrapDecoder decoder, InputStream body) {
        List<String> measurements = new ArrayList<>();
        List<Sample> samples = new ArrayList<>();
        try {
            TrapResult result =
                    decoder.decode(
                            body,
                            NOW_MS,
                            measurement -> {
                                measurements.add(
                                        measurement.getClass().getSimpleName()
                                                + measurement.stream().canonical());
                                samples.add(sample(measurement));
                            });
            return new Read(result, measurements, samples);
        } catch (JournalException e) {
            throw new AssertionError("nothing is written here", e);
        }
    }

    /// Where a piece ends, the parser may be one off.
    private static Read withoutPlace(Read read) {
        return read.result() instanceof TrapResult.Malformed(long stats, String message)
                ? new Read(
                        new TrapResult.Malformed(
                                stats, message.replaceFirst("line \\d+, column \\d+", "there")),
                        read.measurements(),
                        read.samples())
                : read;
    }

    private static Sample sample(Measurement measurement) {
        StreamId stream = measurement.stream();
        return switch (measurement) {
            case Measurement.Plain(_, _, SampleValue value) ->
                    new Sample(stream.name(), stream.tags(), value, NOW_MS);
            case Measurement.Flagged(_, _, _, SampleValue value, _) ->
                    new Sample(stream.name(), stream.tags(), value, NOW_MS);
            case Measurement.Timed(_, _, SampleValue value, long timeMs) -> {
                Promises.holds(timeMs > 0, "a time of " + timeMs);
                yield new Sample(
                        stream.name(), stream.tags(), value, Math.multiplyExact(timeMs, 1_000_000));
            }
            case Measurement.Distribution(_, _, _, _, var bins) ->
                    new Sample(
                            stream.name(),
                            stream.tags(),
                            new SampleValue.Histogram(
                                    SampleType.HISTOGRAM,
                                    Blob.of(Circllhist.ofBins(bins).toRecord())),
                            NOW_MS);
        };
    }

    private static void keep(Read read) {
        read.samples().stream()
                .map(sample -> StreamId.of(sample.name(), sample.tags()))
                .distinct()
                .forEach(StreamNamesFuzz::readsAsItself);
        Promises.holds(message(read.result()).length() < 10_000, "a message too long to read");
        Promises.isKept(read.samples());
    }

    private static String message(TrapResult result) {
        return switch (result) {
            case TrapResult.Done(_, _, var error) -> error.orElse("");
            case TrapResult.Malformed(_, String message) -> message;
            case TrapResult.Unreadable(_, String reason) ->
                    throw new AssertionError("memory could not be read: " + reason);
        };
    }

    /// Gives what it has in small pieces of several lengths.
    private static final class Pieces extends ByteArrayInputStream {
        private int length;

        Pieces(byte[] bytes) {
            super(bytes);
        }

        @Override
        public synchronized int read(byte[] to, int offset, int most) {
            length = length % 7 + 1;
            return super.read(to, offset, Math.min(length, most));
        }

        @Override
        public synchronized int available() {
            return 0;
        }
    }
}
