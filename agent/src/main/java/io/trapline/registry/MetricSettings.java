package io.trapline.registry;

import java.util.Objects;

/// What people say about a metric that was seen.
///
/// @param hidden not drawn
/// @param disabled left out of lists and queries
public record MetricSettings(String alias, String unit, boolean hidden, boolean disabled) {
    public static final MetricSettings NONE = new MetricSettings("", "", false, false);

    public MetricSettings {
        Objects.requireNonNull(alias, "alias");
        Objects.requireNonNull(unit, "unit");
    }
}
