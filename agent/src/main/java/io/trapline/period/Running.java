package io.trapline.period;

import io.trapline.model.Batch;
import io.trapline.model.CheckState;
import io.trapline.model.Entry;
import io.trapline.model.HeldValue;
import io.trapline.model.PeriodEnd;
import io.trapline.model.Point;
import io.trapline.model.Run;
import io.trapline.model.Sample;
import io.trapline.model.SampleValue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// A check's periods and histogram windows, built from its frames in the journal. Not thread-safe.
final class Running {
    /// What arrived before a period's end may become durable a little after it.
    static final long GRACE_MS = 250;

    private static final Logger LOG = LoggerFactory.getLogger(Running.class);
    private static final long MAX_WINDOW_MS = 60_000;
    private static final long NS_PER_MS = 1_000_000;

    /// After a long time without the agent, a jump of the clock or a sleep of the machine, no more
    /// are reported as empty: a day of minutes.
    static final int MOST_EMPTY = 1440;

    private final PeriodCheck check;
    private final boolean registered;
    private final Slots periods;
    private final Slots windows;
    private long nextEndMs;
    private long unreportedEndMs;

    /// @param registered false = frames of a check that is gone: what they hold is stored, and
    ///   nothing is reported
    /// @param lastEndMs end of the last period whose state was stored, in a former life; empty =
    ///   the check is new
    Running(
            PeriodCheck check,
            boolean registered,
            Marks marks,
            long nowMs,
            OptionalLong lastEndMs) {
        this.check = check;
        this.registered = registered;
        periods = new Slots(check.periodMs(), check.async(), marks.periods());
        windows =
                new Slots(
                        Math.min(check.periodMs(), MAX_WINDOW_MS), check.async(), marks.windows());
        long present = periods.endOf(nowMs);
        // The clock may have been put back.
        nextEndMs = Math.min(present, periods.endOf(lastEndMs.orElse(nowMs)));
        unreportedEndMs = lastEndMs.isPresent() ? Long.MIN_VALUE : nextEndMs;
        // What became durable too late for a period that had ended without anything must not end it
        // again.
        lastEndMs.ifPresent(periods::endedBefore);
        followClock(nowMs);
    }

    private void followClock(long nowMs) {
        long present = periods.endOf(nowMs);
        if (nextEndMs > present + periods.lengthMs()) {
            LOG.warn(
                    "check {}: the clock is {} s before the end of the period that is next; it goes"
                            + " on with the clock, and periods of the time in between may be"
                            + " reported once more",
                    check.source(),
                    (nextEndMs - nowMs) / 1000);
            nextEndMs = present;
        }
        periods.putBack(nowMs);
        windows.putBack(nowMs);
    }

    PeriodCheck check() {
        return check;
    }

    boolean isRegistered() {
        return registered;
    }

    boolean isEmpty() {
        return periods.isEmpty() && windows.isEmpty();
    }

    long firstPosition() {
        return Math.min(periods.firstPosition(), windows.firstPosition());
    }

    /// @param before whether the frame was there before the engine started: then the check is older
    ///   than its first period here
    void take(long position, Batch batch, boolean before) {
        long arrivalMs = Math.floorDiv(batch.acceptedNs(), NS_PER_MS);
        boolean forPeriod = !periods.isUsedUp(position, arrivalMs);
        boolean forWindow = !windows.isUsedUp(position, arrivalMs);
        if (before) {
            unreportedEndMs = Long.MIN_VALUE;
        }
        for (Entry entry : batch.entries()) {
            switch (entry) {
                case Sample sample -> {
                    if (forPeriod) {
                        feed(periods, position, arrivalMs, ofSample(sample, batch.acceptedNs()));
                    }
                }
                case HeldValue held -> {
                    Measurement measurement = HeldMeasurements.measurement(held);
                    if (!(measurement instanceof Measurement.Distribution)) {
                        if (forPeriod && held.accepted() && isOwed(held.part())) {
                            periods.at(arrivalMs, position).values().feedOwed(measurement);
                        } else if (forPeriod) {
                            feed(periods, position, arrivalMs, measurement);
                        }
                        continue;
                    }
                    if (forPeriod) {
                        Measurement there = HeldMeasurements.presence(measurement.stream());
                        feed(periods, position, arrivalMs, there);
                    }
                    if (forWindow) {
                        feed(windows, position, arrivalMs, measurement);
                    }
                }
                case Point _, Run _, CheckState _, PeriodEnd _ -> {}
            }
        }
    }

    private static boolean isOwed(HeldValue.Part part) {
        return switch (part) {
            case HeldValue.Part.Last _, HeldValue.Part.Summand _ -> true;
            case HeldValue.Part.Presence _, HeldValue.Part.Bins _ -> false;
        };
    }

    private static void feed(Slots slots, long position, long arrivalMs, Measurement measurement) {
        slots.at(arrivalMs, position).values().feed(arrivalMs, measurement, _ -> {});
    }

    /// Samples are stored already. In asynch mode what has the time of its arrival is the stream's
    /// present value; other ones came with a time of their own.
    private Measurement ofSample(Sample sample, long acceptedNs) {
        StreamId stream = StreamId.of(sample.name(), sample.tags());
        return check.async() && sample.timeNs() == acceptedNs
                ? new Measurement.Plain(stream, true, sample.value())
                : HeldMeasurements.presence(stream);
    }

    /// What is to be stored because periods or windows are over; empty when none is.
    ///
    /// @param through the last position whose frame was taken
    Optional<Output> due(long nowMs, long through) {
        followClock(nowMs);
        List<Entry> entries = new ArrayList<>();
        long first = Long.MAX_VALUE;
        // What arrived before the clock was put back is not held until that time comes again.
        for (long end = periods.stranded(nowMs);
                end != Long.MAX_VALUE;
                end = periods.stranded(nowMs)) {
            Slots.@Nullable Slot slot = periods.take(end);
            first = Math.min(first, slot == null ? first : slot.firstPosition());
            endPeriod(end, slot, through, entries);
        }
        for (long end = windows.stranded(nowMs);
                end != Long.MAX_VALUE;
                end = windows.stranded(nowMs)) {
            Slots.@Nullable Slot slot = windows.take(end);
            if (slot != null) {
                first = Math.min(first, slot.firstPosition());
                entries.add(new PeriodEnd(true, end, through));
                entries.addAll(slot.values().endWindows(Long.MAX_VALUE));
            }
        }
        long end = Math.min(periods.firstEnd(), nextEndMs);
        while (end + GRACE_MS <= nowMs) {
            if (end < periods.firstEnd() && nowMs - end > MOST_EMPTY * periods.lengthMs()) {
                nextEndMs = periods.endOf(nowMs) - MOST_EMPTY * periods.lengthMs();
            } else {
                Slots.@Nullable Slot slot = periods.close(end);
                first = Math.min(first, slot == null ? first : slot.firstPosition());
                endPeriod(end, slot, through, entries);
                nextEndMs = Math.max(nextEndMs, end + periods.lengthMs());
            }
            end = Math.min(periods.firstEnd(), nextEndMs);
        }
        while (windows.firstEnd() != Long.MAX_VALUE && windows.firstEnd() + GRACE_MS <= nowMs) {
            long windowEnd = windows.firstEnd();
            Slots.@Nullable Slot slot = windows.close(windowEnd);
            if (slot != null) {
                first = Math.min(first, slot.firstPosition());
                entries.add(new PeriodEnd(true, windowEnd, through));
                entries.addAll(slot.values().endWindows(Long.MAX_VALUE));
            }
        }
        return output(nowMs, entries, first);
    }

    private void endPeriod(
            long endMs, Slots.@Nullable Slot slot, long through, List<Entry> entries) {
        long metrics = 0;
        if (slot != null) {
            entries.add(new PeriodEnd(false, endMs, through));
            Accumulator.Ended ended = slot.values().endPeriod(endMs);
            entries.addAll(ended.samples());
            metrics = ended.metrics();
        }
        if (registered && endMs != unreportedEndMs) {
            entries.add(new CheckState(endMs * NS_PER_MS, check.source(), metrics > 0, metrics));
        }
    }

    /// An output of [#due] is durable, there.
    void written(Output output, long position) {
        for (Entry entry : output.batch().entries()) {
            if (entry instanceof PeriodEnd end && end.endMs() != PeriodEnd.ALL) {
                (end.window() ? windows : periods).markedAt(position);
            }
        }
    }

    /// Ends everything now, because the check has changed or is gone.
    Optional<Output> flush(long nowMs, long through) {
        List<Entry> entries = new ArrayList<>();
        long first = firstPosition();
        if (isEmpty()) {
            return Optional.empty();
        }
        entries.add(new PeriodEnd(false, PeriodEnd.ALL, through));
        for (Slots.Slot slot : periods.closeAll()) {
            entries.addAll(slot.values().endPeriod(Math.min(slot.endMs(), nowMs)).samples());
        }
        for (Slots.Slot slot : windows.closeAll()) {
            entries.addAll(slot.values().endWindows(Long.MAX_VALUE));
        }
        return output(nowMs, entries, first);
    }

    private Optional<Output> output(long nowMs, List<Entry> entries, long firstPosition) {
        return entries.isEmpty()
                ? Optional.empty()
                : Optional.of(
                        new Output(
                                new Batch(check.source(), nowMs * NS_PER_MS, entries),
                                firstPosition));
    }

    /// @param firstPosition of the frames that it uses up: they are needed until it is durable
    record Output(Batch batch, long firstPosition) {}

    private @Nullable Accumulator period(long timeMs) {
        Slots.@Nullable Slot slot = periods.find(timeMs);
        return slot == null ? null : slot.values();
    }

    SortedMap<String, SampleValue> values(long timeMs) {
        Accumulator period = period(timeMs);
        return period == null ? Collections.emptySortedMap() : period.running();
    }

    /// What asynch mode has stored of the stream in its period.
    @Nullable SampleValue stored(StreamId stream, long timeMs) {
        Accumulator period = period(timeMs);
        return period == null ? null : period.stored(stream);
    }

    /// How many streams the period would have with these.
    long streamsWith(List<Measurement> part, long timeMs, int enough) {
        Accumulator period = period(timeMs);
        int present = period == null ? 0 : period.size();
        int most = present + part.size();
        if (most <= enough) {
            return most;
        }
        return present
                + part.stream()
                        .map(Measurement::stream)
                        .filter(stream -> period == null || !period.has(stream))
                        .map(StreamId::canonical)
                        .distinct()
                        .count();
    }
}
