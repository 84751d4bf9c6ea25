package io.trapline.registry;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.trapline.registry.FilterRule.Action;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.PatternSyntaxException;

/// Filter rules as JSON, with the keys of `[[trap]] filters`.
public final class FilterJson {
    private static final String AUTO_ADD = "_auto_add";
    private static final Set<String> PATTERNS = Set.of("metric", "target", "module", "name");
    private static final Set<String> QUERIES = Set.of("stream_tags", "measurement_tags");
    private static final int MAX_LEARNED = 1_000_000;
    private static final String TYPES =
            "\"allow\", \"deny\", \"skipto:ID\", \"add_measurement_tag:CATEGORY:VALUE\"";
    private static final Set<String> KEYS = keys();

    private FilterJson() {}

    public static ArrayNode write(List<FilterRule> rules) {
        ArrayNode array = JsonNodeFactory.instance.arrayNode();
        for (FilterRule rule : rules) {
            ObjectNode node = array.addObject();
            rule.id().ifPresent(text -> node.put("id", text));
            node.put("type", type(rule.action()));
            rule.metric().ifPresent(text -> node.put("metric", text));
            rule.metricList()
                    .ifPresent(names -> {
                        ArrayNode list = node.putArray("metric_list");
                        names.forEach(list::add);
                    });
            rule.streamTags().ifPresent(text -> node.put("stream_tags", text));
            rule.measurementTags().ifPresent(text -> node.put("measurement_tags", text));
            rule.target().ifPresent(text -> node.put("target", text));
            rule.module().ifPresent(text -> node.put("module", text));
            rule.name().ifPresent(text -> node.put("name", text));
            rule.autoAdd().forEach((key, count) -> node.put(key + AUTO_ADD, count));
        }
        return array;
    }

    private static String type(Action action) {
        return switch (action) {
            case Action.Allow _ -> "allow";
            case Action.Deny _ -> "deny";
            case Action.SkipTo(String id) -> "skipto:" + id;
            case Action.AddTag(String category, String value) ->
                    "add_measurement_tag:" + category + (value.isEmpty() ? "" : ":" + value);
        };
    }

    /// The rules, or those that are right when something is wrong; what is wrong is added to
    /// `problems`.
    ///
    /// @param at what the messages begin with: `filters`
    public static List<FilterRule> read(JsonNode json, String at, List<String> problems) {
        List<FilterRule> rules = new ArrayList<>();
        int found = problems.size();
        if (!json.isArray()) {
            problems.add(at + ": expected a list of rules");
            return rules;
        }
        for (int i = 0; i < json.size(); i++) {
            String where = at + "[" + i + "]";
            int before = problems.size();
            check(json.get(i), where, problems);
            if (problems.size() == before) {
                rules.add(rule(json.get(i)));
            }
        }
        if (problems.size() == found) {
            skipTargets(rules, at, problems);
        }
        return rules;
    }

    /// What [#write] wrote, whatever the patterns in it are worth.
    static List<FilterRule> stored(JsonNode json) {
        List<FilterRule> rules = new ArrayList<>();
        json.forEach(rule -> rules.add(rule(rule)));
        return rules;
    }

    private static void check(JsonNode rule, String where, List<String> problems) {
        if (!rule.isObject()) {
            problems.add(where + ": expected an object such as {\"type\": \"deny\"}");
            return;
        }
        try {
            var _ = Action.parse(rule.path("type").asText(""));
        } catch (IllegalArgumentException e) {
            problems.add(where + ".type: " + e.getMessage() + "; accepted: " + TYPES);
        }
        for (Map.Entry<String, JsonNode> entry : rule.properties()) {
            String key = entry.getKey();
            JsonNode value = entry.getValue();
            String name = where + "." + key;
            if (!KEYS.contains(key)) {
                problems.add(name + ": unknown key; known are " + String.join(", ", KEYS));
            } else if (key.equals("metric_list")) {
                if (!isTexts(value)) {
                    problems.add(name + ": expected a list of names");
                } else {
                    value.forEach(listed ->
                            FilterRule.problem(listed.textValue())
                                    .ifPresent(problem -> problems.add(name + ": " + problem)));
                }
            } else if (key.endsWith(AUTO_ADD)) {
                if (!value.isInt() || value.intValue() < 0 || value.intValue() > MAX_LEARNED) {
                    problems.add(name + ": expected an integer from 0 to " + MAX_LEARNED);
                }
            } else if (!value.isTextual()) {
                problems.add(name + ": expected text");
            } else if (PATTERNS.contains(key)) {
                pattern(value.textValue(), name, problems);
            } else if (QUERIES.contains(key)) {
                query(value.textValue(), name, problems);
            }
        }
    }

    private static boolean isTexts(JsonNode value) {
        if (!value.isArray()) {
            return false;
        }
        for (JsonNode name : value) {
            if (!name.isTextual()) {
                return false;
            }
        }
        return true;
    }

    private static void pattern(String text, String name, List<String> problems) {
        try {
            var _ = PcrePattern.compile(text);
        } catch (PatternSyntaxException e) {
            problems.add(name + ": not a regular expression: " + e.getDescription());
        }
    }

    private static void query(String text, String name, List<String> problems) {
        try {
            var _ = TagQuery.parse(text);
        } catch (IllegalArgumentException e) {
            problems.add(name + ": " + e.getMessage());
        }
    }

    private static void skipTargets(List<FilterRule> rules, String at, List<String> problems) {
        for (int i = 0; i < rules.size(); i++) {
            if (rules.get(i).action() instanceof Action.SkipTo(String id)
                    && rules.stream().noneMatch(rule -> rule.id().equals(Optional.of(id)))) {
                problems.add(at + "[" + i + "].type: no rule has the id \"" + id + "\"");
            }
        }
    }

    private static FilterRule rule(JsonNode json) {
        Map<String, Integer> autoAdd = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : json.properties()) {
            String key = entry.getKey();
            if (key.endsWith(AUTO_ADD)) {
                autoAdd.put(
                        key.substring(0, key.length() - AUTO_ADD.length()),
                        entry.getValue().intValue());
            }
        }
        return new FilterRule(
                Action.parse(json.path("type").asText()),
                text(json, "id"),
                text(json, "metric"),
                names(json),
                text(json, "stream_tags"),
                text(json, "measurement_tags"),
                text(json, "target"),
                text(json, "module"),
                text(json, "name"),
                autoAdd);
    }

    private static Optional<String> text(JsonNode json, String key) {
        return Optional.ofNullable(json.path(key).textValue());
    }

    private static Optional<List<String>> names(JsonNode json) {
        if (!json.has("metric_list")) {
            return Optional.empty();
        }
        List<String> names = new ArrayList<>();
        json.get("metric_list").forEach(name -> names.add(name.textValue()));
        return Optional.of(names);
    }

    private static Set<String> keys() {
        Set<String> keys = new TreeSet<>(Set.of("id", "type", "metric_list"));
        keys.addAll(PATTERNS);
        keys.addAll(QUERIES);
        PATTERNS.forEach(key -> keys.add(key + AUTO_ADD));
        QUERIES.forEach(key -> keys.add(key + AUTO_ADD));
        return keys;
    }
}
