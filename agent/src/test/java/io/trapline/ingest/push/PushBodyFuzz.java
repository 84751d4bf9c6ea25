package io.trapline.ingest.push;

import io.trapline.fuzz.Promises;
import io.trapline.fuzz.Stretch;
import io.trapline.model.Entry;
import io.trapline.model.Point;
import io.trapline.model.Sample;
import io.trapline.model.Tag;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;

/// A body of `/v2/push/` is refused, or all of it is taken. Odd numbers are registered for events,
/// even ones for metrics, all with the token `t`.
public final class PushBodyFuzz {
    private static final PushDecoder DECODER =
            new PushDecoder(
                    id ->
                            Optional.of(
                                    new PushRegistration(
                                            id,
                                            "t",
                                            id % 2 == 0 ? "time_series" : "event",
                                            "v2",
                                            0,
                                            -1,
                                            true)),
                    PushLimits.DEFAULT,
                    InstantSource.fixed(Instant.ofEpochSecond(1_790_000_000)),
                    () -> 0);

    private PushBodyFuzz() {}

    public static void fuzzerTestOneInput(byte[] data) {
        switch (DECODER.decode(Stretch.of(data))) {
            case PushOutcome.Accepted accepted -> keep(accepted.entries());
            case PushOutcome.Refused refused -> {
                Promises.holds(refused.status() >= 400, "a refusal without a status");
                Promises.holds(refused.message().length() < 10_000, "too long a refusal");
            }
        }
    }

    private static void keep(List<Entry> entries) {
        Promises.holds(!entries.isEmpty(), "nothing was taken");
        for (Entry entry : entries) {
            List<Tag> tags =
                    switch (entry) {
                        case Sample sample -> {
                            Promises.holds(
                                    sample.name().matches("[a-zA-Z_][a-zA-Z0-9_]*"),
                                    "a metric named " + sample.name());
                            yield sample.tags();
                        }
                        case Point point -> point.tags();
                        default -> throw new AssertionError("became " + entry);
                    };
            Promises.same(
                    1L,
                    tags.stream().filter(tag -> tag.key().equals("target")).count(),
                    "targets of " + tags);
            Promises.same(
                    (long) tags.size(),
                    tags.stream().map(Tag::key).distinct().count(),
                    "keys of " + tags);
        }
        Promises.keep(entries);
    }
}
