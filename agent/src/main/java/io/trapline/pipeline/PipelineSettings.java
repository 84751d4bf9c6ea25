package io.trapline.pipeline;

import java.util.Map;

/// `[global_tags]` and the keys of `datakit.conf` that bear on points.
///
/// @param hostTags added to each point that has neither a tag nor a field of that key
/// @param electionTags added instead when a request says `global_election_tags`
/// @param electionEnabled off: the election tags are the host tags
/// @param correctTime move points further than two hours from now to now (upstream's
///   `auto_timestamp_correction`)
public record PipelineSettings(
        Map<String, String> hostTags,
        Map<String, String> electionTags,
        boolean electionEnabled,
        boolean correctTime) {
    public PipelineSettings {
        hostTags = Map.copyOf(hostTags);
        electionTags = Map.copyOf(electionTags);
    }
}
