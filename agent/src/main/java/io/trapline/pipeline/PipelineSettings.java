package io.trapline.pipeline;

import io.trapline.config.ConfTable;
import java.util.HashMap;
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
    public static final PipelineSettings DEFAULT =
            new PipelineSettings(Map.of(), Map.of(), false, false);

    public PipelineSettings {
        hostTags = Map.copyOf(hostTags);
        electionTags = Map.copyOf(electionTags);
    }

    /// Reads `[election]`, in `trapline.conf` and `datakit.conf` alike; adds the keys that are
    /// known but not used to `unused`.
    public PipelineSettings withElection(ConfTable election) {
        boolean enabled = election.flag("enable").orElse(electionEnabled);
        Map<String, String> tags = new HashMap<>(electionTags);
        tags.putAll(election.textTable("tags").orElse(Map.of()));
        election.done();
        return new PipelineSettings(hostTags, tags, enabled, correctTime);
    }

    /// Reads `[io]` likewise.
    public PipelineSettings withIo(ConfTable io) {
        boolean correct = io.flag("auto_timestamp_correction").orElse(correctTime);
        io.done();
        return new PipelineSettings(hostTags, electionTags, electionEnabled, correct);
    }

    public PipelineSettings withHostTags(Map<String, String> tags) {
        return new PipelineSettings(tags, electionTags, electionEnabled, correctTime);
    }
}
