package io.trapline.period;

import io.trapline.journal.Journal;
import io.trapline.journal.JournalException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Collection;
import java.util.Optional;
import java.util.function.Supplier;

/// A period engine that does what its thread would do when a test says so.
public final class SteppedPeriods {
    private static final int MAX_STREAMS = 100_000;

    private SteppedPeriods() {}

    public static Periods open(
            Journal journal,
            Supplier<Collection<PeriodCheck>> checks,
            InstantSource clock,
            Path memory)
            throws JournalException {
        LastEnds lastEnds = new LastEnds(Optional.of(memory));
        return new Periods(journal, checks, clock, lastEnds, MAX_STREAMS, false);
    }

    /// Reads what there is, and ends what is over.
    public static void turn(Periods periods) {
        try {
            periods.turn(Duration.ZERO);
        } catch (JournalException e) {
            throw new AssertionError(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(e);
        }
    }

    /// How long after its end a period is ended.
    public static long graceMs() {
        return Running.GRACE_MS;
    }
}
