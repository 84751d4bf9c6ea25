package io.trapline.journal;

import io.trapline.config.ConfTable;

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

    /// Reads `[journal]`.
    public static JournalSettings read(ConfTable journal) {
        long maxBytes = journal.size("max_bytes", 4096, Long.MAX_VALUE).orElse(DEFAULT.maxBytes);
        journal.done();
        return new JournalSettings(maxBytes);
    }
}
