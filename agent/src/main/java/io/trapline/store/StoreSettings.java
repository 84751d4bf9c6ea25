package io.trapline.store;

import io.trapline.config.ConfTable;
import java.time.Duration;
import java.util.Optional;

/// `[store]`.
///
/// @param retention rows whose time and arrival are both older than this are deleted
/// @param memoryBytes what the database may use of memory
public record StoreSettings(Duration retention, long memoryBytes) {
    public static final StoreSettings DEFAULT = new StoreSettings(Duration.ofDays(7), 128L << 20);

    /// Reads `[store]`; empty when it is switched off (`enabled = false`): then the journal keeps
    /// what arrives for the outputs alone and there is nothing to query.
    public static Optional<StoreSettings> read(ConfTable store) {
        boolean enabled = store.flag("enabled").orElse(true);
        Duration retention =
                store.duration("retention", Duration.ofSeconds(1), Duration.ofDays(36500))
                        .orElse(DEFAULT.retention);
        long memory = store.size("memory", 16L << 20, 1L << 40).orElse(DEFAULT.memoryBytes);
        store.done();
        return enabled ? Optional.of(new StoreSettings(retention, memory)) : Optional.empty();
    }
}
