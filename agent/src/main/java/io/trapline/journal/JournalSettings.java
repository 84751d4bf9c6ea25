package io.trapline.journal;

/// `[journal]`.
///
/// @param maxBytes quota of the kept frames, in bytes
public record JournalSettings(long maxBytes) {
    public static final JournalSettings DEFAULT = new JournalSettings(2L << 30);

    public JournalSettings {
        if (maxBytes <= 0) {
            throw new IllegalArgumentException("maxBytes must be positive, is " + maxBytes);
        }
    }
}
