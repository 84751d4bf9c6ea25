package io.trapline.store;

import java.time.Duration;

/// `[store]`.
///
/// @param retention rows older than this are deleted
/// @param memoryBytes what the database may use of memory
public record StoreSettings(Duration retention, long memoryBytes) {
    public static final StoreSettings DEFAULT = new StoreSettings(Duration.ofDays(7), 128L << 20);
}
