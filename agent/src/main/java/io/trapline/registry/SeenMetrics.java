package io.trapline.registry;

import java.util.List;

/// The names seen from one source, sorted.
///
/// @param beyond sightings of names that there was no room for, since the agent's start
public record SeenMetrics(List<SeenMetric> metrics, long beyond) {
    public SeenMetrics {
        metrics = List.copyOf(metrics);
    }
}
