package io.trapline.model;

/// Says, in the frame of what a check's period gave, which held values it has used up: those of
/// that time or an earlier one that lie at or before `through` in the journal. Whoever reads the
/// journal again after a crash passes them over.
///
/// @param window of the histogram windows, not of the periods
/// @param endMs the end, milliseconds since 1970-01-01T00:00Z; [#ALL] = whatever their time
/// @param through position in the journal
public record PeriodEnd(boolean window, long endMs, long through) implements Entry {
    public static final long ALL = Long.MAX_VALUE;
}
