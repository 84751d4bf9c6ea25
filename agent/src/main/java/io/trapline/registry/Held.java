package io.trapline.registry;

import java.time.Instant;

/// What the registry holds, and where it comes from.
public record Held<T>(T value, Origin origin) {

    /// Decides where a change is made.
    public sealed interface Origin {
        /// Changed in that file only.
        record Configuration(String file, int line) implements Origin {}

        /// Changed through the registry.
        record Database(Instant created, Instant updated) implements Origin {}
    }
}
