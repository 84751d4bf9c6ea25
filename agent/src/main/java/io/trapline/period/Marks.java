package io.trapline.period;

import io.trapline.model.PeriodEnd;

/// What of a check's frames in the journal was made use of before the engine started, by its
/// [PeriodEnd] entries.
final class Marks {
    private long allThrough;
    private Mark periods = Mark.NONE;
    private Mark windows = Mark.NONE;

    /// @param endMs of the last that ended, [Long#MIN_VALUE] when none is known
    /// @param through frames up to there that are not of a later one were used up
    /// @param position of the mark itself
    /// @param allThrough frames up to there were used up, whatever their time
    record Mark(long endMs, long through, long position, long allThrough) {
        static final Mark NONE = new Mark(Long.MIN_VALUE, 0, 0, 0);

        /// By the time of arrival, which says the same on any grid: the check's period may have
        /// changed while nothing ran.
        boolean covers(long position, long arrivalMs) {
            return position <= allThrough || (arrivalMs < endMs && position <= through);
        }
    }

    void note(PeriodEnd end, long position) {
        if (end.endMs() == PeriodEnd.ALL) {
            // What follows may have another grid.
            allThrough = end.through();
            periods = Mark.NONE;
            windows = Mark.NONE;
        } else if (end.window()) {
            windows = new Mark(end.endMs(), end.through(), position, 0);
        } else {
            periods = new Mark(end.endMs(), end.through(), position, 0);
        }
    }

    Mark periods() {
        return new Mark(periods.endMs(), periods.through(), periods.position(), allThrough);
    }

    Mark windows() {
        return new Mark(windows.endMs(), windows.through(), windows.position(), allThrough);
    }
}
