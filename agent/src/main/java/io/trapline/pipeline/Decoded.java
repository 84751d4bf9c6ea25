package io.trapline.pipeline;

import io.trapline.model.Point;
import java.util.List;

/// What a decoder made of a report, wherever it came from: points that passed the checks, or a
/// refusal of the whole report.
public sealed interface Decoded {

    /// @param points checked, without global tags yet; empty when nothing of it can be stored
    /// @param tags which global tags to add
    /// @param warnings what the checks changed; the sender is told only if it asked
    /// @param dropped points of which nothing was left to store
    record Accepted(List<Point> points, TagChoice tags, List<Warning> warnings, int dropped)
            implements Decoded {
        public Accepted {
            points = List.copyOf(points);
            warnings = List.copyOf(warnings);
        }
    }

    /// @param code as upstream: `datakit.invalidJsonPoint`
    record Refused(int status, String code, String message) implements Decoded {}

    /// A change that the checks made: upstream's type (`add_required_kv` …) and a message that
    /// names the point and the key.
    record Warning(int point, String type, String message) {}

    enum TagChoice {
        HOST,
        ELECTION,
        NONE
    }
}
