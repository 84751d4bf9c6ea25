package io.trapline.ingest.trap;

/// Limits of one submission; its body as a whole has none.
///
/// @param maxTextChars of one value or key, in characters
/// @param maxStreams distinct streams in one submission
public record TrapLimits(int maxTextChars, int maxStreams) {
    public static final TrapLimits DEFAULT = new TrapLimits(1 << 20, 100_000);

    public TrapLimits {
        if (maxTextChars <= 0 || maxStreams <= 0) {
            throw new IllegalArgumentException(
                    "limits must be positive: maxTextChars "
                            + maxTextChars
                            + ", maxStreams "
                            + maxStreams);
        }
    }
}
