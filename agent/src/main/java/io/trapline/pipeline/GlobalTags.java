package io.trapline.pipeline;

import io.trapline.model.Tag;
import io.trapline.pipeline.Decoded.TagChoice;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/// The tags that every point gets: the configured ones, changed by what people set over HTTP.
///
/// There is always a host tag `host`, and nothing over HTTP sets or removes it. Placeholders in
/// [PipelineSettings] are resolved already. Any thread may call any method; readers see either all
/// of a change or nothing of it.
public final class GlobalTags {
    private static final String HOST = "host";

    /// Guards `settings` and `changes`, which together determine `state`.
    private final Object lock = new Object();

    private final String hostName;
    private PipelineSettings settings;
    private Changes changes;
    private volatile State state;

    /// @param hostName value of the `host` tag when the settings have none
    /// @param changes what was set over HTTP before, [Changes#NONE] at the first start
    public GlobalTags(PipelineSettings settings, String hostName, Changes changes) {
        this.settings = settings;
        this.hostName = hostName;
        this.changes = changes;
        this.state = State.of(settings, hostName, changes);
    }

    /// Takes a new configuration; what was set over HTTP stays on top of it.
    public void configure(PipelineSettings newSettings) {
        synchronized (lock) {
            settings = newSettings;
            state = State.of(settings, hostName, changes);
        }
    }

    public List<Tag> of(TagChoice choice) {
        State now = state;
        return switch (choice) {
            case HOST -> now.hostList();
            case ELECTION -> now.electionList();
            case NONE -> List.of();
        };
    }

    public Map<String, String> host() {
        return state.host();
    }

    /// The election tags; with election off these are the host tags.
    public Map<String, String> election() {
        return state.election();
    }

    public boolean electionEnabled() {
        return state.electionEnabled();
    }

    /// Makes `changes` the changes over HTTP, in place of the ones before.
    public void change(Changes newChanges) {
        synchronized (lock) {
            changes = newChanges;
            state = State.of(settings, hostName, changes);
        }
    }

    public Changes changes() {
        synchronized (lock) {
            return changes;
        }
    }

    /// What was set and removed over HTTP, on top of the configuration.
    public record Changes(Layer host, Layer election) {
        public static final Changes NONE = new Changes(Layer.NONE, Layer.NONE);
    }

    /// @param removed configured keys that are not to be added
    public record Layer(Map<String, String> set, Set<String> removed) {
        public static final Layer NONE = new Layer(Map.of(), Set.of());

        public Layer {
            // Not copyOf: its tables are searched step by step where hashes are equal, and anybody
            // on the host may choose the keys.
            set = Collections.unmodifiableMap(new HashMap<>(set));
            removed = Collections.unmodifiableSet(new HashSet<>(removed));
        }

        /// `host` among the keys is left out.
        public Layer with(Map<String, String> tags) {
            Map<String, String> newSet = new LinkedHashMap<>(set);
            newSet.putAll(tags);
            newSet.remove(HOST);
            Set<String> newRemoved = new HashSet<>(removed);
            newRemoved.removeAll(newSet.keySet());
            return new Layer(newSet, newRemoved);
        }

        /// `host` among the keys is left out.
        public Layer without(Collection<String> keys) {
            Map<String, String> newSet = new LinkedHashMap<>(set);
            Set<String> newRemoved = new HashSet<>(removed);
            for (String key : keys) {
                if (!key.equals(HOST)) {
                    newSet.remove(key);
                    newRemoved.add(key);
                }
            }
            return new Layer(newSet, newRemoved);
        }

        private Map<String, String> over(Map<String, String> configured) {
            Map<String, String> tags = new TreeMap<>(configured);
            tags.keySet().removeAll(removed);
            tags.putAll(set);
            return tags;
        }
    }

    private record State(
            Map<String, String> host,
            Map<String, String> election,
            List<Tag> hostList,
            List<Tag> electionList,
            boolean electionEnabled) {

        static State of(PipelineSettings settings, String hostName, Changes changes) {
            Map<String, String> host = changes.host().over(settings.hostTags());
            host.putIfAbsent(HOST, settings.hostTags().getOrDefault(HOST, hostName));
            Map<String, String> election =
                    settings.electionEnabled()
                            ? changes.election().over(settings.electionTags())
                            : host;
            return new State(
                    Collections.unmodifiableMap(new HashMap<>(host)),
                    Collections.unmodifiableMap(new HashMap<>(election)),
                    list(host),
                    list(election),
                    settings.electionEnabled());
        }

        private static List<Tag> list(Map<String, String> tags) {
            return tags.entrySet().stream()
                    .map(entry -> new Tag(entry.getKey(), entry.getValue()))
                    .toList();
        }
    }
}
