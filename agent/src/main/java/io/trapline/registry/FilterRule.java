package io.trapline.registry;

import io.trapline.config.ConfTable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/// One rule of a check's filter set. All conditions that are there must hold; without any the rule
/// always matches. Regular expressions are searched, not anchored. Wherever a rule is given, one
/// that does not compile, and a tag query that cannot be read, is an error; a stored one never
/// matches.
///
/// @param id what `skipto` names
/// @param metric on the name without tags
/// @param metricList exact names, with or without tags
/// @param streamTags tag query, as written
/// @param measurementTags likewise
/// @param target on the check's target
/// @param module on the check's module
/// @param name on the check's name
/// @param autoAdd condition → how many values a list of that condition learns by itself
public record FilterRule(
        Action action,
        Optional<String> id,
        Optional<String> metric,
        Optional<List<String>> metricList,
        Optional<String> streamTags,
        Optional<String> measurementTags,
        Optional<String> target,
        Optional<String> module,
        Optional<String> name,
        Map<String, Integer> autoAdd) {
    private static final String TYPES =
            "\"allow\", \"accept\", \"deny\", \"skipto:ID\", \"add_measurement_tag:CATEGORY:VALUE\"";
    private static final String QUERY = "a tag query, such as \"and(env:prod)\"";

    /// As the decoder reads them; they end a name.
    private static final Pattern BLOCKS =
            Pattern.compile(
                    "(?:\\|ST\\[(?:"
                            + Check.TAG
                            + "(?:,"
                            + Check.TAG
                            + ")*+)?]|\\|MT\\{[^}]*+})++");

    private static final Pattern BLOCK = Pattern.compile("\\|ST\\[|\\|MT\\{");

    private static final List<String> LEARNING =
            List.of("metric", "stream_tags", "measurement_tags", "target", "module", "name");

    public FilterRule {
        metricList = metricList.map(List::copyOf);
        autoAdd = Map.copyOf(autoAdd);
    }

    /// What a matching rule does.
    public sealed interface Action {
        record Allow() implements Action {}

        record Deny() implements Action {}

        /// Goes on at the rule with that id.
        record SkipTo(String id) implements Action {}

        /// Adds a measurement tag, then goes on; the value may be empty.
        record AddTag(String category, String value) implements Action {}

        /// @throws IllegalArgumentException when it is none of the four
        static Action parse(String type) {
            if (type.equals("allow") || type.equals("accept")) {
                return new Allow();
            }
            if (type.equals("deny")) {
                return new Deny();
            }
            String[] parts = type.split(":", 3);
            if (parts.length >= 2 && !parts[1].isEmpty()) {
                if (parts[0].equals("skipto")) {
                    return new SkipTo(type.substring("skipto:".length()));
                }
                if (parts[0].equals("add_measurement_tag")) {
                    return new AddTag(parts[1], parts.length == 3 ? parts[2] : "");
                }
            }
            throw new IllegalArgumentException("unknown rule type");
        }
    }

    static Optional<FilterRule> read(ConfTable rule) {
        rule.require("type", TYPES);
        Optional<Action> action = rule.parsed("type", TYPES, Action::parse);
        FilterRule found =
                new FilterRule(
                        action.orElseGet(Action.Deny::new),
                        rule.text("id", "text"),
                        pattern(rule, "metric"),
                        metricList(rule),
                        rule.parsed("stream_tags", QUERY, FilterRule::query),
                        rule.parsed("measurement_tags", QUERY, FilterRule::query),
                        pattern(rule, "target"),
                        pattern(rule, "module"),
                        pattern(rule, "name"),
                        autoAdd(rule));
        rule.done();
        return action.map(_ -> found);
    }

    private static Optional<List<String>> metricList(ConfTable rule) {
        Optional<List<String>> list =
                rule.texts("metric_list", "a list of metric names, such as [\"cpu\"]");
        for (String entry : list.orElse(List.of())) {
            problem(entry).ifPresent(problem -> rule.survivableError("metric_list", problem));
        }
        return list;
    }

    /// What is wrong with an entry of `metric_list`, if something is.
    static Optional<String> problem(String entry) {
        Matcher block = BLOCK.matcher(entry);
        boolean isName =
                block.find()
                        ? !entry.substring(0, block.start()).isBlank()
                                && BLOCKS.matcher(entry)
                                        .region(block.start(), entry.length())
                                        .matches()
                        : !entry.isBlank();
        return isName
                ? Optional.empty()
                : Optional.of(
                        "\""
                                + entry
                                + "\" is no metric name, so nothing ever matches it; accepted: a"
                                + " name, or one with tags such as \"cpu|ST[host:web01,env:prod]\"");
    }

    private static String query(String text) {
        var _ = TagQuery.parse(text);
        return text;
    }

    /// An agent that finds one it cannot compile starts without that rule, as upstream does, and
    /// says so; nothing else accepts it.
    private static Optional<String> pattern(ConfTable rule, String key) {
        Optional<String> pattern = rule.text(key, "a regular expression");
        try {
            pattern.ifPresent(PcrePattern::compile);
        } catch (PatternSyntaxException e) {
            rule.survivableError(
                    key,
                    "not a regular expression, so the rule never matches: " + e.getDescription());
        }
        return pattern;
    }

    private static Map<String, Integer> autoAdd(ConfTable rule) {
        Map<String, Integer> counts = new LinkedHashMap<>();
        for (String condition : LEARNING) {
            rule.integer(condition + "_auto_add", 0, 1_000_000)
                    .ifPresent(count -> counts.put(condition, Math.toIntExact(count)));
        }
        return counts;
    }
}
