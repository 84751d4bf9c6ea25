package io.trapline.journal;

import io.trapline.config.ConfTable;

/// `[journal]`.
///
/// @param maxBytes quota of the kept frames, in bytes
public record JournalSettings(long maxBytes) {
    public static final JournalSettings DEFAULT = new JournalSettings(2L << 30);

    private static final long MIN_RESERVE = 1 << 20;

    public JournalSettings {
        if (maxBytes <= 0) {
            throw new IllegalArgumentException("maxBytes must be positive, is " + maxBytes);
        }
    }

    /// What may go beyond the quota, of frames that make room for others: a quarter of it.
    long reserveBytes() {
        return Math.min(Math.max(MIN_RESERVE, maxBytes / 4), Long.MAX_VALUE - maxBytes);
    }

    /// Reads `[journal]`.
    public static JournalSettings read(ConfTable journal) {
        long maxBytes = journal.size("max_bytes", 4096, Long.MAX_VALUE).orElse(DEFAULT.maxBytes);
        journal.done();
        return new JournalSettings(maxBytes);
    }
}
