package io.trapline.journal;

/// What part of the endless log is kept: positions `tail` to `head`, bytes `start` to `end`.
///
/// Bytes are counted over all frames that ever were, each with [#cost], so that the difference of
/// two places is what lies between them.
///
/// @param head position of the newest frame, 0 when there never was one
/// @param tail position of the oldest kept frame, `head + 1` when none is
record Extent(long tail, long start, long head, long end) {
    /// What a row takes besides the frame: position, start, checksum, lengths, cell pointer.
    private static final int ROW_OVERHEAD = 32;

    static final Extent EMPTY = new Extent(1, 0, 0, 0);

    static long cost(long frameBytes) {
        return frameBytes + ROW_OVERHEAD;
    }

    long bytes() {
        return end - start;
    }

    /// The same frames, with `newHead` as the newest position that was ever given out.
    Extent goOnAt(long newHead) {
        return new Extent(isEmpty() ? newHead + 1 : tail, start, newHead, end);
    }

    boolean isEmpty() {
        return tail > head;
    }
}
