package io.trapline.forward;

import io.trapline.model.StreamName;
import io.trapline.model.Tag;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;

/// What a Circonus broker makes of a metric's name, as far as names are concerned that it has
/// nothing to shorten in. Source: reconnoiter `src/noit_metric.c` (`vtagmap_key`, `vtagmap_value`,
/// `noit_metric_canonicalize_ex`) and `src/noit_message_decoder.c` (`noit_metric_tags_parse_one`).
final class Broker {
    /// The bytes from 0x20 to 0x7F, a digit each, 1 where the broker takes it; it takes no other.
    private static final String CATEGORY =
            "01111111000101111111111111000001"
                    + "11111111111111111111111111100011"
                    + "11111111111111111111111111100000";

    private static final String VALUE =
            "01111111000001111111111111100101"
                    + "11111111111111111111111111100011"
                    + "11111111111111111111111111100000";

    private Broker() {}

    static boolean takes(int c, boolean category) {
        return c >= 0x20 && c <= 0x7F && (category ? CATEGORY : VALUE).charAt(c - 0x20) == '1';
    }

    /// @param name cleaned
    record Metric(String name, List<Tag> tags) {
        /// As Trapline writes it, which has `+` plain.
        String stream() {
            return StreamName.canonical(name, tags);
        }
    }

    /// Empty when it drops the metric.
    static Optional<Metric> read(String key) {
        if (key.getBytes(StandardCharsets.UTF_8).length > 4095
                || key.chars().filter(c -> c == ',').count() > 256) {
            return Optional.empty();
        }
        String rest = key;
        List<Tag> tags = new ArrayList<>();
        while (true) {
            boolean stream = rest.endsWith("]") && rest.contains("|ST[");
            boolean measurement = rest.endsWith("}") && rest.contains("|MT{");
            if (!stream && !measurement) {
                break;
            }
            int at = rest.lastIndexOf(stream ? "|ST[" : "|MT{");
            String block = rest.substring(at + 4, rest.length() - 1);
            if (!block.isEmpty()) {
                for (String tag : block.split(",", -1)) {
                    Optional<Tag> read = tag(tag, stream ? "" : Tag.MEASUREMENT_PREFIX);
                    if (read.isEmpty()) {
                        return Optional.empty();
                    }
                    tags.add(read.get());
                }
            }
            rest = rest.substring(0, at);
        }
        String name = clean(rest);
        if (rest.contains("|ST[") || rest.contains("|MT{") || name.isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(new Metric(name, tags));
    }

    private static Optional<Tag> tag(String tag, String prefix) {
        int colon = tag.indexOf(':');
        String category = colon < 0 ? tag : tag.substring(0, colon);
        String value = colon < 0 ? "" : tag.substring(colon + 1);
        if (category.isEmpty()
                || tag.length() > 256
                || !isTaken(category, true)
                || !isTaken(value, false)) {
            return Optional.empty();
        }
        String key = decode(category);
        return key.isEmpty() || key.indexOf(0x1F) >= 0
                ? Optional.empty()
                : Optional.of(new Tag(prefix + key, decode(value)));
    }

    private static boolean isTaken(String part, boolean category) {
        if (part.length() >= 3 && part.startsWith("b\"")) {
            return part.matches("b\"[A-Za-z0-9+/=]*\"");
        }
        return part.chars().allMatch(c -> takes(c, category));
    }

    private static String decode(String part) {
        if (!part.startsWith("b\"")) {
            return part;
        }
        byte[] bytes = Base64.getDecoder().decode(part.substring(2, part.length() - 1));
        return new String(bytes, StandardCharsets.UTF_8);
    }

    /// Byte by byte: what is not printable ASCII is a space, and goes at the ends.
    private static String clean(String name) {
        StringBuilder out = new StringBuilder();
        for (byte b : name.getBytes(StandardCharsets.UTF_8)) {
            out.append(b > 0x20 && b < 0x7F ? (char) b : ' ');
        }
        return out.toString().strip();
    }
}
