package io.trapline;

import io.trapline.config.ConfTable;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// Tags with DataKit's placeholders: `$datakit_hostname`, `$datakit_ip`, `$datakit_id`, each also
/// with `__` instead of `$`.
final class GlobalTags {
    private GlobalTags() {}

    /// Reads one table of tags; a tag whose placeholder this machine cannot fill is left out.
    static Map<String, String> read(ConfTable parent, String key, HostIdentity host) {
        Map<String, String> tags = new TreeMap<>();
        parent.textTable(key)
                .orElse(Map.of())
                .forEach((name, text) -> {
                    Optional<String> value = fill(text, host);
                    if (value.isPresent()) {
                        tags.put(name, value.get());
                    } else {
                        parent.section(key)
                                .warn(name, "this host has no IPv4 address; the tag is left out");
                    }
                });
        return tags;
    }

    static Map<String, String> fillAll(Map<String, String> tags, HostIdentity host) {
        Map<String, String> filled = new TreeMap<>();
        tags.forEach((name, text) -> fill(text, host).ifPresent(value -> filled.put(name, value)));
        return filled;
    }

    private static Optional<String> fill(String text, HostIdentity host) {
        return switch (text) {
            case "$datakit_hostname", "__datakit_hostname" -> Optional.of(host.name());
            case "$datakit_ip", "__datakit_ip" -> host.ip();
            case "$datakit_id", "__datakit_id" -> Optional.of(host.id());
            default -> Optional.of(text);
        };
    }
}
