package io.trapline.registry;

import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/// What is known about one name of a registration's data.
///
/// @param name for a check the canonical stream name, with its tags
/// @param type the latest type: a sample's letter, else empty
/// @param firstSeen by the clock of receipt; empty when it was named by hand and never seen
/// @param latest the latest value as text, cut when long
/// @param stored false when the check's filters refused the latest one
public record SeenMetric(
        Kind kind,
        String name,
        String type,
        Optional<Instant> firstSeen,
        Optional<Instant> lastSeen,
        long count,
        String latest,
        boolean stored,
        MetricSettings settings) {

    /// What a name stands for. A push metric's dimensions are listed beside the metrics.
    public enum Kind {
        METRIC,
        DIMENSION,
        EVENT;

        public String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }
}
